package provider

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is the kind of an Error.
type Kind string

const (
	Unauthorized Kind = "unauthorized" // 401, 402, 403: the key is refused, or its account has no credit
	Limited      Kind = "limited"      // 429: too many requests, or no credit
	Rejected     Kind = "rejected"     // another 3xx or 4xx: this request, or its address, is wrong
	Unavailable  Kind = "unavailable"  // 5xx, or no answer came
	Broken       Kind = "broken"       // the answer broke off, or is none
	Late         Kind = "late"         // a time limit of the endpoint was reached
)

var (
	errLate   = errors.New("nothing came in time")
	errClosed = errors.New("the answer is closed")
)

// ErrResting is wrapped by the error of providers that are not asked because they have just failed.
var ErrResting = errors.New("rests after failures")

// Error is a failure of a provider. Its text has neither keys nor anything that was said.
type Error struct {
	Provider   string
	Kind       Kind
	Status     int           // of HTTP; 0 = none
	RetryAfter time.Duration // as the provider asked for; 0 = it did not
	Detail     string
}

func (e *Error) Error() string {
	text := e.Provider + ": " + string(e.Kind)
	if e.Status != 0 {
		text += " (" + strconv.Itoa(e.Status) + ")"
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// KindOf returns the kind of a provider's failure, "" for other errors and nil.
func KindOf(err error) Kind {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Kind
	}
	return ""
}

// refused reads an answer that is no 200.
func (c *Client) refused(response *http.Response, body io.Reader) error {
	e := Refused(c.endpoint.Name, response.StatusCode, response.Header)
	raw, err := io.ReadAll(io.LimitReader(body, errorBodyLimit))
	if err != nil && errors.Is(err, context.Canceled) {
		return err
	}
	e.Detail = code(raw)
	return e
}

// Refused returns the error of a status other than the one wanted, without a detail.
func Refused(name string, status int, header http.Header) *Error {
	e := &Error{Provider: name, Kind: Rejected, Status: status}
	switch {
	case status >= http.StatusUnauthorized && status <= http.StatusForbidden:
		e.Kind = Unauthorized
	case status == http.StatusTooManyRequests:
		e.Kind = Limited
	case status >= 500 || status == http.StatusRequestTimeout:
		e.Kind = Unavailable
	}
	if e.Kind == Limited || status == http.StatusServiceUnavailable {
		e.RetryAfter = retryAfter(header.Get("Retry-After"))
	}
	return e
}

// longestRest bounds what a provider can ask for.
const longestRest = 10 * time.Minute

// retryAfter reads a Retry-After of seconds, also with a fraction, as some providers write it. Dates (RFC 9110, 10.2.3) are
// left out: providers send none, and their clock is not ours.
func retryAfter(text string) time.Duration {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, longestRest.Seconds()) * float64(time.Second))
}

var codeShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.\-]{2,63}$`)

// code returns the code of an error as OpenAI ({"error":{"code","type"}}), Deepgram ({"err_code"}), ElevenLabs
// ({"detail":{"status"}}) and others tell it, "" where none is found. The message beside it is left out: it may repeat what
// was said, or part of the key. What looks like no code, or like the key of somebody ("sk-…"), is left out as well.
func code(raw []byte) string {
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil {
		return ""
	}
	places := []any{body["error"], body["detail"], body}
	for _, name := range []string{"code", "type", "status", "err_code", "error_code"} {
		for _, place := range places {
			members, ok := place.(map[string]any)
			if !ok {
				continue
			}
			if text, ok := members[name].(string); ok && codeShape.MatchString(text) && strings.Trim(text, "0123456789-") != "" && !keyLike(text) {
				return text
			}
		}
	}
	return ""
}

func keyLike(text string) bool {
	return len(text) > 40 || strings.HasPrefix(text, "sk-") || strings.HasPrefix(text, "sk_")
}

// Cancelled reports whether an error says that whoever asked went away: no failure of the provider.
func Cancelled(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() != nil && KindOf(err) == ""
}

// ErrorCode returns the code in the body of an error that came in the middle of an answer.
func (a *Answer) ErrorCode(raw []byte) error {
	detail := code(raw)
	if detail == "" {
		detail = "an error in mid-stream"
	}
	return &Error{Provider: a.client.endpoint.Name, Kind: Unavailable, Detail: detail}
}
