package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"nacre/internal/api/problem"
	"nacre/internal/api/route"
	"nacre/internal/fault"
)

const (
	defaultBodyTime = 30 * time.Second // a client may be silent this long, and has it besides what bodyPace allows
	bodyPace        = 8 << 10          // bytes a second that a body has to come at, over all of it
)

// pace is the time limit of a body that is being read. It moves with what comes, so that a slow client has the time it
// needs, and one that sends a byte now and then has not.
type pace struct {
	control *http.ResponseController
	silence time.Duration
	began   time.Time
	set     time.Time // when the limit was last set
	off     bool      // the connection has no deadlines
}

// progress moves the limit after so many bytes.
func (p *pace) progress(bytes int) {
	now := time.Now()
	if p.off || now.Sub(p.set) < min(p.silence/8, time.Second) {
		return
	}
	limit := p.began.Add(p.silence + time.Duration(bytes)*time.Second/bodyPace)
	if silent := now.Add(p.silence); silent.Before(limit) {
		limit = silent
	}
	p.set, p.off = now, p.control.SetReadDeadline(limit) != nil
}

// end lifts the limit: it would end the request while it is being carried out.
func (p *pace) end() {
	if !p.off {
		_ = p.control.SetReadDeadline(time.Time{})
	}
}

// readBody reads a body of a type and size that the route takes. A byte-order mark is dropped. Memory grows with what was
// read, not with what was announced.
func (x *exchange) readBody(r *route.Route) ([]byte, error) {
	if x.r.ContentLength == 0 || x.r.Body == nil || x.r.Body == http.NoBody {
		return nil, nil // whatever its type would have been
	}
	if err := acceptable(x.r.Header, r); err != nil {
		return nil, err
	}
	if x.r.ContentLength > r.MaxBody {
		return nil, tooLarge(r)
	}
	limit := pace{control: http.NewResponseController(x.w), silence: x.BodyTime, began: time.Now()}
	announced := x.r.ContentLength
	if announced < 0 {
		announced = r.MaxBody
	}
	body := make([]byte, 0, min(announced+1, freeBody))
	from := http.MaxBytesReader(x.w, x.r.Body, r.MaxBody)
	for {
		if len(body) == cap(body) {
			larger := min(2*int64(cap(body)), announced+1)
			if err := x.takeMemory(larger - x.held); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, larger), body...)
		}
		limit.progress(len(body))
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err == nil {
			continue
		}
		limit.end()
		var over *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			x.bodyRead = true
			if r.TakesFile() {
				return body, nil
			}
			return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), nil
		case errors.As(err, &over):
			return nil, tooLarge(r)
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, problem.Status(http.StatusRequestTimeout, "The body did not arrive in time.")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fault.Bad("$", "The body is shorter than its Content-Length.")
		default:
			return nil, fault.Bad("$", "The body could not be read.")
		}
	}
}

// takeMemory books bytes of what bodies may take, until the answer is sent.
func (x *exchange) takeMemory(bytes int64) error {
	if !x.bodies.take(x.asker.Account, bytes) {
		return problem.Status(http.StatusServiceUnavailable, "Too many large bodies are being received. Send the request again.").With("Retry-After", "2")
	}
	x.held += bytes
	return nil
}

// leaveBody sees to a body that nobody has read, or not to its end, before the answer is written: the connection is closed
// after the answer, and what still comes is waited for only shortly.
func (x *exchange) leaveBody() {
	if x.bodyRead || x.r.ContentLength == 0 || x.r.Body == nil || x.r.Body == http.NoBody {
		return
	}
	x.w.Header().Set("Connection", "close")
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(min(unreadTime, x.BodyTime))) // where there are no deadlines, nobody waits either
}

func tooLarge(r *route.Route) error {
	return problem.Status(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is over the limit of this route, %d bytes.", r.MaxBody))
}

// acceptable judges type, charset and encoding of a body (contract 0.2).
func acceptable(header http.Header, r *route.Route) error {
	if coding := strings.TrimSpace(header.Get("Content-Encoding")); coding != "" && !strings.EqualFold(coding, "identity") {
		return unsupported("A Content-Encoding is not accepted; send the body as it is.")
	}
	given := strings.TrimSpace(header.Get("Content-Type"))
	if given == "" || r.TakesFile() {
		return nil
	}
	kind, parameters, err := mime.ParseMediaType(given)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return unsupported("The Content-Type cannot be read; send application/json.")
	}
	subtype, application := strings.CutPrefix(kind, "application/")
	if kind != "text/json" && !(application && (subtype == "json" || strings.HasSuffix(subtype, "+json") && len(subtype) > len("+json"))) {
		return unsupported("The Content-Type is not accepted; send application/json.")
	}
	switch strings.ToLower(parameters["charset"]) {
	case "", "utf-8", "utf8":
		return nil
	}
	return unsupported("The charset is not accepted; send UTF-8.")
}

func unsupported(detail string) error { return problem.Status(http.StatusUnsupportedMediaType, detail) }
