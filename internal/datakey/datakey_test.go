package datakey

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newRing(t *testing.T, keys ...string) *Ring {
	t.Helper()
	ring, err := Parse(strings.Join(keys, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func generated(t *testing.T) string {
	t.Helper()
	text, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSealedValuesOpenInTheirPlace(t *testing.T) {
	t.Parallel()
	older, newer := generated(t), generated(t)
	old, both, other := newRing(t, older), newRing(t, newer, older), newRing(t, newer)
	sealed := old.Seal("trunk 1", "s3cret")
	if strings.Contains(sealed, "s3cret") || !strings.Contains(sealed, old.Current()) {
		t.Errorf("sealed to %q", sealed)
	}
	if again := old.Seal("trunk 1", "s3cret"); again == sealed {
		t.Error("the same value is sealed to the same text")
	}
	for name, ring := range map[string]*Ring{"the key": old, "a ring with a newer key": both} {
		if opened, err := ring.Open("trunk 1", sealed); err != nil || opened != "s3cret" {
			t.Errorf("%s opens %q, %v", name, opened, err)
		}
	}
	var missing *MissingKeyError
	if _, err := other.Open("trunk 1", sealed); !errors.As(err, &missing) || missing.ID != old.Current() {
		t.Errorf("another key: %v", err)
	}
	if _, err := (*Ring)(nil).Open("trunk 1", sealed); !errors.As(err, &missing) {
		t.Errorf("no key: %v", err)
	}
	if _, err := old.Open("trunk 2", sealed); err == nil {
		t.Error("opens in another place")
	}
	if _, err := old.Open("trunk 1", sealed[:len(sealed)-4]+"AAAA"); err == nil {
		t.Error("opens although it was changed")
	}
	if plain, err := old.Open("trunk 1", "plain"); err != nil || plain != "plain" {
		t.Errorf("what was never sealed: %q, %v", plain, err)
	}
	if got := old.Seal("trunk 1", ""); got != "" {
		t.Errorf("nothing is sealed to %q", got)
	}
	if got, err := old.Open("x", old.Seal("x", sealed)); err != nil || got != sealed {
		t.Errorf("a value that looks sealed: %q, %v", got, err)
	}
	for _, bad := range []string{"", "# none", "AAAA", older + " x"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q is taken for keys", bad)
		}
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	source := Source{Path: filepath.Join(t.TempDir(), FileName)}
	if _, err := source.Load(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("without a file: %v", err)
	}
	ids := make([]string, 8)
	var making sync.WaitGroup
	for n := range ids {
		making.Go(func() {
			ring, err := source.LoadOrMake()
			if err != nil {
				t.Error(err)
				return
			}
			ids[n] = ring.Current()
		})
	}
	making.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("made at once: %q", ids)
		}
	}
	info, err := os.Stat(source.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	added, err := source.Add()
	if err != nil || len(added.keys) != 2 || added.keys[1].id != ids[0] || added.Current() == ids[0] {
		t.Fatalf("after a key was added: %v, %v", added, err)
	}
	retired, err := source.Retire()
	if err != nil || len(retired.keys) != 1 || retired.Current() != added.Current() {
		t.Fatalf("after the old one was retired: %v, %v", retired, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(source.Path)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
