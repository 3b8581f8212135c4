// Package phone decides what a phone number is: how the many ways of typing one become E.164, which country calling
// codes exist, and which numbers a blacklist entry covers (contract 1.3 and 5). It refuses to know whether a number is
// allocated, which countries an account may call, and the lengths of a numbering plan, except for national input.
//
// Error texts quote the value as typed, so they are personal data: fit for the person who sent it, not for a log.
package phone

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// Number is a phone number in normal form: '+', a digit 1–9 and 7 to 15 digits in all (contract 1.3).
// Only Parse makes one; the zero value, "", means "none".
type Number string

const (
	maxTyped  = 64 // characters of a number as typed (contract 0.6)
	maxEntry  = 25 // characters of a blacklist entry as typed (contract 0.6)
	minDigits = 7
	maxDigits = 15 // ITU-T E.164, 6.1
)

// Parse normalises a number as typed. Separators (white space, dashes, dots, slashes, brackets, text-direction marks)
// are dropped, then the first rule that fits decides: a leading '+' or "00" is international; with defaultRegion (two
// letters, either case, or "" for none) the number is national if it is a possible one there; a leading 1–9 is
// international with its '+' missing.
//
// The error says for people what is wrong with the value. Parsing a Number again gives the same Number.
func Parse(input, defaultRegion string) (Number, error) {
	if wellFormed(input) {
		return Number(input), nil
	}
	if input == "" {
		return "", errors.New("a phone number is required, for example +14155550101")
	}
	if n := utf8.RuneCountInString(input); n > maxTyped {
		return "", fmt.Errorf("%s has %d characters; a phone number has at most %d", quote(input), n, maxTyped)
	}
	number, err := strip(input)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(number, "+") {
		number, err = internationalise(number, defaultRegion)
		if err != nil {
			return "", fmt.Errorf("%s %w", quote(input), err)
		}
	}
	if !wellFormed(number) {
		return "", fmt.Errorf("%s %s", quote(input), shapeFault(number))
	}
	return Number(number), nil
}

// internationalise puts the '+' before digits that came without one. "00" has been taken for '+' by strip.
func internationalise(digits, defaultRegion string) (string, error) {
	if defaultRegion != "" {
		if !ValidRegion(defaultRegion) {
			// Guessing on without the region could turn a national number into somebody else's international one.
			return "", fmt.Errorf("cannot be read as a national number: %s is no two-letter country", quote(defaultRegion))
		}
		if number, ok := national(digits, strings.ToUpper(defaultRegion)); ok {
			return number, nil
		}
	}
	if digits != "" && digits[0] == '0' {
		if defaultRegion == "" {
			return "", errors.New("is a national number; write it as + and the country calling code, for example +14155550101")
		}
		return "", fmt.Errorf("is no possible number in %s; write it as + and the country calling code", strings.ToUpper(defaultRegion))
	}
	return "+" + digits, nil
}

// national reads digits in the national format of a region. An international dialling prefix of the region ("011" in
// the US) is not national format, which is why the source of the calling code is asked for.
func national(digits, region string) (string, bool) {
	parsed, err := phonenumbers.ParseAndKeepRawInput(digits, region)
	if err != nil ||
		parsed.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD ||
		int(parsed.GetCountryCode()) != phonenumbers.GetCountryCodeForRegion(region) ||
		!phonenumbers.IsPossibleNumber(parsed) {
		return "", false
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), true
}

// wellFormed reports the shape of normal form: '+', a digit 1–9, 7 to 15 digits in all.
func wellFormed(text string) bool {
	if len(text) < 1+minDigits || len(text) > 1+maxDigits || text[0] != '+' || text[1] == '0' {
		return false
	}
	for i := 1; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// shapeFault says in words why a stripped number with its '+' is not well formed.
func shapeFault(number string) string {
	digits := number[1:]
	switch {
	case digits == "":
		return "has no digits; a phone number is + and 7 to 15 digits"
	case digits[0] == '0':
		return "begins with 0 after the +; no country calling code does"
	default:
		return fmt.Sprintf("has %d digits with its country calling code; allowed are %d to %d", len(digits), minDigits, maxDigits)
	}
}

// strip drops separators and leaves an optional '+' and ASCII digits; a leading "00" becomes '+'.
func strip(input string) (string, error) {
	var kept strings.Builder
	kept.Grow(len(input))
	for _, r := range input {
		switch {
		case r >= '0' && r <= '9':
			kept.WriteByte(byte(r))
		case r == '+' && kept.Len() == 0:
			kept.WriteByte('+')
		case r == '+':
			return "", fmt.Errorf("%s has a + that is not at its beginning", quote(input))
		case r == utf8.RuneError:
			return "", fmt.Errorf("%s is not valid UTF-8 text", quote(input))
		case !separator(r):
			return "", fmt.Errorf("%s contains %s; allowed are +, digits 0-9, spaces, dashes, dots, slashes and brackets", quote(input), strconv.QuoteRune(r))
		}
	}
	text := kept.String()
	if text == "" {
		return "", fmt.Errorf("%s has no digits; a phone number is + and 7 to 15 digits", quote(input))
	}
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		return "+" + rest, nil
	}
	return text, nil
}

// separator reports the characters people and programs put around digits. Bidi_Control is Unicode's name for the
// text-direction marks; ones like U+202A come along when a number is copied from a contact card.
func separator(r rune) bool {
	switch r {
	case '/', '⁄', '∕', '／', // solidus, fraction slash, division slash, full width
		'.', '·', '․', '‧', '．', // full stop, middle dot, one dot leader, hyphenation point, full width
		'(', ')', '[', ']', '{', '}', '<', '>', '（', '）', '［', '］', '｛', '｝', '【', '】', '〈', '〉', '「', '」',
		'−', '\u00ad', '⁃', // minus sign, soft hyphen, hyphen bullet: dashes outside the category Pd
		'\u200b', '\u2060', '\ufeff': // zero-width spaces
		return true
	}
	return unicode.Is(unicode.White_Space, r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Bidi_Control, r)
}

// quote shows a value in an error text: escaped, so that invisible marks are seen, and cut where it is long.
func quote(value string) string {
	const longest = maxTyped + 8
	if utf8.RuneCountInString(value) > longest {
		value = string([]rune(value)[:longest]) + "…"
	}
	return strconv.Quote(value)
}
