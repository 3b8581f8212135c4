package media

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/rtp"

	"nacre/internal/call"
	"nacre/internal/hearing"
)

const (
	// echoFrames is how long a tone of ours may come back as echo, in frames.
	echoFrames = int(time.Second / call.FrameTime)
	lateAfter  = 5 * time.Millisecond
	// maxBehind is how far sending may lag and still catch up packet by packet. After a longer stall (a suspended machine)
	// the peer's jitter buffer would drop the burst: the lost time is skipped.
	maxBehind = 10 * call.FrameTime
	// maxPacket is the longest packet of ours, in bytes of G.711: 60 ms.
	maxPacket = 3 * call.FrameSamples
)

// outgoing is the sending side of a session; only the goroutine of Serve uses it.
type outgoing struct {
	session    *Session
	party      call.Party
	pacer      *pacer
	header     rtp.Header
	held       bool
	heard, say call.Frame
	presses    []rune
	tones      hearing.Keys
	toneGuard  int             // frames for which tones in the audio are ignored
	packets    [4]*pacedPacket // used in turn
	turn       int
	due        time.Time // when the next frame is to be made; it is sent later by ahead

	audio      [maxPacket + call.FrameSamples]byte // encoded, and not in a packet yet
	waiting    int                                 // bytes of it
	waitingAt  uint32                              // timestamp of the first
	waitingFor uint8                               // payload type
	nextReport time.Time
}

// Serve carries audio between the peer and the party until ctx is done (ContextEnded; also when the session is
// closed), the party returns false (PartyHungUp) or no packet came from the peer for 20 s while not on hold
// (AudioLost). It is called once, and does not close the sockets. What the session panics with elsewhere it panics with here.
func (s *Session) Serve(ctx context.Context, party call.Party) call.Ending {
	start := time.Now()
	var random [6]byte
	rand.Read(random[:])
	out := &outgoing{
		session: s, party: party, pacer: sharedPacer(), due: start, nextReport: start.Add(s.reportInterval()),
		header: rtp.Header{Version: 2, SSRC: s.ssrc, Marker: true,
			SequenceNumber: binary.BigEndian.Uint16(random[:]), Timestamp: binary.BigEndian.Uint32(random[2:])},
	}
	s.mu.Lock()
	s.serving, s.began = true, start
	s.latch.heardAt = start
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.serving = false
		s.mu.Unlock()
	}()
	out.pacer.join()
	defer out.pacer.leave()
	ending := out.run(ctx)
	out.awaitSent()
	out.lastKeys()
	out.report(true, time.Now())
	return ending
}

// run makes a frame whenever one is due. Due times are counted from the start, so that they do not drift.
func (o *outgoing) run(ctx context.Context) call.Ending {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return call.ContextEnded
		case <-o.session.closed:
			return call.ContextEnded
		case reason := <-o.session.panicked:
			panic(reason)
		case <-timer.C:
		}
		now := time.Now()
		for ; !o.due.After(now); now = time.Now() {
			if behind := now.Sub(o.due); behind > maxBehind {
				missed := behind / call.FrameTime
				o.due = o.due.Add(missed * call.FrameTime)
				o.header.Timestamp += uint32(missed) * call.FrameSamples
				o.header.Marker = true
				o.waiting = 0
			}
			if ending, over := o.frame(o.due); over {
				return ending
			}
			o.due = o.due.Add(call.FrameTime)
		}
		if now.After(o.nextReport) {
			o.report(false, now)
			o.nextReport = now.Add(o.session.reportInterval())
		}
		timer.Reset(o.due.Sub(now))
	}
}

// report sends an RTCP report. The RTP timestamp of now is that of the next frame, less the time that it is made early.
func (o *outgoing) report(goodbye bool, now time.Time) {
	early := o.due.Add(ahead).Sub(now) * call.SampleRate / time.Second
	o.session.report(o.header.Timestamp-uint32(early), goodbye, now)
}

// lastKeys delivers the keys pressed right before the peer hung up: they may complete an opt-out.
func (o *outgoing) lastKeys() {
	o.session.mu.Lock()
	o.presses = append(o.presses[:0], o.session.pressed.presses...)
	o.session.pressed.presses = o.session.pressed.presses[:0]
	o.session.mu.Unlock()
	for _, press := range o.presses {
		o.party.Key(press)
	}
}

// next returns a packet that the pacer does not own. In a stall of the pacer it allocates a new one.
func (o *outgoing) next() *pacedPacket {
	o.turn = (o.turn + 1) % len(o.packets)
	if o.packets[o.turn] == nil || o.packets[o.turn].waiting.Load() {
		o.packets[o.turn] = &pacedPacket{session: o.session}
	}
	return o.packets[o.turn]
}

// awaitSent waits until the last packet was sent; the session may be closed after it.
func (o *outgoing) awaitSent() {
	last := o.packets[o.turn]
	for last != nil && last.waiting.Load() && time.Since(last.due) < maxBehind {
		select {
		case <-time.After(max(pacerStep, time.Until(last.due))):
		case <-o.session.closed:
			return
		}
	}
}

