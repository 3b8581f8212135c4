package telephony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
	"nacre/internal/media"
)

// dialResult is what Dial returns.
type dialResult struct {
	leg     call.Leg
	failure *call.Failure
	// panicked is what run panicked with before it had a result.
	panicked any
}

// Dial places one call (call.Dialer). It sends one INVITE, and another one only to answer a challenge or a 422.
func (e *Endpoint) Dial(ctx context.Context, invite call.Invite) (call.Leg, *call.Failure) {
	if !e.begin() {
		return nil, &call.Failure{Cause: call.CauseUnreachable, Reason: "the SIP endpoint is closed"}
	}
	inv := &invitation{
		e: e, in: invite, log: e.log.With("call", invite.Call, "trace", invite.Trace),
		credentials: credentials{username: invite.Trunk.Username, password: invite.Trunk.Password},
		forks:       map[string]*fork{}, result: make(chan dialResult, 1), refused: make(chan struct{}, 1),
	}
	go func() {
		defer e.leave()
		defer func() {
			if reason := recover(); reason != nil {
				inv.log.Error("invitation panicked", "panic", reason, "stack", string(debug.Stack()))
				inv.deliver(dialResult{panicked: reason})
			}
		}()
		inv.run(ctx)
	}()
	v := <-inv.result
	if v.panicked != nil {
		panic(v.panicked) // where the call is carried: it ends that call, and no other
	}
	return v.leg, v.failure
}

// invitation is one Dial, from its first INVITE until no response can come any more. That may be after Dial has returned:
// responses of a silent peer are awaited until Timer B.
type invitation struct {
	e           *Endpoint
	in          call.Invite
	log         *slog.Logger
	credentials credentials
	hop         hop
	dialog      *dialog // early until a 200 is taken
	request     *sip.Request
	sent        time.Time     // of the newest INVITE on the wire
	ringEnd     time.Time     // of the ring time, which the first INVITE began; zero before it
	refused     chan struct{} // receives when nothing listens at the peer's port (ICMP)

	result    chan dialResult
	delivered bool
	rung      bool   // a provisional response to the newest INVITE came
	alerted   bool   // one other than 100 came, to any: a telephone may have rung
	rangOut   bool   // the ring time is over
	silent    bool   // and no provisional response came before
	timer     string // Min-SE of a 422 in seconds; "" = none
	early     []earlyDialog
	cancelled bool // the caller's ctx ended, or the endpoint closes

	mu      sync.Mutex
	current *sip.Request // the INVITE sent last, for late responses
	cancel  bool         // CANCEL was sent
	// refusedUntil is the CSeq of the newest INVITE that got a final response other than 2xx.
	refusedUntil uint32
	forks        map[string]*fork
	// decided: the first 2xx was accepted or dismissed, or none came. Until then retransmissions are ignored: on a busy
	// machine one can be handled before the first.
	decided bool
	// abandoned: the transaction ended without a final response; the peer may still ring.
	abandoned bool
}

func (inv *invitation) deliver(v dialResult) {
	if !inv.delivered {
		inv.delivered = true
		inv.result <- v
	}
}

func (inv *invitation) fail(cause call.Cause, code int, reason string) {
	failure := &call.Failure{Cause: cause, Code: code, Reason: reason}
	if inv.dialog != nil && inv.dialog.ladder != nil {
		failure.Messages = inv.dialog.ladder.Messages()
	}
	inv.deliver(dialResult{failure: failure})
}

// unsent ends an invitation whose INVITE was not sent.
func (inv *invitation) unsent(ctx context.Context, err error) {
	if ctx.Err() != nil {
		inv.fail(call.CauseCancelled, 0, "cancelled before the INVITE")
		return
	}
	inv.log.Info("the INVITE was not sent", "error", err)
	if errors.Is(err, errTooLate) {
		inv.fail(call.CauseTooLate, 0, err.Error())
		return
	}
	inv.fail(call.CauseUnreachable, 0, err.Error())
}

// tolerated is by how much the end of the calling hours may shorten the ring time. An INVITE that would ring less is not
// sent.
const tolerated = 2 * time.Second

var (
	errTooLate = errors.New("the calling hours would end while it rings")
	errRangOut = errors.New("the ring time is over")
	errClosing = errors.New("the SIP endpoint is closing")
)

// ringFor returns how long a call may ring whose INVITE leaves now: not beyond the end of the calling hours (contract 9.7).
func (inv *invitation) ringFor() time.Duration {
	if inv.in.RingUntil.IsZero() {
		return inv.in.RingFor
	}
	return min(inv.in.RingFor, time.Until(inv.in.RingUntil))
}

// run sends the INVITE and follows its transactions to the end.
func (inv *invitation) run(ctx context.Context) {
	tx, err := inv.prepare(ctx)
	if err != nil {
		inv.unsent(ctx, err)
		return
	}
	defer inv.retire()
	if err := inv.e.paced(ctx, inv.in.Trunk, func() error { return inv.send(ctx, tx) }); err != nil {
		tx.Terminate()
		inv.close()
		inv.unsent(ctx, fmt.Errorf("send INVITE: %w", err))
		return
	}
	ringing := time.NewTimer(time.Until(inv.ringEnd))
	defer ringing.Stop()
	inv.e.count.invites.Add(1)
	inv.follow(ctx, tx, ringing.C)
}

