// Package providertest is servers that fail as providers fail, for tests of their clients.
package providertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"nacre/internal/destination"
	"nacre/internal/provider"
)

// Secret is the key of endpoints made by Serve: it must be seen nowhere but in the header that carries it.
const Secret = "sk-secret-4711-never-shown"

// Server is a scripted server on loopback. Handlers that hang are let go when the test ends.
type Server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []Request
	left     chan struct{} // gets a value for every handler whose client went away
}

// Request is one that came.
type Request struct {
	Method, Path, Query string
	Header              http.Header
	Body                string
}

// Serve starts a server that answers requests by the handlers, one after another; the last one answers all that follow.
func Serve(t *testing.T, handlers ...http.HandlerFunc) *Server {
	t.Helper()
	s := &Server{left: make(chan struct{}, 64)}
	count := 0
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body []byte
		if r.Header.Get("Upgrade") == "" {
			body, _ = io.ReadAll(r.Body)
		}
		s.mu.Lock()
		s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.URL.RawQuery, r.Header, string(body)})
		handler := handlers[min(count, len(handlers)-1)]
		count++
		s.mu.Unlock()
		handler(w, r)
		if r.Context().Err() != nil {
			s.left <- struct{}{}
		}
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Requests returns what came so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Left waits until a client has gone away in the middle of its request.
func (s *Server) Left(t *testing.T) {
	t.Helper()
	select {
	case <-s.left:
	case <-time.After(10 * time.Second):
		t.Error("the request was not closed")
	}
}

// Endpoint returns the server's endpoint below a path, with Secret as its key.
func (s *Server) Endpoint(t *testing.T, path string, first, between time.Duration) provider.Endpoint {
	t.Helper()
	address, err := url.Parse(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	loopback, err := destination.Parse([]string{"127.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	return provider.Endpoint{Name: "scripted", Address: address, Key: provider.NewKey(Secret), Networks: loopback, First: first, Between: between}
}

// Status answers a status with headers (name, value, …) and a body.
func Status(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n+1 < len(header); n += 2 {
			w.Header().Set(header[n], header[n+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Hang never answers.
func Hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Stall answers the beginning and then nothing.
func Stall(contentType, beginning string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, contentType, beginning)
		<-r.Context().Done()
	}
}

// Cut answers the beginning and then closes the connection in the middle of the body.
func Cut(contentType, beginning string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		begin(w, contentType, beginning)
		panic(http.ErrAbortHandler)
	}
}

// Drip answers the beginning and then the same again and again, every 10 ms until the client goes away.
func Drip(contentType, beginning, again string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, contentType, beginning)
		every := time.NewTicker(10 * time.Millisecond)
		defer every.Stop()
		for r.Context().Err() == nil {
			<-every.C
			begin(w, "", again)
		}
	}
}

func begin(w http.ResponseWriter, contentType, text string) {
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}
