package media

import "nacre/internal/call"

const (
	ringSlots = 64 // packets: 1.28 s of 20 ms

	minTarget   = 2 * call.FrameSamples // 40 ms
	maxTarget   = 4 * call.FrameSamples // 80 ms
	maxDelay    = 8 * call.FrameSamples // beyond the target: more is cut at once
	fadeFrames  = 3                     // frames over which the last one is repeated and faded when packets are missing
	trimWindow  = 100                   // frames over which the least delay counts as too much
	calmWindow  = 500                   // frames without underrun after which the target shrinks
	shortWant   = 10                    // frames; a longer underrun was a pause of the peer
	quietSample = 400                   // peak of a frame that may be dropped inaudibly
)

// slot holds one packet. Its payload is empty for a packet without audio that has a sequence number (a key, comfort noise).
type slot struct {
	filled   bool
	sequence uint16
	kind     payloadKind
	payload  []byte
}

// jitterBuffer reorders packets and evens out their arrival: a ring by sequence number, read one frame at a time. It
// ignores timestamps: a gap between two packets in sequence was silence and has passed in real time, so jumps of the peer's
// clock are inaudible. Packets may hold any number of samples.
type jitterBuffer struct {
	slots   [ringSlots]slot
	begun   bool   // next is known
	played  bool   // something was read since next became known: what is older is late
	filling bool   // waiting for target samples
	next    uint16 // to be read
	top     uint16 // one past the newest
	offset  int    // samples of next that were read

	target       int // samples
	packet       int // samples in the newest packet of audio
	waited       int // frames in filling with something there
	starved      int // frames of the current underrun
	owed         int // samples concealed in the underrun: a lost packet that follows is concealed already
	silent       bool
	sinceStarved int

	least     int // delay over the window
	window    int // frames of it so far
	excess    int // samples to be dropped when it is quiet
	excessFor int // frames that waited for a quiet one

	history call.Frame // the last frame read, for concealment
	faded   int        // times it was repeated
}

// reset clears the buffer; the memory of the slots is reused.
func (j *jitterBuffer) reset() {
	for i := range j.slots {
		j.slots[i].filled = false
	}
	*j = jitterBuffer{slots: j.slots, filling: true, target: minTarget, packet: call.FrameSamples, silent: true,
		faded: fadeFrames}
}

// push stores a packet; duplicates and late packets are dropped.
func (j *jitterBuffer) push(sequence uint16, kind payloadKind, payload []byte) {
	if !j.begun {
		j.begun, j.next, j.top = true, sequence, sequence
	}
	ahead := int(int16(sequence - j.next))
	switch {
	case ahead < 0 && !j.played && int(j.top-j.next)-ahead < ringSlots:
		j.next = sequence
	case ahead < 0:
		return
	case ahead >= ringSlots: // the sequence number is beyond the ring: start again from here
		target := j.target
		j.reset()
		j.target, j.begun, j.next, j.top = target, true, sequence, sequence
	}
	at := &j.slots[sequence%ringSlots]
	if at.filled && at.sequence == sequence {
		return
	}
	if kind != ulawPayload && kind != alawPayload {
		payload = nil
	} else if len(payload) > 0 {
		j.packet = len(payload)
	}
	*at = slot{filled: true, sequence: sequence, kind: kind, payload: append(at.payload[:0], payload...)}
	if int16(sequence-j.top) >= 0 {
		j.top = sequence + 1
	}
}

// delay returns the samples between the read position and the end of the newest packet, lost packets included.
func (j *jitterBuffer) delay() int {
	samples := -j.offset
	for sequence := j.next; sequence != j.top; sequence++ {
		if at := &j.slots[sequence%ringSlots]; at.filled && at.sequence == sequence {
			samples += len(at.payload)
		} else {
			samples += j.packet
		}
	}
	return samples
}

// pop reads the next 20 ms. In an underrun the last frame is repeated and fades to silence.
func (j *jitterBuffer) pop(out *call.Frame) {
	delay := j.delay()
	want := max(j.target, j.packet+call.FrameSamples) // packets longer than a frame come in fewer, larger steps
	if j.filling {
		if delay > 0 {
			j.waited++
		} else {
			j.starved++
		}
		// what is left at the end of a talk spurt must come out even if nothing follows
		if delay < want && j.waited*call.FrameSamples <= want {
			j.repeat(out[:])
			j.remember(out, false)
			return
		}
		j.filling, j.played, j.waited, j.owed = false, true, 0, 0
	}
	j.trim(delay, want)
	j.read(out)
	if j.excess < call.FrameSamples {
		j.excessFor = 0
		return
	}
	if j.excessFor++; peak(out) < quietSample || j.excessFor > trimWindow {
		j.excess -= call.FrameSamples
		j.excessFor = 0
		j.read(out)
	}
}

