package store

import (
	"errors"
	"log/slog"
	"os"
	"time"
)

// The log takes what is written (https://www.sqlite.org/wal.html). When it is long, or nothing is written for a while, it is
// folded into the file beside the writer, and begins anew (ADR 17).
const (
	// foldPages is how long the log gets, 190 MiB, and what is written until it begins anew. The longer, the fewer pages that
	// change again and again are written to the file.
	foldPages = 48_000
	// After quietTime without a write, quietPages are enough.
	quietTime  = time.Second
	quietPages = 1000
	// restartPages is how many pages may be left when the log begins anew: the writer folds them, and answers nobody meanwhile.
	restartPages = 400
	// logKept is what the file of the log may be long when it begins anew, in bytes: to cut it, and to let it grow again, is work
	// at every sync. It is cut at the end.
	logKept = 1 << 30
)

// tend has the log folded when it is long, or quiet.
func (w *writer) tend(quiet bool) {
	if w.folding {
		return
	}
	pages, folded, err := fold(w.conn, "NOOP")
	if err != nil {
		w.log.Warn("pages of the database log not counted", "error", err)
		return
	}
	if pages < w.length { // it has begun anew
		w.due = foldPages
	}
	w.length = pages
	if pages >= w.due || quiet && pages-folded >= quietPages {
		w.folding = true
		w.checkpointer.begin <- struct{}{}
	}
}

// beginAnew folds the little that the checkpointer left, if it did: the next write begins the log anew. A reader that needs the log
// may be in the way of either, so it is tried again after a while.
func (w *writer) beginAnew(little bool) {
	w.folding = false
	w.due = w.length + foldPages/8
	if !little {
		return
	}
	pages, _, err := fold(w.conn, "PASSIVE")
	if err != nil {
		w.log.Warn("database log not folded", "error", err)
		return
	}
	w.length, w.due = pages, pages+foldPages/8
}

// truncate folds the whole log and cuts it.
func (w *writer) truncate() {
	if w.folding {
		<-w.checkpointer.done
	}
	if _, err := w.conn.exec("PRAGMA busy_timeout = 200"); err != nil {
		w.log.Warn("database log not folded", "error", err)
	}
	if _, _, err := fold(w.conn, "TRUNCATE"); err != nil {
		w.log.Warn("database log not folded", "error", err)
	}
}

// fold folds the log as far as the mode says, and answers how many pages it has and how many of them are folded.
func fold(conn *sqliteConn, mode string) (pages, folded int, err error) {
	err = conn.each(func(r row) error {
		var busy int
		return r.Scan(&busy, &pages, &folded)
	}, "PRAGMA wal_checkpoint("+mode+")")
	return pages, folded, err
}

// checkpointer folds the log on connections of its own, while the writer goes on.
type checkpointer struct {
	unhurried, hurried *sqliteConn
	file               *os.File // the database
	log                *slog.Logger
	begin              chan struct{} // fold
	done               chan bool     // whether little is left
}

// run serves until begin is closed.
func (c *checkpointer) run() {
	for range c.begin {
		little, err := c.fold()
		if err != nil {
			c.log.Warn("database log not folded", "error", err)
		}
		c.done <- little
	}
	if err := errors.Join(c.unhurried.close(), c.hurried.close()); err != nil {
		c.log.Error("database not closed", "error", err)
	}
}

// fold folds what is in the log, again and again, since the writer goes on: each time less is left. SQLite puts the file on the
// disk only with the last page of the log, when the writer stands still: what was folded before is written back here.
func (c *checkpointer) fold() (little bool, err error) {
	conn, before := c.unhurried, -1
	for range 8 {
		if _, _, err := fold(conn, "PASSIVE"); err != nil {
			return false, err
		}
		if err := writeBack(c.file); err != nil {
			return false, err
		}
		pages, folded, err := fold(conn, "NOOP")
		switch {
		case err != nil, pages-folded <= restartPages:
			return err == nil, err
		case folded == before:
			return false, nil // a reader needs the rest
		case pages > 2*foldPages:
			conn = c.hurried
		}
		before = folded
	}
	return true, nil // the writer is faster than we are: for once it has to wait
}
