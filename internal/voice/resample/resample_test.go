package resample_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/voice/resample"
)

func tone(rate int, hz, seconds float64) []int16 {
	out := make([]int16, int(float64(rate)*seconds))
	for i := range out {
		out[i] = int16(math.Round(16000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return out
}

func rms(samples []int16) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(samples)))
}

func TestSpeechBandPassesUnchanged(t *testing.T) {
	t.Parallel()
	for _, from := range []int{11025, 16000, 22050, 24000, 44100, 48000} {
		for _, hz := range []float64{200, 1000, 3000, 3300} {
			out, err := resample.All(tone(from, hz, 0.5), from, 8000)
			if err != nil {
				t.Fatal(err)
			}
			if len(out) != 4000 && len(out) != 4001 { // 11,025 and 22,050 have no whole half second
				t.Fatalf("%d Hz: %d samples of half a second", from, len(out))
			}
			want := tone(8000, hz, 0.5)
			difference := make([]int16, 3600)
			for i := range difference {
				difference[i] = out[i+200] - want[i+200]
			}
			if off := rms(difference); off > 16000*0.003 {
				t.Errorf("%d Hz tone at %d Hz: off by %.1f", int(hz), from, off)
			}
		}
	}
}

func TestNothingFoldsBack(t *testing.T) {
	t.Parallel()
	for _, from := range []int{16000, 22050, 24000, 48000} {
		for hz := 4600.0; hz < float64(from)/2; hz += 700 {
			out, err := resample.All(tone(from, hz, 0.5), from, 8000)
			if err != nil {
				t.Fatal(err)
			}
			if level := 20 * math.Log10((rms(out[200:3800])+1e-9)/(16000/math.Sqrt2)); level > -75 {
				t.Errorf("%.0f Hz at %d Hz folds back at %.0f dB", hz, from, level)
			}
		}
	}
}

func TestUpAndBackIsTheSame(t *testing.T) {
	t.Parallel()
	in := tone(8000, 700, 0.4)
	up, err := resample.All(in, 8000, 24000)
	if err != nil {
		t.Fatal(err)
	}
	back, err := resample.All(up, 24000, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != len(in) {
		t.Fatalf("%d samples, want %d", len(back), len(in))
	}
	for i := 100; i < len(in)-100; i++ {
		if d := int(back[i]) - int(in[i]); d > 20 || d < -20 {
			t.Fatalf("sample %d is off by %d", i, d)
		}
	}
}

func TestStreamEqualsWhole(t *testing.T) {
	t.Parallel()
	for _, from := range []int{8000, 16000, 22050, 44100} {
		in := tone(from, 440, 0.3)
		whole, err := resample.All(in, from, 8000)
		if err != nil {
			t.Fatal(err)
		}
		c, err := resample.New(from, 8000)
		if err != nil {
			t.Fatal(err)
		}
		for round := range 2 { // a flushed converter starts afresh
			var pieces []int16
			for i, n := 0, 1; i < len(in); i, n = i+n, n*3%977+1 {
				pieces = c.Push(pieces, in[i:min(len(in), i+n)])
			}
			if diff := cmp.Diff(whole, c.Flush(pieces)); diff != "" {
				t.Errorf("%d Hz, round %d: %s", from, round, diff)
			}
		}
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	for _, rates := range [][2]int{{0, 8000}, {8000, 0}, {-1, 8000}, {1_000_000, 8000}} {
		if _, err := resample.New(rates[0], rates[1]); err == nil {
			t.Errorf("%v accepted", rates)
		}
	}
	for _, n := range []int{0, 1, 2, 3} {
		out, err := resample.All(make([]int16, n), 16000, 8000)
		if err != nil || len(out) != (n+1)/2 {
			t.Errorf("%d samples at 16 kHz: %d at 8 kHz, %v", n, len(out), err)
		}
	}
	loud := make([]int16, 4000)
	for i := range loud {
		loud[i] = math.MaxInt16
		if i/50%2 == 1 {
			loud[i] = math.MinInt16
		}
	}
	out, err := resample.All(loud, 16000, 8000)
	if err != nil {
		t.Fatal(err)
	}
	for i := 30; i+30 < len(out); i++ { // overshoot must not wrap round to the other sign
		if middle := loud[2*i]; (i%25 > 5 && i%25 < 20) && (middle > 0) != (out[i] > 0) {
			t.Fatalf("sample %d wrapped: %d for %d", i, out[i], middle)
		}
	}
}

func BenchmarkFrameFrom24kHz(b *testing.B) {
	c, err := resample.New(24000, 8000)
	if err != nil {
		b.Fatal(err)
	}
	in, out := tone(24000, 440, 0.02), make([]int16, 0, 320)
	b.ReportAllocs()
	for b.Loop() {
		out = c.Push(out[:0], in)
	}
}
