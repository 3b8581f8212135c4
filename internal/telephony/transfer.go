package telephony

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// Blind transfers: REFER (RFC 3515), and the NOTIFYs by which whoever was asked tells how the new call went.

// statusBadEvent refuses a subscription to, or news of, an event that we do not know (RFC 6665).
const statusBadEvent = 489

// reference is a REFER of ours whose outcome is awaited.
type reference struct {
	seq   uint32       // its CSeq, which names it in NOTIFYs that give an id (RFC 3515 2.4.6)
	final chan outcome // of the new call; one is kept
}

// outcome is the status of a new call as a NOTIFY tells it.
type outcome struct {
	code   int // 0: the subscription ended without one
	reason string
}

// errTransferring: one REFER at a time.
var errTransferring = errors.New("another transfer is under way")

// Transfer asks the peer to connect its side of the call to a number in place of us (call.Leg).
func (l *leg) Transfer(ctx context.Context, to string) error {
	d := l.d
	ref := &reference{final: make(chan outcome, 1)}
	if err := d.beginReference(ref); err != nil {
		return err
	}
	defer d.endReference(ref)
	d.session.Tolerate(true) // who dials for us may be silent meanwhile
	defer d.session.Tolerate(false)
	limit, cancel := context.WithTimeout(ctx, d.e.timers.Transfer)
	defer cancel()
	answered := make(chan error, 1)
	d.e.spawn("REFER", d, func() { answered <- d.refer(limit, ref, to) })
	var refused <-chan error = answered
	for {
		select {
		case news := <-ref.final:
			return news.err()
		case err := <-refused:
			if err != nil {
				return err
			}
			refused = nil // accepted
		case <-d.ended:
			select {
			case news := <-ref.final:
				return news.err()
			default:
				return fmt.Errorf("transfer: %w", errDialogOver)
			}
		case <-limit.Done():
			return &call.TransferError{Reason: "nothing was told of it in time"}
		}
	}
}

func (o outcome) err() error {
	if o.code/100 == 2 {
		return nil
	}
	return &call.TransferError{Code: o.code, Reason: o.reason}
}

func (d *dialog) beginReference(ref *reference) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.over || !d.live:
		return fmt.Errorf("transfer: %w", errDialogOver)
	case d.reference != nil:
		return fmt.Errorf("transfer: %w", errTransferring)
	}
	d.reference = ref
	return nil
}

// endReference: what comes of it later is answered by 481, which ends the subscription (RFC 6665 4.1.3).
func (d *dialog) endReference(ref *reference) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reference == ref {
		d.reference = nil
	}
}

// refer sends the REFER, with credentials when challenged. nil: it was accepted.
func (d *dialog) refer(ctx context.Context, ref *reference, to string) error {
	secrets := d.secrets.clone()
	target := sip.Uri{Scheme: "sip", User: to, Host: d.remoteURI.Host, Port: d.remoteURI.Port}
	var challenge *sip.Response
	for {
		request := d.request(sip.REFER, 0)
		request.AppendHeader(d.contact.Clone())
		request.AppendHeader(sip.NewHeader("Allow", allowed))
		request.AppendHeader(sip.NewHeader("Refer-To", "<"+target.String()+">"))
		request.AppendHeader(sip.NewHeader("Referred-By", "<"+d.localURI.String()+">")) // RFC 3892
		if challenge != nil {
			if err := secrets.respond(request, challenge); err != nil {
				return &call.TransferError{Code: challenge.StatusCode, Reason: challenge.Reason}
			}
			d.e.count.challenges.Add(1)
		}
		d.mu.Lock()
		ref.seq = request.CSeq().SeqNo
		over := d.over
		d.mu.Unlock()
		if over {
			return errDialogOver
		}
		response, err := d.e.ask(ctx, request)
		switch {
		case err != nil:
			return &call.TransferError{Reason: err.Error()}
		case response.IsSuccess():
			return nil
		case challenged(response):
			challenge = response
			continue
		case response.StatusCode == sip.StatusCallTransactionDoesNotExists: // RFC 5057: it knows nothing of the call
			d.finish(call.SignallingLost)
		}
		return &call.TransferError{Code: response.StatusCode, Reason: response.Reason}
	}
}

