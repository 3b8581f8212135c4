package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, whose time may be virtual. Its connections have no buffers: what is not read is
// not written.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.accepted <- server
	return client
}

// inVirtualTime serves a frame over pipes.
func inVirtualTime(t *testing.T, change func(*Config), test func(t *testing.T, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f, listener := newFrame(t, change), &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
		server := NewServer(f, slog.New(slog.DiscardHandler))
		go func() { _ = server.Serve(Listener(listener, Connections{})) }()
		test(t, listener.dial)
		_ = server.Close()
		time.Sleep(time.Second) // virtual time: net/http's last words
	})
}

func post(path, authorization string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: nacre.test\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, authorization, length)
}

// answer reads one answer whole.
func answer(t *testing.T, from *bufio.Reader) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%d with %d bytes of %d: %v", response.StatusCode, len(text), response.ContentLength, err)
	}
	return response, string(text)
}

// problemOf reads a problem.
func problemOf(t *testing.T, from *bufio.Reader, want int) *http.Response {
	t.Helper()
	response, text := answer(t, from)
	var p struct{ Status int }
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Status != want || response.StatusCode != want {
		t.Errorf("%d %s (%v), want a problem with status %d", response.StatusCode, text, err, want)
	}
	return response
}

// ends waits for the server to close the connection and reports how long that took.
func ends(t *testing.T, from io.Reader) time.Duration {
	t.Helper()
	began := time.Now()
	if _, err := io.Copy(io.Discard, from); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the connection ends with %v", err)
	}
	return time.Since(began)
}

// TestAnswersThatLookLikeErrors: a piece of an answer that begins as net/http's own errors do is written as it is, wherever
// the pieces begin.
func TestAnswersThatLookLikeErrors(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	connection, err := net.Dial("tcp", listen(t, f, Connections{}))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	from := bufio.NewReader(connection)
	for shift := range len(statusLine) {
		fmt.Fprintf(connection, "GET /v2/StatusLines HTTP/1.1\r\nHost: nacre.test\r\nAuthorization: %s\r\n\r\n", bearer)
		if response, text := answer(t, from); response.StatusCode != http.StatusOK || text != strings.Repeat("x", shift+1)+strings.Repeat(statusLine, 200) {
			t.Fatalf("shifted by %d: %d with %d bytes", shift+1, response.StatusCode, len(text))
		}
	}
	// What net/http says of the next request on the same connection is a problem still.
	fmt.Fprint(connection, "GET /v2/Echo HTTP/1.1\r\nHost: nacre.test\r\nExpect: a miracle\r\n\r\n")
	problemOf(t, from, http.StatusExpectationFailed)
}

func TestBodiesThatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request string
		want    int
	}{
		"no key":               {post("/v2/Echo", "Bearer x", 100), http.StatusUnauthorized},
		"no key, large":        {post("/v2/Echo", "Bearer x", 60<<20), http.StatusUnauthorized},
		"no key, in chunks":    {strings.Replace(post("/v2/Echo", "Bearer x", 0), "Content-Length: 0", "Transfer-Encoding: chunked", 1), http.StatusUnauthorized},
		"no route":             {post("/v2/Nothing", bearer, 100), http.StatusNotFound},
		"outside the versions": {post("/healthz", "", 100), http.StatusMethodNotAllowed},
		"over the limit":       {post("/v2/Echo", bearer, 5000), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, nil, func(t *testing.T, dial func() net.Conn) {
				connection := dial()
				from, began := bufio.NewReader(connection), time.Now()
				fmt.Fprint(connection, c.request)
				response := problemOf(t, from, c.want)
				if took := time.Since(began); took != 0 || !response.Close {
					t.Errorf("answered after %s, closed: %t; want it at once, with Connection: close", took, response.Close)
				}
				if took := ends(t, from); took > unreadTime+time.Second {
					t.Errorf("the connection was kept for %s", took)
				}
			})
		})
	}
}

