package api

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"nacre/internal/accept"
	"nacre/internal/api/problem"
	"nacre/internal/api/route"
)

// exchange is one request and its answer.
type exchange struct {
	*server
	w        http.ResponseWriter
	r        *http.Request
	now      time.Time
	begun    time.Time
	trace    string      // W3C trace id, 32 hex digits
	parent   string      // traceparent of this request: version, trace id, span id, flags
	asker    route.Asker // nobody while it is not known
	route    *route.Route
	name     string        // of the route, for logs and metrics
	words    string        // what the route calls the Pearl
	status   int           // of the answer, 0 while there is none
	started  bool          // the handler of a special route has the writer
	bodyRead bool          // to its end
	held     int64         // of bodies' memory
	took     time.Duration // until the answer began, of a stream; 0 of others
}

// ServeHTTP answers one request. Nothing it calls can leave a request without an answer.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, w: w, r: r, now: s.Now(), begun: time.Now(), name: "none"}
	x.identify()
	defer x.finish()
	defer func() { s.bodies.give(x.asker.Account, x.held) }()
	x.dispatch()
}

// identify takes over the client's request id and trace, or makes new ones.
func (x *exchange) identify() {
	var random [8 + 16 + 8]byte
	_, _ = rand.Read(random[:]) // never fails
	requestID := x.r.Header.Get("X-Request-Id")
	if !usableRequestID(requestID) {
		requestID = hex.EncodeToString(random[:8])
	}
	x.w.Header().Set("X-Request-Id", requestID)
	flags := "01"
	if trace, given, ok := parseTraceparent(x.r.Header.Get("Traceparent")); ok {
		x.trace, flags = trace, given
	} else {
		x.trace = hex.EncodeToString(random[8:24])
	}
	x.parent = "00-" + x.trace + "-" + hex.EncodeToString(random[24:]) + "-" + flags
}

func usableRequestID(text string) bool {
	if text == "" || len(text) > 128 {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// parseTraceparent reads a W3C trace context header (https://www.w3.org/TR/trace-context/#traceparent-header).
func parseTraceparent(text string) (trace, flags string, ok bool) {
	parts := strings.Split(strings.TrimSpace(text), "-")
	if len(parts) < 4 || len(parts[0]) != 2 || parts[0] == "ff" || parts[0] == "00" && len(parts) > 4 || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return "", "", false
	}
	for _, part := range parts[:4] {
		for i := range len(part) {
			if !strings.Contains("0123456789abcdef", part[i:i+1]) {
				return "", "", false
			}
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return "", "", false
	}
	return parts[1], parts[3], true
}

// finish turns a panic into a 500, and notes what became of the request.
func (x *exchange) finish() {
	if fault := recover(); fault != nil {
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(fault)
		}
		x.Log.Error("request panicked", "route", x.name, "traceId", x.parent, "panic", fault, "stack", string(debug.Stack()))
		if x.status == 0 && !x.started {
			x.problem(problem.New(http.StatusInternalServerError, ""), nil)
		}
	}
	// The answer is written: nobody waits for this.
	if !x.asker.Key.ID.Zero() && x.Engine != nil {
		x.Engine.KeyUsed(x.asker.Key, x.address())
	}
	took := x.took
	if took == 0 {
		took = time.Since(x.begun)
	}
	if x.Observe != nil {
		x.Observe(x.name, x.status, took)
	}
	x.Log.Debug("request", "route", x.name, "status", x.status, "traceId", x.parent, "took", took)
}

// fail answers an error.
func (x *exchange) fail(err error) { x.problem(x.told(err)) }

// told is an error as the client is told it; one of ours is logged.
func (x *exchange) told(err error) (problem.Problem, http.Header) {
	p, header, ours := problem.Of(err, x.words)
	switch {
	case ours && x.r.Context().Err() != nil:
		x.Log.Debug("client went away", "route", x.name, "traceId", x.parent)
	case ours:
		x.Log.Error("request failed", "route", x.name, "status", p.Status, "traceId", x.parent, slog.Group("pii", "error", err.Error()))
	}
	p.TraceID = x.parent
	return p, header
}

func (x *exchange) problem(p problem.Problem, header http.Header) {
	p.TraceID = x.parent
	for name, values := range header {
		x.w.Header()[name] = values
	}
	x.send(p.Status, problem.ContentType, p.JSON())
}

// worthCompressing is the size from which answers are compressed for clients that take it.
const worthCompressing = 1 << 10

// sendLines writes an answer that comes line by line; its last line is the error that ended it.
func (x *exchange) sendLines(answer route.Answer) {
	header := x.w.Header()
	x.allowOrigin(header)
	header.Set("Content-Type", answer.Type)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // proxies that gather answers would keep the lines to themselves
	x.status = answer.Status
	x.w.WriteHeader(answer.Status)
	control := http.NewResponseController(x.w)
	line := func(value any) error {
		_, text, err := route.Encode(value)
		if err != nil {
			return err
		}
		if _, err := x.w.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("send a line: %w", err)
		}
		return control.Flush()
	}
	if err := answer.Lines(line); err != nil {
		p, _ := x.told(err)
		_ = line(map[string]json.RawMessage{"error": p.JSON()}) // the client has gone: nobody is left to tell
	}
}

// send writes the answer.
func (x *exchange) send(status int, contentType string, text []byte) {
	header := x.w.Header()
	x.allowOrigin(header)
	header.Set("Content-Type", contentType)
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store")
	}
	header.Set("X-Content-Type-Options", "nosniff")
	if len(text) > worthCompressing {
		header.Add("Vary", "Accept-Encoding")
		if accept.Gzip(x.r.Header) {
			if small := x.compress(text); small != nil {
				text = small
				header.Set("Content-Encoding", "gzip")
			}
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(text)))
	x.leaveBody()
	x.status = status
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(text) // the client has gone: nobody is left to tell
	}
}

func (s *server) compress(text []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(text) / 4)
	writer, reused := s.gzips.Get().(*gzip.Writer)
	if reused {
		writer.Reset(&out)
	} else {
		writer, _ = gzip.NewWriterLevel(&out, gzip.BestSpeed) // fails on unknown levels only
	}
	defer s.gzips.Put(writer)
	_, err := writer.Write(text)
	if err == nil {
		err = writer.Close()
	}
	if err != nil { // a buffer takes everything
		return nil
	}
	return out.Bytes()
}
