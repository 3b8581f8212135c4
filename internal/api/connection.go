package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"nacre/internal/api/problem"
)

const (
	headerTime  = 10 * time.Second // a client has this to send the line and the headers of a request
	idleTime    = 2 * time.Minute  // a connection may be kept this long between requests
	unreadTime  = 5 * time.Second  // what is left of a body that nobody wants is taken from the wire for this long
	answerTime  = 30 * time.Second // a client has this to take the next answerPiece of an answer
	answerPiece = 64 << 10         // bytes
)

// NewServer is a server of the handler whose connections come from a Listener: requests, answers and idle connections all
// have time limits, and the errors that net/http answers by itself are problem JSON (contract 0.5). HTTP/1.1 alone: the
// limits are those of a connection.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, ours := r.Context().Value(connectionKey{}).(judged); ours {
				c.judge(false)
			}
			if r.ContentLength != 0 { // whoever reads the body moves the limit; a body that nobody reads must not hold the connection
				_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(defaultBodyTime))
			}
			handler.ServeHTTP(w, r)
		}),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			if c, ours := c.(judged); ours && state == http.StateIdle { // the answer is written: the next request may be at fault
				c.judge(true)
			}
		},
		ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		DisableGeneralOptionsHandler: true, // OPTIONS * is a path like any other
	}
}

type connectionKey struct{}

// judged is a connection, with or without TLS. judge says whether net/http speaks for itself.
type judged interface{ judge(library bool) }

// connection is one client's. It gives every piece of an answer a time in which the client must take it, and makes problem
// JSON of what net/http answers by itself, before any handler is asked: to a request line, a header or an expectation that it
// cannot take (a path such as /100%, no Host, headers over a megabyte). Clients parse every error.
type connection struct {
	net.Conn
	answering atomic.Bool // from the handler's first moment until all of its answer is written
	closed    func()      // gives the connection's place back, once
}

func (c *connection) judge(library bool) { c.answering.Store(!library) }

// Write writes text, or a problem in its place. What a handler answers is never looked at: whatever it begins with, it is
// written as it is.
func (c *connection) Write(text []byte) (int, error) {
	if !c.answering.Load() {
		if status, reason := refusal(text); status != 0 {
			if _, err := c.write(refused(status, reason)); err != nil {
				return 0, err
			}
			return len(text), nil
		}
	}
	return c.write(text)
}

// write writes piece by piece: a slow client has as long as it needs for a long answer, one that reads nothing has not.
func (c *connection) write(text []byte) (written int, err error) {
	for written < len(text) {
		if err := c.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(text[written:min(len(text), written+answerPiece)])
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.closed()
	return c.Conn.Close()
}

// CloseWrite is asked for by net/http, which ends an answer to a request that it has not read to the end so that the client
// still gets it.
func (c *connection) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}

// tlsConnection is a connection whose TLS net/http takes over for Request.TLS.
type tlsConnection struct {
	*connection
	tls *tls.Conn
}

// ConnectionState implements what net/http looks for.
func (c tlsConnection) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// refusal recognises an error of net/http's own: its status, 0 for anything else (100 Continue, a TLS record), and what it
// says about it.
func refusal(text []byte) (status int, reason string) {
	rest, ok := bytes.CutPrefix(text, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || rest[0] < '4' {
		return 0, ""
	}
	status, err := strconv.Atoi(string(rest[:3]))
	if err != nil {
		return 0, ""
	}
	line, _, _ := bytes.Cut(rest, []byte("\r\n"))
	if _, said, found := bytes.Cut(line, []byte(": ")); found {
		reason = string(said)
	}
	return status, reason
}

// refused is the whole answer, after which the connection is closed.
func refused(status int, reason string) []byte {
	detail := "The request line or a header cannot be read."
	switch {
	case reason != "":
		detail = "The request cannot be read: " + reason + "."
	case status == http.StatusExpectationFailed:
		detail = "The only expectation that can be met is 100-continue."
	case status == http.StatusRequestHeaderFieldsTooLarge:
		detail = "The request line and the headers are over the limit."
	case status == http.StatusNotImplemented:
		detail = "The only Transfer-Encoding is chunked."
	}
	return lastWords(status, detail, "")
}

// lastWords is a whole answer on a connection that is closed after it; headers are further lines, each with its end.
func lastWords(status int, detail, headers string) []byte {
	var random [8 + 16 + 8]byte
	_, _ = rand.Read(random[:]) // never fails
	p := problem.New(status, detail)
	if status == http.StatusBadRequest {
		p.Errors["validation"] = []string{detail}
	}
	p.TraceID = "00-" + hex.EncodeToString(random[8:24]) + "-" + hex.EncodeToString(random[24:]) + "-01"
	body := p.JSON()
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %d\r\nContent-Type: %s\r\nX-Request-Id: %s\r\n%s\r\n%s",
		status, http.StatusText(status), len(body), problem.ContentType, hex.EncodeToString(random[:8]), headers, body)
	return out.Bytes()
}
