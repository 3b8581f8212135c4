package telephony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
	"nacre/internal/media"
)

// ErrOver means that the caller cancelled, or that the call was answered or rejected before.
var ErrOver = errors.New("the call is over")

// Incoming is an INVITE from outside that has no final response yet. It must be answered or rejected, unless the caller
// cancels. Its methods are safe for concurrent use.
type Incoming interface {
	To() string                           // the user part of the number that was called
	From() string                         // the user part of the caller
	CallID() string                       // the SIP Call-ID
	Ring(code int) error                  // 180 or 183 to the caller; ErrOver
	Reject(code int, reason string) error // a final response from 300 up; ErrOver
	Answer() (call.Leg, error)            // 200; ErrOver, or wraps media.ErrNoPort, media.ErrNoCodec (488 is sent then)
	Cancelled() <-chan struct{}           // closed when the caller cancelled
}

var _ Incoming = (*incoming)(nil)

type incoming struct {
	e         *Endpoint
	request   *sip.Request
	tx        *sip.ServerTx
	source    hop
	localTag  string
	host      netip.Addr
	contact   *sip.ContactHeader
	cancelled chan struct{}

	mu   sync.Mutex  // one response at a time
	over atomic.Bool // a final response was sent, or the caller cancelled
}

// handleInvite passes an INVITE from outside to Config.OnInvite; without one it is answered with 404.
func (e *Endpoint) handleInvite(request *sip.Request, tx *sip.ServerTx) {
	if e.cfg.OnInvite == nil {
		e.replyOnce(tx, request, sip.StatusNotFound, "Not Found")
		return
	}
	if e.rejectUnsupported(request, tx) {
		return
	}
	transport, _ := transportOf(request.Transport())
	source, err := e.sourceOf(request)
	if err != nil {
		e.reply(tx, request, sip.StatusBadRequest, "Bad Request")
		return
	}
	host, err := e.advertised(source.address, false)
	if err != nil {
		e.reply(tx, request, sip.StatusInternalServerError, "Server Internal Error")
		return
	}
	in := &incoming{e: e, request: request, tx: tx, source: source, localTag: rand.Text()[:16],
		host: host, contact: e.contact(transport, host, request.Recipient.User), cancelled: make(chan struct{})}
	// The library answers a CANCEL with 487 by itself, built from this request: the tag must be in it first.
	request.To().Params.Add("tag", in.localTag)
	e.reply(tx, request, sip.StatusTrying, "Trying")
	gone := func() { // called by the library with its lock held
		if in.over.CompareAndSwap(false, true) {
			close(in.cancelled)
			in.forget()
		}
	}
	if !tx.OnCancel(func(*sip.Request) { gone() }) || !tx.OnTerminate(func(string, error) { gone() }) {
		gone()
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		e.reply(tx, request, sip.StatusServiceUnavailable, "Service Unavailable")
		return
	}
	if !in.over.Load() {
		e.incoming[in] = struct{}{}
	}
	e.mu.Unlock()
	e.cfg.OnInvite(in)
}

// rejectUnsupported sends 420 to a request that requires extensions we do not support (RFC 3261 8.2.2.3), and reports
// whether it did.
func (e *Endpoint) rejectUnsupported(request *sip.Request, tx *sip.ServerTx) bool {
	missing := unsupported(request)
	if len(missing) > 0 {
		e.reply(tx, request, sip.StatusBadExtension, "Bad Extension", sip.NewHeader("Unsupported", strings.Join(missing, ", ")))
	}
	return len(missing) > 0
}

// unsupported returns the extensions that a request requires and we do not support.
func unsupported(request *sip.Request) (missing []string) {
	for _, header := range request.GetHeaders("Require") {
		for name := range strings.SplitSeq(header.Value(), ",") {
			if name = strings.TrimSpace(name); name != "" && !strings.EqualFold(name, "timer") {
				missing = append(missing, name)
			}
		}
	}
	return missing
}

// sessionTimer returns the Session-Expires of our 2xx (RFC 4028), with the peer as refresher. ok is false when the peer
// asks for none or wants us to refresh: the session then has no timer (section 9).
func sessionTimer(request *sip.Request) (value string, ok bool) {
	header := request.GetHeader("Session-Expires")
	if header == nil {
		header = request.GetHeader("x")
	}
	if header == nil {
		return "", false
	}
	supported := false
	for _, name := range []string{"Supported", "k", "Require"} {
		for _, h := range request.GetHeaders(name) {
			supported = supported || strings.Contains(strings.ToLower(h.Value()), "timer")
		}
	}
	seconds, parameters, _ := strings.Cut(header.Value(), ";")
	ours := strings.Contains(strings.ReplaceAll(strings.ToLower(parameters), " ", ""), "refresher=uas")
	return strings.TrimSpace(seconds) + ";refresher=uac", supported && !ours
}

