package call

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// placeholder is {variableId} in a text (contract 7). Keys of callData that are not declared are usable by their name too,
// and may hold more than the id of a variable.
var placeholder = regexp.MustCompile(`\{([^{}]{1,128})\}`)

var variableShape = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// Fill replaces {variableId} by its value; a missing value becomes empty text and never blocks a call. What is between
// braces and can be no variable stays as it is.
func Fill(text string, value func(id string) (string, bool)) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[1 : len(match)-1]
		filled, known := value(name)
		if !known && !variableShape.MatchString(name) {
			return match
		}
		return filled
	})
}

// Variables are the names between braces in a text.
func Variables(text string) (names []string) {
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// Spoken is a value of a variable in a text for people.
func Spoken(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(raw)
	}
}

// Read returns the variables that an answer to the request brings: what is missing in it, or is not of the variable's type, is
// left out.
func (r Request) Read(answer []byte) []Value {
	var root any
	decoder := json.NewDecoder(strings.NewReader(string(answer)))
	decoder.UseNumber()
	if decoder.Decode(&root) != nil {
		return nil
	}
	var values []Value
	for _, out := range r.Outputs {
		if value, ok := typed(out.Type, member(root, out.Key)); ok {
			values = append(values, Value{ID: out.Variable, Value: value})
		}
	}
	return values
}

// Answered is what comes of an answer to the request. In words it is what it brought, or, where nothing is to be read out of it,
// its beginning.
func (r Request) Answered(answer []byte) Done {
	done := Done{Values: r.Read(answer)}
	switch {
	case len(r.Outputs) == 0:
		done.Text = "done" + beginning(answer)
	case len(done.Values) == 0:
		done.Text = "done; it told nothing"
	default:
		done.Text = "done: " + Brought(done.Values)
	}
	return done
}

// mostTold is how much of an answer a model sees, in bytes.
const mostTold = 2000

func beginning(answer []byte) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(answer), " "))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > mostTold {
		text = strings.ToValidUTF8(text[:mostTold], "") + " …"
	}
	if text == "" {
		return ""
	}
	return ": " + text
}

// member is what a path of names and indices leads to, nil where there is nothing.
func member(root any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch at := root.(type) {
		case map[string]any:
			root = at[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(at) {
				return nil
			}
			root = at[n]
		default:
			return nil
		}
	}
	return root
}

// longestRead bounds a text that an answer brings, in bytes.
const longestRead = 4000

// typed is a JSON value as one of a variable.
func typed(kind VariableType, value any) (any, bool) {
	if value == nil {
		return nil, false
	}
	text := ""
	switch v := value.(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	case bool:
		if kind == Boolean {
			return v, true
		}
		text = strconv.FormatBool(v)
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, false
		}
		text = string(raw)
	}
	switch kind {
	case Boolean:
		b, err := strconv.ParseBool(strings.ToLower(text))
		return b, err == nil
	case Int:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	case Float:
		f, err := strconv.ParseFloat(text, 64)
		return f, err == nil && f-f == 0
	}
	return text, len(text) <= longestRead
}

// Brought says in words what values were brought, for a model.
func Brought(values []Value) string {
	parts := make([]string, len(values))
	for n, v := range values {
		parts[n] = fmt.Sprintf("%s = %s", v.ID, Spoken(v.Value))
	}
	return strings.Join(parts, ", ")
}
