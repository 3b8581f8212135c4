package store

import "time"

// The log takes what is written (https://www.sqlite.org/wal.html). When it is long, or nothing is written for a while, the
// checkpointer folds it into the file beside the writer, and it begins anew (ADR 17).
const (
	// foldPages is how long the log gets, 180 MiB, and what is written until it begins anew. The longer, the fewer pages that
	// change again and again are written to the file.
	foldPages = 90_000
	// After quietTime without a write, quietPages are enough.
	quietTime  = time.Second
	quietPages = 2000
	// restartPages is how many pages may be left when the log begins anew: the writer folds them, and answers nobody meanwhile.
	restartPages = 1400
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
