package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestOverAConnection holds what only a real connection shows.
func TestOverAConnection(t *testing.T) {
	t.Parallel()
	f := newFrame(t, func(c *Config) { c.BodyTime = 100 * time.Millisecond })
	server := listen(t, f, Connections{})
	// send writes raw bytes and reads one answer; the connection stays open, as one of a client that waits.
	send := func(t *testing.T, raw string) (*http.Response, map[string]any) {
		t.Helper()
		connection, err := net.Dial("tcp", server)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
		go func() { _, _ = io.WriteString(connection, raw) }() // the server may answer before it has read everything
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
			t.Fatalf("%d without JSON: %v", response.StatusCode, err)
		}
		return response, p
	}
	post := func(authorization string, length int) string {
		return fmt.Sprintf("POST /v2/Echo HTTP/1.1\r\nHost: nacre.test\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", authorization, length)
	}
	for name, c := range map[string]struct {
		raw  string
		want int
	}{
		"a body that stops arriving":        {post(bearer, 100) + `{"text":`, http.StatusRequestTimeout},
		"a wrong key with a large body":     {post("Bearer x", 4<<20) + strings.Repeat("x", 4<<20), http.StatusUnauthorized},
		"a body over the limit":             {post(bearer, 4<<20) + strings.Repeat("x", 4<<20), http.StatusRequestEntityTooLarge},
		"a body over the limit, in chunks":  {strings.Replace(post(bearer, 0), "Content-Length: 0", "Transfer-Encoding: chunked", 1) + "2000\r\n" + strings.Repeat("x", 0x2000) + "\r\n0\r\n\r\n", http.StatusRequestEntityTooLarge},
		"an absolute request target":        {strings.Replace(post(bearer, 2), "/v2/Echo", "http://nacre.test/v2/Nothing", 1) + "{}", http.StatusNotFound},
		"a path that others would clean up": {strings.Replace(post(bearer, 2), "/v2/Echo", "/v2/../v2//Echo", 1) + "{}", http.StatusNotFound},
		"a plain post":                      {post(bearer, 2) + "{}", http.StatusOK},
		// What net/http refuses by itself.
		"a path that breaks off in an escape": {"GET /v2/Echo/100% HTTP/1.1\r\nHost: nacre.test\r\n\r\n", http.StatusBadRequest},
		"no host":                             {"GET /v2/Echo HTTP/1.1\r\n\r\n", http.StatusBadRequest},
		"two lengths":                         {strings.Replace(post(bearer, 2), "\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n{}", 1), http.StatusBadRequest},
		"an expectation":                      {"GET /v2/Echo HTTP/1.1\r\nHost: nacre.test\r\nExpect: a miracle\r\n\r\n", http.StatusExpectationFailed},
		"a coding of transfer":                {"POST /v2/Echo HTTP/1.1\r\nHost: nacre.test\r\nTransfer-Encoding: gzip\r\n\r\n", http.StatusNotImplemented},
		"headers without end":                 {"GET /v2/Echo HTTP/1.1\r\nHost: nacre.test\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"an unknown version":                  {"GET /v2/Echo HTTP/9.1\r\nHost: nacre.test\r\n\r\n", http.StatusHTTPVersionNotSupported},
		"a path of a star":                    {"OPTIONS * HTTP/1.1\r\nHost: nacre.test\r\n\r\n", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, p := send(t, c.raw)
			if response.StatusCode != c.want || c.want >= 300 && p["status"] != float64(c.want) {
				t.Errorf("%d %v, want %d", response.StatusCode, p, c.want)
			}
			if c.want == http.StatusBadRequest && p["errors"] == nil || response.Header.Get("X-Request-Id") == "" {
				t.Errorf("%v %v: errors or request id are missing", response.Header, p)
			}
		})
	}
}

// listen serves the handler on loopback as the program does, and answers its address.
func listen(t testing.TB, handler http.Handler, limits Connections) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(handler, slog.New(slog.DiscardHandler))
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(Listener(listener, limits)) })
	t.Cleanup(func() { _ = server.Close(); served.Wait() })
	return listener.Addr().String()
}

// BenchmarkEcho is what the frame costs: a key, a body, an answer, and no use case.
func BenchmarkEcho(b *testing.B) {
	f := newFrame(b, nil)
	body := `{"text":"` + strings.Repeat("x", 200) + `"}`
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest("POST", "/v2/Echo", strings.NewReader(body))
		request.Header.Set("Authorization", bearer)
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		f.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK {
			b.Fatal(recorder.Body)
		}
	}
}
