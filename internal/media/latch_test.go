package media

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"nacre/internal/call"
)

var (
	signalled = netip.MustParseAddrPort("192.0.2.1:4000")
	otherPort = netip.MustParseAddrPort("192.0.2.1:4444")
	outside   = netip.MustParseAddrPort("198.51.100.7:5000") // of the peer's NAT, which its signalling comes from too
	intruder  = netip.MustParseAddrPort("203.0.113.9:6000")
	third     = netip.MustParseAddrPort("198.51.100.80:5000")
)

func everywhere(netip.Addr) bool { return true }

func TestLatch(t *testing.T) {
	t.Parallel()
	const (
		soon  = silentTime / 2 // since the packet before
		later = silentTime + time.Millisecond
	)
	type packet struct {
		from     netip.AddrPort
		after    time.Duration
		ssrc     uint32
		sequence uint16
		admitted bool
	}
	for name, test := range map[string]struct {
		packets []packet
		source  netip.AddrPort
	}{
		"nothing yet":  {nil, signalled},
		"as signalled": {[]packet{{signalled, 0, 1, 1, true}, {otherPort, 0, 1, 2, false}, {intruder, 0, 1, 2, false}, {signalled, 0, 1, 2, true}}, signalled},
		"another port from the start": {[]packet{{otherPort, 0, 1, 1, false}, {otherPort, soon, 1, 2, false}, {otherPort, later, 1, 3, false}, {otherPort, 0, 1, 4, false},
			{otherPort, 0, 1, 5, true}, {otherPort, 0, 1, 6, true}}, otherPort},
		"an old port, then the named one": {[]packet{{otherPort, 0, 1, 1, false}, {signalled, later, 2, 7, true}, {otherPort, 0, 1, 2, false}}, signalled},
		"behind a NAT": {[]packet{{outside, soon, 1, 65534, false}, {outside, later, 1, 65535, false}, {outside, 0, 1, 0, false}, {outside, 0, 1, 1, true},
			{intruder, 0, 3, 2, false}}, outside},
		"the named one speaks": {[]packet{{outside, later, 1, 1, false}, {outside, 0, 1, 2, false}, {outside, 0, 1, 3, true}, {signalled, 0, 2, 9, true},
			{outside, 0, 1, 4, false}, {outside, 0, 1, 5, false}, {outside, 0, 1, 6, false}}, signalled},
		"three packets of a third host": {[]packet{{intruder, later, 1, 1, false}, {intruder, 0, 1, 2, false}, {intruder, 0, 1, 3, false}, {intruder, 0, 1, 4, false}}, signalled},
		"spray":                         {[]packet{{intruder, later, 1, 1, false}, {intruder, 0, 2, 2, false}, {intruder, 0, 2, 4, false}, {outside, 0, 2, 5, false}}, signalled},
		"strangers in turn":             {[]packet{{outside, later, 1, 1, false}, {intruder, 0, 1, 2, false}, {outside, 0, 1, 2, false}, {intruder, 0, 1, 3, false}}, signalled},
		"a pause of the peer": {[]packet{{signalled, 0, 1, 1, true}, {intruder, later, 9, 1, false}, {intruder, 0, 9, 2, false}, {intruder, 0, 9, 3, false},
			{intruder, later, 9, 4, false}, {signalled, 0, 1, 2, true}}, signalled},
		"the port moves": {[]packet{{signalled, 0, 1, 1, true}, {otherPort, soon, 1, 2, false}, {otherPort, later, 4, 7, false}, {otherPort, 0, 4, 8, false},
			{otherPort, 0, 4, 9, true}, {signalled, 0, 4, 10, true}}, signalled},
		"the outside of a NAT moves": {[]packet{{signalled, 0, 1, 1, true}, {outside, later, 1, 40, false}, {outside, 0, 1, 41, false}, {outside, 0, 1, 42, true},
			{intruder, later, 1, 42, false}, {intruder, 0, 1, 41, false}}, outside},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1, 0)
			l := latch{signals: outside.Addr()}
			if l.admit(signalled, 1, 1, now, everywhere) {
				t.Error("a stream before any description")
			}
			l.arm(signalled, now)
			l.admitStrangers(true, now)
			for i, p := range test.packets {
				now = now.Add(p.after)
				if got := l.admit(p.from, p.ssrc, p.sequence, now, everywhere); got != p.admitted {
					t.Errorf("packet %d: %v", i, got)
				}
			}
			if l.heard() != test.source {
				t.Errorf("the stream is of %v", l.heard())
			}
		})
	}
}

