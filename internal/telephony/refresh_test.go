package telephony

import (
	"strings"
	"testing"
	"time"
)

// TestSessionIsRefreshed: where the 200 makes us the refresher, a refresh goes in the middle of each interval (RFC 4028), by
// UPDATE where the peer takes it and by re-INVITE where not; a 422 is met with the interval that it names.
func TestSessionIsRefreshed(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for name, c := range map[string]struct{ allow, method string }{
		"by UPDATE":    {"Allow: INVITE, ACK, BYE, UPDATE\r\n", "UPDATE"},
		"by re-INVITE": {"Allow: INVITE, ACK, BYE\r\n", "INVITE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			invite := peer.expect("INVITE")
			if !strings.Contains(invite.header("Supported"), "timer") {
				t.Errorf("the INVITE supports %q", invite.header("Supported"))
			}
			peer.respond(invite, "200 OK", "a", c.allow+"Require: timer\r\nSession-Expires: 2 ; Refresher=UAC\r\n", description(4000, "sendrecv"))
			peer.expect("ACK")
			leg := await(t, "the answer", result).leg
			next := func(seq string) message {
				t.Helper()
				for {
					if m := peer.expect(c.method); m.header("CSeq") == seq+" "+c.method {
						return m
					}
				}
			}
			first := next("2")
			if first.header("Session-Expires") != "2;refresher=uac" || !strings.Contains(first.header("To"), "tag=a") {
				t.Errorf("refresh %q", first.lines)
			}
			if (c.method == "INVITE") != strings.Contains(first.body, "m=audio") {
				t.Errorf("refresh with the body %q", first.body)
			}
			if c.method == "INVITE" { // a change of the peer's at the same time
				for _, method := range []string{"INVITE", "ACK"} {
					peer.send(strings.Join([]string{method + " sip:x@" + e.Address().String() + " SIP/2.0", "Via: SIP/2.0/UDP " + peer.address().String() + ";branch=z9hG4bKglare",
						"From: " + first.header("To"), "To: " + first.header("From"), "Call-ID: " + first.header("Call-ID"), "CSeq: 9 " + method, "Content-Length: 0", "", ""}, "\r\n"))
					if method == "INVITE" {
						peer.expect("SIP/2.0 491")
					}
				}
			}
			peer.respond(first, "422 Session Interval Too Small", "", "Min-SE: 3\r\n", "")
			if c.method == "INVITE" {
				peer.expect("ACK")
			}
			second := next("3")
			if second.header("Session-Expires") != "3;refresher=uac" {
				t.Errorf("after the 422 %q", second.lines)
			}
			body := ""
			if c.method == "INVITE" {
				body = description(4000, "sendrecv")
			}
			peer.respond(second, "200 OK", "", "Session-Expires: 3;refresher=uac\r\n", body)
			if c.method == "INVITE" {
				if ack := peer.expect("ACK"); ack.header("CSeq") != "3 ACK" {
					t.Errorf("ACK %q", ack.lines)
				}
			}
			third := next("4")
			peer.respond(third, "481 Call/Transaction Does Not Exist", "", "", "")
			if c.method == "INVITE" {
				peer.expect("ACK")
			}
			bye := peer.expect("BYE") // the peer does not know the call any more
			peer.respond(bye, "200 OK", "", "", "")
			leg.HangUp()
		})
	}
}
