package telephony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
	"nacre/internal/media"
)

// verdict is what Dial answers.
type verdict struct {
	leg     call.Leg
	failure *call.Failure
}

// Dial places one call (call.Dialer). One INVITE leaves, and one more where it is challenged; nothing is tried again.
func (e *Endpoint) Dial(ctx context.Context, invite call.Invite) (call.Leg, *call.Failure) {
	if !e.begin() {
		return nil, &call.Failure{Cause: call.CauseUnreachable, Reason: "the SIP endpoint is closed"}
	}
	inv := &invitation{
		e: e, in: invite, log: e.log.With("call", invite.Call, "trace", invite.Trace),
		credentials: credentials{username: invite.Trunk.Username, password: invite.Trunk.Password},
		answers:     map[string]*answer{}, verdict: make(chan verdict, 1), refused: make(chan struct{}, 1),
	}
	go func() {
		defer e.leave()
		inv.run(ctx)
	}()
	v := <-inv.verdict
	return v.leg, v.failure
}

// invitation is one Dial on the wire, from its first INVITE until nothing can come of it any more. That may be later
// than its verdict: a silent peer is listened to until Timer B.
type invitation struct {
	e           *Endpoint
	in          call.Invite
	log         *slog.Logger
	credentials credentials
	hop         hop
	dialog      *dialog // early until a 200 is taken
	request     *sip.Request
	sent        time.Time     // of the INVITE on the wire
	refused     chan struct{} // nothing listens at the peer's port

	verdict   chan verdict
	delivered bool
	rung      bool   // a provisional response came
	rangOut   bool   // the ring time is over
	silent    bool   // and no provisional response came before
	timer     string // seconds of the session timer that a 422 demands
	early     []earlyDialog
	cancelled bool // the caller's ctx ended, or the endpoint closes

	mu      sync.Mutex
	current *sip.Request // the INVITE on the wire, for what comes late
	cancel  bool         // CANCEL was sent
	answers map[string]*answer
	// settled: the first 2xx was taken or dismissed, or none came. Until then a repeated one is not judged: on a busy
	// machine it can be heard before the first has been.
	settled bool
	// abandoned: the transaction ended without a final response; the peer may still ring.
	abandoned bool
}

func (inv *invitation) deliver(v verdict) {
	if !inv.delivered {
		inv.delivered = true
		inv.verdict <- v
	}
}

func (inv *invitation) fail(cause call.Cause, code int, reason string) {
	inv.deliver(verdict{failure: &call.Failure{Cause: cause, Code: code, Reason: reason}})
}

// unsent ends an invitation of which no INVITE has left.
func (inv *invitation) unsent(ctx context.Context, err error) {
	if ctx.Err() != nil {
		inv.fail(call.CauseCancelled, 0, "cancelled before the INVITE")
		return
	}
	inv.log.Info("nothing can have rung", "error", err)
	if errors.Is(err, errTooLate) {
		inv.fail(call.CauseTooLate, 0, err.Error())
		return
	}
	inv.fail(call.CauseUnreachable, 0, err.Error())
}

// tolerated is how much less than its time a call may ring at the end of the calling hours. One that leaves later than
// that was decided on too long ago.
const tolerated = 2 * time.Second

var errTooLate = errors.New("the calling hours would end while it rings")

// ringFor is how long a call that leaves now may ring: not beyond the end of the calling hours.
func (inv *invitation) ringFor() time.Duration {
	if inv.in.RingUntil.IsZero() {
		return inv.in.RingFor
	}
	return min(inv.in.RingFor, time.Until(inv.in.RingUntil))
}

// run is the whole life of the invitation.
func (inv *invitation) run(ctx context.Context) {
	tx, err := inv.prepare(ctx)
	if err != nil {
		inv.unsent(ctx, err)
		return
	}
	defer inv.retire()
	var ringFor time.Duration
	err = inv.e.paced(ctx, inv.in.Trunk, func() error {
		select {
		case <-inv.e.closing:
			return errors.New("the SIP endpoint is closing")
		case <-inv.refused: // something else was, before us
		default:
		}
		if ringFor = inv.ringFor(); ringFor < inv.in.RingFor-tolerated {
			return errTooLate
		}
		return tx.Init()
	})
	if err != nil {
		tx.Terminate()
		inv.close()
		inv.unsent(ctx, fmt.Errorf("send INVITE: %w", err))
		return
	}
	inv.sent = time.Now()
	ringing := time.NewTimer(ringFor)
	defer ringing.Stop()
	inv.e.count.invites.Add(1)
	inv.follow(ctx, tx, ringing.C)
}

