package telephony

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// errCredentials means that the peer refused our credentials, or asks for some when the trunk has none.
var errCredentials = errors.New("credentials refused")

// challenged reports whether a response asks for credentials.
func challenged(response *sip.Response) bool {
	return response.StatusCode == sip.StatusUnauthorized || response.StatusCode == sip.StatusProxyAuthRequired
}

// maxRealms bounds the realms that may challenge one request: a proxy's on the path and the server's (RFC 3261 22.3). A peer
// that names another one each time would get an INVITE for each.
const maxRealms = 2

// credentials respond to the challenges of one request: each realm's once, and once more for a stale nonce (RFC 3261 22,
// contract 9.7). Proxies on the path and the server challenge one after the other, or several at once (22.3).
type credentials struct {
	username, password string
	realms             []realm
}

// realm is one that has challenged us.
type realm struct {
	challenge *digest.Challenge
	session   bool   // a "-sess" algorithm
	header    string // of our credentials: Authorization or Proxy-Authorization
	used      int    // nonce count (nc)
	stale     bool   // it has challenged again for a stale nonce
}

// respond adds the challenges of a 401 or 407 and puts credentials for every known realm into the request. The error wraps
// errCredentials when a challenge refuses the credentials that were sent, or cannot be met.
func (c *credentials) respond(request *sip.Request, response *sip.Response) error {
	if c.username == "" {
		return fmt.Errorf("%w: the trunk has no user name", errCredentials)
	}
	asking, err := readChallenges(response)
	if err != nil {
		return fmt.Errorf("%w: %w", errCredentials, err)
	}
	for _, r := range asking {
		if err := c.addChallenge(r); err != nil {
			return err
		}
	}
	return c.authorize(request)
}

// authorize replaces the credentials in the request by those for every known realm.
func (c *credentials) authorize(request *sip.Request) error {
	for _, header := range []string{"Authorization", "Proxy-Authorization"} {
		for request.RemoveHeader(header) {
		}
	}
	for i := range c.realms {
		credentials, err := c.authorization(&c.realms[i], request)
		if err != nil {
			return fmt.Errorf("%w: %w", errCredentials, err)
		}
		request.AppendHeader(sip.NewHeader(c.realms[i].header, credentials))
	}
	return nil
}

// clone returns the credentials for use with another request.
func (c *credentials) clone() credentials {
	return credentials{username: c.username, password: c.password, realms: slices.Clone(c.realms)}
}

// addChallenge adds a realm. A second challenge of a realm refuses our credentials, unless its nonce was stale.
func (c *credentials) addChallenge(asking realm) error {
	for i, r := range c.realms {
		if r.header != asking.header || r.challenge.Realm != asking.challenge.Realm {
			continue
		}
		if !asking.challenge.Stale || r.stale {
			return errCredentials
		}
		asking.stale = true
		c.realms[i] = asking
		return nil
	}
	if len(c.realms) == maxRealms {
		return fmt.Errorf("%w: more than %d realms ask for credentials", errCredentials, maxRealms)
	}
	c.realms = append(c.realms, asking)
	return nil
}

// authorization returns the value of the credentials header field for a realm and request.
func (c *credentials) authorization(r *realm, request *sip.Request) (string, error) {
	r.used++
	options := digest.Options{Method: string(request.Method), URI: request.Recipient.String(),
		Username: c.username, Password: c.password, Count: r.used,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(request.Body())), nil }} // auth-int
	if r.session { // RFC 3261 22.4 by RFC 2617 3.2.2.2; the library does not know it
		var h hash.Hash = md5.New()
		if r.challenge.Algorithm == "SHA-256" {
			h = sha256.New()
		}
		sum := func(text string) string {
			h.Reset()
			h.Write([]byte(text))
			return hex.EncodeToString(h.Sum(nil))
		}
		options.Cnonce = rand.Text()
		options.A1 = sum(sum(c.username+":"+r.challenge.Realm+":"+c.password) + ":" + r.challenge.Nonce + ":" + options.Cnonce)
	}
	credentials, err := digest.Digest(r.challenge, options)
	if err != nil {
		return "", err
	}
	if r.session {
		credentials.Algorithm += "-sess"
	}
	text := credentials.String()
	if r.session && credentials.QOP == "" { // the library writes it with a protection only, but A1 holds it
		text += fmt.Sprintf(", cnonce=%q", options.Cnonce)
	}
	return text, nil
}

// readChallenges returns the first supported challenge of each realm; an error when there is none.
func readChallenges(response *sip.Response) ([]realm, error) {
	asks, answers := "WWW-Authenticate", "Authorization"
	if response.StatusCode == sip.StatusProxyAuthRequired {
		asks, answers = "Proxy-Authenticate", "Proxy-Authorization"
	}
	err := fmt.Errorf("a challenge without %s", asks)
	var all []realm
	met := map[string]bool{}
	for _, header := range response.GetHeaders(asks) {
		challenge, parseErr := parseChallenge(header.Value())
		if parseErr != nil {
			err = parseErr
			continue
		}
		algorithm := challenge.Algorithm
		challenge.Algorithm = strings.ToUpper(algorithm)
		plain, session := strings.CutSuffix(challenge.Algorithm, "-SESS")
		if session && (plain == "MD5" || plain == "SHA-256") {
			challenge.Algorithm = plain
		}
		if !digest.CanDigest(challenge) {
			err = fmt.Errorf("a challenge with algorithm %q and protection %q", algorithm, challenge.QOP)
			continue
		}
		if !met[challenge.Realm] {
			met[challenge.Realm] = true
			all = append(all, realm{challenge: challenge, session: session, header: answers})
		}
	}
	if len(all) == 0 {
		return nil, err
	}
	return all, nil
}

// parseChallenge parses a Digest challenge: parameters of tokens and quoted strings (RFC 3261 25.1). Unknown parameters
// are ignored.
func parseChallenge(text string) (*digest.Challenge, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil, fmt.Errorf("a challenge of the scheme %.20q", scheme)
	}
	challenge := &digest.Challenge{}
	for _, part := range splitQuoted(rest, ',') {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, errors.New("a challenge with a parameter that has no value")
		}
		value, err := unquote(strings.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "realm":
			challenge.Realm = value
		case "nonce":
			challenge.Nonce = value
		case "opaque":
			challenge.Opaque = value
		case "algorithm":
			challenge.Algorithm = value
		case "stale":
			challenge.Stale = strings.EqualFold(value, "true")
		case "userhash":
			challenge.Userhash = strings.EqualFold(value, "true")
		case "qop":
			for protection := range strings.SplitSeq(value, ",") {
				if protection = strings.ToLower(strings.TrimSpace(protection)); protection != "" {
					challenge.QOP = append(challenge.QOP, protection)
				}
			}
		}
	}
	if challenge.Nonce == "" {
		return nil, errors.New("a challenge without nonce")
	}
	return challenge, nil
}

// unquote returns the value of a token or quoted string.
func unquote(text string) (string, error) {
	if !strings.HasPrefix(text, `"`) {
		return text, nil
	}
	if len(text) < 2 || !strings.HasSuffix(text, `"`) {
		return "", errors.New("a challenge with a quoted string that does not end")
	}
	var value strings.Builder
	for i := 1; i < len(text)-1; i++ {
		if text[i] == '\\' && i < len(text)-2 {
			i++
		}
		value.WriteByte(text[i])
	}
	return value.String(), nil
}
