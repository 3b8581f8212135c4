package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/id"
)

// object is a piece of the document.
type object = map[string]any

// Former is an answer that has several forms, told by an example of each.
type Former interface{ Forms() []any }

// Describer is a type that reads or writes its JSON itself and says how it looks.
type Describer interface{ Schema() map[string]any }

// schemas gathers the named schemas of a document.
type schemas struct {
	named map[string]object
	names map[key]string
	taken map[string]key
}

// key is a type in one direction: what may be left out of a request is always in an answer.
type key struct {
	typ     reflect.Type
	request bool
}

func newSchemas() *schemas {
	return &schemas{named: map[string]object{}, names: map[key]string{}, taken: map[string]key{}}
}

var (
	marshaler   = reflect.TypeFor[json.Marshaler]()
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	former      = reflect.TypeFor[Former]()
	describer   = reflect.TypeFor[Describer]()
	dateTime    = object{"type": "string", "format": "date-time", "examples": []any{"2026-11-23T09:15:04.250Z"}}
)

// of answers the schema of a type; structs with a name are referred to.
func (s *schemas) of(t reflect.Type, request bool) object {
	switch t {
	case reflect.TypeFor[wire.Time](), reflect.TypeFor[time.Time]():
		return dateTime
	case reflect.TypeFor[id.ID]():
		return object{"type": "string", "description": "24 hex digits"}
	case reflect.TypeFor[body.Object]():
		return object{"type": "object", "additionalProperties": true}
	case reflect.TypeFor[body.Raw](), reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[route.Text]():
		return object{"type": "string"}
	}
	if found, ok := describes(t); ok {
		return found
	}
	if t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "Optional[") && t.PkgPath() == reflect.TypeFor[body.Presence]().PkgPath() {
		return nullable(s.of(t.Field(0).Type, request))
	}
	if t.Implements(former) {
		var forms []any
		for _, form := range reflect.Zero(t).Interface().(Former).Forms() {
			forms = append(forms, s.of(reflect.TypeOf(form), request))
		}
		return object{"oneOf": forms}
	}
	own := marshaler
	if request {
		own = unmarshaler
	}
	if t.Kind() != reflect.Pointer && (t.Implements(own) || reflect.PointerTo(t).Implements(own)) {
		return object{}
	}
	return s.byKind(t, request)
}

func describes(t reflect.Type) (object, bool) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return nil, false
	}
	if t.Implements(describer) {
		return reflect.Zero(t).Interface().(Describer).Schema(), true
	}
	return nil, false
}

func (s *schemas) byKind(t reflect.Type, request bool) object {
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Pointer:
		return nullable(s.of(t.Elem(), request))
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), request)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), request)}
	case reflect.Interface:
		return object{}
	case reflect.Struct:
		return s.reference(t, request)
	}
	panic(fmt.Sprintf("openapi: cannot describe %s", t))
}

// reference names a struct; ones without a name are written in place.
func (s *schemas) reference(t reflect.Type, request bool) object {
	if t.Name() == "" {
		return s.members(t, request)
	}
	k := key{t, request}
	name, known := s.names[k]
	if !known {
		name = s.name(k)
		s.names[k], s.taken[name] = name, k
		s.named[name] = s.members(t, request)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// name is the type's own name, with what is needed to tell it from others.
func (s *schemas) name(k key) string {
	base := k.typ.Name()
	if outer, inner, generic := strings.Cut(strings.TrimSuffix(base, "]"), "["); generic {
		base = upper(inner[strings.LastIndex(inner, ".")+1:]) + outer
	}
	base = upper(base)
	if k.request {
		base += "Request"
	}
	pkg := k.typ.PkgPath()
	for _, name := range []string{base, upper(pkg[strings.LastIndex(pkg, "/")+1:]) + base} {
		if _, used := s.taken[name]; !used {
			return name
		}
	}
	for n := 2; ; n++ {
		name := fmt.Sprintf("%s%d", base, n)
		if _, used := s.taken[name]; !used {
			return name
		}
	}
}

func upper(text string) string {
	return string(unicode.ToUpper(rune(text[0]))) + text[1:]
}

func (s *schemas) members(t reflect.Type, request bool) object {
	properties := object{}
	required := []string{}
	s.collect(t, request, properties, &required)
	out := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (s *schemas) collect(t reflect.Type, request bool, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			s.collect(f.Type, request, properties, required)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		property, must := s.member(t, f, options, request)
		properties[name] = property
		if must {
			*required = append(*required, name)
		}
	}
}

// member describes one member and says whether it is always there.
func (s *schemas) member(t reflect.Type, f reflect.StructField, options string, request bool) (property object, must bool) {
	property = s.of(f.Type, request)
	rules := body.ParseRules(t, f)
	if f.Type == reflect.TypeFor[json.RawMessage]() && strings.HasSuffix(f.Name, "Data") {
		property = object{"type": "object", "additionalProperties": true}
	}
	property = clone(property)
	limits := property
	if items, isList := property["items"].(object); isList && (len(rules.Enum) > 0 || rules.MaxLen > 0) {
		items = clone(items)
		property["items"], limits = items, items
	}
	if rules.MaxLen > 0 {
		limits["maxLength"] = rules.MaxLen
	}
	if rules.MaxItems > 0 {
		property["maxItems"] = rules.MaxItems
	}
	if rules.Min != nil {
		limits["minimum"] = *rules.Min
	}
	if rules.Max != nil {
		limits["maximum"] = *rules.Max
	}
	if len(rules.Enum) > 0 {
		limits["enum"] = rules.Enum
	}
	if rules.Secret {
		property["writeOnly"] = request
	}
	if doc := f.Tag.Get("doc"); doc != "" {
		property["description"] = doc
	}
	if request {
		if !rules.Required {
			property = nullable(property) // null and absence are the same, or are told apart
		}
		return property, rules.Required
	}
	return property, !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero")
}

func clone(o object) object {
	out := make(object, len(o)+2)
	for name, value := range o {
		out[name] = value
	}
	return out
}

// nullable allows null besides.
func nullable(o object) object {
	o = clone(o)
	switch kind := o["type"].(type) {
	case string:
		o["type"] = []any{kind, "null"}
		if enum, limited := o["enum"].([]int64); limited {
			with := make([]any, 0, len(enum)+1)
			for _, one := range enum {
				with = append(with, one)
			}
			o["enum"] = append(with, nil)
		}
		return o
	case []any:
		if _, limited := o["enum"].([]int64); limited {
			o["type"] = kind[0]
			return nullable(o)
		}
		return o
	}
	if _, refers := o["$ref"]; refers {
		return object{"anyOf": []any{o, object{"type": "null"}}}
	}
	return o
}
