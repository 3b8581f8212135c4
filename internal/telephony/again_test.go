package telephony

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// slowConnection holds the second INVITE of a call where its connection is opened, until the test lets it go on.
type slowConnection struct {
	invites int
	waiting chan struct{} // closed when the second one waits
	opened  chan struct{} // closed by the test
}

func newSlowConnection() *slowConnection {
	return &slowConnection{waiting: make(chan struct{}), opened: make(chan struct{})}
}

func (c *slowConnection) connecting(request *sip.Request) {
	if !request.IsInvite() {
		return
	}
	if c.invites++; c.invites == 2 {
		close(c.waiting)
		<-c.opened
	}
}

// TestNoSecondInviteTooLate: the INVITE that answers a challenge or a 422 does not leave after the ring time, the calling hours,
// a stop or the end of the process, however long its connection took.
func TestNoSecondInviteTooLate(t *testing.T) {
	t.Parallel()
	answers := map[string]struct{ status, extra string }{
		"a challenge": {"401 Unauthorized", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"},
		"a 422":       {"422 Session Interval Too Small", "Min-SE: 120\r\n"},
	}
	ends := map[string]struct {
		ringFor, until time.Duration
		end            func(stop func(), e *Endpoint)
		cause          call.Cause
	}{
		"the ring time":     {ringFor: time.Second, cause: call.CauseFailed},
		"the calling hours": {ringFor: 2500 * time.Millisecond, until: time.Second, cause: call.CauseFailed},
		"a stop":            {ringFor: 10 * time.Second, end: func(stop func(), _ *Endpoint) { stop() }, cause: call.CauseCancelled},
		"the end of the process": {ringFor: 10 * time.Second, end: func(_ func(), e *Endpoint) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			go func() { defer cancel(); _ = e.Close(ctx) }()
			<-e.closing
		}, cause: call.CauseCancelled},
	}
	for what, answer := range answers {
		for which, end := range ends {
			t.Run(what+", after "+which, func(t *testing.T) {
				t.Parallel()
				peer, connection := newRawPeer(t), newSlowConnection()
				e := open(t, Config{connecting: connection.connecting})
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				trunk := trunkTo(peer.address())
				trunk.Username, trunk.Password = "alice", "secret"
				invite := inviteTo(trunk, end.ringFor)
				if end.until > 0 {
					invite.RingUntil = time.Now().Add(end.until)
				}
				began := time.Now()
				result := dial(ctx, e, invite)
				peer.respond(peer.expect("INVITE"), answer.status, "a", answer.extra, "")
				peer.expect("ACK")
				await(t, "the second INVITE", connection.waiting)
				if end.end != nil {
					end.end(stop, e)
				} else {
					eventually(t, "it is over", func() bool { return time.Since(began) > 1050*time.Millisecond })
				}
				close(connection.opened)
				got := await(t, "the end", result)
				if got.failure == nil || got.failure.Cause != end.cause {
					t.Errorf("ended %+v, want %s", got.failure, end.cause)
				}
				if m, ok := peer.read(100 * time.Millisecond); ok {
					t.Errorf("afterwards came %q", m.first)
				}
			})
		}
	}
}

// TestNoReinviteAfterBye: a refresh whose connection took until the call was over is not sent.
func TestNoReinviteAfterBye(t *testing.T) {
	t.Parallel()
	peer, connection := newRawPeer(t), newSlowConnection()
	e := open(t, Config{connecting: connection.connecting})
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	peer.respond(peer.expect("INVITE"), "200 OK", "a", "Require: timer\r\nSession-Expires: 2;refresher=uac\r\n", description(4000, "sendrecv"))
	peer.expect("ACK")
	leg := await(t, "the answer", result).leg
	await(t, "the refresh", connection.waiting)
	go leg.HangUp()
	bye := peer.expect("BYE")
	close(connection.opened)
	if m, ok := peer.read(200 * time.Millisecond); ok && !strings.HasPrefix(m.first, "BYE") {
		t.Errorf("after the BYE came %q", m.first)
	}
	peer.respond(bye, "200 OK", "a", "", "")
}
