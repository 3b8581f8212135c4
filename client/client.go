// Package client speaks to a nacre server over its HTTP API, version 2 (docs/contract.md). Its methods are held to the
// server's OpenAPI document by a test. Another module takes it from a clone:
//
//	go mod edit -require=nacre@v0.0.0 -replace=nacre=PATH_OF_THE_CLONE
//
//	c, err := client.New("https://calls.example.com", os.Getenv("NACRE_KEY"))
//	leadID, err := c.AddLead(ctx, pearlID, client.NewLead{PhoneNumber: "+14155550101"})
//
// Where the document has a route for one thing in two versions, the method asks version 2. What only people who are signed in may
// do (contract 12.2) has no method: a key cannot ask for it.
//
// A request that the server did not take because it was busy (429, 503) is repeated after the wait that it asked for; one that
// creates something carries an Idempotency-Key, so that no repetition creates it twice.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// tries are how often a request is sent at most.
	tries = 5
	// longestWait bounds what a Retry-After is believed.
	longestWait = time.Minute
	// largestAnswer bounds the bytes of an answer.
	largestAnswer = 256 << 20
)

// Client is one account at one server. It is safe for concurrent use. The zero value is not usable: see New.
type Client struct {
	base string
	key  string
	// HTTP sends the requests; http.DefaultClient where it is nil. Set it before the first request.
	HTTP *http.Client
	// wait sleeps between two tries; tests replace it.
	wait func(context.Context, time.Duration) error
}

// New returns a client for the server at base, for example https://calls.example.com, and a key as the server made it,
// ACCOUNTID:SECRET. It sends nothing yet.
func New(base, key string) (*Client, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, fmt.Errorf("address of the server: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("address of the server: %q is no http or https address", base)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("address of the server: %q has a query or a fragment", base)
	}
	if account, secret, found := strings.Cut(key, ":"); !found || account == "" || secret == "" {
		return nil, errors.New("the key is not of the form ACCOUNTID:SECRET")
	}
	return &Client{base: strings.TrimRight(base, "/"), key: key, wait: sleep}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Error is an answer that is no success (contract 0.5).
type Error struct {
	Status  int                 `json:"status"` // of HTTP
	Title   string              `json:"title"`
	Detail  string              `json:"detail"`
	Errors  map[string][]string `json:"errors"` // by member, for example Leads[3].PhoneNumber; of a 400
	TraceID string              `json:"traceId"`
}

// Error returns status and every reason, in the order of their members.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "the server answered %d", e.Status)
	if e.Status != http.StatusBadRequest && e.Title != "" {
		fmt.Fprintf(&text, " (%s)", e.Title)
	}
	if e.Detail != "" {
		fmt.Fprintf(&text, ": %s", e.Detail)
	}
	for _, member := range sortedKeys(e.Errors) {
		for _, reason := range e.Errors[member] {
			if member == "validation" || member == "$" {
				fmt.Fprintf(&text, ": %s", reason)
			} else {
				fmt.Fprintf(&text, ": %s: %s", member, reason)
			}
		}
	}
	return text.String()
}

// request is one request of the API.
type request struct {
	method string
	path   string // from the version on, segments escaped
	query  url.Values
	body   any                   // marshalled to JSON; nil is none
	file   []byte                // in place of body, as it is
	lines  func(io.Reader) error // reads an answer that comes line by line
	key    string                // Idempotency-Key; "" sends none
	again  bool                  // it does no harm twice
	match  string                // If-Match; "" sends none
}

// answered is what is known of an answer beside its body.
type answered struct{ etag string }

// do sends a request, repeats it where the server asks for that or the connection failed and repeating does no harm, and
// reads the answer into result, where that is not nil; a *string takes a bare answer that is no JSON.
func (c *Client) do(ctx context.Context, r request, result any) (answered, error) {
	body := r.file
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return answered{}, fmt.Errorf("write the request: %w", err)
		}
	}
	for try := 1; ; try++ {
		a, err := c.once(ctx, r, body, result)
		if err == nil {
			return a, nil
		}
		pause, again := r.repeats(err, try)
		if !again || try == tries || ctx.Err() != nil {
			return answered{}, err
		}
		if waiting := c.wait(ctx, pause); waiting != nil {
			return answered{}, errors.Join(err, waiting)
		}
	}
}

