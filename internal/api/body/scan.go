package body

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds nesting, and with it the stack.
const maxDepth = 200

// fail records a fault of syntax and returns false.
func (d *decoder) fail(what string) bool {
	d.problem = fmt.Sprintf("The body is not valid JSON: %s at byte %d.", what, d.pos)
	return false
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// end checks that nothing follows the value.
func (d *decoder) end() bool {
	d.space()
	if d.pos != len(d.data) {
		return d.fail("something follows the value")
	}
	return true
}

// peek is the first byte of the next value, 0 at the end.
func (d *decoder) peek() byte {
	d.space()
	if d.pos == len(d.data) {
		return 0
	}
	return d.data[d.pos]
}

// text is a JSON string as it stands between the quotes.
type text struct {
	raw     []byte
	escaped bool // has escapes
	bad     bool // has U+0000 or half a surrogate pair
}

// str scans a string.
func (d *decoder) str() (t text, ok bool) {
	d.pos++ // the quote
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			t.raw = d.data[start:d.pos]
			d.pos++
			d.badText = d.badText || t.bad
			return t, true
		case c == '\\':
			t.escaped = true
			if !d.escape(&t) {
				return t, false
			}
		case c < 0x20:
			return t, d.fail("a control character stands in a text")
		default:
			d.pos++
		}
	}
	return t, d.fail("a text has no end")
}

// escape scans one escape sequence, both halves of a surrogate pair at once.
func (d *decoder) escape(t *text) bool {
	d.pos++
	if d.pos == len(d.data) {
		return d.fail("a text has no end")
	}
	switch d.data[d.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		d.pos++
		return true
	case 'u':
		r, ok := hex4(d.data, d.pos+1)
		if !ok {
			return d.fail("an escape is not \\u and four hex digits")
		}
		d.pos += 5
		if r == 0 {
			t.bad = true
		}
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if d.pos+1 < len(d.data) && d.data[d.pos] == '\\' && d.data[d.pos+1] == 'u' {
				low, _ = hex4(d.data, d.pos+2)
			}
			if utf16.DecodeRune(r, low) == utf8.RuneError {
				t.bad = true
				return true
			}
			d.pos += 6
		}
		return true
	}
	return d.fail("an unknown escape stands in a text")
}

func hex4(data []byte, at int) (r rune, ok bool) {
	if at+4 > len(data) {
		return 0, false
	}
	for _, c := range data[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// String is the text with its escapes resolved.
func (t text) String() string {
	if !t.escaped {
		return string(t.raw)
	}
	out := make([]byte, 0, len(t.raw))
	for i := 0; i < len(t.raw); {
		if t.raw[i] != '\\' {
			out = append(out, t.raw[i])
			i++
			continue
		}
		switch c := t.raw[i+1]; c {
		case 'u':
			r, _ := hex4(t.raw, i+2)
			i += 6
			if utf16.IsSurrogate(r) && i+6 <= len(t.raw) {
				if low, ok := hex4(t.raw, i+2); ok {
					if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
						r = pair
						i += 6
					}
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, unescaped(c))
			i += 2
		}
	}
	return string(out)
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// number scans a number; whole is false when it has a fraction or an exponent.
func (d *decoder) number() (raw []byte, whole, ok bool) {
	start := d.pos
	whole = true
	if d.pos < len(d.data) && d.data[d.pos] == '-' {
		d.pos++
	}
	switch {
	case d.pos < len(d.data) && d.data[d.pos] == '0':
		d.pos++
	case !d.digits():
		return nil, false, d.fail("a value is expected")
	}
	if d.pos < len(d.data) && d.data[d.pos] == '.' {
		whole = false
		d.pos++
		if !d.digits() {
			return nil, false, d.fail("a number has no digits after its point")
		}
	}
	if d.pos < len(d.data) && (d.data[d.pos] == 'e' || d.data[d.pos] == 'E') {
		whole = false
		d.pos++
		if d.pos < len(d.data) && (d.data[d.pos] == '+' || d.data[d.pos] == '-') {
			d.pos++
		}
		if !d.digits() {
			return nil, false, d.fail("a number has no digits in its exponent")
		}
	}
	return d.data[start:d.pos], whole, true
}

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > start
}

func (d *decoder) literal(word string) bool {
	if len(d.data)-d.pos < len(word) || string(d.data[d.pos:d.pos+len(word)]) != word {
		return d.fail("a value is expected")
	}
	d.pos += len(word)
	return true
}

// skip scans a value of any kind.
func (d *decoder) skip(depth int) bool {
	if depth > maxDepth {
		return d.fail(fmt.Sprintf("values are nested deeper than %d", maxDepth))
	}
	switch d.peek() {
	case 0:
		return d.fail("a value is missing")
	case '{':
		return d.object(func(text) bool { return d.skip(depth + 1) })
	case '[':
		return d.list(func(int) bool { return d.skip(depth + 1) })
	case '"':
		_, ok := d.str()
		return ok
	case 't':
		return d.literal("true")
	case 'f':
		return d.literal("false")
	case 'n':
		return d.literal("null")
	default:
		_, _, ok := d.number()
		return ok
	}
}

// object scans an object and calls visit before each value.
func (d *decoder) object(visit func(name text) bool) bool {
	d.pos++ // {
	if d.peek() == '}' {
		d.pos++
		return true
	}
	for {
		if d.peek() != '"' {
			return d.fail("a member name is expected")
		}
		name, ok := d.str()
		if !ok {
			return false
		}
		if d.peek() != ':' {
			return d.fail("a colon is expected")
		}
		d.pos++
		if !visit(name) {
			return false
		}
		switch d.peek() {
		case ',':
			d.pos++
		case '}':
			d.pos++
			return true
		default:
			return d.fail("a comma or the end of the object is expected")
		}
	}
}

// list scans a list and calls visit before each element.
func (d *decoder) list(visit func(i int) bool) bool {
	d.pos++ // [
	if d.peek() == ']' {
		d.pos++
		return true
	}
	for i := 0; ; i++ {
		if !visit(i) {
			return false
		}
		switch d.peek() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			return true
		default:
			return d.fail("a comma or the end of the list is expected")
		}
	}
}
