package media

import (
	"bytes"
	"context"
	"math"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"nacre/internal/call"
)

// Real time on loopback: sockets do not work in a synctest bubble. Every test ends itself within a few seconds.

var loopback = netip.MustParseAddr("127.0.0.1")

func newSession(t *testing.T, codecs ...string) *Session {
	t.Helper()
	s, err := NewSession(NewPorts(loopback, 0, 0), Config{Advertise: loopback, Codecs: codecs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// person is a party that notes what happens to it.
type person struct {
	exchange func(heard, say *call.Frame) bool

	mu    sync.Mutex
	count int
	loud  int // frames heard that were no silence
	keys  []rune
	holds []bool
	news  chan struct{}
}

func newPerson() *person {
	return &person{news: make(chan struct{}, 1)}
}

func (p *person) tell() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

func (p *person) Exchange(heard, say *call.Frame) bool {
	p.mu.Lock()
	p.count++
	if peak(heard) > 500 {
		p.loud++
	}
	p.mu.Unlock()
	p.tell()
	return p.exchange == nil || p.exchange(heard, say)
}

func (p *person) Key(key rune) {
	p.mu.Lock()
	p.keys = append(p.keys, key)
	p.mu.Unlock()
	p.tell()
}

func (p *person) Held(on bool) {
	p.mu.Lock()
	p.holds = append(p.holds, on)
	p.mu.Unlock()
	p.tell()
}

// until waits for a condition, which is tried whenever something happened to the person.
func (p *person) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	limit := time.After(5 * time.Second)
	for {
		p.mu.Lock()
		done := condition()
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-p.news:
		case <-limit:
			t.Fatalf("no %s within 5 s", what)
		}
	}
}

// serve runs the session in the background; the ending comes when it is over.
func serve(ctx context.Context, s *Session, p call.Party) <-chan call.Ending {
	ending := make(chan call.Ending, 1)
	go func() { ending <- s.Serve(ctx, p) }()
	return ending
}

func await(t *testing.T, ending <-chan call.Ending) call.Ending {
	t.Helper()
	select {
	case e := <-ending:
		return e
	case <-time.After(5 * time.Second):
		t.Fatal("Serve did not return within 5 s")
		return 0
	}
}

// peer is a plain socket with an SDP of its own.
type peer struct {
	*testing.T
	rtp, rtcp *net.UDPConn
	at        netip.AddrPort
	to        netip.AddrPort
	header    rtp.Header
}

func newPeer(t *testing.T, s *Session) *peer {
	t.Helper()
	sockets, err := NewPorts(loopback, 0, 0).open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sockets.rtp.Close(); sockets.rtcp.Close() })
	return &peer{T: t, rtp: sockets.rtp, rtcp: sockets.rtcp, at: netip.AddrPortFrom(loopback, uint16(sockets.port)),
		to:     netip.AddrPortFrom(loopback, uint16(s.sockets.port)),
		header: rtp.Header{Version: 2, SSRC: 77, SequenceNumber: 65530, Timestamp: math.MaxUint32 - 400}}
}

func (p *peer) sdp(direction string) []byte {
	return peerSDP(p.at, "0 101", direction)
}

func (p *peer) send(payloadType uint8, payload []byte) {
	p.Helper()
	p.header.PayloadType = payloadType
	datagram, err := (&rtp.Packet{Header: p.header, Payload: payload}).Marshal()
	if err != nil {
		p.Fatal(err)
	}
	if _, err := p.rtp.WriteToUDPAddrPort(datagram, p.to); err != nil {
		p.Fatal(err)
	}
	p.header.SequenceNumber++
}

// speak sends a loud frame.
func (p *peer) speak() {
	p.Helper()
	p.send(0, bytes.Repeat([]byte{0x90, 0x10}, call.FrameSamples/2))
	p.header.Timestamp += call.FrameSamples
}

// read gives the next packet, or false when none came in time.
func (p *peer) read(within time.Duration) (rtp.Packet, bool) {
	p.Helper()
	var packet rtp.Packet
	buffer := make([]byte, 2048)
	if err := p.rtp.SetReadDeadline(time.Now().Add(within)); err != nil {
		p.Fatal(err)
	}
	n, err := p.rtp.Read(buffer)
	if err != nil {
		return packet, false
	}
	if err := packet.Unmarshal(buffer[:n]); err != nil {
		p.Fatal(err)
	}
	return packet, true
}

