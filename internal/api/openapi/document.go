// Package openapi decides how the route table is described: an OpenAPI 3.1 document made from the same definitions that
// match and check requests, and a page for people. It refuses to know what the routes do.
package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"nacre/internal/account"
	"nacre/internal/api/problem"
	"nacre/internal/api/route"
)

// Version is the version of the OpenAPI specification that documents follow.
const Version = "3.1.0"

// Document describes the routes of one version of the API, or of all where version is "".
func Document(routes []*route.Route, version string) ([]byte, error) {
	s := newSchemas()
	paths := object{}
	tags := []string{}
	for _, r := range routes {
		if version != "" && r.Version() != version {
			continue
		}
		if !slices.Contains(tags, r.Tag) {
			tags = append(tags, r.Tag)
		}
		add(paths, r.Method, r.Pattern, s.operation(r, r.Method, r.Pattern))
		for _, alias := range r.Aliases {
			method, pattern, _ := strings.Cut(alias, " ")
			operation := s.operation(r, method, pattern)
			operation["deprecated"] = true
			operation["description"] = "The same as " + r.Name() + "."
			add(paths, method, pattern, operation)
		}
	}
	if version == "" {
		openPaths(paths)
	}
	s.reference(reflect.TypeFor[problem.Problem](), false)
	var tagList []any
	for _, tag := range tags {
		tagList = append(tagList, object{"name": tag})
	}
	document := object{
		"openapi": Version,
		"info": object{
			"title": strings.TrimSpace("nacre API " + version), "version": "1",
			"description": "Outbound phone campaigns run by AI agents. Every 2xx has a JSON body, every error is problem JSON. " +
				"Fixed path segments and member names are case-insensitive, unknown members are ignored, integers may be given as strings of digits.",
		},
		"tags":     tagList,
		"security": []any{object{"key": []any{}}},
		"paths":    paths,
		"components": object{
			"schemas":         s.named,
			"responses":       responses(),
			"securitySchemes": object{"key": object{"type": "http", "scheme": "bearer", "bearerFormat": "<AccountId>:<SecretKey>", "description": "Scopes: " + strings.Join([]string{string(account.ScopeRead), string(account.ScopeLeads), string(account.ScopeFull)}, " < ")}},
		},
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return text, nil
}

func add(paths object, method, pattern string, operation object) {
	path := strings.ReplaceAll(pattern, "...}", "}")
	item, _ := paths[path].(object)
	if item == nil {
		item = object{}
		paths[path] = item
	}
	item[strings.ToLower(method)] = operation
}

func (s *schemas) operation(r *route.Route, method, pattern string) object {
	operation := object{
		"operationId": operationID(method, pattern), "tags": []any{r.Tag}, "summary": r.Summary,
		"x-scope": string(r.Scope), "responses": s.responses(r),
	}
	if r.Description != "" {
		operation["description"] = r.Description
	}
	if r.Extension {
		operation["x-extension"] = true
	}
	if parameters := parameters(r, pattern); len(parameters) > 0 {
		operation["parameters"] = parameters
	}
	if r.HasBody() {
		schema := s.of(r.In, true)
		content := object{"application/json": object{"schema": schema}}
		if r.MergePatch {
			content["application/merge-patch+json"] = object{"schema": schema}
		}
		operation["requestBody"] = object{"required": !r.BodyOptional, "content": content, "description": "at most " + strconv.FormatInt(r.MaxBody>>20, 10) + " MiB"}
	}
	return operation
}

// operationID is unique because method and path are: putV2OutboundByPearlIdLead.
func operationID(method, pattern string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for segment := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		if name, isParameter := strings.CutPrefix(segment, "{"); isParameter {
			b.WriteString("By")
			segment = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
		}
		b.WriteString(string(unicode.ToUpper(rune(segment[0]))) + segment[1:])
	}
	return b.String()
}

