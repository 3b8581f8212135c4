package media

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/pion/rtp"

	"nacre/internal/call"
)

const (
	lateAfter = 5 * time.Millisecond
	// maxBehind is how far sending may lag and still make up for it packet by packet. After a longer stall (a suspended
	// machine) the peer's jitter buffer has given up, and a burst would only be thrown away: the time is left out.
	maxBehind = 10 * call.FrameTime
)

// outgoing is the sending side of a served session; it belongs to the goroutine of Serve.
type outgoing struct {
	session    *Session
	party      call.Party
	header     rtp.Header
	held       bool
	heard, say call.Frame
	presses    []rune
	packet     [12 + call.FrameSamples]byte
	nextReport time.Time
}

// Serve carries audio between the peer and the party until ctx is done (ContextEnded; also when the session is
// closed), the party answers false (PartyHungUp) or nothing came from the peer for 20 s while not on hold
// (AudioLost). Called once; it leaves the sockets to Close.
func (s *Session) Serve(ctx context.Context, party call.Party) call.Ending {
	start := time.Now()
	var random [6]byte
	rand.Read(random[:])
	out := &outgoing{
		session: s, party: party, nextReport: start.Add(reportInterval()),
		header: rtp.Header{Version: 2, SSRC: s.ssrc, Marker: true,
			SequenceNumber: binary.BigEndian.Uint16(random[:]), Timestamp: binary.BigEndian.Uint32(random[2:])},
	}
	s.mu.Lock()
	s.serving, s.began = true, start
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.serving = false
		s.mu.Unlock()
	}()
	ending := out.run(ctx, start)
	out.lastKeys()
	s.report(out.header.Timestamp, true, time.Now())
	return ending
}

// run sends a frame whenever one is due; due instants are counted from the start, so nothing drifts.
func (o *outgoing) run(ctx context.Context, due time.Time) call.Ending {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return call.ContextEnded
		case <-o.session.closed:
			return call.ContextEnded
		case <-timer.C:
		}
		now := time.Now()
		for ; !due.After(now); now = time.Now() {
			if behind := now.Sub(due); behind > maxBehind {
				missed := behind / call.FrameTime
				due = due.Add(missed * call.FrameTime)
				o.header.Timestamp += uint32(missed) * call.FrameSamples
				o.header.Marker = true
			}
			if ending, over := o.frame(due); over {
				return ending
			}
			due = due.Add(call.FrameTime)
		}
		if now.After(o.nextReport) && !o.held {
			o.session.report(o.header.Timestamp, false, now)
			o.nextReport = now.Add(reportInterval())
		}
		timer.Reset(due.Sub(now))
	}
}

// lastKeys hands over what was pressed in the last moment, before the peer hung up: it may be the end of "never again".
func (o *outgoing) lastKeys() {
	o.session.mu.Lock()
	o.presses = append(o.presses[:0], o.session.pressed.presses...)
	o.session.pressed.presses = o.session.pressed.presses[:0]
	o.session.mu.Unlock()
	for _, press := range o.presses {
		o.party.Key(press)
	}
}

// frame is one step of 20 ms.
func (o *outgoing) frame(due time.Time) (ending call.Ending, over bool) {
	s := o.session
	s.mu.Lock()
	held, codec, payload, events, eventPayload :=
		s.terms.held, s.terms.codec, s.terms.codecPayload, s.terms.events, s.terms.eventPayload
	remote := s.latch.remote()
	o.presses = append(o.presses[:0], s.pressed.presses...)
	s.pressed.presses = s.pressed.presses[:0]
	var key keyStep
	lost := false
	if !held {
		s.jitter.pop(&o.heard)
		s.quiet++
		lost = s.quiet > s.lostAfter
		key = s.keys.next(o.header.Timestamp)
	}
	s.mu.Unlock()

	for _, press := range o.presses {
		o.party.Key(press)
	}
	if held != o.held {
		o.held = held
		o.party.Held(held)
		o.header.Marker = true // the first packet after the hold
	}
	switch {
	case held:
		o.header.Timestamp += call.FrameSamples
		return 0, false
	case lost:
		return call.AudioLost, true
	}
	clear(o.say[:])
	if !o.party.Exchange(&o.heard, &o.say) {
		return call.PartyHungUp, true
	}

	header := o.header
	header.PayloadType = payload
	body := o.packet[12:]
	switch {
	case key.event && events:
		header.PayloadType, header.Timestamp = eventPayload, key.timestamp
		header.Marker = header.Marker || key.first
		body = body[:keyEventBytes]
		key.put(body)
	case key.busy && !events:
		key.tone(&o.say)
		fallthrough
	default:
		if codec == alawPayload {
			EncodeALaw(body, o.say[:])
		} else {
			EncodeULaw(body, o.say[:])
		}
	}
	if remote.IsValid() && !remote.Addr().IsUnspecified() {
		if _, err := header.MarshalTo(o.packet[:]); err == nil {
			late := time.Since(due) > lateAfter
			if _, err = s.sockets.rtp.WriteToUDPAddrPort(o.packet[:12+len(body)], remote); err == nil {
				s.sent.Add(1)
				s.sentOctets.Add(uint32(len(body)))
				if late {
					s.late.Add(1)
				}
			}
		}
		o.header.SequenceNumber++
		o.header.Marker = false
	}
	o.header.Timestamp += call.FrameSamples
	return 0, false
}
