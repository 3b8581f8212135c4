package hearing

import (
	"math"

	"nacre/internal/call"
)

// Keys detects DTMF tones (ITU-T Q.23). The bounds are those of Q.24: tones of 40 ms or more are accepted, those below 30 ms
// ignored, because speech contains the two tones of a key too, but not alone for so long. The zero value is ready.
type Keys struct {
	window [keysWindow]float64 // the last samples, the oldest first
	have   int                 // samples of the next step in window

	last rune // key in the last window; 0 = none
	run  int  // consecutive windows with it
	down rune // the key that is pressed; 0 = none
	gone int  // consecutive windows without it
}

const (
	keysWindow = 102 // samples, 12.75 ms: its bandwidth is that of the tolerance of Q.24 (1.5 %)
	keysStep   = keysWindow / 2

	keysRun  = 4 // windows that make a press: 255 samples, found in every tone of 39 ms
	keysGone = 4 // windows that end it; an interruption of 20 ms does not

	keysAmplitude = 350  // of the weaker tone at least: −36 dBm0
	keysNormal    = 6.3  // the lower tone may be stronger by that: 8 dB
	keysReverse   = 2.5  // the upper one: 4 dB
	keysOthers    = 6.3  // each is stronger than its three neighbours by that: 8 dB
	keysShare     = 0.82 // of all energy is in the two tones
)

const keysLayout = "123A456B789C*0#D"

// keysTones are 2·cos(2πf/8000) of the rows, then of the columns.
var keysTones = func() (tones [8]float64) {
	for i, frequency := range []float64{697, 770, 852, 941, 1209, 1336, 1477, 1633} {
		tones[i] = 2 * math.Cos(2*math.Pi*frequency/call.SampleRate)
	}
	return tones
}()

// Push analyses the next frame. It returns a key once per press, however long it is held.
func (k *Keys) Push(frame *call.Frame) (key rune, pressed bool) {
	for _, sample := range frame {
		k.window[keysWindow-keysStep+k.have] = float64(sample)
		if k.have++; k.have == keysStep {
			k.have = 0
			if k.step(k.hear()) {
				key, pressed = k.down, true
			}
			copy(k.window[:], k.window[keysStep:])
		}
	}
	return key, pressed
}

// step takes the key of a window, and reports whether it completes a press.
func (k *Keys) step(heard rune) (pressed bool) {
	if heard == k.last {
		k.run++
	} else {
		k.last, k.run = heard, 1
	}
	if k.gone++; heard == k.down {
		k.gone = 0
	}
	if k.gone >= keysGone {
		k.down = 0
	}
	if heard == 0 || heard == k.down || k.run < keysRun {
		return false
	}
	k.down, k.gone = heard, 0
	return true
}

// hear returns the key whose tones are in the window, and nothing else with them; 0 = none.
func (k *Keys) hear() rune {
	energy := 0.0
	for _, sample := range k.window {
		energy += sample * sample
	}
	const least = keysAmplitude * keysAmplitude * keysWindow / 2 // of one tone
	if energy < 2*least {
		return 0
	}
	var power [8]float64 // in the measure of energy (Goertzel's algorithm)
	for i, tone := range keysTones {
		before, last := 0.0, 0.0
		for _, sample := range k.window {
			before, last = last, sample+tone*last-before
		}
		power[i] = (last*last + before*before - tone*last*before) * 2 / keysWindow
	}
	row, rowAlone := strongest(power[:4])
	column, columnAlone := strongest(power[4:])
	low, high := power[row], power[4+column]
	switch {
	case !rowAlone || !columnAlone,
		low < least || high < least,
		low > keysNormal*high || high > keysReverse*low,
		low+high < keysShare*energy:
		return 0
	}
	return rune(keysLayout[4*row+column])
}

// strongest returns the index of the strongest of four tones, and whether it stands out.
func strongest(power []float64) (at int, alone bool) {
	for i := range power {
		if power[i] > power[at] {
			at = i
		}
	}
	for i := range power {
		if i != at && power[i]*keysOthers > power[at] {
			return at, false
		}
	}
	return at, true
}
