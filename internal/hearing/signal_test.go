package hearing_test

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"nacre/internal/call"
)

// signal is test audio at full precision; full scale is 1.
type signal []float64

const rate = call.SampleRate

func seconds(s float64) int { return int(s * rate) }

func silence(s float64) signal { return make(signal, seconds(s)) }

// tones is the sum of sines of equal level, together at dBFS.
func tones(s, db float64, hz ...float64) signal {
	out := silence(s)
	amplitude := math.Pow(10, db/20) * math.Sqrt2 / math.Sqrt(float64(len(hz)))
	for i := range out {
		for _, f := range hz {
			out[i] += amplitude * math.Sin(2*math.Pi*f*float64(i)/rate+f)
		}
	}
	return out
}

func noise(s, db float64, seed uint64) signal {
	rng, out := rand.New(rand.NewPCG(seed, 7)), silence(s)
	for i := range out {
		out[i] = rng.NormFloat64() * math.Pow(10, db/20)
	}
	return out
}

// babble is like speech in what matters here: voiced and unvoiced syllables of a tenth to a third of a second with
// gliding pitch and vowels, short gaps between them, a level that moves by the syllable.
func babble(s, db, pitch float64, seed uint64) signal {
	rng, out := rand.New(rand.NewPCG(seed, 11)), silence(s)
	vowels := [][2]float64{{700, 1200}, {300, 2300}, {450, 800}, {500, 1800}, {350, 700}}
	for start := 0; start < len(out); {
		length := seconds(0.1 + 0.2*rng.Float64())
		from, to := vowels[rng.IntN(len(vowels))], vowels[rng.IntN(len(vowels))]
		f0, glide := pitch*(0.8+0.4*rng.Float64()), 0.7+0.6*rng.Float64()
		loud, voiced := 0.4+0.6*rng.Float64(), rng.Float64() < 0.8
		phase := 0.0
		var y [2][2]float64
		for i := 0; i < length && start+i < len(out); i++ {
			t := float64(i) / float64(length)
			phase += f0 * (1 + (glide-1)*t) / rate
			source := 0.3 * rng.NormFloat64()
			if voiced {
				source *= 0.1
				if phase >= 1 {
					phase--
					source += 3
				}
			}
			sum := 0.0
			for k := range y {
				f := from[k]*(1-t) + to[k]*t
				r := math.Exp(-math.Pi * 90 / rate)
				v := source + 2*r*math.Cos(2*math.Pi*f/rate)*y[k][0] - r*r*y[k][1]
				y[k][0], y[k][1] = v, y[k][0]
				sum += v
			}
			out[start+i] = loud * math.Sin(math.Pi*t) * sum
		}
		start += length + seconds(0.02+0.08*rng.Float64())
	}
	return out.at(db)
}

// at scales a signal to dBFS.
func (s signal) at(db float64) signal {
	sum := 0.0
	for _, v := range s {
		sum += v * v
	}
	gain := math.Pow(10, db/20) / math.Sqrt(sum/float64(len(s)))
	out := make(signal, len(s))
	for i, v := range s {
		out[i] = v * gain
	}
	return out
}

func (s signal) plus(other signal) signal {
	out := make(signal, len(s))
	for i := range s {
		out[i] = s[i] + other[i]
	}
	return out
}

func join(parts ...signal) (out signal) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// frames sends the signal over a telephone line: clipped, µ-law there and back, in frames of 20 ms.
func (s signal) frames() []call.Frame {
	out := make([]call.Frame, len(s)/call.FrameSamples)
	for n := range out {
		for i := range out[n] {
			v := s[n*call.FrameSamples+i] * math.MaxInt16
			out[n][i] = companded(int(math.Round(max(math.MinInt16, min(math.MaxInt16, v)))))
		}
	}
	return out
}

// companded is a sample after G.711 µ-law coding and decoding.
func companded(v int) int16 {
	magnitude := min(max(v, -v), 32635) + 132
	step := max(0, bits.Len(uint(magnitude))-8) + 3 // bits that the mantissa does not keep
	magnitude = magnitude>>step<<step + 1<<step/2 - 132
	if v < 0 {
		return int16(-magnitude)
	}
	return int16(magnitude)
}

func samplesOf(pcm []int16) signal {
	out := make(signal, len(pcm))
	for i, v := range pcm {
		out[i] = float64(v) / math.MaxInt16
	}
	return out
}
