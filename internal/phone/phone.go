// Package phone decides what a phone number is: how the many ways of typing one become E.164, which numbers are possible,
// which countries and dear ranges they belong to, and which numbers a blacklist entry covers (contract 1.3, 5 and 12). It
// refuses to know whether a number is allocated, and which countries an account may call.
//
// Error texts quote the value as typed, so they are personal data: fit for the person who sent it, not for a log.
package phone

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Number is a phone number in normal form: '+', a digit 1–9 and 7 to 15 digits in all (contract 1.3).
// Only Parse makes one; the zero value, "", means "none".
type Number string

// Home says how a number is read that does not begin with its country calling code (contract 1.3).
type Home struct {
	Region  string   // two-letter country whose national format is read, either case; "" = none
	Callers []string // without a region: our own numbers, in whose countries a '+' could be missing, or an area code stand
}

const (
	maxTyped  = 64 // characters of a number as typed (contract 0.6)
	maxEntry  = 25 // characters of a blacklist entry as typed (contract 0.6)
	minDigits = 7
	maxDigits = 15 // ITU-T E.164, 6.1
)

// Parse normalises a number as typed, by the first rule of contract 1.3 that fits: a leading '+' (without a region "00" too)
// is international; with a region the number is in that region's national format; without one a leading 1–9 is
// international with its '+' missing, unless it could as well be a national number of a country of home.Callers. The result
// is a possible number of its plan, or one whose country calling code does not exist.
//
// The error says for people what is wrong with the value. Parsing a Number again gives the same Number.
func Parse(input string, home Home) (Number, error) {
	if input == "" {
		return "", errors.New("a phone number is required, for example +14155550101")
	}
	digits := input
	if wellFormed(input) {
		digits = input[1:]
	} else {
		if n := utf8.RuneCountInString(input); n > maxTyped {
			return "", fmt.Errorf("%s has %d characters; a phone number has at most %d", quote(input), n, maxTyped)
		}
		given, err := strip(input)
		if err != nil {
			return "", err
		}
		if digits, err = given.international(home); err != nil {
			return "", fmt.Errorf("%s %w", quote(input), err)
		}
	}
	if err := judge(digits); err != nil {
		return "", fmt.Errorf("%s %w", quote(input), err)
	}
	return Number("+" + digits), nil
}

// ParseStored reads a number that is to be found among those stored: as Parse does, but one written with its '+' is taken
// as it is where it is no possible number, since earlier rules may have stored it.
func ParseStored(input string, home Home) (Number, error) {
	number, err := Parse(input, home)
	if err == nil {
		return number, nil
	}
	if given, stripped := strip(input); stripped == nil && given.plus && wellFormed("+"+given.digits) {
		return Number("+" + given.digits), nil
	}
	return "", err
}

// Possible reports whether the number has a length that its plan allows; numbers stored under earlier rules may not.
func (n Number) Possible() bool {
	return strings.HasPrefix(string(n), "+") && judge(string(n[1:])) == nil
}

// international is the number with its country calling code, without '+'.
func (t typed) international(home Home) (digits string, err error) {
	if digits, ok := t.afterPlus(home.Region); ok {
		return t.withoutZero(digits), nil
	}
	if home.Region != "" {
		if !ValidRegion(home.Region) {
			// Guessing on without the region could turn a national number into somebody else's international one.
			return "", fmt.Errorf("cannot be read as a national number: %s is no two-letter country", quote(home.Region))
		}
		region := strings.ToUpper(home.Region)
		digits, err := national(t.digits, region)
		if err != nil {
			return "", fmt.Errorf("%w; a number of another country is written with + and its country calling code", err)
		}
		return t.withoutZero(digits), nil
	}
	if t.digits == "" || t.digits[0] == '0' {
		return "", errors.New("is a national number; write it with +, for example +14155550101, or set defaultRegion")
	}
	digits = t.withoutZero(t.digits)
	if country, other := elsewhere(t.digits, digits, home.Callers); country != "" {
		return "", fmt.Errorf("could be +%s, and in %s also +%s; write it with +, or set defaultRegion", digits, country, other)
	}
	return digits, nil
}

// elsewhere finds a country of our own numbers in which the digits, written nationally, are another number.
func elsewhere(national, international string, callers []string) (country, other string) {
	for _, caller := range callers {
		region := regionOf(caller)
		if region == "" {
			continue
		}
		if other, err := nationalOf(national, region); err == nil && other != international {
			return region, other
		}
	}
	return "", ""
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

// judge says what keeps digits that begin with a country calling code from being a possible number.
func judge(digits string) error {
	switch {
	case digits == "":
		return errors.New("has no digits; a phone number is + and 7 to 15 digits")
	case digits[0] == '0':
		return errors.New("begins with 0 after the +; no country calling code does")
	}
	if code := callingCode(digits); code != "" {
		if err := possible(code, digits[len(code):]); err != nil {
			return err
		}
	}
	if len(digits) < minDigits || len(digits) > maxDigits {
		return fmt.Errorf("has %d digits with its country calling code; allowed are %d to %d", len(digits), minDigits, maxDigits)
	}
	return nil
}