func (p *peer) must() rtp.Packet {
	p.Helper()
	packet, ok := p.read(2 * time.Second)
	if !ok {
		p.Fatal("no packet within 2 s")
	}
	return packet
}

// talk speaks a frame every 20 ms until the test ends or stop is called.
func (p *peer) talk() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(call.FrameTime)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				p.speak()
			}
		}
	}()
	stop = sync.OnceFunc(func() { close(done); <-ended })
	p.Cleanup(stop)
	return stop
}

func TestTwoSessionsTalk(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"PCMU", "PCMA"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			caller, callee := newSession(t), newSession(t, codec)
			answer, err := callee.Answer(caller.Offer())
			if err != nil {
				t.Fatal(err)
			}
			if err := caller.Accept(answer); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			say := func(level int16) func(heard, say *call.Frame) bool {
				return func(_, say *call.Frame) bool {
					for i := range say {
						say[i] = level * int16(1-i/4%2*2)
					}
					return true
				}
			}
			one, two := newPerson(), newPerson()
			one.exchange, two.exchange = say(8000), say(4000)
			oneEnds, twoEnds := serve(ctx, caller, one), serve(ctx, callee, two)
			caller.SendKeys("12#")
			callee.SendKeys("*d x")
			one.until(t, "keys and audio", func() bool { return string(one.keys) == "*D" && one.loud > 10 })
			two.until(t, "keys and audio", func() bool { return string(two.keys) == "12#" && two.loud > 10 })
			cancel()
			if a, b := await(t, oneEnds), await(t, twoEnds); a != call.ContextEnded || b != call.ContextEnded {
				t.Errorf("ended by %v and %v", a, b)
			}
			stats := caller.Stats()
			if stats.Codec != codec || stats.Sent < 20 || stats.Received < 20 || stats.Lost > 0 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

func TestPacketsLeaveEvery20ms(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.read(60 * time.Millisecond); ok {
		t.Fatal("a packet before Serve")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ending := serve(ctx, s, newPerson())
	first := p.must()
	began := time.Now()
	const packets = 50
	last := first
	for n := 1; n <= packets; n++ {
		next := p.must()
		if next.SSRC != first.SSRC || next.SequenceNumber != last.SequenceNumber+1 || next.Timestamp != last.Timestamp+160 ||
			next.PayloadType != 0 || len(next.Payload) != 160 || next.Marker {
			t.Fatalf("packet %d: %v after %v", n, &next, &last)
		}
		last = next
	}
	if took := time.Since(began); took < packets*call.FrameTime-30*time.Millisecond || took > packets*call.FrameTime+200*time.Millisecond {
		t.Errorf("%d packets took %v", packets, took)
	}
	if !first.Marker || first.Payload[0] != 0xFF {
		t.Errorf("the first packet is %v", &first)
	}
	cancel()
	if got := await(t, ending); got != call.ContextEnded {
		t.Errorf("ended by %v", got)
	}
	if stats := s.Stats(); stats.Sent < packets+1 {
		t.Errorf("%+v", stats)
	}

	// the goodbye, with figures
	buffer := make([]byte, 2048)
	p.rtcp.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, err := p.rtcp.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := rtcp.Unmarshal(buffer[:n])
	if err != nil {
		t.Fatal(err)
	}
	sender, ok := reports[0].(*rtcp.SenderReport)
	if !ok || sender.SSRC != first.SSRC || uint64(sender.PacketCount) != s.Stats().Sent || sender.OctetCount != sender.PacketCount*160 {
		t.Errorf("first report %v", reports[0])
	}
	if _, ok := reports[1].(*rtcp.SourceDescription); !ok {
		t.Errorf("second report %v", reports[1])
	}
	if bye, ok := reports[len(reports)-1].(*rtcp.Goodbye); !ok || bye.Sources[0] != first.SSRC {
		t.Errorf("last report %v", reports[len(reports)-1])
	}
}

func TestNothingIsHeardOfEarlyMedia(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		p.speak()
	}
	if _, ok := p.read(50 * time.Millisecond); ok { // and gives the packets time to arrive
		t.Fatal("a packet before Serve")
	}
	listener := newPerson()
	listener.exchange = func(_, _ *call.Frame) bool { return listener.count < 20 }
	if got := await(t, serve(t.Context(), s, listener)); got != call.PartyHungUp {
		t.Errorf("ended by %v", got)
	}
	if listener.loud > 0 || s.Stats().Received > 0 {
		t.Errorf("heard %d frames of early media, %+v", listener.loud, s.Stats())
	}
}

func TestSilenceOfThePeerEndsTheCallExceptOnHold(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	if s.lostAfter != 1000 {
		t.Errorf("audio is lost after %d frames", s.lostAfter)
	}
	s.lostAfter = 15
	p := newPeer(t, s)
	if _, err := s.Answer(p.sdp("inactive")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	ending := serve(t.Context(), s, listener)
	listener.until(t, "hold", func() bool { return len(listener.holds) == 1 && listener.holds[0] })
	if _, ok := p.read(500 * time.Millisecond); ok {
		t.Error("a packet on hold")
	}
	select {
	case e := <-ending:
		t.Fatalf("on hold ended by %v", e)
	default:
	}
	if listener.count > 0 {
		t.Error("Exchange was called on hold")
	}
	if _, err := s.Answer(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	if first := p.must(); !first.Marker {
		t.Error("no marker after the hold")
	}
	if got := await(t, ending); got != call.AudioLost {
		t.Errorf("ended by %v", got)
	}
	if listener.count != 15 || len(listener.holds) != 2 || listener.holds[1] {
		t.Errorf("%d frames, holds %v", listener.count, listener.holds)
	}
}

func TestHoldAndResumeKeepOneStream(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	p.talk()
	listener := newPerson()
	ending := serve(t.Context(), s, listener)
	listener.until(t, "audio", func() bool { return listener.loud > 3 })
	if _, err := s.Answer(p.sdp("sendonly")); err != nil {
		t.Fatal(err)
	}
	listener.until(t, "hold", func() bool { return len(listener.holds) == 1 })
	before := p.must()
	for { // what was under way
		next, ok := p.read(100 * time.Millisecond)
		if !ok {
			break
		}
		before = next
	}
	listener.mu.Lock()
	count := listener.count
	listener.mu.Unlock()
	if _, ok := p.read(100 * time.Millisecond); ok {
		t.Error("a packet on hold")
	}
	if _, err := s.Answer(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	after := p.must()
	if gap := after.Timestamp - before.Timestamp; after.SSRC != before.SSRC || after.SequenceNumber != before.SequenceNumber+1 ||
		!after.Marker || gap%160 != 0 || gap < 10*160 {
		t.Errorf("%v after %v", &after, &before)
	}
	listener.until(t, "audio after the hold", func() bool { return listener.count > count && listener.loud > count })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := await(t, ending); got != call.ContextEnded {
		t.Errorf("ended by %v", got)
	}
}

func TestOtherAddressesNeverMoveAStream(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p, other := newPeer(t, s), newPeer(t, s)
	other.header.SSRC = 99
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	stop := p.talk()
	listener := newPerson()
	serve(t.Context(), s, listener)
	listener.until(t, "audio", func() bool { return listener.loud > 3 })
	for range 10 {
		other.send(0, make([]byte, 160))
	}
	if _, ok := other.read(100 * time.Millisecond); ok {
		t.Error("the stream moved to another address")
	}
	// a re-INVITE moves it, and the old one is no longer heard
	if _, err := s.Answer(other.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	other.must()
	other.speak()
	received := s.Stats().Received
	for range 5 {
		other.must()
	}
	stop()
	if now := s.Stats().Received; now > received+1 {
		t.Errorf("%d packets of the old address count", now-received)
	}
}

// Not parallel: allocations are counted for the whole process.
func TestAFrameAllocatesNothing(t *testing.T) {
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	s.serving = true
	out := &outgoing{session: s, party: &quietParty{}, pacer: newPacer(), header: rtp.Header{Version: 2}}
	p.header.PayloadType = 0
	datagram, err := (&rtp.Packet{Header: p.header, Payload: make([]byte, 160)}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var packet rtp.Packet
	frames := 0
	step := func() {
		frames++
		datagram[2], datagram[3] = byte(frames>>8), byte(frames)
		s.receiveDatagram(&packet, datagram, p.at, time.Now())
		if _, over := out.frame(time.Now().Add(-ahead - pacerStep)); over {
			t.Fatal("over")
		}
		out.pacer.step(out.pacer.now())
	}
	for range ringSlots {
		step()
	}
	if n := testing.AllocsPerRun(200, step); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if s.Stats().Received != uint64(frames) || s.Stats().Sent != uint64(frames) {
		t.Errorf("%+v after %d frames", s.Stats(), frames)
	}
}

type quietParty struct{}

func (*quietParty) Exchange(_, _ *call.Frame) bool { return true }
func (*quietParty) Key(rune)                       {}
func (*quietParty) Held(bool)                      {}
