package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
	"nacre/internal/lead"
)

// describedAs is the document of a version, and the same as plain values.
func describedAs(t *testing.T, version string) (text []byte, document map[string]any) {
	t.Helper()
	table := route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2.Routes(route.Services{})))
	text, err := openapi.Document(table.Routes(), version)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return text, document
}

// TestTheExamplesFitTheirSchemas: bodies, answers, errors, deliveries and parameters that the document shows are ones that
// it allows, and every body and JSON answer has one.
func TestTheExamplesFitTheirSchemas(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "v1", "v2"} {
		t.Run("document "+version, func(t *testing.T) { examplesFit(t, version) })
	}
}

func examplesFit(t *testing.T, version string) {
	t.Parallel()
	_, document := describedAs(t, version)
	closed(document) // an example has nothing that its schema does not know
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("file:///openapi.json", read); err != nil {
		t.Fatal(err)
	}
	checked := 0
	fits := func(at string, value any) {
		t.Helper()
		schema, err := compiler.Compile("file:///openapi.json#" + at)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		raw, _ := json.Marshal(value)
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		checked++
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	var walk func(at string, value any)
	walk = func(at string, value any) {
		switch v := value.(type) {
		case []any:
			for n, one := range v {
				walk(fmt.Sprintf("%s/%d", at, n), one)
			}
		case map[string]any:
			if example, given := v["example"]; given && v["schema"] != nil {
				fits(at+"/schema", example)
			}
			if examples, given := v["examples"].(map[string]any); given {
				for _, one := range examples {
					fits(at+"/schema", one.(map[string]any)["value"])
				}
			}
			if examples, given := v["examples"].([]any); given && v["$ref"] == nil {
				for _, one := range examples {
					fits(at, one)
				}
			}
			for name, member := range v {
				if name != "example" && name != "examples" {
					walk(at+"/"+strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", " ", "%20").Replace(name), member)
				}
			}
			if media, given := v["application/json"].(map[string]any); given && media["example"] == nil && !strings.Contains(at, "openapi") {
				t.Errorf("%s has no example", at)
			}
		}
	}
	walk("", document)
	if checked < 100 {
		t.Errorf("only %d examples", checked)
	}
}

// TestTheTablesAreThoseOfTheCore: the numbers and names that the document lists are those that the state machine has.
func TestTheTablesAreThoseOfTheCore(t *testing.T) {
	t.Parallel()
	_, document := describedAs(t, "")
	schema := document["components"].(map[string]any)["schemas"].(map[string]any)["LeadStatus"].(map[string]any)
	numbers, names := schema["enum"].([]any), schema["x-enum-varnames"].([]any)
	if len(numbers) != len(lead.Statuses()) {
		t.Fatalf("%d statuses are described, there are %d", len(numbers), len(lead.Statuses()))
	}
	for n, status := range lead.Statuses() {
		name := status.String()
		if status == lead.NotSuccessful {
			name = "NotSuccessfull" // as leads have always spelt it
		}
		if int(numbers[n].(float64)) != int(status) || names[n] != name {
			t.Errorf("%v %v is described, the core has %d %s", numbers[n], names[n], status, name)
		}
	}
}

// closed forbids members that a schema does not describe.
func closed(value any) {
	switch v := value.(type) {
	case map[string]any:
		if v["properties"] != nil && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for name, member := range v {
			if name != "example" && name != "examples" {
				closed(member)
			}
		}
	case []any:
		for _, one := range v {
			closed(one)
		}
	}
}
