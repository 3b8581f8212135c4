// Package level brings speech to the level at which every voice speaks, and cuts the silence around it.
package level

import (
	"math"

	"nacre/internal/call"
)

const (
	block   = call.SampleRate / 100 // 10 ms, the grain of trimming and measuring
	lead    = 4 * block             // kept before the first sound, for a weak consonant
	tail    = 4 * block             // kept after the last sound, for the release of consonants
	floor   = 0.006                 // −44 dB below the loudest block counts as silence after speech …
	onset   = 0.015                 // … and −36 dB before it: some voices breathe for a tenth of a second, which nobody hears but as a pause
	target  = math.MaxInt16 * 0.1   // −20 dBFS
	ceiling = math.MaxInt16 * 0.89  // −1 dBFS, never passed by a peak
)

// Trim removes the silence at both ends.
func Trim(samples []int16) []int16 {
	energies, loudest := BlockEnergies(samples)
	if loudest == 0 {
		return nil
	}
	first, last := 0, len(energies)-1
	for energies[first] < loudest*onset*onset {
		first++
	}
	for energies[last] < loudest*floor*floor {
		last--
	}
	return samples[max(0, first*block-lead):min(len(samples), (last+1)*block+tail)]
}

// Normalise scales speech in place to the target level, pauses not counted, as far as its peaks allow.
func Normalise(samples []int16) {
	energies, loudest := BlockEnergies(samples)
	sum, n := 0.0, 0
	for _, e := range energies {
		if e > loudest*1e-3 { // 30 dB below the loudest block: a pause
			sum, n = sum+e, n+1
		}
	}
	if n == 0 {
		return
	}
	peak := 1.0
	for _, s := range samples {
		peak = max(peak, math.Abs(float64(s)))
	}
	gain := min(target/math.Sqrt(sum/float64(n)), ceiling/peak)
	for i, s := range samples {
		samples[i] = int16(math.Round(float64(s) * gain))
	}
}

// BlockEnergies returns the mean square of every 10 ms, the last block padded with silence, and the highest of them.
func BlockEnergies(samples []int16) (energies []float64, loudest float64) {
	energies = make([]float64, 0, len(samples)/block+1)
	for start := 0; start < len(samples); start += block {
		sum := 0.0
		for _, s := range samples[start:min(len(samples), start+block)] {
			sum += float64(s) * float64(s)
		}
		energies = append(energies, sum/block)
		loudest = max(loudest, sum/block)
	}
	return energies, loudest
}
