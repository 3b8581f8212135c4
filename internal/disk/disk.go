// Package disk decides whether the disk that data is kept on has room for what is new: below a threshold nothing new is
// begun, so that what runs (calls, stops, their records) can go on. It refuses to know what is kept there.
package disk

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nacre/internal/fault"
)

// lookEvery is how long one look at the disk holds. A call writes about a megabyte a minute.
const lookEvery = time.Second

// Watch looks at the disk of a folder. Safe for concurrent use.
type Watch struct {
	folder string
	least  int64 // bytes
	free   func(folder string) (bytes int64, err error)
	log    *slog.Logger

	mu   sync.Mutex
	at   time.Time
	full error
}

// New watches the disk of a folder, which is nearly full while less than so many bytes are free; 0 = never.
func New(folder string, least int64, log *slog.Logger) *Watch {
	return &Watch{folder: folder, least: least, free: freeBytes, log: log}
}

// Room is nil while there is room for what is new, else a fault.Unavailable that names the disk.
func (w *Watch) Room() error {
	if w == nil || w.least <= 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); w.at.IsZero() || now.Sub(w.at) >= lookEvery {
		w.at = now
		w.look()
	}
	return w.full
}

func (w *Watch) look() {
	free, err := w.free(w.folder)
	switch {
	case err != nil:
		w.log.Warn("cannot see how full the disk is", "folder", w.folder, "error", err)
	case free >= w.least && w.full != nil:
		w.full = nil
		w.log.Info("the disk has room again", "folder", w.folder, "freeMiB", free>>20)
	case free < w.least:
		if w.full == nil {
			w.log.Error("the disk is nearly full: no call begins and nothing new is taken; stops and small updates still work", "folder", w.folder, "freeMiB", free>>20, "leastMiB", w.least>>20)
		}
		w.full = &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Minute, Detail: fmt.Sprintf(
			"The disk of the data folder is nearly full: %d MiB are free, %d MiB must be. Nothing new is taken until there is room; stops and small updates still work.", free>>20, w.least>>20)}
	}
}
