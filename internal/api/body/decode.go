package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"nacre/internal/fault"
)

// decoder reads one body. Methods that answer a bool answer false for bad syntax, which ends the reading; faults of
// members are collected and reading goes on.
type decoder struct {
	data    []byte
	pos     int
	problem string // of syntax
	path    []step
	faults  []fault.Field
	badText bool // a text with U+0000 or half a surrogate pair was scanned
}

// step is one part of a member path: a name, or an index where name is "".
type step struct {
	name  string
	index int
}

// at writes the path of the value that is being read.
func (d *decoder) at() string {
	if len(d.path) == 0 {
		return "$"
	}
	var b strings.Builder
	for i, s := range d.path {
		switch {
		case s.name == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

func (d *decoder) fault(format string, args ...any) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, fault.Field{Path: d.at(), Text: fmt.Sprintf(format, args...)})
	}
}

// wrong says that the value between start and the current position is not what is wanted.
func (d *decoder) wrong(start int, r *Rules, wanted string) {
	if r.Secret {
		d.fault("The value must be %s.", wanted)
		return
	}
	d.fault("The value %s is not valid; it must be %s.", show(d.data[start:d.pos]), wanted)
}

// show shortens a JSON value for a fault text.
func show(raw []byte) string {
	const limit = 60
	if utf8.RuneCount(raw) <= limit {
		return string(raw)
	}
	return string([]rune(string(raw[:min(len(raw), 4*limit)]))[:limit]) + "…"
}

// mismatch skips a value of the wrong kind and records the fault.
func (d *decoder) mismatch(r *Rules, wanted string) bool {
	start := d.pos
	if !d.skip(len(d.path)) {
		return false
	}
	d.wrong(start, r, wanted)
	return true
}

// value reads the next value into v. Null is handled by the callers that know what absence means.
func (d *decoder) value(s *shape, r *Rules, v reflect.Value) bool {
	if len(d.path) > maxDepth {
		return d.fail(fmt.Sprintf("values are nested deeper than %d", maxDepth))
	}
	first := d.peek()
	switch s.kind {
	case kindString:
		return d.stringValue(first, r, v)
	case kindInt:
		return d.intValue(first, r, v)
	case kindFloat:
		return d.floatValue(first, r, v)
	case kindBool:
		return d.boolValue(first, r, v)
	case kindTime:
		return d.timeValue(first, r, v)
	case kindStruct:
		if first != '{' {
			return d.mismatch(r, "an object")
		}
		return d.structValue(s, v)
	case kindSlice:
		if first != '[' {
			return d.mismatch(r, "a list")
		}
		return d.sliceValue(s, r, v)
	case kindMap:
		if first != '{' {
			return d.mismatch(r, "an object")
		}
		return d.mapValue(s, r, v)
	case kindPointer:
		v.Set(reflect.New(s.elem.typ))
		return d.value(s.elem, r, v.Elem())
	case kindOptional:
		before := len(d.faults)
		if !d.value(s.elem, r, v.Field(0)) {
			return false
		}
		if len(d.faults) == before || s.elem.kind == kindStruct || s.elem.kind == kindSlice {
			v.Field(1).SetUint(uint64(Given))
		}
		return true
	case kindObject:
		if first != '{' {
			return d.mismatch(r, "an object")
		}
		return d.dataValue(v)
	case kindRaw:
		return d.dataValue(v)
	case kindAny:
		return d.anyValue(v)
	default:
		return d.ownValue(r, v)
	}
}

func (d *decoder) structValue(s *shape, v reflect.Value) bool {
	// given counts a member only while its last occurrence is not null.
	var few [2][32]bool
	given, seen := few[0][:], few[1][:]
	if len(s.fields) > len(few[0]) {
		given, seen = make([]bool, len(s.fields)), make([]bool, len(s.fields))
	}
	depth := len(d.path)
	ok := d.object(func(name text) bool {
		var at int
		if name.escaped {
			at = s.lookup([]byte(name.String()))
		} else {
			at = s.lookup(name.raw)
		}
		if at < 0 {
			return d.skip(depth + 1)
		}
		m := &s.fields[at]
		field := v.FieldByIndex(m.index)
		d.path = append(d.path, step{name: m.pascal})
		if seen[at] {
			d.forget()
			field.SetZero()
		} else {
			seen[at] = true
		}
		good := true
		if d.peek() == 'n' {
			good = d.literal("null")
			given[at] = false
			if m.shape.kind == kindOptional {
				field.Field(1).SetUint(uint64(Null))
			}
		} else {
			given[at] = true
			good = d.value(m.shape, &m.rules, field)
		}
		d.path = d.path[:depth]
		return good
	})
	if !ok {
		return false
	}
	for i := range s.fields {
		if s.fields[i].rules.Required && !given[i] {
			d.path = append(d.path, step{name: s.fields[i].pascal})
			d.missing()
			d.path = d.path[:depth]
		}
	}
	return true
}

// forget drops the faults of an earlier value of the same name: the last one counts.
func (d *decoder) forget() {
	if len(d.faults) == 0 {
		return
	}
	path := d.at()
	others := d.faults[:0]
	for _, f := range d.faults {
		rest, under := strings.CutPrefix(f.Path, path)
		if !under || rest != "" && rest[0] != '.' && rest[0] != '[' {
			others = append(others, f)
		}
	}
	d.faults = others
}

