package media

import (
	"math"
	"strings"
	"time"
	"unicode"

	"nacre/internal/call"
)

// keySigns holds the keys by event code (RFC 4733 section 3.2).
const keySigns = "0123456789*#ABCD"

// keyEvent is the payload of a telephone-event packet (RFC 4733 section 2.3). duration is in samples.
type keyEvent struct {
	code     uint8
	end      bool
	duration uint16
}

const keyEventBytes = 4

func parseKeyEvent(payload []byte) (keyEvent, bool) {
	if len(payload) < keyEventBytes {
		return keyEvent{}, false
	}
	return keyEvent{payload[0], payload[1]&0x80 != 0, uint16(payload[2])<<8 | uint16(payload[3])}, true
}

func (e keyEvent) put(to []byte) {
	const volume = 10 // −10 dBm0
	to[0], to[1], to[2], to[3] = e.code, volume, byte(e.duration>>8), byte(e.duration)
	if e.end {
		to[1] |= 0x80
	}
}

// keyTransport is how the peer sends keys; the greater, the more reliable.
type keyTransport uint8

const (
	byTone  keyTransport = iota + 1 // DTMF in the audio
	byInfo                          // SIP INFO
	byEvent                         // events of RFC 4733
)

// keyReceiver turns event packets into presses: one for every event, at the first of its packets that arrives. The end
// packets need not arrive: the next event has another timestamp, another code or a shorter duration.
type keyReceiver struct {
	known     bool
	ssrc      uint32
	sequence  uint16 // of the newest packet
	timestamp uint32
	last      keyEvent
	presses   []rune // not yet delivered

	transport keyTransport // the most reliable one that a key has come by
	newest    rune         // the last press
	newestAt  time.Time
}

const (
	// maxPresses bounds the undelivered presses; they are delivered every 20 ms.
	maxPresses = 64
	// sameKeyTime is the time within which the same key by a second transport is the same press.
	sameKeyTime = time.Second
)

// press adds a key, unless keys have come by a more reliable transport: gateways send one press by several.
func (k *keyReceiver) press(key rune, by keyTransport, now time.Time) {
	switch {
	case by < k.transport:
		return
	case by > k.transport && k.transport != 0 && key == k.newest && now.Sub(k.newestAt) < sameKeyTime:
		k.transport = by
		return
	}
	k.transport, k.newest, k.newestAt = by, key, now
	if len(k.presses) < maxPresses {
		k.presses = append(k.presses, key)
	}
}

// packet handles a telephone-event packet.
func (k *keyReceiver) packet(ssrc uint32, sequence uint16, timestamp uint32, marker bool, payload []byte, now time.Time) {
	event, ok := parseKeyEvent(payload)
	if !ok || int(event.code) >= len(keySigns) {
		return
	}
	same := false
	if k.known && ssrc == k.ssrc {
		if behind := int16(k.sequence - sequence); behind >= 0 && behind < maxMisorder {
			return // a duplicate, or out of order
		}
		same = event.code == k.last.code && k.continues(event, sequence-k.sequence, timestamp-k.timestamp, marker)
	}
	k.known, k.ssrc, k.sequence, k.timestamp, k.last = true, ssrc, sequence, timestamp, event
	if !same {
		k.press(rune(keySigns[event.code]), byEvent, now)
	}
}

// continues reports whether a packet with the code of the last one belongs to the same event. later and elapsed are the
// steps from the last packet in sequence and timestamp.
func (k *keyReceiver) continues(event keyEvent, later uint16, elapsed uint32, marker bool) bool {
	switch {
	case elapsed == 0:
		// Some senders have one timestamp for all keys: an event that grows shorter is the next one. One that wraps is not.
		shorter := int(k.last.duration) - int(event.duration)
		return shorter <= 0 || shorter > math.MaxInt16
	case marker:
		return false
	case !k.last.end:
		// some senders move the timestamp within an event; long events are cut after 65535 samples (section 2.5.1.3)
		return event.duration > k.last.duration || elapsed == math.MaxUint16
	}
	// and in its repeated ends; no key is pressed twice within 60 ms
	return event.end && later <= keyEnds && elapsed <= 3*call.FrameSamples
}

// Times of a key we send, in frames. The end is sent three times, two of them within the gap (RFC 4733 section 2.5.1.4).
const (
	keyFrames = 5 // 100 ms
	gapFrames = 3 // 60 ms
	keyEnds   = 3
)

// keySender sends queued keys in place of frames of audio.
type keySender struct {
	waiting   []byte // event codes
	active    bool
	code      uint8
	frame     int // of the key and its gap
	timestamp uint32
}

// maxWaiting bounds the queued keys.
const maxWaiting = 128

func (k *keySender) queue(keys string) {
	for _, key := range keys {
		code := strings.IndexRune(keySigns, unicode.ToUpper(key))
		if code >= 0 && len(k.waiting) < maxWaiting {
			k.waiting = append(k.waiting, byte(code))
		}
	}
}

// keyStep is the part of a key in one frame.
type keyStep struct {
	keyEvent
	busy      bool   // a key or the gap after it
	event     bool   // an event packet is due
	first     bool   // of its key
	frame     int    // of the key and its gap, from 1
	timestamp uint32 // of the key
}

// next returns the step of the next frame, the zero keyStep without a key. timestamp is that of the frame.
func (k *keySender) next(timestamp uint32) keyStep {
	if !k.active {
		if len(k.waiting) == 0 {
			return keyStep{}
		}
		k.code = k.waiting[0]
		k.waiting = k.waiting[:copy(k.waiting, k.waiting[1:])]
		k.active, k.frame, k.timestamp = true, 0, timestamp
	}
	k.frame++
	k.active = k.frame < keyFrames+gapFrames
	return keyStep{
		keyEvent:  keyEvent{k.code, k.frame >= keyFrames, uint16(min(k.frame, keyFrames) * call.FrameSamples)},
		busy:      true,
		event:     k.frame < keyFrames+keyEnds,
		first:     k.frame == 1,
		frame:     k.frame,
		timestamp: k.timestamp,
	}
}

// interrupt drops the key being sent: events do not continue across a hold.
func (k *keySender) interrupt() { k.active = false }

// tone writes the frame as DTMF tones (ITU-T Q.23), for peers without telephone-event.
func (k keyStep) tone(out *call.Frame) {
	clear(out[:])
	if k.frame > keyFrames {
		return
	}
	const layout = "123A456B789C*0#D"
	rows, columns := [4]float64{697, 770, 852, 941}, [4]float64{1209, 1336, 1477, 1633}
	at := strings.IndexByte(layout, keySigns[k.code])
	for i := range out {
		t := float64((k.frame-1)*call.FrameSamples+i) / call.SampleRate
		out[i] = int16(6000 * (math.Sin(2*math.Pi*rows[at/4]*t) + math.Sin(2*math.Pi*columns[at%4]*t)))
	}
}
