package telephony

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// leastInterval is the shortest session interval that we refresh (RFC 4028 section 4 requires 90 s; tests use less).
const leastInterval = time.Second

// refreshing is the session timer of a call that we refresh (RFC 4028).
type refreshing struct {
	interval time.Duration
	byUpdate bool // by UPDATE, which the peer allows; else by re-INVITE
}

// refreshingOf reads the session timer of a 2xx to our INVITE; ok is false without one, or when the peer refreshes.
func refreshingOf(response *sip.Response) (r refreshing, ok bool) {
	header := response.GetHeader("Session-Expires")
	if header == nil {
		header = response.GetHeader("x")
	}
	if header == nil {
		return refreshing{}, false
	}
	text, parameters, _ := strings.Cut(header.Value(), ";")
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	parameters = strings.Join(strings.Fields(strings.ToLower(parameters)), "")
	r = refreshing{interval: time.Duration(n) * time.Second, byUpdate: names(response, string(sip.UPDATE), "Allow")}
	return r, err == nil && r.interval >= leastInterval && strings.Contains(parameters, "refresher=uac")
}

// refresh refreshes the session until the dialog is over: after half of each interval, and again soon when that failed. A
// failure does not end the call: the peer does, when its interval expires. Only 481 ends it here.
func (d *dialog) refresh(r refreshing) {
	pause := r.interval / 2
	for wait(pause, d.ended) {
		ctx, cancel := context.WithTimeout(context.Background(), r.interval/2)
		response, err := d.askRefresh(ctx, r)
		cancel()
		pause = r.interval / 2
		switch {
		case err != nil:
			d.e.log.Warn("a session was not refreshed", "error", err)
			pause = r.interval / 8
		case response.IsSuccess():
			if next, ok := refreshingOf(response); ok {
				r.interval = next.interval
				pause = r.interval / 2
			} else if response.GetHeader("Session-Expires") != nil {
				return // the peer refreshes from now on
			}
		case response.StatusCode == statusIntervalTooSmall:
			if least, ok := seconds(response.GetHeader("Min-SE")); ok && least > r.interval {
				r.interval = least
				pause = 0
				continue
			}
			pause = r.interval / 8
		case response.StatusCode == sip.StatusCallTransactionDoesNotExists:
			d.finish(call.SignallingLost)
			return
		default:
			d.e.log.Warn("a session was not refreshed", "code", response.StatusCode)
			pause = r.interval / 8
		}
	}
}

// askRefresh sends one refresh, with credentials when challenged, and returns the final response.
func (d *dialog) askRefresh(ctx context.Context, r refreshing) (*sip.Response, error) {
	method := sip.INVITE
	if r.byUpdate {
		method = sip.UPDATE
	}
	secrets := d.secrets.clone()
	var challenge *sip.Response
	for {
		request := d.request(method, 0)
		request.AppendHeader(d.contact.Clone())
		request.AppendHeader(sip.NewHeader("Allow", allowed))
		request.AppendHeader(sip.NewHeader("Supported", supported))
		request.AppendHeader(sip.NewHeader("Session-Expires", strconv.Itoa(int(r.interval/time.Second))+";refresher=uac"))
		if method == sip.INVITE {
			setBody(request, d.session.Offer())
		}
		if challenge != nil {
			if err := secrets.respond(request, challenge); err != nil {
				return nil, err
			}
			d.e.count.challenges.Add(1)
		}
		response, err := d.askWithin(ctx, request)
		if err != nil || !challenged(response) {
			return response, err
		}
		challenge = response
	}
}

var errDialogOver = errors.New("the dialog is over")

func (d *dialog) setChanging(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changing = on
}

// askWithin sends a request within the dialog and returns its final response. Every 2xx to an INVITE is acknowledged, also
// retransmissions.
func (d *dialog) askWithin(ctx context.Context, request *sip.Request) (*sip.Response, error) {
	if !request.IsInvite() {
		return d.e.ask(ctx, request)
	}
	tx, err := d.e.open(ctx, request)
	if err != nil {
		return nil, err
	}
	acknowledge := func(response *sip.Response) {
		defer d.e.survive("ACK of a refresh", d) // called by the library, too
		if !response.IsSuccess() {
			return // the library acknowledges it
		}
		d.mu.Lock()
		end := d.remote
		d.mu.Unlock()
		ack := d.requestTo(end, sip.ACK, request.CSeq().SeqNo)
		copyCredentials(request, ack)
		if err := d.e.write(ack); err != nil {
			d.e.log.Warn("an ACK could not be sent", "error", err)
		}
	}
	tx.OnRetransmission(acknowledge)
	d.setChanging(true)
	defer d.setChanging(false)
	select {
	case <-d.ended: // while the connection was opened: nothing follows a BYE
		tx.Terminate()
		return nil, errDialogOver
	default:
	}
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return nil, err
	}
	for {
		select {
		case response := <-tx.Responses():
			if response.IsProvisional() {
				continue
			}
			acknowledge(response)
			if response.IsSuccess() {
				if err := d.session.Accept(response.Body()); err != nil {
					d.e.log.Info("the answer to a refresh cannot be used; the audio stays as it was", "error", err)
				}
			}
			return response, nil
		case <-tx.Done():
			return nil, errors.Join(errors.New("no answer"), tx.Err())
		case <-ctx.Done():
			tx.Terminate()
			return nil, ctx.Err()
		}
	}
}