// send puts an INVITE on the wire: the first one, or one that answers a challenge or a 422. Whether it is wanted still is
// asked right before it leaves, because names, connections and turns take their time.
func (inv *invitation) send(ctx context.Context, tx *sip.ClientTx) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-inv.e.closing:
		return errClosing
	case <-inv.refused: // an ICMP error for an earlier datagram to this peer
	default:
	}
	now, ringFor := time.Now(), inv.ringFor()
	switch {
	case inv.ringEnd.IsZero() && ringFor < inv.in.RingFor-tolerated:
		return errTooLate
	case inv.ringEnd.IsZero():
		inv.ringEnd = now.Add(ringFor)
	case ringFor <= 0, !now.Before(inv.ringEnd):
		return errRangOut
	}
	inv.sent = now
	return tx.Init()
}

// prepare does everything that can fail before the INVITE is sent: it resolves the trunk, opens a port for audio and
// connects.
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
	session, err := media.NewSession(e.ports, media.Config{Advertise: host, Codecs: trunk.Codecs, Signals: next.address.Addr(),
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
		localURI:  sip.Uri{Scheme: "sip", User: inv.in.From, Host: domain},
		remoteURI: sip.Uri{Scheme: "sip", User: inv.in.To, Host: trunk.Host},
		host:      host,
		contact:   e.contact(next.transport, host, inv.in.From),
		ended:     make(chan struct{}), earlyBye: map[string]bool{}, pending: map[uint32]chan *sip.Request{},
	}
	inv.dialog.remote = remoteEnd{hop: next,
		target: sip.Uri{Scheme: "sip", User: inv.in.To, Host: trunk.Host, Port: int(next.address.Port())}}
	tx, err := inv.invite(ctx, nil, session.Offer())
	if err != nil {
		e.closeSession(session)
		return nil, err
	}
	inv.dialog.ladder = &ladder{local: e.udp.LocalAddr().String()}
	ladders.Store(inv.dialog.key.callID, inv.dialog.ladder)
	inv.dialog.register()
	e.mu.Lock()
	e.invitations[inv.dialog.key.callID] = inv
	e.mu.Unlock()
	return tx, nil
}

// invite creates the client transaction of the next INVITE. answering is the challenge or 422 that it answers, nil for the
// first one.
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
		if err := inv.credentials.authorize(request); err != nil {
			return nil, err
		}
	default:
		if err := inv.credentials.respond(request, answering); err != nil {
			return nil, err
		}
	}
	tx, err := inv.e.open(ctx, request)
	if err != nil {
		return nil, err
	}
	tx.OnRetransmission(inv.later2xx)
	inv.request = request
	inv.mu.Lock()
	inv.current = request
	inv.mu.Unlock()
	return tx, nil
}

// inviteAgain sends the INVITE that answers a challenge or a 422, within the ring time.
func (inv *invitation) inviteAgain(ctx context.Context, challenge *sip.Response) (*sip.ClientTx, error) {
	ringing, cancel := context.WithDeadline(ctx, inv.ringEnd)
	defer cancel()
	tx, err := inv.invite(ringing, challenge, inv.request.Body())
	if err != nil {
		if ctx.Err() == nil && ringing.Err() != nil {
			err = errRangOut
		}
		return nil, err
	}
	if err := inv.send(ctx, tx); err != nil {
		tx.Terminate()
		return nil, fmt.Errorf("send INVITE: %w", err)
	}
	if challenged(challenge) {
		inv.e.count.challenges.Add(1)
	}
	return tx, nil
}

// close ends the early dialog and frees the RTP ports.
func (inv *invitation) close() {
	inv.dialog.finish(call.SignallingLost) // early: sends nothing
	inv.e.closeSession(inv.dialog.session)
}

// retire removes the invitation from the endpoint when no late response can come any more.
func (inv *invitation) retire() {
	e, callID := inv.e, inv.dialog.key.callID
	time.AfterFunc(2*e.timers.NoResponse, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.invitations, callID)
	})
}

// errRefused means that nothing listens at the peer's port.
var errRefused = errors.New("connection refused")

