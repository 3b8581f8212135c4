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

// DefaultTTL is how long a link is valid unless configured.
const DefaultTTL = 7 * 24 * time.Hour

// Links makes and verifies links.
type Links struct {
	Base   string        // public address of the server, without trailing slash; "" = the caller's
	Secret []byte        // key of the signature
	TTL    time.Duration // 0 = DefaultTTL
}

// URL returns a link to the recording of a call that is valid from now until expires (whole seconds). base is used if no
// Base is configured.
func (l Links) URL(base string, callID id.ID, now time.Time) (link string, expires time.Time) {
	ttl := l.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	if l.Base != "" {
		base = l.Base
	}
	expires = now.Add(ttl).UTC().Truncate(time.Second)
	query := url.Values{"expires": {strconv.FormatInt(expires.Unix(), 10)}, "signature": {l.sign(callID, expires.Unix())}}
	return strings.TrimSuffix(base, "/") + Path + string(callID) + "?" + query.Encode(), expires
}

// Verify reports whether the query of a link to the call was signed by URL and has not expired.
func (l Links) Verify(callID id.ID, query url.Values, now time.Time) bool {
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil || len(l.Secret) == 0 {
		return false
	}
	// The signature is checked in any case, so that the time taken reveals nothing.
	genuine := hmac.Equal([]byte(query.Get("signature")), []byte(l.sign(callID, expires)))
	return genuine && now.Unix() < expires
}

func (l Links) sign(callID id.ID, expires int64) string {
	mac := hmac.New(sha256.New, l.Secret)
	mac.Write([]byte("recording\n" + string(callID) + "\n" + strconv.FormatInt(expires, 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