// trim drops audio when the delay has exceeded the target for a while.
func (j *jitterBuffer) trim(delay, want int) {
	if delay > want+maxDelay { // a burst after a stall: catch up in one step
		j.skip(delay - want)
		j.window, j.excess = 0, 0
	}
	if j.window == 0 {
		j.least = delay
	}
	j.least = min(j.least, delay)
	if j.window++; j.window == trimWindow {
		j.window = 0
		j.excess = max(0, j.least-want)
	}
	if j.sinceStarved++; j.sinceStarved >= calmWindow {
		j.sinceStarved = 0
		j.target = max(minTarget, j.target-call.FrameSamples)
	}
}

// skip drops samples.
func (j *jitterBuffer) skip(samples int) {
	for samples > 0 && j.next != j.top {
		at := &j.slots[j.next%ringSlots]
		have := j.packet
		if at.filled && at.sequence == j.next {
			have = len(at.payload)
		}
		left := have - j.offset
		if left > samples {
			j.offset += samples
			return
		}
		samples -= left
		j.advance()
	}
}

func (j *jitterBuffer) advance() {
	j.slots[j.next%ringSlots].filled = false
	j.next++
	j.offset = 0
}

// read reads a frame from the ring.
func (j *jitterBuffer) read(out *call.Frame) {
	done, real := 0, false
	for done < len(out) {
		if j.next == j.top {
			j.repeat(out[done:])
			if done == 0 {
				j.starve()
			}
			break
		}
		at := &j.slots[j.next%ringSlots]
		if !at.filled || at.sequence != j.next { // lost, or too late
			missing := j.packet - j.offset
			if j.owed >= missing {
				j.owed -= missing
				j.advance()
				continue
			}
			n := min(missing, len(out)-done)
			j.repeat(out[done : done+n])
			done += n
			if j.offset += n; j.offset >= j.packet {
				j.advance()
			}
			continue
		}
		n := min(max(0, len(at.payload)-j.offset), len(out)-done)
		if n > 0 { // a packet shorter than those before it may end before the offset that loss has led to
			if at.kind == alawPayload {
				DecodeALaw(out[done:], at.payload[j.offset:j.offset+n])
			} else {
				DecodeULaw(out[done:], at.payload[j.offset:j.offset+n])
			}
			j.found()
			real = true
		}
		if len(at.payload) == 0 { // a packet without audio is silence
			j.silent, j.faded = true, fadeFrames
		}
		done += n
		if j.offset += n; j.offset >= len(at.payload) {
			j.advance()
		}
	}
	j.remember(out, real)
}

// starve counts a frame of an underrun.
func (j *jitterBuffer) starve() {
	j.owed += call.FrameSamples
	if j.starved++; j.starved >= fadeFrames {
		j.filling = true
	}
}

// found ends an underrun. After a short one the audio was late: the target grows.
func (j *jitterBuffer) found() {
	if j.starved > 0 && j.starved <= shortWant && !j.silent {
		j.target = min(maxTarget, j.target+call.FrameSamples)
		j.sinceStarved = 0
	}
	j.starved, j.owed, j.silent = 0, 0, false
}

// repeat conceals missing samples by the history, fading within fadeFrames.
func (j *jitterBuffer) repeat(out []int16) {
	if j.faded >= fadeFrames {
		clear(out)
		return
	}
	const span = fadeFrames * call.FrameSamples
	for i := range out {
		left := span - j.faded*call.FrameSamples - i
		out[i] = int16(int(j.history[i%call.FrameSamples]) * left / span)
	}
}

// remember stores the frame for concealment, unless it was concealed itself.
func (j *jitterBuffer) remember(out *call.Frame, real bool) {
	if real {
		j.history, j.faded = *out, 0
	} else if j.faded < fadeFrames {
		j.faded++
	}
}

func peak(frame *call.Frame) int {
	top := 0
	for _, sample := range frame {
		top = max(top, int(sample), -int(sample))
	}
	return top
}
