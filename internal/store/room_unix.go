//go:build linux || darwin

package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// freeBytes is how much of the folder's disk we may still write.
func freeBytes(folder string) (int64, error) {
	var found unix.Statfs_t
	if err := unix.Statfs(folder, &found); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", folder, err)
	}
	return int64(found.Bavail) * int64(found.Bsize), nil //nolint:unconvert // their types depend on the system
}
