package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/recording"
)

const (
	testAccount = id.ID("650000000000000000000001")
	testSecret  = "0123456789abcdefghijklmnopqrstuv"
	testCall    = id.ID("650000000000000000000002")
	bearer      = "Bearer " + string(testAccount) + ":" + testSecret
)

// queries is a database of one key and one call.
type queries struct {
	engine.Queries
	recording string
	down      error
}

func (q *queries) Secret(context.Context, string) ([]byte, error) { return []byte("recordings"), nil }
func (q *queries) Ping(context.Context) error                     { return q.down }
func (q *queries) TouchKey(context.Context, id.ID, time.Time) error {
	return nil
}

func (q *queries) Key(_ context.Context, accountID id.ID, hash []byte) (account.Key, error) {
	if q.down != nil {
		return account.Key{}, q.down
	}
	right := sha256.Sum256([]byte(testSecret))
	if accountID != testAccount || !bytes.Equal(hash, right[:]) {
		return account.Key{}, &fault.Error{Kind: fault.Unauthenticated}
	}
	return account.Key{ID: "650000000000000000000003", Account: testAccount, Hash: hash, Scope: account.ScopeFull}, nil
}

func (q *queries) RecordingOf(_ context.Context, callID id.ID, _ recording.Holder) (string, error) {
	if callID != testCall || q.recording == "" {
		return "", fault.Missing("CallId")
	}
	return q.recording, nil
}

func (q *queries) ReadPearl(context.Context, id.ID, id.ID) (campaign.Pearl, error) {
	return campaign.Pearl{}, fault.Missing("PearlId")
}

// frame is a server with routes of its own.
type frame struct {
	*server
	queries *queries
	mu      sync.Mutex
	at      time.Time
	shift   atomic.Int64
}

// statusLine is what net/http's own errors begin with, to the letter.
const statusLine = "HTTP/1.1 417 Expectation Failed\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

