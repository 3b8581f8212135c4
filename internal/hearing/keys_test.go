package hearing

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nacre/internal/call"
)

// tone is a key as it sounds: levels in dBm0 of the lower and the upper tone, and a deviation of both in parts of one.
type tone struct {
	key       rune
	ms        int
	low, high float64
	deviation float64
}

// sound joins tones; key 0 is a pause.
func sound(tones ...tone) []int16 {
	const layout = "123A456B789C*0#D"
	var samples []int16
	for _, t := range tones {
		at := 0
		for i, sign := range layout {
			if sign == t.key {
				at = i
			}
		}
		row, column := []float64{697, 770, 852, 941}[at/4]*(1+t.deviation), []float64{1209, 1336, 1477, 1633}[at%4]*(1+t.deviation)
		const full = 22300 // the amplitude of 0 dBm0
		low, high := full*math.Pow(10, t.low/20), full*math.Pow(10, t.high/20)
		for i := range t.ms * 8 {
			x := 2 * math.Pi * float64(i) / call.SampleRate
			if t.key == 0 {
				samples = append(samples, 0)
			} else {
				samples = append(samples, int16(low*math.Sin(row*x)+high*math.Sin(column*x)))
			}
		}
	}
	return samples
}

// press hears samples that begin somewhere in a frame.
func press(samples []int16, offset int) string {
	var k Keys
	samples = append(append(make([]int16, offset), samples...), make([]int16, 400)...)
	var keys []rune
	for len(samples) >= call.FrameSamples {
		frame := call.Frame(samples)
		samples = samples[call.FrameSamples:]
		if key, pressed := k.Push(&frame); pressed {
			keys = append(keys, key)
		}
	}
	return string(keys)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	pause := tone{ms: 60}
	var all []tone
	for _, key := range "1234567890*#ABCD" {
		all = append(all, tone{key, 60, -10, -10, 0}, pause)
	}
	five := func(ms int, low, high, deviation float64) []tone { return []tone{{'5', ms, low, high, deviation}} }
	for name, test := range map[string]struct {
		tones []tone
		want  string
	}{
		"all":               {all, "1234567890*#ABCD"},
		"held":              {five(3000, -10, -10, 0), "5"},
		"twice":             {[]tone{{'5', 50, -10, -10, 0}, {ms: 45}, {'5', 50, -10, -10, 0}}, "55"},
		"interrupted":       {[]tone{{'5', 60, -10, -10, 0}, {ms: 10}, {'5', 60, -10, -10, 0}}, "5"},
		"one upon another":  {[]tone{{'*', 80, -10, -10, 0}, {'9', 80, -10, -10, 0}}, "*9"},
		"40 ms":             {five(40, -10, -10, 0), "5"},
		"25 ms":             {five(25, -10, -10, 0), ""},
		"soft":              {five(80, -30, -30, 0), "5"},
		"too soft":          {five(80, -45, -45, 0), ""},
		"loud":              {five(80, -4, -4, 0), "5"},
		"out of tune":       {five(80, -10, -10, 0.015), "5"},
		"flat":              {five(80, -10, -10, -0.015), "5"},
		"far out of tune":   {five(80, -10, -10, 0.04), ""},
		"the lower louder":  {five(80, -8, -14, 0), "5"},
		"the upper louder":  {five(80, -12, -9, 0), "5"},
		"one tone":          {five(80, -10, -60, 0), ""},
		"far apart":         {five(80, -8, -20, 0), ""},
		"far apart, upward": {five(80, -20, -8, 0), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for offset := 0; offset < call.FrameSamples; offset += 7 {
				if got := press(sound(test.tones...), offset); got != test.want {
					t.Fatalf("heard %q, want %q, at an offset of %d samples", got, test.want, offset)
				}
			}
		})
	}
}

func TestKeysInNoise(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 50 {
		samples := sound(tone{ms: 100}, tone{'9', 70, -12, -13, 0}, tone{ms: 100})
		for i := range samples {
			samples[i] += int16(random.NormFloat64() * 700) // 15 dB below the tones
		}
		if got := press(samples, n); got != "9" {
			t.Fatalf("%d: heard %q", n, got)
		}
	}
}

// Sounds of the line are no keys: noise, dial and ringing tones, fax, music, a voice of pulses.
func TestOtherSoundsAreNoKeys(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	sines := func(frequencies ...float64) func(i int) float64 {
		return func(i int) float64 {
			sum := 0.0
			for _, f := range frequencies {
				sum += 5000 * math.Sin(2*math.Pi*f*float64(i)/call.SampleRate)
			}
			return sum
		}
	}
	for name, at := range map[string]func(i int) float64{
		"white noise":  func(int) float64 { return random.NormFloat64() * 4000 },
		"dial tone":    sines(350, 440),
		"ringing tone": sines(440, 480),
		"busy tone":    sines(480, 620),
		"425 Hz":       sines(425),
		"fax":          sines(1100),
		"beep":         sines(1000),
		"SIT":          sines(950, 1400, 1800),
		"a chord":      sines(698, 880, 1209, 1319),
		"a voice":      func(i int) float64 { return sweep(i) },
	} {
		t.Run(name, func(t *testing.T) {
			samples := make([]int16, 30*call.SampleRate)
			for i := range samples {
				samples[i] = int16(max(-32000, min(32000, at(i))))
			}
			if got := press(samples, 0); got != "" {
				t.Errorf("heard %q", got)
			}
		})
	}
}

// sweep is a voice of pulses with two formants that wander through all places, those of the keys too.
func sweep(i int) float64 {
	t := float64(i) / call.SampleRate
	first, second := 500+400*math.Sin(t*1.3), 1400+500*math.Sin(t*0.9)
	_, pulse := math.Modf(t * (140 + 40*math.Sin(t*2)))
	ring := math.Exp(-pulse * 3)
	return 9000 * ring * (math.Sin(2*math.Pi*first*pulse/140) + 0.6*math.Sin(2*math.Pi*second*pulse/140))
}

func ExampleKeys() {
	samples := sound(tone{'4', 100, -10, -10, 0}, tone{ms: 100}, tone{'2', 100, -10, -10, 0}, tone{ms: 100})
	fmt.Println(press(samples, 0))
	// Output: 42
}
