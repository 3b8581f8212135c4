// Package openapi decides how the route table is described: an OpenAPI 3.1 document made from the same definitions that
// match and check requests. It refuses to know what the routes do.
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

const description = `Outbound phone campaigns run by AI agents, as a drop-in for the NLPearl.AI developer API. Guides are at /docs.

- Every 2xx has a JSON body, but for the creation of a Pearl, which answers the bare id as text/plain.
- Every error is problem JSON. An id that names nothing is 400 with errors.validation "wrong LeadId", "wrong PearlId", …; an unknown route is 404, a method that a route does not have 405 with Allow.
- Fixed path segments and member names are case-insensitive, unknown members are ignored, integers may be given as strings of digits, and null is as good as absence unless a member says otherwise.
- Bodies are application/json, text/json or application/*+json in UTF-8; one without a Content-Type is read as JSON.
- x-scope is the least scope of a key that may; x-extension marks what the API that nacre stands in for does not have.`

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
		tags = append(tags, serviceTag)
	}
	s.reference(reflect.TypeFor[problem.Problem](), false)
	var tagList []any
	for _, tag := range tags {
		tagList = append(tagList, object{"name": tag, "description": tagTexts()[tag]})
	}
	document := object{
		"openapi": Version,
		"info": object{
			"title": strings.TrimSpace("nacre API " + version), "version": "1", "summary": "Outbound phone campaigns run by AI agents.", "description": description,
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":      []any{object{"url": "/", "description": "this server"}},
		"externalDocs": object{"url": "/docs", "description": "Guides and reference"},
		"tags":         tagList,
		"security":     []any{object{"key": []any{}}, object{"session": []any{}}},
		"paths":        paths,
		"webhooks":     s.webhooks(),
		"components": object{
			"schemas":    s.named,
			"responses":  responses(version == ""),
			"headers":    headers(),
			"parameters": sharedParameters(),
			"securitySchemes": object{"session": object{
				"type": "apiKey", "in": "cookie", "name": "__Host-nacre",
				"description": "A person who is signed in. Over plain HTTP on the machine of the server itself the cookie is nacre-PORT. Roles: Owner > Admin > Operator > Viewer.",
			}, "key": object{
				"type": "http", "scheme": "bearer", "bearerFormat": "<AccountId>:<SecretKey>",
				"description": "AccountId is 24 hex digits, SecretKey 32 letters and digits. Scopes: " + strings.Join([]string{string(account.ScopeRead), string(account.ScopeLeads), string(account.ScopeFull)}, " < ") + ".",
			}},
		},
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	return text, nil
}

// tagTexts say what stands under a tag.
func tagTexts() map[string]string {
	return map[string]string{
		"Leads":     "The people of a campaign: add, find, update, stop calling.",
		"Pearls":    "Agents with their settings; a campaign is an outbound Pearl.",
		"Outbound":  "Campaigns: list, get, run and pause.",
		"Inbound":   "Inbound Pearls: list, get, run and pause.",
		"Calls":     "Calls, and call requests that wait to become calls.",
		"Analytics": "Calls counted by status, day and hour.",
		"Account":   "The account with its keys, phone numbers, trunks and settings.",
		"People":    "Who signs in, with which role.",
		"Blacklist": "Numbers that are never called.",
		"Webhooks":  "Webhook settings, deliveries and their replay.",
		serviceTag:  "Outside the versions: health, metrics, documents, recordings. No key.",
	}
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
		"x-scope": string(r.Scope), "responses": s.responses(r), "parameters": parameters(r, pattern),
	}
	if r.Description != "" {
		operation["description"] = r.Description
	}
	if r.Extension {
		operation["x-extension"] = true
	}
	switch {
	case r.Open:
		operation["security"] = []any{}
		delete(operation, "x-scope")
	case r.Persons:
		operation["security"] = []any{object{"session": []any{}}}
		delete(operation, "x-scope")
	}
	if !r.Open {
		operation["x-role"] = r.Role.String()
	}
	if r.HasBody() {
		media := object{"schema": s.of(r.In, true), "example": s.exampleOf(r.In, true)}
		content := object{"application/json": media}
		if r.TakesFile() {
			content = object{}
			for _, kind := range route.FileTypes {
				content[kind] = object{"schema": object{"type": "string", "format": "binary"}}
			}
			content[route.FileTypes[0]] = object{
				"schema": object{"type": "string"}, "example": "phoneNumber,externalId,firstName\n+14155550101,crm-4711,Ada\n",
			}
		}
		if r.MergePatch {
			content["application/merge-patch+json"] = media
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
		schema := object{"type": "string"}
		parameter := object{"name": name, "in": "path", "required": true, "schema": schema, "example": pathExamples()[name]}
		switch {
		case strings.Contains(pattern, "{"+name+"...}"):
			schema["minLength"] = 1
			parameter["description"] = "the whole rest of the path, slashes included; compared exactly"
		case strings.HasSuffix(name, "Id"):
			schema["pattern"] = idIn
			parameter["description"] = "24 hex digits; anything that names nothing is 400 \"wrong " + upper(name) + "\""
		case name == "phoneNumber":
			schema["minLength"], schema["maxLength"] = 1, 64
			parameter["description"] = "a phone number in any common spelling; + is a plus sign"
		}
		list = append(list, parameter)
	}
	for _, flag := range r.Query {
		parameter := object{"name": flag.Name, "in": "query", "description": flag.Doc, "schema": object{"type": "boolean", "default": false}}
		if flag.Example != "" {
			parameter["schema"], parameter["example"] = object{"type": "string"}, flag.Example
		}
		list = append(list, parameter)
	}
	if r.Creates {
		list = append(list, reference("parameters", "IdempotencyKey"))
	}
	if r.Versioned && r.Method != http.MethodGet {
		list = append(list, reference("parameters", "IfMatch"))
	}
	return append(list, reference("parameters", "RequestId"), reference("parameters", "Traceparent"))
}

// pathExamples are what the parameters of paths may look like.
func pathExamples() map[string]string {
	return map[string]string{
		"pearlId": "6650a1f2c3d4e5f60718293a", "outboundId": "6650a1f2c3d4e5f60718293a", "inboundId": "6650a1f2c3d4e5f60718293b",
		"leadId": "665f1f77bcf86cd799439011", "callId": "665f1f77bcf86cd799439099", "callRequestId": "665f1f77bcf86cd799439044",
		"deliveryId": "665f1f77bcf86cd799439055", "trunkId": "665f1f77bcf86cd799439066", "phoneNumberId": "665f1f77bcf86cd799439077",
		"keyId": "665f1f77bcf86cd799439088", "userId": "665f1f77bcf86cd799439033", "phoneNumber": "+14155550101", "externalId": "crm-4711",
		"version": "3", "tryId": "665f1f77bcf86cd7994390bb",
	}
}

func (s *schemas) responses(r *route.Route) object {
	kind, media := "application/json", object{"schema": s.of(r.Out, false), "example": s.exampleOf(r.Out, false)}
	switch r.Out {
	case reflect.TypeFor[route.Text]():
		kind = "text/plain"
	case reflect.TypeFor[route.Lines]():
		kind = "application/x-ndjson"
		media["example"] = r.Example
	case reflect.TypeFor[route.Stream]():
		kind = "text/event-stream"
		media["example"] = r.Example
	case reflect.TypeFor[route.Audio]():
		kind, media = "audio/wav", object{"schema": s.of(r.Out, false)}
	case reflect.TypeFor[bool](): // what was asked for is done, or the answer is an error
		media = object{"schema": object{"type": "boolean", "const": true}, "example": true}
	}
	success := object{"description": "done", "content": object{kind: media}}
	answered := sharedHeaders(true)
	if r.Versioned {
		answered["ETag"] = reference("headers", "ETag")
	}
	if r.Secrets {
		answered["Warning"] = reference("headers", "Warning")
	}
	if r.Creates {
		answered["Idempotency-Replayed"] = reference("headers", "IdempotencyReplayed")
	}
	success["headers"] = answered
	out := object{"200": success}
	for _, status := range statuses(r) {
		out[strconv.Itoa(status)] = reference("responses", strconv.Itoa(status))
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
