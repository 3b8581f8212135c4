package webhook

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// These tests speak to real servers on loopback.

func realPoster(t *testing.T, allowPrivate bool, resolver *net.Resolver) poster {
	t.Helper()
	transport := newTransport(allowPrivate, resolver)
	t.Cleanup(transport.CloseIdleConnections)
	return poster{transport: transport, allowPrivate: allowPrivate, now: time.Now}
}

type request struct {
	method, target string
	header         http.Header
	body           string
}

// recorder answers as told and keeps what it was asked.
func recorder(t *testing.T, answer http.HandlerFunc) (url string, requests chan request) {
	t.Helper()
	requests = make(chan request, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.Method, r.RequestURI, r.Header.Clone(), string(body)}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hooksTo(url string) campaign.Webhooks {
	return campaign.Webhooks{CallURL: url, Version: 2, Credential: "s3cret", Secret: "whsec_bmFjcmUgdGVzdCBzZWNyZXQgMDAwMQ=="}
}

func one() engine.Delivery {
	return engine.Delivery{ID: "650000000000000000000099", Kind: engine.CallDelivery, Sequence: 7, Body: []byte(`{"id":"x","text":"שלום <b>"}`)}
}

func TestHeadersOfADelivery(t *testing.T) {
	t.Parallel()
	url, requests := recorder(t, status(200))
	now := time.Now()
	traced := one()
	traced.Trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url+"/hook"), traced)
	if !v.delivered || v.try.Status != 200 {
		t.Fatalf("result %+v", v)
	}
	got := <-requests
	if got.method != "POST" || got.target != "/hook" || got.body != string(one().Body) {
		t.Errorf("got %s %s with %s", got.method, got.target, got.body)
	}
	stamp := got.header.Get("webhook-timestamp")
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "nacre", "Authorization": "Bearer s3cret",
		"webhook-id": "650000000000000000000099", "nacre-sequence": "7", "Content-Length": strconv.Itoa(len(one().Body)),
		"Accept-Encoding": "", "Transfer-Encoding": "", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-6500000000000000-01",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	if at, err := strconv.ParseInt(stamp, 10, 64); err != nil || at < now.Unix() || at > time.Now().Unix() {
		t.Errorf("webhook-timestamp is %q", stamp)
	}
	// The Standard Webhooks check, as a receiver writes it.
	mac := hmac.New(sha256.New, []byte("nacre test secret 0001"))
	mac.Write([]byte(got.header.Get("webhook-id") + "." + stamp + "." + got.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.header.Get("webhook-signature") != want {
		t.Errorf("signature %q, want %q", got.header.Get("webhook-signature"), want)
	}
}

func TestSignatureWhileASecretIsRotated(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_790_000_000, 0)
	hooks := campaign.Webhooks{
		Secret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("new key")), OldSecret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("old key")),
		OldSecretUntil: at.Add(time.Hour),
	}
	sign := func(key string) string {
		mac := hmac.New(sha256.New, []byte(key))
		io.WriteString(mac, "abc.1790000000.{}")
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	if got, want := signature(hooks, "abc", at, []byte("{}")), sign("new key")+" "+sign("old key"); got != want {
		t.Errorf("during the rotation: %q, want %q", got, want)
	}
	hooks.OldSecretUntil = at
	if got, want := signature(hooks, "abc", at, []byte("{}")), sign("new key"); got != want {
		t.Errorf("after the rotation: %q, want %q", got, want)
	}
	if got := signature(campaign.Webhooks{}, "abc", at, nil); got != "" {
		t.Errorf("without a secret: %q", got)
	}
}

func TestCredentialHeader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ credential, header, authorization, custom string }{
		"default":       {"s3cret", "", "Bearer s3cret", ""},
		"own header":    {"s3cret", "X-Api-Key", "", "s3cret"},
		"as it is":      {"Basic Zm9v", "Authorization", "Basic Zm9v", ""},
		"none":          {"", "X-Api-Key", "", ""},
		"none, default": {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, requests := recorder(t, status(200))
			hooks := hooksTo(url)
			hooks.Credential, hooks.CredentialHeader = c.credential, c.header
			realPoster(t, true, nil).exchange(t.Context(), hooks, one())
			got := <-requests
			if got.header.Get("Authorization") != c.authorization || got.header.Get("X-Api-Key") != c.custom {
				t.Errorf("Authorization %q, X-Api-Key %q", got.header.Get("Authorization"), got.header.Get("X-Api-Key"))
			}
		})
	}
}

