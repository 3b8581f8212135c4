package store

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// writeBackSlice is how much of the file is on its way to the disk at once.
const writeBackSlice = 1 << 20

// writeBack has the changed pages of a file written to the disk, some at a time: what others sync meanwhile waits behind
// a slice and not behind the file. Unhurried, it rests after each for as long as that took. It promises nothing
// (sync_file_range(2)); a sync afterwards has little left to do.
func writeBack(file *os.File, unhurried bool) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	for from := int64(0); from < info.Size(); from += writeBackSlice {
		began := time.Now()
		const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
		if err := unix.SyncFileRange(int(file.Fd()), from, writeBackSlice, wait); err != nil {
			return err
		}
		if unhurried {
			time.Sleep(time.Since(began))
		}
	}
	return nil
}
