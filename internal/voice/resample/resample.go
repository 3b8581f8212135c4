// Package resample converts audio from one sampling rate to another by a polyphase filter bank of a Kaiser-windowed sinc.
package resample

import (
	"fmt"
	"math"
)

const (
	crossings  = 24    // zero crossings of the sinc to either side: the width of the transition band
	kaiserBeta = 8.6   // stop band below −85 dB
	passBand   = 0.925 // of the lower Nyquist frequency: 3.7 kHz of 4 kHz
	maxRate    = 384_000
)

// Converter converts a stream of one channel, without delay at its start: the first output sample is at the instant of the
// first input sample. It is not safe for concurrent use.
type Converter struct {
	up, down int         // output rate : input rate, in lowest terms
	phases   [][]float32 // one filter per position of an output sample between two input samples
	half     int         // input samples a filter reaches to either side
	window   []float32   // input still needed; window[0] is input sample number start
	start    int
	next     int // number of the next output sample
	taken    int // input samples so far
}

// New returns a Converter. Rates are in Hz, 1 to 384,000.
func New(from, to int) (*Converter, error) {
	if from < 1 || to < 1 || from > maxRate || to > maxRate {
		return nil, fmt.Errorf("resample %d Hz to %d Hz: rate out of range", from, to)
	}
	divisor := gcd(from, to)
	c := &Converter{up: to / divisor, down: from / divisor}
	if c.up == c.down {
		return c, nil
	}
	// Cut off below the lower of the two Nyquist frequencies; in cycles per input sample.
	cutoff := passBand * 0.5 * min(1, float64(to)/float64(from))
	c.half = int(math.Ceil(crossings * max(1, float64(from)/float64(to))))
	c.phases = make([][]float32, c.up)
	for p := range c.phases {
		taps := make([]float32, 2*c.half)
		offset := float64(p) / float64(c.up)
		sum := 0.0
		for i := range taps {
			x := float64(i-c.half+1) - offset // distance to the output instant in input samples
			v := 2 * cutoff * sinc(2*cutoff*x) * kaiser(x/float64(c.half))
			taps[i], sum = float32(v), sum+v
		}
		for i := range taps {
			taps[i] /= float32(sum) // the same gain for every phase, exactly one for a constant
		}
		c.phases[p] = taps
	}
	c.reset()
	return c, nil
}

// Push appends to dst the output that in completes, and returns it. The last samples come with Flush.
func (c *Converter) Push(dst, in []int16) []int16 {
	if c.up == c.down {
		return append(dst, in...)
	}
	for _, s := range in {
		c.window = append(c.window, float32(s))
	}
	c.taken += len(in)
	dst = c.produce(dst, math.MaxInt)
	if drop := c.next*c.down/c.up - c.half + 1 - c.start; drop > 0 {
		c.window = c.window[:copy(c.window, c.window[drop:])]
		c.start += drop
	}
	return dst
}

// Flush appends the rest, as if silence followed, and resets the converter for a new stream. In all there is one output
// sample for every output instant within the input.
func (c *Converter) Flush(dst []int16) []int16 {
	if c.up == c.down {
		return dst
	}
	total := (c.taken*c.up + c.down - 1) / c.down
	c.window = append(c.window, make([]float32, c.half)...)
	dst = c.produce(dst, total)
	c.reset()
	return dst
}

func (c *Converter) produce(dst []int16, total int) []int16 {
	for c.next < total {
		first := c.next*c.down/c.up - c.half + 1 - c.start
		if first+2*c.half > len(c.window) {
			break
		}
		dst = append(dst, clip(dot(c.phases[c.next*c.down%c.up], c.window[first:first+2*c.half])))
		c.next++
	}
	return dst
}

func (c *Converter) reset() {
	c.window = append(c.window[:0], make([]float32, c.half)...) // silence before the stream
	c.start, c.next, c.taken = -c.half, 0, 0
}

// All converts samples in one call.
func All(in []int16, from, to int) ([]int16, error) {
	c, err := New(from, to)
	if err != nil {
		return nil, err
	}
	out := make([]int16, 0, len(in)*c.up/c.down+1)
	return c.Flush(c.Push(out, in)), nil
}

// dot returns the dot product. Four sums allow the additions to overlap.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i := range min(len(a), len(b)) {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

func clip(v float32) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, math.RoundToEven(float64(v)))))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser returns the Kaiser window at x, −1 to 1 (Kaiser 1974, by the series of the Bessel function I0).
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(kaiserBeta*math.Sqrt(1-x*x)) / bessel(kaiserBeta)
}

func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