func newFrame(t testing.TB, change func(*Config)) *frame {
	t.Helper()
	f := &frame{queries: &queries{}, at: time.Date(2026, 11, 23, 9, 15, 4, 0, time.UTC)}
	config := Config{Queries: f.queries, Now: f.now}
	if change != nil {
		change(&config)
	}
	type echo struct {
		Text string `json:"text"`
	}
	of := func(method, pattern string) route.Route {
		return route.Route{Method: method, Pattern: pattern, Tag: "Test", Summary: "Test", Scope: account.ScopeRead, MaxBody: 4096}
	}
	var err error
	f.server, err = build(t.Context(), config, func(route.Services) []route.Route {
		slow := of("GET", "/v2/Slow")
		slow.Timeout = time.Nanosecond
		large := of("POST", "/v2/Large")
		large.MaxBody, large.Timeout = 64<<20, 10*time.Second
		return []route.Route{
			route.Handle(of("POST", "/v2/Echo"), func(_ *route.Request, in echo) (echo, error) { return in, nil }),
			route.Handle(of("GET", "/v2/Text"), func(*route.Request, route.None) (route.Text, error) { return "plain", nil }),
			route.Handle(of("GET", "/v2/Long"), func(*route.Request, route.None) (string, error) { return strings.Repeat("long ", 1000), nil }),
			route.Handle(large, func(_ *route.Request, in echo) (int, error) { return len(in.Text), nil }),
			route.Handle(of("GET", "/v2/Vast"), func(*route.Request, route.None) (string, error) { return strings.Repeat("vast ", 1<<20), nil }),
			route.Handle(of("GET", "/v2/StatusLines"), func(*route.Request, route.None) (route.Text, error) {
				shift := strings.Repeat("x", int(f.shift.Add(1)))
				return route.Text(shift + strings.Repeat(statusLine, 200)), nil
			}),
			route.Handle(of("GET", "/v2/Panic"), func(*route.Request, route.None) (bool, error) { panic("secret state") }),
			route.Handle(of("GET", "/v2/Broken"), func(*route.Request, route.None) (bool, error) { return false, errors.New("secret table is gone") }),
			route.Handle(slow, func(r *route.Request, _ route.None) (bool, error) {
				<-r.Context().Done()
				return false, r.Context().Err()
			}),
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *frame) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

func (f *frame) tick(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}

// do sends a request; headers are name, value, …; Authorization is sent unless it is among them.
func (f *frame) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request := httptest.NewRequest(method, target, reader)
	request.Header.Set("Authorization", bearer)
	for n := 0; n < len(headers); n += 2 {
		request.Header.Set(headers[n], headers[n+1])
	}
	recorder := httptest.NewRecorder()
	f.ServeHTTP(recorder, request)
	return recorder
}

func wantStatus(t *testing.T, response *httptest.ResponseRecorder, status int) {
	t.Helper()
	if response.Code != status {
		t.Fatalf("status %d, want %d: %s", response.Code, status, response.Body)
	}
	if status >= 300 {
		var p struct {
			Status  int
			TraceID string
			Errors  map[string][]string
		}
		if err := json.Unmarshal(response.Body.Bytes(), &p); err != nil || p.Status != status || p.TraceID == "" || (status == 400) != (p.Errors != nil) {
			t.Fatalf("no problem JSON for %d (%v): %s", status, err, response.Body)
		}
		if kind := response.Header().Get("Content-Type"); kind != "application/problem+json; charset=utf-8" {
			t.Fatalf("content type %s", kind)
		}
	}
}

func TestFaultsInsideAreProblemsWithoutDetail(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	for _, target := range []string{"/v2/Panic", "/v2/Broken"} {
		response := f.do("GET", target, "")
		wantStatus(t, response, 500)
		if strings.Contains(response.Body.String(), "secret") {
			t.Errorf("%s tells what is inside: %s", target, response.Body)
		}
	}
	response := f.do("GET", "/v2/Slow", "")
	wantStatus(t, response, 503)
	if response.Header().Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	f.queries.down = &fault.Error{Kind: fault.Unavailable, RetryAfter: 3 * time.Second}
	time.Sleep(engine.KeyLease) // what was looked up before holds as long
	response = f.do("GET", "/v2/Text", "")
	wantStatus(t, response, 503)
	if got := response.Header().Get("Retry-After"); got != "3" {
		t.Errorf("Retry-After %q", got)
	}
	wantStatus(t, f.do("GET", "/readyz", ""), 503)
	wantStatus(t, f.do("GET", "/healthz", ""), 200)
}

func TestTraceAndRequestID(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	response := f.do("GET", "/v2/None", "", "traceparent", "00-"+trace+"-00f067aa0ba902b7-00", "X-Request-Id", "mine-1")
	var p struct{ TraceID string }
	if err := json.Unmarshal(response.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(p.TraceID, "00-"+trace+"-") || strings.Contains(p.TraceID, "00f067aa0ba902b7") || !strings.HasSuffix(p.TraceID, "-00") {
		t.Errorf("traceId %s", p.TraceID)
	}
	if got := response.Header().Get("X-Request-Id"); got != "mine-1" {
		t.Errorf("request id %q", got)
	}
	for _, bad := range []string{"", "00-" + trace, "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", "ff-" + trace + "-00f067aa0ba902b7-01", "00-" + strings.ToUpper(trace) + "-00f067aa0ba902b7-01"} {
		response := f.do("GET", "/v2/Text", "", "Traceparent", bad, "X-Request-Id", "a\tb")
		if got := response.Header().Get("X-Request-Id"); len(got) != 16 {
			t.Errorf("request id %q", got)
		}
		if strings.Contains(f.do("GET", "/v2/None", "", "Traceparent", bad).Body.String(), trace) {
			t.Errorf("took over %q", bad)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	for _, kind := range []string{"", "application/json", "text/json", "application/merge-patch+json; charset=UTF-8", "APPLICATION/JSON; Charset=utf8", "application/json;"} {
		wantStatus(t, f.do("POST", "/v2/Echo", "\xef\xbb\xbf{\"text\":\"ø\"}", "Content-Type", kind), 200)
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=utf-16", "json", "application/+json", "multipart/form-data; boundary=x"} {
		wantStatus(t, f.do("POST", "/v2/Echo", "{}", "Content-Type", kind), 415)
	}
	wantStatus(t, f.do("POST", "/v2/Echo", "{}", "Content-Encoding", "gzip"), 415)
	wantStatus(t, f.do("POST", "/v2/Echo", "{}", "Content-Encoding", "identity"), 200)
	wantStatus(t, f.do("POST", "/v2/Echo", `{"text":"`+strings.Repeat("x", 4096)+`"}`), 413)
	// Without a length the limit is met while reading.
	request := httptest.NewRequest("POST", "/v2/Echo", io.MultiReader(strings.NewReader(`{"text":"`), strings.NewReader(strings.Repeat("x", 5000))))
	request.ContentLength = -1
	request.Header.Set("Authorization", bearer)
	recorder := httptest.NewRecorder()
	f.ServeHTTP(recorder, request)
	wantStatus(t, recorder, 413)
	response := f.do("GET", "/v2/Text", "", "Content-Type", "application/json", "Accept", "image/png")
	wantStatus(t, response, 200)
	if response.Body.String() != "plain" || response.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%v %s", response.Header(), response.Body)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	response := f.do("HEAD", "/v2/Text", "")
	if response.Code != 200 || response.Body.Len() != 0 || response.Header().Get("Content-Length") != "5" {
		t.Errorf("%d %v %q", response.Code, response.Header(), response.Body)
	}
}

func TestLongAnswersAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	for _, accept := range []string{"gzip", "br, gzip;q=0.5", "*"} {
		for range 2 { // the second one reuses the writer
			response := f.do("GET", "/v2/Long", "", "Accept-Encoding", accept)
			if response.Header().Get("Content-Encoding") != "gzip" || response.Header().Get("Content-Length") != strconv.Itoa(response.Body.Len()) {
				t.Fatalf("%s: %v", accept, response.Header())
			}
			reader, err := gzip.NewReader(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(reader)
			if err != nil || string(text) != strconv.Quote(strings.Repeat("long ", 1000)) {
				t.Fatalf("%s: %v %.20s", accept, err, text)
			}
		}
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "identity, gzip; q=0.0"} {
		if response := f.do("GET", "/v2/Long", "", "Accept-Encoding", accept); response.Header().Get("Content-Encoding") != "" {
			t.Errorf("%q: compressed", accept)
		}
	}
	if response := f.do("GET", "/v2/Text", "", "Accept-Encoding", "gzip"); response.Header().Get("Content-Encoding") != "" {
		t.Error("a short answer is compressed")
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	f := newFrame(t, func(c *Config) { c.RateLimit, c.RateBurst = 2, 5 })
	for n := range 5 {
		response := f.do("GET", "/v2/Text", "")
		wantStatus(t, response, 200)
		if got := response.Header().Get("RateLimit-Remaining"); got != strconv.Itoa(4-n) {
			t.Errorf("remaining %s after %d", got, n+1)
		}
		if response.Header().Get("RateLimit-Limit") != "5" || response.Header().Get("RateLimit-Reset") == "" {
			t.Errorf("headers %v", response.Header())
		}
	}
	response := f.do("GET", "/v2/Text", "")
	wantStatus(t, response, 429)
	wait, err := strconv.Atoi(response.Header().Get("Retry-After"))
	if err != nil || wait != 1 || response.Header().Get("RateLimit-Remaining") != "0" {
		t.Fatalf("headers %v", response.Header())
	}
	f.tick(time.Duration(wait) * time.Second)
	wantStatus(t, f.do("GET", "/v2/Text", ""), 200)
	wantStatus(t, f.do("GET", "/v2/None", ""), 404)
	wantStatus(t, f.do("GET", "/v2/Text", ""), 429)
	f.tick(-time.Hour) // a clock that is set back locks nobody out and gives nothing away
	wantStatus(t, f.do("GET", "/v2/Text", ""), 429)
	f.tick(time.Second)
	wantStatus(t, f.do("GET", "/v2/Text", ""), 200)
	if response := newFrame(t, nil).do("GET", "/v2/Text", ""); response.Header().Get("RateLimit-Limit") != "" {
		t.Error("limit 0 is not off")
	}
}

func TestFailedAuthenticationsAreLimitedAndRightKeysAreNot(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	for range failuresPerWindow {
		wantStatus(t, f.do("GET", "/v2/Text", "", "Authorization", "Bearer x:y"), 401)
	}
	response := f.do("GET", "/v2/Text", "", "Authorization", "Bearer x:y")
	wantStatus(t, response, 429)
	if wait, err := strconv.Atoi(response.Header().Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
		t.Errorf("Retry-After %q", response.Header().Get("Retry-After"))
	}
	wantStatus(t, f.do("GET", "/v2/Text", ""), 200)
	f.tick(time.Minute)
	wantStatus(t, f.do("GET", "/v2/Text", "", "Authorization", ""), 401)
}

func TestFailuresAreCountedPerAddress(t *testing.T) {
	t.Parallel()
	counts := newFailures()
	now := time.Unix(0, 0)
	for n := range maxAddresses + 10 {
		if _, beyond := counts.count(strconv.Itoa(n), now); beyond {
			t.Fatal("one failure is too many")
		}
	}
	if len(counts.seen) > maxAddresses {
		t.Errorf("%d addresses are remembered", len(counts.seen))
	}
	for remote, want := range map[string]string{"10.0.0.1:5": "10.0.0.1", "[2001:db8:1:2:3::4]:5": "2001:db8:1:2::/64", "[::ffff:10.0.0.1]:5": "10.0.0.1", "pipe": "pipe"} {
		x := &exchange{server: &server{}, r: &http.Request{RemoteAddr: remote}}
		if got := x.address(); got != want {
			t.Errorf("%s: %s", remote, got)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	response := f.do("OPTIONS", "/v2/Anything", "", "Authorization", "", "Origin", "https://crm.example.com", "Access-Control-Request-Method", "PUT")
	if response.Code != 204 || response.Body.Len() != 0 {
		t.Fatalf("%d %s", response.Code, response.Body)
	}
	for name, want := range map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": allowMethods, "Access-Control-Allow-Headers": allowHeaders, "Access-Control-Max-Age": "600"} {
		if got := response.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if response.Header().Get("X-Request-Id") == "" {
		t.Error("a preflight without X-Request-Id")
	}
	for _, target := range []string{"/v2/Text", "/v2/None", "/v2/Panic", "/nothing", "/recordings/x", "/healthz"} {
		response := f.do("GET", target, "", "Origin", "https://crm.example.com")
		if response.Header().Get("Access-Control-Allow-Origin") != "*" || response.Header().Get("Access-Control-Expose-Headers") != exposeHeaders {
			t.Errorf("%s: %v", target, response.Header())
		}
	}
	if response := f.do("GET", "/v2/Text", ""); response.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS headers without Origin")
	}
	wantStatus(t, f.do("OPTIONS", "/v2/Text", ""), 405)
	f = newFrame(t, func(c *Config) { c.CORSOrigins = []string{"https://crm.example.com"} })
	if got := f.do("GET", "/v2/Text", "", "Origin", "https://crm.example.com").Header().Get("Access-Control-Allow-Origin"); got != "https://crm.example.com" {
		t.Errorf("listed origin: %q", got)
	}
	if got := f.do("GET", "/v2/Text", "", "Origin", "https://evil.example.com").Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("other origin: %q", got)
	}
}

func TestRecordings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := newFrame(t, func(c *Config) { c.RecordingsDir = folder })
	f.queries.recording = "call.wav"
	if err := os.WriteFile(filepath.Join(folder, "call.wav"), []byte("RIFF0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	link, _ := f.links.URL(testCall, recording.Holder{}, f.now())
	response := f.do("GET", link, "", "Authorization", "", "Origin", "https://crm.example.com")
	if response.Code != 200 || response.Body.String() != "RIFF0123456789" || response.Header().Get("Content-Type") != "audio/wav" {
		t.Fatalf("%d %v %s", response.Code, response.Header(), response.Body)
	}
	if response.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("no CORS")
	}
	response = f.do("GET", link, "", "Range", "bytes=4-7")
	if response.Code != 206 || response.Body.String() != "0123" || response.Header().Get("Content-Range") != "bytes 4-7/14" {
		t.Errorf("%d %v %s", response.Code, response.Header(), response.Body)
	}
	response = f.do("HEAD", link, "")
	if response.Code != 200 || response.Body.Len() != 0 || response.Header().Get("Content-Length") != "14" {
		t.Errorf("%d %v %s", response.Code, response.Header(), response.Body)
	}
	wantStatus(t, f.do("GET", link, "", "Range", "bytes=99-"), 416)
	wantStatus(t, f.do("GET", link, "", "Range", "bytes=-0"), 416)
	wantStatus(t, f.do("GET", link, "", "Range", "bytes=-1"), 206)
	wantStatus(t, f.do("GET", link, "", "Range", "bytes=0-,0-,0-"), 416)
	wantStatus(t, f.do("POST", link, ""), 405)
	wantStatus(t, f.do("GET", link+"x", ""), 404)
	wantStatus(t, f.do("GET", "/recordings/"+string(testCall), ""), 404)
	wantStatus(t, f.do("GET", "/recordings/../call.wav", ""), 404)
	other, _ := f.links.URL("650000000000000000000007", recording.Holder{}, f.now())
	wantStatus(t, f.do("GET", other, ""), 404)
	f.queries.recording = "../../etc/passwd"
	if code := f.do("GET", link, "").Code; code < 400 {
		t.Errorf("left the folder: %d", code)
	}
	f.queries.recording = "gone.wav"
	wantStatus(t, f.do("GET", link, ""), 404)
	f.queries.recording = "call.wav"
	f.tick(8 * 24 * time.Hour)
	wantStatus(t, f.do("GET", link, ""), 404)
}

func TestMetricsAreForLoopbackPeers(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "nacre_calls 1") })
	ask := func(f *frame, remote string, headers ...string) *httptest.ResponseRecorder {
		request := httptest.NewRequest("GET", "/metrics", nil)
		request.RemoteAddr = remote
		for n := 0; n < len(headers); n += 2 {
			request.Header.Set(headers[n], headers[n+1])
		}
		recorder := httptest.NewRecorder()
		f.ServeHTTP(recorder, request)
		return recorder
	}
	f := newFrame(t, func(c *Config) { c.Metrics = metrics })
	if response := ask(f, "127.0.0.1:5"); response.Body.String() != "nacre_calls 1" {
		t.Errorf("loopback: %d %s", response.Code, response.Body)
	}
	wantStatus(t, ask(f, "192.0.2.1:5"), 404)
	// Whatever a header says, it opens nothing: neither to another machine nor through a proxy here, trusted or not.
	behind := newFrame(t, func(c *Config) {
		c.Metrics, c.TrustedProxies = metrics, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")}
	})
	wantStatus(t, ask(behind, "127.0.0.1:5"), 200)
	for _, f := range []*frame{f, behind} {
		for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "Via"} {
			for _, value := range []string{"192.0.2.1", "127.0.0.1", "for=127.0.0.1", "unknown", ""} {
				wantStatus(t, ask(f, "127.0.0.1:5", header, value), 404)
				wantStatus(t, ask(f, "192.0.2.1:5", header, value), 404)
			}
		}
	}
	open := newFrame(t, func(c *Config) { c.Metrics, c.OpenMetrics = metrics, true })
	wantStatus(t, ask(open, "192.0.2.1:5"), 200)
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	f := newFrame(t, nil)
	wantStatus(t, f.do("GET", "/campaigns/1", ""), 404)
	wantStatus(t, f.do("GET", "/v2/campaigns", ""), 404)
	wantStatus(t, f.do("GET", "/V1/campaigns", "", "Authorization", ""), 401)
}

func TestARequestIsObservedOnce(t *testing.T) {
	t.Parallel()
	var seen []string
	f := newFrame(t, func(c *Config) {
		c.Observe = func(route string, status int, _ time.Duration) { seen = append(seen, fmt.Sprint(route, " ", status)) }
	})
	f.do("GET", "/v2/text", "")
	f.do("GET", "/v2/Panic", "")
	f.do("GET", "/v2/None", "")
	if want := "GET /v2/Text 200, GET /v2/Panic 500, none 404"; strings.Join(seen, ", ") != want {
		t.Errorf("%s", strings.Join(seen, ", "))
	}
}
