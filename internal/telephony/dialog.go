package telephony

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
	"nacre/internal/media"
)

// dialogKey identifies a dialog in requests of the peer: Call-ID and To tag.
type dialogKey struct{ callID, localTag string }

// remoteEnd is the peer's part of the dialog state (RFC 3261 12.1).
type remoteEnd struct {
	tag    string    // remote tag
	target sip.Uri   // remote target: its Contact
	routes []sip.Uri // route set, nearest first
	hop    hop       // next hop of our requests
}

// remoteOf reads the remote end from the message that creates the dialog: a 2xx of the callee, or the caller's INVITE.
// What the message lacks, or cannot be reached, is taken from fallback.
func (e *Endpoint) remoteOf(ctx context.Context, message sip.Message, fallback remoteEnd) remoteEnd {
	end := fallback
	end.routes = nil
	for _, header := range message.GetHeaders("Record-Route") {
		if route, ok := header.(*sip.RecordRouteHeader); ok {
			end.routes = append(end.routes, route.Address)
		}
	}
	var contact *sip.ContactHeader
	switch m := message.(type) {
	case *sip.Response:
		end.tag = toTag(m)
		slices.Reverse(end.routes)
		contact = m.Contact()
	case *sip.Request:
		end.tag, _ = m.From().Params.Get("tag")
		contact = m.Contact()
	}
	if contact != nil && contact.Address.Host != "" {
		end.target = contact.Address
	}
	end.hop = e.nextHop(ctx, end)
	return end
}

// toTag returns the To tag of a response, "" without one. Over TCP nothing has checked that the header field is there.
func toTag(response *sip.Response) string {
	to := response.To()
	if to == nil {
		return ""
	}
	tag, _ := to.Params.Get("tag")
	return tag
}

// nextHop resolves where requests to that end go: its first route, else its target. The address must be the one that the
// peer was reached at, or one that the networks allow. Over TLS all goes to the peer that has proved who it is: whatever its Contact
// names has not.
func (e *Endpoint) nextHop(ctx context.Context, end remoteEnd) hop {
	if end.hop.transport == transportTLS {
		return end.hop
	}
	next := end.target
	if len(end.routes) > 0 {
		next = end.routes[0]
	}
	transport := end.hop.transport
	if named, ok := next.UriParams.Get("transport"); ok {
		if known, spoken := transportOf(named); spoken && known != transportTLS {
			transport = known
		}
	}
	found, err := e.resolve(ctx, e.cfg.Networks.With(end.hop.address.Addr()), transport, next.Host, next.Port)
	if err != nil {
		e.log.Warn("the peer's contact cannot be reached; requests go where its messages come from", "error", err)
		return end.hop
	}
	return found
}

// dialog is one call between two tags. It is early until the call is answered; over once BYE was sent or received.
type dialog struct {
	e         *Endpoint
	key       dialogKey
	localURI  sip.Uri    // From of our requests
	remoteURI sip.Uri    // To of our requests
	host      netip.Addr // ours, in Via, Contact and SDP
	contact   *sip.ContactHeader
	session   *media.Session
	secrets   credentials // for a challenge to our BYE
	ladder    *ladder     // nil = its messages are not noted

	ended chan struct{} // closed when the dialog is over
	acked chan struct{} // of a dialog that the peer began: closed with its ACK; no BYE goes before that (RFC 3261 15)

	mu        sync.Mutex
	remote    remoteEnd
	live      bool       // confirmed by a 2xx
	held      netip.Addr // the peer's address, which is no stranger's as long as the dialog is live
	over      bool
	ending    call.Ending // why, once over
	endedAt   time.Time   // when, once over: our BYE was first sent, or the peer's received
	panicked  any         // what work of the call panicked with
	seq       uint32      // of our last request
	remoteSeq uint32      // of the peer's last request
	changing  bool        // a re-INVITE of ours waits for its final response
	reference *reference  // a REFER of ours that is under way
	earlyBye  map[string]bool
	pending   map[uint32]chan *sip.Request // 2xx of ours that wait for their ACK, by CSeq
}

