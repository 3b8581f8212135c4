package amd

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/voice/resample"
	"nacre/internal/voice/wav"
)

// LabelsFile is the name of the file that labels the recordings of a folder: CSV with the columns file, label and beep, the
// second at which the beep of a machine ends (may be empty, or left out).
const LabelsFile = "labels.csv"

// ErrLabels is the error of recordings whose label is missing or unknown, or of a folder without recordings.
var ErrLabels = errors.New("recordings need labels")

// Entry is a labelled file.
type Entry struct {
	Path  string
	Name  string // within the folder
	Label Label
	Beep  time.Duration
}

// names are the words for labels.
var names = map[string]Label{
	"human": call.Human, "person": call.Human, "people": call.Human, "humans": call.Human,
	"machine": call.MachineAnswerer, "machines": call.MachineAnswerer, "voicemail": call.MachineAnswerer, "mailbox": call.MachineAnswerer,
	"screening": call.Screening, "screener": call.Screening,
	"menu": call.Menu, "ivr": call.Menu,
	"announcement": call.Announcement, "sit": call.Announcement,
}

// LabelNames returns the words for labels, the first of each label as documents name it.
func LabelNames() string {
	return "human (or person), machine (voicemail, mailbox), screening (screener), menu (ivr), announcement (sit)"
}

// ReadFolder lists the recordings of a folder. Where it has a LabelsFile that labels them, otherwise each is in a folder named by
// its label. Errors of labels are ErrLabels.
func ReadFolder(dir string) ([]Entry, error) {
	file, err := os.Open(filepath.Join(dir, LabelsFile))
	switch {
	case err == nil:
		defer file.Close() //nolint:errcheck // only read
		return readLabels(dir, file)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var entries []Entry
	var unknown []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read recordings: %w", err)
		}
		if d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".wav") {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("read recordings: %w", err)
		}
		label, ok := names[strings.ToLower(filepath.Base(filepath.Dir(path)))]
		if !ok || filepath.Dir(name) == "." {
			unknown = append(unknown, name)
			return nil
		}
		entries = append(entries, Entry{Path: path, Name: name, Label: label})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		more := ""
		if len(unknown) > 3 {
			more = fmt.Sprintf(" and %d more", len(unknown)-3)
		}
		return nil, fmt.Errorf("%w: %s%s: put each into a folder named %s, or list them in %s (file,label,beep)", ErrLabels,
			strings.Join(unknown[:min(3, len(unknown))], ", "), more, LabelNames(), LabelsFile)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%w: %s holds no .wav files", ErrLabels, dir)
	}
	return entries, nil
}

func readLabels(dir string, in io.Reader) ([]Entry, error) {
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrLabels, LabelsFile, err)
	}
	if len(rows) < 2 || len(rows[0]) < 2 || rows[0][0] != "file" || rows[0][1] != "label" {
		return nil, fmt.Errorf("%w: %s begins with a line of the names file,label,beep and has a line for each file", ErrLabels, LabelsFile)
	}
	var entries []Entry
	for n, row := range rows[1:] {
		fault := func(format string, args ...any) error {
			return fmt.Errorf("%w: %s, line %d: %s", ErrLabels, LabelsFile, n+2, fmt.Sprintf(format, args...))
		}
		if len(row) < 2 {
			return nil, fault("a file and a label are needed")
		}
		label, ok := names[strings.ToLower(strings.TrimSpace(row[1]))]
		if !ok {
			return nil, fault("the label %q is none of %s", row[1], LabelNames())
		}
		name := filepath.FromSlash(strings.TrimSpace(row[0]))
		if !filepath.IsLocal(name) {
			return nil, fault("%q is outside of the folder", row[0])
		}
		entry := Entry{Path: filepath.Join(dir, name), Name: name, Label: label}
		if len(row) > 2 && strings.TrimSpace(row[2]) != "" {
			seconds, err := strconv.ParseFloat(strings.TrimSpace(row[2]), 64)
			if err != nil || seconds < 0 || seconds > 3600 {
				return nil, fault("beep: %q is no number of seconds", row[2])
			}
			entry.Beep = time.Duration(math.Round(seconds*1000)) * time.Millisecond
		}
		entries = append(entries, entry)
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

// Read reads a recording, at any rate. channel counts from 1; 0 is the last: in recordings of calls the person's.
func (e Entry) Read(channel int) (Recording, error) {
	file, err := os.Open(e.Path)
	if err != nil {
		return Recording{}, fmt.Errorf("read recording: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	audio, err := wav.Read(file)
	if err != nil {
		return Recording{}, fmt.Errorf("read %s: %w", e.Name, err)
	}
	if channel == 0 {
		channel = audio.Channels
	}
	if channel < 1 || channel > audio.Channels {
		return Recording{}, fmt.Errorf("read %s: it has no channel %d", e.Name, channel)
	}
	samples, err := resample.All(audio.Channel(channel-1), audio.Rate, call.SampleRate)
	if err != nil {
		return Recording{}, fmt.Errorf("read %s: %w", e.Name, err)
	}
	return Recording{Name: e.Name, Label: e.Label, Samples: samples, Beep: e.Beep}, nil
}
