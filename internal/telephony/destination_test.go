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
	"nacre/internal/id"
)

// silent fails the test when anything reaches the peer before it ends.
func silent(t *testing.T, peer *rawPeer) {
	t.Helper()
	t.Cleanup(func() {
		if m, ok := peer.read(50 * time.Millisecond); ok {
			t.Errorf("%q reached an address that is not allowed", m.first)
		}
	})
}

// TestForbiddenTrunk: nothing leaves for an address that the operator did not name, whatever names it: the host itself or
// what it resolves to. The sandbox carrier is ours, and is reached.
func TestForbiddenTrunk(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	silent(t, peer)
	e := open(t, Config{Networks: destination.Networks{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0"} {
		trunk := trunkTo(peer.address())
		trunk.Host, trunk.Username, trunk.Registers = host, "u", true
		got := await(t, "the end of the call", dial(t.Context(), e, inviteTo(trunk, time.Second)))
		checkFailure(t, got, call.CauseUnreachable, 0)
		for _, answer := range []call.ProbeResult{e.Options(t.Context(), trunk), e.Register(t.Context(), trunk)} {
			if answer.OK || !strings.Contains(answer.Detail, destination.ErrForbidden.Error()) {
				t.Errorf("%s: %+v", host, answer)
			}
		}
	}
	ours := newRawPeer(t)
	trunk := trunkTo(ours.address())
	trunk.ID = id.ID("")
	result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
	ours.respond(ours.expect("INVITE"), "486 Busy Here", "x", "", "")
	checkFailure(t, await(t, "the end of the call", result), call.CauseBusy, 486)
}

// TestForbiddenContact: a peer cannot have requests sent to an address that the operator did not name, by its Contact or
// its Record-Route: they go where its messages come from.
func TestForbiddenContact(t *testing.T) {
	t.Parallel()
	for _, named := range []string{"Contact: <sip:x@%s>\r\n", "Contact: <sip:x@192.0.2.1>\r\nRecord-Route: <sip:%s;lr>\r\n"} {
		peer := newRawPeer(t)
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		victim := rawPeerOn(t, conn)
		silent(t, victim)
		e := open(t, Config{Networks: destination.Networks{}.With(peer.address().Addr())})
		result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
		peer.respond(peer.expect("INVITE"), "200 OK", "x", fmt.Sprintf(named, victim.address()), description(9, "inactive"))
		peer.expect("ACK")
		await(t, "the answer", result).leg.HangUp()
		peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
	}
}
