package telephony

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/destination"
)

// TestStrangersAreAnsweredOnce: a refusal is sent once, and nothing is kept of the request; one that is sent again is
// answered again, alike.
func TestStrangersAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for _, c := range []struct{ method, tag, status string }{
		{"INVITE", "", "404"}, {"OPTIONS", "", "200"}, {"REGISTER", "", "405"}, {"BYE", "", "481"},
		{"INVITE", "none", "481"}, {"BYE", "none", "481"},
	} {
		peer := newRawPeer(t)
		peer.request(e, c.method, 1, c.tag, "once", "", "")
		first, second := peer.expect("SIP/2.0 "+c.status), message{}
		eventually(t, "it is answered again", func() (answered bool) { // a repetition that comes before the answer has left is absorbed
			peer.request(e, c.method, 1, c.tag, "once", "", "")
			second, answered = peer.read(time.Second)
			return answered
		})
		if first.header("To") != second.header("To") || !strings.Contains(first.header("To"), "tag=") {
			t.Errorf("%s: the same request was answered with %q and %q", c.method, first.header("To"), second.header("To"))
		}
		if m, ok := peer.read(700 * time.Millisecond); ok { // Timer G is 500 ms
			t.Errorf("%s%s: then came %q", c.method, c.tag, m.first)
		}
	}
}

// TestFlood: what strangers send beyond their share is dropped before anything is made of it, and a trunk is served.
func TestFlood(t *testing.T) {
	t.Parallel()
	carrier := newRawPeer(t)
	e := open(t, Config{Networks: destination.Networks{netip.MustParsePrefix("127.0.0.0/8")}})
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 3)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stranger := rawPeerOn(t, conn)
	result := dial(t.Context(), e, inviteTo(trunkTo(carrier.address()), 10*time.Second))
	invite := carrier.expect("INVITE")
	for n := range 20 * perSource {
		stranger.request(e, "INVITE", 1, "", fmt.Sprint("flood", n), "", "")
	}
	carrier.respond(invite, "486 Busy Here", "a", "", "")
	carrier.expect("ACK")
	checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
	eventually(t, "the flood is bounded", func() bool { return e.Counters().Flooded > 0 })
	carrier.request(e, "OPTIONS", 1, "", "trunk", "", "")
	carrier.expect("SIP/2.0 200")
}

// TestShares: by time alone.
func TestShares(t *testing.T) {
	t.Parallel()
	s := newStrangers(false)
	now := time.Now()
	address := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)}) }
	count := func(from netip.Addr, times int) (passed int) {
		for range times {
			if s.allow(from, now) {
				passed++
			}
		}
		return passed
	}
	if got := count(address(1), 10*perSource); got != burst*perSource {
		t.Errorf("at once %d of one address pass", got)
	}
	now = now.Add(time.Second)
	if got := count(address(1), 10*perSource); got != perSource {
		t.Errorf("after a second %d of one address pass", got)
	}
	passed := 0
	for n := range 2 * maxSources {
		passed += count(address(n+2), 1)
	}
	if passed > burst*perStrangers {
		t.Errorf("%d of all addresses pass", passed)
	}
	if s.sources.order.Len() > maxSources {
		t.Errorf("%d addresses are remembered", s.sources.order.Len())
	}
	s.know(address(1), now)
	if got := count(address(1), 10*perSource); got != 10*perSource {
		t.Errorf("%d of a trunk pass", got)
	}
	if now = now.Add(knownFor + time.Second); s.knows(address(1), now) {
		t.Error("a trunk that nobody uses is remembered")
	}
	called := netip.MustParseAddr("198.51.100.1")
	s.hold(called)
	for n := range 2 * maxKnown {
		s.know(address(n), now)
	}
	if s.known.order.Len() > maxKnown || len(s.known.values) > maxKnown {
		t.Errorf("%d addresses are remembered", s.known.order.Len())
	}
	if s.knows(address(maxKnown-1), now) || !s.knows(address(maxKnown), now) || !s.knows(address(2*maxKnown-1), now) {
		t.Error("not the oldest addresses made room")
	}
	if !s.knows(called, now.Add(2*knownFor)) {
		t.Error("the peer of a call made room")
	}
	if s.release(called); s.knows(called, now) || len(s.live) > 0 {
		t.Error("the peer of a call that is over is remembered")
	}
}

