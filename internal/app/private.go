package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// makePrivate makes the data folder and takes the rights of others from it and from what nacre keeps in it: only the user whom
// nacre runs as may read calls and keys. Where chmod (os.Chmod) may not do that, it refuses with the command that mends it.
//
// A folder within that was private already is not entered: nobody else can have changed anything in it, and recordings are many.
func makePrivate(folder string, chmod func(string, fs.FileMode) error, log *slog.Logger) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("the data folder %s cannot be made: %w; name another one with --data", folder, err)
	}
	if runtime.GOOS == "windows" { // rights are lists there, which a folder inherits
		return nil
	}
	folder, err := filepath.EvalSymlinks(folder) // the folder may be a link to another disk
	if err != nil {
		return fmt.Errorf("make data private: %w", err)
	}
	if err := writable(folder); err != nil {
		return err
	}
	changed := 0
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if path != folder && filepath.Dir(path) == filepath.Clean(folder) && !ours(entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if path == folder && info.Mode()&fs.ModeSticky != 0 {
			return fmt.Errorf("%s is shared by all users of this machine: name a folder of nacre's own", folder)
		}
		mode := info.Mode().Perm()
		switch {
		case mode&0o077 == 0 && entry.IsDir() && path != folder:
			return fs.SkipDir
		case mode&0o077 == 0:
			return nil
		}
		if err := chmod(path, mode&0o700); err != nil {
			return fmt.Errorf("others may read %s, and its rights are not ours to change (%w); run: sudo chown -R %d:%d '%s' && sudo chmod -R go= '%s'", path, err, os.Geteuid(), os.Getegid(), folder, folder)
		}
		changed++
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // beside a running server the files of its log come and go
		return fmt.Errorf("make data private: %w", err)
	}
	if changed > 0 {
		log.Warn("others could read the data: it is private now", "folder", folder, "changed", changed)
	}
	return nil
}

// writable refuses a folder that nacre could not keep its data in, and says what to do. A folder that its owner has made read-only
// stays so, for root too, who could write to it all the same.
func writable(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder; name another one with --data", folder)
	}
	if mode := info.Mode().Perm(); mode&0o200 == 0 {
		return fmt.Errorf("the data folder %s is read-only (mode %04o): run chmod u+rwx '%s', or name another one with --data", folder, mode, folder)
	}
	probe, err := os.CreateTemp(folder, "nacre.probe-*")
	if err != nil {
		return explainFolder(folder, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// explainFolder says what to do where nothing can be written to a folder.
func explainFolder(folder string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the data folder %s is not ours to write to (%w): run sudo chown -R %d:%d '%s', or name another one with --data", folder, err, os.Geteuid(), os.Getegid(), folder)
	}
	return fmt.Errorf("nothing can be written to the data folder %s (%w): mend that, or name another one with --data", folder, err)
}

// ours reports whether nacre keeps something of that name in the data folder: what else lies there is left alone.
func ours(name string) bool {
	return strings.HasPrefix(name, "nacre.") || name == "recordings" || name == "cache"
}
