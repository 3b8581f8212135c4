package flite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nacre/internal/voice/level"
)

// open needs what tools/npm/fetch voice fetches.
func open(t *testing.T) *Voice {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the embedded voice")
	}
	v, err := Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// running is the process that v speaks with now.
func running(t *testing.T, v *Voice) *process {
	t.Helper()
	p, err := v.speaker.process()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOpenWithoutModule(t *testing.T) {
	t.Parallel()
	if Available() {
		t.Skip("this build has the module")
	}
	if _, err := Open(t.TempDir(), slog.New(slog.DiscardHandler)); !errors.Is(err, ErrMissing) {
		t.Errorf("Open: %v, want ErrMissing", err)
	}
}

func TestEveryVoiceSpeaksAtTheSameLevel(t *testing.T) {
	t.Parallel()
	v := open(t)
	for _, info := range v.Voices() {
		samples, err := v.Speak(t.Context(), info.ID, "Hello, this is Ana from the clinic. Would you like to come on Tuesday?")
		if err != nil {
			t.Fatal(err)
		}
		if seconds := float64(len(samples)) / 8000; seconds < 2.5 || seconds > 6 {
			t.Errorf("%s: %.1f s of speech", info.ID, seconds)
		}
		energies, _ := level.BlockEnergies(samples)
		sum, n, quiet := 0.0, 0, 0
		for i, e := range energies {
			if e > 1000 {
				sum, n = sum+e, n+1
			} else if i < 3 || i >= len(energies)-8 {
				quiet++
			}
		}
		if loudness := 10 * math.Log10(sum/float64(n)/math.MaxInt16/math.MaxInt16); loudness < -22.5 || loudness > -18.5 {
			t.Errorf("%s: %.1f dBFS", info.ID, loudness)
		}
		if quiet > 9 {
			t.Errorf("%s: silence left at the ends", info.ID)
		}
		for _, s := range samples {
			if s == math.MaxInt16 || s == math.MinInt16 {
				t.Fatalf("%s clips", info.ID)
			}
		}
	}
}

func TestSpeakHardText(t *testing.T) {
	t.Parallel()
	v := open(t)
	plain, err := v.Speak(t.Context(), "", "Cafe Jose")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, text string
		min, max   float64 // seconds
		err        error
	}{
		{"empty", "", 0, 0, nil},
		{"blank", " \t\r\n", 0, 0, nil},
		{"punctuation", "... ?! --", 0, 0, nil},
		{"control characters", "Hel\x00lo\x07 the\x1b[31mre", 0.5, 4, nil},
		{"broken UTF-8", "Hello \xff\xfe there", 0.4, 2, nil},
		{"another script", "Привет", 0, 0, ErrUnspeakable},
		{"partly another script", "Привет John", 0.2, 1.5, nil},
		{"a flag", "-voice nobody", 0.5, 2, nil},
		{"markup", "<speak>Hello</speak>", 0.3, 3, nil},
		{"one long word", strings.Repeat("na", 1000), 20, 1000, nil},
		{"long", strings.Repeat("This is a sentence of a long message. ", 40), 60, 160, nil},
		{"numbers", "Call +14155550101 on 12/24 at 9:30, it is $3.50", 3, 20, nil},
	} {
		samples, err := v.Speak(t.Context(), "kal", tc.text)
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if seconds := float64(len(samples)) / 8000; seconds < tc.min || seconds > tc.max {
			t.Errorf("%s: %.1f s of speech, want %g to %g", tc.name, seconds, tc.min, tc.max)
		}
	}
	accents, err := v.Speak(t.Context(), "kal", "Café  José")
	if err != nil || len(accents) != len(plain) {
		t.Errorf("accents change the sound: %d samples, want %d (%v)", len(accents), len(plain), err)
	}
	if _, err := v.Speak(t.Context(), "nobody", "Hello"); !errors.Is(err, ErrUnknownVoice) {
		t.Errorf("unknown voice: %v", err)
	}
}

