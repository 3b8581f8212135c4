package telephony

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// serveBroken serves a leg and returns what Serve panics with, "" where it does not.
func serveBroken(leg call.Leg, party call.Party) <-chan string {
	ended := make(chan string, 1)
	go func() {
		defer func() {
			if reason := recover(); reason != nil {
				ended <- fmt.Sprint(reason)
			} else {
				ended <- ""
			}
		}()
		leg.Serve(context.Background(), party)
	}()
	return ended
}

// TestPanicEndsOneCall: whatever goes on beside a call, one that panics ends this call by BYE, and whoever serves it is told;
// the others go on.
func TestPanicEndsOneCall(t *testing.T) {
	t.Parallel()
	const reason = "our own code is broken"
	var broken atomic.Value // the method that panics
	broken.Store(sip.RequestMethod(""))
	e := open(t, Config{connecting: func(request *sip.Request) {
		if request.Method == broken.Load() {
			panic(reason)
		}
	}})
	type up struct {
		peer   *rawPeer
		invite message
		leg    call.Leg
	}
	begin := func(extra string) up {
		peer := newRawPeer(t)
		result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
		invite := peer.expect("INVITE")
		peer.respond(invite, "200 OK", "a", extra, description(4000, "sendrecv"))
		peer.expect("ACK")
		return up{peer, invite, await(t, "the answer", result).leg}
	}
	other := begin("")
	otherEnded := serveBroken(other.leg, newPerson())

	refreshed := begin("Allow: UPDATE\r\nRequire: timer\r\nSession-Expires: 2;refresher=uac\r\n")
	ended := serveBroken(refreshed.leg, newPerson())
	broken.Store(sip.UPDATE)
	refreshed.peer.expect("BYE")
	if got := await(t, "the end", ended); got != reason {
		t.Errorf("a refresh that panics: Serve panics with %q", got)
	}

	broken.Store(sip.RequestMethod(""))
	other.peer.send(strings.Join([]string{"BYE sip:x@" + e.Address().String() + " SIP/2.0", "Via: SIP/2.0/UDP " + other.peer.address().String() + ";branch=z9hG4bKbye",
		"From: " + other.invite.header("To") + ";tag=a", "To: " + other.invite.header("From"), "Call-ID: " + other.invite.header("Call-ID"), "CSeq: 1 BYE", "Content-Length: 0", "", ""}, "\r\n"))
	other.peer.expect("SIP/2.0 200")
	if got := await(t, "the end of the other", otherEnded); got != "" {
		t.Errorf("the other call panicked with %q", got)
	}
}

// TestPanicOfARequest: a request that is handled by a panic is answered with 500 where it has no answer yet, and ends its call
// where it made one.
func TestPanicOfARequest(t *testing.T) {
	t.Parallel()
	const reason = "our own code is broken"
	ended := make(chan (<-chan string), 1)
	e := open(t, Config{OnInvite: func(in Incoming) {
		if in.From() == "answered" {
			leg, err := in.Answer()
			if err != nil {
				t.Error(err)
				return
			}
			ended <- serveBroken(leg, newPerson())
		}
		panic(reason)
	}})
	invite := func(peer *rawPeer, method, from string, seq int, tag, body string) {
		peer.from = net.UDPAddrFromAddrPort(e.Address())
		peer.send(strings.Join([]string{method + " sip:x@" + e.Address().String() + " SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s", peer.address(), method+from),
			"From: <sip:" + from + "@peer.example>;tag=far", "To: <sip:x@peer.example>" + tag, "Call-ID: " + from + "@peer.example", fmt.Sprintf("CSeq: %d %s", seq, method),
			"Contact: <sip:" + from + "@" + peer.address().String() + ">", "Max-Forwards: 70", "Content-Type: application/sdp", fmt.Sprintf("Content-Length: %d", len(body)), "", body}, "\r\n"))
	}
	refused := newRawPeer(t)
	invite(refused, "INVITE", "refused", 1, "", description(4000, "sendrecv"))
	refused.expect("SIP/2.0 100")
	refused.expect("SIP/2.0 500")

	answered := newRawPeer(t)
	invite(answered, "INVITE", "answered", 1, "", description(4000, "sendrecv"))
	answered.expect("SIP/2.0 100")
	ok := answered.expect("SIP/2.0 200")
	invite(answered, "ACK", "answered", 1, ";tag="+ok.toTag(), "")
	for m := answered.expect(""); m.method() != "BYE"; { // after the 200 that was repeated
		m = answered.expect("")
	}
	if got := await(t, "the end", await(t, "the answer", ended)); got != reason {
		t.Errorf("Serve panics with %q", got)
	}
}
