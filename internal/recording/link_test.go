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
	links := Links{Base: "http://127.0.0.1:8080/", Secret: []byte("0123456789abcdef0123456789abcdef")}
	link, expires := links.URL(callID, Holder{}, now)
	parsed, err := url.Parse(link)
	if err != nil || parsed.Host != "127.0.0.1:8080" || parsed.Path != Path+string(callID) {
		t.Fatalf("link %s: %v", link, err)
	}
	if want := now.Add(DefaultTTL).Truncate(time.Second); !expires.Equal(want) {
		t.Errorf("expires %v, want %v", expires, want)
	}
	query := parsed.Query()
	verifies := func(links Links, callID id.ID, query url.Values, now time.Time) bool {
		_, ok := links.Verify(callID, query, now)
		return ok
	}
	if !verifies(links, callID, query, now) || !verifies(links, callID, query, expires.Add(-time.Second)) {
		t.Error("a fresh link is refused")
	}
	if verifies(links, callID, query, expires) {
		t.Error("works beyond its expiry")
	}
	if verifies(links, "665f1f77bcf86cd799439012", query, now) {
		t.Error("opens another call")
	}
	if verifies(Links{Secret: []byte("another secret")}, callID, query, now) {
		t.Error("works under another secret")
	}
	later := url.Values{"expires": {"99999999999"}, "signature": {query.Get("signature")}}
	if verifies(links, callID, later, now) {
		t.Error("its expiry can be moved")
	}
	for _, bad := range []url.Values{{}, {"expires": {"x"}}, {"expires": query["expires"]}} {
		if verifies(links, callID, bad, now) {
			t.Errorf("%v opens", bad)
		}
	}
	if verifies(Links{}, callID, url.Values{"expires": query["expires"], "signature": {Links{}.sign(callID, Holder{}, expires.Unix())}}, now) {
		t.Error("works without a secret")
	}
}

// TestALinkDiesWithItsKey: it names the key that it was made for, by signature, and lives no longer.
func TestALinkDiesWithItsKey(t *testing.T) {
	t.Parallel()
	const callID, keyID = id.ID("665f1f77bcf86cd799439011"), id.ID("665f1f77bcf86cd799439022")
	now := time.Date(2026, 11, 23, 9, 15, 4, 0, time.UTC)
	links := Links{Base: "https://calls.example.com", Secret: []byte("s")}
	link, expires := links.URL(callID, Holder{Key: keyID, Expires: now.Add(time.Hour)}, now)
	if !expires.Equal(now.Add(time.Hour)) {
		t.Errorf("works until %v, its key until %v", expires, now.Add(time.Hour))
	}
	if _, expires := links.URL(callID, Holder{Key: keyID, Expires: now.Add(30 * 24 * time.Hour)}, now); !expires.Equal(now.Add(DefaultTTL)) {
		t.Errorf("works until %v", expires)
	}
	parsed, err := url.Parse(link)
	if err != nil || parsed.Host != "calls.example.com" {
		t.Fatalf("link %s: %v", link, err)
	}
	query := parsed.Query()
	if holder, ok := links.Verify(callID, query, now); !ok || holder != (Holder{Key: keyID}) {
		t.Errorf("holder %+v, %v", holder, ok)
	}
	for name, key := range map[string]string{"another key": "665f1f77bcf86cd799439033", "no key": ""} {
		query.Set("key", key)
		if _, ok := links.Verify(callID, query, now); ok {
			t.Errorf("works with %s", name)
		}
	}
}

// TestALinkOfAPersonLivesAnHour: it names the person and the person's sessions, by signature.
func TestALinkOfAPersonLivesAnHour(t *testing.T) {
	t.Parallel()
	const callID, personID = id.ID("665f1f77bcf86cd799439011"), id.ID("665f1f77bcf86cd799439033")
	now := time.Date(2026, 11, 23, 9, 15, 4, 0, time.UTC)
	links := Links{Base: "https://calls.example.com", Secret: []byte("s")}
	want := Holder{Person: personID, Sessions: 3}
	link, expires := links.URL(callID, want, now)
	if !expires.Equal(now.Add(PersonTTL)) {
		t.Errorf("works until %v", expires)
	}
	if _, expires := links.URL(callID, Holder{Person: personID, Expires: now.Add(time.Minute)}, now); !expires.Equal(now.Add(time.Minute)) {
		t.Errorf("works until %v, its session for a minute", expires)
	}
	parsed, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if holder, ok := links.Verify(callID, parsed.Query(), now); !ok || holder != want {
		t.Errorf("holder %+v, %v", holder, ok)
	}
	for _, name := range []string{"person", "sessions"} {
		for _, other := range []string{"", "4", "x"} {
			query := parsed.Query()
			query.Set(name, other)
			if _, ok := links.Verify(callID, query, now); ok {
				t.Errorf("works with %s=%q", name, other)
			}
		}
	}
}
