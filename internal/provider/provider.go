// Package provider holds what the clients of outside services for models, ears and voices share: where one is reached and how
// long it is waited for (Endpoint), the key that it is paid by (Key), how its failures are told (Error), and in which order
// several are tried (Order). It knows no provider, and none of what is sent to one.
package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"nacre/internal/destination"
)

// Key is the key of an account with a provider. Nothing that formats values shows it: the text is held by a function, because
// package fmt asks no method of a value in a field that is not exported.
type Key struct{ text func() string }

// NewKey returns the Key of a text; surrounding space, as files end in it, does not belong to it.
func NewKey(text string) Key {
	if text = strings.TrimSpace(text); text == "" {
		return Key{}
	}
	return Key{func() string { return text }}
}

const hidden = "(key)"

// Set reports whether there is a key: local servers need none.
func (k Key) Set() bool { return k.text != nil }

// Header sets a header to prefix and key; without a key to nothing.
func (k Key) Header(header http.Header, name, prefix string) {
	if k.Set() {
		header.Set(name, prefix+k.text())
	}
}

// Basic sets the Authorization header to a user whose password is the key (RFC 7617).
func (k Key) Basic(header http.Header, user string) {
	if k.Set() {
		request := http.Request{Header: header}
		request.SetBasicAuth(user, k.text())
	}
}

func (k Key) String() string               { return hidden }
func (k Key) GoString() string             { return hidden }
func (k Key) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, hidden) }
func (k Key) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (k Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Endpoint is where a provider is reached.
type Endpoint struct {
	Name     string   // as the operator calls it: in logs and errors
	Address  *url.URL // http or https; paths are added to its path
	Key      Key
	Networks destination.Networks // networks besides the public internet that it may be in
	First    time.Duration        // from the request to the first of the answer that counts; 0 = DefaultFirst
	Between  time.Duration        // from there to the next; 0 = DefaultBetween
}

// The time limits of an Endpoint that names none.
const (
	DefaultFirst   = 5 * time.Second
	DefaultBetween = 3 * time.Second
)

const (
	connectTimeout  = 3 * time.Second
	headerLimit     = 64 << 10
	errorBodyLimit  = 16 << 10
	idleConnections = 64
)

// Anywhere are all networks: for addresses that the operator configures, who may name a server of this machine. Metadata
// services are out of reach all the same.
func Anywhere() destination.Networks {
	networks, err := destination.Parse([]string{"0.0.0.0/0", "::/0"})
	if err != nil {
		panic("parse constant networks: " + err.Error())
	}
	return networks
}

// Client sends requests to one Endpoint. It is safe for concurrent use.
type Client struct {
	endpoint Endpoint
	http     *http.Client
	sockets  *http.Client
}

// NewClient returns the Client of an Endpoint. It follows no redirects, because they could lead the key elsewhere, and knows
// no proxies, because one would connect in its place, past the guard.
func NewClient(endpoint Endpoint) *Client {
	if endpoint.First == 0 {
		endpoint.First = DefaultFirst
	}
	if endpoint.Between == 0 {
		endpoint.Between = DefaultBetween
	}
	dialer := &net.Dialer{Timeout: connectTimeout, Control: endpoint.Networks.Control}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTimeout, ForceAttemptHTTP2: true,
		// A line that went silent is found out while nobody waits for it.
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: headerLimit,
	}
	return &Client{endpoint: endpoint, sockets: newSockets(dialer), http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Name returns the endpoint's name.
func (c *Client) Name() string { return c.endpoint.Name }

// Endpoint returns the endpoint, with its time limits filled in.
func (c *Client) Endpoint() Endpoint { return c.endpoint }

// PostJSON posts a value as JSON. See Post.
func (c *Client) PostJSON(ctx context.Context, path string, header http.Header, value any) (*Answer, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write request to %s: %w", c.endpoint.Name, err)
	}
	typed := http.Header{"Content-Type": {"application/json"}}
	maps.Copy(typed, header)
	return c.Post(ctx, path, typed, body)
}

// Post sends a request and returns the answer where its status is 200; every other one is an *Error. Paths may have a query.
// ctx ends the request, and the reading of its answer.
func (c *Client) Post(ctx context.Context, path string, header http.Header, body []byte) (*Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &Answer{client: c, ctx: ctx, cancel: cancel}
	a.timer = time.AfterFunc(c.endpoint.First, func() { cancel(errLate) })
	path, query, _ := strings.Cut(path, "?")
	to := c.endpoint.Address.JoinPath(path)
	to.RawQuery = query
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("write request to %s: %w", c.endpoint.Name, err)
	}
	maps.Copy(request.Header, header)
	request.Header.Set("User-Agent", "nacre")
	// These requests change nothing: net/http may repeat one on a kept connection that the server closed meanwhile. The header
	// itself is not sent.
	request.Header["Idempotency-Key"] = nil
	response, err := c.http.Do(request)
	if err != nil {
		defer a.Close()
		return nil, a.failure(err)
	}
	a.Header, a.body = response.Header, response.Body
	if response.StatusCode != http.StatusOK {
		defer a.Close()
		return nil, c.refused(response, a)
	}
	return a, nil
}

