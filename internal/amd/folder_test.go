package amd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/voice/wav"
)

// folder makes files of these names, WAV files of a tenth of a second where they have no text.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	sound, err := wav.Encode(make([]int16, 800))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		raw := []byte(text)
		if text == "" {
			raw = sound
		}
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"person/a.wav": "", "Voicemail/b.WAV": "", "2026/ivr/c.wav": "", "notes.txt": "x"})
	entries, err := ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Label{}
	for _, e := range entries {
		got[filepath.ToSlash(e.Name)] = e.Label
		if r, err := e.Read(0); err != nil || len(r.Samples) != 800 || r.Label != e.Label {
			t.Errorf("read %s: %v", e.Name, err)
		}
	}
	want := map[string]Label{"person/a.wav": call.Human, "Voicemail/b.WAV": call.MachineAnswerer, "2026/ivr/c.wav": call.Menu}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}

	dir = folder(t, map[string]string{"x.wav": "", "y.wav": "", LabelsFile: "file,label,beep\ny.wav,machine,6.25\nx.wav,human\n"})
	entries, err = ReadFolder(dir)
	if err != nil || len(entries) != 2 || entries[0].Label != call.Human || entries[1].Beep != 6250*time.Millisecond {
		t.Errorf("by file: %+v, %v", entries, err)
	}
}

func TestReadFolderRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no recordings":    {map[string]string{"human/notes.txt": "x"}, "holds no .wav files"},
		"unlabelled":       {map[string]string{"a.wav": "", "human/b.wav": ""}, "a.wav: put each into a folder named human"},
		"unknown folder":   {map[string]string{"robots/a.wav": ""}, "robots"},
		"unknown label":    {map[string]string{"a.wav": "", LabelsFile: "file,label\na.wav,robot\n"}, `line 2: the label "robot" is none of human`},
		"no header":        {map[string]string{"a.wav": "", LabelsFile: "a.wav,human\n"}, "begins with a line of the names"},
		"bad beep":         {map[string]string{"a.wav": "", LabelsFile: "file,label,beep\na.wav,machine,soon\n"}, `line 2: beep: "soon"`},
		"outside":          {map[string]string{LabelsFile: "file,label\n../a.wav,human\n"}, "outside of the folder"},
		"half a line":      {map[string]string{LabelsFile: "file,label\na.wav\n"}, "a file and a label are needed"},
		"no CSV":           {map[string]string{LabelsFile: "file,label\n\"a.wav,human\n"}, LabelsFile},
		"label at the top": {map[string]string{"a.wav": ""}, "a.wav"},
	} {
		_, err := ReadFolder(folder(t, c.files))
		if !errors.Is(err, ErrLabels) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := ReadFolder(filepath.Join(t.TempDir(), "none")); err == nil || errors.Is(err, ErrLabels) {
		t.Errorf("a folder that is not there: %v", err)
	}
	entries, err := ReadFolder(folder(t, map[string]string{"human/a.wav": "no sound"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entries[0].Read(0); err == nil || !strings.Contains(err.Error(), "human") {
		t.Errorf("a file of another format: %v", err)
	}
	if _, err := (Entry{Path: filepath.Join(folder(t, map[string]string{"a.wav": ""}), "a.wav")}).Read(2); err == nil || !strings.Contains(err.Error(), "no channel 2") {
		t.Errorf("a channel that is not there: %v", err)
	}
}
