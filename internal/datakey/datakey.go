// Package datakey decides how secrets are kept at rest: encrypted by AES-256-GCM under the installation's data key, which is
// kept beside the data in a file of its own, or comes from the environment (ADR 24). It refuses to know what the secrets are
// and where they are stored.
package datakey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// keySize of AES-256, in bytes.
const keySize = 32

// prefix of every sealed value; the key's id and the sealed bytes in base64 follow, divided by a colon.
const prefix = "nacre-sealed:1:"

// key seals and opens. Its id is made of the key, so that a wrong key cannot be taken for the right one.
type key struct {
	id   string
	raw  []byte
	aead cipher.AEAD // puts a random nonce before what it seals
}

// Ring are the data keys of an installation: the first seals, all open. A nil Ring leaves new values as they are, and opens
// nothing that is sealed. Immutable.
type Ring struct{ keys []key }

// Generate is a new key, in the form that Parse reads.
func Generate() (string, error) {
	raw := make([]byte, keySize)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make data key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// Parse reads keys: each 32 bytes in base64, divided by white space or commas; lines that begin with # are remarks.
func Parse(text string) (*Ring, error) {
	ring := &Ring{}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, field := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' }) {
			raw, err := base64.StdEncoding.DecodeString(field)
			if err != nil || len(raw) != keySize {
				return nil, fmt.Errorf("data key %d is not %d bytes in base64", len(ring.keys)+1, keySize) // its text is not repeated
			}
			block, err := aes.NewCipher(raw)
			if err != nil {
				return nil, fmt.Errorf("data key: %w", err)
			}
			aead, err := cipher.NewGCMWithRandomNonce(block)
			if err != nil {
				return nil, fmt.Errorf("data key: %w", err)
			}
			sum := sha256.Sum256(append([]byte("nacre data key\n"), raw...))
			ring.keys = append(ring.keys, key{hex.EncodeToString(sum[:6]), raw, aead})
		}
	}
	if len(ring.keys) == 0 {
		return nil, errors.New("there is no data key in it")
	}
	return ring, nil
}

// Current is the id of the key that seals, "" of a nil Ring.
func (r *Ring) Current() string {
	if r == nil {
		return ""
	}
	return r.keys[0].id
}

func (r *Ring) texts() []string {
	texts := make([]string, len(r.keys))
	for n, k := range r.keys {
		texts[n] = base64.StdEncoding.EncodeToString(k.raw)
	}
	return texts
}

// Seal encrypts a value for one place, such as "trunk 665f1f77bcf86cd799439066": moved to another it does not open. Nothing stays nothing.
func (r *Ring) Seal(place, value string) string {
	if r == nil || value == "" {
		return value
	}
	k := r.keys[0]
	return prefix + k.id + ":" + base64.RawStdEncoding.EncodeToString(k.aead.Seal(nil, nil, []byte(value), []byte(place)))
}

// Open decrypts what Seal made for the place. What is not sealed is returned as it is: it was stored before there was a key.
func (r *Ring) Open(place, value string) (string, error) {
	rest, sealed := strings.CutPrefix(value, prefix)
	if !sealed {
		return value, nil
	}
	keyID, text, _ := strings.Cut(rest, ":")
	if r == nil {
		return "", &MissingKeyError{keyID}
	}
	for _, k := range r.keys {
		if k.id != keyID {
			continue
		}
		raw, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			return "", fmt.Errorf("open sealed value of %s: %w", place, err)
		}
		opened, err := k.aead.Open(nil, nil, raw, []byte(place))
		if err != nil {
			return "", fmt.Errorf("open sealed value of %s: it was changed, or sealed for another place", place)
		}
		return string(opened), nil
	}
	return "", &MissingKeyError{keyID}
}

// MissingKeyError says that a value was sealed with a key that is not at hand.
type MissingKeyError struct{ ID string }

func (e *MissingKeyError) Error() string {
	return "the secrets are encrypted with the data key " + e.ID
}
