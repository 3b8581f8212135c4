// Package problem decides what an API client is told when a request did not succeed: the problem JSON of contract 0.5,
// and which kind of fault becomes which status. It refuses to know requests, routes and where the fault came from, and
// never lets an inner detail out.
package problem

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// ContentType of every answer that is a problem.
const ContentType = "application/problem+json; charset=utf-8"

// Problem is the body of every answer other than 2xx.
type Problem struct {
	Type     string              `json:"type" doc:"URL of the section that defines the status"`
	Title    string              `json:"title"`
	Status   int                 `json:"status"`
	Detail   *string             `json:"detail"`
	Instance *string             `json:"instance"`
	Errors   map[string][]string `json:"errors,omitempty" doc:"member path in PascalCase → texts; present on every 400"`
	TraceID  string              `json:"traceId" doc:"W3C trace context of the request; the log has the same"`
}

// kinds are the statuses an answer may have: title, and the section of the RFC that defines the status.
var kinds = map[int]struct{ title, section string }{
	http.StatusBadRequest:                  {"One or more validation errors occurred.", "rfc9110#section-15.5.1"},
	http.StatusUnauthorized:                {"Unauthorized", "rfc9110#section-15.5.2"},
	http.StatusForbidden:                   {"Forbidden", "rfc9110#section-15.5.4"},
	http.StatusNotFound:                    {"Not Found", "rfc9110#section-15.5.5"},
	http.StatusMethodNotAllowed:            {"Method Not Allowed", "rfc9110#section-15.5.6"},
	http.StatusRequestTimeout:              {"Request Timeout", "rfc9110#section-15.5.9"},
	http.StatusConflict:                    {"Conflict", "rfc9110#section-15.5.10"},
	http.StatusPreconditionFailed:          {"Precondition Failed", "rfc9110#section-15.5.13"},
	http.StatusRequestEntityTooLarge:       {"Content Too Large", "rfc9110#section-15.5.14"},
	http.StatusUnsupportedMediaType:        {"Unsupported Media Type", "rfc9110#section-15.5.16"},
	http.StatusExpectationFailed:           {"Expectation Failed", "rfc9110#section-15.5.18"},
	http.StatusUnprocessableEntity:         {"Unprocessable Content", "rfc9110#section-15.5.21"},
	http.StatusTooManyRequests:             {"Too Many Requests", "rfc6585#section-4"},
	http.StatusRequestHeaderFieldsTooLarge: {"Request Header Fields Too Large", "rfc6585#section-5"},
	http.StatusNotImplemented:              {"Not Implemented", "rfc9110#section-15.6.2"},
	http.StatusHTTPVersionNotSupported:     {"HTTP Version Not Supported", "rfc9110#section-15.6.6"},
	http.StatusInternalServerError:         {"An error occurred while processing your request.", "rfc9110#section-15.6.1"},
	http.StatusServiceUnavailable:          {"Service Unavailable", "rfc9110#section-15.6.4"},
}

// New is a problem with the usual title and type of a status; detail may be empty.
func New(status int, detail string) Problem {
	kind, known := kinds[status]
	if !known {
		kind.title, kind.section = http.StatusText(status), "rfc9110#section-15"
	}
	p := Problem{Type: "https://tools.ietf.org/html/" + kind.section, Title: kind.title, Status: status}
	if detail != "" {
		p.Detail = &detail
	}
	if status == http.StatusBadRequest {
		p.Errors = map[string][]string{}
	}
	return p
}

// Error is a problem that the protocol itself makes (no such route, body too large, …), with the headers that belong to it.
type Error struct {
	Status int
	Detail string
	Header http.Header
}

func (e *Error) Error() string { return http.StatusText(e.Status) + ": " + e.Detail }

// Status is an Error without headers.
func Status(status int, detail string) *Error { return &Error{Status: status, Detail: detail} }

// With adds a header.
func (e *Error) With(name, value string) *Error {
	if e.Header == nil {
		e.Header = http.Header{}
	}
	e.Header.Set(name, value)
	return e
}

// JSON is the problem as it goes out.
func (p Problem) JSON() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(p); err != nil { // texts and integers always marshal
		return []byte(`{"title":"An error occurred while processing your request.","status":500}`)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