// register adds the dialog to those that requests of the peer are matched with.
func (d *dialog) register() {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.e.dialogs[d.key] = d
}

func (d *dialog) unregister() {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	if d.e.dialogs[d.key] == d {
		delete(d.e.dialogs, d.key)
	}
	if d.ladder != nil { // our BYE, or the response to the peer's, follows
		time.AfterFunc(ladderEnds, func() { ladders.Delete(d.key.callID) })
	}
}

func (e *Endpoint) findDialog(request *sip.Request) *dialog {
	tag, _ := request.To().Params.Get("tag")
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dialogs[dialogKey{request.CallID().Value(), tag}]
}

// confirm turns the early dialog into a confirmed one with the end that answered. A BYE of that end may have overtaken its
// 200.
func (d *dialog) confirm(end remoteEnd) {
	d.e.enter() // until the dialog is over
	d.mu.Lock()
	d.remote, d.live, d.held = end, true, end.hop.address.Addr()
	d.e.strangers.hold(d.held)
	bye := d.earlyBye[end.tag]
	d.mu.Unlock()
	if bye {
		d.finish(call.PeerHungUp)
	}
	select {
	case <-d.e.closing: // Close may have looked before this dialog stood
		d.hangUp()
	default:
	}
}

func (d *dialog) confirmed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live
}

// early returns the remote end of the early dialog: the trunk.
func (d *dialog) early() remoteEnd {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remote
}

// branch returns a dialog with another fork of the same INVITE. It is not registered: it is only acknowledged and ended.
func (d *dialog) branch(end remoteEnd) *dialog {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &dialog{e: d.e, key: d.key, localURI: d.localURI, remoteURI: d.remoteURI, host: d.host, contact: d.contact, secrets: d.secrets.clone(),
		ended: make(chan struct{}), remote: end, seq: d.seq}
}

// finish ends the dialog, once: by BYE unless the peer hung up.
func (d *dialog) finish(why call.Ending) {
	d.mu.Lock()
	if d.over {
		d.mu.Unlock()
		return
	}
	d.over, d.ending, d.endedAt = true, why, time.Now()
	live := d.live
	d.release()
	d.mu.Unlock()
	close(d.ended)
	switch {
	case !live:
		d.unregister()
	case why == call.PeerHungUp:
		d.unregister()
		d.e.leave()
	default:
		d.sendBye()
		d.e.leave()
	}
}

// release lets the peer's address go. d.mu is held.
func (d *dialog) release() {
	if d.held.IsValid() {
		d.e.strangers.release(d.held)
		d.held = netip.Addr{}
	}
}

// abandon ends a dialog that the peer does not know of, without BYE.
func (d *dialog) abandon() {
	d.mu.Lock()
	d.over, d.ending, d.endedAt = true, call.SignallingLost, time.Now()
	d.release()
	d.mu.Unlock()
	close(d.ended)
	d.unregister()
	d.e.leave()
}

// why is how the dialog ended, meaningful once it is over.
func (d *dialog) why() call.Ending {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ending
}

// request builds a request within the dialog (RFC 3261 12.2.1.1). seq 0 takes the next CSeq number.
func (d *dialog) request(method sip.RequestMethod, seq uint32) *sip.Request {
	d.mu.Lock()
	if seq == 0 {
		d.seq++
		seq = d.seq
	}
	end := d.remote
	d.mu.Unlock()
	return d.requestTo(end, method, seq)
}

func (d *dialog) requestTo(end remoteEnd, method sip.RequestMethod, seq uint32) *sip.Request {
	target, routes := end.target, end.routes
	if len(routes) > 0 {
		if _, loose := routes[0].UriParams.Get("lr"); !loose { // a strict router takes its own URI in the first line
			target, routes = routes[0], append(slices.Clone(routes[1:]), end.target)
		}
	}
	request := d.e.newRequest(method, target, end.hop, d.host, seq)
	for i := range routes {
		request.AppendHeader(&sip.RouteHeader{Address: routes[i]})
	}
	from := &sip.FromHeader{Address: d.localURI}
	from.Params.Add("tag", d.key.localTag)
	to := &sip.ToHeader{Address: d.remoteURI}
	if end.tag != "" {
		to.Params.Add("tag", end.tag)
	}
	callID := sip.CallIDHeader(d.key.callID)
	request.AppendHeader(from)
	request.AppendHeader(to)
	request.AppendHeader(&callID)
	request.SetBody(nil)
	return request
}

