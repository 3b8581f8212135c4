package problem

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"nacre/internal/engine"
	"nacre/internal/fault"
)

// maxTexts is how many faults an answer lists at most (contract 0.5).
const maxTexts = 100

// Of maps an error to its problem and the headers that go with it. pearlWord is what the route calls the id of its Pearl
// (PearlId, OutboundId, InboundId): misses are named in the words of the version that was asked.
// Logged reports faults of our own, which the caller logs with the trace id.
func Of(err error, pearlWord string) (p Problem, header http.Header, logged bool) {
	header = http.Header{}
	var protocol *Error
	if errors.As(err, &protocol) {
		p = New(protocol.Status, protocol.Detail)
		for name, values := range protocol.Header {
			header[name] = values
		}
		if p.Status == http.StatusBadRequest {
			p.Errors["validation"] = []string{protocol.Detail}
		}
		return p, header, false
	}
	if errors.Is(err, engine.ErrOtherBody) {
		return New(http.StatusUnprocessableEntity, "The Idempotency-Key was used before with another body."), header, false
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			header.Set("Retry-After", "1")
			return New(http.StatusServiceUnavailable, "The request took too long. Nothing can be said about its effect; repeat it."), header, true
		}
		return New(http.StatusInternalServerError, ""), header, true
	}
	switch f.Kind {
	case fault.Invalid:
		p = New(http.StatusBadRequest, f.Detail)
		fields(p.Errors, f.Fields, f.Detail)
	case fault.NotFound:
		p = New(http.StatusBadRequest, f.Detail)
		what := f.What
		if what == "PearlId" && pearlWord != "" {
			what = pearlWord
		}
		p.Errors["validation"] = []string{"wrong " + what}
	case fault.Conflict:
		// Somebody else was quicker, several times: nothing is wrong with the request, so the client may repeat it.
		p = New(http.StatusServiceUnavailable, text(f.Detail, "The same thing was being changed by others. Repeat the request."))
		retryAfter(header, f.RetryAfter)
	case fault.Unfinished:
		p = New(http.StatusConflict, f.Detail)
		retryAfter(header, f.RetryAfter)
	case fault.Stale:
		p = New(http.StatusPreconditionFailed, text(f.Detail, "If-Match names another version than the stored one."))
	case fault.Denied:
		p = New(http.StatusForbidden, text(f.Detail, "The key's scope does not allow this request."))
	case fault.Unauthenticated:
		p = New(http.StatusUnauthorized, text(f.Detail, "The key is wrong."))
		header.Set("WWW-Authenticate", Challenge)
	case fault.TooMany:
		p = New(http.StatusTooManyRequests, text(f.Detail, "Too many requests."))
		retryAfter(header, f.RetryAfter)
	case fault.Unavailable:
		p = New(http.StatusServiceUnavailable, f.Detail)
		retryAfter(header, f.RetryAfter)
		return p, header, true
	default:
		return New(http.StatusInternalServerError, ""), header, true
	}
	return p, header, false
}

// Challenge is the WWW-Authenticate header of every 401.
const Challenge = `Bearer realm="nacre"`

func fields(errors map[string][]string, fields []fault.Field, detail string) {
	for n, f := range fields {
		if n == maxTexts {
			break
		}
		errors[f.Path] = append(errors[f.Path], f.Text)
	}
	if len(errors) == 0 {
		errors["validation"] = []string{text(detail, "The request is not valid.")}
	}
}

// retryAfter is in whole seconds, at least one.
func retryAfter(header http.Header, wait time.Duration) {
	header.Set("Retry-After", strconv.Itoa(max(1, int((wait+time.Second-1)/time.Second))))
}

func text(given, usual string) string {
	if given == "" {
		return usual
	}
	return given
}
