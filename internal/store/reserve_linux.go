package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// reserve gives a file so many bytes of the disk without changing its length (fallocate(2)): it grows so far whatever others write.
func reserve(file *os.File, bytes int64) error {
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, bytes)
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) { // the file system has no such thing
		return fmt.Errorf("reserve room for %s: %w", file.Name(), err)
	}
	return nil
}

// reserved is how many bytes of the disk a file has beyond its end.
func reserved(path string) int64 {
	var found unix.Stat_t
	if err := unix.Stat(path, &found); err != nil {
		return 0
	}
	return max(0, found.Blocks*512-found.Size)
}
