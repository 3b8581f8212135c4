package corpus

import (
	"math"
	"math/rand/v2"

	"nacre/internal/call"
)

// signal is audio at 8 kHz; full scale is 1.
type signal []float64

const rate = call.SampleRate

func signalOf(samples []int16) signal {
	s := make(signal, len(samples))
	for n, v := range samples {
		s[n] = float64(v) / 32768
	}
	return s
}

func (s signal) samples() []int16 {
	out := make([]int16, len(s))
	for n, v := range s {
		out[n] = int16(math.Round(32767 * max(-1, min(1, v))))
	}
	return out
}

func (s signal) seconds() float64 { return float64(len(s)) / rate }

func silence(seconds float64) signal { return make(signal, int(seconds*rate)) }

func join(parts ...signal) signal {
	var all signal
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func (s signal) plus(other signal) signal {
	out := make(signal, len(s))
	copy(out, s)
	for n := range min(len(out), len(other)) {
		out[n] += other[n]
	}
	return out
}

func (s signal) backwards() signal {
	out := make(signal, len(s))
	for n, v := range s {
		out[len(s)-1-n] = v
	}
	return out
}

// at scales a signal to a level in dBFS, of its parts that are not silent.
func (s signal) at(level float64) signal {
	sum, loud := 0.0, 0
	for n := 0; n+call.FrameSamples <= len(s); n += call.FrameSamples {
		power := 0.0
		for _, v := range s[n : n+call.FrameSamples] {
			power += v * v
		}
		if power/call.FrameSamples > 1e-5 { // −50 dBFS
			sum, loud = sum+power, loud+call.FrameSamples
		}
	}
	if loud == 0 {
		return s
	}
	gain := math.Pow(10, level/20) / math.Sqrt(sum/float64(loud))
	out := make(signal, len(s))
	for n, v := range s {
		out[n] = v * gain
	}
	return out
}

func amplitude(level float64) float64 { return math.Pow(10, level/20) * math.Sqrt2 }

// sine is a tone that begins and ends within 5 ms.
func sine(seconds, hz, level float64) signal {
	s := silence(seconds)
	for n := range s {
		edge := min(1, float64(min(n, len(s)-1-n))/(0.005*rate))
		s[n] = amplitude(level) * edge * math.Sin(2*math.Pi*hz*float64(n)/rate)
	}
	return s
}

func noise(random *rand.Rand, length int, level float64) signal {
	s, last := make(signal, length), 0.0
	for n := range s {
		last = 0.7*last + random.NormFloat64() // darker than white, as rooms and lines are
		s[n] = last * 0.71 * math.Pow(10, level/20)
	}
	return s
}

// hum is that of the mains, with its overtones.
func hum(length int, level float64) signal {
	s := make(signal, length)
	for n := range s {
		for k, part := range []float64{1, 0.5, 0.3, 0.2} {
			s[n] += part * math.Sin(2*math.Pi*60*float64(k+1)*float64(n)/rate)
		}
		s[n] *= amplitude(level) / 1.2
	}
	return s
}

func ringback(seconds float64) signal { return sine(seconds, 440, -22).plus(sine(seconds, 480, -22)) }

// networkTones are special information tones of a number that is at fault: intercept, or vacant code.
func networkTones(random *rand.Rand, level float64) signal {
	first := sine(0.274, 913.8, level)
	if random.IntN(2) == 0 {
		first = sine(0.38, 985.2, level)
	}
	return join(first, sine(0.274, 1370.6, level), sine(0.38, 1776.7, level))
}

// beepOf is one of the beeps of answering machines.
func beepOf(random *rand.Rand, level float64) signal {
	hz := []float64{425, 440, 620, 850, 1000, 1000, 1100, 1400, 1800, 2000}[random.IntN(10)]
	length := 0.2 + 0.8*random.Float64()
	switch kind := random.Float64(); {
	case kind < 0.55:
		return sine(length, hz, level)
	case kind < 0.65: // it rings out
		s := sine(max(length, 0.5), hz, level)
		for n := range s {
			s[n] *= math.Exp(-2 * float64(n) / rate)
		}
		return s
	case kind < 0.78: // with an overtone
		return sine(length, hz, level).plus(sine(length, 3*hz, level-16))
	case kind < 0.88: // twice
		one := sine(0.2+0.1*random.Float64(), hz, level)
		return join(one, silence(0.1+0.1*random.Float64()), one)
	case kind < 0.96: // two tones
		return join(sine(0.25, hz, level), sine(0.25, hz*1.25, level))
	default: // at once
		return sine(length, 700, level-3).plus(sine(length, 1100, level-3))
	}
}

// music is a tune of three voices.
func music(random *rand.Rand, length int, level float64) signal {
	s := make(signal, length)
	scale := []float64{262, 294, 330, 349, 392, 440, 494, 523}
	for at := 0; at < length; {
		note := int((0.15 + 0.3*random.Float64()) * rate)
		root := random.IntN(len(scale))
		for n := 0; n < note && at+n < length; n++ {
			fade := math.Exp(-3 * float64(n) / float64(note))
			for _, step := range []int{0, 2, 4} {
				hz := scale[(root+step)%len(scale)]
				for overtone := 1.0; overtone <= 3; overtone++ {
					s[at+n] += fade / overtone * math.Sin(2*math.Pi*hz*overtone*float64(n)/rate)
				}
			}
		}
		at += note
	}
	return s.at(level)
}
