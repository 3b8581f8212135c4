package store

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nacre/internal/fault"
)

// roomLeft is what stays free, in bytes: to remove rows takes room too, in the log, and what is in the log has to find its place in the
// database's file before the log can be restarted.
const roomLeft = 2 * logSpace

// logSpace is how long the log gets while it is written on in spite of a reader that needs it, until it is tried again to restart it.
const logSpace = walLimit + 4*retryPages*pageSize

func (b *sqliteBackend) room(bytes int64) error {
	free, err := freeBytes(filepath.Dir(b.path))
	if err != nil {
		b.log.Warn("cannot see how full the disk is", "error", err)
		return nil
	}
	if free += b.setAside(); free < roomLeft || free-roomLeft < bytes {
		return &fault.Error{
			Kind: fault.Unavailable, RetryAfter: time.Minute,
			Detail: fmt.Sprintf("The disk of the database has no room for this: %d MiB are free, %d MiB must be.", free>>20, (roomLeft+bytes)>>20),
		}
	}
	if err := b.reserve(bytes); err != nil {
		b.log.Warn("no room set aside for the database and its log", "error", err)
	}
	return nil
}

// shmLimit is how long the index of a log of logSpace gets, in bytes: 32 KiB for 4,096 pages
// (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
const shmLimit = (logSpace/pageSize/4096 + 2) * 32 << 10

// The files that room is set aside for, by the ends of their names.
const (
	databaseFile = ""
	logFile      = "-wal"
	indexFile    = "-shm"
)

// reserve sets aside what the log and its index take at most, and by how much the database's file grows when all of the log, and the
// bytes that are to come, are copied into it: what commits write has its place then, and the log can be restarted, also where others
// fill the disk. SQLite cuts the file when it has copied all of the log, and what was set aside with it: nothing needs it then.
func (b *sqliteBackend) reserve(bytes int64) error {
	b.asideMu.Lock()
	defer b.asideMu.Unlock()
	for name, length := range map[string]int64{logFile: logSpace, indexFile: shmLimit, databaseFile: logSpace + bytes} {
		file := b.aside[name]
		if file == nil {
			var err error
			if file, err = os.OpenFile(b.path+name, os.O_RDWR, 0); err != nil {
				return err
			}
			b.aside[name] = file // until the database is closed: to close a file drops SQLite's POSIX locks on it
		}
		if name == databaseFile {
			info, err := file.Stat()
			if err != nil {
				return err
			}
			length += info.Size()
		}
		if err := reserve(file, length); err != nil {
			return err
		}
	}
	return nil
}

// setAside is how much of the disk is set aside, in bytes, also by a process before this one.
func (b *sqliteBackend) setAside() int64 {
	return reserved(b.path+databaseFile) + reserved(b.path+logFile) + reserved(b.path+indexFile)
}
