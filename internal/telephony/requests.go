package telephony

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// dispatch answers every request from outside (contract 9.7, "requests from outside"). It runs in a goroutine of its own.
func (e *Endpoint) dispatch(request *sip.Request, tx *sip.ServerTx) {
	e.count.requests.Add(1)
	if !whole(request) { // over TCP nothing was dropped before
		tx.Terminate()
		return
	}
	if tag, _ := request.To().Params.Get("tag"); tag != "" {
		e.within(e.findDialog(request), request, tx)
		return
	}
	switch request.Method {
	case sip.INVITE:
		e.invited(request, tx)
	case sip.OPTIONS:
		e.replyOnce(tx, request, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"))
	case sip.ACK:
		tx.Terminate() // of a refused INVITE whose transaction is gone; nothing answers an ACK
	case sip.CANCEL, sip.BYE, sip.UPDATE, sip.INFO:
		e.replyOnce(tx, request, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
	default:
		e.replyOnce(tx, request, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	}
}

// within answers a request with a tag of ours. d is nil when there is no such dialog.
func (e *Endpoint) within(d *dialog, request *sip.Request, tx *sip.ServerTx) {
	switch {
	case request.Method == sip.ACK:
		tx.Terminate()
		if d != nil {
			d.acknowledged(request)
		}
	case d == nil || !d.knows(request):
		e.replyOnce(tx, request, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
	case request.Method == sip.OPTIONS: // how peers ask whether a call still stands
		e.reply(tx, request, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"))
	case request.Method == sip.BYE:
		e.reply(tx, request, sip.StatusOK, "OK")
		d.peerHungUp(request)
	case request.Method == sip.INVITE:
		d.changed(request, tx)
	case request.Method == sip.UPDATE:
		d.updated(request, tx)
	case request.Method == sip.INFO:
		d.informed(request, tx)
	default:
		e.reply(tx, request, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	}
}

// knows reports whether the request comes from the other end of the dialog; an early one has no other end yet. One that
// is over, and waits only for its ACK, has nothing left but to be ended.
func (d *dialog) knows(request *sip.Request) bool {
	tag, _ := request.From().Params.Get("tag")
	d.mu.Lock()
	defer d.mu.Unlock()
	return (!d.live || d.far.tag == tag) && (!d.over || request.Method == sip.BYE)
}

// peerHungUp takes a BYE. One that overtook the 200 is kept until that 200 is read.
func (d *dialog) peerHungUp(request *sip.Request) {
	d.e.count.byesReceived.Add(1)
	d.mu.Lock()
	if !d.live && d.earlyBye != nil {
		tag, _ := request.From().Params.Get("tag")
		d.earlyBye[tag] = true
		d.mu.Unlock()
		return
	}
	for _, waiting := range d.pending { // whoever hangs up has seen our 200
		acknowledge(waiting, request)
	}
	d.mu.Unlock()
	d.finish(call.PeerHungUp)
}

// order checks the CSeq of a request within the dialog (RFC 3261 12.2.2) and answers the status of a refusal, or 0.
// A change of the session must wait until the dialog stands and an earlier change is acknowledged (14.2, RFC 3311 5.2).
func (d *dialog) order(request *sip.Request) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	seq := request.CSeq().SeqNo
	switch {
	case !d.live:
		return sip.StatusRequestPending
	case seq <= d.remoteSeq && d.remoteSeq != 0:
		return sip.StatusInternalServerError
	case d.changing && request.IsInvite(): // RFC 3261 14.2
		return sip.StatusRequestPending
	case len(d.pending) > 0 && (request.IsInvite() || len(request.Body()) > 0):
		return sip.StatusRequestPending
	}
	d.remoteSeq = seq
	return 0
}

// settle waits a moment for the ACK of an earlier change that came just before this request: every message is handled
// in a goroutine of its own, so they overtake each other.
func (d *dialog) settle() {
	for range 20 {
		d.mu.Lock()
		waiting := len(d.pending) > 0
		d.mu.Unlock()
		if !waiting || !wait(5*time.Millisecond, d.ended) {
			return
		}
	}
}

// retarget follows the peer's Contact in a re-INVITE or UPDATE (RFC 3261 12.2.2).
func (d *dialog) retarget(request *sip.Request) {
	contact := request.Contact()
	if contact == nil || contact.Address.Host == "" {
		return
	}
	d.mu.Lock()
	end := d.far
	d.mu.Unlock()
	if contact.Address.String() == end.target.String() {
		return
	}
	end.target = contact.Address
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	end.hop = d.e.nextHop(ctx, end)
	d.mu.Lock()
	d.far = end
	d.mu.Unlock()
}

var reasons = map[int]string{
	sip.StatusRequestPending:      "Request Pending",
	sip.StatusInternalServerError: "Server Internal Error",
	sip.StatusNotAcceptableHere:   "Not Acceptable Here",
}

// refuse answers a request within the dialog that is out of order.
func (d *dialog) refuse(request *sip.Request, tx *sip.ServerTx, code int) {
	if code == sip.StatusInternalServerError {
		d.e.reply(tx, request, code, reasons[code], sip.NewHeader("Retry-After", "2"))
		return
	}
	d.e.reply(tx, request, code, reasons[code])
}

// accepted makes the 200 to a request of the peer within the dialog. A session timer that the peer asks for is granted
// with the peer as its refresher (RFC 4028 section 9): we answer refreshes and send none.
func (d *dialog) accepted(request *sip.Request, description []byte) *sip.Response {
	response := sip.NewResponseFromRequest(request, sip.StatusOK, "OK", nil)
	response.AppendHeader(d.contact.Clone())
	response.AppendHeader(sip.NewHeader("Allow", allowed))
	if timer, ok := sessionTimer(request); ok {
		response.AppendHeader(sip.NewHeader("Require", "timer"))
		response.AppendHeader(sip.NewHeader("Session-Expires", timer))
	}
	setBody(response, description)
	return response
}

// changed answers a re-INVITE: hold, resume, a new address or codec. One without an offer gets ours, and its ACK
// carries the answer.
func (d *dialog) changed(request *sip.Request, tx *sip.ServerTx) {
	if d.e.demandsMore(request, tx) {
		return
	}
	d.settle()
	if code := d.order(request); code != 0 {
		d.refuse(request, tx, code)
		return
	}
	offered := len(request.Body()) > 0
	var description []byte
	if offered {
		var err error
		if description, err = d.session.Answer(request.Body()); err != nil {
			d.e.log.Warn("the peer's new session description cannot be used; the audio stays as it was", "error", err)
			d.refuse(request, tx, sip.StatusNotAcceptableHere)
			return
		}
	} else {
		description = d.session.Offer()
	}
	d.retarget(request)
	response := d.accepted(request, description)
	acked, forget := d.expectAck(response)
	defer forget()
	if err := tx.Respond(response); err != nil {
		tx.Terminate()
		d.e.log.Debug("a re-INVITE could not be answered", "error", err)
		return
	}
	ack, err := d.untilAck(tx, response, acked, d.ended)
	switch {
	case err != nil:
		d.finish(call.SignallingLost) // RFC 3261 14.2
	case !offered:
		if err := d.session.Accept(ack.Body()); err != nil {
			d.e.log.Info("the answer to our offer cannot be used; the audio stays as it was", "error", err)
		}
	}
}

// updated answers an UPDATE (RFC 3311), with or without an offer.
func (d *dialog) updated(request *sip.Request, tx *sip.ServerTx) {
	if d.e.demandsMore(request, tx) {
		return
	}
	d.settle()
	code := d.order(request)
	if code == sip.StatusRequestPending && len(request.Body()) == 0 {
		code = 0 // changes nothing: a session timer's refresh, or an early dialog's new contact
	}
	if code != 0 {
		d.refuse(request, tx, code)
		return
	}
	var description []byte
	if len(request.Body()) > 0 {
		var err error
		if description, err = d.session.Answer(request.Body()); err != nil {
			d.e.log.Warn("the peer's new session description cannot be used; the audio stays as it was", "error", err)
			d.refuse(request, tx, sip.StatusNotAcceptableHere)
			return
		}
	}
	d.retarget(request)
	if err := tx.Respond(d.accepted(request, description)); err != nil {
		d.e.log.Debug("an UPDATE could not be answered", "error", err)
		tx.Terminate()
	}
}
