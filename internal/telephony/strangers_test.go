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
		for range 2 {
			peer.request(e, c.method, 1, c.tag, "once", "", "")
		}
		first, second := peer.expect("SIP/2.0 "+c.status), peer.expect("SIP/2.0 "+c.status)
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
	stranger := &rawPeer{t: t, conn: conn}
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
	if len(s.sources) > maxSources {
		t.Errorf("%d addresses are remembered", len(s.sources))
	}
	s.trunk(address(1), now)
	if got := count(address(1), 10*perSource); got != 10*perSource {
		t.Errorf("%d of a trunk pass", got)
	}
	if now = now.Add(trunkFor + time.Second); s.known(address(1), now) {
		t.Error("a trunk that nobody uses is remembered")
	}
	for n := range 2 * maxTrunks {
		s.trunk(address(n), now)
	}
	if len(s.trunks) > maxTrunks {
		t.Errorf("%d trunks are remembered", len(s.trunks))
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
	e.strangers.trunk(netip.MustParseAddr("127.0.0.11"), time.Now())
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
