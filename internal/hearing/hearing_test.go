package hearing_test

import (
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/voice/flite"
)

// utterances runs a detector over the signal and answers start and end of each utterance in seconds.
func utterances(s signal, cfg hearing.VADConfig) (out [][2]float64) {
	vad := hearing.NewVAD(cfg)
	for _, f := range s.frames() {
		switch vad.Push(&f) {
		case hearing.Started:
			out = append(out, [2]float64{vad.Start().Seconds(), math.Inf(1)})
		case hearing.Ended:
			out[len(out)-1][1] = vad.End().Seconds()
		}
	}
	return out
}

func TestVADFindsUtterances(t *testing.T) {
	t.Parallel()
	said := join(silence(1), babble(1.5, -20, 120, 1), silence(1), babble(0.5, -26, 200, 2), silence(2))
	want := [][2]float64{{1, 2.5}, {3.5, 4}}
	for name, s := range map[string]signal{
		"clean":      said,
		"line noise": said.plus(noise(6, -60, 3)),
		"quiet line": said.at(-35),
		"loud line":  said.at(-10),
	} {
		got := utterances(s, hearing.VADConfig{})
		if len(got) != len(want) {
			t.Errorf("%s: heard %v, want %v", name, got, want)
			continue
		}
		for i := range want {
			if math.Abs(got[i][0]-want[i][0]) > 0.1 || math.Abs(got[i][1]-want[i][1]) > 0.15 {
				t.Errorf("%s: utterance %d at %v, want %v", name, i, got[i], want[i])
			}
		}
	}
}

func TestVADIsNotFooledBySteadySound(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]signal{
		"silence":    silence(5),
		"line noise": noise(5, -50, 1),
		"clicks":     clicks(5),
	} {
		if got := utterances(s, hearing.VADConfig{}); len(got) != 0 {
			t.Errorf("%s: speech at %v", name, got)
		}
	}
	for name, s := range map[string]signal{
		"street noise": noise(10, -30, 1),
		"tone":         tones(10, -20, 425),
		"chord":        tones(10, -20, 440, 480),
	} {
		// Sound out of nothing may be speech; within a second it is none.
		if got := utterances(s, hearing.VADConfig{}); len(got) > 1 || len(got) == 1 && got[0][1] > 1 {
			t.Errorf("%s: speech at %v", name, got)
		}
	}
	// Speech above noise that began with the call is found once the noise is known.
	s := noise(6, -38, 5).plus(join(silence(2), babble(2, -18, 150, 4), silence(2)))
	got := utterances(s, hearing.VADConfig{})
	if last := got[len(got)-1]; math.Abs(last[0]-2) > 0.2 || math.Abs(last[1]-4) > 0.3 {
		t.Errorf("speech in noise found at %v, want 2 to 4", got)
	}
}

func clicks(s float64) signal {
	out := silence(s)
	for i := 0; i < len(out); i += rate / 3 {
		for k := range min(60, len(out)-i) {
			out[i+k] = 0.5 * math.Exp(-float64(k)/10)
		}
	}
	return out
}

func TestVADLongTalkStaysSpeech(t *testing.T) {
	t.Parallel()
	got := utterances(babble(40, -20, 140, 9), hearing.VADConfig{})
	spoken := 0.0
	for _, u := range got {
		spoken += min(u[1], 40) - u[0]
	}
	if spoken < 38 {
		t.Errorf("%.1f of 40 s are speech, in %d pieces", spoken, len(got))
	}
}

func TestVADTimings(t *testing.T) {
	t.Parallel()
	s := join(silence(1), babble(1, -20, 120, 1), silence(0.3), babble(1, -20, 120, 2), silence(2))
	if got := utterances(s, hearing.VADConfig{}); len(got) != 1 {
		t.Errorf("a pause of 0.3 s splits an utterance: %v", got)
	}
	if got := utterances(s, hearing.VADConfig{Hangover: 160 * time.Millisecond}); len(got) < 2 {
		t.Errorf("a hangover of 0.16 s bridges 0.3 s: %v", got)
	}
	vad := hearing.NewVAD(hearing.VADConfig{})
	for n, f := range join(silence(1), tones(0.5, -20, 300)).frames() {
		if vad.Push(&f) == hearing.Started {
			if n != 52 || vad.Start() != time.Second || !vad.Speaking() || math.Abs(vad.Level()+20) > 1 {
				t.Errorf("started at frame %d, start %v, level %.1f", n, vad.Start(), vad.Level())
			}
			return
		}
	}
	t.Error("no speech")
}

// beeps returns how many beeps a detector finds in the signal.
func beeps(s signal) (n int) {
	b := hearing.NewBeep()
	for _, f := range s.frames() {
		if b.Push(&f) {
			n++
		}
	}
	return n
}

func TestBeepIsFound(t *testing.T) {
	t.Parallel()
	for _, hz := range []float64{400, 440, 620, 850, 1000, 1004, 1100, 1400, 2000, 2100, 2500} {
		for _, db := range []float64{-6, -20, -30, -40} {
			for _, length := range []float64{0.2, 0.5, 1} {
				s := join(babble(1, -20, 120, 1), silence(0.333), tones(length, db, hz), silence(0.5))
				s = s.plus(noise(float64(len(s))/rate, db-25, 3))
				if n := beeps(s); n != 1 {
					t.Errorf("%.0f Hz, %.0f dBFS, %.1f s: %d beeps", hz, db, length, n)
				}
			}
		}
	}
}

