package api

import (
	"net/http"
	"net/netip"
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
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{c.header: {c.value}}}
		if got := s.client(r).String(); got != c.want {
			t.Errorf("%s, %s: %s: %s, want %s", c.peer, c.header, c.value, got, c.want)
		}
	}
}
