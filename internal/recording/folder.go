package recording

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nacre/internal/id"
)

// Folder is the path of the folder of an installation's recordings, one file per call.
type Folder string

const suffix = ".wav"

// FileName returns the name of a call's recording within the Folder.
func FileName(callID id.ID) string { return string(callID) + suffix }

// Remove deletes recordings by file name; one that does not exist is no error.
func (f Folder) Remove(names []string) error {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return fmt.Errorf("open recordings: %w", err)
	}
	defer root.Close()
	var faults []error
	for _, name := range names {
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, fmt.Errorf("delete recording: %w", err))
		}
	}
	return errors.Join(faults...)
}

// page is how many directory entries are read at a time.
const page = 100

// Older calls some with the calls of recordings that were last written before an instant, at most page at a time. Other
// files are ignored. An error of some ends it and is returned.
func (f Folder) Older(before time.Time, some func(callIDs []id.ID) error) error {
	folder, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("open recordings: %w", err)
	}
	defer folder.Close()
	for {
		entries, listed := folder.ReadDir(page)
		var callIDs []id.ID
		for _, entry := range entries {
			text, isRecording := strings.CutSuffix(entry.Name(), suffix)
			callID, isID := id.Parse(text)
			if !isRecording || !isID || string(callID) != text || !entry.Type().IsRegular() {
				continue
			}
			info, err := entry.Info()
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("look at recording: %w", err)
			}
			if info.ModTime().Before(before) {
				callIDs = append(callIDs, callID)
			}
		}
		if len(callIDs) > 0 {
			if err := some(callIDs); err != nil {
				return err
			}
		}
		if errors.Is(listed, io.EOF) {
			return nil
		}
		if listed != nil {
			return fmt.Errorf("list recordings: %w", listed)
		}
	}
}

// markFile holds the mark of the installation that the recordings belong to.
const markFile = ".installation"

// BelongsTo reports whether the folder belongs to the installation with that mark; an unmarked folder is marked with it.
// Recordings must not be removed by an installation whose database does not know their calls.
func (f Folder) BelongsTo(mark []byte) (bool, error) {
	path := filepath.Join(string(f), markFile)
	found, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(path, mark, 0o600); err != nil {
			return false, fmt.Errorf("mark recordings: %w", err)
		}
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read mark of recordings: %w", err)
	}
	return bytes.Equal(found, mark), nil
}
