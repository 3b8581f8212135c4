package telephony

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// The tests of this file hold what must not grow, burst or break where peers are many, quick or talkative.

// However many strangers write, the library remembers few of them, and everybody is answered, from our one port.
func TestStrangersAreForgotten(t *testing.T) {
	t.Parallel()
	const limit, strangers = 10, 100
	e := open(t, Config{senders: limit})
	carrier := newRawPeer(t)
	for n := range strangers {
		peer := newRawPeer(t)
		peer.request(e, "OPTIONS", 1, "", fmt.Sprint("stranger", n), "", "")
		peer.expect("SIP/2.0 200")
		if from := peer.from.AddrPort(); from != e.Address() {
			t.Fatalf("answered from %s", from)
		}
		if n%30 != 0 {
			continue
		}
		result := dial(t.Context(), e, inviteTo(trunkTo(carrier.address()), 10*time.Second))
		invite := carrier.expect("INVITE")
		if from := carrier.from.AddrPort(); from != e.Address() {
			t.Fatalf("an INVITE left from %s", from)
		}
		carrier.respond(invite, "486 Busy Here", "a", "", "")
		carrier.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
	}
	// A reader that was replaced lingers for a second; then only those of the last one are known, and the socket itself.
	pool := e.transports.Pool("udp")
	eventually(t, "they are forgotten", func() bool { return pool.Size() <= limit+1 })
}

// Connections from outside are bounded in number, and in how long they may be silent; what is closed makes room.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 3
	e := open(t, Config{connections: limit, perSource: limit, Timers: Timers{Idle: 5 * time.Second}})
	connect := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", e.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
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
		return err == nil && strings.HasPrefix(string(answer[:n]), "SIP/2.0 200")
	}
	var first net.Conn
	for n := range limit {
		conn := connect()
		if !answered(conn) {
			t.Fatalf("connection %d is not served", n)
		}
		if first == nil {
			first = conn
		}
	}
	if answered(connect()) {
		t.Error("one connection too many is served")
	}
	_ = first.Close()
	eventually(t, "a closed one makes room", func() bool { return answered(connect()) })
	if answered(connect()) {
		t.Error("again one too many is served")
	}
	eventually(t, "a silent one makes room", func() bool { return answered(connect()) })
}

// A datagram of any length is sent: the answer to a challenge with a long nonce, and an answer through many proxies.
func TestLongMessages(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.Username, trunk.Password = "alice", "secret"
	result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
	nonce := strings.Repeat("n0nce", 200)
	peer.respond(peer.expect("INVITE"), "401 Unauthorized", "a", `WWW-Authenticate: Digest realm="r", nonce="`+nonce+"\"\r\n", "")
	peer.expect("ACK")
	invite := peer.expect("INVITE")
	if !strings.Contains(invite.header("Authorization"), nonce) {
		t.Errorf("Authorization: %q", invite.header("Authorization"))
	}
	peer.respond(invite, "486 Busy Here", "b", "", "")
	peer.expect("ACK")
	checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)

	stranger := newRawPeer(t)
	var proxies strings.Builder
	for n := range 30 {
		fmt.Fprintf(&proxies, "Via: SIP/2.0/UDP 192.0.2.%d:5060;branch=z9hG4bKproxy%d\r\n", n+1, n)
	}
	stranger.request(e, "OPTIONS", 1, "", "long", proxies.String(), "")
	stranger.expect("SIP/2.0 200")
}

// INVITEs of one trunk leave 1/callsPerSecond apart even where the calls come to the wire at once; another trunk's do
// not wait for them.
func TestInvitesAreSpaced(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	const calls, perSecond = 6, 20
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.CallsPerSecond = perSecond
	begun := time.Now()
	results := make(chan dialed, calls)
	for range calls {
		go func() {
			leg, failure := e.Dial(t.Context(), inviteTo(trunk, 10*time.Second))
			results <- dialed{leg, failure}
		}()
	}
	for range calls {
		peer.respond(peer.expect("INVITE"), "486 Busy Here", "a", "", "")
		peer.expect("ACK")
	}
	if took, least := time.Since(begun), (calls-1)*time.Second/perSecond; took < least {
		t.Errorf("%d INVITEs within %v, want %v at least", calls, took, least)
	}
	for range calls {
		checkFailure(t, await(t, "the end", results), call.CauseBusy, 486)
	}

	slow, other := trunk, trunkTo(newRawPeer(t).address())
	slow.ID, slow.CallsPerSecond = id.ID("6650a1f2c3d4e5f607182940"), 0.01
	wantSent := func(trunk call.Trunk, sent bool) {
		t.Helper()
		at, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer at.Close()
		near := rawPeerOn(t, at)
		trunk.Port = int(near.address().Port())
		dial(t.Context(), e, inviteTo(trunk, time.Second))
		if _, ok := near.read(map[bool]time.Duration{true: timeout, false: 200 * time.Millisecond}[sent]); ok != sent {
			t.Errorf("sent over a trunk with %v calls a second: %v", trunk.CallsPerSecond, ok)
		}
	}
	wantSent(slow, true)
	wantSent(slow, false)
	wantSent(other, true)
}

// Calls of every kind leave nothing behind: no dialog, no invitation, nothing that Close would wait for, and no port (there
// are ten pairs for all of them).
func TestNothingIsKeptOfCallsThatAreOver(t *testing.T) {
	t.Parallel()
	times := Timers{NoResponse: 300 * time.Millisecond, AfterCancel: 300 * time.Millisecond}
	port := 20000 + 20*rand.IntN(500) // below what the kernel hands out, and not the same for tests that run beside
	us := open(t, Config{RTPFrom: port, RTPTo: port + 19, Timers: times})
	them, ringing := answering(t, Config{Timers: times})
	silent := newRawPeer(t)
	for n := range 40 {
		trunk := trunkTo(them.Address())
		if n%2 == 0 {
			trunk.Transport = "tcp"
		}
		if n%5 == 4 { // nobody says anything
			wantFailure(t, us, inviteTo(trunkTo(silent.address()), 20*time.Millisecond), call.CauseFailed, 0)
			continue
		}
		result := dial(t.Context(), us, inviteTo(trunk, 300*time.Millisecond))
		in := await(t, "the INVITE", ringing)
		switch n % 5 {
		case 0: // busy
			if err := in.Reject(486, "Busy Here"); err != nil {
				t.Fatal(err)
			}
			checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
		case 1: // rings out
			if err := in.Ring(180); err != nil {
				t.Fatal(err)
			}
			checkFailure(t, await(t, "the end", result), call.CauseNoAnswer, 487)
		default: // answered; one side or the other hangs up
			theirs, err := in.Answer()
			if err != nil {
				t.Fatal(err)
			}
			ours := await(t, "the answer", result).leg
			first, second := ours, theirs
			if n%5 == 3 {
				first, second = theirs, ours
			}
			ended := serve(t.Context(), second, newPerson())
			first.HangUp()
			await(t, "the end", ended)
			ours.HangUp()
		}
	}
	for _, e := range []*Endpoint{us, them} {
		eventually(t, "all is forgotten", func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.dialogs)+len(e.invitations)+len(e.incoming)+e.busy == 0
		})
	}
}
