package moonshine

import "math"

const (
	block     = inputRate / 100 // 10 ms
	edge      = 4 * block       // kept before and after what is loud enough: the onset of a consonant is quiet
	quietest  = 60.0            // RMS of silence at most, of 32,768: −55 dBFS
	belowPeak = 0.03            // of the loudest block: −30 dB
)

// trim cuts silence at both ends: the model hears nothing in clear speech that has silence around it.
func trim(samples []int16) []int16 {
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
	threshold := max(quietest, belowPeak*loudest)
	first, last := -1, -1
	for i, level := range levels {
		if level > threshold {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return nil
	}
	return samples[max(0, first*block-edge):min(len(samples), (last+1)*block+edge)]
}
