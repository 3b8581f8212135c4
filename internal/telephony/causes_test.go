package telephony

import (
	"testing"
	"time"

	"nacre/internal/call"
)

func TestCauses(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for _, c := range []struct {
		name, status, extra string
		code                int
		cause               call.Cause
	}{
		{"declined", "603 Decline", "", 603, call.CauseBusy},
		{"blocked by the network", "603 Network Blocked", "", 603, call.CauseBlocked},
		{"in other letters", "603  NETWORK blocked", "", 603, call.CauseBlocked},
		{"analytics", "603 Decline", "Reason: Q.850;cause=21, SIP;cause=603;text=\"v=analytics1;url=https://carrier.example;tel=+12025550199\"\r\n", 603, call.CauseBlocked},
		{"unwanted", "607 Unwanted", "", 607, call.CauseBlocked},
		{"rejected by an intermediary", "608 Rejected", "", 608, call.CauseBlocked},
		{"608 behind a gateway", "480 Temporarily Unavailable", "Reason: SIP ; cause = 608\r\n", 480, call.CauseBlocked},
		{"not allocated", "503 Service Unavailable", "Reason: Q.850;cause=1;text=\"Unallocated, number\"\r\n", 503, call.CauseNotAllocated},
		{"busy", "480 Temporarily Unavailable", "Reason: Q.850 ;cause=17 ;text=\"User busy\"\r\n", 480, call.CauseBusy},
		{"no user responding", "503 Service Unavailable", "Reason: q.850;Cause=18\r\n", 503, call.CauseNoAnswer},
		{"no answer", "487 Request Terminated", "Reason: SIP;cause=487;text=\"a;cause=17, b\", Q.850;cause=19\r\n", 487, call.CauseNoAnswer},
		{"rejected", "480 Temporarily Unavailable", "Reason: Q.850;cause=21\r\n", 480, call.CauseBusy},
		{"a cause that says nothing", "486 Busy Here", "Reason: Q.850;cause=16\r\n", 486, call.CauseBusy},
		{"garbage", "404 Not Found", "Reason: ;;==,\"\r\n", 404, call.CauseNotAllocated},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			peer.respond(peer.expect("INVITE"), c.status, "a", c.extra, "")
			peer.expect("ACK")
			checkFailure(t, await(t, "the end", result), c.cause, c.code)
		})
	}
}
