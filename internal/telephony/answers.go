package telephony

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// fork is a dialog that a 2xx created: a forked INVITE may get several, with different To tags (RFC 3261 13.2.2.4).
type fork struct {
	dialog *dialog
	ack    *sip.Request
}

// accept2xx accepts the first 2xx, or acknowledges and ends it by BYE when it is no longer wanted.
func (inv *invitation) accept2xx(ctx context.Context, response *sip.Response) {
	if !inv.wanted(ctx) {
		inv.markDecided()
		inv.dismiss2xx(response)
		inv.unanswered(ctx, response, nil)
		return
	}
	d, _ := inv.acknowledge(response, true)
	if err := d.session.Accept(inv.descriptionOf(response)); err != nil {
		inv.e.count.unusable.Add(1)
		inv.log.Warn("the peer's session description cannot be used", "error", err)
		d.finish(call.SignallingLost)
		inv.e.closeSession(d.session)
		inv.fail(call.CauseFailed, response.StatusCode, err.Error())
		return
	}
	inv.e.count.answered.Add(1)
	if timer, ok := refreshingOf(response); ok {
		inv.e.spawn("refresh", d, func() { d.refresh(timer) })
	}
	ready := make(chan struct{})
	close(ready)
	inv.deliver(dialResult{leg: &leg{d, ready}})
}

// acknowledge sends the ACK for a 2xx, also for a retransmitted one (fresh is false), and returns the dialog that it created: the
// invitation's own when take is set, otherwise a new one for each To tag.
func (inv *invitation) acknowledge(response *sip.Response, take bool) (d *dialog, fresh bool) {
	tag := toTag(response)
	inv.mu.Lock()
	defer inv.mu.Unlock()
	known, ok := inv.forks[tag]
	if !ok {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		end := inv.e.remoteOf(ctx, response, inv.dialog.early())
		d = inv.dialog
		if !take {
			d = inv.dialog.branch(end)
		}
		ack := d.requestTo(end, sip.ACK, response.CSeq().SeqNo)
		copyCredentials(inv.current, ack) // RFC 3261 13.2.2.4
		known = &fork{d, ack}
		inv.forks[tag] = known
		if take {
			inv.decided = true
			defer d.confirm(end)
		}
	}
	if err := inv.e.write(known.ack.Clone()); err != nil {
		inv.log.Warn("an ACK could not be sent", "error", err)
	}
	return known.dialog, !ok
}

// markDecided records that no 2xx from here on is to be accepted.
func (inv *invitation) markDecided() {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.decided = true
}

// later2xx handles a 2xx that follow does not see: a retransmission, one of another fork, one after the transaction. It is
// dropped, for the peer to retransmit, while follow has not handled the first one.
func (inv *invitation) later2xx(response *sip.Response) {
	defer inv.e.survive("a late answer", inv.dialog) // called by the library
	inv.mu.Lock()
	decided := inv.decided
	inv.mu.Unlock()
	if decided {
		inv.dismiss2xx(response)
	}
}

// dismiss2xx acknowledges a 2xx that is not accepted. Unless it is a retransmission, its dialog is ended by BYE at once
// (RFC 3261 13.2.2.4).
func (inv *invitation) dismiss2xx(response *sip.Response) {
	if d, fresh := inv.acknowledge(response, false); fresh {
		inv.e.count.crossed.Add(1)
		inv.log.Info("a 2xx that is not wanted was ended by BYE", "code", response.StatusCode)
		d.sendBye()
	}
}

// answeredAfterRefusal takes a 2xx to an INVITE that was refused before: a fork answered whose 200 was forwarded after another's
// refusal (RFC 3261 16.7, step 5). The library's transaction, which repeats the ACK for the refusal as long as it stands, would drop it,
// and the person would have picked up into nothing. Over TCP there is no such transaction any more (unmatchedResponse).
func (e *Endpoint) answeredAfterRefusal(response *sip.Response) bool {
	seq := response.CSeq()
	if !response.IsSuccess() || seq.MethodName != sip.INVITE {
		return false
	}
	e.mu.Lock()
	inv := e.invitations[response.CallID().Value()]
	e.mu.Unlock()
	if inv == nil {
		return false
	}
	inv.mu.Lock()
	refused := inv.refusedUntil >= seq.SeqNo
	inv.mu.Unlock()
	if refused {
		e.spawn("a late answer", inv.dialog, func() { inv.later2xx(response) })
	}
	return refused
}

// unmatchedResponse handles responses that match no client transaction (RFC 3261 18.1.2).
func (e *Endpoint) unmatchedResponse(response *sip.Response) {
	defer e.survive("a late response", nil) // called by the library
	seq, callID := response.CSeq(), response.CallID()
	if seq == nil || callID == nil || seq.MethodName != sip.INVITE {
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
		inv.later2xx(response)
	case response.IsProvisional():
		inv.mu.Lock()
		ringing := inv.abandoned && seq.SeqNo == inv.current.CSeq().SeqNo && len(inv.forks) == 0
		inv.mu.Unlock()
		if ringing {
			inv.sendCancel()
		}
	}
}
