package store

import (
	"os"

	"golang.org/x/sys/unix"
	sqlite "modernc.org/sqlite/lib"
)

// writeBackSlice is how much of the file is on its way to the disk at once.
const writeBackSlice = 1 << 20

// writeBack has the changed pages of a file written to the disk, some at a time: what others sync meanwhile waits behind
// a slice and not behind the file. It promises nothing (sync_file_range(2)); a sync afterwards has little left to do.
func writeBack(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	for from := int64(0); from < info.Size(); from += writeBackSlice {
		const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
		if err := unix.SyncFileRange(int(file.Fd()), from, writeBackSlice, wait); err != nil {
			return err
		}
	}
	return nil
}

// beginWriteBack has the system begin to write a part of an open file of SQLite's to the disk, and does not wait for it.
func beginWriteBack(file uintptr, from, length int64) {
	_ = unix.SyncFileRange(int(at[sqlite.TunixFile](file).Fh), from, length, unix.SYNC_FILE_RANGE_WRITE) // the sync that follows tells
}
