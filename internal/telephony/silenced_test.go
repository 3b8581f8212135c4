package telephony

import (
	"cmp"
	"context"
	"testing"
	"time"

	"nacre/internal/call"
)

// TestNoInviteIsRepeatedAfterAStop: an INVITE that was lost is not sent again once the call is stopped or the calling hours are
// over; a response that comes all the same is cancelled.
func TestNoInviteIsRepeatedAfterAStop(t *testing.T) {
	t.Parallel()
	for name, until := range map[string]time.Duration{"stop": 0, "hours": 1700 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, peer := open(t, Config{}), newRawPeer(t)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			invite := inviteTo(trunkTo(peer.address()), cmp.Or(until, 30*time.Second))
			if until > 0 {
				invite.RingUntil = time.Now().Add(until)
			}
			result := dial(ctx, e, invite)
			peer.expect("INVITE")
			repeated := peer.expect("INVITE") // after 500 ms; the next would come after 1.5 s, and after 3.5 s
			if until == 0 {
				stop()
			} else {
				repeated = peer.expect("INVITE")
			}
			if m, ok := peer.read(2200 * time.Millisecond); ok {
				t.Fatalf("%q came after the end", m.first)
			}
			peer.respond(repeated, "180 Ringing", "a", "", "")
			cancel := peer.expect("CANCEL")
			peer.respond(cancel, "200 OK", "a", "", "")
			peer.respond(repeated, "487 Request Terminated", "a", "", "")
			peer.expect("ACK")
			await(t, "the end", result)
		})
	}
}

// TestRefusedAfterRinging: a telephone that rang has used its attempt, and is not rung again for a challenge.
func TestRefusedAfterRinging(t *testing.T) {
	t.Parallel()
	for _, credentials := range []bool{false, true} {
		e, peer := open(t, Config{}), newRawPeer(t)
		trunk := trunkTo(peer.address())
		if credentials {
			trunk.Username, trunk.Password = "alice", "secret"
		}
		result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
		invite := peer.expect("INVITE")
		peer.respond(invite, "180 Ringing", "a", "", "")
		if m, ok := peer.read(200 * time.Millisecond); ok { // the library may take two responses at once in any order
			t.Errorf("%q came while it rang", m.first)
		}
		peer.respond(invite, "401 Unauthorized", "a", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseFailed, 401)
		if m, ok := peer.read(100 * time.Millisecond); ok {
			t.Errorf("%q came after the refusal", m.first)
		}
	}
}
