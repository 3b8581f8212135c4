package api

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"nacre/internal/api/problem"
)

// Listener makes problem JSON of what net/http answers by itself, before any handler is asked: to a request line, a header
// or an expectation that it cannot take (a path such as /100%, no Host, headers over a megabyte). Clients parse every error.
func Listener(inner net.Listener) net.Listener { return listener{inner} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if tcp, ok := accepted.(*net.TCPConn); ok && err == nil {
		return &connection{tcp}, nil
	}
	return accepted, err
}

// connection watches what is written. It embeds the type, not the interface, for what net/http asks of a TCP connection:
// to close one half, to send a file.
type connection struct{ *net.TCPConn }

// Write writes text, or a problem in its place.
func (c *connection) Write(text []byte) (int, error) {
	status, reason := refusal(text)
	if status == 0 {
		return c.TCPConn.Write(text)
	}
	if _, err := c.TCPConn.Write(refused(status, reason)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// refusalHeaders is what follows the status line of net/http's own errors; no answer of a handler begins like this.
const refusalHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// refusal recognises an error of net/http's own: its status, 0 for anything else, and what it says about it.
func refusal(text []byte) (status int, reason string) {
	rest, ok := bytes.CutPrefix(text, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || rest[0] < '4' {
		return 0, ""
	}
	line, headers, _ := bytes.Cut(rest, []byte("\r\n"))
	failedExpectation := bytes.HasPrefix(line, []byte("417 ")) // our routes never answer that
	if !failedExpectation && !bytes.HasPrefix(headers, []byte(refusalHeaders[len("\r\n"):])) {
		return 0, ""
	}
	status, err := strconv.Atoi(string(rest[:3]))
	if err != nil {
		return 0, ""
	}
	if _, said, found := bytes.Cut(line, []byte(": ")); found {
		reason = string(said)
	}
	return status, reason
}

// refused is the whole answer, after which the connection is closed.
func refused(status int, reason string) []byte {
	var random [8 + 16 + 8]byte
	_, _ = rand.Read(random[:]) // never fails
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
	p := problem.New(status, detail)
	if status == http.StatusBadRequest {
		p.Errors["validation"] = []string{detail}
	}
	p.TraceID = "00-" + hex.EncodeToString(random[8:24]) + "-" + hex.EncodeToString(random[24:]) + "-01"
	body := p.JSON()
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %d\r\nContent-Type: %s\r\nX-Request-Id: %s\r\n\r\n%s",
		status, http.StatusText(status), len(body), problem.ContentType, hex.EncodeToString(random[:8]), body)
	return out.Bytes()
}
