package telephony

import (
	"strings"
	"testing"
	"time"
)

// TestPrackCredentials: a PRACK answers a challenge with credentials made for its own method, with a realm that has challenged
// the INVITE already, too.
func TestPrackCredentials(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.Username, trunk.Password = "u", "p"
	result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
	first := peer.expect("INVITE")
	const asks = "Proxy-Authenticate: Digest realm=\"A\", nonce=\"1\", qop=\"auth\"\r\n"
	peer.respond(first, "407 Proxy Authentication Required", "a", asks, "")
	peer.expect("ACK")
	invite := peer.expect("INVITE")
	for invite.header("CSeq") == first.header("CSeq") { // repeated
		invite = peer.expect("INVITE")
	}
	checkProof(t, proofs(invite, "Proxy-Authorization")["A"], "1")
	peer.respond(invite, "183 Session Progress", "b", "Require: 100rel\r\nRSeq: 7\r\n", "")
	bare := peer.expect("PRACK")
	if bare.header("RAck") != "7 2 INVITE" {
		t.Errorf("PRACK for %q", bare.header("RAck"))
	}
	peer.respond(bare, "407 Proxy Authentication Required", "", strings.Replace(asks, `"1"`, `"2"`, 1), "")
	again := peer.expect("PRACK")
	for again.header("CSeq") == bare.header("CSeq") { // repeated
		again = peer.expect("PRACK")
	}
	if again.header("RAck") != bare.header("RAck") || !strings.Contains(again.header("To"), "tag=b") {
		t.Errorf("the PRACK with credentials: %q", again.lines)
	}
	all := proofs(again, "Proxy-Authorization")
	proof := all["A"]
	want := md5Of(strings.Join([]string{md5Of("u:A:p"), "2", proof["nc"], proof["cnonce"], proof["qop"], md5Of("PRACK:" + proof["uri"])}, ":"))
	if len(all) != 1 || proof["response"] != want || proof["nonce"] != "2" || proof["nc"] != "00000001" {
		t.Errorf("proofs %v, want the response %s", all, want)
	}
	peer.respond(again, "200 OK", "", "", "")
	peer.respond(invite, "486 Busy Here", "b", "", "")
	peer.expect("ACK")
	await(t, "the end", result)
}

// TestPrackIsRepeated: a PRACK that is lost on the way is sent again, as it was, and a response that is repeated meanwhile makes
// no other (RFC 3262 section 4).
func TestPrackIsRepeated(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	ring := func() { peer.respond(invite, "180 Ringing", "a", "Require: 100rel\r\nRSeq: 1\r\n", "") }
	ring()
	lost := peer.expect("PRACK")
	ring()
	again := peer.expect("PRACK")
	for _, header := range []string{"Via", "CSeq", "RAck", "Call-ID"} {
		if lost.header(header) != again.header(header) || lost.header(header) == "" {
			t.Errorf("%s %q, then %q", header, lost.header(header), again.header(header))
		}
	}
	peer.respond(again, "200 OK", "", "", "")
	peer.respond(invite, "486 Busy Here", "a", "", "")
	peer.expect("ACK")
	await(t, "the end", result)
}
