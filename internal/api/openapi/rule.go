package openapi

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"nacre/internal/api/body"
)

// rules are what is known of the values of a member: those that are judged while a body is read (tag api, see package body),
// and those that are judged where they are at home, which the document only tells (tag schema). A test holds the second
// kind to what the server does.
type rules struct {
	body.Rules
	needed  bool     // required, though another place says so
	notNull bool     // may be absent, and not null
	table   string   // of numbers
	values  []string // words
	pattern string
	example any
	least   *int64 // entries of a list
}

func rulesOf(t reflect.Type, f reflect.StructField) rules {
	r := rules{Rules: body.ParseRules(t, f)}
	tag := f.Tag.Get("schema")
	if tag == "" {
		return r
	}
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("openapi: %s.%s: %v", t, f.Name, err))
		}
		return n
	}
	for part := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			r.needed = true
		case "notnull":
			r.notNull = true
		case "secret":
			r.Secret = true
		case "table":
			r.table = value
		case "values":
			r.values = strings.Split(value, "|")
		case "pattern":
			r.pattern = value
		case "example":
			r.example = value
		case "offset":
			r.pattern, r.example = offset, "-8.0"
		case "maxlen":
			r.MaxLen = int(number(value))
		case "minitems":
			n := number(value)
			r.least = &n
		case "min":
			n := number(value)
			r.Min = &n
		case "max":
			n := number(value)
			r.Max = &n
		default:
			panic(fmt.Sprintf("openapi: %s.%s: unknown schema tag %q", t, f.Name, part))
		}
	}
	return r
}

// limit writes the rules of a value into its schema. Those of a list hold for its elements, but for the number of them.
func (s *schemas) limit(schema object, r rules) object {
	out := clone(schema)
	if items, isList := out["items"].(object); isList {
		if r.MaxItems > 0 {
			out["maxItems"] = r.MaxItems
		}
		if r.least != nil {
			out["minItems"] = *r.least
		}
		r.MaxItems, r.least = 0, nil
		out["items"] = s.limit(items, r)
		return out
	}
	switch {
	case r.table != "" && len(r.Enum) > 0 && len(r.Enum) < len(tables()[r.table]):
		out = partOf(r.table, r.Enum)
	case r.table != "":
		out = s.table(r.table)
	case len(r.Enum) > 0:
		var numbers []any
		for _, one := range r.Enum {
			numbers = append(numbers, one)
		}
		out["enum"] = numbers
	}
	if len(r.values) > 0 {
		var words []any
		for _, one := range r.values {
			words = append(words, one)
		}
		out["enum"] = words
	}
	if r.MaxLen > 0 {
		out["maxLength"] = r.MaxLen
	}
	if r.Min != nil {
		out["minimum"] = *r.Min
	}
	if r.Max != nil {
		out["maximum"] = *r.Max
	}
	if r.pattern != "" {
		out["pattern"] = r.pattern
	}
	if r.example != nil {
		out["examples"] = []any{r.example}
	}
	return out
}
