package store

import (
	"fmt"
	"os"
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
	if err := b.reserve(); err != nil {
		b.log.Warn("no room set aside for the log of the database", "error", err)
	}
	return nil
}

// shmLimit is how long the index of a log of walLimit gets, in bytes: 32 KiB for 4,096 pages
// (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
const shmLimit = (walPages/4096 + 2) * 32 << 10

// reserve sets aside what the log and its index take at most: what commits write has its place then, also where others fill the disk.
func (b *sqliteBackend) reserve() error {
	b.asideMu.Lock()
	defer b.asideMu.Unlock()
	for _, part := range []struct {
		name  string
		bytes int64
	}{{"-wal", walLimit}, {"-shm", shmLimit}} {
		file := b.aside[part.name]
		if file == nil {
			var err error
			if file, err = os.OpenFile(b.path+part.name, os.O_RDWR, 0); err != nil {
				return err
			}
			b.aside[part.name] = file // until the database is closed: to close a file drops SQLite's POSIX locks on it
		}
		if err := reserve(file, part.bytes); err != nil {
			return err
		}
	}
	return nil
}
