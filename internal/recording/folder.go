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

// Folder is where an installation's recordings lie, a file a call.
type Folder string

const suffix = ".wav"

// FileName is the recording of a call.
func FileName(callID id.ID) string { return string(callID) + suffix }

// Remove deletes recordings by their names; one that is gone already is no fault.
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

// page is how many files are looked at together.
const page = 100

// Older hands out the calls of recordings that were last written before, some at a time. Other files are none of ours.
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

// markFile says whose recordings they are.
const markFile = ".installation"

// BelongsTo reports whether the folder is the installation's: the first that asks marks it. A database that does not know
// the folder's calls (another one, or a new one beside old files) must not have them removed.
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
