package datakey

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// FileName is the key file within the data folder.
const FileName = "nacre.key"

const remark = `# The data keys of nacre: the first encrypts the secrets in the database, the others decrypt what they encrypted.
# Without them the secrets are lost. Keep a copy apart from copies of the data. nacre key rotate-data makes a new one.
`

// Source says where the keys are.
type Source struct {
	Path string // of the key file
	Keys string // the keys themselves; "" = the file has them
}

// String says it in the words of a message.
func (s Source) String() string {
	if s.Keys != "" {
		return "NACRE_DATA_KEY"
	}
	return s.Path
}

// Load reads the keys; fs.ErrNotExist where there is no file.
func (s Source) Load() (*Ring, error) {
	text := s.Keys
	if text == "" {
		raw, err := os.ReadFile(s.Path)
		if err != nil {
			return nil, fmt.Errorf("read data key: %w", err)
		}
		text = string(raw)
	}
	ring, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read data key of %s: %w", s, err)
	}
	return ring, nil
}

// LoadOrMake reads the keys and makes the file where there is none. Two processes may do so at once: one file wins.
func (s Source) LoadOrMake() (*Ring, error) {
	ring, err := s.Load()
	if !errors.Is(err, os.ErrNotExist) {
		return ring, err
	}
	fresh, err := Generate()
	if err != nil {
		return nil, err
	}
	made, err := s.writePart([]string{fresh})
	if err != nil {
		return nil, err
	}
	defer os.Remove(made)
	if err := os.Link(made, s.Path); err != nil && !errors.Is(err, os.ErrExist) { // unlike a rename, a link replaces nothing
		return nil, fmt.Errorf("make data key: %w", err)
	}
	if err := syncFolder(filepath.Dir(s.Path)); err != nil {
		return nil, err
	}
	return s.Load()
}

// Add puts a new key before those of the file: from now on it seals.
func (s Source) Add() (*Ring, error) {
	ring, err := s.Load()
	if err != nil {
		return nil, err
	}
	fresh, err := Generate()
	if err != nil {
		return nil, err
	}
	return s.replace(append([]string{fresh}, ring.texts()...))
}

// Retire leaves the first key alone in the file.
func (s Source) Retire() (*Ring, error) {
	ring, err := s.Load()
	if err != nil {
		return nil, err
	}
	return s.replace(ring.texts()[:1])
}

func (s Source) replace(keys []string) (*Ring, error) {
	made, err := s.writePart(keys)
	if err != nil {
		return nil, err
	}
	if err := keepOwner(s.Path, made); err != nil {
		return nil, errors.Join(err, os.Remove(made))
	}
	if err := os.Rename(made, s.Path); err != nil {
		return nil, errors.Join(fmt.Errorf("write data key: %w", err), os.Remove(made))
	}
	if err := syncFolder(filepath.Dir(s.Path)); err != nil {
		return nil, err
	}
	return s.Load()
}

// writePart writes a whole key file, on disk, under another name.
func (s Source) writePart(keys []string) (name string, err error) {
	file, err := os.CreateTemp(filepath.Dir(s.Path), filepath.Base(s.Path)+".part-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("write data key: %w", err)
	}
	_, err = file.WriteString(remark + strings.Join(keys, "\n") + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write data key: %w", err), os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// keepOwner gives a file the owner of another: root may change the key of a server that runs as somebody else.
func keepOwner(of, file string) error {
	info, err := os.Stat(of)
	if err != nil {
		return fmt.Errorf("write data key: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	if err := os.Chown(file, int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("write data key: %w", err)
	}
	return nil
}

// syncFolder makes names durable: nothing may be sealed with a key that a power cut takes back.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
