package store

import (
	"os"

	"golang.org/x/sys/unix"
	sqlite "modernc.org/sqlite/lib"
)

// writeBack waits until the changed pages of a file are on the disk. It promises nothing (sync_file_range(2)); a sync afterwards
// has little left to do.
func writeBack(file *os.File) error {
	const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	return unix.SyncFileRange(int(file.Fd()), 0, 0, wait)
}

// beginWriteBack has the system begin to write a part of an open file of SQLite's to the disk, and does not wait for it.
func beginWriteBack(file uintptr, from, length int64) {
	_ = unix.SyncFileRange(int(at[sqlite.TunixFile](file).Fh), from, length, unix.SYNC_FILE_RANGE_WRITE) // the sync that follows tells
}

// lowerPriority gives the thread it runs on a niceness (setpriority(2)), 0 to 19. It cannot be taken back.
func lowerPriority(niceness int) {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness) // without it others only wait longer
}
