package kokoro

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
)

// sayer is a speech process that makes a tone of 50 ms a letter.
type sayer struct {
	mu     sync.Mutex
	orders []speech.Say
	says   error
	hold   func(ctx context.Context, say speech.Say, urgency speech.Urgency) error // nil: nothing is held up
	waits  int                                                                     // Figures tells
}

func (s *sayer) Say(ctx context.Context, say speech.Say, urgency speech.Urgency) (speech.Said, error) {
	s.mu.Lock()
	if s.says != nil {
		defer s.mu.Unlock()
		return speech.Said{}, s.says
	}
	s.orders = append(s.orders, say)
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		if err := hold(ctx, say, urgency); err != nil {
			return speech.Said{}, err
		}
	}
	const rate = 24000
	samples := make([]int16, len(say.IDs)*rate/20)
	for i := range samples {
		samples[i] = int16(9000 * math.Sin(float64(i)/20))
	}
	silence := make([]int16, rate/5)
	return speech.Said{Samples: speech.Bytes(slices.Concat(silence, samples, silence)), Rate: rate}, nil
}

func (s *sayer) Ready() error { s.mu.Lock(); defer s.mu.Unlock(); return s.says }

func (s *sayer) Figures() (f speech.Figures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Waiting[speech.Waited] = s.waits
	return f
}

// made returns how many clauses were ordered since the last time, the measuring left out.
func (s *sayer) made() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.orders)
	s.orders = nil
	return n
}