func TestNoStrangerIsAdmitted(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(l *latch, now time.Time) (allowed func(netip.Addr) bool){
		"where the trunk forbids it": func(l *latch, now time.Time) func(netip.Addr) bool {
			l.admitStrangers(false, now)
			return everywhere
		},
		"of an address that the operator forbids": func(*latch, time.Time) func(netip.Addr) bool {
			return func(netip.Addr) bool { return false }
		},
		"once the named host was heard": func(l *latch, _ time.Time) func(netip.Addr) bool {
			l.note(signalled.Addr())
			return everywhere
		},
		"just after a hold": func(l *latch, now time.Time) func(netip.Addr) bool {
			l.admitStrangers(false, now)
			l.admitStrangers(true, now.Add(time.Minute))
			return everywhere
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1, 0)
			var l latch
			l.arm(signalled, now)
			l.admitStrangers(true, now)
			allowed := prepare(&l, now)
			for n := range uint16(20) {
				if l.admit(outside, 1, n, now.Add(time.Minute), allowed) {
					t.Fatalf("admitted with packet %d", n)
				}
			}
			if !l.admit(signalled, 2, 1, now, allowed) {
				t.Error("the named address is not heard")
			}
		})
	}
}

// A peer that says nothing must not lose its call to whoever finds its port: a host that neither its description nor its
// signalling names is heard only after it has sent as a caller does for hostTime, and no longer than those are silent.
func TestAThirdHostWaits(t *testing.T) {
	t.Parallel()
	type sender struct {
		every time.Duration
		step  uint16
	}
	steady := sender{20 * time.Millisecond, 1}
	// sends sends for a while, and returns when the first packet was admitted; 0 = none.
	sends := func(l *latch, now *time.Time, from netip.AddrPort, how sender, lasts time.Duration) time.Duration {
		start, sequence := *now, uint16(65000)
		for now.Sub(start) < lasts {
			*now, sequence = now.Add(how.every), sequence+how.step
			if l.admit(from, 5, sequence, *now, everywhere) {
				return now.Sub(start)
			}
		}
		return 0
	}
	armed := func() (*latch, time.Time) {
		now := time.Unix(1, 0)
		l := &latch{signals: outside.Addr()}
		l.arm(signalled, now)
		l.admitStrangers(true, now)
		return l, now
	}
	for name, how := range map[string]sender{
		"a flood": {2 * time.Millisecond, 1}, "now and then": {300 * time.Millisecond, 1}, "at random": {20 * time.Millisecond, 1000},
	} {
		l, now := armed()
		if at := sends(l, &now, third, how, time.Minute); at != 0 {
			t.Errorf("%s is heard after %v", name, at)
		}
		if at := sends(l, &now, otherPort, steady, time.Second); at == 0 || at > 100*time.Millisecond {
			t.Errorf("%s: the peer from another port is heard after %v", name, at)
		}
	}
	for name, lost := range map[string]sender{"without loss": steady, "with loss": {60 * time.Millisecond, 3}} {
		l, now := armed()
		now = now.Add(silentTime)
		if at := sends(l, &now, third, lost, time.Minute); at < hostTime || at > hostTime+time.Second {
			t.Errorf("a third host %s is heard after %v", name, at)
		}
		if at := sends(l, &now, otherPort, steady, time.Second); at == 0 || at > 100*time.Millisecond {
			t.Errorf("the peer takes its stream back after %v", at)
		}
	}
	l, now := armed()
	now = now.Add(silentTime)
	sends(l, &now, third, steady, time.Minute)
	if l.heard() != third {
		t.Fatal("a third host is never heard")
	}
	if l.note(signalled.Addr()); l.heard() != signalled {
		t.Errorf("after a report of the peer the stream is of %v", l.heard())
	}
	if at := sends(l, &now, third, steady, time.Minute); at != 0 {
		t.Errorf("after a report of the peer a third host is heard after %v", at)
	}
	l, now = armed()
	l.arm(signalled, now)
	if now = now.Add(silentTime); sends(l, &now, outside, steady, time.Second) == 0 {
		t.Error("the host of the signalling is not heard")
	}
}

// A person who is silent after answering, at a carrier that sends nothing meanwhile, and a sprayer who presses keys.
func TestASprayerIsNotHeardBeforeTheFirstWord(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	serve(t.Context(), s, listener)
	for range 65 { // 1.3 s
		p.must()
	}
	sprayer(t, p.to)
	for range 115 { // until 3.6 s
		p.must()
	}
	stop := p.talk()
	listener.until(t, "the peer is heard", func() bool { return listener.loud > 25 })
	stop()
	s.mu.Lock()
	heard := s.latch.heard()
	s.mu.Unlock()
	listener.mu.Lock()
	defer listener.mu.Unlock()
	if heard != p.at || len(listener.keys) > 0 {
		t.Errorf("the stream is of %v, keys %q", heard, string(listener.keys))
	}
}

