package media

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"nacre/internal/call"
)

// sink is a socket that tells which packets came, by their first byte.
type sink struct {
	t    *testing.T
	conn *net.UDPConn
}

func newSink(t *testing.T) sink {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return sink{t, conn}
}

func (s sink) address() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// came is what has arrived so far: on loopback a packet is there when the write returns.
func (s sink) came() (names string) {
	s.t.Helper()
	buffer := make([]byte, maxDatagram)
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			s.t.Fatal(err)
		}
		n, err := s.conn.Read(buffer)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return names
		}
		if err != nil || n != 12 {
			s.t.Fatal(n, err)
		}
		names += string(buffer[0])
	}
}

func (p *pacer) packet(s *Session, to netip.AddrPort, name byte, due time.Duration) *pacedPacket {
	packet := &pacedPacket{due: p.epoch.Add(due), session: s, remote: to, length: 12}
	packet.data[0] = name
	p.send(packet)
	return packet
}

func TestPacketsLeaveAtTheirStep(t *testing.T) {
	t.Parallel()
	s, to, p := newSession(t), newSink(t), newPacer()
	p.epoch = p.epoch.Add(time.Hour) // no packet is late however slow the test is
	expect := func(step int64, want string) {
		t.Helper()
		p.step(step)
		if got := to.came(); got != want {
			t.Errorf("step %d: %q left, want %q", step, got, want)
		}
	}
	const ms = time.Millisecond
	c := p.packet(s, to.address(), 'c', 20*ms)
	p.packet(s, to.address(), 'a', 3*ms)
	p.packet(s, to.address(), 'b', 3*ms)
	p.packet(s, to.address(), 'd', 19*ms+ms/2) // before the step that it leaves at, never after it
	expect(0, "")
	expect(2, "")
	expect(3, "ab")
	p.packet(s, to.address(), 'e', 3*ms) // handed over too late
	expect(3, "e")
	p.packet(s, to.address(), 'f', 5*ms)
	expect(19, "f")
	if !c.waiting.Load() {
		t.Error("a packet was given back before it left")
	}
	expect(20, "cd")
	if c.waiting.Load() {
		t.Error("a packet was not given back")
	}
	p.packet(s, to.address(), 'g', 40*ms)
	p.packet(s, to.address(), 'h', 24*ms)
	expect(21, "")
	expect(1000, "hg") // a long stall
	p.packet(s, to.address(), 'i', 5000*ms)
	expect(1001, "") // further away than there are steps: it leaves at the last
	expect(1001+pacerSteps, "i")
	if p.queued != 0 || p.inbox.Load() != nil {
		t.Errorf("%d packets are left", p.queued)
	}
	if stats := s.Stats(); stats.Sent != 9 || stats.Late != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestLatePacketsAreCounted(t *testing.T) {
	t.Parallel()
	s, to, p := newSession(t), newSink(t), newPacer()
	p.packet(s, to.address(), 'a', -time.Minute)
	p.packet(s, to.address(), 'b', time.Minute)
	p.step(0)
	p.step(pacerSteps)
	if stats := s.Stats(); to.came() != "ab" || stats.Sent != 2 || stats.Late != 1 {
		t.Errorf("%+v", stats)
	}
}

// A session that was closed, or whose peer cannot be reached, costs the others nothing.
func TestWhatCannotBeSentIsGivenBack(t *testing.T) {
	t.Parallel()
	closed, s, to, p := newSession(t), newSession(t), newSink(t), newPacer()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	packets := []*pacedPacket{
		p.packet(closed, to.address(), 'a', 0),
		p.packet(s, netip.MustParseAddrPort("[fe80::1%nowhere]:9"), 'b', 0),
		p.packet(s, netip.MustParseAddrPort("127.0.0.1:0"), 'c', 0),
		p.packet(s, to.address(), 'd', 0),
	}
	p.step(1)
	for n, packet := range packets {
		if packet.waiting.Load() {
			t.Errorf("packet %d is still the pacer's", n)
		}
	}
	if got := to.came(); got != "d" || s.Stats().Sent != 1 || closed.Stats().Sent != 0 {
		t.Errorf("%q left, %+v", got, s.Stats())
	}
}

// Not parallel: processors are counted for the whole process. What the last frame said leaves before Serve returns, and
// the pacer lets go of its processor without calls, and takes it again.
func TestThePacerSleepsWithoutCalls(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for range 3 {
		s, p := newSession(t), newSink(t)
		err := s.Accept([]byte("c=IN IP4 127.0.0.1\r\nm=audio " + netip.AddrPortFrom(loopback, p.address().Port()).String()[len("127.0.0.1:"):] + " RTP/AVP 0\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		party := newPerson()
		party.exchange = func(_, _ *call.Frame) bool {
			party.mu.Lock()
			defer party.mu.Unlock()
			return party.count <= 5
		}
		if ending := await(t, serve(context.Background(), s, party)); ending != call.PartyHungUp {
			t.Fatal(ending)
		}
		if stats := s.Stats(); stats.Sent != 5 {
			t.Errorf("%d packets left before the end, want 5", stats.Sent)
		}
		for deadline := time.Now().Add(5 * time.Second); runtime.GOMAXPROCS(0) != before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d processors, before the call %d", runtime.GOMAXPROCS(0), before)
			}
		}
	}
}