// prepare does all that can fail before anything leaves: the address, a port for audio, the connection.
func (inv *invitation) prepare(ctx context.Context) (*sip.ClientTx, error) {
	e, trunk := inv.e, inv.in.Trunk
	next, err := e.trunkHop(ctx, trunk)
	if err != nil {
		return nil, err
	}
	host, err := e.advertised(next.address, trunk.ID.Zero())
	if err != nil {
		return nil, err
	}
	session, err := media.NewSession(e.ports, media.Config{Advertise: host, Codecs: trunk.Codecs,
		Lock: trunk.LockMedia, ToDescription: trunk.MediaTo == call.MediaToDescription, Allowed: e.networks(trunk).With(next.address.Addr()).Check})
	if err != nil {
		return nil, fmt.Errorf("prepare audio: %w", err)
	}
	domain := trunk.FromDomain
	if domain == "" {
		domain = trunk.Host
	}
	inv.hop = next
	inv.dialog = &dialog{
		e: e, key: dialogKey{rand.Text(), rand.Text()[:16]}, session: session, secrets: inv.credentials,
		local:   sip.Uri{Scheme: "sip", User: inv.in.From, Host: domain},
		remote:  sip.Uri{Scheme: "sip", User: inv.in.To, Host: trunk.Host},
		host:    host,
		contact: e.contact(next.transport, host, inv.in.From),
		ended:   make(chan struct{}), earlyBye: map[string]bool{}, pending: map[uint32]chan *sip.Request{},
	}
	inv.dialog.far = far{hop: next,
		target: sip.Uri{Scheme: "sip", User: inv.in.To, Host: trunk.Host, Port: int(next.address.Port())}}
	tx, err := inv.invite(ctx, nil, session.Offer())
	if err != nil {
		e.closeSession(session)
		return nil, err
	}
	inv.dialog.register()
	e.mu.Lock()
	e.invitations[inv.dialog.key.callID] = inv
	e.mu.Unlock()
	return tx, nil
}

// invite makes the transaction of the next INVITE; answering is the challenge or 422 it answers, nil for the first.
func (inv *invitation) invite(ctx context.Context, answering *sip.Response, offer []byte) (*sip.ClientTx, error) {
	request := inv.dialog.request(sip.INVITE, 0)
	request.AppendHeader(inv.dialog.contact.Clone())
	request.AppendHeader(sip.NewHeader("Allow", allowed))
	request.AppendHeader(sip.NewHeader("Supported", supported))
	setBody(request, offer)
	if inv.timer != "" {
		request.AppendHeader(sip.NewHeader("Session-Expires", inv.timer))
		request.AppendHeader(sip.NewHeader("Min-SE", inv.timer))
	}
	switch {
	case answering == nil:
	case !challenged(answering):
		if err := inv.credentials.present(request); err != nil {
			return nil, err
		}
	default:
		if err := inv.credentials.answer(request, answering); err != nil {
			return nil, err
		}
	}
	tx, err := inv.e.open(ctx, request)
	if err != nil {
		return nil, err
	}
	tx.OnRetransmission(inv.repeated)
	inv.request, inv.sent = request, time.Now()
	inv.mu.Lock()
	inv.current = request
	inv.mu.Unlock()
	return tx, nil
}

// inviteAgain sends the INVITE that answers a challenge or a 422, unless the call was cancelled meanwhile.
func (inv *invitation) inviteAgain(ctx context.Context, challenge *sip.Response) (*sip.ClientTx, error) {
	tx, err := inv.invite(ctx, challenge, inv.request.Body())
	if err != nil {
		return nil, err
	}
	if err = ctx.Err(); err == nil {
		err = tx.Init()
	}
	if err != nil {
		tx.Terminate()
		return nil, fmt.Errorf("send INVITE: %w", err)
	}
	if challenged(challenge) {
		inv.e.count.challenges.Add(1)
	}
	return tx, nil
}

// close frees what an answered call would need.
func (inv *invitation) close() {
	inv.dialog.finish(call.SignallingLost) // early: sends nothing
	inv.e.closeSession(inv.dialog.session)
}

// retire keeps the invitation known for as long as a stray response may still be on its way, then forgets it.
func (inv *invitation) retire() {
	e, callID := inv.e, inv.dialog.key.callID
	time.AfterFunc(2*e.timers.NoResponse, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.invitations, callID)
	})
}

// errRefused: nothing listens at the peer's port.
var errRefused = errors.New("connection refused")

