package telephony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
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
		answers:     map[string]*answer{}, verdict: make(chan verdict, 1),
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

	verdict   chan verdict
	delivered bool
	rung      bool // a provisional response came
	rangOut   bool // the ring time is over
	cancelled bool // the caller's ctx ended, or the endpoint closes

	mu      sync.Mutex
	current *sip.Request // the INVITE on the wire, for what comes late
	cancel  bool         // CANCEL was sent
	answers map[string]*answer
	// abandoned: the transaction ended without a final response; the peer may still ring.
	abandoned bool
}

// answer is one 2xx: a forked INVITE may be answered by several ends, told apart by their tags.
type answer struct {
	dialog *dialog
	ack    *sip.Request
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
	inv.fail(call.CauseUnreachable, 0, err.Error())
}

// run is the whole life of the invitation.
func (inv *invitation) run(ctx context.Context) {
	tx, err := inv.prepare(ctx)
	if err != nil {
		inv.unsent(ctx, err)
		return
	}
	defer inv.retire()
	ringing := time.NewTimer(inv.in.RingFor)
	defer ringing.Stop()
	if err = ctx.Err(); err == nil {
		err = tx.Init()
	}
	if err != nil {
		tx.Terminate()
		inv.close()
		inv.unsent(ctx, fmt.Errorf("send INVITE: %w", err))
		return
	}
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
	session, err := media.NewSession(e.ports, host, trunk.Codecs)
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

// invite makes the transaction of the next INVITE; answering is the challenge it answers, nil for the first.
func (inv *invitation) invite(ctx context.Context, answering *sip.Response, offer []byte) (*sip.ClientTx, error) {
	request := inv.dialog.request(sip.INVITE, 0)
	request.AppendHeader(inv.dialog.contact.Clone())
	request.AppendHeader(sip.NewHeader("Allow", allowed))
	setBody(request, offer)
	if answering != nil {
		copyCredentials(inv.request, request)
		if err := inv.credentials.answer(request, answering); err != nil {
			return nil, err
		}
	}
	tx, err := inv.e.open(ctx, request)
	if err != nil {
		return nil, err
	}
	tx.OnRetransmission(func(response *sip.Response) { inv.again(response) })
	inv.request = request
	inv.mu.Lock()
	inv.current = request
	inv.mu.Unlock()
	return tx, nil
}

// inviteAgain sends the INVITE that answers a challenge, unless the call was cancelled meanwhile.
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
	inv.e.count.challenges.Add(1)
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
			case response.IsSuccess():
				inv.answered(ctx, response)
				return
			case challenged(response) && inv.wanted(ctx):
				next, err := inv.inviteAgain(ctx, response)
				if err != nil {
					inv.unanswered(ctx, response, err)
					return
				}
				tx, inv.rung = next, false
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
		case <-ringing:
			inv.rangOut = true
			if !inv.rung && !inv.cancelled {
				// A silent peer may ring all the same. The call is over for the caller, not yet for us.
				inv.e.count.silent.Add(1)
				inv.close()
				inv.fail(call.CauseFailed, 0, "no answer from the peer")
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
	switch {
	case inv.cancelled || ctx.Err() != nil:
		cause = call.CauseCancelled
	case inv.rangOut && ours:
		cause = call.CauseNoAnswer
	case errors.Is(err, errCredentials):
		cause = call.CauseUnauthorized
	case response != nil && challenged(response): // the challenge was refused, and its answer could not be sent
		cause, reason = call.CauseUnreachable, err.Error()
	}
	inv.fail(cause, code, reason)
}

// answered takes the first 2xx, or gets rid of it where it is no longer wanted.
func (inv *invitation) answered(ctx context.Context, response *sip.Response) {
	if !inv.wanted(ctx) {
		inv.again(response)
		inv.unanswered(ctx, response, nil)
		return
	}
	d := inv.acknowledge(response, true)
	if err := d.session.Accept(response.Body()); err != nil {
		inv.e.count.unusable.Add(1)
		inv.log.Warn("the peer's session description cannot be used", "error", err)
		d.finish(call.SignallingLost)
		inv.e.closeSession(d.session)
		inv.fail(call.CauseFailed, response.StatusCode, err.Error())
		return
	}
	inv.e.count.answered.Add(1)
	ready := make(chan struct{})
	close(ready)
	inv.deliver(verdict{leg: &leg{d, ready}})
}

// acknowledge sends the ACK for a 2xx, again for a repeated one, and answers the dialog it made. The dialog of the
// invitation is the one of the 2xx that is taken; every other tag gets one of its own.
func (inv *invitation) acknowledge(response *sip.Response, take bool) *dialog {
	tag, _ := response.To().Params.Get("tag")
	inv.mu.Lock()
	defer inv.mu.Unlock()
	known, ok := inv.answers[tag]
	if !ok {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		end := inv.e.farOf(ctx, response, inv.dialog.early())
		d := inv.dialog
		if !take {
			d = inv.dialog.branch(end)
		}
		ack := d.requestTo(end, sip.ACK, response.CSeq().SeqNo)
		copyCredentials(inv.current, ack) // RFC 3261 13.2.2.4
		known = &answer{d, ack}
		inv.answers[tag] = known
		if take {
			defer d.confirm(end)
		}
	}
	if err := inv.e.transports.WriteMsg(known.ack.Clone()); err != nil {
		inv.log.Warn("an ACK could not be sent", "error", err)
	}
	return known.dialog
}

// again takes a 2xx that is not the one taken: a repeated one is acknowledged, one of another branch, or one that
// comes when nobody wants it any more, is acknowledged and ended by BYE at once.
func (inv *invitation) again(response *sip.Response) {
	tag, _ := response.To().Params.Get("tag")
	inv.mu.Lock()
	_, known := inv.answers[tag]
	inv.mu.Unlock()
	d := inv.acknowledge(response, false)
	if !known {
		inv.e.count.crossed.Add(1)
		inv.log.Info("an answer that is not wanted was ended", "code", response.StatusCode)
		d.sendBye()
	}
}

// late takes responses whose transaction is gone.
func (e *Endpoint) late(response *sip.Response) {
	seq, callID := response.CSeq(), response.CallID()
	if seq == nil || callID == nil || seq.MethodName != sip.INVITE || response.To() == nil {
		return
	}
	e.mu.Lock()
	inv := e.invitations[callID.Value()]
	e.mu.Unlock()
	if inv == nil {
		return
	}
	switch {
	case response.IsSuccess():
		inv.again(response)
	case response.IsProvisional():
		inv.mu.Lock()
		ringing := inv.abandoned && seq.SeqNo == inv.current.CSeq().SeqNo && len(inv.answers) == 0
		inv.mu.Unlock()
		if ringing {
			inv.sendCancel()
		}
	}
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
