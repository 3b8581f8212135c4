package media

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"nacre/internal/call"
)

func TestKeysArriveOncePerPress(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	serve(t.Context(), s, listener)
	p.must() // serving
	for _, code := range []uint8{5, 5, 11, 16} {
		for n := range 7 {
			event := keyEvent{code, n >= 4, uint16(min(n+1, 5) * 160)}
			payload := make([]byte, 4)
			event.put(payload)
			p.send(101, payload)
		}
		p.header.Timestamp += 1280
	}
	p.speak()
	listener.until(t, "keys", func() bool { return len(listener.keys) == 3 })
	p.must()
	p.must()
	if string(listener.keys) != "55#" {
		t.Errorf("keys %q", listener.keys)
	}
}

func TestSentKeysFollowRFC4733(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(peerSDP(p.at, "0 96", "sendrecv")); err != nil { // its own payload type for events
		t.Fatal(err)
	}
	s.SendKeys("7A")
	serve(t.Context(), s, newPerson())
	var events []rtp.Packet
	sequence, frames := p.must(), 1
	events = append(events, sequence)
	for len(events) < 14 {
		next := p.must()
		frames++
		if next.SequenceNumber != sequence.SequenceNumber+1 {
			t.Fatal("a gap in the sequence")
		}
		sequence = next
		if next.PayloadType == 96 {
			events = append(events, next)
		} else if len(next.Payload) != 160 {
			t.Errorf("payload type %d of %d bytes", next.PayloadType, len(next.Payload))
		}
	}
	if frames != 15 {
		t.Errorf("two keys took %d frames", frames)
	}
	for i, packet := range events {
		event, ok := parseKeyEvent(packet.Payload)
		n := i % 7
		want := keyEvent{[]uint8{7, 12}[i/7], n >= 4, uint16(min(n+1, 5) * 160)}
		if !ok || event != want || packet.Marker != (n == 0) || packet.Timestamp != events[i-n].Timestamp {
			t.Errorf("packet %d: %+v, want %+v; %v", i, event, want, &packet)
		}
	}
	if events[7].Timestamp != events[0].Timestamp+8*160 {
		t.Error("the second key is not 160 ms after the first")
	}
	if after := p.must(); after.Timestamp != events[7].Timestamp+7*160 && after.Timestamp != events[7].Timestamp+8*160 {
		t.Error("the audio's clock did not run on through the keys")
	}
}

func TestKeysAreTonesWhereEventsAreNotAgreed(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(peerSDP(p.at, "0", "sendrecv")); err != nil {
		t.Fatal(err)
	}
	s.SendKeys("5")
	serve(t.Context(), s, newPerson())
	var heard []int16
	for range 8 {
		packet := p.must()
		if packet.PayloadType != 0 {
			t.Fatalf("payload type %d", packet.PayloadType)
		}
		var frame call.Frame
		DecodeULaw(frame[:], packet.Payload)
		heard = append(heard, frame[:]...)
	}
	power := func(samples []int16, frequency float64) float64 {
		var re, im float64
		for i, sample := range samples {
			re += float64(sample) * math.Cos(2*math.Pi*frequency*float64(i)/8000)
			im += float64(sample) * math.Sin(2*math.Pi*frequency*float64(i)/8000)
		}
		return math.Hypot(re, im) / float64(len(samples))
	}
	tone := heard[:800]
	for _, frequency := range []float64{770, 1336} {
		if power(tone, frequency) < 2500 {
			t.Errorf("no %v Hz in the tone", frequency)
		}
	}
	for _, frequency := range []float64{697, 852, 941, 1209, 1477, 1633} {
		if power(tone, frequency) > 600 {
			t.Errorf("%v Hz in the tone", frequency)
		}
	}
	for _, sample := range heard[800:] {
		if sample != 0 {
			t.Fatal("the gap is not silent")
		}
	}
}

// sing sends a key as it sounds, frame by frame in time.
func (p *peer) sing(key rune) {
	p.Helper()
	ticker := time.NewTicker(call.FrameTime)
	defer ticker.Stop()
	for n := range keyFrames + gapFrames {
		var frame call.Frame
		keyStep{keyEvent: keyEvent{code: uint8(strings.IndexRune(keySigns, key))}, frame: n + 1}.tone(&frame)
		payload := make([]byte, call.FrameSamples)
		EncodeULaw(payload, frame[:])
		<-ticker.C
		p.send(0, payload)
		p.header.Timestamp += call.FrameSamples
	}
}

func TestKeysAreHeardInTheAudioWhereEventsAreNotAgreed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ formats, want string }{{"0", "*9D"}, {"0 101", ""}} {
		t.Run(test.formats, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			p := newPeer(t, s)
			if err := s.Accept(peerSDP(p.at, test.formats, "sendrecv")); err != nil {
				t.Fatal(err)
			}
			listener := newPerson()
			serve(t.Context(), s, listener)
			p.must() // serving
			p.sing('*')
			p.sing('9')
			if test.want != "" {
				listener.until(t, "the tones", func() bool { return len(listener.keys) == 2 })
			}
			s.Press('D')
			listener.until(t, "the last key", func() bool { return len(listener.keys) > 0 && listener.keys[len(listener.keys)-1] == 'D' })
			listener.mu.Lock()
			defer listener.mu.Unlock()
			if got := string(listener.keys); test.want != "" && got != test.want || test.want == "" && got != "D" {
				t.Errorf("keys %q", got)
			}
		})
	}
}

// A tone of ours that comes back from the line is nobody's key.
func TestOurOwnTonesAreNotHeard(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(peerSDP(p.at, "0", "sendrecv")); err != nil {
		t.Fatal(err)
	}
	s.SendKeys("1")
	listener := newPerson()
	serve(t.Context(), s, listener)
	for range 40 {
		p.send(0, p.must().Payload)
		p.header.Timestamp += call.FrameSamples
	}
	listener.mu.Lock()
	defer listener.mu.Unlock()
	if len(listener.keys) > 0 {
		t.Errorf("keys %q", string(listener.keys))
	}
}

// A key that arrived in the last moment before the end is not lost: it may be the 9 of "never again".
func TestTheLastKeyIsHandedOver(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	if err := s.Accept([]byte("c=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n")); err != nil {
		t.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(t.Context())
	p := newPerson()
	p.exchange = func(_, _ *call.Frame) bool {
		s.mu.Lock()
		s.pressed.packet(77, 1, 1000, true, []byte{9, 10, 0, 160}, time.Now())
		s.mu.Unlock()
		hangUp()
		return true
	}
	if ending := await(t, serve(ctx, s, p)); ending != call.ContextEnded || string(p.keys) != "9" {
		t.Errorf("%v with keys %q", ending, string(p.keys))
	}
}
