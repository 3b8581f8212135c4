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

// readFor is how long a client may take to send a body; half a megabyte a second is asked of large ones.
func (s *server) readFor(limit int64) time.Duration {
	base := s.BodyTime
	if base == 0 {
		base = 30 * time.Second
	}
	return base + time.Duration(limit>>19)*time.Second
}

// readBody reads a body of a type and size that the route takes. A byte-order mark is dropped.
func (x *exchange) readBody(r *route.Route) ([]byte, error) {
	if x.r.ContentLength == 0 || x.r.Body == nil || x.r.Body == http.NoBody {
		return nil, nil // whatever its type would have been
	}
	if err := acceptable(x.r.Header); err != nil {
		return nil, err
	}
	if x.r.ContentLength > r.MaxBody {
		return nil, tooLarge(r)
	}
	control := http.NewResponseController(x.w)
	limited := control.SetReadDeadline(time.Now().Add(x.readFor(r.MaxBody))) == nil
	var buffer bytes.Buffer
	if x.r.ContentLength > 0 {
		buffer.Grow(int(min(x.r.ContentLength, 1<<20)) + bytes.MinRead) // more is believed when it comes
	}
	_, err := buffer.ReadFrom(http.MaxBytesReader(x.w, x.r.Body, r.MaxBody))
	if limited {
		_ = control.SetReadDeadline(time.Time{}) // else the deadline ends the request while it is being carried out
	}
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge(r)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem.Status(http.StatusRequestTimeout, "The body did not arrive in time.").With("Connection", "close")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fault.Bad("$", "The body is shorter than its Content-Length.")
	case err != nil:
		return nil, fault.Bad("$", "The body could not be read.")
	}
	return bytes.TrimPrefix(buffer.Bytes(), []byte("\xef\xbb\xbf")), nil
}

func tooLarge(r *route.Route) error {
	return problem.Status(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is over the limit of this route, %d bytes.", r.MaxBody))
}

// acceptable judges type, charset and encoding of a body (contract 0.2).
func acceptable(header http.Header) error {
	if coding := strings.TrimSpace(header.Get("Content-Encoding")); coding != "" && !strings.EqualFold(coding, "identity") {
		return unsupported("A Content-Encoding is not accepted; send the body as it is.")
	}
	given := strings.TrimSpace(header.Get("Content-Type"))
	if given == "" {
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
