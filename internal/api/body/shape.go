package body

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// kind is how a Go type is read.
type kind uint8

const (
	kindString kind = iota
	kindInt
	kindFloat
	kindBool
	kindTime
	kindStruct
	kindSlice
	kindMap // map[string]T
	kindPointer
	kindOptional
	kindObject
	kindRaw
	kindAny
	kindOwn // json.Unmarshaler
)

// shape is a type as the decoder sees it.
type shape struct {
	kind   kind
	typ    reflect.Type
	elem   *shape
	fields []member
	exact  map[string]int // by json name
}

// member is a field of a struct.
type member struct {
	name   string // json name
	pascal string // as in member paths
	index  []int
	shape  *shape
	rules  Rules
}

// Rules are what the api tag says of a member.
type Rules struct {
	Required bool // absent, null and empty text are faults
	Secret   bool // the value is never repeated
	MaxLen   int  // characters; 0 = any
	MaxItems int  // 0 = any
	Min, Max *int64
	Enum     []int64
}

var (
	objectType      = reflect.TypeFor[Object]()
	rawType         = reflect.TypeFor[Raw]()
	rawMessageType  = reflect.TypeFor[json.RawMessage]()
	timeType        = reflect.TypeFor[time.Time]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	optionalType    = reflect.TypeFor[interface{ optional() }]()
)

type compiler struct{ known map[reflect.Type]*shape }

func (c *compiler) compile(t reflect.Type) *shape {
	if s, ok := c.known[t]; ok {
		return s
	}
	s := &shape{typ: t}
	c.known[t] = s
	switch {
	case t == objectType:
		s.kind = kindObject
	case t == rawType || t == rawMessageType:
		s.kind = kindRaw
	case t == timeType:
		s.kind = kindTime
	case t.Implements(optionalType):
		s.kind, s.elem = kindOptional, c.compile(t.Field(0).Type)
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(unmarshalerType):
		s.kind = kindOwn
	default:
		c.byKind(s, t)
	}
	return s
}

func (c *compiler) byKind(s *shape, t reflect.Type) {
	switch t.Kind() {
	case reflect.String:
		s.kind = kindString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.kind = kindInt
	case reflect.Float64:
		s.kind = kindFloat
	case reflect.Bool:
		s.kind = kindBool
	case reflect.Pointer:
		s.kind, s.elem = kindPointer, c.compile(t.Elem())
	case reflect.Slice:
		s.kind, s.elem = kindSlice, c.compile(t.Elem())
	case reflect.Interface:
		s.kind = kindAny
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("body: %s has no text keys", t))
		}
		s.kind, s.elem = kindMap, c.compile(t.Elem())
	case reflect.Struct:
		s.kind = kindStruct
		s.exact = map[string]int{}
		c.fields(s, t, nil)
	default:
		panic(fmt.Sprintf("body: cannot decode into %s", t))
	}
}

func (c *compiler) fields(s *shape, t reflect.Type, parent []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), parent...), i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			c.fields(s, f.Type, index)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s.exact[name] = len(s.fields)
		s.fields = append(s.fields, member{
			name: name, pascal: Pascal(name), index: index, shape: c.compile(f.Type), rules: ParseRules(t, f),
		})
	}
}

// lookup finds a member by name, exactly or else case-insensitively; -1 when there is none.
func (s *shape) lookup(name []byte) int {
	if i, ok := s.exact[string(name)]; ok {
		return i
	}
	for i := range s.fields {
		if strings.EqualFold(s.fields[i].name, string(name)) {
			return i
		}
	}
	return -1
}

// Pascal is a member's name as member paths have it.
func Pascal(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[size:]
}

// ParseRules reads the api tag of a field of t. It panics on tags that say nothing.
func ParseRules(t reflect.Type, f reflect.StructField) Rules {
	var r Rules
	tag := f.Tag.Get("api")
	if tag == "" {
		return r
	}
	for _, part := range strings.Split(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			r.Required = true
		case "secret":
			r.Secret = true
		case "maxlen":
			r.MaxLen = int(number(t, f, value))
		case "maxitems":
			r.MaxItems = int(number(t, f, value))
		case "min":
			n := number(t, f, value)
			r.Min = &n
		case "max":
			n := number(t, f, value)
			r.Max = &n
		case "enum":
			for _, one := range strings.Split(value, "|") {
				r.Enum = append(r.Enum, number(t, f, one))
			}
		default:
			panic(fmt.Sprintf("body: %s.%s: unknown api tag %q", t, f.Name, part))
		}
	}
	return r
}

func number(t reflect.Type, f reflect.StructField, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("body: %s.%s: %v", t, f.Name, err))
	}
	return n
}
