package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const documentURL = "file:///openapi.json"

// agreement holds answers against the OpenAPI document that the server itself gives away.
type agreement struct {
	paths    map[string]map[string]any
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
	seen     map[string]map[int]bool // "GET /v2/Account" → statuses that were answered
}

func newAgreement(t *testing.T, w *world) *agreement {
	t.Helper()
	text := read(t, w.ask(t, "GET /openapi.json\nAuthorization: -"))
	var document struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	a := &agreement{paths: document.Paths, compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}, seen: map[string]map[int]bool{}}
	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	closed(whole)
	if err := a.compiler.AddResource(documentURL, whole); err != nil {
		t.Fatal(err)
	}
	return a
}

// closed forbids members that a schema does not describe: clients must bear with them, but the document is to be complete.
func closed(value any) {
	switch v := value.(type) {
	case map[string]any:
		if v["properties"] != nil && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, member := range v {
			closed(member)
		}
	case []any:
		for _, one := range v {
			closed(one)
		}
	}
}

// check says where an answer differs from what the document promises for its path and status.
func (a *agreement) check(method, target string, response *http.Response, text string) error {
	path, _, _ := strings.Cut(target, "?")
	name, operation := a.operation(method, path)
	status := strconv.Itoa(response.StatusCode)
	if operation == nil { // an unknown route, or another method
		if response.StatusCode < 300 {
			return fmt.Errorf("%s %s is not described", method, path)
		}
		return a.valid("/components/schemas/Problem", text)
	}
	route := method + " " + name
	if a.seen[route] == nil {
		a.seen[route] = map[int]bool{}
	}
	a.seen[route][response.StatusCode] = true
	at := "/paths/" + pointer(name) + "/" + strings.ToLower(method) + "/responses/" + status
	described, known := operation["responses"].(map[string]any)[status].(map[string]any)
	if !known {
		return fmt.Errorf("%s: the document has no answer %s", route, status)
	}
	if _, refers := described["$ref"]; refers {
		return a.valid("/components/schemas/Problem", text)
	}
	for header := range described["headers"].(map[string]any) {
		if optional := header == "Idempotency-Replayed" || header == "Warning" || strings.HasPrefix(header, "RateLimit-"); !optional && response.Header.Get(header) == "" {
			return fmt.Errorf("%s: the header %s is promised and missing", route, header)
		}
	}
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	content, _ := described["content"].(map[string]any)
	if content[kind] == nil {
		return fmt.Errorf("%s: %s is not described", route, kind)
	}
	if kind != "application/json" {
		quoted, _ := json.Marshal(text)
		text = string(quoted)
	}
	return a.valid(at+"/content/"+pointer(kind)+"/schema", text)
}

func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// operation finds a path in the document, words before parameters.
func (a *agreement) operation(method, path string) (name string, operation map[string]any) {
	asked := strings.Split(strings.TrimSuffix(strings.ToLower(path), "/"), "/")
	words := -1
	for pattern, item := range a.paths {
		segments := strings.Split(strings.ToLower(pattern), "/")
		fixed, rest := 0, strings.HasSuffix(pattern, "{externalId}")
		if len(segments) > len(asked) || len(segments) < len(asked) && !rest {
			continue
		}
		same := true
		for n, segment := range segments {
			switch {
			case strings.HasPrefix(segment, "{"):
			case segment == asked[n]:
				fixed++
			default:
				same = false
			}
		}
		found, has := item[strings.ToLower(method)].(map[string]any)
		if same && has && fixed > words {
			name, operation, words = pattern, found, fixed
		}
	}
	return name, operation
}

// valid holds a JSON text against the schema at a place of the document.
func (a *agreement) valid(at, text string) error {
	schema := a.compiled[at]
	if schema == nil {
		var err error
		if schema, err = a.compiler.Compile(documentURL + "#" + at); err != nil {
			return fmt.Errorf("compile the schema at %s: %w", at, err)
		}
		a.compiled[at] = schema
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("the answer is not what the document says: %w", err)
	}
	return nil
}
