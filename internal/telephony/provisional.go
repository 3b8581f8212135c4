package telephony

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// earlyDialog is the state of provisional responses with one To tag: a forked INVITE has several.
type earlyDialog struct {
	tag         string
	description []byte // the first session description, nil = none yet
	reliable    uint32 // RSeq of the last response that was acknowledged by PRACK, 0 = none
}

// provisional handles a provisional response: its SDP may be the answer to our offer, and a reliable one is acknowledged by
// PRACK (RFC 3262).
func (inv *invitation) provisional(ctx context.Context, response *sip.Response) {
	tag := toTag(response)
	if tag == "" {
		return // 100
	}
	var early *earlyDialog
	for i := range inv.early {
		if inv.early[i].tag == tag {
			early = &inv.early[i]
		}
	}
	if early == nil {
		if len(inv.early) == maxForks {
			return
		}
		inv.early = append(inv.early, earlyDialog{tag: tag})
		early = &inv.early[len(inv.early)-1]
	}
	if early.description == nil && len(response.Body()) > 0 {
		early.description = response.Body()
	}
	sequence, ok := reliableSequence(response)
	if !ok || early.reliable != 0 && sequence != early.reliable+1 {
		return // repeated, or one that came before its turn and will come again (RFC 3262 section 4)
	}
	early.reliable = sequence
	inv.prack(ctx, response, sequence)
}

// maxForks bounds the early dialogs of one INVITE.
const maxForks = 16

// reliableSequence returns the RSeq of a reliable provisional response; ok is false for another one.
func reliableSequence(response *sip.Response) (sequence uint32, ok bool) {
	header := response.GetHeader("RSeq")
	if header == nil || !names(response, "100rel", "Require") {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(header.Value()), 10, 32)
	return uint32(n), err == nil && n > 0
}

// names reports whether one of the header fields, which are lists, contains the option tag.
func names(message sip.Message, option string, fields ...string) bool {
	for _, field := range fields {
		for _, header := range message.GetHeaders(field) {
			for name := range strings.SplitSeq(header.Value(), ",") {
				if strings.EqualFold(strings.TrimSpace(name), option) {
					return true
				}
			}
		}
	}
	return false
}

// prack sends PRACK for a reliable provisional response within its early dialog, with credentials when challenged.
func (inv *invitation) prack(ctx context.Context, response *sip.Response, sequence uint32) {
	const method = sip.RequestMethod("PRACK")
	d := inv.dialog
	secrets := credentials{username: inv.credentials.username, password: inv.credentials.password} // those of the INVITE were made for its method
	acknowledges := fmt.Sprintf("%d %d INVITE", sequence, response.CSeq().SeqNo)
	previous := inv.request
	inv.e.enter()
	inv.e.spawn("PRACK", nil, func() {
		defer inv.e.leave()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), inv.e.timers.NoResponse)
		defer cancel()
		end := inv.e.remoteOf(ctx, response, d.early())
		var challenge *sip.Response
		for {
			request := d.requestTo(end, method, d.nextSeq())
			request.AppendHeader(sip.NewHeader("RAck", acknowledges))
			if challenge != nil {
				copyCredentials(previous, request)
				if secrets.respond(request, challenge) != nil {
					return // the peer retransmits its response, and then rejects the INVITE (RFC 3262 section 3)
				}
			}
			final, err := inv.e.ask(ctx, request)
			switch {
			case err != nil:
				inv.log.Warn("a PRACK was not answered", "error", err)
				return
			case !challenged(final):
				return
			}
			previous, challenge = request, final
		}
	})
}

// descriptionOf returns the SDP answer to our offer: the body of the 200, else that of the first provisional response with
// the same tag (RFC 3261 13.2.1). Some gateways answer with another tag than they rang with: without a match the only SDP
// of all tags is used.
func (inv *invitation) descriptionOf(response *sip.Response) []byte {
	if len(response.Body()) > 0 {
		return response.Body()
	}
	var only []byte
	count := 0
	for _, early := range inv.early {
		if early.description == nil {
			continue
		}
		if early.tag == toTag(response) {
			return early.description
		}
		only = early.description
		count++
	}
	if count == 1 {
		return only
	}
	return nil
}

// keyOf reads the key in the body of an INFO: "Signal=5" of application/dtmf-relay, or the character alone of
// application/dtmf; 0 for one that is malformed. ok is false for another content type.
func keyOf(request *sip.Request) (key rune, ok bool) {
	kind := ""
	if header := request.ContentType(); header != nil {
		kind, _, _ = strings.Cut(strings.ToLower(header.Value()), ";")
	}
	sign := ""
	switch strings.TrimSpace(kind) {
	case "application/dtmf-relay":
		for line := range strings.SplitSeq(string(request.Body()), "\n") {
			if name, value, found := strings.Cut(line, "="); found && strings.EqualFold(strings.TrimSpace(name), "signal") {
				sign = strings.TrimSpace(value)
			}
		}
	case "application/dtmf":
		sign = strings.TrimSpace(string(request.Body()))
	default:
		return 0, false
	}
	switch sign {
	case "10": // the event codes of RFC 4733, which some peers send instead of the character
		return '*', true
	case "11":
		return '#', true
	}
	if len(sign) != 1 {
		return 0, true
	}
	return rune(sign[0]), true
}

// handleInfo answers an INFO (RFC 6086): a key is passed to the session; an empty body is a keep-alive.
func (d *dialog) handleInfo(request *sip.Request, tx *sip.ServerTx) {
	key, ok := keyOf(request)
	if !ok && len(request.Body()) > 0 {
		d.e.reply(tx, request, sip.StatusUnsupportedMediaType, "Unsupported Media Type",
			sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf"))
		return
	}
	if !d.takeCSeq(request) {
		d.rejectInDialog(request, tx, sip.StatusInternalServerError)
		return
	}
	if key != 0 {
		d.session.Press(key)
	}
	d.e.reply(tx, request, sip.StatusOK, "OK")
}

// takeCSeq records the CSeq of a request that does not change the session; false for one out of order (RFC 3261 12.2.2).
func (d *dialog) takeCSeq(request *sip.Request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	seq := request.CSeq().SeqNo
	if !d.live || seq <= d.remoteSeq && d.remoteSeq != 0 {
		return false
	}
	d.remoteSeq = seq
	return true
}

// nextSeq returns the next CSeq number for a request of ours.
func (d *dialog) nextSeq() uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	return d.seq
}