func TestANewDescriptionWinsOverTheOldStream(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	var l latch
	l.arm(signalled, now)
	l.admitStrangers(true, now)
	l.admit(signalled, 1, 1, now, everywhere)
	moved := netip.MustParseAddrPort("192.0.2.50:4000")
	l.arm(moved, now)
	for n := range uint16(10) {
		if l.admit(signalled, 1, 2+n, now.Add(silentTime/2), everywhere) {
			t.Fatal("stragglers won")
		}
	}
	if !l.admit(moved, 7, 1, now.Add(silentTime/2), everywhere) || l.heard() != moved {
		t.Errorf("the stream is of %v", l.heard())
	}
}

// drain takes what was under way.
func (p *peer) drain() {
	p.Helper()
	for range 500 {
		if _, ok := p.read(60 * time.Millisecond); !ok {
			return
		}
	}
	p.Fatal("packets without end")
}

// sprayer is somebody who knows the port of a call, and nothing else of it: it sends audio and a key, as fast as a
// sender with ten calls, until the test ends.
func sprayer(t *testing.T, to netip.AddrPort) {
	t.Helper()
	socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:0")))
	if err != nil {
		t.Fatal(err)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		report, _ := (&rtcp.SenderReport{SSRC: 666}).Marshal()
		header := rtp.Header{Version: 2, SSRC: 666}
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			payload := bytes.Repeat([]byte{0x80, 0}, call.FrameSamples/2) // as loud as can be
			header.PayloadType = 0
			if header.SequenceNumber++; header.SequenceNumber%3 == 0 {
				header.PayloadType, payload = 101, []byte{1, 0x80, 1, 64}
			}
			header.Timestamp += call.FrameSamples
			datagram, _ := (&rtp.Packet{Header: header, Payload: payload}).Marshal()
			_, _ = socket.WriteToUDPAddrPort(datagram, to)
			_, _ = socket.WriteToUDPAddrPort(report, netip.AddrPortFrom(to.Addr(), to.Port()+1))
		}
	}()
	t.Cleanup(sync.OnceFunc(func() { close(done); <-ended; socket.Close() }))
}

// Contract 9.7: 12 of 13 calls were once taken by three packets in sequence from anywhere.
func TestASprayerIsNotHeard(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lock, before, during bool
	}{
		"before the peer's first packet":                 {false, true, false},
		"during the call":                                {false, false, true},
		"before and after, with an address that is held": {true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.cfg.Lock = test.lock
			p := newPeer(t, s)
			if err := s.Accept(p.sdp("sendrecv")); err != nil {
				t.Fatal(err)
			}
			listener := newPerson()
			if test.before {
				sprayer(t, p.to)
			}
			serve(t.Context(), s, listener)
			if test.lock { // the peer says nothing for longer than a stranger would have to wait
				for range 75 {
					p.must()
				}
			}
			stop := p.talk()
			listener.until(t, "the peer is heard", func() bool { return listener.loud > 25 })
			if test.during {
				sprayer(t, p.to)
			}
			for range 50 {
				p.must()
			}
			stop() // a pause of the peer, longer than a stranger must wait
			for range 75 {
				p.must() // our audio still goes to the peer
			}
			s.mu.Lock()
			heard, reports := s.latch.heard(), s.rtcpSource
			s.mu.Unlock()
			listener.mu.Lock()
			defer listener.mu.Unlock()
			if heard != p.at || reports.IsValid() || len(listener.keys) > 0 {
				t.Errorf("the stream is of %v, reports of %v, keys %q", heard, reports, string(listener.keys))
			}
		})
	}
}

// A peer behind a NAT is heard after a second; the address it names, should it speak after all, is heard at once.
func TestTheStreamFollowsThePeer(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p, other := newPeer(t, s), newPeer(t, s)
	other.header.SSRC = 99
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	serve(t.Context(), s, listener)
	stop := other.talk()
	other.must()
	listener.until(t, "another port is heard", func() bool { return listener.loud > 3 })
	stop()
	p.drain()
	p.speak()
	p.must()
	other.drain()
	for range 5 {
		p.must()
	}
	if _, ok := other.read(time.Millisecond); ok {
		t.Error("audio goes to both")
	}
}

// Some gateways send from another port than the one they listen on.
func TestAudioGoesToTheDescribedAddressWhereTheTrunkSaysSo(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.cfg.ToDescription = true
	p, other := newPeer(t, s), newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	serve(t.Context(), s, listener)
	other.talk()
	listener.until(t, "the other port is heard", func() bool { return listener.loud > 10 })
	p.must()
	if _, ok := other.read(100 * time.Millisecond); ok {
		t.Error("audio went to the source")
	}
}
