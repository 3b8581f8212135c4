package sandbox

import (
	"context"
	"math"
	"strings"
	"time"

	"nacre/internal/call"
)

// Murmur is the Speaker for builds without the embedded voice: its sound has the length, level and rhythm of speech, but no
// words.
type Murmur struct{}

// Speak returns wordless sound of the length of the text. It never fails.
func (Murmur) Speak(_ context.Context, voiceID, text string) ([]int16, error) {
	return murmur(voiceID, text), nil
}

// murmur returns a vowel for every word, of 120 ms and 30 ms for every letter.
func murmur(voiceID, text string) []int16 {
	const amplitude = 8000
	pitch := 110.0
	for _, c := range voiceID {
		pitch = 90 + math.Mod(pitch*7+float64(c)*13, 130)
	}
	var out []int16
	phase := 0.0
	for n, word := range strings.Fields(text) {
		length := (120 + 30*min(len(word), 12)) * call.SampleRate / 1000
		vowel := 400 + 120*float64((n*5+len(word))%7)
		for i := range length {
			t := float64(i) / float64(length)
			phase += pitch * (1.15 - 0.3*t) / call.SampleRate
			_, within := math.Modf(phase)
			// For every pulse of the pitch, a decaying oscillation at the vowel's frequency.
			ring := math.Exp(-within*5) * math.Sin(2*math.Pi*vowel*within/pitch)
			out = append(out, int16(amplitude*math.Sqrt(math.Sin(math.Pi*t))*ring))
		}
		gap := 40
		if strings.ContainsAny(word[len(word)-1:], ".,?!") {
			gap = 200
		}
		out = append(out, make([]int16, gap*call.SampleRate/1000)...)
	}
	return out
}

// beep returns the tone of an answering machine, faded in and out over 5 ms.
func beep(hz float64, length time.Duration) []int16 {
	const amplitude, fade = 9000, call.SampleRate * 5 / 1000
	out := make([]int16, int(length*call.SampleRate/time.Second))
	for i := range out {
		level := amplitude * min(1, float64(i)/fade, float64(len(out)-i)/fade)
		out[i] = int16(level * math.Sin(2*math.Pi*hz*float64(i)/call.SampleRate))
	}
	return out
}

// noise is the level of the sound behind a person, in units of a sample (RMS).
type noise int

// add adds noise to a frame, and returns the next state of its generator (Numerical Recipes' linear congruential one).
func (n noise) add(frame *call.Frame, random uint32) uint32 {
	if n == 0 {
		return random
	}
	width := int32(float64(n) * math.Sqrt(12)) // of even distribution
	for i := range frame {
		random = random*1664525 + 1013904223
		sound := int32(int64(width)*int64(random>>16)>>16) - width/2
		frame[i] = int16(max(math.MinInt16, min(math.MaxInt16, int32(frame[i])+sound)))
	}
	return random
}
