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
	Admin    Role = 2 // everything but other people's roles
	Operator Role = 3 // campaigns, leads and calls
	Viewer   Role = 4 // looks
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

// User is a person of an account. Only keys sign in so far.
type User struct {
	ID      id.ID
	Account id.ID
	Email   string // as NormalizeEmail makes it
	Role    Role
	Created time.Time
}

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
