package hearing

import (
	"math"

	"nacre/internal/call"
)

const (
	beepFrames   = 8     // 160 ms of one tone are a beep
	beepResidual = 0.08  // power that the predictor leaves over, of the frame's
	beepShare    = 0.6   // power that lies at the tone's frequency, of the frame's
	beepDrift    = 0.03  // of the frequency from its mean
	beepGlide    = 0.04  // between its lowest and highest frame, while it is not yet known for a beep
	beepLevel    = -45.0 // dBFS
	beepLowest   = 400.0 // Hz
	beepHighest  = 2500.0
)

// Beep detects the single steady tone after which an answering machine records. A sine obeys
// x[n] = 2·cos ω·x[n−1] − x[n−2]; the residual of a frame measures how far it is from one. The two tones of a key have a
// small residual too, but no power at the frequency between them. Use NewBeep.
type Beep struct {
	frames int // of the current tone
	mean   float64
	low    float64
	high   float64
	on     bool
	lost   bool // the frame before was none: its packet was lost
}

// NewBeep returns a detector in its initial state.
func NewBeep() *Beep { return &Beep{} }

// Push analyses the next frame. It returns true once for every beep, 160 ms after its start; On reports how long it lasts.
func (b *Beep) Push(frame *call.Frame) bool {
	hz, ok := toneOf(frame)
	if !ok {
		if b.lost = b.frames > 0 && !b.lost && Level(frame) == silentLevel; !b.lost {
			b.frames, b.on = 0, false
		}
		return false
	}
	b.lost = false
	b.low, b.high = min(b.low, hz), max(b.high, hz)
	glides := !b.on && b.high-b.low > beepGlide*hz
	if b.frames == 0 || glides || math.Abs(hz-b.mean) > beepDrift*b.mean {
		b.frames, b.on = 0, false // another tone: it may be a beep of its own
		b.low, b.high = hz, hz
	}
	b.frames++
	b.mean += (hz - b.mean) / float64(min(b.frames, beepFrames))
	if b.frames < beepFrames {
		return false
	}
	began := !b.on
	b.on = true
	return began
}

// Tone returns the frequency of the beep in Hz.
func (b *Beep) Tone() float64 { return b.mean }

// On reports whether the last frame belongs to a beep.
func (b *Beep) On() bool { return b.on }

// toneOf returns the frequency of a frame that is a single tone.
func toneOf(frame *call.Frame) (hz float64, ok bool) {
	if Level(frame) < beepLevel {
		return 0, false
	}
	a, ok := predictor(frame, 1)
	if !ok {
		return 0, false
	}
	omega := math.Acos(a / 2)
	if omega < math.Pi/4 {
		// At low frequencies the cosine is flat and noise weighs heavily; every other sample is four times as accurate.
		if wide, ok := predictor(frame, 2); ok {
			omega = math.Acos(wide/2) / 2
			a = 2 * math.Cos(omega)
		}
	}
	hz = omega * call.SampleRate / (2 * math.Pi)
	if hz < beepLowest*(1-beepDrift) || hz > beepHighest*(1+beepDrift) {
		return 0, false
	}
	// Goertzel's recurrence at the same frequency, in the same pass as the residual.
	var residual, total, s1, s2 float64
	for n, sample := range frame {
		x := float64(sample)
		total += x * x
		s1, s2 = x+a*s1-s2, s1
		if n >= 2 {
			left := x + float64(frame[n-2]) - a*float64(frame[n-1])
			residual += left * left
		}
	}
	power := (s1*s1 + s2*s2 - a*s1*s2) * 2 / float64(len(frame))
	if residual < beepResidual*total && power > beepShare*total {
		return hz, true
	}
	return loudest(frame, total)
}

const (
	overtoneStep  = 50.0 // Hz between two pitches that are tried: what a frame can tell apart
	overtoneNear  = 0.3  // power at the best of them, of the frame's: the pitch may lie half a step away
	overtoneWhole = 0.95 // power of a tone and its first two overtones, of the frame's
	toneAlone     = 0.9  // power of a tone in noise, of the frame's: of the two tones of a key one has less
)

// loudest returns the pitch of a frame that is a tone in noise or hum, which leads the predictor astray, or one with overtones, which
// it takes for several: many machines beep so. total is the sum of squares.
func loudest(frame *call.Frame, total float64) (hz float64, ok bool) {
	best := 0.0
	for try := beepLowest; try <= beepHighest; try += overtoneStep {
		if power := powerAt(frame, try); power > best {
			hz, best = try, power
		}
	}
	if best < overtoneNear*total {
		return 0, false
	}
	for step := overtoneStep / 2; step > 1; step /= 2 {
		for _, try := range []float64{hz - step, hz + step} {
			if power := powerAt(frame, try); power > best {
				hz, best = try, power
			}
		}
	}
	if best < beepShare*total {
		return 0, false
	}
	if best > toneAlone*total {
		return hz, true
	}
	for overtone := 2.0; overtone <= 3 && hz*overtone < call.SampleRate/2; overtone++ {
		best += powerAt(frame, hz*overtone)
	}
	return hz, best > overtoneWhole*total
}

// powerAt returns the sum of squares of what a frame has of a tone (Goertzel 1958).
func powerAt(frame *call.Frame, hz float64) float64 {
	a := 2 * math.Cos(2*math.Pi*hz/call.SampleRate)
	var s1, s2 float64
	for _, sample := range frame {
		s1, s2 = float64(sample)+a*s1-s2, s1
	}
	return (s1*s1 + s2*s2 - a*s1*s2) * 2 / float64(len(frame))
}

// predictor returns the a that fits x[n] = a·x[n−lag] − x[n−2·lag] best: twice the cosine of a sine's phase advance in lag
// samples.
func predictor(frame *call.Frame, lag int) (a float64, ok bool) {
	var cross, middle float64
	for n := 2 * lag; n < len(frame); n++ {
		x1 := float64(frame[n-lag])
		cross += x1 * (float64(frame[n]) + float64(frame[n-2*lag]))
		middle += x1 * x1
	}
	if middle == 0 {
		return 0, false
	}
	a = cross / middle
	return a, a > -2 && a < 2
}