// hangUp ends the call. It returns when the BYE was sent.
func (d *dialog) hangUp() { d.finish(call.ContextEnded) }

// sendBye sends BYE and does not wait for the response: a lost BYE holds nothing (contract 9.7). The library retransmits it
// until Timer F; a challenge to it is answered with credentials.
func (d *dialog) sendBye() {
	sent := make(chan struct{})
	d.e.enter()
	d.e.spawn("BYE", nil, func() {
		defer d.e.leave()
		if d.acked != nil {
			<-d.acked
		}
		d.unregister()
		ctx, cancel := context.WithTimeout(context.Background(), d.e.timers.Bye)
		defer cancel()
		request := d.request(sip.BYE, 0)
		d.e.count.byes.Add(1) // before it is on the wire: whoever has seen it finds it counted
		final, err := d.e.send(ctx, request)
		close(sent)
		for err == nil {
			var response *sip.Response
			select {
			case response = <-final:
			case <-ctx.Done():
			}
			if response == nil || !challenged(response) {
				return
			}
			again := d.request(sip.BYE, 0)
			copyCredentials(request, again)
			if d.secrets.respond(again, response) != nil {
				return
			}
			d.e.count.challenges.Add(1)
			request = again
			final, err = d.e.send(ctx, request)
		}
		d.e.log.Warn("a BYE could not be sent", "error", err)
	})
	select {
	case <-sent:
	case <-time.After(time.Second): // the peer cannot be reached, or owes us an ACK: do not wait longer
	}
}

func copyCredentials(from, to *sip.Request) {
	sip.CopyHeaders("Authorization", from, to)
	sip.CopyHeaders("Proxy-Authorization", from, to)
}

var errNoAck = errors.New("no ACK")

// expectAck returns a channel that yields the ACK of a 2xx to an INVITE. It must be called before the 2xx is sent.
func (d *dialog) expectAck(response *sip.Response) (acked <-chan *sip.Request, forget func()) {
	seq, waiting := response.CSeq().SeqNo, make(chan *sip.Request, 1)
	d.mu.Lock()
	d.pending[seq] = waiting
	d.mu.Unlock()
	return waiting, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.pending, seq)
	}
}

// untilAck retransmits a 2xx until its ACK comes (RFC 3261 13.3.1.4) and returns the ACK; errNoAck after Timer H or when
// stop is closed.
func (d *dialog) untilAck(tx *sip.ServerTx, response *sip.Response, acked <-chan *sip.Request, stop <-chan struct{}) (*sip.Request, error) {
	interval := sip.T1
	repeat := time.NewTimer(interval)
	defer repeat.Stop()
	giveUp := time.NewTimer(d.e.timers.NoAck)
	defer giveUp.Stop()
	for {
		select {
		case ack := <-acked:
			return ack, nil
		case ack := <-tx.Acks(): // of a peer that acknowledges within the transaction
			return ack, nil
		case <-repeat.C:
			if err := tx.Respond(response); err != nil {
				d.e.log.Debug("a 200 could not be repeated", "error", err)
			}
			interval = min(2*interval, sip.T2)
			repeat.Reset(interval)
		case <-giveUp.C:
			return nil, errNoAck
		case <-stop:
			return nil, errNoAck
		}
	}
}

// handleACK passes the peer's ACK to the goroutine that waits for it.
func (d *dialog) handleACK(ack *sip.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if waiting := d.pending[ack.CSeq().SeqNo]; waiting != nil {
		acknowledge(waiting, ack)
		delete(d.pending, ack.CSeq().SeqNo) // the next change may come at once
	}
}

func acknowledge(waiting chan<- *sip.Request, ack *sip.Request) {
	select {
	case waiting <- ack:
	default: // repeated
	}
}