func parameters(r *route.Route, pattern string) (list []any) {
	for _, name := range r.Parameters() {
		parameter := object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}}
		switch {
		case strings.Contains(pattern, "{"+name+"...}"):
			parameter["description"] = "the whole rest of the path, slashes included; compared exactly"
		case strings.HasSuffix(name, "Id"):
			parameter["description"] = "24 hex digits; anything that names nothing is 400 \"wrong " + string(unicode.ToUpper(rune(name[0]))) + name[1:] + "\""
		case name == "phoneNumber":
			parameter["description"] = "a phone number in any common spelling; + is a plus sign"
		}
		list = append(list, parameter)
	}
	for _, flag := range r.Query {
		list = append(list, object{"name": flag.Name, "in": "query", "description": flag.Doc, "schema": object{"type": "boolean", "default": false}})
	}
	if r.Creates {
		list = append(list, object{"name": "Idempotency-Key", "in": "header", "description": "1 to 255 printable characters: within 24 hours the same key with the same body gets the first answer again", "schema": object{"type": "string", "minLength": 1, "maxLength": 255}})
	}
	if r.Versioned && r.Method != http.MethodGet {
		list = append(list, object{"name": "If-Match", "in": "header", "description": "the ETag of the version to change; another version is 412", "schema": object{"type": "string"}})
	}
	return list
}

func (s *schemas) responses(r *route.Route) object {
	kind := "application/json"
	if r.Out == reflect.TypeFor[route.Text]() {
		kind = "text/plain"
	}
	success := object{"description": "done", "content": object{kind: object{"schema": s.of(r.Out, false)}}}
	headers := object{}
	if r.Versioned {
		headers["ETag"] = object{"schema": object{"type": "string"}, "description": "version of the lead"}
	}
	if r.Creates {
		headers["Idempotency-Replayed"] = object{"schema": object{"type": "string"}, "description": "true when this is the kept answer to an earlier request"}
	}
	if len(headers) > 0 {
		success["headers"] = headers
	}
	out := object{"200": success}
	for _, status := range statuses(r) {
		out[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + strconv.Itoa(status)}
	}
	return out
}

// statuses are those that a route may answer besides 200.
func statuses(r *route.Route) []int {
	list := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if r.HasBody() {
		list = append(list, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	} else if len(r.Parameters()) > 0 || len(r.Query) > 0 {
		list = append(list, http.StatusBadRequest)
	}
	if r.Creates {
		list = append(list, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	if r.Versioned && r.Method != http.MethodGet {
		list = append(list, http.StatusPreconditionFailed)
	}
	return list
}

// responses are the problems, one a status.
func responses() object {
	all := object{}
	for _, status := range []int{400, 401, 403, 408, 409, 412, 413, 415, 422, 429, 500, 503} {
		response := object{
			"description": problem.New(status, "").Title,
			"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
		}
		switch status {
		case http.StatusUnauthorized:
			response["headers"] = object{"WWW-Authenticate": object{"schema": object{"type": "string"}}}
		case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			response["headers"] = object{"Retry-After": object{"schema": object{"type": "integer"}, "description": "seconds"}}
		}
		all[strconv.Itoa(status)] = response
	}
	return all
}

// openPaths are those that need no key.
func openPaths(paths object) {
	answer := func(summary, kind string, schema object, parameters ...any) object {
		operation := object{
			"operationId": "get" + strings.ReplaceAll(summary, " ", ""), "summary": summary, "security": []any{},
			"responses": object{"200": object{"description": "done", "content": object{kind: object{"schema": schema}}}},
		}
		if len(parameters) > 0 {
			operation["parameters"] = parameters
		}
		return object{"get": operation}
	}
	state := object{"type": "object", "properties": object{"status": object{"type": "string"}}, "required": []any{"status"}}
	paths["/healthz"] = answer("Live", "application/json", state)
	ready := answer("Ready", "application/json", state)
	ready["get"].(object)["responses"].(object)["503"] = object{"$ref": "#/components/responses/503"}
	paths["/readyz"] = ready
	paths["/metrics"] = answer("Metrics", "text/plain", object{"type": "string"})
	paths["/openapi.json"] = answer("Document", "application/json", object{"type": "object"})
	paths["/openapi/v1.json"] = answer("DocumentV1", "application/json", object{"type": "object"})
	paths["/openapi/v2.json"] = answer("DocumentV2", "application/json", object{"type": "object"})
	paths["/docs"] = answer("Docs", "text/html", object{"type": "string"})
	text := object{"type": "string"}
	paths["/recordings/{callId}"] = answer("Recording", "audio/wav", object{},
		object{"name": "callId", "in": "path", "required": true, "schema": text},
		object{"name": "expires", "in": "query", "required": true, "schema": text},
		object{"name": "signature", "in": "query", "required": true, "schema": text})
}
