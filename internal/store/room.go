package store

import (
	"fmt"
	"path/filepath"
	"time"

	"nacre/internal/fault"
)

// roomLeft is what stays free, in bytes: to remove rows takes room too, in the log.
const roomLeft = walLimit

func (b *sqliteBackend) room(bytes int64) error {
	free, err := freeBytes(filepath.Dir(b.path))
	if err != nil {
		b.log.Warn("cannot see how full the disk is", "error", err)
		return nil
	}
	if free < roomLeft || free-roomLeft < bytes {
		return &fault.Error{
			Kind: fault.Unavailable, RetryAfter: time.Minute,
			Detail: fmt.Sprintf("The disk of the database has no room for this: %d MiB are free, %d MiB must be.", free>>20, (roomLeft+bytes)>>20),
		}
	}
	return nil
}
