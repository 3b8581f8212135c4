package hearing

import "nacre/internal/call"

// Special information tones (ITU-T E.180, Telcordia SR-2275): three tones that rise, before an announcement that says why a call
// did not reach its number. Each of the first two has two pitches, which tell the reason.
const (
	networkShortest = 9  // frames of a tone: 274 ms, of which the first and the last frame may hold two tones
	networkLongest  = 24 // 380 ms and 25%
	networkPause    = 3  // frames between two tones at most
	numberBelow     = 1400.0
)

// networkBands are the pitches of the three tones in Hz, 950, 1400 and 1800 ± 50, with what noise and codecs do to a measurement.
var networkBands = [3][2]float64{{890, 1010}, {1335, 1465}, {1740, 1860}}

// Network detects special information tones. Use NewNetwork.
type Network struct {
	tone   int // that is heard, or was heard last: 0–2
	frames int // of it
	pause  int // frames since it
	sum    float64
	second float64 // pitch of the second tone
	told   bool
}

// NewNetwork returns a detector in its initial state.
func NewNetwork() *Network { return &Network{} }

// Push analyses the next frame. heard is true once, in the third tone; number says that the number is at fault (intercept, or
// vacant code: a low second tone), and not the network (reorder, no circuit).
func (n *Network) Push(frame *call.Frame) (heard, number bool) {
	hz, ok := toneOf(frame)
	switch {
	case !ok:
		n.away()
	case n.is(n.tone, hz):
		n.sound(hz)
	case n.tone < 2 && n.is(n.tone+1, hz) && n.whole():
		if n.tone == 1 {
			n.second = n.sum / float64(n.frames)
		}
		n.tone, n.frames, n.pause, n.sum = n.tone+1, 0, 0, 0
		n.sound(hz)
	default:
		n.away()
		if n.frames == 0 && n.is(0, hz) {
			n.sound(hz)
		}
	}
	if n.tone != 2 || n.told || n.frames < networkShortest {
		return false, false
	}
	n.told = true
	return true, n.second < numberBelow
}

func (n *Network) is(tone int, hz float64) bool {
	return hz >= networkBands[tone][0] && hz <= networkBands[tone][1]
}

// whole reports whether the tone was as long as one of the three is.
func (n *Network) whole() bool { return n.frames >= networkShortest && n.frames <= networkLongest }

func (n *Network) sound(hz float64) {
	n.frames++
	n.sum += hz
	n.pause = 0
}

// away notes a frame that is none of the three tones.
func (n *Network) away() {
	if n.pause++; n.pause > networkPause {
		*n = Network{pause: n.pause}
	}
}
