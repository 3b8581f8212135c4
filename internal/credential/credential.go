// Package credential decides how people prove who they are: passwords (argon2id, RFC 9106), codes of authenticator apps (RFC
// 6238) and codes that are used once. It refuses to know who they are, and what they may.
package credential

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"nacre/internal/fault"
)

// Lengths of passwords, in characters. No other rule: what people cannot remember, they write down (NIST SP 800-63B, 5.1.1.2).
const (
	minPassword = 12
	maxPassword = 256
)

// JudgePassword says in words what is wrong with a password that is to be set, "" where nothing is.
func JudgePassword(password string) string {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return fmt.Sprintf("The password has %d characters; it must have at least %d.", n, minPassword)
	case n > maxPassword:
		return fmt.Sprintf("The password has %d characters; it must have at most %d.", n, maxPassword)
	}
	return ""
}

// cost is what OWASP asks of argon2id at least: 19 MiB, two passes, one thread. A look at a password takes tens of milliseconds
// of one processor, which the calls of this machine can spare.
var cost = argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// maxWaiting is how many wait for the one who hashes, before others are sent away.
const maxWaiting = 16

// Passwords hashes passwords, one at a time, so that sign-ins take neither memory nor processors from calls. Safe for
// concurrent use.
type Passwords struct {
	waiting chan struct{}
	turn    chan struct{}
	nobody  func() (string, error) // a hash that no password has, made when it is first needed
}

// NewPasswords makes one.
func NewPasswords() *Passwords {
	return &Passwords{
		waiting: make(chan struct{}, maxWaiting), turn: make(chan struct{}, 1),
		nobody: sync.OnceValues(func() (string, error) { return argon2id.CreateHash(rand.Text(), &cost) }),
	}
}

// take waits for its turn; too many who wait are fault.Unavailable.
func (p *Passwords) take(ctx context.Context) (give func(), err error) {
	select {
	case p.waiting <- struct{}{}:
	default:
		return nil, &fault.Error{Kind: fault.Unavailable, Detail: "Too many people are signing in.", RetryAfter: 2 * time.Second}
	}
	defer func() { <-p.waiting }()
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to look at a password: %w", ctx.Err())
	}
}

// Hash is how a password is stored: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	give, err := p.take(ctx)
	if err != nil {
		return "", err
	}
	defer give()
	hash, err := argon2id.CreateHash(password, &cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Match reports whether a password is the one that was hashed. Where there is none ("") it takes as long and is false.
func (p *Passwords) Match(ctx context.Context, password, hash string) (bool, error) {
	give, err := p.take(ctx)
	if err != nil {
		return false, err
	}
	defer give()
	if utf8.RuneCountInString(password) > maxPassword {
		password = ""
	}
	known := hash != ""
	if !known {
		if hash, err = p.nobody(); err != nil {
			return false, fmt.Errorf("make a hash: %w", err)
		}
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return same && known, nil
}

// Code is a text that is used once, of 128 bits in groups of letters and digits, and what is stored of it.
func Code() (text string, hash []byte) {
	raw := rand.Text()[:26] // base32: 5 bits a letter
	var groups []string
	for len(raw) > 0 {
		n := min(len(raw), 5)
		groups, raw = append(groups, raw[:n]), raw[n:]
	}
	text = strings.Join(groups, "-")
	return text, HashCode(text)
}

// HashCode is how a code is stored: it is random, so no slow hash is needed. Case, blanks and dashes do not matter.
func HashCode(text string) []byte {
	text = strings.ToUpper(strings.NewReplacer("-", "", " ", "", "\t", "").Replace(text))
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// period is how long a code of an authenticator app stands, and skew how many earlier and later ones are taken: clocks differ.
const (
	period = 30
	skew   = 1
)

// TwoFactorSecret makes a secret for an authenticator app: 160 bits in base32, and the otpauth:// address that apps read.
func TwoFactorSecret(issuer, email string) (secret, address string, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: email, SecretSize: 20, Period: period})
	if err != nil {
		return "", "", fmt.Errorf("make secret: %w", err)
	}
	return key.Secret(), key.URL(), nil
}

// TwoFactorStep returns the step of time whose code this is, a number that grows by one every 30 seconds; 0 where it is none of
// those that count now. Who takes a step only once takes a code only once (RFC 6238, 5.2).
func TwoFactorStep(secret, code string, now time.Time) (step int64, err error) {
	code = strings.ReplaceAll(code, " ", "")
	at := now.Unix() / period
	for step := at - skew; step <= at+skew; step++ {
		ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return 0, fmt.Errorf("compare code: %w", err)
		}
		if ok {
			return step, nil
		}
	}
	return 0, nil
}
