package level

import (
	"math"
	"slices"
	"testing"
)

func TestTrimAndNormalise(t *testing.T) {
	t.Parallel()
	tone := func(n int, amplitude float64) []int16 {
		out := make([]int16, n)
		for i := range out {
			out[i] = int16(amplitude * math.Sin(float64(i)/4))
		}
		return out
	}
	for _, amplitude := range []float64{300, 3000, 30000} {
		samples := append(make([]int16, 4000), tone(8000, amplitude)...)
		samples = Trim(append(samples, make([]int16, 4000)...))
		if len(samples) < 8000 || len(samples) > 8000+lead+tail+2*block {
			t.Errorf("%d samples left of 8000", len(samples))
		}
		Normalise(samples)
		sum := 0.0
		for _, s := range samples {
			sum += float64(s) * float64(s)
		}
		if got := math.Sqrt(sum / 8000); math.Abs(got-target) > target*0.05 {
			t.Errorf("level %.0f, want %.0f", got, target)
		}
	}
	// A breath before speech, which nobody hears, goes but for its last 40 ms; what is as weak after it stays.
	breath := tone(1600, 100)
	if got := len(Trim(slices.Concat(breath, tone(8000, 10000), breath))); got != lead+8000+1600 {
		t.Errorf("%d samples left of 8000 between breaths", got)
	}
	click := make([]int16, 8000)
	for i := 0; i < len(click); i += 400 {
		click[i] = 20000
	}
	Normalise(click)
	for _, s := range click {
		if float64(s) > ceiling+1 {
			t.Fatalf("peak %d", s)
		}
	}
	if got := Trim(make([]int16, 500)); len(got) != 0 {
		t.Errorf("%d samples of silence left", len(got))
	}
	Normalise(nil)
}
