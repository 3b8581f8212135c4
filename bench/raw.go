package main

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
	"runtime"

	"modernc.org/sqlite"
)

// rawManner is how the raw writer goes about it.
type rawManner int

const (
	// plain is what anybody would write first: every column, and SQLite folds its log every 1000 pages, its default.
	plain rawManner = iota
	// tuned leaves unchanged columns out and folds the log every 16 MB, which is faster than any smaller size; beyond, its
	// p99 grows to twice that of the store, whose log is folded beside the writer.
	tuned
)

// rawDB is the limit that SQLite and its driver set: one connection with prepared statements and the pragmas of the store.
type rawDB struct {
	conn     driver.Conn
	prepared map[string]driver.StmtExecContext
}

func openRaw(path string, how rawManner) (*rawDB, error) {
	values := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)", "temp_store(MEMORY)"}}
	if how == tuned {
		values.Add("_pragma", "wal_autocheckpoint(4000)")
	}
	conn, err := (&sqlite.Driver{}).Open((&url.URL{Scheme: "file", Path: path, RawQuery: values.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &rawDB{conn: conn, prepared: map[string]driver.StmtExecContext{}}, nil
}

func (r *rawDB) close() error {
	for _, stmt := range r.prepared {
		_ = stmt.(driver.Stmt).Close()
	}
	return r.conn.Close()
}

func (r *rawDB) exec(text string, args ...any) error {
	stmt, ok := r.prepared[text]
	if !ok {
		made, err := r.conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		stmt = made.(driver.StmtExecContext)
		r.prepared[text] = stmt
	}
	_, err := stmt.ExecContext(context.Background(), named(args))
	return err
}

func named(args []any) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for n, arg := range args {
		values[n] = driver.NamedValue{Ordinal: n + 1, Value: arg}
	}
	return values
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