// Answer is the body of a 200 while it comes. It is read by one goroutine, and must be closed.
type Answer struct {
	Header http.Header

	client *Client
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	closed atomic.Bool
}

// Read reads the body. Its errors, but for io.EOF, are those of the package.
func (a *Answer) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	if err != nil && err != io.EOF {
		err = a.failure(err)
	}
	return n, err
}

// Progress says that something came that counts: the next has Endpoint.Between. Bytes alone do not count, so that a server
// that drips comments or spaces holds nobody up.
func (a *Answer) Progress() { a.Within(a.client.endpoint.Between) }

// Within says how long the next that counts may take.
func (a *Answer) Within(limit time.Duration) { a.timer.Reset(max(limit, 0)) }

// Between returns the endpoint's limit between two that count.
func (a *Answer) Between() time.Duration { return a.client.endpoint.Between }

// Broken returns the error of an answer that cannot be understood, or ended too early.
func (a *Answer) Broken(why string) error {
	if cause := context.Cause(a.ctx); cause != nil && !errors.Is(cause, errClosed) {
		return a.failure(cause)
	}
	return &Error{Provider: a.client.endpoint.Name, Kind: Broken, Detail: why}
}

// Close ends the request; its connection is not used again unless the body was read to its end.
func (a *Answer) Close() {
	if a.closed.Swap(true) {
		return
	}
	a.timer.Stop()
	a.cancel(errClosed)
	if a.body != nil {
		_ = a.body.Close()
	}
}

// releaseWait is how long Release waits for the end of a body whose last word has come.
const releaseWait = 100 * time.Millisecond

// Release ends an answer that was understood to its end. Where the end of its body follows at once, as it does with servers
// in order, the connection serves the next request.
func (a *Answer) Release() {
	a.timer.Reset(releaseWait)
	_, _ = io.CopyN(io.Discard, a.body, errorBodyLimit)
	a.Close()
}

// failure is the error of a request that did not go, or of a body that broke off.
func (a *Answer) failure(err error) error {
	name := a.client.endpoint.Name
	cause := context.Cause(a.ctx)
	var network *net.OpError
	switch {
	case errors.Is(cause, errLate):
		return &Error{Provider: name, Kind: Late, Detail: cause.Error()}
	case cause != nil: // whoever asked does not want it any more
		return fmt.Errorf("%s: %w", name, cause)
	case errors.Is(err, destination.ErrForbidden):
		return &Error{Provider: name, Kind: Unavailable, Detail: "its address is " + destination.ErrForbidden.Error()}
	case a.body != nil:
		return &Error{Provider: name, Kind: Broken, Detail: "the answer broke off"}
	case errors.As(err, &network) && network.Op == "dial":
		return &Error{Provider: name, Kind: Unavailable, Detail: "no connection"}
	}
	return &Error{Provider: name, Kind: Unavailable, Detail: "the connection was closed without an answer"}
}
