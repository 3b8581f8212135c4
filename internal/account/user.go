package account

import (
	"errors"
	"strings"
	"time"
	"unicode"

	"nacre/internal/id"
)

// Role says what a person of the account may do.
type Role int

const (
	Owner    Role = 1 // everything
	Admin    Role = 2 // everything but people
	Operator Role = 3 // campaigns, Pearls, leads, calls and the blacklist
	Viewer   Role = 4 // looks at those
)

// Roles are in the order of what they may.
func Roles() []Role { return []Role{Owner, Admin, Operator, Viewer} }

// String is the role's name, "" of none.
func (r Role) String() string {
	switch r {
	case Owner:
		return "Owner"
	case Admin:
		return "Admin"
	case Operator:
		return "Operator"
	case Viewer:
		return "Viewer"
	}
	return ""
}

// ParseRole reads a role's name, whatever its case.
func ParseRole(name string) (Role, bool) {
	for _, role := range Roles() {
		if strings.EqualFold(role.String(), name) {
			return role, true
		}
	}
	return 0, false
}

// Allows reports whether a person of the role may do what is for those of another, or above it.
func (r Role) Allows(least Role) bool { return r >= Owner && r <= least }

// User is a person of an account.
type User struct {
	ID      id.ID
	Account id.ID
	Email   string // as NormalizeEmail makes it
	Role    Role
	Created time.Time

	Password    string // hashed; "" = the person has not joined, and cannot sign in
	TwoFactor   TwoFactor
	Code        []byte    // SHA-256 of the code by which a password is set; nil = there is none
	CodeExpires time.Time // of the code
	Sessions    int64     // grows when sessions end that were begun before; a session notes it

	SignedInFrom string // the address of the last sign-in; "" = there was none
}

// TwoFactor is what a person has in an authenticator app; the zero value: nothing.
type TwoFactor struct {
	Secret    string // base32; kept encrypted
	Confirmed bool   // by a code: it is asked for
	Used      int64  // the step of the last code that was taken; it and earlier ones are not taken again
}

// Joined reports whether the person has set a password.
func (u User) Joined() bool { return u.Password != "" }

// Limits of an e-mail address (RFC 5321, 4.5.3.1, and its erratum 1690).
const (
	maxEmail      = 254
	maxEmailLocal = 64
)

// NormalizeEmail judges an address plainly, as something that mail can be sent to, and folds its case, so that a person
// is not taken for two. Only mail that arrives proves an address.
func NormalizeEmail(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return "", errors.New("the e-mail address is missing")
	}
	local, domain, found := strings.Cut(text, "@")
	switch {
	case len(text) > maxEmail || len(local) > maxEmailLocal:
		return "", errors.New("the e-mail address is too long")
	case !found || local == "" || strings.Contains(domain, "@"):
		return "", errors.New("an e-mail address has one @, with a name before it")
	case strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`<>(),;:"[]\`, r)
	}):
		return "", errors.New("the e-mail address holds a character that none has")
	case strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return "", errors.New("the dots in the e-mail address are wrong")
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			return "", errors.New("what follows the @ is no domain name")
		}
	}
	if len(labels) < 2 {
		return "", errors.New("what follows the @ is no domain name")
	}
	return text, nil
}
