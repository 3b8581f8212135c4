package openapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"nacre/internal/api/problem"
	"nacre/internal/api/route"
)

// serviceTag gathers what stands outside the versions.
const serviceTag = "Service"

func reference(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

// sharedParameters are headers that requests may carry.
func sharedParameters() object {
	header := func(name, text string, schema object, example string) object {
		return object{"name": name, "in": "header", "description": text, "schema": schema, "example": example}
	}
	return object{
		"IdempotencyKey": header("Idempotency-Key", "1 to 255 printable characters: within 24 hours the same key with the same body gets the first answer again, byte for byte; another body is 422",
			object{"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}, "5f1c8f0e-add-lead-crm-4711"),
		"IfMatch":     header("If-Match", "the ETag of the version to change; another version is 412", object{"type": "string"}, `"3"`),
		"RequestId":   header("X-Request-Id", "comes back with the answer; made where it is absent", object{"type": "string", "maxLength": 128}, "b2d5c1"),
		"Traceparent": header("traceparent", "W3C trace context; what the request leads to carries its trace", object{"type": "string"}, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
	}
}

// headers are those of answers.
func headers() object {
	header := func(kind, text string, example any) object {
		return object{"description": text, "schema": object{"type": kind}, "example": example}
	}
	return object{
		"RequestId":           header("string", "the id of the request, or the one it came with", "b2d5c1"),
		"RateLimitLimit":      header("integer", "requests that the key may make at once", 2000),
		"RateLimitRemaining":  header("integer", "requests that are left now", 1999),
		"RateLimitReset":      header("integer", "seconds until all are there again", 1),
		"RetryAfter":          header("integer", "whole seconds to wait", 1),
		"ETag":                header("string", "version of the lead, for If-Match", `"3"`),
		"IdempotencyReplayed": header("string", "true when this is the remembered answer to an earlier request", "true"),
		"Warning":             header("string", "a secret was cleared, because what it is sent to (scheme, host, port) has changed and it was not sent again", `299 nacre "webhookCredential was cleared: its destination has changed. Send it again."`),
		"WWWAuthenticate":     header("string", "how to authorize", problem.Challenge),
	}
}

// sharedHeaders are on every answer; those of the rate limit on answers to a known key.
func sharedHeaders(authorized bool) object {
	out := object{"X-Request-Id": reference("headers", "RequestId")}
	if authorized {
		for _, name := range []string{"Limit", "Remaining", "Reset"} {
			out["RateLimit-"+name] = reference("headers", "RateLimit"+name)
		}
	}
	return out
}

// responses are the problems, one a status; 404 and 416 are met outside the versions alone.
func responses(outside bool) object {
	all := object{}
	for _, status := range []int{400, 401, 403, 404, 408, 409, 412, 413, 415, 416, 422, 429, 500, 503} {
		if !outside && (status == http.StatusNotFound || status == http.StatusRequestedRangeNotSatisfiable) {
			continue
		}
		answered := sharedHeaders(!slices.Contains([]int{401, 404, 416}, status))
		switch status {
		case http.StatusUnauthorized:
			answered["WWW-Authenticate"] = reference("headers", "WWWAuthenticate")
		case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			answered["Retry-After"] = reference("headers", "RetryAfter")
		}
		all[strconv.Itoa(status)] = object{
			"description": problem.New(status, "").Title, "headers": answered,
			"content": object{"application/problem+json": object{"schema": object{"$ref": componentSchemas + "Problem"}, "examples": problems(status)}},
		}
	}
	return all
}

// problems are what the body of a status may look like.
func problems(status int) object {
	one := func(detail string, errors map[string][]string) object {
		p := problem.New(status, detail)
		p.TraceID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		if errors != nil {
			p.Errors = errors
		}
		return object{"value": json.RawMessage(p.JSON())}
	}
	if status == http.StatusBadRequest {
		return object{
			"validation": one("", map[string][]string{"PhoneNumber": {"The PhoneNumber field is required."}}),
			"miss":       one("", map[string][]string{"validation": {"wrong LeadId"}}),
			"noObject":   one("", map[string][]string{"$": {"The body is empty; a JSON object is required."}}),
		}
	}
	if status == http.StatusConflict {
		return object{
			"sameKey": one("A request with the same Idempotency-Key is still in progress.", nil),
			"adding":  one("Another request is adding leads to this campaign, and duplicatePolicy cannot be judged before it ends. Repeat the request.", nil),
		}
	}
	return object{"usual": one(map[int]string{
		401: "The key is wrong.",
		403: `The key has the scope "read"; this route needs "leads".`,
		404: "There is no such route. All of them are listed at /docs.",
		408: "The body did not arrive in time.",
		412: "If-Match names another version than the stored one.",
		413: "The body is over the limit of this route, 1048576 bytes.",
		415: "The Content-Type is not accepted; send application/json.",
		416: "The range lies outside the recording.",
		422: "The Idempotency-Key was used before with another body.",
		429: "The key's rate limit is reached.",
		503: "Not ready.",
	}[status], nil)}
}

// openPaths are those that need no key. HEAD is answered wherever GET is.
func openPaths(paths object) {
	answer := func(path, name, summary, kind string, media object) object {
		operation := object{
			"operationId": "get" + name, "summary": summary, "security": []any{}, "tags": []any{serviceTag}, "parameters": []any{reference("parameters", "RequestId")},
			"responses": object{"200": object{"description": "done", "headers": sharedHeaders(false), "content": object{kind: media}}},
		}
		paths[path] = object{"get": operation}
		return operation
	}
	state := func(is string) object {
		return object{"schema": object{"type": "object", "properties": object{"status": object{"type": "string", "const": is}}, "required": []any{"status"}}, "example": object{"status": is}}
	}
	text := object{"schema": object{"type": "string"}}
	answer("/healthz", "Live", "Whether the process lives", "application/json", state("ok"))
	answer("/readyz", "Ready", "Whether requests can be served", "application/json", state("ready"))["responses"].(object)["503"] = reference("responses", "503")
	metrics := answer("/metrics", "Metrics", "Figures for Prometheus", "text/plain", text)
	metrics["description"] = "For loopback peers only, unless configured otherwise."
	metrics["responses"].(object)["404"] = reference("responses", "404")
	document := object{"schema": object{"type": "object"}}
	answer("/openapi.json", "Document", "This document", "application/json", document)
	answer("/openapi/v1.json", "DocumentV1", "This document, v1 alone", "application/json", document)
	answer("/openapi/v2.json", "DocumentV2", "This document, v2 alone", "application/json", document)
	answer("/docs", "Docs", "Guides and reference, for people", "text/html", text)
	recording(paths)
	sample(paths)
}

// sample describes the samples of voices.
func sample(paths object) {
	paths[route.SamplePath+"{voiceId}"] = object{"get": object{
		"operationId": "getVoiceSample", "summary": "Hear a voice", "tags": []any{serviceTag}, "security": []any{},
		"description": "The address comes with the list of voices. What is not kept from before is spoken now, which takes some seconds.",
		"parameters": []any{
			object{"name": "voiceId", "in": "path", "required": true, "description": "24 hex digits", "schema": object{"type": "string", "pattern": idIn}},
			reference("parameters", "RequestId"),
		},
		"responses": object{
			"200": object{"description": "the voice", "headers": sharedHeaders(false), "content": object{
				"audio/wav": object{"schema": object{"type": "string", "contentMediaType": "audio/wav", "description": "PCM, 16 bit, 8 kHz, mono"}},
			}},
			"404": reference("responses", "404"), "503": reference("responses", "503"),
		},
	}}
}

// recording describes signed links: whole or in ranges, by GET and HEAD.
func recording(paths object) {
	parameter := func(in, name, text string, schema object) object {
		return object{"name": name, "in": in, "required": true, "description": text, "schema": schema}
	}
	ranged := object{"name": "Range", "in": "header", "description": "a part of the file", "schema": object{"type": "string"}, "example": "bytes=0-1023"}
	sound := object{"audio/wav": object{"schema": object{"type": "string", "contentMediaType": "audio/wav", "description": "PCM, 16 bit, 8 kHz; track 3 is stereo, agent left, lead right"}}}
	length := object{"description": "bytes", "schema": object{"type": "integer"}}
	accepts := object{"description": "bytes", "schema": object{"type": "string"}}
	operation := func(id, summary string, content object) object {
		whole, part := sharedHeaders(false), sharedHeaders(false)
		whole["Content-Length"], whole["Accept-Ranges"] = length, accepts
		part["Content-Length"], part["Content-Range"] = length, object{"description": "which part of how much", "schema": object{"type": "string"}, "example": "bytes 0-1023/640044"}
		out := object{
			"operationId": id, "summary": summary, "tags": []any{serviceTag}, "security": []any{},
			"description": "The link comes from the API, with its signature and its expiry. A wrong or expired one is 404.",
			"parameters": []any{
				parameter("path", "callId", "24 hex digits", object{"type": "string", "pattern": idIn}),
				parameter("query", "expires", "until when, Unix seconds", object{"type": "integer"}),
				parameter("query", "signature", "of the rest of the link", object{"type": "string"}),
				ranged, reference("parameters", "RequestId"),
			},
			"responses": object{
				"200": object{"description": "the whole recording", "headers": whole}, "206": object{"description": "the part asked for", "headers": part},
				"404": reference("responses", "404"), "416": reference("responses", "416"),
			},
		}
		if content != nil {
			for _, status := range []string{"200", "206"} {
				out["responses"].(object)[status].(object)["content"] = content
			}
		}
		return out
	}
	paths["/recordings/{callId}"] = object{
		"get": operation("getRecording", "Fetch a recording", sound), "head": operation("headRecording", "Ask about a recording", nil),
	}
}