func TestSpeakTogetherAndCancelled(t *testing.T) {
	t.Parallel()
	v := open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Speak(ended, "slt", "Nobody waits for this sentence."); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var all sync.WaitGroup
	first := make([]*int16, 6)
	for i := range first {
		all.Go(func() {
			samples, err := v.Speak(t.Context(), "slt", "Nobody waits for this sentence.")
			if err != nil || len(samples) == 0 {
				t.Errorf("speak: %d samples, %v", len(samples), err)
				return
			}
			first[i] = &samples[0]
		})
	}
	all.Wait()
	for _, p := range first {
		if p != first[0] {
			t.Fatal("the same phrase was spoken twice")
		}
	}
}

func TestCompiledFormIsKept(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs the embedded voice")
	}
	dir := t.TempDir()
	for range 2 {
		v, err := Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if samples, err := v.Speak(t.Context(), "", "Hi"); err != nil || len(samples) == 0 {
			t.Errorf("speak: %d samples, %v", len(samples), err)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Speak(t.Context(), "", "Too late"); err == nil {
			t.Error("a closed voice speaks")
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
			t.Fatalf("nothing kept: %v", err)
		}
	}
	blocked := dir + "/file"
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Open(blocked, slog.New(slog.DiscardHandler)) // speaks without a place to keep it
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

// A process that was killed, by whoever, costs nobody a sentence.
func TestSpeakAfterTheProcessWasKilled(t *testing.T) {
	t.Parallel()
	v := open(t)
	first := running(t, v)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			samples, err := v.Speak(t.Context(), "slt", fmt.Sprintf("Hello, this is sentence number %d, and it is long.", i))
			if err != nil || len(samples) == 0 {
				t.Errorf("sentence %d: %d samples, %v", i, len(samples), err)
			}
		})
	}
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if running(t, v) == first {
		t.Error("the killed process is still used")
	}
}

// A terminal's Ctrl-C and a service manager's SIGTERM reach every process of the service: calls that are still to end
// need their voice.
func TestProcessOutlivesTheSignalsOfItsService(t *testing.T) {
	t.Parallel()
	v := open(t)
	p := running(t, v)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if samples, err := v.Speak(t.Context(), "", "Still here."); err != nil || len(samples) == 0 {
		t.Errorf("speak: %d samples, %v", len(samples), err)
	}
	if running(t, v) != p {
		t.Error("the process did not outlive the signals")
	}
}

func TestCloseSpeaksWhatWasOrdered(t *testing.T) {
	t.Parallel()
	v := open(t)
	p := running(t, v)
	ordered := make(chan error, 1)
	go func() {
		_, err := v.Speak(t.Context(), "slt", "This sentence takes a moment, and the voice is closed meanwhile.")
		ordered <- err
	}()
	for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		waiting = len(p.asked)
		p.mu.Unlock()
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ordered; err != nil {
		t.Errorf("what was ordered: %v", err)
	}
	if state := p.cmd.ProcessState; state == nil || !state.Success() {
		t.Errorf("the process: %v", state)
	}
}

func TestProcessThatReadsRubbishEndsAndIsReplaced(t *testing.T) {
	t.Parallel()
	v := open(t)
	p := running(t, v)
	if _, err := p.in.Write([]byte("\x03not an order")); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 1 && code != -1 { // -1: killed, for its output had ended already
		t.Errorf("code %d", code)
	}
	if samples, err := v.Speak(t.Context(), "", "The next one speaks."); err != nil || len(samples) == 0 {
		t.Errorf("speak: %d samples, %v", len(samples), err)
	}
}

func BenchmarkSpeak(b *testing.B) {
	s, _, err := openSynthesiser(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for _, info := range new(Voice).Voices() {
		b.Run(info.ID, func(b *testing.B) {
			began, spoken := time.Now(), 0
			for b.Loop() {
				samples, err := s.synthesise(b.Context(), info.ID, "Would you like to come on Tuesday?")
				if err != nil {
					b.Fatal(err)
				}
				spoken += len(samples)
			}
			b.ReportMetric(float64(spoken)/8000/time.Since(began).Seconds(), "x-realtime")
		})
	}
}
