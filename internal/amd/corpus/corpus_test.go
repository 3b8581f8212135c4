package corpus

import (
	"context"
	"crypto/sha256"
	"math"
	"os"
	"path/filepath"
	"testing"

	"nacre/internal/amd"
	"nacre/internal/call"
	"nacre/internal/hearing"
)

// murmur speaks a tenth of a second a word.
func murmur(_ context.Context, _, text string) ([]int16, error) {
	samples := make([]int16, 80*len(text))
	for n := range samples {
		samples[n] = int16(5000 * math.Sin(float64(n)/4) * math.Sin(float64(n)/900))
	}
	return samples, nil
}

// TestMake: the corpus follows from the seed, has every label, and its beeps are where it says.
func TestMake(t *testing.T) {
	t.Parallel()
	make := func() string {
		dir := t.TempDir()
		if err := Make(t.Context(), Config{Dir: dir, Say: murmur, Voices: [][]string{{"a", "b"}}, Seed: 1}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	first, second := make(), make()
	entries, err := amd.ReadFolder(first)
	if err != nil {
		t.Fatal(err)
	}
	count, found, beeps := map[amd.Label]int{}, 0, 0
	for _, e := range entries {
		count[e.Label]++
		one, err := os.ReadFile(e.Path)
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join(second, e.Name))
		if err != nil || sha256.Sum256(one) != sha256.Sum256(other) {
			t.Fatalf("%s is made differently again: %v", e.Name, err)
		}
		if (e.Beep > 0) != (e.Label == call.MachineAnswerer) {
			t.Errorf("%s ends its beep at %s", e.Name, e.Beep)
		}
		if e.Beep == 0 {
			continue
		}
		r, err := e.Read(0)
		if err != nil {
			t.Fatal(err)
		}
		beeps++
		if beepNear(r.Samples, e.Beep.Seconds()) {
			found++
		}
	}
	for _, label := range amd.Labels() {
		if count[label] < 5 {
			t.Errorf("%d recordings of %s", count[label], label)
		}
	}
	if found < beeps*8/10 {
		t.Errorf("only %d of %d beeps are where the labels say", found, beeps)
	}
}

// beepNear reports whether a beep ends at most 0.1 s from a second.
func beepNear(samples []int16, end float64) bool {
	b := hearing.NewBeep()
	var frame call.Frame
	for n := 0; n+len(frame) <= len(samples); n += len(frame) {
		copy(frame[:], samples[n:])
		was := b.On()
		b.Push(&frame)
		if was && !b.On() && math.Abs(float64(n)/call.SampleRate-end) <= 0.1 {
			return true
		}
	}
	return false
}
