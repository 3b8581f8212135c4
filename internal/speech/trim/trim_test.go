package trim

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// A recogniser is not asked about silence, and is asked again, with more around the sound, where it heard nothing.
func TestAsk(t *testing.T) {
	t.Parallel()
	loud := slices.Repeat([]int16{3000, -3000}, 4000) // a second
	silence := make([]int16, 8000)
	var given []int
	answers := []string{"", "yes"}
	answer := func(audio []float32, sounding time.Duration) (string, error) {
		if sounding != time.Second {
			t.Errorf("%s of sound", sounding)
		}
		given = append(given, len(audio))
		return answers[len(given)-1], nil
	}
	if text, err := Ask(silence, answer); text != "" || err != nil || given != nil {
		t.Errorf("silence: %q, %v, asked with %v", text, err, given)
	}
	if text, err := Ask(slices.Concat(silence, loud, silence), answer); text != "yes" || err != nil || !slices.Equal(given, []int{16000 + 4160, 16000 + 4160 + 3200}) {
		t.Errorf("%q, %v, asked with %v", text, err, given)
	}
	broken := errors.New("broken")
	if _, err := Ask(loud, func([]float32, time.Duration) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	length := 0
	if _, err := Ask(slices.Repeat(loud, 40), func(audio []float32, _ time.Duration) (string, error) { length = len(audio); return "x", nil }); err != nil || length != 30*Rate {
		t.Errorf("%d samples of 40 s, %v", length, err)
	}
}

func TestSound(t *testing.T) {
	t.Parallel()
	loud := slices.Repeat([]int16{3000, -3000}, 400) // 0.1 s
	quiet := slices.Repeat([]int16{100, -100}, 400)  // 29 dB below
	silence := make([]int16, 4000)
	room := slices.Repeat([]int16{120, -120}, 2000)
	for name, test := range map[string]struct {
		samples  []int16
		from, to int
	}{
		"silence":  {silence, 0, 0},
		"in it":    {slices.Concat(silence, loud, silence), 4000, 4800},
		"alone":    {loud, 0, 800},
		"weak end": {slices.Concat(silence, loud, quiet, silence), 4000, 5600},
		"short":    {loud[:50], 0, 0},
		"nothing":  {nil, 0, 0},
		// A room of 120 (RMS), 28 dB below the speech: above a fiftieth of the peak, and no sound for it.
		"in a room": {slices.Concat(room, loud, room), 4000, 4800},
		// Without a pause there is no room to be seen.
		"all of it": {slices.Concat(loud, quiet, loud), 0, 2400},
	} {
		if from, to := sound(test.samples); from != test.from || to != test.to {
			t.Errorf("%s: %d to %d", name, from, to)
		}
	}
	samples := slices.Concat(silence[:160], loud, silence[:80])
	if got := around(samples, 160, 960, lead, trail); len(got) != len(samples) {
		t.Errorf("around: %d samples", len(got))
	}
	if got := padded(samples, 160, 960, lead, trail); len(got) != 800+800+1280 || got[800] != 3000 {
		t.Errorf("padded: %d samples, %d", len(got), got[800])
	}
}