func (d *decoder) sliceValue(s *shape, r *Rules, v reflect.Value) bool {
	v.Set(reflect.MakeSlice(s.typ, 0, 0)) // [] is no null
	depth := len(d.path)
	count := 0
	element := *r
	element.Required = false
	ok := d.list(func(i int) bool {
		count++
		if r.MaxItems > 0 && count > r.MaxItems {
			return d.skip(depth + 1) // counted only
		}
		v.Grow(1)
		v.SetLen(i + 1)
		d.path = append(d.path, step{index: i})
		good := true
		if d.peek() == 'n' && s.elem.kind != kindPointer && s.elem.kind != kindOptional && s.elem.kind != kindAny && s.elem.kind != kindRaw {
			good = d.mismatch(&element, s.elem.wanted())
		} else {
			target := v.Index(i)
			target.SetZero() // Grow may show memory of an earlier value of the same name
			good = d.value(s.elem, &element, target)
		}
		d.path = d.path[:depth]
		return good
	})
	if !ok {
		return false
	}
	if r.MaxItems > 0 && count > r.MaxItems {
		d.fault("The list has %d elements; at most %d are allowed.", count, r.MaxItems)
	}
	return true
}

// wanted names the kind of a value.
func (s *shape) wanted() string {
	switch s.kind {
	case kindString:
		return "text"
	case kindInt:
		return "an integer"
	case kindFloat:
		return "a number"
	case kindBool:
		return "true or false"
	case kindSlice:
		return "a list"
	case kindStruct, kindMap, kindObject:
		return "an object"
	}
	return "a value other than null"
}

func (d *decoder) mapValue(s *shape, r *Rules, v reflect.Value) bool {
	v.Set(reflect.MakeMap(s.typ))
	depth := len(d.path)
	return d.object(func(name text) bool {
		key := name.String()
		d.path = append(d.path, step{name: Pascal(key)}) // member paths are PascalCase throughout (contract 0.5)
		value := reflect.New(s.elem.typ).Elem()
		good := true
		switch {
		case name.bad:
			d.fault("The name contains U+0000 or half a surrogate pair, which is no valid text.")
			good = d.skip(depth + 1)
		case d.peek() == 'n' && s.elem.kind != kindAny && s.elem.kind != kindPointer:
			good = d.mismatch(r, s.elem.wanted())
		default:
			good = d.value(s.elem, &Rules{Secret: r.Secret}, value)
		}
		if good {
			v.SetMapIndex(reflect.ValueOf(key).Convert(s.typ.Key()), value)
		}
		d.path = d.path[:depth]
		return good
	})
}

// dataValue keeps a value as data: compact, without double keys.
func (d *decoder) dataValue(v reflect.Value) bool {
	d.peek()
	start, before := d.pos, d.badText
	d.badText = false
	data := dataScanner{decoder: d}
	if !data.value(len(d.path)) {
		return false
	}
	bad := d.badText
	d.badText = before || bad
	if bad {
		d.fault("A text within contains U+0000 or half a surrogate pair, which is no valid text.")
		return true
	}
	raw := bytes.Clone(d.data[start:d.pos])
	if data.doubled {
		raw = withoutDoubles(raw)
	}
	if spaced(raw) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return d.fail(err.Error())
		}
		raw = compact.Bytes()
	}
	v.SetBytes(raw)
	return true
}

func (d *decoder) anyValue(v reflect.Value) bool {
	d.peek()
	start := d.pos
	if !d.skip(len(d.path)) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(d.data[start:d.pos]))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return d.fail(err.Error())
	}
	if value != nil {
		v.Set(reflect.ValueOf(value))
	}
	return true
}

// ownValue gives the value to the type's own UnmarshalJSON. An Invalid error with fields is taken over under this path.
func (d *decoder) ownValue(r *Rules, v reflect.Value) bool {
	d.peek()
	start, before := d.pos, d.badText
	d.badText = false
	if !d.skip(len(d.path)) {
		return false
	}
	bad := d.badText
	d.badText = before || bad
	if bad {
		d.fault("A text within contains U+0000 or half a surrogate pair, which is no valid text.")
		return true
	}
	err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(d.data[start:d.pos])
	if err == nil {
		return true
	}
	var invalid *fault.Error
	switch {
	case errors.As(err, &invalid) && invalid.Kind == fault.Invalid && len(invalid.Fields) > 0:
		for _, f := range invalid.Fields {
			d.under(f)
		}
	case r.Secret:
		d.fault("The value is not valid.")
	default:
		d.fault("The value %s is not valid: %s.", show(d.data[start:d.pos]), err)
	}
	return true
}

func (d *decoder) under(f fault.Field) {
	if len(d.faults) >= maxFaults {
		return
	}
	path := d.at()
	switch {
	case f.Path == "" || f.Path == "$":
	case f.Path[0] == '[':
		path += f.Path
	default:
		path += "." + f.Path
	}
	d.faults = append(d.faults, fault.Field{Path: path, Text: f.Text})
}
