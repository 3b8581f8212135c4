package body

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func (d *decoder) stringValue(first byte, r *Rules, v reflect.Value) bool {
	if first != '"' {
		return d.mismatch(r, "text")
	}
	t, ok := d.str()
	if !ok {
		return false
	}
	if t.bad {
		d.fault("The text contains U+0000 or half a surrogate pair, which is no valid text.")
		return true
	}
	text := t.String()
	if r.MaxLen > 0 && len(text) > r.MaxLen {
		if n := utf8.RuneCountInString(text); n > r.MaxLen {
			d.fault("The text has %d characters; at most %d are allowed.", n, r.MaxLen)
			return true
		}
	}
	if r.Required && text == "" {
		d.missing()
		return true
	}
	v.SetString(text)
	return true
}

// missing is what is said of a required member that is absent, null or empty.
func (d *decoder) missing() {
	d.fault("The %s field is required.", d.path[len(d.path)-1].name)
}

func (d *decoder) intValue(first byte, r *Rules, v reflect.Value) bool {
	const wanted = "an integer"
	start := d.pos
	var digits string
	switch {
	case first == '"':
		t, ok := d.str()
		if !ok {
			return false
		}
		digits = t.String()
		if !wholeNumber(digits) {
			d.wrong(start, r, wanted)
			return true
		}
	case first == '-' || first >= '0' && first <= '9':
		raw, whole, ok := d.number()
		if !ok {
			return false
		}
		if !whole {
			d.wrong(start, r, wanted+" without fraction or exponent")
			return true
		}
		digits = string(raw)
	default:
		return d.mismatch(r, wanted)
	}
	n, err := strconv.ParseInt(digits, 10, v.Type().Bits())
	if err != nil {
		d.wrong(start, r, "an integer in the range of this member")
		return true
	}
	if text, bad := r.outside(n); bad {
		d.wrong(start, r, text)
		return true
	}
	v.SetInt(n)
	return true
}

func wholeNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// outside says in words what is allowed, where n is not.
func (r *Rules) outside(n int64) (allowed string, bad bool) {
	if len(r.Enum) > 0 {
		words := make([]string, len(r.Enum))
		for i, one := range r.Enum {
			if n == one {
				return "", false
			}
			words[i] = strconv.FormatInt(one, 10)
		}
		return "one of " + strings.Join(words, ", "), true
	}
	switch {
	case r.Min != nil && r.Max != nil && (n < *r.Min || n > *r.Max):
		return fmt.Sprintf("between %d and %d", *r.Min, *r.Max), true
	case r.Min != nil && n < *r.Min:
		return fmt.Sprintf("%d or more", *r.Min), true
	case r.Max != nil && n > *r.Max:
		return fmt.Sprintf("%d or less", *r.Max), true
	}
	return "", false
}

func (d *decoder) floatValue(first byte, r *Rules, v reflect.Value) bool {
	if first != '-' && (first < '0' || first > '9') {
		return d.mismatch(r, "a number")
	}
	start := d.pos
	raw, _, ok := d.number()
	if !ok {
		return false
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(n, 0) {
		d.wrong(start, r, "a number of usual size")
		return true
	}
	v.SetFloat(n)
	return true
}

func (d *decoder) boolValue(first byte, r *Rules, v reflect.Value) bool {
	switch first {
	case 't':
		v.SetBool(true)
		return d.literal("true")
	case 'f':
		v.SetBool(false)
		return d.literal("false")
	}
	return d.mismatch(r, "true or false")
}

func (d *decoder) timeValue(first byte, r *Rules, v reflect.Value) bool {
	const wanted = "a date-time such as 2026-11-23T09:15:04.250Z"
	if first != '"' {
		return d.mismatch(r, wanted)
	}
	start := d.pos
	t, ok := d.str()
	if !ok {
		return false
	}
	at, err := ParseTime(t.String())
	if err != nil {
		d.wrong(start, r, wanted)
		return true
	}
	*v.Addr().Interface().(*time.Time) = at
	return true
}