// handleNotify takes news of a transfer (RFC 3515 2.4.5). Order does not matter: only what the new call came to does.
func (d *dialog) handleNotify(request *sip.Request, tx *sip.ServerTx) {
	event, parameters, _ := strings.Cut(headerText(request, "Event", "o"), ";")
	if !strings.EqualFold(strings.TrimSpace(event), "refer") {
		d.e.reply(tx, request, statusBadEvent, "Bad Event", sip.NewHeader("Allow-Events", "refer"))
		return
	}
	d.mu.Lock()
	d.remoteSeq = max(d.remoteSeq, request.CSeq().SeqNo)
	ref := d.reference
	known := ref != nil && (idOf(parameters) == "" || idOf(parameters) == strconv.FormatUint(uint64(ref.seq), 10))
	d.mu.Unlock()
	if !known {
		d.e.reply(tx, request, sip.StatusCallTransactionDoesNotExists, "Subscription Does Not Exist")
		return
	}
	d.e.reply(tx, request, sip.StatusOK, "OK")
	news := fragmentOf(request.Body())
	state, _, _ := strings.Cut(headerText(request, "Subscription-State"), ";")
	switch {
	case news.code >= 200:
	case strings.EqualFold(strings.TrimSpace(state), "terminated"):
		news = outcome{reason: "what came of it was not told"}
	default:
		return // it rings
	}
	select {
	case ref.final <- news:
	default: // told already
	}
}

// headerText is the value of the first header field of one of the names, "" without one.
func headerText(request *sip.Request, names ...string) string {
	for _, name := range names {
		if header := request.GetHeader(name); header != nil {
			return header.Value()
		}
	}
	return ""
}

func idOf(parameters string) string {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "id") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// fragmentOf reads the status line of a message/sipfrag (RFC 3420); its code is 0 where there is none.
func fragmentOf(body []byte) outcome {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	version, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	text, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	code, err := strconv.Atoi(text)
	if !strings.HasPrefix(strings.ToUpper(version), "SIP/") || err != nil || code < 100 || code > 699 {
		return outcome{}
	}
	return outcome{code: code, reason: strings.TrimSpace(reason)}
}

// handleRefer takes a REFER of a peer whose call we have answered, where Config.OnRefer takes them: the sandbox carrier does.
// Anybody else's is refused: nobody makes this server call by asking for it.
func (d *dialog) handleRefer(request *sip.Request, tx *sip.ServerTx) {
	if d.e.cfg.OnRefer == nil || d.acked == nil {
		d.e.reply(tx, request, sip.StatusMethodNotAllowed, "Method Not Allowed", sip.NewHeader("Allow", allowed))
		return
	}
	if code := d.checkOrder(request); code != 0 {
		d.rejectInDialog(request, tx, code)
		return
	}
	to := request.ReferTo()
	if to == nil || to.Address.User == "" {
		d.e.reply(tx, request, sip.StatusBadRequest, "Bad Request")
		return
	}
	d.e.reply(tx, request, sip.StatusAccepted, "Accepted", d.contact.Clone())
	id := strconv.FormatUint(uint64(request.CSeq().SeqNo), 10)
	d.e.spawn("a transfer", d, func() {
		d.notify(id, sip.StatusTrying, "Trying")
		d.e.cfg.OnRefer(to.Address.User, d.ended, func(code int, reason string) { d.notify(id, code, reason) })
	})
}

// notify tells the peer how far the call is that it has asked for.
func (d *dialog) notify(id string, code int, reason string) {
	select {
	case <-d.ended:
		return
	default:
	}
	request := d.request(sip.NOTIFY, 0)
	request.AppendHeader(d.contact.Clone())
	request.AppendHeader(sip.NewHeader("Event", "refer;id="+id))
	state := "active;expires=60"
	if code >= 200 {
		state = "terminated;reason=noresource"
	}
	request.AppendHeader(sip.NewHeader("Subscription-State", state))
	contentType := sip.ContentTypeHeader("message/sipfrag;version=2.0")
	request.AppendHeader(&contentType)
	request.SetBody(fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", code, reason))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if response, err := d.e.ask(ctx, request); err != nil || !response.IsSuccess() {
		d.e.log.Debug("news of a transfer were not taken", "error", err)
	}
}