// failed is an answer that is no success, with what it says of the next try.
type failed struct {
	answer     *Error
	retryAfter time.Duration // -1 where it says nothing
}

func (f *failed) Error() string { return f.answer.Error() }
func (f *failed) Unwrap() error { return f.answer }

// passes says whether what the answer complains of passes by itself. 409 is an Idempotency-Key whose first request still runs,
// or another large add (contract 0.5).
func (f *failed) passes() bool {
	switch f.answer.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusConflict:
		return f.retryAfter >= 0
	}
	return false
}

// repeats says whether a request may be sent again after an error, and after which pause.
func (r request) repeats(err error, try int) (time.Duration, bool) {
	pause := 500 * time.Millisecond << (try - 1)
	var f *failed
	if errors.As(err, &f) {
		if f.retryAfter >= 0 {
			pause = min(f.retryAfter, longestWait)
		}
		return pause, f.passes()
	}
	var broken *url.Error
	if !errors.As(err, &broken) {
		return 0, false
	}
	// Whether the server has seen the request is not known: only what may come twice is sent again.
	return pause, r.again || r.method != http.MethodPost || r.key != ""
}

func (c *Client) once(ctx context.Context, r request, body []byte, result any) (answered, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, address, reader)
	if err != nil {
		return answered{}, fmt.Errorf("make the request: %w", err)
	}
	sent.Header.Set("Authorization", "Bearer "+c.key)
	switch {
	case r.file != nil:
		sent.Header.Set("Content-Type", "application/octet-stream")
	case body != nil:
		sent.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		sent.Header.Set("Idempotency-Key", r.key)
	}
	if r.match != "" {
		sent.Header.Set("If-Match", r.match)
	}
	sender := c.HTTP
	if sender == nil {
		sender = http.DefaultClient
	}
	answer, err := sender.Do(sent)
	if err != nil {
		return answered{}, err
	}
	defer answer.Body.Close()
	if r.lines != nil && answer.StatusCode == http.StatusOK {
		return answered{}, r.lines(answer.Body)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, largestAnswer+1))
	switch {
	case err != nil:
		return answered{}, &url.Error{Op: r.method, URL: address, Err: fmt.Errorf("read the answer: %w", err)}
	case len(text) > largestAnswer:
		return answered{}, fmt.Errorf("the answer of %s %s is larger than %d MiB", r.method, r.path, largestAnswer>>20)
	case answer.StatusCode != http.StatusOK:
		return answered{}, failure(answer, text)
	}
	if bare, ok := result.(*string); ok {
		*bare = string(text)
	} else if result != nil {
		if err := decode(text, result); err != nil {
			return answered{}, fmt.Errorf("read the answer of %s %s: %w", r.method, r.path, err)
		}
	}
	return answered{etag: answer.Header.Get("ETag")}, nil
}

// decode reads JSON; numbers of variables, whose type nothing says, keep their digits (json.Number).
func decode(text []byte, result any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(result)
}

// failure reads an answer that is no success. One that is not of the API, a proxy's page for example, gives its status.
func failure(answer *http.Response, text []byte) error {
	f := &failed{answer: &Error{}, retryAfter: -1}
	if json.Unmarshal(text, f.answer) != nil {
		*f.answer = Error{Title: http.StatusText(answer.StatusCode)}
	}
	f.answer.Status = answer.StatusCode
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		f.retryAfter = time.Duration(seconds) * time.Second
	}
	return f
}

// pageQuery are the parameters of one page of a list that is read by GET.
func pageQuery(skip, limit int) url.Values {
	query := url.Values{}
	if skip > 0 {
		query.Set("skip", strconv.Itoa(skip))
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return query
}

// flag is a parameter that is true, or none.
func flag(name string, is bool) url.Values {
	if !is {
		return nil
	}
	return url.Values{name: {"true"}}
}

// newKey makes an Idempotency-Key, which goes with every repetition of its request.
func newKey() string { return rand.Text() }

// v2 joins segments to a path of version 2, each escaped.
func v2(segments ...string) string { return join("/v2", segments) }

func join(version string, segments []string) string {
	var path strings.Builder
	path.WriteString(version)
	for _, s := range segments {
		path.WriteString("/" + url.PathEscape(s))
	}
	return path.String()
}