// frameStep is what the session says of one frame.
type frameStep struct {
	held, events, lost, detectTones bool
	codec                           payloadKind
	payload, eventPayload           uint8
	size                            int
	remote                          netip.AddrPort
	key                             keyStep
}

// take takes the next frame that was heard, and the keys, out of the session. The lock is given back also where that panics:
// the call is then ended by whoever recovers.
func (o *outgoing) take() frameStep {
	s := o.session
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.terms
	step := frameStep{held: t.held, codec: t.codec, payload: t.codecPayload, events: t.events, eventPayload: t.eventPayload, size: t.packet, remote: s.remote()}
	o.presses = append(o.presses[:0], s.pressed.presses...)
	s.pressed.presses = s.pressed.presses[:0]
	if !t.held {
		s.jitter.pop(&o.heard)
		if s.quiet++; s.tolerant || t.direction != sendRecv { // the peer's SDP says that it does not send
			s.quiet = 0
		}
		step.lost = s.quiet > s.lostAfter
		step.key = s.keys.next(o.header.Timestamp)
	}
	step.detectTones = !t.held && !t.events && s.pressed.transport <= byTone
	return step
}

// frame exchanges one frame with the party and sends it; over is set when the call ends by it.
func (o *outgoing) frame(due time.Time) (ending call.Ending, over bool) {
	step := o.take()
	held, codec, payload, events, eventPayload, size := step.held, step.codec, step.payload, step.events, step.eventPayload, step.size
	remote, key, lost, detectTones := step.remote, step.key, step.lost, step.detectTones

	for _, press := range o.presses {
		o.party.Key(press)
	}
	if held != o.held {
		o.held = held
		o.party.Held(held)
		o.header.Marker = true // the first packet after the hold
		o.waiting = 0
	}
	switch {
	case held:
		o.header.Timestamp += call.FrameSamples
		return 0, false
	case lost:
		return call.AudioLost, true
	}
	if detectTones {
		o.hearKeys(key.busy)
	}
	clear(o.say[:])
	if !o.party.Exchange(&o.heard, &o.say) {
		return call.PartyHungUp, true
	}

	leaves := due.Add(ahead)
	switch {
	case key.event && events:
		o.flush(leaves, remote)
		header := o.header
		header.PayloadType, header.Timestamp = eventPayload, key.timestamp
		header.Marker = header.Marker || key.first
		var body [keyEventBytes]byte
		key.put(body[:])
		o.send(header, body[:], leaves, remote)
	case key.busy && !events:
		key.tone(&o.say)
		fallthrough
	default:
		o.speak(codec, payload, size, leaves, remote)
	}
	o.header.Timestamp += call.FrameSamples
	return 0, false
}

// hearKeys detects DTMF tones in the audio, for peers without telephone-event; the echo of our own tones is ignored.
func (o *outgoing) hearKeys(sending bool) {
	if sending {
		o.toneGuard = echoFrames
	}
	key, pressed := o.tones.Push(&o.heard)
	if o.toneGuard > 0 {
		o.toneGuard--
		return
	}
	if pressed {
		o.session.mu.Lock()
		o.session.pressed.press(key, byTone, time.Now())
		o.session.mu.Unlock()
	}
}

// speak encodes the frame and sends the packets that it completes; size is their length in samples. A packet that ends
// within the frame is sent earlier by the rest.
func (o *outgoing) speak(codec payloadKind, payload uint8, size int, leaves time.Time, remote netip.AddrPort) {
	if o.waitingFor != payload {
		o.flush(leaves, remote)
	}
	if o.waiting == 0 {
		o.waitingAt, o.waitingFor = o.header.Timestamp, payload
	}
	frame := o.audio[o.waiting : o.waiting+call.FrameSamples]
	if codec == alawPayload {
		EncodeALaw(frame, o.say[:])
	} else {
		EncodeULaw(frame, o.say[:])
	}
	o.waiting += call.FrameSamples
	for o.waiting >= size {
		rest := time.Duration(o.waiting-size) * time.Second / call.SampleRate
		o.sendAudio(size, leaves.Add(-rest), remote)
	}
}

// flush sends an incomplete packet before a change of payload.
func (o *outgoing) flush(leaves time.Time, remote netip.AddrPort) {
	if o.waiting > 0 {
		o.sendAudio(o.waiting, leaves, remote)
	}
}

func (o *outgoing) sendAudio(size int, leaves time.Time, remote netip.AddrPort) {
	header := o.header
	header.PayloadType, header.Timestamp = o.waitingFor, o.waitingAt
	o.send(header, o.audio[:size], leaves, remote)
	o.waiting = copy(o.audio[:], o.audio[size:o.waiting])
	o.waitingAt += uint32(size)
}

// send passes a packet to the pacer.
func (o *outgoing) send(header rtp.Header, body []byte, leaves time.Time, remote netip.AddrPort) {
	if !remote.IsValid() || remote.Addr().IsUnspecified() {
		return
	}
	packet := o.next()
	if _, err := header.MarshalTo(packet.data[:]); err == nil {
		packet.due, packet.remote, packet.length = leaves, remote, 12+copy(packet.data[12:], body)
		o.pacer.send(packet)
	}
	o.header.SequenceNumber++
	o.header.Marker = false
}
