package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/destination"
	"nacre/internal/engine"
)

const (
	exchangeTimeout = 15 * time.Second // contract 6.5
	keptAnswer      = 2 << 10
	readAnswer      = 64 << 10 // read to the end up to here, so that the connection can be used again
)

// poster sends one delivery once.
type poster struct {
	transport    http.RoundTripper
	allowPrivate bool
	now          func() time.Time
}

// newTransport connects to nobody it must not, whatever names resolve to at that moment (contract 6.6). It knows no
// proxies: one would connect in its place, past the guard. HTTP/1.1 alone keeps path and query byte for byte.
func newTransport(allowPrivate bool, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: exchangeTimeout, Resolver: resolver}
	if !allowPrivate {
		dialer.Control = destination.Networks{}.Control
	}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: exchangeTimeout,
		// Short, because a receiver that closes an idle connection at the moment we use it costs a try.
		IdleConnTimeout:        4 * time.Second,
		MaxIdleConnsPerHost:    laneLimit,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // the answer is kept as it came
	}
}

// exchange sends the body to where the hooks say now, follows at most one redirect, and judges the answer, all within
// 15 seconds (contract 6.5).
func (p poster) exchange(ctx context.Context, hooks campaign.Webhooks, d engine.Delivery) exchangeResult {
	began := p.now()
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	result, err := p.post(ctx, hooks, d, began)
	switch {
	case err == nil:
	case parent.Err() != nil:
		result.aborted = true
	default:
		result.delivered = false
		result.try.Error = explain(err)
	}
	result.try.At = began.UTC().Truncate(time.Millisecond)
	result.try.LatencyMS = p.now().Sub(began).Milliseconds()
	return result
}

func (p poster) post(ctx context.Context, hooks campaign.Webhooks, d engine.Delivery, at time.Time) (exchangeResult, error) {
	to, err := parseTarget(urlOf(hooks, d.Kind), p.allowPrivate)
	if err != nil {
		return exchangeResult{}, fmt.Errorf("webhook URL refused: %w", err)
	}
	request := (&http.Request{Method: http.MethodPost, URL: to.url(), Header: commonHeader(d, at), ContentLength: int64(len(d.Body))}).WithContext(ctx)
	request.Body = io.NopCloser(bytes.NewReader(d.Body))
	// A kept connection that the receiver has just closed is replaced without a try being lost: net/http repeats the
	// request only where none of it was written.
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(d.Body)), nil }
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	if value := signature(hooks, d.ID, at, d.Body); value != "" {
		request.Header.Set("webhook-signature", value)
	}
	if len(d.Trace) == 32 && len(d.ID) >= 16 {
		// W3C trace context: the receiver's logs and ours name the request or call that this announces.
		request.Header.Set("traceparent", "00-"+d.Trace+"-"+string(d.ID[:16])+"-01")
	}
	setCredential(request.Header, hooks)
	result, answer, err := p.roundTrip(request)
	if err != nil || answer == nil {
		return result, err
	}
	switch answer.StatusCode {
	case http.StatusFound, http.StatusSeeOther:
		return p.follow(ctx, result, to, answer.Header.Get("Location"), hooks, d, at)
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return result, moved(to, answer)
	}
	result.gone = answer.StatusCode == http.StatusGone
	return result, nil
}

// moved says that the receiver wants the POST at another address (301, 307, 308). It is never repeated there: whoever
// answers for the URL would decide where bodies and signatures go. The text names the address to configure (contract 6.5).
func moved(from target, answer *http.Response) error {
	location, err := from.resolve(answer.Header.Get("Location"), true) // named only, never connected to
	if err != nil {
		return fmt.Errorf("the receiver answered %d without an address that can be used: %w", answer.StatusCode, err)
	}
	return fmt.Errorf("the receiver has moved (%d): set the webhook URL to %s", answer.StatusCode, location)
}

// follow is the one GET after a 302 or 303: without body, and without the credential where it leads to another host.
func (p poster) follow(ctx context.Context, result exchangeResult, from target, location string, hooks campaign.Webhooks, d engine.Delivery, at time.Time) (exchangeResult, error) {
	to, err := from.resolve(location, p.allowPrivate)
	if err != nil {
		return result, fmt.Errorf("redirect refused: %w", err)
	}
	request := (&http.Request{Method: http.MethodGet, URL: to.url(), Header: commonHeader(d, at)}).WithContext(ctx)
	if from.mayHaveCredential(to) {
		setCredential(request.Header, hooks)
	}
	followed, answer, err := p.roundTrip(request)
	if err != nil {
		return result, fmt.Errorf("after the redirect: %w", err)
	}
	if answer.StatusCode/100 == 3 {
		return followed, errors.New("redirected a second time")
	}
	return followed, nil
}

// roundTrip sends the request and reads the beginning of the answer. The answer comes back without its body.
func (p poster) roundTrip(request *http.Request) (exchangeResult, *http.Response, error) {
	answer, err := p.transport.RoundTrip(request)
	if err != nil {
		return exchangeResult{}, nil, err
	}
	defer answer.Body.Close()
	beginning, readErr := io.ReadAll(io.LimitReader(answer.Body, keptAnswer))
	if readErr == nil {
		_, readErr = io.CopyN(io.Discard, answer.Body, readAnswer)
	}
	result := exchangeResult{try: engine.Try{Status: answer.StatusCode, Answer: printable(beginning)}}
	if readErr != nil && errors.Is(request.Context().Err(), context.DeadlineExceeded) {
		return result, answer, request.Context().Err()
	}
	// A body that broke off takes nothing back from the status.
	result.delivered = answer.StatusCode/100 == 2
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable {
		result.retryAfter = retryAfter(answer.Header.Get("Retry-After"), p.now())
	}
	return result, answer, nil
}

func commonHeader(d engine.Delivery, at time.Time) http.Header {
	header := http.Header{}
	header.Set("User-Agent", "nacre")
	header.Set("webhook-id", string(d.ID))
	header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("nacre-sequence", strconv.FormatInt(d.Sequence, 10))
	return header
}

// setCredential writes the header's name as the user spelt it.
func setCredential(header http.Header, hooks campaign.Webhooks) {
	switch {
	case hooks.Credential == "":
	case hooks.CredentialHeader == "":
		header.Set("Authorization", "Bearer "+hooks.Credential)
	default:
		header[hooks.CredentialHeader] = []string{hooks.Credential}
	}
}

func urlOf(hooks campaign.Webhooks, kind engine.DeliveryKind) string {
	if kind == engine.LeadDelivery {
		return hooks.LeadURL
	}
	return hooks.CallURL
}

func disabled(hooks campaign.Webhooks, kind engine.DeliveryKind) bool {
	if kind == engine.LeadDelivery {
		return hooks.LeadDisabled
	}
	return hooks.CallDisabled
}

// explain turns an error of the exchange into a sentence for the log of tries.
func explain(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no complete answer within %d seconds", int(exchangeTimeout.Seconds()))
	case destination.Unresolved(err) != "":
		return destination.Unresolved(err)
	case errors.Is(err, destination.ErrForbidden):
		return "connection refused by nacre: the host resolves to a loopback, private, link-local or otherwise special address"
	case errors.Is(err, io.EOF):
		return "the receiver closed the connection without an answer"
	}
	return printable([]byte(err.Error()))
}

// printable makes text of bytes that every database takes.
func printable(raw []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(raw), "�"), "\x00", "�")
}
