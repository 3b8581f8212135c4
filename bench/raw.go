package main

import (
	"errors"
	"fmt"
	"runtime"

	"zombiezen.com/go/sqlite"
)

// rawManner is how the raw writer goes about it.
type rawManner int

const (
	// plain is what anybody would write first: every column, and SQLite checkpoints every 1000 pages, its default.
	plain rawManner = iota
	// tuned leaves unchanged columns out and checkpoints every 16 MB, which is faster than any smaller size; beyond, its p99 grows
	// to several times that of the store, which checkpoints beside the writer.
	tuned
)

// rawDB is the limit that SQLite and its driver set: one connection with prepared statements and the pragmas of the store.
type rawDB struct {
	conn     *sqlite.Conn
	prepared map[string]*sqlite.Stmt
}

func openRaw(path string, how rawManner) (*rawDB, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r := &rawDB{conn: conn, prepared: map[string]*sqlite.Stmt{}}
	pragmas := []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)", "temp_store(MEMORY)"}
	if how == tuned {
		pragmas = append(pragmas, "wal_autocheckpoint(4000)")
	}
	for _, pragma := range pragmas {
		if err := r.exec("PRAGMA " + pragma); err != nil {
			return nil, fmt.Errorf("PRAGMA %s: %w", pragma, err)
		}
	}
	return r, nil
}

func (r *rawDB) close() error { return r.conn.Close() }

func (r *rawDB) exec(text string, args ...any) error {
	return r.each(text, func(*sqlite.Stmt) {}, args...)
}

// each runs a statement and hands its rows to read.
func (r *rawDB) each(text string, read func(*sqlite.Stmt), args ...any) error {
	stmt, ok := r.prepared[text]
	if !ok {
		var err error
		if stmt, err = r.conn.Prepare(text); err != nil {
			return err
		}
		r.prepared[text] = stmt
	}
	for n, arg := range args {
		switch arg := arg.(type) {
		case string:
			stmt.BindText(n+1, arg)
		case int64:
			stmt.BindInt64(n+1, arg)
		case []byte:
			stmt.BindBytes(n+1, arg)
		default:
			return fmt.Errorf("bind %T", arg)
		}
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return errors.Join(err, stmt.Reset())
		}
		read(stmt)
	}
}

// rawJob is one caller's write.
type rawJob struct {
	write func(*rawDB) error
	done  chan error
}

// group is the least writer that shares commits: what waits when a commit ends goes into the next one. It returns when
// jobs is closed.
func (r *rawDB) group(jobs <-chan rawJob) error {
	const most = 512
	var waiting []rawJob
	for first := range jobs {
		err := r.exec("BEGIN IMMEDIATE")
		waiting = append(waiting[:0], first)
		if err == nil {
			err = first.write(r)
		}
		for yielded := false; err == nil && len(waiting) < most; {
			var next rawJob
			select {
			case next = <-jobs:
			default:
				if !yielded {
					yielded = true
					runtime.Gosched() // as the store does: callers answered a moment ago come with their next
					continue
				}
			}
			if next.write == nil {
				break
			}
			waiting = append(waiting, next)
			err = next.write(r)
		}
		if err == nil {
			err = r.exec("COMMIT")
		}
		for _, j := range waiting {
			j.done <- err
		}
		if err != nil {
			return err
		}
	}
	return nil
}
