package phone

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// NormalizePrefix normalises a blacklist entry, a full number or the beginning of one, of 1 to 25 characters as given
// (contract 5): the separators of Parse are dropped, a leading "00" becomes '+', and a leading 1–9 gets its '+'.
// What comes out is '+', a digit 1–9 and any further digits. Entries that could cover no number, for instance
// national ones with a leading 0, are refused: whoever adds one believes somebody is protected.
func NormalizePrefix(entry string) (string, error) {
	if entry == "" {
		return "", errors.New("an entry is required: a number or the beginning of one, for example +14155550101 or +41")
	}
	if n := utf8.RuneCountInString(entry); n > maxEntry {
		return "", fmt.Errorf("%s has %d characters; an entry has at most %d", quote(entry), n, maxEntry)
	}
	prefix, err := strip(entry)
	if err != nil {
		return "", err
	}
	if prefix[0] == '0' {
		return "", fmt.Errorf("%s begins with a single 0; write + and the country calling code, for example +41", quote(entry))
	}
	if prefix[0] != '+' {
		prefix = "+" + prefix
	}
	if prefix == "+" {
		return "", fmt.Errorf("%s has no digit; an entry is + and at least one digit", quote(entry))
	}
	if prefix[1] == '0' {
		return "", fmt.Errorf("%s begins with 0 after the +; no country calling code does", quote(entry))
	}
	return prefix, nil
}

// CoveredBy reports whether a normalised blacklist entry is this number or a beginning of it.
func (n Number) CoveredBy(entry string) bool {
	return entry != "" && strings.HasPrefix(string(n), entry)
}
