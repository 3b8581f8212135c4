package telephony

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/destination"
)

// describedAt is an SDP whose audio is at a host, with more lines.
func describedAt(host string, port int, lines ...string) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\n%s",
		host, port, strings.Join(append(lines, ""), "\r\n"))
}

// TestForbiddenAudio: a peer cannot have audio or reports sent to an address that the operator did not name
// (contract 9.7, "addresses"): not by its answer, and not by a re-INVITE.
func TestForbiddenAudio(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		describedAt("127.0.0.2", 4000), describedAt("10.0.0.1", 4000), describedAt("169.254.169.254", 4000),
		describedAt("127.0.0.1", 4000, "a=rtcp:53 IN IP4 192.168.1.1"),
	} {
		peer := newRawPeer(t)
		e := open(t, Config{Networks: destination.Networks{}.With(peer.address().Addr())})
		result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
		peer.respond(peer.expect("INVITE"), "200 OK", "x", "", body)
		peer.expect("ACK")
		peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
		got := await(t, "the end of the call", result)
		checkFailure(t, got, call.CauseFailed, 200)
		if !strings.Contains(got.failure.Reason, destination.ErrForbidden.Error()) {
			t.Errorf("the failure does not tell why: %q", got.failure.Reason)
		}
	}

	peer := newRawPeer(t)
	e := open(t, Config{Networks: destination.Networks{}.With(peer.address().Addr())})
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	peer.respond(invite, "200 OK", "x", "", describedAt("localhost", 4000, "a=inactive"))
	peer.expect("ACK")
	leg := await(t, "the answer", result).leg
	if leg == nil {
		t.Fatal("a name of an address that is allowed was refused")
	}
	again := describedAt("169.254.169.254", 4000)
	peer.send(fmt.Sprintf("INVITE sip:nacre@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKagain\r\nFrom: %s;tag=x\r\nTo: %s\r\n"+
		"Call-ID: %s\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:peer@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		e.Address(), peer.address(), strings.Split(invite.header("To"), ";")[0], invite.header("From"), invite.header("Call-ID"), peer.address(), len(again), again))
	for {
		m, ok := peer.read(timeout)
		if !ok {
			t.Fatal("no answer to the re-INVITE")
		}
		if strings.HasPrefix(m.first, "SIP/2.0 488") {
			break
		}
		if !strings.HasPrefix(m.first, "SIP/2.0 1") {
			t.Fatalf("got %q", m.first)
		}
	}
	leg.HangUp()
}

// audioPort is a socket for the peer's audio.
func audioPort(t *testing.T) (*net.UDPConn, int) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, conn.LocalAddr().(*net.UDPAddr).Port
}

// loud is a packet of 20 ms that no silence detector misses.
func loud(sequence uint16) []byte {
	packet := append([]byte{0x80, 0, byte(sequence >> 8), byte(sequence), 0, 0, byte(sequence * 160 >> 8), byte(sequence * 160 & 0xFF), 0, 0, 0, 7}, make([]byte, 160)...)
	for i := range packet[12:] {
		packet[12+i] = byte(0x10 + i/8%2*0x80)
	}
	return packet
}

// TestTheAnswersAddressWins: a gateway plays its ringing tone from one port, and the callee speaks from another. What the
// first one still sends after the answer does not take the call.
func TestTheAnswersAddressWins(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	early, earlyPort := audioPort(t)
	answered, answeredPort := audioPort(t)
	e := open(t, Config{})
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	port := 0
	for line := range strings.SplitSeq(invite.body, "\r\n") {
		_, _ = fmt.Sscanf(line, "m=audio %d ", &port)
	}
	ours := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)))
	peer.respond(invite, "183 Session Progress", "x", "", describedAt("127.0.0.1", earlyPort))
	peer.respond(invite, "200 OK", "x", "", describedAt("127.0.0.1", answeredPort))
	peer.expect("ACK")
	leg := await(t, "the answer", result).leg
	party := newPerson()
	ended := serve(t.Context(), leg, party)
	eventually(t, "the call is served", func() bool { return party.frames.Load() > 0 })
	if _, err := early.WriteToUDP(loud(900), ours); err != nil {
		t.Fatal(err)
	}
	for n := range uint16(100) {
		buffer := make([]byte, 2048)
		_ = answered.SetReadDeadline(time.Now().Add(timeout))
		if _, err := answered.Read(buffer); err != nil {
			t.Fatalf("our audio does not go to the address of the answer: %v", err)
		}
		if _, err := answered.WriteToUDP(loud(n), ours); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the callee's voice", party.hearing)
	leg.HangUp()
	peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
	await(t, "the end", ended)
	_ = early.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := early.Read(make([]byte, 2048)); err == nil {
		t.Error("audio went to the port of the ringing tone")
	}
}