// TestRequestLineByteForByte reads the request line off the socket.
func TestRequestLineByteForByte(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"":                           "/",
		"?":                          "/?",
		"?a=1":                       "/?a=1",
		"/hook?token=a%2Bb":          "/hook?token=a%2Bb",
		"/hook?token=a+b&c=%2b%2F/":  "/hook?token=a+b&c=%2b%2F/",
		"/a%2Fb/%7e~/c;d=1/(e)!'*":   "/a%2Fb/%7e~/c;d=1/(e)!'*",
		"/%zz?%":                     "/%zz?%",
		`/a"b<c>{d}|e^f` + "`?x={y}": `/a"b<c>{d}|e^f` + "`?x={y}",
		"/a//b/../c/./":              "/a//b/../c/./",
		"//double//slash?x":          "//double//slash?x",
		"/x?a=b?c=/d//e":             "/x?a=b?c=/d//e",
		"/frag?x=1#secret":           "/frag?x=1",
		"#f":                         "/",
		"/ünï":                       "/ünï",
		"/a:b@c":                     "/a:b@c",
		"?u=http://x@y/":             "/?u=http://x@y/",
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			line := make(chan string, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				in := bufio.NewReader(conn)
				first, _ := in.ReadString('\n')
				line <- strings.TrimSpace(first)
				if _, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\n"), in))); err == nil {
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			}()
			v := realPoster(t, true, nil).exchange(t.Context(), hooksTo("http://"+listener.Addr().String()+written), one())
			if v.try.Error != "" {
				t.Fatal(v.try.Error)
			}
			if got := <-line; got != "POST "+want+" HTTP/1.1" {
				t.Errorf("request line %q, want target %q", got, want)
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, code := range []int{302, 303} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			t.Parallel()
			url, requests := recorder(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "POST" {
					w.Header().Set("Location", "/moved%2Fhere?token=a%2Bb")
					w.WriteHeader(code)
				}
			})
			v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url+"/hook"), one())
			first, second := <-requests, <-requests
			if !v.delivered || first.method != "POST" || second.method != "GET" || second.target != "/moved%2Fhere?token=a%2Bb" || second.body != "" {
				t.Errorf("result %+v, then %s %s with %q", v, second.method, second.target, second.body)
			}
			if second.header.Get("Authorization") != "Bearer s3cret" {
				t.Error("the credential was not sent to the same host")
			}
			if second.header.Get("Content-Type") != "" || second.header.Get("Content-Length") != "" {
				t.Errorf("the GET has headers of a body: %v", second.header)
			}
		})
	}
	for _, code := range []int{301, 307, 308} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			t.Parallel()
			for location, names := range map[string]string{
				"/moved%2Fhere?token=a%2Bb": "{base}/moved%2Fhere?token=a%2Bb", "https://other.example/hook": "https://other.example/hook",
				"http://127.0.0.1:1/private": "http://127.0.0.1:1/private", "": "no Location", "file:///etc/passwd": "http",
			} {
				url, requests := recorder(t, func(w http.ResponseWriter, _ *http.Request) {
					if location != "" {
						w.Header().Set("Location", location)
					}
					w.WriteHeader(code)
				})
				v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url+"/hook"), one())
				if names = strings.ReplaceAll(names, "{base}", url); v.delivered || v.try.Status != code || !strings.Contains(v.try.Error, names) || len(requests) != 1 {
					t.Errorf("Location %q: result %+v after %d requests, want an error that names %s", location, v, len(requests), names)
				}
			}
		})
	}
	t.Run("to another host", func(t *testing.T) {
		t.Parallel()
		other, heard := recorder(t, status(204))
		url, _ := recorder(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other+"/x", http.StatusFound) })
		hooks := hooksTo(url)
		hooks.CredentialHeader = "X-Api-Key"
		v := realPoster(t, true, nil).exchange(t.Context(), hooks, one())
		got := <-heard
		if !v.delivered || got.method != "GET" || got.header.Get("X-Api-Key") != "" || got.header.Get("Authorization") != "" || got.header.Get("webhook-signature") != "" {
			t.Errorf("result %+v, heard %+v", v, got)
		}
	})
	t.Run("followed once only", func(t *testing.T) {
		t.Parallel()
		url, requests := recorder(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusSeeOther)
		})
		v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url), one())
		if v.delivered || v.try.Status != 303 || v.try.Error == "" || len(requests) != 2 {
			t.Errorf("result %+v after %d requests", v, len(requests))
		}
	})
	t.Run("what it leads to decides", func(t *testing.T) {
		t.Parallel()
		url, _ := recorder(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "POST" {
				http.Redirect(w, r, "/gone", http.StatusFound)
				return
			}
			w.WriteHeader(http.StatusGone)
		})
		v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url), one())
		if v.delivered || v.gone || v.try.Status != 410 {
			t.Errorf("result %+v; only a 410 to the POST disables", v)
		}
	})
	t.Run("to another scheme", func(t *testing.T) {
		t.Parallel()
		url, requests := recorder(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		})
		v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url), one())
		if v.delivered || !strings.Contains(v.try.Error, "redirect refused") || len(requests) != 1 {
			t.Errorf("result %+v after %d requests", v, len(requests))
		}
	})
}

