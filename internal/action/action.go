// Package action does what Pearls have done in their calls besides talking (call.Action): requests to APIs, text messages and
// e-mails. It decides nothing: what is done is a Pearl's, when is the conversation's. Addresses that a Pearl names obey the guard of
// webhooks (contract 6.6); a gateway for text messages is the operator's.
package action

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/destination"
)

// limit is how long one action may take.
const limit = 10 * time.Second

// Config configures a Doer.
type Config struct {
	AllowPrivate bool                   // addresses that Pearls name may be private
	CheckURL     func(url string) error // judges a URL as it will be asked for
	SMS          []Gateway              // in the order in which they are tried
	Log          *slog.Logger           // nil = none
}

// Doer does actions. It is safe for concurrent use.
type Doer struct {
	config Config
	dialer *net.Dialer
	http   *http.Transport
	log    *slog.Logger
	roots  *x509.CertPool // of mail servers; nil = those of this machine
}

// New returns a Doer.
func New(config Config) *Doer {
	d := &Doer{config: config, dialer: &net.Dialer{Timeout: limit / 2}, log: config.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if !config.AllowPrivate {
		d.dialer.Control = destination.Networks{}.Control
	}
	// No proxy: one would connect in its place, past the guard.
	d.http = &http.Transport{
		DialContext: d.dialer.DialContext, TLSHandshakeTimeout: limit / 2, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 8, MaxResponseHeaderBytes: 64 << 10,
	}
	return d
}

// Error is why an action failed, in words that a model and the call's record may see: it holds no address and no secret.
type Error struct{ text string }

func (e *Error) Error() string { return e.text }

func failed(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Do does one action for the person of a number, and returns what came of it. values are the variables known so far. The error is
// an *Error.
func (d *Doer) Do(ctx context.Context, action call.Action, to string, values map[string]any) (done call.Done, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch {
	case action.Kind == call.ActRequest && action.Request != nil:
		done, err = d.request(ctx, *action.Request, values)
	case action.Kind == call.ActSMS && action.Message != nil:
		done.Text, err = "the text message was sent", d.text(ctx, to, fill(action.Message.Body, values))
	case action.Kind == call.ActEmail && action.Message != nil:
		done.Text, err = "the e-mail was sent", d.mail(ctx, *action.Message, values)
	default:
		err = failed("there is no such action")
	}
	if err != nil {
		return call.Done{}, d.told(ctx, action.Kind, action.Name, err)
	}
	return done, nil
}

// told is an error as it may be seen; one that may not is logged. ctx is that of the action.
func (d *Doer) told(ctx context.Context, kind call.ActionKind, name string, err error) error {
	var seen *Error
	if errors.As(err, &seen) {
		return err
	}
	d.log.Warn("action failed", "action", name, "kind", kind, "error", err)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failed("it did not answer in time")
	}
	return failed("it could not be reached")
}

// fill fills the variables of a text for people in.
func fill(text string, values map[string]any) string {
	return call.FillSpoken(text, func(id string) (string, bool) {
		value, known := values[id]
		return call.Spoken(value), known
	})
}

// oneLine is a text that is a header, or a part of one.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
