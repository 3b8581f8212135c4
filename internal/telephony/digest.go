package telephony

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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

// credentials answer the challenges to one request: once, and once more for a stale nonce (RFC 3261 22, contract 9.7).
type credentials struct {
	username, password string
	answered, stale    bool
}

// answer adds credentials for the challenge to the request. The error wraps errCredentials when this challenge is a
// refusal of what was offered, or can not be met.
func (c *credentials) answer(request *sip.Request, response *sip.Response) error {
	challenge, header, err := readChallenge(response)
	switch {
	case c.username == "":
		return fmt.Errorf("%w: the trunk has no user name", errCredentials)
	case err != nil:
		return fmt.Errorf("%w: %w", errCredentials, err)
	case c.answered && (!challenge.Stale || c.stale):
		return errCredentials
	}
	c.stale = c.answered
	c.answered = true
	proof, err := digest.Digest(challenge, digest.Options{Method: string(request.Method), URI: request.Recipient.String(),
		Username: c.username, Password: c.password,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(request.Body())), nil }}) // auth-int
	if err != nil {
		return fmt.Errorf("%w: %w", errCredentials, err)
	}
	request.RemoveHeader(header)
	request.AppendHeader(sip.NewHeader(header, proof.String()))
	return nil
}

// readChallenge answers the first challenge that we can meet and the name of the header that answers it.
func readChallenge(response *sip.Response) (*digest.Challenge, string, error) {
	asks, answers := "WWW-Authenticate", "Authorization"
	if response.StatusCode == sip.StatusProxyAuthRequired {
		asks, answers = "Proxy-Authenticate", "Proxy-Authorization"
	}
	err := fmt.Errorf("a challenge without %s", asks)
	for _, header := range response.GetHeaders(asks) {
		challenge, parseErr := digest.ParseChallenge(header.Value())
		if parseErr != nil {
			err = parseErr
			continue
		}
		for i, protection := range challenge.QOP {
			challenge.QOP[i] = strings.ToLower(strings.TrimSpace(protection))
		}
		if !digest.CanDigest(challenge) {
			err = fmt.Errorf("a challenge with algorithm %q and protection %q", challenge.Algorithm, challenge.QOP)
			continue
		}
		challenge.Algorithm = strings.ToUpper(challenge.Algorithm)
		return challenge, answers, nil
	}
	return nil, "", err
}