// sourceOf returns transport and address that a request came from.
func (e *Endpoint) sourceOf(request *sip.Request) (hop, error) {
	transport, ok := transportOf(request.Transport())
	if !ok {
		return hop{}, fmt.Errorf("transport %q is not spoken", request.Transport())
	}
	source, err := netip.ParseAddrPort(request.Source())
	if err != nil {
		return hop{}, fmt.Errorf("read the source of a request: %w", err)
	}
	return hop{transport: transport, address: netip.AddrPortFrom(source.Addr().Unmap(), source.Port())}, nil
}

func (in *incoming) To() string {
	if user := in.request.Recipient.User; user != "" {
		return user
	}
	return in.request.To().Address.User
}

func (in *incoming) From() string               { return in.request.From().Address.User }
func (in *incoming) CallID() string             { return in.request.CallID().Value() }
func (in *incoming) Cancelled() <-chan struct{} { return in.cancelled }

func (in *incoming) forget() {
	in.e.mu.Lock()
	defer in.e.mu.Unlock()
	delete(in.e.incoming, in)
}

func (in *incoming) Ring(code int) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.over.Load() {
		return ErrOver
	}
	reason := "Ringing"
	if code != sip.StatusRinging {
		reason = "Session Progress"
	}
	response := sip.NewResponseFromRequest(in.request, code, reason, nil)
	response.AppendHeader(in.contact.Clone())
	if err := in.tx.Respond(response); err != nil {
		return fmt.Errorf("ring: %w", err)
	}
	return nil
}

func (in *incoming) Reject(code int, reason string) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer in.forget()
	if !in.over.CompareAndSwap(false, true) {
		return ErrOver
	}
	in.e.reply(in.tx, in.request, code, reason)
	return nil
}

// Answer sends the 200 with our answer, or with an offer when the INVITE had none; the audio then begins when the ACK has
// brought the caller's answer.
func (in *incoming) Answer() (call.Leg, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer in.forget()
	if !in.over.CompareAndSwap(false, true) {
		return nil, ErrOver
	}
	session, description, err := in.negotiate()
	if err != nil {
		code, reason := sip.StatusNotAcceptableHere, "Not Acceptable Here"
		if errors.Is(err, media.ErrNoPort) {
			code, reason = sip.StatusServiceUnavailable, "Service Unavailable"
		}
		in.e.reply(in.tx, in.request, code, reason)
		return nil, err
	}
	d := in.dialog(session)
	response := d.okResponse(in.request, description)
	acked, forget := d.expectAck(response)
	d.register()
	d.confirm(d.remote)
	if err := in.tx.Respond(response); err != nil {
		forget()
		in.tx.Terminate() // otherwise the library would retransmit a 200 that a CANCEL overtook
		close(d.acked)
		d.abandon()
		in.e.closeSession(session)
		return nil, fmt.Errorf("answer: %w: %w", ErrOver, err)
	}
	in.e.count.answered.Add(1)
	ready := make(chan struct{})
	if len(in.request.Body()) > 0 {
		close(ready)
	}
	in.e.enter()
	in.e.spawn("ACK", d, func() {
		defer in.e.leave()
		defer forget()
		ack, err := d.untilAck(in.tx, response, acked, nil)
		close(d.acked)
		if err == nil && len(in.request.Body()) == 0 {
			if err = session.Accept(ack.Body()); err == nil {
				close(ready)
			}
		}
		if err != nil {
			in.e.log.Info("a call from outside was not completed", "error", err)
			d.finish(call.SignallingLost)
		}
	})
	return &leg{d, ready}, nil
}

// negotiate opens the media session and returns its SDP: an answer to the caller's offer, or an offer of ours.
func (in *incoming) negotiate() (*media.Session, []byte, error) {
	session, err := media.NewSession(in.e.ports, media.Config{Advertise: in.host, Codecs: in.e.cfg.Codecs, Signals: in.source.address.Addr(),
		Allowed: in.e.cfg.Networks.With(in.source.address.Addr()).Check})
	if err != nil {
		return nil, nil, fmt.Errorf("answer: %w", err)
	}
	if len(in.request.Body()) == 0 {
		return session, session.Offer(), nil
	}
	description, err := session.Answer(in.request.Body())
	if err != nil {
		in.e.closeSession(session)
		return nil, nil, fmt.Errorf("answer: %w", err)
	}
	return session, description, nil
}

// dialog returns the dialog that our 200 creates.
func (in *incoming) dialog(session *media.Session) *dialog {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	caller := in.request.From().Address
	return &dialog{
		e: in.e, key: dialogKey{in.CallID(), in.localTag}, session: session, host: in.host, contact: in.contact,
		localURI: in.request.To().Address, remoteURI: caller,
		remote:    in.e.remoteOf(ctx, in.request, remoteEnd{target: caller, hop: in.source}),
		remoteSeq: in.request.CSeq().SeqNo,
		ended:     make(chan struct{}), acked: make(chan struct{}), pending: map[uint32]chan *sip.Request{},
	}
}
