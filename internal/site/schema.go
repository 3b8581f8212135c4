package site

import (
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

// core is what a value is when it is not null.
func (d *document) core(s *schema) *schema {
	s = d.resolve(s)
	if s != nil && len(s.AnyOf) == 2 && len(s.AnyOf[1].Type) == 1 && s.AnyOf[1].Type.nullable() {
		return d.core(s.AnyOf[0])
	}
	if s != nil && s.Items != nil {
		list := *s
		list.Items = d.core(s.Items)
		return &list
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
		resolved := d.core(property)
		m := member{
			Name: name, Type: d.typeOf(property, 0), Text: property.Description, Limits: limits(resolved),
			Required: request && slices.Contains(s.Required, name), Members: d.inside(property, request, depth+1),
		}
		if m.Text == "" && resolved != nil && resolved.Names == nil { // a table is told by its limits
			m.Text = resolved.Description
		}
		members = append(members, m)
	}
	return members
}

// names are those of the members in the order of the document: required ones as they come, then the others.
func (s *schema) names() []string {
	var first, rest []string
	for _, name := range s.Required {
		if s.Properties[name] != nil { // what is required may be described elsewhere
			first = append(first, name)
		}
	}
	for name := range s.Properties {
		if !slices.Contains(first, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return slices.Concat(first, rest)
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
	case kind == "boolean" && s.Const != nil:
		return fmt.Sprint(s.Const)
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
	if s.MinItems > 0 {
		list = append(list, fmt.Sprintf("at least %d entries", s.MinItems))
	}
	var values []string
	for n, one := range s.Enum {
		if one == nil {
			continue
		}
		value := fmt.Sprint(one)
		if n < len(s.Names) {
			value += " " + s.Names[n]
		}
		values = append(values, value)
	}
	if len(values) > 0 {
		list = append(list, "one of "+strings.Join(values, ", "))
	}
	if s.Items != nil {
		list = append(list, limits(s.Items)...)
	}
	return list
}
