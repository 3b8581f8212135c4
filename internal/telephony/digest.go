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

// errCredentials: the peer refused our credentials, or asks for some where the trunk has none.
var errCredentials = errors.New("credentials refused")

// challenged reports whether a response asks for credentials.
func challenged(response *sip.Response) bool {
	return response.StatusCode == sip.StatusUnauthorized || response.StatusCode == sip.StatusProxyAuthRequired
}

// maxRealms is how many servers on the way of one request may ask for credentials.
const maxRealms = 6

// credentials answer the challenges to one request: each realm's once, and once more for a stale nonce (RFC 3261 22,
// contract 9.7). Proxies on the way and the server at its end ask one after the other, or several at once (22.3).
type credentials struct {
	username, password string
	realms             []realm
}

// realm is one that has asked.
type realm struct {
	challenge *digest.Challenge
	session   bool   // a "-sess" algorithm
	header    string // that answers it: Authorization or Proxy-Authorization
	used      int    // how often the nonce was
	stale     bool   // it asked again for a stale nonce
}

// answer puts credentials for every realm known into the request, those of the response among them. The error wraps
// errCredentials when a challenge is a refusal of what was offered, or can not be met.
func (c *credentials) answer(request *sip.Request, response *sip.Response) error {
	if c.username == "" {
		return fmt.Errorf("%w: the trunk has no user name", errCredentials)
	}
	asking, err := readChallenges(response)
	if err != nil {
		return fmt.Errorf("%w: %w", errCredentials, err)
	}
	for _, r := range asking {
		if err := c.note(r); err != nil {
			return err
		}
	}
	return c.present(request)
}

// present puts credentials for every realm known into the request, in place of those that it has.
func (c *credentials) present(request *sip.Request) error {
	for _, header := range []string{"Authorization", "Proxy-Authorization"} {
		for request.RemoveHeader(header) {
		}
	}
	for i := range c.realms {
		proof, err := c.prove(&c.realms[i], request)
		if err != nil {
			return fmt.Errorf("%w: %w", errCredentials, err)
		}
		request.AppendHeader(sip.NewHeader(c.realms[i].header, proof))
	}
	return nil
}

// fork answers the same credentials for another request.
func (c *credentials) fork() credentials {
	return credentials{username: c.username, password: c.password, realms: slices.Clone(c.realms)}
}

// note takes a challenge in. One of a realm that has had our credentials refuses them, unless its nonce was stale.
func (c *credentials) note(asking realm) error {
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
		return fmt.Errorf("%w: more than %d realms ask for some", errCredentials, maxRealms)
	}
	c.realms = append(c.realms, asking)
	return nil
}

// prove makes the credentials of a realm for the request.
func (c *credentials) prove(r *realm, request *sip.Request) (string, error) {
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
	proof, err := digest.Digest(r.challenge, options)
	if err != nil {
		return "", err
	}
	if r.session {
		proof.Algorithm += "-sess"
	}
	text := proof.String()
	if r.session && proof.QOP == "" { // the library writes it with a protection only, but A1 holds it
		text += fmt.Sprintf(", cnonce=%q", options.Cnonce)
	}
	return text, nil
}

// readChallenges answers the first challenge of each realm that we can meet; an error where there is none.
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

// parseChallenge reads a Digest challenge: parameters of tokens and quoted strings (RFC 3261 25.1). Unknown ones, in any
// spelling that a token may have, are passed over.
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

// unquote is the value of a token or quoted string.
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