// TestPreflightsWithoutTheirBody: a preflight announces a body that never comes, and holds no connection.
func TestPreflightsWithoutTheirBody(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, nil, func(t *testing.T, dial func() net.Conn) {
		connection := dial()
		from, began := bufio.NewReader(connection), time.Now()
		fmt.Fprint(connection, "OPTIONS /v2/Echo HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nContent-Length: 10\r\n\r\n")
		response, err := http.ReadResponse(from, nil)
		if err != nil || response.StatusCode != http.StatusNoContent {
			t.Fatalf("%v, %v", response, err)
		}
		if took := time.Since(began); took > unreadTime+time.Second {
			t.Errorf("answered after %s", took)
		}
		if took := ends(t, from); took > unreadTime+time.Second {
			t.Errorf("the connection was kept for %s", took)
		}
	})
}

func TestSlowBodies(t *testing.T) {
	t.Parallel()
	text := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
	for name, c := range map[string]struct {
		piece int
		every time.Duration
		want  int
		after time.Duration // at most
	}{
		"honest":            {32 << 10, 3 * time.Second, http.StatusOK, 2 * time.Minute}, // longer than the route's time
		"with a long pause": {512 << 10, 29 * time.Second, http.StatusOK, time.Minute},
		"silent":            {512 << 10, time.Hour, http.StatusRequestTimeout, 31 * time.Second},
		"a trickle":         {1, 10 * time.Second, http.StatusRequestTimeout, 41 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inVirtualTime(t, nil, func(t *testing.T, dial func() net.Conn) {
				connection := dial()
				began := time.Now()
				go func() {
					fmt.Fprint(connection, post("/v2/Large", bearer, len(text)))
					for at := 0; at < len(text); at += c.piece {
						if _, err := io.WriteString(connection, text[at:min(len(text), at+c.piece)]); err != nil {
							return
						}
						time.Sleep(c.every) // virtual time
					}
				}()
				from := bufio.NewReader(connection)
				if response, text := answer(t, from); response.StatusCode != c.want || time.Since(began) > c.after {
					t.Errorf("%d %s after %s, want %d", response.StatusCode, text, time.Since(began), c.want)
				}
				_ = connection.Close()
				time.Sleep(time.Hour)
			})
		})
	}
}

