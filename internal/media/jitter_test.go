package media

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"nacre/internal/call"
)

// coded is a payload whose samples all have the level n stands for, so that what is heard can be told apart.
// Levels are µ-law codes of loud samples.
func coded(n, samples int) []byte {
	payload := make([]byte, samples)
	for i := range payload {
		payload[i] = byte(0x80 + n%0x40)
	}
	return payload
}

// level tells which coded packet a sample came from; −1 for silence.
func level(sample int16) int {
	if sample == 0 {
		return -1
	}
	var code [1]byte
	EncodeULaw(code[:], []int16{sample})
	return int(code[0]) - 0x80
}

func newJitter() *jitterBuffer {
	j := &jitterBuffer{}
	j.reset()
	return j
}

// heard pops frames and gives the level of each one's first sample.
func heard(j *jitterBuffer, frames int) []int {
	var levels []int
	for range frames {
		var frame call.Frame
		j.pop(&frame)
		levels = append(levels, level(frame[0]))
	}
	return levels
}

func TestJitterBufferWaitsForItsTargetThenPlaysInOrder(t *testing.T) {
	t.Parallel()
	j := newJitter()
	const first = 65534 // wraps
	sequence := uint16(first)
	push := func(n int) { j.push(sequence+uint16(n), ulawPayload, coded(n, 160)) }
	push(1) // swapped with the one before it, at the very start
	push(0)
	var got []int
	got = append(got, heard(j, 1)...)
	push(3)
	push(3) // copies
	got = append(got, heard(j, 1)...)
	push(2)
	push(0)
	got = append(got, heard(j, 1)...)
	push(4)
	got = append(got, heard(j, 2)...)
	for i, want := range []int{0, 1, 2, 3, 4} {
		if got[i] != want {
			t.Fatalf("heard %v", got)
		}
	}

	j = newJitter()
	push(0)
	if got := heard(j, 1); got[0] != -1 {
		t.Errorf("20 ms were enough: %v", got)
	}
}

func TestJitterBufferPlaysPacketsOfAnyLength(t *testing.T) {
	t.Parallel()
	for _, samples := range []int{1, 40, 80, 160, 240, 320, 480, 800} {
		j := newJitter()
		pushed, popped, sequence := 0, 0, 0
		var out []int16
		for range 200 {
			for pushed < popped+160 { // packets arrive as their samples are due
				j.push(uint16(sequence), ulawPayload, coded(sequence, samples))
				sequence++
				pushed += samples
			}
			var frame call.Frame
			j.pop(&frame)
			popped += 160
			out = append(out, frame[:]...)
		}
		start := 0
		for start < len(out) && out[start] == 0 {
			start++
		}
		if samples == 1 { // the ring holds less than a frame of these: it need only survive
			continue
		}
		if start > maxTarget+2*samples {
			t.Errorf("%d samples: %d of silence at the start", samples, start)
		}
		for i, sample := range out[start:] {
			if want := i / samples % 0x40; level(sample) != want {
				t.Errorf("%d samples: sample %d is of packet %d, want %d", samples, i, level(sample), want)
				break
			}
		}
	}
}

// TestJitterBufferTakesShortPacketsLate: one that was lost, and whose loss was bridged for longer than it holds, comes after all:
// keys and comfort noise have a byte or none.
func TestJitterBufferTakesShortPacketsLate(t *testing.T) {
	t.Parallel()
	for _, late := range [][]byte{nil, {0xff}, coded(2, 80)} {
		j := newJitter()
		j.push(1, ulawPayload, coded(1, 480))
		j.push(3, ulawPayload, coded(3, 480))
		heard(j, 4) // 480 samples of the first, and 160 in place of the second
		j.push(2, ulawPayload, late)
		got := heard(j, 6)
		if !slices.Contains(got, 3) {
			t.Errorf("%d bytes late: the packet after it is not heard: %v", len(late), got)
		}
	}
}

func TestJitterBufferBridgesLossByAFadingRepeat(t *testing.T) {
	t.Parallel()
	j := newJitter()
	for _, n := range []int{0, 1, 2, 4, 5} {
		j.push(uint16(n), ulawPayload, coded(8, 160))
	}
	frames := make([]call.Frame, 12)
	for i := range frames {
		j.pop(&frames[i])
	}
	full := frames[0][0]
	if frames[3][0] != full || frames[3][159] >= full || frames[3][159] < full/2 {
		t.Errorf("the lost packet sounds like %d … %d after %d", frames[3][0], frames[3][159], full)
	}
	if frames[4][0] != full || frames[5][0] != full {
		t.Error("what followed the loss was not played")
	}
	// then nothing follows: three frames of fading, then silence
	for i := 6; i < 9; i++ {
		if frames[i][0] <= 0 || frames[i][0] > full || frames[i][159] >= frames[i][0] {
			t.Errorf("frame %d does not fade: %d … %d", i, frames[i][0], frames[i][159])
		}
	}
	for i := 9; i < 12; i++ {
		if peak(&frames[i]) != 0 {
			t.Errorf("frame %d is not silent", i)
		}
	}
}

