package store

import (
	"fmt"
	"log/slog"
	"os"
	"time"
)

// The write-ahead log (https://www.sqlite.org/wal.html) takes what is committed; a checkpoint copies its pages into the database
// file, and once all are there the next commit writes over the log from its start, which SQLite calls to restart it (ADR 17).
const (
	// pageSize is that of new databases, in bytes: an update changes some hundred bytes in each of seven pages, which are logged whole.
	pageSize = 2048
	// walLimit is how long the log gets, in bytes. Only while a reader needs its pages it gets longer.
	walLimit = 64 << 20
	walPages = walLimit / pageSize
	// checkpointPages is how many pages are in the log when the checkpointer begins to copy them.
	checkpointPages = walPages / 2
	// restartPages is how many pages that are not yet copied the writer copies by itself, to restart the log. Callers wait meanwhile.
	restartPages = 1000
	// scanPages is how many pages are in the log when new scans wait until it is restarted.
	scanPages = walPages * 2
	// retryPages is how much is written until it is tried again where a reader was in the way.
	retryPages = walPages / 16
	// readersLeave is how long a restart waits for readers that need the log; those that come meanwhile do not.
	readersLeave = 20 * time.Millisecond
	// After idleTime without a commit, all of the log is copied.
	idleTime = time.Second
)

// checkpointer copies pages of the log beside the writer, whom it never waits for nor holds up (PASSIVE).
type checkpointer struct {
	conn  *sqliteConn
	file  *os.File // the database
	log   *slog.Logger
	begin chan struct{} // one checkpoint
	done  chan struct{}
}

func (b *sqliteBackend) newCheckpointer() (*checkpointer, error) {
	conn, err := b.open(fmt.Sprintf("cache_size(%d)", readerCache))
	if err != nil {
		return nil, err
	}
	if b.file, err = os.Open(b.path); err != nil {
		return nil, err
	}
	return &checkpointer{conn: conn, file: b.file, log: b.log, begin: make(chan struct{}, 1), done: make(chan struct{}, 1)}, nil
}

// run serves until begin is closed.
func (c *checkpointer) run() {
	for range c.begin {
		_, _, _, err := checkpoint(c.conn, "PASSIVE")
		if err == nil {
			// SQLite syncs the file only with the last page of the log; what is synced here, the writer need not wait for then.
			err = c.file.Sync()
		}
		if err != nil {
			c.log.Warn("checkpoint of the database failed", "error", err)
		}
		c.done <- struct{}{}
	}
}

// checkpointIfDue has the log copied where it is long, or nothing is written, and restarts it where little is left to copy, or where
// it is at its limit: then commits wait.
func (w *writer) checkpointIfDue(idle bool) {
	if w.checkpointing {
		return
	}
	defer func() { w.parts.note(w.pages, w.checkpointing) }()
	_, pages, copied, err := checkpoint(w.conn, "NOOP")
	if err != nil {
		w.log.Warn("pages of the database's log not counted", "error", err)
		return
	}
	if pages < w.pages { // it was restarted
		w.due, w.copied = 0, -1
	}
	stuck := copied == w.copied // what was tried last came to nothing: a reader needs the rest
	w.pages = pages
	left := pages - copied
	switch {
	case left == 0, pages < w.due:
	case pages >= checkpointPages && (left <= restartPages || pages >= walPages):
		if !w.restart() && pages >= scanPages {
			w.awaitScans()
		}
		w.due = pages + retryPages
	case idle, pages >= checkpointPages:
		w.copied = copied
		if stuck {
			w.due = pages + retryPages
		}
		w.checkpointing = true
		w.checkpointer.begin <- struct{}{}
	}
}

// restart copies what is left and makes the next commit begin at the log's start, unless a reader needs the log.
func (w *writer) restart() (done bool) {
	w.conn.conn.SetBusyTimeout(readersLeave)
	defer w.conn.conn.SetBusyTimeout(busyTimeout)
	busy, _, _, err := checkpoint(w.conn, "RESTART")
	if err != nil {
		w.log.Warn("checkpoint of the database failed", "error", err)
	}
	return err == nil && !busy
}

// awaitScans has scans that come now wait for those that run, and those for the log's restart. One scan after another could keep the
// log from it for ever: each sees the pages that were written before it began, and needs them.
func (w *writer) awaitScans() {
	if w.ended != nil {
		return
	}
	ended := make(chan struct{}, 1)
	w.ended = ended
	go func() {
		w.scans.Lock()
		ended <- struct{}{}
	}()
}

// checkpoint copies the log as far as the mode allows (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint; NOOP copies nothing),
// and returns whether readers or writers were in its way, how many pages the log has and how many of them are copied.
func checkpoint(conn *sqliteConn, mode string) (busy bool, pages, copied int, err error) {
	err = conn.each(func(r row) error { return r.Scan(&busy, &pages, &copied) }, "PRAGMA wal_checkpoint("+mode+")")
	return busy, pages, copied, err
}
