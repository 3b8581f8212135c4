package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/call"
)

// TestTheLimitsOfTheDocumentAreKept: whatever the document says of a member of a body is so. A value outside is 400 and names
// the member; one on the edge is not at fault. Bodies are the examples, with one member changed.
func TestTheLimitsOfTheDocumentAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var document struct {
		Paths      map[string]map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal([]byte(read(t, w.ask(t, "GET /openapi.json\nAuthorization: -"))), &document); err != nil {
		t.Fatal(err)
	}
	trunk, err := w.engine.CreateTrunk(t.Context(), w.actor, account.Trunk{Name: "Ours", Trunk: call.Trunk{Host: "127.0.0.1", Transport: "udp", MaxCalls: 1, CallsPerSecond: 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.names["ownTrunk"] = string(trunk)
	l := &limits{t: t, w: w, schemas: document.Components.Schemas}
	owner := w.signIn(t, "ada")
	for path, operations := range document.Paths {
		for method, operation := range operations {
			request, has := operation["requestBody"].(map[string]any)
			if !has || method == "post" && strings.HasSuffix(path, "/Active") { // an alias
				continue
			}
			media, isJSON := request["content"].(map[string]any)["application/json"].(map[string]any)
			if !isJSON { // a file
				continue
			}
			l.route, l.headers = strings.ToUpper(method)+" "+path, ""
			if _, forKeys := operation["x-scope"]; !forKeys {
				l.headers = owner
			}
			l.walk(media["schema"].(map[string]any), media["example"].(map[string]any), nil)
		}
	}
	if l.tried < 400 {
		t.Errorf("only %d values were tried", l.tried)
	}
}

type limits struct {
	t       *testing.T
	w       *world
	schemas map[string]any
	route   string
	headers string // of who asks; "": the full key
	tried   int
}

// step is a member's name, or "" for the first element of a list.
type step = string

func (l *limits) resolve(schema map[string]any) (resolved map[string]any, null bool) {
	for {
		if reference, refers := schema["$ref"].(string); refers {
			schema = l.schemas[strings.TrimPrefix(reference, "#/components/schemas/")].(map[string]any)
			continue
		}
		forms, several := schema["anyOf"].([]any)
		if !several {
			return schema, null
		}
		null = true
		schema = forms[0].(map[string]any)
	}
}

// walk tries every member of an object, and those within.
func (l *limits) walk(schema, example map[string]any, path []step) {
	schema, _ = l.resolve(schema)
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for name, property := range properties {
		at := append(slices.Clone(path), name)
		_, null := l.resolve(property.(map[string]any))
		switch {
		case slices.Contains(required, any(name)):
			l.refused(example, at, nil, "absent")
			l.refused(example, at, json.RawMessage("null"), "null")
		case !null && !strings.Contains(fmt.Sprint(property.(map[string]any)["type"]), "null") && schema["oneOf"] == nil:
			l.refused(example, at, json.RawMessage("null"), "null")
		}
		l.member(property.(map[string]any), example, at)
	}
}

// filters are members whose values only choose what is found: one that is in no table finds nothing.
var filters = []string{"statuses", "status", "conversationStatuses", "eventType", "state"}

func (l *limits) member(property, example map[string]any, at []step) {
	schema, _ := l.resolve(property)
	name := at[len(at)-1]
	if items, isList := schema["items"].(map[string]any); isList {
		if most, limited := schema["maxItems"].(float64); limited {
			one := any("+1")
			if list, given := lookup(example, at).([]any); given && len(list) > 0 {
				one = list[0]
			}
			l.refused(example, at, slices.Repeat([]any{one}, int(most)+1), "too many")
		}
		inner, _ := l.resolve(items)
		if inner["properties"] != nil {
			if list, given := lookup(example, at).([]any); given && len(list) > 0 {
				l.walk(inner, example, append(at, ""))
			}
			return
		}
		l.value(inner, example, append(at, ""), slices.Contains(filters, name))
		return
	}
	if schema["properties"] != nil {
		if _, given := lookup(example, at).(map[string]any); given {
			l.walk(schema, example, at)
		}
		return
	}
	l.value(schema, example, at, slices.Contains(filters, name) && !strings.Contains(l.route, "/Lead/"))
}

// value tries what is outside the rules of a value and what is on their edges.
func (l *limits) value(schema, example map[string]any, at []step, filter bool) {
	if enum, limited := schema["enum"].([]any); limited && !filter {
		for _, one := range enum {
			if one != nil && at[len(at)-1] != "apiResult" { // which only some nodes may have
				l.taken(example, at, one)
			}
		}
		if _, word := enum[0].(string); word {
			l.refused(example, at, "something else", "no value of the list")
		} else {
			l.refused(example, at, 77777, "no number of the table")
			if !slices.Contains(enum, any(0.0)) {
				l.refused(example, at, 0, "0, which is not in the table")
			}
		}
	}
	if most, limited := schema["maxLength"].(float64); limited {
		l.refused(example, at, strings.Repeat("x", int(most)+1), "too long")
	}
	if least, limited := schema["minimum"].(float64); limited {
		l.refused(example, at, least-1, "too small")
		l.taken(example, at, least)
	}
	if most, limited := schema["maximum"].(float64); limited {
		l.refused(example, at, most+1, "too large")
		l.taken(example, at, most)
	}
	if schema["pattern"] != nil {
		l.refused(example, at, "? ?", "against the pattern")
	}
	if kinds := fmt.Sprint(schema["type"]); strings.Contains(kinds, "integer") {
		l.refused(example, at, "many", "no integer")
	} else if strings.Contains(kinds, "string") {
		l.refused(example, at, []any{}, "no text")
	} else if strings.Contains(kinds, "boolean") {
		l.refused(example, at, "yes", "neither true nor false")
	}
}

func lookup(value any, at []step) any {
	for _, name := range at {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			value = v[0]
		}
	}
	return value
}

// with is the example with another value at a place; nil takes the member away.
func with(value any, at []step, other any) any {
	if len(at) == 0 {
		return other
	}
	switch v := value.(type) {
	case []any:
		return append([]any{with(v[0], at[1:], other)}, v[1:]...)
	case map[string]any:
		copied := map[string]any{}
		for name, member := range v {
			copied[name] = member
		}
		if len(at) == 1 && other == nil {
			delete(copied, at[0])
			return copied
		}
		copied[at[0]] = with(copied[at[0]], at[1:], other)
		return copied
	}
	if at[0] == "" {
		return []any{with(nil, at[1:], other)}
	}
	return map[string]any{at[0]: with(nil, at[1:], other)}
}

var parameter = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// errorsOf sends a body and answers the members that are at fault.
func (l *limits) errorsOf(example map[string]any, at []step, value any) (sent string, status int, errors map[string]any) {
	l.tried++
	text, err := json.Marshal(with(example, at, value))
	if err != nil {
		l.t.Fatal(err)
	}
	route := parameter.ReplaceAllStringFunc(l.route, func(name string) string {
		switch name {
		case "{leadId}":
			return l.w.names["talkLead"]
		case "{inboundId}":
			return l.w.names["inbound"]
		case "{userId}":
			return l.w.names["bob"]
		case "{phoneNumberId}":
			return l.w.names["number"]
		case "{trunkId}":
			return l.w.names["ownTrunk"]
		case "{outboundId}", "{pearlId}":
			if strings.HasSuffix(l.route, "/Inbound") {
				return l.w.names["inbound"]
			}
			return l.w.names["talk"]
		}
		return name
	})
	sent = strings.ReplaceAll(string(text), "665f1f77bcf86cd799439077", l.w.names["number"])
	response := l.w.ask(l.t, route+l.headers+"\n\n"+sent)
	var problem struct{ Errors map[string]any }
	_ = json.Unmarshal([]byte(read(l.t, response)), &problem)
	return sent[:min(len(sent), 300)], response.StatusCode, problem.Errors
}

// path is a place as errors name it: "Outbound.CallingHours[0].Day".
func pathOf(at []step) string {
	var b strings.Builder
	for _, name := range at {
		switch {
		case name == "":
			b.WriteString("[0]")
		case b.Len() > 0:
			b.WriteString("." + body.Pascal(name))
		default:
			b.WriteString(body.Pascal(name))
		}
	}
	return b.String()
}

func (l *limits) refused(example map[string]any, at []step, value any, why string) {
	sent, status, errors := l.errorsOf(example, at, value)
	path := pathOf(at)
	for name := range errors {
		if name == path || strings.TrimSuffix(path, "[0]") == name || strings.HasPrefix(name, path+".") {
			return
		}
	}
	l.t.Errorf("%s: %s is %s, and the answer is %d %v\n%s", l.route, path, why, status, errors, sent)
}

func (l *limits) taken(example map[string]any, at []step, value any) {
	sent, status, errors := l.errorsOf(example, at, value)
	if fault := errors[pathOf(at)]; fault != nil || status >= 500 {
		l.t.Errorf("%s: %s may be %v by the document, and the answer is %d %v\n%s", l.route, pathOf(at), value, status, fault, sent)
	}
}