func TestResolveLocation(t *testing.T) {
	t.Parallel()
	from, err := parseTarget("https://a.example/dir/hook?x=1", false)
	if err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		"https://b.example/c%2Fd?e=%2B#f": "https://b.example/c%2Fd?e=%2B",
		"//b.example/c":                   "https://b.example/c",
		"/c d":                            "https://a.example/c%20d",
		"c?d":                             "https://a.example/dir/c?d",
		"./c:d":                           "https://a.example/dir/./c:d",
		"?y=2":                            "https://a.example/dir/hook?y=2",
		"#top":                            "https://a.example/dir/hook?x=1",
		"":                                "",
		"javascript:alert(1)":             "",
		"http://127.0.0.1/":               "",
		"//[::1]/":                        "",
		"https://user@b.example/":         "",
	} {
		to, err := from.resolve(location, false)
		got := ""
		if err == nil {
			got = to.scheme + "://" + to.host + to.path + to.query
		}
		if got != want {
			t.Errorf("Location %q leads to %q (%v), want %q", location, got, err, want)
		}
	}
}

func TestCredentialStaysWithItsHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"https://a.example/", "https://a.example/b", true},
		{"https://a.example/", "https://A.example:443/b", true},
		{"http://a.example/", "https://a.example/", true},
		{"http://a.example:8080/", "https://a.example/", false},
		{"https://a.example/", "http://a.example/", false},
		{"https://a.example/", "https://a.example:8443/", false},
		{"https://a.example/", "https://b.a.example/", false},
		{"https://a.example/", "https://b.example/", false},
	} {
		from, err := parseTarget(c.from, false)
		if err != nil {
			t.Fatal(err)
		}
		to, err := parseTarget(c.to, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := from.mayHaveCredential(to); got != c.want {
			t.Errorf("from %s to %s: %t", c.from, c.to, got)
		}
	}
}

func TestAnswerIsKeptInPart(t *testing.T) {
	t.Parallel()
	url, _ := recorder(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "why\x00 \xff"+strings.Repeat("x", 1<<20))
	})
	v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url), one())
	if v.try.Status != 400 || !strings.HasPrefix(v.try.Answer, "why� �xxx") || len(v.try.Answer) > keptAnswer+8 {
		t.Errorf("status %d, kept %d bytes beginning %q", v.try.Status, len(v.try.Answer), v.try.Answer[:12])
	}
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	url, _ := recorder(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	})
	if v := realPoster(t, true, nil).exchange(t.Context(), hooksTo(url), one()); !v.delivered {
		t.Errorf("result %+v", v)
	}
}

