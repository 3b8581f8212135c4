package action

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/provider"
)

// Gateway takes text messages over HTTP: a POST of Fields, in which {to}, {from} and {text} are filled in, as JSON or as a form. A
// status of 2xx means that it has taken the message.
type Gateway struct {
	Name    string
	Address *url.URL
	Key     provider.Key
	User    string // "" = the key goes as a bearer token, else as the password of this user
	From    string
	Form    bool              // application/x-www-form-urlencoded in place of JSON
	Fields  map[string]string // empty = to, from and text by these names
}

// mostText is the longest text message, in characters: ten parts.
const mostText = 1530

// text sends a text message by the first gateway that takes it.
func (d *Doer) text(ctx context.Context, to, message string) error {
	message = strings.TrimSpace(message)
	switch {
	case len(d.config.SMS) == 0:
		return failed("this server has no gateway for text messages")
	case message == "":
		return failed("the text message is empty")
	case utf8.RuneCountInString(message) > mostText:
		return failed("the text message is too long")
	}
	var last error
	for n, g := range d.config.SMS {
		share := ctx
		if more := len(d.config.SMS) - n; more > 1 { // the next one needs time too
			until, _ := ctx.Deadline()
			var cancel context.CancelFunc
			share, cancel = context.WithTimeout(ctx, time.Until(until)/time.Duration(more))
			defer cancel()
		}
		sent, err := g.send(share, to, message)
		if err == nil {
			return nil
		}
		d.log.Warn("a gateway did not take a text message", "gateway", g.Name, "error", err)
		if last = err; sent { // it may have taken it: nobody gets it twice
			break
		}
	}
	return failed("the text message could not be sent%s", reason(last))
}

func reason(err error) string {
	var told *Error
	if errors.As(err, &told) {
		return ": " + told.text
	}
	return ""
}

// operators reach any address of theirs (provider.Anywhere): a gateway may be on this machine.
var operators = &http.Transport{
	DialContext:         (&net.Dialer{Timeout: limit / 2, Control: provider.Anywhere().Control}).DialContext,
	TLSHandshakeTimeout: limit / 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
}

// send hands a message in; sent: the gateway has, or may have, read it.
func (g Gateway) send(ctx context.Context, to, message string) (sent bool, err error) {
	fields := g.Fields
	if len(fields) == 0 {
		fields = map[string]string{"to": "{to}", "from": "{from}", "text": "{text}"}
	}
	values := map[string]string{"to": to, "from": g.From, "text": message}
	filled, form := map[string]string{}, url.Values{}
	for name, template := range fields {
		value := call.Fill(template, func(id string) (string, bool) { v, ok := values[id]; return v, ok })
		filled[name] = value
		form.Set(name, value)
	}
	body, kind := []byte(form.Encode()), "application/x-www-form-urlencoded"
	if !g.Form {
		kind = "application/json; charset=utf-8"
		if body, err = json.Marshal(filled); err != nil {
			return false, fmt.Errorf("write message: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.Address.String(), bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("make request: %w", err)
	}
	request.GetBody = nil // never sent twice by the transport
	request.Header.Set("Content-Type", kind)
	request.Header.Set("User-Agent", "nacre")
	if g.User == "" {
		g.Key.Header(request.Header, "Authorization", "Bearer ")
	} else {
		g.Key.Basic(request.Header, g.User)
	}
	answer, err := operators.RoundTrip(request)
	if err != nil {
		var network *net.OpError
		return !errors.As(err, &network) || network.Op != "dial", err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10)
	if answer.StatusCode/100 != 2 {
		return false, failed("the gateway answered %d", answer.StatusCode)
	}
	return true, nil
}