// TestPeersOfCallsAreNoStrangers: what a carrier's other host sends within a call is heard in a flood: the host that the 200
// names, and one to which the call has moved.
func TestPeersOfCallsAreNoStrangers(t *testing.T) {
	t.Parallel()
	e := open(t, Config{Networks: destination.Networks{netip.MustParsePrefix("127.0.0.0/8")}})
	carrier := newRawPeer(t)
	at := func(last byte) *rawPeer {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, last)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return rawPeerOn(t, conn)
	}
	edge, other := at(20), at(21)
	result := dial(t.Context(), e, inviteTo(trunkTo(carrier.address()), 10*time.Second))
	invite := carrier.expect("INVITE")
	carrier.respond(invite, "200 OK", "a", fmt.Sprintf("Contact: <sip:edge@%s>\r\n", edge.address()), description(4000, "sendrecv"))
	edge.expect("ACK")
	leg := await(t, "the answer", result).leg
	ended := serve(t.Context(), leg, newPerson())

	e.strangers.mu.Lock()
	e.strangers.all = bucket{at: time.Now().Add(time.Hour)} // others have taken everything
	e.strangers.mu.Unlock()
	within := func(from *rawPeer, method string, seq int) {
		t.Helper()
		from.from = net.UDPAddrFromAddrPort(e.Address())
		from.send(strings.Join([]string{method + " sip:x@" + e.Address().String() + " SIP/2.0",
			fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%d", from.address(), method, seq), "From: " + invite.header("To") + ";tag=a", "To: " + invite.header("From"),
			"Call-ID: " + invite.header("Call-ID"), fmt.Sprintf("CSeq: %d %s", seq, method), fmt.Sprintf("Contact: <sip:edge@%s>", other.address()), "Content-Length: 0", "", ""}, "\r\n"))
	}
	within(edge, "UPDATE", 1)
	edge.expect("SIP/2.0 200")
	within(other, "BYE", 2)
	other.expect("SIP/2.0 200")
	if ending := await(t, "the end", ended); ending != call.PeerHungUp {
		t.Errorf("ended as %s", ending)
	}
	e.strangers.mu.Lock()
	defer e.strangers.mu.Unlock()
	if len(e.strangers.live) > 0 {
		t.Errorf("held after the call: %v", e.strangers.live)
	}
}

// TestConnectionsOfStrangers: one address has a part of them, one that says nothing is closed early, and trunks come in
// when strangers hold all.
func TestConnectionsOfStrangers(t *testing.T) {
	t.Parallel()
	e := open(t, Config{connections: 4, perSource: 2, Timers: Timers{FirstByte: 2 * time.Second}})
	connect := func(from string) net.Conn {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		conn, err := dialer.Dial("tcp", e.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	closed := func(conn net.Conn, within time.Duration) bool {
		_ = conn.SetReadDeadline(time.Now().Add(within))
		_, err := io.Copy(io.Discard, conn)
		return !errors.Is(err, os.ErrDeadlineExceeded)
	}
	answered := func(conn net.Conn) bool {
		t.Helper()
		_, err := fmt.Fprintf(conn, "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKtcp\r\nMax-Forwards: 70\r\nFrom: <sip:y@127.0.0.1>;tag=1\r\n"+
			"To: <sip:x@127.0.0.1>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", conn.LocalAddr(), conn.LocalAddr())
		if err != nil {
			return false
		}
		_ = conn.SetReadDeadline(time.Now().Add(timeout))
		answer := make([]byte, 2048)
		n, err := conn.Read(answer)
		return err == nil && bytes.HasPrefix(answer[:n], []byte("SIP/2.0 200"))
	}
	mute := connect("127.0.0.4")
	talks := connect("127.0.0.4")
	if !answered(talks) {
		t.Fatal("a stranger is not served")
	}
	if !closed(connect("127.0.0.4"), timeout) {
		t.Error("a third connection of one address is held")
	}
	if !closed(mute, timeout) || closed(talks, 100*time.Millisecond) {
		t.Error("the one that says nothing is held, or the one that spoke is closed")
	}
	for n := range 4 {
		answered(connect(fmt.Sprint("127.0.0.", 5+n))) // all places of strangers
	}
	if answered(connect("127.0.0.10")) {
		t.Error("one stranger too many is served")
	}
	e.strangers.know(netip.MustParseAddr("127.0.0.11"), time.Now())
	if !answered(connect("127.0.0.11")) {
		t.Error("strangers shut a trunk out")
	}
}

// TestLoopbackListener: a trunk elsewhere is said to be out of reach, and why.
func TestLoopbackListener(t *testing.T) {
	t.Parallel()
	e := open(t, Config{Networks: destination.Networks{netip.MustParsePrefix("192.0.2.0/24")}})
	trunk := trunkTo(netip.MustParseAddrPort("192.0.2.1:5060"))
	checkFailure(t, await(t, "the end", dial(t.Context(), e, inviteTo(trunk, time.Second))), call.CauseUnreachable, 0)
	for _, answer := range []call.ProbeResult{e.Options(t.Context(), trunk), e.Register(t.Context(), trunk)} {
		if answer.OK || !strings.Contains(answer.Detail, "--sip-listen") {
			t.Errorf("%+v", answer)
		}
	}
}