func TestBodyThatNeverEndsIsNotDelivered(t *testing.T) {
	t.Parallel()
	url, _ := recorder(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	p := realPoster(t, true, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // stands for the 15 seconds
	defer cancel()
	v, err := p.post(ctx, hooksTo(url), one(), time.Now())
	if err == nil || v.delivered {
		t.Errorf("result %+v, error %v", v, err)
	}
}

// TestGuardAtConnectTime: a name that passes the check of the URL resolves to loopback when it is connected to.
func TestGuardAtConnectTime(t *testing.T) {
	t.Parallel()
	var connected atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { connected.Add(1) }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	url := "http://rebind.example:" + port + "/"
	if err := CheckURL(url, false); err != nil {
		t.Fatal(err)
	}
	resolver := loopbackResolver()
	v := realPoster(t, false, resolver).exchange(t.Context(), hooksTo(url), one())
	if v.delivered || v.try.Status != 0 || !strings.Contains(v.try.Error, "refused by nacre") {
		t.Errorf("result %+v", v)
	}
	if n := connected.Load(); n != 0 {
		t.Errorf("%d requests reached loopback", n)
	}
	// The same name and resolver reach the server where private targets are allowed, so the guard it was.
	if v := realPoster(t, true, resolver).exchange(t.Context(), hooksTo(url), one()); !v.delivered {
		t.Errorf("with private targets allowed: %+v", v)
	}
}

// loopbackResolver answers every question for an IPv4 address with 127.0.0.1 (RFC 1035, over a pipe instead of a server).
func loopbackResolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			for { // a stream: messages are preceded by their length
				var length [2]byte
				if _, err := io.ReadFull(theirs, length[:]); err != nil {
					return
				}
				query := make([]byte, int(length[0])<<8|int(length[1]))
				if _, err := io.ReadFull(theirs, query); err != nil {
					return
				}
				end := 12
				for query[end] != 0 {
					end += int(query[end]) + 1
				}
				end += 5 // the root label, type and class
				answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
				if query[end-3] == 1 { // type A
					answer[7] = 1
					answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
				}
				if _, err := theirs.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
					return
				}
			}
		}()
		return ours, nil
	}}
}

func TestRedirectToPrivateIsRefused(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inner.Close()
	_, port, _ := net.SplitHostPort(inner.Listener.Addr().String())
	for _, location := range []string{inner.URL, "http://2130706433:" + port + "/", "http://rebind.example:" + port + "/"} {
		transport := newTransport(false, loopbackResolver())
		p := poster{allowPrivate: false, now: time.Now, transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost { // the public receiver, which cannot be on loopback
				return &http.Response{StatusCode: 302, Header: http.Header{"Location": {location}}, Body: http.NoBody}, nil
			}
			return transport.RoundTrip(r)
		})}
		v := p.exchange(t.Context(), hooksTo("https://public.example/"), one())
		if v.delivered || v.try.Error == "" {
			t.Errorf("redirect to %s: %+v", location, v)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d redirects reached loopback", n)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestSenderOverRealSockets: the whole way, a start and an end and a lead's three changes to one server.
func TestSenderOverRealSockets(t *testing.T) {
	t.Parallel()
	url, requests := recorder(t, status(200))
	outbox := newMemory(pearl(pearlA, url+"/call", url+"/lead"))
	outbox.add(callDelivery("start", true), leadDelivery("d1", leadOne), leadDelivery("d2", leadOne), leadDelivery("d3", leadOne), callDelivery("end", false))
	s := New(Config{Outbox: outbox, Pearls: outbox, Now: time.Now, Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), AllowPrivate: true})
	s.Start()
	var leads, calls []string
	for range 5 {
		got := <-requests
		if got.target == "/lead" {
			leads = append(leads, got.header.Get("webhook-id"))
		} else {
			calls = append(calls, got.header.Get("webhook-id"))
		}
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"d1", "d2", "d3"}, leads); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"start", "end"}, calls); diff != "" {
		t.Error(diff)
	}
	for _, deliveryID := range []id.ID{"start", "end", "d1", "d2", "d3"} {
		if got := outbox.get(t, deliveryID); got.State != engine.DeliveryDelivered || len(got.Tries) != 1 {
			t.Errorf("%s is %s after %d tries", deliveryID, got.State, len(got.Tries))
		}
	}
}
