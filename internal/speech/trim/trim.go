// Package trim gives utterances of calls to recognisers as these hear them best: without the silence around them, at the rate
// of models.
package trim

import (
	"math"
	"slices"
	"time"

	"nacre/internal/voice/resample"
)

const (
	// Rate is that of the audio which recognisers are given, in Hz.
	Rate = 16000

	inputRate = 8000
	// longest is the longest utterance in samples at inputRate: text drifts beyond.
	longest = 30 * inputRate
	block   = inputRate / 100 // 10 ms

	// What is left around the sound. Moonshine hears nothing in clear speech that has much silence around it, and guesses at
	// what is cut within a weak consonant: of single digits of people 51 of 60 come out with these margins, 26 with 40 ms.
	lead  = 100 * time.Millisecond
	trail = 160 * time.Millisecond
	// more is added to both for speech that came out empty.
	more = 100 * time.Millisecond

	quietest  = 60.0 // RMS of silence at most, of 32,768: −55 dBFS
	belowPeak = 0.02 // of the loudest block: −34 dB

	// A room is not silent: what is below its noise, of which a tenth of the blocks has no more, is no sound either. An
	// utterance without a pause has no such blocks: there nothing above a tenth of the loudest is cut.
	overNoise  = 1.6
	mostOfPeak = 0.1 // −20 dB
)

// Ask asks a recogniser for the text of an utterance, 16-bit samples at 8 kHz of which half a minute is heard; "" is nothing.
// An utterance is the better for a fifth of a second of what is before and after its sound. The recogniser is given audio at
// Rate, full scale is 1, and how long there is sound in it: not at all for silence, and with more around it where it heard
// nothing.
func Ask(samples []int16, recognize func(audio []float32, sounding time.Duration) (string, error)) (string, error) {
	samples = samples[:min(len(samples), longest)]
	from, to := sound(samples)
	if from == to {
		return "", nil
	}
	sounding := time.Duration(to-from) * time.Second / inputRate
	for _, audio := range [][]int16{around(samples, from, to, lead, trail), padded(samples, from, to, lead+more, trail+more)} {
		wide, err := widen(audio)
		if err != nil {
			return "", err
		}
		if text, err := recognize(wide, sounding); err != nil || text != "" {
			return text, err
		}
	}
	return "", nil
}

// widen returns audio as recognisers take it.
func widen(audio []int16) ([]float32, error) {
	wide, err := resample.All(audio, inputRate, Rate)
	if err != nil {
		return nil, err
	}
	input := make([]float32, len(wide))
	for i, s := range wide {
		input[i] = float32(s) / 32768
	}
	return input, nil
}

// sound returns where the sound of an utterance begins and ends; nothing if it is silent.
func sound(samples []int16) (from, to int) {
	loudest := 0.0
	levels := make([]float64, 0, len(samples)/block)
	for at := 0; at+block <= len(samples); at += block {
		sum := 0.0
		for _, s := range samples[at : at+block] {
			sum += float64(s) * float64(s)
		}
		level := math.Sqrt(sum / block)
		levels, loudest = append(levels, level), max(loudest, level)
	}
	if len(levels) == 0 {
		return 0, 0
	}
	noise := slices.Sorted(slices.Values(levels))[len(levels)/10]
	threshold := max(quietest, belowPeak*loudest, min(overNoise*noise, mostOfPeak*loudest))
	for i, level := range levels {
		if level <= threshold {
			continue
		}
		if to == 0 {
			from = i * block
		}
		to = (i + 1) * block
	}
	return from, to
}

// around returns the samples from one to another with so much of what is around them as there is.
func around(samples []int16, from, to int, before, after time.Duration) []int16 {
	return samples[max(0, from-count(before)):min(len(samples), to+count(after))]
}

// padded is around, with silence for what is not there.
func padded(samples []int16, from, to int, before, after time.Duration) []int16 {
	there := around(samples, from, to, before, after)
	return slices.Concat(make([]int16, max(0, count(before)-from)), there, make([]int16, max(0, to+count(after)-len(samples))))
}

// count returns how many samples a time has.
func count(d time.Duration) int { return int(d * inputRate / time.Second) }
