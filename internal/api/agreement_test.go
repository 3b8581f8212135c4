package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// agreement holds answers against the OpenAPI document that the server itself gives away.
type agreement struct {
	paths   map[string]map[string]any
	schemas map[string]any
}

func newAgreement(t *testing.T, w *world) *agreement {
	t.Helper()
	var document struct {
		Paths      map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal([]byte(read(t, w.ask(t, "GET /openapi.json\nAuthorization: -"))), &document); err != nil {
		t.Fatal(err)
	}
	return &agreement{document.Paths, document.Components.Schemas}
}

// check says where an answer differs from what the document promises for its path.
func (a *agreement) check(method, target string, response *http.Response, text string) error {
	if response.StatusCode >= 300 {
		return a.valid("answer", text, map[string]any{"$ref": "#/components/schemas/Problem"})
	}
	path, _, _ := strings.Cut(target, "?")
	operation := a.operation(method, path)
	if operation == nil {
		return fmt.Errorf("%s %s is not described", method, path)
	}
	if response.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		return nil
	}
	content := operation["responses"].(map[string]any)["200"].(map[string]any)["content"].(map[string]any)["application/json"]
	if content == nil {
		return fmt.Errorf("%s %s: JSON is not described", method, path)
	}
	return a.valid("answer", text, content.(map[string]any)["schema"])
}

// operation finds a path in the document, words before parameters.
func (a *agreement) operation(method, path string) map[string]any {
	asked := strings.Split(strings.TrimSuffix(strings.ToLower(path), "/"), "/")
	best, words := map[string]any(nil), -1
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
		operation, has := item[strings.ToLower(method)].(map[string]any)
		if same && has && fixed > words {
			best, words = operation, fixed
		}
	}
	return best
}

func (a *agreement) valid(at, text string, schema any) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return a.fits(at, value, schema.(map[string]any))
}

// fits judges a value by the part of JSON Schema that the document uses. A member that is not described is a fault: the
// document is to be complete.
func (a *agreement) fits(at string, value any, schema map[string]any) error {
	if reference, ok := schema["$ref"].(string); ok {
		named, known := a.schemas[strings.TrimPrefix(reference, "#/components/schemas/")].(map[string]any)
		if !known {
			return fmt.Errorf("%s: %s refers to nothing", at, reference)
		}
		return a.fits(at, value, named)
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		forms, ok := schema[word].([]any)
		if !ok {
			continue
		}
		var err error
		for _, form := range forms {
			if err = a.fits(at, value, form.(map[string]any)); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	if err := fitsType(at, value, schema["type"]); err != nil {
		return err
	}
	switch v := value.(type) {
	case map[string]any:
		return a.fitsObject(at, v, schema)
	case []any:
		items, described := schema["items"].(map[string]any)
		for n, element := range v {
			if !described {
				break
			}
			if err := a.fits(fmt.Sprintf("%s[%d]", at, n), element, items); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *agreement) fitsObject(at string, value, schema map[string]any) error {
	if required, ok := schema["required"].([]any); ok {
		for _, name := range required {
			if _, given := value[name.(string)]; !given {
				return fmt.Errorf("%s.%s is promised and missing", at, name)
			}
		}
	}
	properties, described := schema["properties"].(map[string]any)
	more, open := schema["additionalProperties"]
	for name, member := range value {
		property, known := properties[name].(map[string]any)
		switch extra, limited := more.(map[string]any); {
		case known:
		case limited:
			property = extra
		case open || !described:
			continue
		default:
			return fmt.Errorf("%s.%s is not described", at, name)
		}
		if err := a.fits(at+"."+name, member, property); err != nil {
			return err
		}
	}
	return nil
}

func fitsType(at string, value, allowed any) error {
	var types []any
	switch t := allowed.(type) {
	case nil:
		return nil
	case string:
		types = []any{t}
	case []any:
		types = t
	}
	kind := "null"
	switch v := value.(type) {
	case string:
		kind = "string"
	case bool:
		kind = "boolean"
	case map[string]any:
		kind = "object"
	case []any:
		kind = "array"
	case float64:
		kind = "number"
		if v == math.Trunc(v) && slices.Contains(types, any("integer")) {
			kind = "integer"
		}
	}
	if !slices.Contains(types, any(kind)) {
		return fmt.Errorf("%s is %s, the document says %v", at, kind, types)
	}
	return nil
}