// follow handles the responses of the INVITE transaction, timers and cancellation until the call is answered or over. An
// INVITE that answers a challenge replaces the challenged one, which the library has acknowledged.
func (inv *invitation) follow(ctx context.Context, tx *sip.ClientTx, ringing <-chan time.Time) {
	var giveUp <-chan time.Time // after a CANCEL
	silent := time.NewTimer(inv.e.timers.NoResponse)
	defer silent.Stop()
	done, closing := ctx.Done(), inv.e.closing
	silenced := ""
	defer func() { inv.e.silenced.remove(silenced) }()
	for {
		select {
		case response := <-tx.Responses():
			if !response.IsProvisional() && !response.IsSuccess() {
				inv.mu.Lock()
				inv.refusedUntil = inv.current.CSeq().SeqNo
				inv.mu.Unlock()
			}
			switch {
			case response.IsProvisional():
				inv.rung = true
				inv.alerted = inv.alerted || response.StatusCode > sip.StatusTrying
				inv.provisional(ctx, response)
			case response.IsSuccess():
				inv.accept2xx(ctx, response)
				return
			case (challenged(response) || inv.briefTimer(response)) && inv.wanted(ctx) && !inv.alerted: // it would ring twice
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
			// Only before the INVITE was retransmitted: later, the first one may have arrived and have rung.
			if !inv.rung && time.Since(inv.sent) < sip.T1 {
				tx.Terminate()
				inv.unanswered(ctx, nil, errRefused)
				return
			}
		case <-ringing:
			inv.rangOut = true
			if !inv.rung && !inv.cancelled {
				// The peer may be ringing although it sends no response, and the INVITE is retransmitted: the call is over
				// only when the transaction is.
				inv.silent = true
				inv.e.count.silent.Add(1)
				inv.close()
			}
		case <-done:
			inv.cancelled, done = true, nil
		case <-closing:
			inv.cancelled, closing = true, nil
		}
		outside := inv.rangOut && !inv.in.RingUntil.IsZero() && !time.Now().Before(inv.in.RingUntil)
		if !inv.rung && (inv.cancelled || outside) && silenced == "" {
			silenced = branchOf(inv.request)
			inv.e.silenced.add(silenced)
		}
		// RFC 3261 9.1: no CANCEL before a provisional response.
		if giveUp == nil && inv.rung && (inv.rangOut || inv.cancelled) {
			giveUp = time.After(inv.e.timers.AfterCancel)
			inv.sendCancel()
		}
	}
}

// branchOf returns the branch of the transaction of a request.
func branchOf(request *sip.Request) string {
	branch, _ := request.Via().Params.Get("branch")
	return branch
}

// briefTimer reports whether a response is the first 422 (RFC 4028 section 7.3) and has a usable Min-SE.
func (inv *invitation) briefTimer(response *sip.Response) bool {
	least, ok := seconds(response.GetHeader("Min-SE"))
	if response.StatusCode != statusIntervalTooSmall || inv.timer != "" || !ok {
		return false
	}
	inv.timer = strconv.Itoa(int(least / time.Second))
	return true
}

// wanted reports whether a 2xx would still be accepted.
func (inv *invitation) wanted(ctx context.Context) bool {
	return !inv.delivered && !inv.rangOut && !inv.cancelled && ctx.Err() == nil
}

// unanswered ends the invitation without a call: after a final response that is not accepted, or without one (nil).
func (inv *invitation) unanswered(ctx context.Context, response *sip.Response, err error) {
	inv.close()
	code, reason := 0, "no answer from the peer"
	if response != nil {
		code, reason = response.StatusCode, response.Reason
	}
	inv.markDecided()
	switch {
	case response == nil:
		inv.mu.Lock()
		inv.abandoned = true
		inv.mu.Unlock()
	case !response.IsSuccess():
		inv.e.count.refused.Add(1)
	}
	// The peer's response decides the cause, except where the call ended by what we did.
	ours := response == nil || response.IsSuccess() || challenged(response) || code == sip.StatusRequestTerminated
	cause := call.CauseOf(code)
	if response != nil {
		cause = causeOf(response)
	}
	switch {
	case inv.cancelled || ctx.Err() != nil:
		cause = call.CauseCancelled
	case errors.Is(err, errClosing):
		cause = call.CauseCancelled
	case errors.Is(err, errRangOut) && inv.rung:
		cause = call.CauseNoAnswer
	case errors.Is(err, errRangOut), inv.rangOut && ours && inv.silent:
		cause = call.CauseFailed // contract 9.7, "no answer at all"
	case inv.rangOut && ours:
		cause = call.CauseNoAnswer
	case errors.Is(err, errRefused):
		cause, reason = call.CauseUnreachable, err.Error()
	case errors.Is(err, errCredentials):
		cause = call.CauseUnauthorized
	case response != nil && err != nil: // the INVITE that answers a challenge could not be sent
		cause, reason = call.CauseUnreachable, err.Error()
	}
	if inv.alerted && (cause == call.CauseUnreachable || cause == call.CauseUnauthorized) {
		cause = call.CauseFailed // an attempt: contract 9.2
	}
	inv.fail(cause, code, reason)
}

// sendCancel sends one CANCEL for the current INVITE (RFC 3261 9.1).
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
	inv.e.spawn("CANCEL", nil, func() {
		defer inv.e.leave()
		ctx, cancel := context.WithTimeout(context.Background(), inv.e.timers.Connect)
		defer cancel()
		if _, err := inv.e.send(ctx, request); err != nil {
			inv.log.Warn("a CANCEL could not be sent", "error", err)
		}
	})
}
