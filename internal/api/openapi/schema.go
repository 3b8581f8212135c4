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
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// object is a piece of the document.
type object = map[string]any

// Former is an answer that has several forms, told by an example of each.
type Former interface{ Forms() []any }

// Tabler is a body that asks for a page of a table: how long a page may be, and by which columns it can be sorted.
type Tabler interface {
	TableRules() (most int, columns []string)
}

// Demander is a body that needs members which its type shares with bodies that do not: creation and update of a thing.
type Demander interface{ Demands() []string }

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

// componentSchemas is where named schemas stand in the document.
const componentSchemas = "#/components/schemas/"

// Patterns of texts that always look the same.
const (
	idIn    = "^[0-9A-Fa-f]{24}$"
	idOut   = "^[0-9a-f]{24}$"
	e164    = `^\+[1-9][0-9]{6,14}$`
	offset  = `^-?[0-9]{1,2}\.[0-9]{1,2}$`
	daytime = `^([01]?[0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?$`
	aDate   = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
)

// of returns the schema of a type; structs with a name are referred to.
func (s *schemas) of(t reflect.Type, request bool) object {
	switch t {
	case reflect.TypeFor[wire.Time](), reflect.TypeFor[time.Time]():
		return dateTime
	case reflect.TypeFor[id.ID]():
		return object{"type": "string", "pattern": idOut, "description": "24 hex digits", "examples": []any{"665f1f77bcf86cd799439011"}}
	case reflect.TypeFor[phone.Number]():
		return object{"type": "string", "pattern": e164, "description": "E.164", "examples": []any{"+14155550101"}}
	case reflect.TypeFor[body.Object]():
		return object{"type": "object", "additionalProperties": true}
	case reflect.TypeFor[body.Raw](), reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[route.Text]():
		return object{"type": "string", "pattern": idOut, "description": "the id alone, no JSON", "examples": []any{"6650a1f2c3d4e5f60718293a"}}
	case reflect.TypeFor[route.File](), reflect.TypeFor[route.Lines](), reflect.TypeFor[route.Stream](), reflect.TypeFor[route.Audio]():
		return object{"type": "string"}
	case reflect.TypeFor[hours.Window](), reflect.TypeFor[hours.Holiday]():
		return s.hours(t)
	}
	if t == reflect.TypeFor[lead.RetryPolicy]() {
		return s.retryPolicy(request)
	}
	if name := tableOf(t); name != "" {
		return s.table(name)
	}
	if words := wordsOf(t); words != nil {
		return s.limit(object{"type": "string"}, rules{values: words})
	}
	if found, ok := describes(t); ok {
		return found
	}
	if inner, optional := inOptional(t); optional {
		return nullable(s.of(inner, request))
	}
	if t.Implements(former) {
		var forms []any
		for _, form := range reflect.Zero(t).Interface().(Former).Forms() {
			if form == true {
				forms = append(forms, object{"type": "boolean", "const": true})
				continue
			}
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

// inOptional is the type of a member that may be absent or null.
func inOptional(t reflect.Type) (inner reflect.Type, optional bool) {
	if t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "Optional[") && t.PkgPath() == reflect.TypeFor[body.Presence]().PkgPath() {
		return t.Field(0).Type, true
	}
	return t, false
}

// retryPolicy has a member for each outcome after which there may be another attempt.
func (s *schemas) retryPolicy(request bool) object {
	properties := object{}
	for _, outcome := range lead.RetryOutcomes() {
		properties[string(outcome)] = s.of(reflect.TypeFor[lead.Retry](), request)
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

// hours are the types of calling hours, which read their JSON themselves.
func (s *schemas) hours(t reflect.Type) object {
	text := object{"type": "string", "pattern": daytime, "description": "HH:mm or HH:mm:ss; as an end also 24:00", "examples": []any{"09:00"}}
	if t == reflect.TypeFor[hours.Window]() {
		s.named["CallingWindow"] = object{
			"type": "object", "required": []string{"day", "start", "end"}, "description": "half-open; an end before the start runs over midnight",
			"properties": object{"day": object{"type": "integer", "minimum": 0, "maximum": 7, "description": "Sunday = 0, and 7"}, "start": text, "end": text},
		}
		return object{"$ref": componentSchemas + "CallingWindow"}
	}
	date := object{"type": "string", "pattern": aDate, "description": "YYYY-MM-DD", "examples": []any{"2026-12-25"}}
	s.named["Holiday"] = object{"description": "a whole day, or a part of one", "anyOf": []any{
		date, object{"type": "object", "required": []string{"date"}, "properties": object{"date": date, "start": text, "end": text}},
	}}
	return object{"$ref": componentSchemas + "Holiday"}
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
	return object{"$ref": componentSchemas + name}
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
		if !s.used(name) {
			return name
		}
	}
	for n := 2; ; n++ {
		if name := fmt.Sprintf("%s%d", base, n); !s.used(name) {
			return name
		}
	}
}

func (s *schemas) used(name string) bool {
	_, byType := s.taken[name]
	_, byTable := tables()[name]
	return byType || byTable
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
	if !request {
		return out
	}
	if table, ok := reflect.Zero(t).Interface().(Tabler); ok {
		most, columns := table.TableRules()
		limit := properties["limit"].(object)
		limit["maximum"] = most
		if _, sorted := properties["sortProp"]; sorted {
			words := make([]any, 0, len(columns)+1)
			for _, column := range columns {
				words = append(words, column)
			}
			properties["sortProp"] = object{
				"type": []any{"string", "null"}, "enum": append(words, nil), "default": columns[0],
				"description": "case-insensitive; absent, null or empty = " + columns[0],
			}
		}
	}
	if demanding, ok := reflect.Zero(t).Interface().(Demander); ok {
		for _, path := range demanding.Demands() {
			s.demand(s.nameOf(t), out, path)
		}
	}
	return out
}

func (s *schemas) nameOf(t reflect.Type) string { return s.names[key{t, true}] }

// demand makes a member required, of an object within too: "pearl.timeZone". "inbound|outbound" is exactly one of them.
func (s *schemas) demand(name string, schema object, path string) {
	properties := schema["properties"].(object)
	if strings.Contains(path, "|") {
		var forms []any
		for one := range strings.SplitSeq(path, "|") {
			forms = append(forms, object{"required": []string{one}})
			properties[one] = notNull(properties[one].(object))
		}
		schema["oneOf"] = forms
		return
	}
	outer, inner, within := strings.Cut(path, ".")
	if !within {
		required, _ := schema["required"].([]string)
		schema["required"] = append(required, path)
		properties[path] = notNull(properties[path].(object))
		return
	}
	own := name + upper(outer) // an object that is elsewhere without these demands gets a schema of its own
	if s.named[own] == nil {
		shared := s.named[strings.TrimPrefix(notNull(properties[outer].(object))["$ref"].(string), componentSchemas)]
		copied := clone(shared)
		copied["properties"] = clone(shared["properties"].(object))
		s.named[own] = copied
		properties[outer] = object{"$ref": componentSchemas + own}
	}
	s.demand(own, s.named[own], inner)
}

// notNull is a schema without null.
func notNull(o object) object {
	out := clone(o)
	if forms, ok := out["anyOf"].([]any); ok && len(forms) == 2 && forms[1].(object)["type"] == "null" {
		out = clone(forms[0].(object))
		if doc, described := o["description"]; described {
			out["description"] = doc
		}
	}
	if kinds, ok := out["type"].([]any); ok {
		out["type"] = kinds[0]
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
	inner, mayBeNull := inOptional(f.Type)
	if f.Type.Kind() == reflect.Pointer {
		inner, mayBeNull = f.Type.Elem(), true
	}
	rules := rulesOf(t, f)
	property = s.of(inner, request)
	if f.Type == reflect.TypeFor[json.RawMessage]() && strings.HasSuffix(f.Name, "Data") {
		property = object{"type": "object", "additionalProperties": true}
	}
	property = s.limit(property, rules)
	if doc := f.Tag.Get("doc"); doc != "" {
		property["description"] = doc
	}
	if !request {
		if mayBeNull {
			property = nullable(property)
		}
		return property, !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero")
	}
	if rules.Secret {
		property["writeOnly"] = true
	}
	must = rules.Required || rules.needed
	switch {
	case rules.Required && inner.Kind() == reflect.String:
		property["minLength"] = 1
	case !must && !rules.notNull: // null and absence are the same, or are told apart
		property = nullable(property)
	}
	return property, must
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
	if _, refers := o["$ref"]; refers {
		out := object{"anyOf": []any{o, object{"type": "null"}}}
		if doc, described := o["description"]; described {
			delete(o, "description")
			out["description"] = doc
		}
		return out
	}
	kind, ok := o["type"].(string)
	if !ok { // any value, or null already
		return o
	}
	o["type"] = []any{kind, "null"}
	if values, limited := o["enum"].([]any); limited {
		o["enum"] = append(append([]any(nil), values...), nil)
	}
	return o
}