// dir makes a speech folder whose model has a checksum.
func dir(t *testing.T, sum string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(path string, content []byte) {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	words, err := os.ReadFile("../pronounce/testdata/cmudict.txt")
	if err != nil {
		t.Fatal(err)
	}
	write(folder.Dictionary, words)
	write(folder.KokoroModel, nil)
	manifest := folder.Manifest{Files: []folder.Entry{{Path: folder.KokoroModel, SHA256: sum}}}
	for _, info := range catalogue[:4] {
		write(folder.KokoroVoices+"/"+info.ID+".bin", nil)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	write(folder.ManifestName, raw)
	vocabulary := map[string]int64{}
	for n, letter := range []rune(" ,.;:!?—ˈˌᵊabdefhijklmnprstuvwzæðŋɐɑɔəɛɜɡɪɹʃʊʌʒʤʧθAIOTWY") {
		vocabulary[string(letter)] = int64(n + 1)
	}
	raw, err = json.Marshal(map[string]any{"model": map[string]any{"vocab": vocabulary}})
	if err != nil {
		t.Fatal(err)
	}
	write(folder.KokoroTokenizer, raw)
	return dir
}

// open opens a voice that has measured the machine.
func open(t *testing.T, s *sayer, dir, cache string) *Voice {
	t.Helper()
	v, err := Open(Config{Sayer: s, Folder: dir, Cache: cache, Limit: 10 << 20, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	if s.Ready() == nil {
		v.all.Wait()
	}
	s.made()
	return v
}

const opening = "Hello Anna, this is Pearl Fitness about your plan. Would you like to come?"

func TestALeadCostsTheClauseThatNamesIt(t *testing.T) {
	t.Parallel()
	s := &sayer{}
	cache := t.TempDir()
	folder := dir(t, "a")
	v := open(t, s, folder, cache)
	if _, known := v.Length("", opening); known {
		t.Error("the length of what was never spoken is known")
	}
	samples, err := v.Speak(t.Context(), "", opening)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.made(); n != 3 {
		t.Errorf("%d clauses were made", n)
	}
	if length, known := v.Length("", opening); !known || length != time.Duration(len(samples))*time.Second/call.SampleRate {
		t.Errorf("length %v, known %v, of %d samples", length, known, len(samples))
	}
	if _, err := v.Speak(t.Context(), "", strings.Replace(opening, "Anna", "Jose", 1)); err != nil {
		t.Fatal(err)
	}
	if n := s.made(); n != 1 {
		t.Errorf("another lead cost %d clauses", n)
	}
	if f := v.Figures(); f.Hits != 2 || f.Misses != 4 || f.Clauses != 4 || f.Bytes < int64(2*len(samples)) {
		t.Errorf("of two texts of three clauses, two of them in both: %+v", f)
	}
	again, err := open(t, s, folder, cache).Speak(t.Context(), "", opening) // after a restart
	if err != nil || !slices.Equal(again, samples) {
		t.Errorf("another process speaks otherwise: %v", err)
	}
	if n := s.made(); n != 0 {
		t.Errorf("%d clauses were made again after a restart", n)
	}
	if _, err := v.Speak(t.Context(), "am_michael", opening); err != nil {
		t.Fatal(err)
	}
	if n := s.made(); n != 3 {
		t.Errorf("another voice made %d clauses", n)
	}
	if _, err := open(t, s, dir(t, "b"), cache).Speak(t.Context(), "", opening); err != nil {
		t.Fatal(err)
	}
	if n := s.made(); n != 3 {
		t.Errorf("another model made %d clauses", n)
	}
}

func TestSpeechIsTrimmedAndLevel(t *testing.T) {
	t.Parallel()
	v := open(t, &sayer{}, dir(t, "a"), t.TempDir())
	samples, err := v.Speak(t.Context(), "", "Hello")
	if err != nil {
		t.Fatal(err)
	}
	if letters := 6; len(samples) > call.SampleRate*letters/20+call.SampleRate/10 {
		t.Errorf("%d samples: silence was left", len(samples))
	}
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	if loudness := 20 * math.Log10(math.Sqrt(sum/float64(len(samples)))/math.MaxInt16); loudness < -23 || loudness > -18.5 {
		t.Errorf("%.1f dBFS", loudness)
	}
}

func TestHardTexts(t *testing.T) {
	t.Parallel()
	v := open(t, &sayer{}, dir(t, "a"), t.TempDir())
	for _, test := range []struct {
		voice, text string
		some        bool
		err         error
	}{
		{"", "", false, nil}, {"", "...", false, nil}, {"", "Привет", false, ErrUnspeakable}, {"", "Привет Anna", true, nil},
		{"kal", "Hello", false, ErrUnknownVoice}, {"../../x", "Hello", false, ErrUnknownVoice}, {"", strings.Repeat("hello ", 400), true, nil},
		{"", strings.Repeat("9", 900), true, nil},
	} {
		samples, err := v.Speak(t.Context(), test.voice, test.text)
		if !errors.Is(err, test.err) || test.some != (len(samples) > 0) {
			t.Errorf("%.20q in %q: %d samples, %v", test.text, test.voice, len(samples), err)
		}
	}
	clauses, err := v.clauses("", strings.Repeat("$999,999,999.99 ", 100))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clauses {
		if len(c.ids) > maxLetters {
			t.Errorf("a clause of %d letters", len(c.ids))
		}
	}
}

func TestManyAskAndOneIsMade(t *testing.T) {
	t.Parallel()
	s := &sayer{}
	v := open(t, s, dir(t, "a"), t.TempDir())
	asked := make(chan struct{})
	s.hold = func(context.Context, speech.Say, speech.Urgency) error { <-asked; return nil }
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if samples, err := v.Speak(t.Context(), "", "Hello"); err != nil || len(samples) == 0 {
				t.Errorf("%d samples, %v", len(samples), err)
			}
		})
	}
	close(asked)
	all.Wait()
	if n := s.made(); n != 1 {
		t.Errorf("made %d times", n)
	}
}

// What was ordered ahead, and is now waited for, is not behind what else was ordered ahead.
func TestWaitedOvertakesAhead(t *testing.T) {
	t.Parallel()
	s := &sayer{}
	v := open(t, s, dir(t, "a"), t.TempDir())
	ahead, gaveUp := make(chan struct{}), make(chan struct{})
	s.hold = func(ctx context.Context, _ speech.Say, urgency speech.Urgency) error {
		if urgency == speech.Waited {
			return nil
		}
		close(ahead)
		<-ctx.Done() // its turn never comes
		close(gaveUp)
		return ctx.Err()
	}
	spoken := make(chan error, 1)
	go func() {
		_, err := v.Speak(t.Context(), "", "Hello")
		spoken <- err
	}()
	<-ahead
	for samples, err := range v.Stream(t.Context(), "", "Hello") {
		if err != nil || len(samples) == 0 {
			t.Errorf("%d samples, %v", len(samples), err)
		}
	}
	if err := <-spoken; err != nil {
		t.Error(err)
	}
	<-gaveUp
}

func TestNobodyWaitsAndItIsGivenUp(t *testing.T) {
	t.Parallel()
	s := &sayer{}
	v := open(t, s, dir(t, "a"), t.TempDir())
	began, gaveUp := make(chan struct{}), make(chan struct{})
	s.hold = func(ctx context.Context, _ speech.Say, _ speech.Urgency) error {
		close(began)
		<-ctx.Done()
		close(gaveUp)
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	if _, err := v.Speak(ctx, "", "Hello"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-gaveUp
	s.mu.Lock()
	s.hold = nil
	s.mu.Unlock()
	if _, err := v.Speak(t.Context(), "", "Hello"); err != nil {
		t.Error(err)
	}
}

// paced returns a voice whose machine takes a part of a second to make a second of speech, in virtual time.
func paced(t *testing.T, s *sayer, folder, cache string, factor float64) *Voice {
	s.hold = func(_ context.Context, say speech.Say, _ speech.Urgency) error {
		time.Sleep(time.Duration(factor * float64(len(say.IDs)) * float64(time.Second) / 20))
		return nil
	}
	return open(t, s, folder, cache)
}

func TestReady(t *testing.T) {
	t.Parallel()
	folder := dir(t, "a")
	for _, test := range []struct {
		name         string
		factor       float64
		waits        int
		gone         error
		closed, open bool // whether a call is ready before its text was spoken
		openAfter    bool // and one that says other things, after
	}{
		{"slow", 1, 0, nil, false, false, false},
		{"quick", 0.2, 0, nil, true, true, true},
		{"quick, and somebody waits", 0.2, 1, nil, false, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &sayer{waits: test.waits}
			v := paced(t, s, folder, t.TempDir(), test.factor)
			texts := []string{opening}
			if v.Ready("", texts, false) != test.closed || v.Ready("", texts, true) != test.open {
				t.Errorf("%s: not as it should be before", test.name)
			}
			if _, err := v.Speak(t.Context(), "", opening); err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			s.waits = crowded + 1
			s.mu.Unlock()
			if v.Ready("", texts, false) {
				t.Errorf("%s: ready while many wait", test.name)
			}
			s.mu.Lock()
			s.waits = test.waits
			s.mu.Unlock()
			if !v.Ready("", texts, false) || v.Ready("", texts, true) != test.openAfter {
				t.Errorf("%s: not as it should be after", test.name)
			}
			s.mu.Lock()
			s.says = errors.New("gone")
			s.mu.Unlock()
			if !v.Ready("", texts, false) || v.Ready("", texts, true) {
				t.Errorf("%s: not as it should be without a process", test.name)
			}
			_ = v.Close()
		})
	}
}

func TestStreamKeepsAhead(t *testing.T) {
	t.Parallel()
	folder := dir(t, "a")
	for _, test := range []struct {
		factor float64
		want   int // pieces
	}{{0.2, 3}, {1.5, 2}} {
		synctest.Test(t, func(t *testing.T) {
			s := &sayer{}
			v := paced(t, s, folder, t.TempDir(), test.factor)
			began, pieces := time.Now(), 0
			heard := time.Duration(0) // until when what was yielded sounds
			for samples, err := range v.Stream(t.Context(), "", opening) {
				if err != nil {
					t.Fatal(err)
				}
				if late := time.Since(began) - heard; pieces > 0 && late > 100*time.Millisecond {
					t.Errorf("factor %v: piece %d came %v late", test.factor, pieces, late)
				}
				if pieces == 0 {
					heard = time.Since(began)
				}
				heard += time.Duration(len(samples)) * time.Second / call.SampleRate
				pieces++
			}
			if pieces < 1 || test.factor < 1 && pieces != test.want || test.factor > 1 && pieces > test.want {
				t.Errorf("factor %v: %d pieces", test.factor, pieces)
			}
			_ = v.Close()
		})
	}
}

func TestVoicesThatAreThere(t *testing.T) {
	t.Parallel()
	v := open(t, &sayer{}, dir(t, "a"), t.TempDir())
	if len(v.Voices()) != 4 || v.Voices()[0].ID != catalogue[0].ID || v.Voices()[0].Language == "" {
		t.Errorf("voices: %v", v.Voices())
	}
	if _, err := Open(Config{Folder: t.TempDir(), Cache: t.TempDir(), Limit: 1, Log: slog.New(slog.DiscardHandler)}); !errors.Is(err, folder.ErrNone) {
		t.Errorf("without a folder: %v", err)
	}
}
