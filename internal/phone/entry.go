package phone

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// ParseEntry normalises a blacklist entry, a full number or the beginning of one, of 1 to 25 characters as given
// (contract 5). A beginning is written with '+' (without a region also with "00"); anything else is read as Parse reads a
// whole number. What comes out is '+', a digit 1–9 and any further digits. What could be meant otherwise is refused:
// whoever adds an entry believes somebody is protected.
func ParseEntry(entry string, home Home) (string, error) {
	if entry == "" {
		return "", errors.New("an entry is required: a number or the beginning of one, for example +14155550101 or +41")
	}
	if n := utf8.RuneCountInString(entry); n > maxEntry {
		return "", fmt.Errorf("%s has %d characters; an entry has at most %d", quote(entry), n, maxEntry)
	}
	given, err := strip(entry)
	if err != nil {
		return "", err
	}
	digits, international := given.afterPlus(home.Region)
	if !international && home.Region == "" && given.digits[0] != '0' && ownBeginning(given.digits, home.Callers) {
		digits, international = given.digits, true // its '+' is missing, and it can be nothing else
	}
	if !international {
		number, err := Parse(entry, home)
		if err != nil {
			return "", fmt.Errorf("%w; the beginning of numbers is written with +, for example +41", err)
		}
		return string(number), nil
	}
	switch {
	case digits == "":
		return "", fmt.Errorf("%s has no digit; an entry is + and at least one digit", quote(entry))
	case digits[0] == '0':
		return "", fmt.Errorf("%s begins with 0 after the +; no country calling code does", quote(entry))
	}
	digits = given.withoutZero(digits)
	if coversNobody(digits) {
		return "", fmt.Errorf("%s covers no number: no number there has so many digits; is there something after the number?", quote(entry))
	}
	if code := callingCode(digits); code != "" && trunkZero(code, digits[len(code):]) {
		return "", fmt.Errorf("%s covers no number: in %s the 0 before the area code is left out after +%s", quote(entry), named(code), code)
	}
	return "+" + digits, nil
}

// coversNobody reports digits that are longer than any number of their plan.
func coversNobody(digits string) bool {
	if len(digits) > maxDigits {
		return true
	}
	code := callingCode(digits)
	if code == "" {
		return false
	}
	number := parts(code, digits[len(code):])
	return number == nil && digits != code || number != nil && phonenumbers.IsPossibleNumberWithReason(number) == phonenumbers.TOO_LONG
}

// ParseStoredEntry reads an entry that is to be found among those stored: as ParseEntry does, but one that is written exactly as
// entries are stored, '+' and digits, is taken as it is, since earlier rules may have stored it.
func ParseStoredEntry(entry string, home Home) (string, error) {
	normal, err := ParseEntry(entry, home)
	if err != nil && len(entry) > 1 && len(entry) <= 1+maxEntry && entry[0] == '+' && strings.Trim(entry[1:], "0123456789") == "" {
		return entry, nil
	}
	return normal, err
}

// ownBeginning reports whether digits begin like the international form of a number in each of our own countries, or we
// have none: then they are no beginning of a national number.
func ownBeginning(digits string, callers []string) bool {
	for _, caller := range callers {
		if regionOf(caller) == "" {
			continue
		}
		if code := callingCode(caller[1:]); !strings.HasPrefix(digits, code) {
			return false
		}
		if _, other := elsewhere(digits, digits, []string{caller}); other != "" {
			return false
		}
	}
	return true
}

// Fragment is what a search for a text looks for in numbers in normal form: the text's digits, after a '+' where it has one
// or begins with "00". ok is false where the text has something that no number has.
func Fragment(text string) (fragment string, ok bool) {
	var kept strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9', r == '+' && kept.Len() == 0:
			kept.WriteRune(r)
		case !separator(r):
			return "", false
		}
	}
	fragment = kept.String()
	if digits, international := strings.CutPrefix(fragment, "00"); international && digits != "" {
		fragment = "+" + digits
	}
	return fragment, strings.Trim(fragment, "+") != ""
}
