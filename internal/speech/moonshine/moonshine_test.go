package moonshine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/media"
	"nacre/internal/onnx"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/speech/trim"
	"nacre/internal/voice/flite"
)

// load loads the model once for all tests.
var load = func() func(dir string) (*Recognizer, error) {
	var once sync.Once
	var r *Recognizer
	var err error
	return func(dir string) (*Recognizer, error) {
		once.Do(func() {
			var library *onnx.Runtime
			if library, err = onnx.Open(filepath.Join(dir, folder.Library())); err == nil {
				r, err = Open(library, dir)
			}
		})
		return r, err
	}
}()

func open(t *testing.T) *Recognizer {
	t.Helper()
	dir := foldertest.Folder(t)
	r, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// line is the sound of a text in a voice of Flite, as it comes over a telephone line: G.711, with silence around it.
func line(t *testing.T, voices *flite.Voice, voice, text string) []int16 {
	t.Helper()
	spoken, err := voices.Speak(t.Context(), voice, text)
	if err != nil {
		t.Fatal(err)
	}
	silence := make([]int16, 3200)
	samples := slices.Concat(silence, spoken, silence)
	coded := make([]byte, len(samples))
	media.EncodeULaw(coded, samples)
	media.DecodeULaw(samples, coded)
	return samples
}

func embedded(t *testing.T) *flite.Voice {
	t.Helper()
	voices, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = voices.Close() })
	return voices
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789'", r) })
}

// wrong counts the words that must be put in, left out or replaced to make one text of the other (Levenshtein).
func wrong(got, want []string) int {
	row := make([]int, len(got)+1)
	for i := range row {
		row[i] = i
	}
	for i, w := range want {
		diagonal := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := diagonal
			if g != w {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(got)]
}

func TestSentencesOverATelephoneLine(t *testing.T) {
	t.Parallel()
	r, voices := open(t), embedded(t)
	errs, all := 0, 0
	for _, voice := range []string{"rms", "awb", "kal"} {
		for _, text := range []string{
			"Yes, speaking.",
			"No, thank you.",
			"Tuesday at half past nine.",
			"Please never call me again.",
			"Can you call me back tomorrow afternoon?",
			"I would like to speak to a person.",
			"I am sorry, I do not have time at the moment.",
			"Sure, that sounds good.",
			"The appointment on the third of March is fine with me.",
			"You have reached the Miller family, please leave a message after the tone.",
		} {
			got, err := r.Recognize(t.Context(), line(t, voices, voice, text))
			if err != nil {
				t.Fatal(err)
			}
			n := wrong(words(got), words(text))
			if n > 0 {
				t.Logf("%s: %q was heard as %q", voice, text, got)
			}
			errs, all = errs+n, all+len(words(text))
		}
	}
	if errs*100 > all*8 {
		t.Errorf("%d of %d words are wrong", errs, all)
	}
}

func TestNumbersOverATelephoneLine(t *testing.T) {
	t.Parallel()
	r, voices := open(t), embedded(t)
	got, err := r.Recognize(t.Context(), line(t, voices, "rms", "My number is four one five, five five five, zero one three two."))
	if digits := strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, got); err != nil || digits != "4155550132" {
		t.Errorf("%q, %v", got, err)
	}
}

// The tokens of one sentence, as they come with other bindings of the same library too.
func TestGoldenTokens(t *testing.T) {
	t.Parallel()
	r, voices := open(t), embedded(t)
	samples := line(t, voices, "rms", "I would like to speak to a person.")
	var tokens []int64
	_, err := trim.Ask(samples, func(audio []float32, _ time.Duration) (text string, err error) {
		tokens, err = r.decode(t.Context(), audio)
		return r.text(tokens), err
	})
	if want := []int64{306, 723, 763, 304, 7726, 304, 263, 2022, 29889}; err != nil || !slices.Equal(tokens, want) {
		t.Errorf("%v, %v, want %v", tokens, err, want)
	}
	if text := r.text(tokens); text != "I would like to speak to a person." {
		t.Errorf("%q", text)
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	r := open(t)
	for _, test := range []struct {
		tokens []int64
		want   string
	}{
		{[]int64{1, 15043, 29892, 3186, 29991, 2}, "Hello, world!"},
		{[]int64{274, 28059}, "café"},
		{[]int64{198, 172}, "é"},          // two bytes of one letter
		{[]int64{198}, ""},                // half of it
		{[]int64{32000, 32767, 306}, "I"}, // marks
		{nil, ""},
	} {
		if got := r.text(test.tokens); got != test.want {
			t.Errorf("%v: %q, want %q", test.tokens, got, test.want)
		}
	}
}

func TestSilenceAndNoiseHaveNoWords(t *testing.T) {
	t.Parallel()
	r := open(t)
	noise := rand.New(rand.NewPCG(1, 2))
	quiet := make([]int16, 16000)
	for i := range quiet {
		quiet[i] = int16(noise.NormFloat64() * 20) // −64 dBFS
	}
	for name, samples := range map[string][]int16{"nothing": nil, "one sample": {1}, "silence": make([]int16, 16000), "a quiet line": quiet} {
		if text, err := r.Recognize(t.Context(), samples); text != "" || err != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	t.Parallel()
	r := open(t)
	noise := rand.New(rand.NewPCG(3, 4))
	for _, seconds := range []int{1, 3, 31} {
		samples := make([]int16, seconds*8000)
		for i := range samples {
			samples[i] = int16(noise.NormFloat64() * 3000)
		}
		text, err := r.Recognize(t.Context(), samples)
		if err != nil || len(words(text)) > seconds*7 {
			t.Errorf("%d s of noise: %q, %v", seconds, text, err)
		}
	}
}

func TestManyAtOnceAndCanceled(t *testing.T) {
	t.Parallel()
	r, voices := open(t), embedded(t)
	samples := line(t, voices, "rms", "Please never call me again.")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if text, err := r.Recognize(t.Context(), samples); text != "Please never call me again." || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	all.Wait()
	ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if text, err := r.Recognize(ended, samples); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended: %q, %v", text, err)
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text    string
		seconds float64
		want    string
	}{
		{"Yes, yes, yes.", 0.35, "Yes."},
		{"Yes, yes, yes.", 1.2, "Yes, yes, yes."},
		{"No, no.", 0.5, "No, no."},
		{"Five, five,", 0.37, "Five,"},
		{"23, 23, 2", 0.5, "23, 23, 2"}, // not a whole repetition: left to whoever reads it
		{"I do, I do, I do.", 0.7, "I do."},
		{"Please never call me again.", 0.6, "Please never call me again."}, // quick, but nothing is said twice
		{"Yes.", 0.1, "Yes."},
		{"", 1, ""},
	} {
		if got := settle(test.text, test.seconds); got != test.want {
			t.Errorf("%q in %.2f s: %q, want %q", test.text, test.seconds, got, test.want)
		}
	}
}
