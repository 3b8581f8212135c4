package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockName is the file within the data folder that the node holds a lock on.
const lockName = "nacre.lock"

// lockFile takes an exclusive lock that ends with the file, also when the process is killed.
func lockFile(file *os.File, wait bool) error {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// lockFolder takes the node lock of a data folder. The file holds the process id of its holder, for people.
func lockFolder(folder string) (*os.File, error) {
	path := filepath.Join(folder, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(file, false); err != nil {
		holder := make([]byte, 20)
		n, _ := file.Read(holder) // only to be told
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock: the data folder %s is in use by another process (%s)", folder, strings.TrimSpace(string(holder[:n])))
		}
		return nil, err
	}
	if err := file.Truncate(0); err == nil {
		_, err = file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return file, nil
}
