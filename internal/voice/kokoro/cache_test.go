package kokoro

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func openedCache(t *testing.T, dir string, limit int64) *cache {
	t.Helper()
	c, err := openCache(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	size := int64(headerSize + 200)
	c := openedCache(t, dir, 5*size)
	for n := range 9 {
		if err := c.put(fmt.Sprint(n), make([]int16, 100)); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			if samples, err := c.get("1"); n >= 1 && (err != nil || len(samples) != 100) {
				t.Fatalf("clause 1 after %d: %d samples, %v", n, len(samples), err)
			}
		}
	}
	if err := c.put("huge", make([]int16, 1000)); err != nil {
		t.Fatal(err)
	}
	kept := func() (names []string) {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			names = append(names, file.Name())
		}
		return names
	}
	want := []string{"1" + extension, "5" + extension, "6" + extension, "7" + extension, "8" + extension}
	if got := kept(); !slices.Equal(got, want) || c.used != 5*size {
		t.Errorf("%v are kept, %d bytes", got, c.used)
	}
	// The next process knows what was used last.
	old := time.Now().Add(-48 * time.Hour)
	for _, n := range []string{"1", "6", "7"} {
		if err := os.Chtimes(filepath.Join(dir, n+extension), old, old); err != nil {
			t.Fatal(err)
		}
	}
	c = openedCache(t, dir, 5*size)
	if samples, err := c.get("6"); err != nil || len(samples) != 100 { // now it is young
		t.Errorf("%d samples, %v", len(samples), err)
	}
	openedCache(t, dir, 3*size)
	if got, want := kept(), []string{"5" + extension, "6" + extension, "8" + extension}; !slices.Equal(got, want) {
		t.Errorf("%v are kept by a smaller cache", got)
	}
}

func TestCacheNoticesDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := openedCache(t, dir, 1<<20)
	samples := []int16{1, -2, 300, -32768}
	for _, damage := range []struct {
		name string
		do   func(path string) error
		err  error
	}{
		{"none", func(string) error { return nil }, nil},
		{"empty", func(path string) error { return os.Truncate(path, 0) }, errDamaged},
		{"short", func(path string) error { return os.Truncate(path, int64(headerSize)+3) }, errDamaged},
		{"other bytes", func(path string) error { return os.WriteFile(path, []byte("NVC1abcdxxxxxxxx"), 0o600) }, errDamaged},
		{"gone", os.Remove, nil},
	} {
		if err := c.put("a", samples); err != nil {
			t.Fatal(err)
		}
		if err := damage.do(c.path("a")); err != nil {
			t.Fatal(err)
		}
		got, err := c.get("a")
		if !errors.Is(err, damage.err) || damage.name == "none" != slices.Equal(got, samples) {
			t.Errorf("%s: %v, %v", damage.name, got, err)
		}
		if damage.name != "none" {
			if _, err := os.Stat(c.path("a")); err == nil {
				t.Errorf("%s: the file is still there", damage.name)
			}
			if _, ok := c.length("a"); ok || c.used != 0 {
				t.Errorf("%s: %d bytes are still counted", damage.name, c.used)
			}
		}
	}
	left := filepath.Join(dir, "x"+partial)
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	openedCache(t, dir, 1<<20)
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed process left is still there")
	}
}

// A disk that takes nothing costs speed, and no speech.
func TestSpeaksWithoutKeeping(t *testing.T) {
	t.Parallel()
	s := &sayer{}
	cache := t.TempDir()
	v := open(t, s, dir(t, "a"), cache)
	if err := os.RemoveAll(cache); err != nil {
		t.Fatal(err)
	}
	if samples, err := v.Speak(t.Context(), "", "Hello"); err != nil || len(samples) == 0 {
		t.Errorf("%d samples, %v", len(samples), err)
	}
	if _, known := v.Length("", "Hello"); known {
		t.Error("what is not kept is known")
	}
}
