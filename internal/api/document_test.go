package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
)

// TestRoutesAndDocumentAgree: every route and alias is an operation with its parameters, and every operation is a route
// that is answered.
func TestRoutesAndDocumentAgree(t *testing.T) {
	t.Parallel()
	table := route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2.Routes(route.Services{})))
	for _, version := range []string{"", "v1", "v2"} {
		text, err := openapi.Document(table.Routes(), version)
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			OpenAPI string
			Paths   map[string]map[string]struct {
				OperationID string
				Parameters  []struct{ Name, In string }
				RequestBody any
				Responses   map[string]any
			}
			Components map[string]map[string]any
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		if document.OpenAPI != openapi.Version {
			t.Errorf("version %s", document.OpenAPI)
		}
		described := map[string]bool{}
		ids := map[string]bool{}
		for path, operations := range document.Paths {
			for method, operation := range operations {
				name := strings.ToUpper(method) + " " + path
				if ids[operation.OperationID] || operation.OperationID == "" {
					t.Errorf("%s: operation id %q", name, operation.OperationID)
				}
				ids[operation.OperationID] = true
				if !strings.HasPrefix(path, "/v") {
					if _, served := openRoutes()[strings.ToLower(path)]; !served && path != "/recordings/{callId}" && path != "/samples/{voiceId}" {
						t.Errorf("%s is described and not served", name)
					}
					continue
				}
				described[name] = true
				match := table.Match(strings.ToUpper(method), path)
				if match.Route == nil {
					t.Errorf("%s is described and not served", name)
					continue
				}
				var inPath []string
				for _, parameter := range operation.Parameters {
					if parameter.In == "path" {
						inPath = append(inPath, parameter.Name)
					}
				}
				if !slices.Equal(inPath, match.Route.Parameters()) {
					t.Errorf("%s: parameters %v, the route has %v", name, inPath, match.Route.Parameters())
				}
				if (operation.RequestBody != nil) != match.Route.HasBody() {
					t.Errorf("%s: the body is described wrongly", name)
				}
				for _, status := range []string{"200", "401", "403", "429", "500"} {
					if operation.Responses[status] == nil {
						t.Errorf("%s: no answer %s", name, status)
					}
				}
			}
		}
		for _, r := range table.Routes() {
			if version != "" && r.Version() != version {
				continue
			}
			for _, name := range append([]string{r.Method + " " + r.Pattern}, r.Aliases...) {
				name = strings.ReplaceAll(name, "...}", "}")
				if !described[name] {
					t.Errorf("%s is served and not described in %q", name, version)
				}
				delete(described, name)
			}
		}
		if len(described) > 0 {
			t.Errorf("described and not served: %v", slices.Collect(maps.Keys(described)))
		}
		for _, reference := range references(string(text)) {
			kind, name, _ := strings.Cut(strings.TrimPrefix(reference, "#/components/"), "/")
			if document.Components[kind][name] == nil {
				t.Errorf("%s refers to nothing", reference)
			}
		}
	}
}

func references(text string) (list []string) {
	for {
		_, rest, found := strings.Cut(text, `"$ref":"`)
		if !found {
			return list
		}
		reference, after, _ := strings.Cut(rest, `"`)
		list, text = append(list, reference), after
	}
}