func TestJitterBufferDoesNotBridgeASilentPeer(t *testing.T) {
	t.Parallel()
	for _, kind := range []payloadKind{eventPayload, noisePayload, unknownPayload} {
		j := newJitter()
		j.push(0, ulawPayload, coded(8, 160))
		j.push(1, ulawPayload, coded(8, 160))
		j.push(2, kind, []byte{1, 2, 3, 4})
		if got := heard(j, 4); got[1] != 8 || got[2] != -1 || got[3] != -1 {
			t.Errorf("kind %d: heard %v", kind, got)
		}
		if j.target != minTarget {
			t.Errorf("kind %d: a pause of the peer counts as jitter", kind)
		}
	}
}

func TestJitterBufferHoldsBackMoreWhenPacketsComeLateAndLessWhenCalm(t *testing.T) {
	t.Parallel()
	j := newJitter()
	n := 0
	push := func(count int) {
		for range count {
			j.push(uint16(n), ulawPayload, coded(n, 160))
			n++
		}
	}
	push(2)
	heard(j, 2)
	for range 4 { // stalls of 40 ms, then all at once
		heard(j, 2)
		push(3)
		heard(j, 1)
		for range 10 {
			push(1)
			heard(j, 1)
		}
	}
	if j.target <= minTarget || j.target > maxTarget {
		t.Errorf("the target is %d ms", j.target/8)
	}
	for range 2000 {
		push(1)
		heard(j, 1)
	}
	if j.target != minTarget || j.delay() > minTarget+call.FrameSamples {
		t.Errorf("after 40 s of calm the target is %d ms, the delay %d ms", j.target/8, j.delay()/8)
	}
}

func TestJitterBufferCatchesUpAfterABurst(t *testing.T) {
	t.Parallel()
	j := newJitter()
	for n := range 40 {
		j.push(uint16(n), ulawPayload, coded(n, 160))
	}
	if got := heard(j, 2); got[0] < 30 || got[1] != got[0]+1 {
		t.Errorf("after a burst of 40 packets heard %v", got)
	}
	j.push(1040, ulawPayload, coded(1, 160)) // a leap beyond the ring
	j.push(1041, ulawPayload, coded(2, 160))
	if got := heard(j, 2); got[0] != 1 || got[1] != 2 {
		t.Errorf("after a leap heard %v", got)
	}
}

// Under any loss, delay, copying and order that a network may impose, what is heard is only what was sent, in order,
// and the delay stays within bounds.
func TestJitterBufferKeepsOrderUnderAnyNetwork(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		loss := rapid.IntRange(0, 50).Draw(t, "loss percent")
		spread := rapid.IntRange(0, 12).Draw(t, "delay in frames")
		samples := rapid.SampledFrom([]int{80, 160, 240, 320}).Draw(t, "samples")
		random := rand.New(rand.NewPCG(seed, 1))
		base := uint16(random.Uint32())
		due := map[int][]int{} // frame → packets
		const frames = 300
		for n := 0; n*samples < frames*160; n++ {
			if random.IntN(100) < loss {
				continue
			}
			at := n*samples/160 + random.IntN(spread+1)
			due[at] = append(due[at], n)
			if random.IntN(20) == 0 {
				due[at+random.IntN(3)] = append(due[at], n)
			}
		}
		j := newJitter()
		last := 0
		for frame := range frames {
			for _, n := range due[frame] {
				payload := make([]byte, samples)
				EncodeALaw(payload, filled(int16(1000+n*16), samples)) // rises, so order can be seen
				j.push(base+uint16(n), alawPayload, payload)
			}
			var out call.Frame
			j.pop(&out)
			for run := 0; run+8 <= len(out); run++ {
				level := int(out[run])
				// what is made up fades from sample to sample, or is soft
				if level < 900 || slices.ContainsFunc(out[run:run+8], func(s int16) bool { return int(s) != level }) {
					continue
				}
				if level < last {
					t.Fatalf("frame %d goes back from %d to %d", frame, last, level)
				}
				last = level
			}
			if delay := j.delay(); delay < -800 || delay > maxTarget+maxDelay+800+(spread+1)*160 {
				t.Fatalf("frame %d: delay of %d samples", frame, delay)
			}
		}
		if loss < 20 && spread < 3 && last < 3000 {
			t.Fatalf("little was heard: up to %d", last)
		}
	})
}

func filled(level int16, samples int) []int16 {
	s := make([]int16, samples)
	for i := range s {
		s[i] = level
	}
	return s
}