// Lines are not quiet: noise, or the hum of the mains, lies under the beep, which may ring out.
func TestBeepInNoiseIsFound(t *testing.T) {
	t.Parallel()
	for _, hz := range []float64{440, 620, 850, 1000, 1400, 2000} {
		beep := tones(0.6, -24, hz)
		if n := beeps(join(silence(0.333), beep, silence(0.5)).plus(noise(1.433, -37, 3))); n == 0 {
			t.Errorf("%.0f Hz in noise: no beep", hz)
		}
		for i := range beep {
			beep[i] *= math.Exp(-2 * float64(i) / rate)
		}
		if n := beeps(join(silence(0.333), beep, silence(0.5)).plus(tones(1.433, -39, 60, 120, 180))); n == 0 {
			t.Errorf("%.0f Hz that rings out over hum: no beep", hz)
		}
	}
}

func TestBeepTimes(t *testing.T) {
	t.Parallel()
	b := hearing.NewBeep()
	var began, ended int
	for n, f := range join(silence(1), tones(0.6, -15, 1000), silence(1)).frames() {
		was := b.On()
		if b.Push(&f) {
			began = n
		}
		if was && !b.On() {
			ended = n
		}
	}
	if began != 57 || ended != 81 { // one frame of silence may be a lost packet
		t.Errorf("found at frame %d, over at %d", began, ended)
	}
}

func TestNoBeep(t *testing.T) {
	t.Parallel()
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	for _, low := range rows {
		for _, high := range columns {
			for _, twist := range []float64{-8, -4, 0, 4, 8} {
				s := tones(0.5, -15, low).plus(tones(0.5, -15+twist, high))
				if n := beeps(join(silence(0.2), s, silence(0.2))); n != 0 {
					t.Errorf("keypad tone %.0f+%.0f, %.0f dB: a beep", low, high, twist)
				}
			}
		}
	}
	for name, s := range map[string]signal{
		"noise":       noise(20, -20, 1),
		"ringback":    tones(3, -15, 440, 480),
		"hum":         tones(3, -15, 60),
		"high":        tones(3, -15, 3000),
		"short":       tones(0.14, -15, 1000),
		"inaudible":   tones(1, -55, 1000),
		"dial tone":   tones(3, -15, 350, 440),
		"full scale":  clipped(5),
		"fax chirp":   chirp(3, 300, 3000),
		"busy square": tones(3, -15, 480, 620),
	} {
		if n := beeps(s); n != 0 {
			t.Errorf("%s: %d beeps", name, n)
		}
	}
	for seed := range uint64(20) {
		for _, pitch := range []float64{90, 140, 220, 300} {
			if n := beeps(babble(10, -18, pitch, seed)); n != 0 {
				t.Errorf("speech %d of pitch %.0f: %d beeps", seed, pitch, n)
			}
		}
	}
}

func clipped(s float64) signal {
	out := noise(s, 0, 4)
	for i := range out {
		out[i] = math.Copysign(1, out[i])
	}
	return out
}

func chirp(s, from, to float64) signal {
	out, phase := silence(s), 0.0
	for i := range out {
		phase += (from + (to-from)*float64(i)/float64(len(out))) / rate
		out[i] = 0.3 * math.Sin(2*math.Pi*phase)
	}
	return out
}

func TestEmbeddedVoiceIsSpeechAndNoBeep(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs the embedded voice")
	}
	voice, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer voice.Close() //nolint:errcheck // the test ends here
	for _, info := range voice.Voices() {
		for i, text := range []string{
			"Hello?",
			"Yes, speaking. Oooh, who are you? I really do not know you at all.",
			"Hi, you have reached the Miller family. We are out. Please leave a message after the tone, and we will call you back soon.",
			"Noon, moon, soon, you, two, who, do, ooo, eee, aaa, mmm, nnn.",
			"Would you like to move your appointment to Tuesday at half past nine in the morning? Press one for yes, two for no.",
		} {
			pcm, err := voice.Speak(t.Context(), info.ID, text)
			if err != nil {
				t.Fatal(err)
			}
			length := float64(len(pcm)) / rate
			for _, db := range []float64{0, -15} {
				said := samplesOf(pcm)
				s := join(silence(1), said.at(-20+db), silence(1))
				s = s.plus(noise(float64(len(s))/rate, -60, 1))
				name := fmt.Sprintf("%s, text %d, %.0f dB", info.ID, i, db)
				if n := beeps(s); n != 0 {
					t.Errorf("%s: %d beeps", name, n)
				}
				heard := utterances(s, hearing.VADConfig{})
				if len(heard) == 0 {
					t.Errorf("%s: no speech", name)
					continue
				}
				if first, last := heard[0][0], heard[len(heard)-1][1]; math.Abs(first-1) > 0.3 || math.Abs(last-1-length) > 0.25 {
					t.Errorf("%s: speech from %.2f to %.2f of %.2f s", name, first-1, last-1, length)
				}
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	vad, beep := hearing.NewVAD(hearing.VADConfig{}), hearing.NewBeep() // not parallel: counts allocations
	heard := join(babble(1, -20, 120, 1), tones(1, -20, 1000)).frames()
	n := 0
	if got := testing.AllocsPerRun(500, func() {
		vad.Push(&heard[n%len(heard)])
		beep.Push(&heard[n%len(heard)])
		n++
	}); got != 0 {
		t.Errorf("%.1f allocations a frame", got)
	}
}

func BenchmarkFrame(b *testing.B) {
	vad, beep := hearing.NewVAD(hearing.VADConfig{}), hearing.NewBeep()
	var heard []call.Frame = babble(2, -20, 120, 1).frames()
	for n := 0; b.Loop(); n++ {
		vad.Push(&heard[n%len(heard)])
		beep.Push(&heard[n%len(heard)])
	}
}
