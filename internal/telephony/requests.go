package telephony

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// handleRequest answers every request from outside (contract 9.7, "requests from outside"). The library calls it in a
// goroutine of its own for each.
func (e *Endpoint) handleRequest(request *sip.Request, tx *sip.ServerTx) {
	defer e.surviveRequest(request, tx)
	e.count.requests.Add(1)
	if !complete(request) { // filter has checked datagrams only
		tx.Terminate()
		return
	}
	if tag, _ := request.To().Params.Get("tag"); tag != "" {
		e.handleInDialog(e.findDialog(request), request, tx)
		return
	}
	switch request.Method {
	case sip.INVITE:
		e.handleInvite(request, tx)
	case sip.OPTIONS:
		e.replyOnce(tx, request, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"))
	case sip.ACK:
		tx.Terminate() // for a refused INVITE whose transaction is gone; an ACK gets no response
	case sip.CANCEL, sip.BYE, sip.UPDATE, sip.INFO, sip.NOTIFY:
		e.replyOnce(tx, request, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
	default:
		e.replyOnce(tx, request, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	}
}

// handleInDialog answers a request with a To tag. d is nil when there is no such dialog.
func (e *Endpoint) handleInDialog(d *dialog, request *sip.Request, tx *sip.ServerTx) {
	switch {
	case request.Method == sip.ACK:
		tx.Terminate()
		if d != nil {
			d.handleACK(request)
		}
	case d == nil || !d.isFromPeer(request):
		e.replyOnce(tx, request, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
	case request.Method == sip.OPTIONS: // a keep-alive of the call
		e.reply(tx, request, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"))
	case request.Method == sip.BYE:
		e.reply(tx, request, sip.StatusOK, "OK")
		d.handleBye(request)
	case request.Method == sip.INVITE:
		d.handleReinvite(request, tx)
	case request.Method == sip.UPDATE:
		d.handleUpdate(request, tx)
	case request.Method == sip.INFO:
		d.handleInfo(request, tx)
	case request.Method == sip.NOTIFY:
		d.handleNotify(request, tx)
	case request.Method == sip.REFER:
		d.handleRefer(request, tx)
	default:
		e.reply(tx, request, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	}
}

// isFromPeer reports whether the request belongs to the dialog: its From tag matches once the dialog is confirmed, and only
// a BYE is accepted after it is over. Whoever sent it is no stranger: Call-ID and tags are random.
func (d *dialog) isFromPeer(request *sip.Request) bool {
	tag, _ := request.From().Params.Get("tag")
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.live && d.remote.tag != tag || d.over && request.Method != sip.BYE {
		return false
	}
	if source, err := d.e.sourceOf(request); err == nil {
		d.e.strangers.know(source.address.Addr(), time.Now())
	}
	return true
}

// handleBye ends the dialog by the peer's BYE. One that overtook the 200 is remembered until the 200 is handled.
func (d *dialog) handleBye(request *sip.Request) {
	d.e.count.byesReceived.Add(1)
	d.mu.Lock()
	if !d.live && d.earlyBye != nil {
		tag, _ := request.From().Params.Get("tag")
		d.earlyBye[tag] = true
		d.mu.Unlock()
		return
	}
	for _, waiting := range d.pending { // a peer that sends BYE has received our 200
		acknowledge(waiting, request)
	}
	d.mu.Unlock()
	d.finish(call.PeerHungUp)
}

// checkOrder checks the CSeq of a request within the dialog (RFC 3261 12.2.2) and returns the status code to reject it
// with, or 0. A change of the session is rejected while the dialog is early, or an earlier change is not acknowledged
// (14.2, RFC 3311 5.2).
func (d *dialog) checkOrder(request *sip.Request) int {
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

// awaitPendingACK waits at most 100 ms for the ACK of an earlier change: every message is handled in its own goroutine, so
// a request can overtake the ACK that the peer sent before it.
func (d *dialog) awaitPendingACK() {
	for range 20 {
		d.mu.Lock()
		waiting := len(d.pending) > 0
		d.mu.Unlock()
		if !waiting || !wait(5*time.Millisecond, d.ended) {
			return
		}
	}
}

// retarget updates the remote target from the Contact of a re-INVITE or UPDATE (RFC 3261 12.2.2).
func (d *dialog) retarget(request *sip.Request) {
	contact := request.Contact()
	if contact == nil || contact.Address.Host == "" {
		return
	}
	d.mu.Lock()
	end := d.remote
	d.mu.Unlock()
	if contact.Address.String() == end.target.String() {
		return
	}
	end.target = contact.Address
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	end.hop = d.e.nextHop(ctx, end)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remote = end
	if d.held.IsValid() {
		d.release()
		d.held = end.hop.address.Addr()
		d.e.strangers.hold(d.held)
	}
}

var reasons = map[int]string{
	sip.StatusRequestPending:      "Request Pending",
	sip.StatusInternalServerError: "Server Internal Error",
	sip.StatusNotAcceptableHere:   "Not Acceptable Here",
}

// rejectInDialog answers a request within the dialog with one of reasons.
func (d *dialog) rejectInDialog(request *sip.Request, tx *sip.ServerTx, code int) {
	if code == sip.StatusInternalServerError {
		d.e.reply(tx, request, code, reasons[code], sip.NewHeader("Retry-After", "2"))
		return
	}
	d.e.reply(tx, request, code, reasons[code])
}

// okResponse builds the 200 to a request of the peer within the dialog. A session timer that the peer asks for is granted
// with the peer as refresher (RFC 4028 section 9).
func (d *dialog) okResponse(request *sip.Request, description []byte) *sip.Response {
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

// handleReinvite answers a re-INVITE: hold, resume, a new address or codec. One without an offer gets an offer of ours,
// whose answer comes in the ACK.
func (d *dialog) handleReinvite(request *sip.Request, tx *sip.ServerTx) {
	if d.e.rejectUnsupported(request, tx) {
		return
	}
	d.awaitPendingACK()
	if code := d.checkOrder(request); code != 0 {
		d.rejectInDialog(request, tx, code)
		return
	}
	offered := len(request.Body()) > 0
	var description []byte
	if offered {
		var err error
		if description, err = d.session.Answer(request.Body()); err != nil {
			d.e.log.Warn("the peer's new session description cannot be used; the audio stays as it was", "error", err)
			d.rejectInDialog(request, tx, sip.StatusNotAcceptableHere)
			return
		}
	} else {
		description = d.session.Offer()
	}
	d.retarget(request)
	response := d.okResponse(request, description)
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

// handleUpdate answers an UPDATE (RFC 3311), with or without an offer.
func (d *dialog) handleUpdate(request *sip.Request, tx *sip.ServerTx) {
	if d.e.rejectUnsupported(request, tx) {
		return
	}
	d.awaitPendingACK()
	code := d.checkOrder(request)
	if code == sip.StatusRequestPending && len(request.Body()) == 0 {
		code = 0 // does not change the session: a refresh, or a new Contact of an early dialog
	}
	if code != 0 {
		d.rejectInDialog(request, tx, code)
		return
	}
	var description []byte
	if len(request.Body()) > 0 {
		var err error
		if description, err = d.session.Answer(request.Body()); err != nil {
			d.e.log.Warn("the peer's new session description cannot be used; the audio stays as it was", "error", err)
			d.rejectInDialog(request, tx, sip.StatusNotAcceptableHere)
			return
		}
	}
	d.retarget(request)
	if err := tx.Respond(d.okResponse(request, description)); err != nil {
		d.e.log.Debug("an UPDATE could not be answered", "error", err)
		tx.Terminate()
	}
}
