package recording

import (
	"net/url"
	"testing"
	"time"

	"nacre/internal/id"
)

func TestLinksWorkUntilTheyExpire(t *testing.T) {
	t.Parallel()
	const callID = id.ID("665f1f77bcf86cd799439011")
	now := time.Date(2026, 11, 23, 9, 15, 4, 250e6, time.UTC)
	links := Links{Secret: []byte("0123456789abcdef0123456789abcdef")}
	link, expires := links.URL("http://127.0.0.1:8080/", callID, now)
	parsed, err := url.Parse(link)
	if err != nil || parsed.Host != "127.0.0.1:8080" || parsed.Path != Path+string(callID) {
		t.Fatalf("link %s: %v", link, err)
	}
	if want := now.Add(DefaultTTL).Truncate(time.Second); !expires.Equal(want) {
		t.Errorf("expires %v, want %v", expires, want)
	}
	query := parsed.Query()
	if !links.Verify(callID, query, now) || !links.Verify(callID, query, expires.Add(-time.Second)) {
		t.Error("a fresh link is refused")
	}
	if links.Verify(callID, query, expires) {
		t.Error("works beyond its expiry")
	}
	if links.Verify("665f1f77bcf86cd799439012", query, now) {
		t.Error("opens another call")
	}
	if (Links{Secret: []byte("another secret")}).Verify(callID, query, now) {
		t.Error("works under another secret")
	}
	later := url.Values{"expires": {"99999999999"}, "signature": {query.Get("signature")}}
	if links.Verify(callID, later, now) {
		t.Error("its expiry can be moved")
	}
	for _, bad := range []url.Values{{}, {"expires": {"x"}}, {"expires": query["expires"]}} {
		if links.Verify(callID, bad, now) {
			t.Errorf("%v opens", bad)
		}
	}
	if (Links{}).Verify(callID, url.Values{"expires": query["expires"], "signature": {Links{}.sign(callID, expires.Unix())}}, now) {
		t.Error("works without a secret")
	}
}

func TestThePublicAddressWins(t *testing.T) {
	t.Parallel()
	links := Links{Base: "https://calls.example.com", Secret: []byte("s"), TTL: time.Hour}
	link, _ := links.URL("http://127.0.0.1:8080", "665f1f77bcf86cd799439011", time.Unix(0, 0))
	if parsed, err := url.Parse(link); err != nil || parsed.Scheme != "https" || parsed.Host != "calls.example.com" {
		t.Errorf("link %s: %v", link, err)
	}
}
