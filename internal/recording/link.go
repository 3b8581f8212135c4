// Package recording makes and verifies signed links to recordings, which expire and need no API key (contract 3.6), and
// names the file of each call in the recordings' folder. It does not know what is in the files.
package recording

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nacre/internal/id"
)

// SecretName names the installation's secret that signs links (engine.InstallationQueries).
const SecretName = "recording links"

// Path is the URL path of recordings: Path + call id.
const Path = "/recordings/"

// DefaultTTL is how long a link is valid unless configured; PersonTTL is how long at most where a person asked for it.
const (
	DefaultTTL = 7 * 24 * time.Hour
	PersonTTL  = time.Hour
)

// Links makes and verifies links.
type Links struct {
	Base   string        // address of the server, as who gets the link reaches it
	Secret []byte        // key of the signature
	TTL    time.Duration // 0 = DefaultTTL
}

// Holder is the key or the person that a link is made for: the link opens nothing that the holder does not, and no longer. Without
// either the link is for the account's webhooks.
type Holder struct {
	Key      id.ID
	Person   id.ID
	Sessions int64     // of the person (account.User): a link dies with the sessions that there were
	Expires  time.Time // of the key or the session; zero = never
}

// URL is a link to the recording of a call that is valid from now until expires (whole seconds).
func (l Links) URL(callID id.ID, holder Holder, now time.Time) (link string, expires time.Time) {
	ttl := l.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	if !holder.Person.Zero() {
		ttl = min(ttl, PersonTTL)
	}
	expires = now.Add(ttl)
	if !holder.Expires.IsZero() && holder.Expires.Before(expires) {
		expires = holder.Expires
	}
	expires = expires.UTC().Truncate(time.Second)
	query := url.Values{"expires": {strconv.FormatInt(expires.Unix(), 10)}, "signature": {l.sign(callID, holder, expires.Unix())}}
	if !holder.Key.Zero() {
		query.Set("key", string(holder.Key))
	}
	if !holder.Person.Zero() {
		query.Set("person", string(holder.Person))
		query.Set("sessions", strconv.FormatInt(holder.Sessions, 10))
	}
	return strings.TrimSuffix(l.Base, "/") + Path + string(callID) + "?" + query.Encode(), expires
}

// Verify reports whether the query of a link to the call was signed by URL and has not expired, and returns whom it was
// made for. Whether the holder still exists is not checked here.
func (l Links) Verify(callID id.ID, query url.Values, now time.Time) (holder Holder, ok bool) {
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil || len(l.Secret) == 0 {
		return holder, false
	}
	if text := query.Get("sessions"); text != "" {
		if holder.Sessions, err = strconv.ParseInt(text, 10, 64); err != nil {
			return Holder{}, false
		}
	}
	// The signature is checked in any case, so that the time taken reveals nothing.
	holder.Key, holder.Person = id.ID(query.Get("key")), id.ID(query.Get("person"))
	genuine := hmac.Equal([]byte(query.Get("signature")), []byte(l.sign(callID, holder, expires)))
	return holder, genuine && now.Unix() < expires
}

func (l Links) sign(callID id.ID, holder Holder, expires int64) string {
	mac := hmac.New(sha256.New, l.Secret)
	mac.Write([]byte("recording\n" + string(callID) + "\n" + strconv.FormatInt(expires, 10)))
	if !holder.Key.Zero() {
		mac.Write([]byte("\n" + string(holder.Key)))
	}
	if !holder.Person.Zero() {
		mac.Write([]byte("\nperson\n" + string(holder.Person) + "\n" + strconv.FormatInt(holder.Sessions, 10)))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
