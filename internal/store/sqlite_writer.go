package store

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// A job is one Update on its way through the writer.
type job struct {
	fn    func(session) error
	state atomic.Int32
	err   error
	done  chan error // buffered
}

const (
	jobWaiting int32 = iota
	jobRunning
	jobWithdrawn
)

const (
	// maxGroup and groupTime bound how much shares one disk write: what is in the group waits for its last member.
	maxGroup  = 512
	groupTime = 20 * time.Millisecond
	// foldPages is how many pages of the log are folded into the file at a time, while writing goes on. With fewer, pages that
	// change often are written more often; with more, core and disk are taken for longer.
	foldPages = 8000
	// logPages is how long the log gets until it begins anew, for which the writer stands still: 64 MB.
	logPages = 16000
)

// writer runs transactions on the one connection that writes. Updates that come while a commit is on its way to the
// disk share the next one, each under a savepoint of its own.
type writer struct {
	conn       *sqliteConn
	most       int // transactions in a group
	jobs       chan *job
	log        *slog.Logger
	checkpoint chan struct{} // the log has grown
	folded     chan struct{} // the checkpointer is ready
	folding    bool          // the checkpointer is at work
}

// run serves until closing is closed and no job is left.
func (w *writer) run(closing <-chan struct{}) {
	defer close(w.checkpoint)
	for {
		select {
		case first := <-w.jobs:
			w.group(first)
			w.tend()
		case <-closing:
			w.fold("TRUNCATE")
			if err := w.conn.close(); err != nil {
				w.log.Error("database not closed", "error", err)
			}
			return
		}
	}
}

// group runs the job and those that wait behind it in one transaction.
func (w *writer) group(first *job) {
	g := &group{conn: w.conn, began: time.Now()}
	next := first
	yielded := false
	for next != nil {
		g.run(next)
		next = nil
		if g.spoiled || len(g.jobs) >= w.most || time.Since(g.began) > groupTime {
			break
		}
		select {
		case next = <-w.jobs:
		default:
			if !yielded {
				// Callers answered a moment ago may be about to come with their next: one turn for them is cheaper than a disk write.
				yielded = true
				runtime.Gosched()
				select {
				case next = <-w.jobs:
				default:
				}
			}
		}
	}
	err := g.commit()
	if err != nil && len(g.jobs) > 1 {
		// It failed for all: each gets another chance alone, so that one bad neighbour cannot fail the others.
		for _, j := range g.jobs {
			alone := &group{conn: w.conn}
			alone.attempt(j)
			if err := alone.commit(); err != nil && j.err == nil {
				j.err = err
			}
		}
	} else if err != nil && g.jobs[0].err == nil {
		g.jobs[0].err = err
	}
	g.answer()
}

// tend has the log folded in the background as it grows, and when it is long, begins it anew.
func (w *writer) tend() {
	ready := false // the checkpointer has just been: the least is left
	if w.folding {
		select {
		case <-w.folded:
			w.folding, ready = false, true
		default:
			return
		}
	}
	pages, folded, err := fold(w.conn, "NOOP")
	switch {
	case err != nil:
		w.log.Warn("pages of the database log not counted", "error", err)
	case ready && pages >= logPages:
		w.fold("PASSIVE")
	case pages-folded >= foldPages:
		w.folding = true
		w.checkpoint <- struct{}{}
	}
}

// fold moves what is left of the log into the file, so that the next write begins it anew. The checkpointer did most of
// it beside us; alone it never reaches the end of a log that we keep adding to.
func (w *writer) fold(mode string) {
	if mode == "TRUNCATE" {
		if _, err := w.conn.exec("PRAGMA busy_timeout = 200"); err != nil {
			w.log.Warn("database log not folded", "error", err)
		}
	}
	if _, _, err := fold(w.conn, mode); err != nil {
		w.log.Warn("database log not folded", "error", err)
	}
}

func fold(conn *sqliteConn, mode string) (pages, folded int, err error) {
	err = conn.each(func(r row) error {
		var busy int
		return r.Scan(&busy, &pages, &folded)
	}, "PRAGMA wal_checkpoint("+mode+")")
	return pages, folded, err
}

// checkpointer folds the log into the file on a connection of its own, while the writer goes on. SQLite puts the file on the
// disk only with the last page of the log, when the writer stands still: what was folded before is written back here.
func checkpointer(conn *sqliteConn, file *os.File, w *writer, log *slog.Logger) {
	for range w.checkpoint {
		if _, _, err := fold(conn, "PASSIVE"); err != nil {
			log.Warn("database log not folded", "error", err)
		}
		if err := writeBack(file); err != nil {
			log.Warn("database not written back", "error", err) // SQLite syncs it, and tells
		}
		w.folded <- struct{}{}
	}
	if err := conn.close(); err != nil {
		log.Error("database not closed", "error", err)
	}
}

// panicked is the error of a transaction whose fn panicked.
func panicked(reason any) error {
	return fmt.Errorf("transaction panicked: %v\n%s", reason, debug.Stack())
}
