package telephony

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// answer is one 2xx: a forked INVITE may be answered by several ends, told apart by their tags.
type answer struct {
	dialog *dialog
	ack    *sip.Request
}

// answered takes the first 2xx, or gets rid of it where it is no longer wanted.
func (inv *invitation) answered(ctx context.Context, response *sip.Response) {
	if !inv.wanted(ctx) {
		inv.settle()
		inv.again(response)
		inv.unanswered(ctx, response, nil)
		return
	}
	d := inv.acknowledge(response, true)
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
		go d.refresh(timer)
	}
	ready := make(chan struct{})
	close(ready)
	inv.deliver(verdict{leg: &leg{d, ready}})
}

// acknowledge sends the ACK for a 2xx, again for a repeated one, and answers the dialog it made. The dialog of the
// invitation is the one of the 2xx that is taken; every other tag gets one of its own.
func (inv *invitation) acknowledge(response *sip.Response, take bool) *dialog {
	tag := toTag(response)
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
			inv.settled = true
			defer d.confirm(end)
		}
	}
	if err := inv.e.transports.WriteMsg(known.ack.Clone()); err != nil {
		inv.log.Warn("an ACK could not be sent", "error", err)
	}
	return known.dialog
}

// settle says that no 2xx that comes from here on is the one to take.
func (inv *invitation) settle() {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.settled = true
}

// repeated takes a 2xx that follow does not see: one sent again, one of another branch, one after the transaction. Where
// follow has not judged the first yet, this one is left to the peer to send once more.
func (inv *invitation) repeated(response *sip.Response) {
	inv.mu.Lock()
	settled := inv.settled
	inv.mu.Unlock()
	if settled {
		inv.again(response)
	}
}

// again answers a 2xx that is not to be taken: a repeated one is acknowledged, one of another branch, or one that
// comes when nobody wants it any more, is acknowledged and ended by BYE at once.
func (inv *invitation) again(response *sip.Response) {
	tag := toTag(response)
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
		inv.repeated(response)
	case response.IsProvisional():
		inv.mu.Lock()
		ringing := inv.abandoned && seq.SeqNo == inv.current.CSeq().SeqNo && len(inv.answers) == 0
		inv.mu.Unlock()
		if ringing {
			inv.sendCancel()
		}
	}
}
