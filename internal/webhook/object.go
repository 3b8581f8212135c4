package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nacre/internal/id"
	"nacre/internal/phone"
)

// object writes one JSON object, member by member in the order of the calls. Version 1 and version 2 of a body differ
// in the first letter of the names only, and enums are numbers or names: one list of members serves all four.
type object struct {
	buf    []byte
	pascal bool // names in PascalCase
	names  bool // enums by name
	err    error
}

func (o *object) key(name string) {
	separator := byte(',')
	if len(o.buf) == 0 {
		separator = '{'
	}
	o.buf = append(o.buf, separator, '"')
	if o.pascal {
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

// value writes any JSON value; text is not escaped for HTML.
func (o *object) value(name string, v any) {
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case id.ID:
		text = string(v)
	case phone.Number:
		text = string(v)
	}
	if text != "" && plain(text) {
		o.key(name)
		o.buf = append(append(append(o.buf, '"'), text...), '"')
		return
	}
	encoded, err := encode(v)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("encode %s: %w", name, err)
	}
	o.raw(name, encoded)
}

// plain reports whether text stands in JSON as it is: most names, numbers and ids do.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// raw writes JSON text that is known to be valid.
func (o *object) raw(name string, text []byte) {
	o.key(name)
	o.buf = append(o.buf, text...)
}

// textOrNull writes "" as null.
func (o *object) textOrNull(name, text string) {
	if text == "" {
		o.raw(name, []byte("null"))
		return
	}
	o.value(name, text)
}

func (o *object) integer(name string, n int) {
	o.raw(name, strconv.AppendInt(nil, int64(n), 10))
}

// enum writes the number, or its name where names are wanted and the table has one.
func (o *object) enum(name string, n int, table func(int) string) {
	if o.names {
		if text := table(n); text != "" {
			o.value(name, text)
			return
		}
	}
	o.integer(name, n)
}

// instant writes a date-time as the contract has it: UTC, Z, milliseconds (0.3).
func (o *object) instant(name string, at time.Time) {
	o.value(name, at.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// data writes an object of the customer's: keys untouched, numbers with their digits; nil and null become {}.
func (o *object) data(name string, raw json.RawMessage) {
	if len(bytes.TrimSpace(raw)) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		raw = json.RawMessage("{}")
	}
	compact, err := compacted(raw)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("encode %s: %w", name, err)
	}
	o.raw(name, compact)
}

// list writes JSON texts as a list; none is [].
func (o *object) list(name string, items [][]byte) {
	o.key(name)
	o.buf = append(o.buf, '[')
	for i, item := range items {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = append(o.buf, item...)
	}
	o.buf = append(o.buf, ']')
}

func (o *object) close() ([]byte, error) {
	if len(o.buf) == 0 {
		o.buf = append(o.buf, '{')
	}
	return append(o.buf, '}'), o.err
}

// compacted is JSON without the space between its parts.
func compacted(raw json.RawMessage) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(len(raw))
	err := json.Compact(&buf, raw)
	return buf.Bytes(), err
}

func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