func TestReadersThatDoNotRead(t *testing.T) {
	t.Parallel()
	request := fmt.Sprintf("GET /v2/Vast HTTP/1.1\r\nHost: nacre.test\r\nAuthorization: %s\r\n\r\n", bearer)
	inVirtualTime(t, nil, func(t *testing.T, dial func() net.Conn) {
		connection := dial()
		fmt.Fprint(connection, request)
		time.Sleep(answerTime + time.Second) // virtual time
		if n, _ := io.Copy(io.Discard, connection); n != 0 {
			t.Errorf("%d bytes came although nothing was read for %s", n, answerTime)
		}
	})
	inVirtualTime(t, nil, func(t *testing.T, dial func() net.Conn) { // slow, but reading
		connection := dial()
		fmt.Fprint(connection, request)
		slow := readerFunc(func(p []byte) (int, error) {
			time.Sleep(time.Second) // virtual time
			return connection.Read(p[:min(len(p), 16<<10)])
		})
		began := time.Now()
		if response, text := answer(t, bufio.NewReaderSize(slow, 16<<10)); response.StatusCode != http.StatusOK || len(text) != 5<<20+2 {
			t.Errorf("%d with %d bytes after %s", response.StatusCode, len(text), time.Since(began))
		}
		_ = connection.Close()
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestLargeAnswersInFlight: answers that are not read yet take what the configuration allows and no more; one too many is told to
// come again, and small requests are served meanwhile.
func TestLargeAnswersInFlight(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(c *Config) { c.BodyMemory = 16 << 20 }, func(t *testing.T, dial func() net.Conn) {
		ask := func() (net.Conn, *bufio.Reader) {
			connection := dial()
			go fmt.Fprintf(connection, "GET /v2/Vast HTTP/1.1\r\nHost: nacre.test\r\nAuthorization: %s\r\n\r\n", bearer)
			synctest.Wait()
			return connection, bufio.NewReader(connection)
		}
		first, reading := ask()
		second, refused := ask() // 10 MiB would be held, and 6 left free
		if response := problemOf(t, refused, http.StatusServiceUnavailable); response.Header.Get("Retry-After") == "" {
			t.Errorf("refused with %v, want Retry-After", response.Header)
		}
		go fmt.Fprint(second, post("/v2/Echo", bearer, 2)+"{}")
		if response, text := answer(t, refused); response.StatusCode != http.StatusOK {
			t.Errorf("a small request meanwhile: %d %s", response.StatusCode, text)
		}
		if response, text := answer(t, reading); response.StatusCode != http.StatusOK || len(text) != 5<<20+2 {
			t.Errorf("the answer that was waited for: %d with %d bytes", response.StatusCode, len(text))
		}
		synctest.Wait()
		third, last := ask()
		if response, text := answer(t, last); response.StatusCode != http.StatusOK || len(text) != 5<<20+2 {
			t.Errorf("after the first was read: %d with %d bytes", response.StatusCode, len(text))
		}
		_, _, _ = first.Close(), second.Close(), third.Close()
	})
}

// TestBodiesInFlight: unfinished bodies take what the configuration allows and no more; one too many is told to come again,
// and small requests are served meanwhile.
func TestBodiesInFlight(t *testing.T) {
	t.Parallel()
	inVirtualTime(t, func(c *Config) { c.BodyMemory = 16 << 20 }, func(t *testing.T, dial func() net.Conn) {
		const length, sent = 7 << 20, 3 << 20 // 4 MiB each is held for what was sent
		begin := func() (net.Conn, *bufio.Reader) {
			connection := dial()
			go func() {
				fmt.Fprint(connection, post("/v2/Large", bearer, length))
				_, _ = io.WriteString(connection, strings.Repeat(" ", sent))
			}()
			synctest.Wait()
			return connection, bufio.NewReader(connection)
		}
		first, _ := begin()
		second, _ := begin()
		_, from := begin() // the account holds what it leaves free
		if response := problemOf(t, from, http.StatusServiceUnavailable); response.Header.Get("Retry-After") == "" || !response.Close {
			t.Errorf("refused with %v, want Retry-After and Connection: close", response.Header)
		}
		small := dial()
		go fmt.Fprint(small, post("/v2/Echo", bearer, 2)+"{}")
		if response, text := answer(t, bufio.NewReader(small)); response.StatusCode != http.StatusOK {
			t.Errorf("a small request meanwhile: %d %s", response.StatusCode, text)
		}
		_, _ = first.Close(), second.Close()
		synctest.Wait()
		third, from := begin()
		go func() { _, _ = io.WriteString(third, strings.Repeat(" ", length-sent-2)+"{}") }()
		if response, text := answer(t, from); response.StatusCode != http.StatusOK {
			t.Errorf("after the others are gone: %d %s", response.StatusCode, text)
		}
		_, _ = third.Close(), small.Close()
	})
}

func TestConnectionsOfAnAddress(t *testing.T) {
	t.Parallel()
	address := listen(t, newFrame(t, nil), Connections{PerAddress: 2})
	ask := func() (net.Conn, *http.Response) {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		fmt.Fprint(connection, "GET /healthz HTTP/1.1\r\nHost: nacre.test\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			return connection, nil // refused: the request crossed the end of the connection
		}
		return connection, response
	}
	first, response := ask()
	if _, second := ask(); response == nil || second == nil || response.StatusCode != 200 || second.StatusCode != 200 {
		t.Fatal("a connection within the limit is refused")
	}
	if connection, err := net.Dial("tcp", address); err != nil {
		t.Fatal(err)
	} else {
		defer connection.Close()
		if response := problemOf(t, bufio.NewReader(connection), http.StatusServiceUnavailable); response.Header.Get("Retry-After") == "" {
			t.Errorf("refused with %v, want Retry-After", response.Header)
		}
	}
	_ = first.Close()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if _, response := ask(); response != nil && response.StatusCode == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a place is not given back when its connection ends")
		}
	}
}

// TestConnectionsOfAProxyAreNotOneClients: those of a trusted proxy are counted among all, not as of one address.
func TestConnectionsOfAProxyAreNotOneClients(t *testing.T) {
	t.Parallel()
	address := listen(t, newFrame(t, nil), Connections{PerAddress: 2, Total: 4, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	for n := range 5 {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		if n == 4 {
			problemOf(t, bufio.NewReader(connection), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(connection, "GET /healthz HTTP/1.1\r\nHost: nacre.test\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("connection %d of a trusted proxy: %v %v", n+1, response, err)
		}
	}
}