// follow hears the transaction to its end. Only one INVITE transaction is followed at a time: the one that answers a
// challenge takes the place of the challenged one, which the library has acknowledged.
func (inv *invitation) follow(ctx context.Context, tx *sip.ClientTx, ringing <-chan time.Time) {
	var giveUp <-chan time.Time // after a CANCEL
	silent := time.NewTimer(inv.e.timers.NoResponse)
	defer silent.Stop()
	done, closing := ctx.Done(), inv.e.closing
	for {
		select {
		case response := <-tx.Responses():
			switch {
			case response.IsProvisional():
				inv.rung = true
				inv.provisional(ctx, response)
			case response.IsSuccess():
				inv.answered(ctx, response)
				return
			case (challenged(response) || inv.briefTimer(response)) && inv.wanted(ctx):
				next, err := inv.inviteAgain(ctx, response)
				if err != nil {
					inv.unanswered(ctx, response, err)
					return
				}
				tx, inv.rung, inv.early = next, false, nil
				silent.Reset(inv.e.timers.NoResponse)
			default:
				inv.unanswered(ctx, response, nil)
				return
			}
		case <-tx.Done():
			inv.unanswered(ctx, nil, tx.Err())
			return
		case <-silent.C:
			if !inv.rung {
				tx.Terminate()
			}
		case <-giveUp:
			tx.Terminate()
		case <-inv.refused:
			// Only before the INVITE was repeated: later, the first one may have been heard and have rung.
			if !inv.rung && time.Since(inv.sent) < sip.T1 {
				tx.Terminate()
				inv.unanswered(ctx, nil, errRefused)
				return
			}
		case <-ringing:
			inv.rangOut = true
			if !inv.rung && !inv.cancelled {
				// A silent peer may ring all the same, and its INVITE is repeated: the call is over when the transaction is.
				inv.silent = true
				inv.e.count.silent.Add(1)
				inv.close()
			}
		case <-done:
			inv.cancelled, done = true, nil
		case <-closing:
			inv.cancelled, closing = true, nil
		}
		// RFC 3261 9.1: no CANCEL before a provisional response.
		if giveUp == nil && inv.rung && (inv.rangOut || inv.cancelled) {
			giveUp = time.After(inv.e.timers.AfterCancel)
			inv.sendCancel()
		}
	}
}

// briefTimer reports whether a response is a 422 (RFC 4028 section 7.3) that can be met, which it is once.
func (inv *invitation) briefTimer(response *sip.Response) bool {
	least, ok := seconds(response.GetHeader("Min-SE"))
	if response.StatusCode != statusIntervalTooSmall || inv.timer != "" || !ok {
		return false
	}
	inv.timer = strconv.Itoa(int(least / time.Second))
	return true
}

// wanted reports whether an answer would still be taken.
func (inv *invitation) wanted(ctx context.Context) bool {
	return !inv.delivered && !inv.rangOut && !inv.cancelled && ctx.Err() == nil
}

// unanswered ends the invitation after a final response that is not taken, or after none.
func (inv *invitation) unanswered(ctx context.Context, response *sip.Response, err error) {
	inv.close()
	code, reason := 0, "no answer from the peer"
	if response != nil {
		code, reason = response.StatusCode, response.Reason
	}
	inv.settle()
	switch {
	case response == nil:
		inv.mu.Lock()
		inv.abandoned = true
		inv.mu.Unlock()
	case !response.IsSuccess():
		inv.e.count.refused.Add(1)
	}
	// Whether the person's phone rang is for the peer's answer to tell, but for what we did ourselves.
	ours := response == nil || response.IsSuccess() || challenged(response) || code == sip.StatusRequestTerminated
	cause := call.CauseOf(code)
	if response != nil {
		cause = causeOf(response)
	}
	switch {
	case inv.cancelled || ctx.Err() != nil:
		cause = call.CauseCancelled
	case inv.rangOut && ours && inv.silent:
		cause = call.CauseFailed // contract 9.7, "no answer at all"
	case inv.rangOut && ours:
		cause = call.CauseNoAnswer
	case errors.Is(err, errRefused):
		cause, reason = call.CauseUnreachable, err.Error()
	case errors.Is(err, errCredentials):
		cause = call.CauseUnauthorized
	case response != nil && err != nil: // what answers a challenge could not be sent
		cause, reason = call.CauseUnreachable, err.Error()
	}
	inv.fail(cause, code, reason)
}

// sendCancel sends the CANCEL of the INVITE on the wire, once (RFC 3261 9.1).
func (inv *invitation) sendCancel() {
	inv.mu.Lock()
	invite, sent := inv.current, inv.cancel
	inv.cancel = true
	inv.mu.Unlock()
	if sent {
		return
	}
	request := sip.NewRequest(sip.CANCEL, invite.Recipient)
	request.AppendHeader(invite.Via().Clone())
	forwards := sip.MaxForwardsHeader(70)
	request.AppendHeader(&forwards)
	request.AppendHeader(sip.HeaderClone(invite.From()))
	request.AppendHeader(sip.HeaderClone(invite.To()))
	request.AppendHeader(sip.HeaderClone(invite.CallID()))
	request.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	request.AppendHeader(sip.NewHeader("User-Agent", product))
	request.SetBody(nil)
	inv.e.aim(request, inv.hop)
	inv.e.count.cancels.Add(1)
	inv.e.enter()
	go func() {
		defer inv.e.leave()
		ctx, cancel := context.WithTimeout(context.Background(), inv.e.timers.Connect)
		defer cancel()
		if _, err := inv.e.send(ctx, request); err != nil {
			inv.log.Warn("a CANCEL could not be sent", "error", err)
		}
	}()
}
