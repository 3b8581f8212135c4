package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const prefix = "#/components/schemas/"

// deepest bounds how far schemas are followed into one another.
const deepest = 8

// shape is a schema as the page shows it.
type shape struct {
	Type    string
	Text    string
	Members []member
	Example string
}

// member is one member of an object.
type member struct {
	Name, Type, Text string
	Limits           []string
	Required         bool
	Members          []member // of the object, or of the objects in the list
}

func (d *document) resolve(s *schema) *schema {
	for s != nil && s.Reference != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Reference, prefix)]
	}
	return s
}

func (d *document) shape(s *schema, request bool) *shape {
	resolved := d.resolve(s)
	made := &shape{Type: d.typeOf(s, 0), Members: d.inside(s, request, 0)}
	if resolved != nil {
		made.Text = resolved.Description
	}
	return made
}

// inside are the members of an object, or of the objects of a list.
func (d *document) inside(s *schema, request bool, depth int) []member {
	s = d.resolve(s)
	if s == nil || depth > deepest {
		return nil
	}
	if s.Items != nil {
		return d.inside(s.Items, request, depth+1)
	}
	for _, form := range slices.Concat(s.AnyOf, s.OneOf) {
		if members := d.inside(form, request, depth+1); members != nil {
			return members
		}
	}
	if element := s.values(); element != nil {
		return d.inside(element, request, depth+1)
	}
	var members []member
	for _, name := range s.names() {
		property := s.Properties[name]
		resolved := d.resolve(property)
		m := member{
			Name: name, Type: d.typeOf(property, 0), Text: property.Description, Limits: limits(resolved),
			Required: request && slices.Contains(s.Required, name), Members: d.inside(property, request, depth+1),
		}
		if m.Text == "" && resolved != nil {
			m.Text = resolved.Description
		}
		members = append(members, m)
	}
	return members
}

// names are those of the members in the order of the document: required ones as they come, then the others.
func (s *schema) names() []string {
	var rest []string
	for name := range s.Properties {
		if !slices.Contains(s.Required, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return slices.Concat(s.Required, rest)
}

// values is the schema of the values of an object with free keys; nil without, or where any value is allowed.
func (s *schema) values() *schema {
	if len(s.Additional) == 0 || s.Additional[0] != '{' {
		return nil
	}
	var element schema
	if json.Unmarshal(s.Additional, &element) != nil {
		return nil
	}
	return &element
}

// typeOf names a type as an integrator would: "string | null", "list of objects", "date-time".
func (d *document) typeOf(s *schema, depth int) string {
	s = d.resolve(s)
	if s == nil || depth > deepest {
		return "any"
	}
	var name string
	switch kind := s.Type.name(); {
	case len(s.AnyOf)+len(s.OneOf) > 0:
		var forms []string
		for _, form := range slices.Concat(s.AnyOf, s.OneOf) {
			if text := d.typeOf(form, depth+1); !slices.Contains(forms, text) {
				forms = append(forms, text)
			}
		}
		return strings.Join(forms, " | ")
	case kind == "array":
		name = "list of " + plural(d.typeOf(s.Items, depth+1))
	case kind == "object" && s.values() != nil:
		name = "object of " + plural(d.typeOf(s.values(), depth+1))
	case kind == "string" && s.Format != "":
		name = s.Format
	case kind == "" && s.Type.nullable():
		return "null"
	case kind == "":
		return "any"
	default:
		name = kind
	}
	if s.Type.nullable() {
		name += " | null"
	}
	return name
}

func plural(kind string) string {
	switch {
	case kind == "any":
		return "any values"
	case strings.Contains(kind, " "):
		return "(" + kind + ")"
	}
	return kind + "s"
}

// limits are the rules of a value in words.
func limits(s *schema) (list []string) {
	if s == nil {
		return nil
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		list = append(list, number(*s.Minimum)+" to "+number(*s.Maximum))
	case s.Minimum != nil:
		list = append(list, "at least "+number(*s.Minimum))
	case s.Maximum != nil:
		list = append(list, "at most "+number(*s.Maximum))
	}
	if s.MaxLength > 0 {
		list = append(list, fmt.Sprintf("at most %d characters", s.MaxLength))
	}
	if s.MaxItems > 0 {
		list = append(list, fmt.Sprintf("at most %d entries", s.MaxItems))
	}
	var values []string
	for _, one := range s.Enum {
		if one != nil {
			values = append(values, fmt.Sprint(one))
		}
	}
	if len(values) > 0 {
		list = append(list, "one of "+strings.Join(values, ", "))
	}
	if s.Items != nil && s.MaxItems == 0 {
		list = append(list, limits(s.Items)...)
	}
	return list
}

// example writes a value of a schema: members that have a usual value get it, others one of their type.
func (d *document) example(s *schema) string {
	var b bytes.Buffer
	d.sample(&b, "", s, 0)
	var out bytes.Buffer
	if json.Indent(&out, b.Bytes(), "", "  ") != nil {
		return b.String()
	}
	return out.String()
}

func (d *document) sample(b *bytes.Buffer, name string, s *schema, depth int) {
	s = d.resolve(s)
	if s == nil || depth > deepest {
		b.WriteString("null")
		return
	}
	if text, usual := usualValue(name, s.Type.name()); usual {
		b.WriteString(text)
		return
	}
	for _, form := range slices.Concat(s.AnyOf, s.OneOf) {
		d.sample(b, name, form, depth+1)
		return
	}
	switch s.Type.name() {
	case "object":
		b.WriteByte('{')
		for n, member := range s.names() {
			if n > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%q:", member)
			d.sample(b, member, s.Properties[member], depth+1)
		}
		b.WriteByte('}')
	case "array":
		b.WriteByte('[')
		d.sample(b, "", s.Items, depth+1)
		b.WriteByte(']')
	case "integer", "number":
		if len(s.Enum) > 0 {
			fmt.Fprint(b, s.Enum[0])
			return
		}
		b.WriteString("0")
	case "boolean":
		b.WriteString("true")
	case "string":
		switch {
		case s.Format == "date-time":
			b.WriteString(`"2026-11-23T09:15:04.250Z"`)
		case s.Description == "24 hex digits" || strings.HasSuffix(name, "Id") || name == "id":
			b.WriteString(`"665f1f77bcf86cd799439011"`)
		default:
			b.WriteString(`"…"`)
		}
	default:
		b.WriteString("null")
	}
}
