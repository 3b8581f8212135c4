package phone

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// typed is a number as typed without what stands between its digits.
type typed struct {
	digits string
	plus   bool // a '+' stands before them
	zero   int  // where in digits a 0 stands in brackets by itself, as in "+44 (0)20"; -1 = nowhere
}

// maxArea is the longest area code, in digits, that a slash may follow ("033731/12345", "+49 33731/12345").
const maxArea = 5

// strip drops separators: white space, dashes, dots, slashes, brackets and text-direction marks. What nobody dials is refused:
// letters, extensions, and the tails that spreadsheets and lists leave ("….0", "….00", "…/02", "…(2)"). A slash stands after
// the area code, or there are two numbers.
func strip(input string) (typed, error) {
	t := typed{zero: -1}
	var kept strings.Builder
	kept.Grow(len(input))
	opened, closed, dot, slash := -1, -1, -1, -1 // digits before the last opening bracket, inside of a closed one, dot and slash
	enclosed, manyDots := "", false              // digits of the last brackets; more than one dot
	for _, r := range input {
		switch {
		case r >= '0' && r <= '9':
			kept.WriteByte(byte(r))
		case r == '+' && kept.Len() == 0 && !t.plus:
			t.plus = true
		case r == '+':
			return t, fmt.Errorf("%s has a + that is not at its beginning", quote(input))
		case r == utf8.RuneError:
			return t, fmt.Errorf("%s is not valid UTF-8 text", quote(input))
		case strings.ContainsRune("#;,*", r):
			return t, fmt.Errorf("%s contains %s; an extension or a pause cannot be dialled, leave it out", quote(input), strconv.QuoteRune(r))
		case unicode.IsLetter(r):
			return t, fmt.Errorf("%s contains %s; letters and extensions are no part of a number", quote(input), strconv.QuoteRune(r))
		case !separator(r):
			return t, fmt.Errorf("%s contains %s; allowed are +, digits 0-9, spaces, dashes, dots, slashes and brackets", quote(input), strconv.QuoteRune(r))
		case strings.ContainsRune(opening, r):
			opened = kept.Len()
		case strings.ContainsRune(closing, r):
			if opened >= 0 && kept.Len() == opened+1 && kept.String()[opened] == '0' {
				t.zero = opened
			}
			if opened >= 0 {
				closed, enclosed = kept.Len(), kept.String()[opened:]
			}
			opened = -1
		case strings.ContainsRune(dots, r):
			manyDots = dot >= 0
			dot = kept.Len()
		case strings.ContainsRune(slashes, r):
			slash = kept.Len()
		}
	}
	t.digits = kept.String()
	after := func(at int) string {
		if at <= 0 {
			return ""
		}
		return t.digits[at:]
	}
	switch {
	case t.digits == "":
		return t, fmt.Errorf("%s has no digits; a phone number is + and 7 to 15 digits", quote(input))
	case after(dot) == "0", !manyDots && len(after(dot)) <= 3 && after(dot) != "" && strings.Trim(after(dot), "0") == "":
		return t, fmt.Errorf("%s ends in .%s, as spreadsheets write numbers; leave it out", quote(input), after(dot))
	case after(slash) != "" && len(after(slash)) <= 2:
		return t, fmt.Errorf("%s ends in /%s; that is no part of a number, leave it out", quote(input), after(slash))
	case after(slash) != "" && t.subscriberBegins(slash):
		return t, fmt.Errorf("%s has a / that does not follow the area code; is it two numbers, or an extension? Give one number", quote(input))
	case closed == len(t.digits) && enclosed != "" && len(enclosed) < len(t.digits):
		return t, fmt.Errorf("%s ends in (%s); that is no part of a number, leave it out", quote(input), enclosed)
	}
	return t, nil
}

// subscriberBegins reports whether more than an area code stands before a place in the digits.
func (t typed) subscriberBegins(at int) bool {
	area := t.digits[:at]
	if !t.plus {
		national := strings.TrimLeft(area, "0")
		if len(area)-len(national) < 2 {
			return len(national) > maxArea
		}
		area = national
	}
	return len(area)-len(callingCode(area)) > maxArea
}

// afterPlus are the digits of a number that is written internationally: after '+', and where no region has other habits,
// after "00".
func (t typed) afterPlus(region string) (digits string, ok bool) {
	if t.plus {
		return t.digits, true
	}
	if region == "" {
		return strings.CutPrefix(t.digits, "00")
	}
	return "", false
}

// withoutZero drops from an international number the 0 that stood in brackets right after the country calling code, unless
// the plan keeps it (contract 1.3). digits are an end of t.digits, or of another number altogether.
func (t typed) withoutZero(digits string) string {
	code := callingCode(digits)
	cut := len(t.digits) - len(digits) // digits of an international prefix
	if t.zero < 0 || code == "" || cut < 0 || t.zero != cut+len(code) || t.digits[cut:] != digits || keepsZero(code) {
		return digits
	}
	return code + digits[len(code)+1:]
}

const (
	slashes = "/⁄∕／"  // solidus, fraction slash, division slash, full width
	dots    = ".·․‧．" // full stop, middle dot, one dot leader, hyphenation point, full width
	opening = "([{<（［｛【〈「"
	closing = ")]}>）］｝】〉」"
	dashes  = "−\u00ad⁃"           // minus sign, soft hyphen, hyphen bullet: dashes outside the category Pd
	unseen  = "\u200b\u2060\ufeff" // zero-width spaces
)

// separator reports the characters people and programs put around digits. Bidi_Control is Unicode's name for the
// text-direction marks; ones like U+202A come along when a number is copied from a contact card.
func separator(r rune) bool {
	return strings.ContainsRune(slashes+dots+opening+closing+dashes+unseen, r) ||
		unicode.Is(unicode.White_Space, r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Bidi_Control, r)
}

// quote shows a value in an error text: escaped, so that invisible marks are seen, and cut where it is long.
func quote(value string) string {
	const longest = maxTyped + 8
	if utf8.RuneCountInString(value) > longest {
		value = string([]rune(value)[:longest]) + "…"
	}
	return strconv.Quote(value)
}
