package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// TestClientBehindProxies: only trusted proxies are believed, and the last address that is none of theirs counts.
func TestClientBehindProxies(t *testing.T) {
	t.Parallel()
	s := &server{Config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for _, c := range []struct{ peer, header, value, want string }{
		{"192.0.2.7:5", "X-Forwarded-For", "198.51.100.1", "192.0.2.7"},
		{"127.0.0.1:5", "X-Forwarded-For", "198.51.100.1", "198.51.100.1"},
		{"127.0.0.1:5", "X-Forwarded-For", "203.0.113.9, 198.51.100.1, 10.1.2.3", "198.51.100.1"},
		{"127.0.0.1:5", "X-Forwarded-For", "10.1.2.3", "10.1.2.3"},
		{"127.0.0.1:5", "X-Forwarded-For", "198.51.100.1, unknown", "127.0.0.1"},
		{"127.0.0.1:5", "X-Forwarded-For", "", "127.0.0.1"},
		{"[::1]:5", "Forwarded", `for=203.0.113.9, for="[2001:db8::1]:4711";proto=https`, "2001:db8::1"},
		{"[::ffff:10.0.0.1]:5", "Forwarded", "For=198.51.100.1", "198.51.100.1"},
		{"127.0.0.1:5", "Forwarded", "for=198.51.100.1, proto=https", "127.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{c.header: {c.value}}}
		if got := s.client(r).String(); got != c.want {
			t.Errorf("%s, %s: %s: %s, want %s", c.peer, c.header, c.value, got, c.want)
		}
	}
}

// TestWhereLinksLead: without --public-url a link names where the client's connection arrived, or what a trusted proxy was
// asked for; never what a client made up.
func TestWhereLinksLead(t *testing.T) {
	t.Parallel()
	const direct, proxy = "192.0.2.7:5", "10.0.0.1:5"
	for name, c := range map[string]struct {
		peer, local, host, headers string // headers: Name: value, one a line
		tls                        bool
		public, want               string
	}{
		"as it was reached":                   {peer: direct, local: "192.0.2.1:8080", host: "192.0.2.1:8080", want: "http://192.0.2.1:8080"},
		"over IPv6":                           {peer: "[2001:db8::7]:5", local: "[2001:db8::1]:8080", host: "x", want: "http://[2001:db8::1]:8080"},
		"over TLS":                            {peer: direct, local: "192.0.2.1:443", host: "x", tls: true, want: "https://192.0.2.1:443"},
		"a Host that is made up":              {peer: direct, local: "192.0.2.1:8080", host: "evil.example", want: "http://192.0.2.1:8080"},
		"headers of proxies, made up":         {peer: direct, local: "192.0.2.1:8080", host: "x", headers: "X-Forwarded-Host: evil.example\nX-Forwarded-Proto: https\nForwarded: host=evil.example", want: "http://192.0.2.1:8080"},
		"localhost":                           {peer: "127.0.0.1:5", local: "127.0.0.1:8080", host: "localhost:8080", want: "http://localhost:8080"},
		"another port of localhost":           {peer: "127.0.0.1:5", local: "127.0.0.1:8080", host: "localhost:80", want: "http://127.0.0.1:8080"},
		"localhost from afar":                 {peer: direct, local: "192.0.2.1:8080", host: "localhost:8080", want: "http://192.0.2.1:8080"},
		"a proxy that passes Host on":         {peer: proxy, local: "10.0.0.2:8080", host: "nacre.example", headers: "X-Forwarded-Proto: https", want: "https://nacre.example"},
		"a proxy that names the host":         {peer: proxy, local: "10.0.0.2:8080", host: "10.0.0.2:8080", headers: "X-Forwarded-Host: nacre.example:8443\nX-Forwarded-Proto: https", want: "https://nacre.example:8443"},
		"a proxy that adds to the client's":   {peer: proxy, local: "10.0.0.2:8080", host: "x", headers: "X-Forwarded-Host: evil.example, nacre.example", want: "http://nacre.example"},
		"a proxy by RFC 7239":                 {peer: proxy, local: "10.0.0.2:8080", host: "x", headers: `Forwarded: host=evil.example, for=192.0.2.7;host="nacre.example";proto=https`, want: "https://nacre.example"},
		"a proxy that passes on what is none": {peer: proxy, local: "10.0.0.2:8080", host: "a/b", headers: "X-Forwarded-Host: evil.example/x?\nX-Forwarded-Proto: javascript", want: "http://10.0.0.2:8080"},
		"configured":                          {peer: proxy, local: "10.0.0.2:8080", host: "x", headers: "X-Forwarded-Host: evil.example", public: "https://nacre.example/", want: "https://nacre.example"},
	} {
		local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.local))
		r, err := http.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, local), http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr, r.Host = c.peer, c.host
		for line := range strings.Lines(c.headers) {
			field, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			r.Header.Add(field, value)
		}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		x := &exchange{server: &server{Config: Config{PublicURL: c.public, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}}}, r: r}
		if got := x.base(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestFailuresBehindAProxyAreTheClients: who tries keys behind a trusted proxy is limited alone, and nobody gets out of the
// limit by naming other addresses.
func TestFailuresBehindAProxyAreTheClients(t *testing.T) {
	t.Parallel()
	f := newFrame(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")} }) // httptest's peer
	try := func(hops string) int {
		return f.do("GET", "/v2/Text", "", "Authorization", "Bearer x:y", "X-Forwarded-For", hops).Code
	}
	for n := range failuresPerWindow {
		if got := try(fmt.Sprintf("198.51.100.%d, 203.0.113.7", n%250)); got != 401 {
			t.Fatalf("failure %d: %d", n+1, got)
		}
	}
	if got := try("198.51.100.99, 203.0.113.7"); got != 429 {
		t.Errorf("one more of the same client: %d, want 429", got)
	}
	if got := try("203.0.113.8"); got != 401 {
		t.Errorf("another client of the same proxy: %d, want 401", got)
	}
}
