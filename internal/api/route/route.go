// Package route decides what a route of the API is: one definition from which matching, checks and the OpenAPI document
// all come. It holds the route table and what a handler is given. It refuses to know which routes there are (v1, v2), how
// clients are authenticated, and how answers travel (api).
//
// # Adding a route
//
// A route is a Route value completed by Handle, which takes the types of its body and its answer from the handler:
//
//	route.Handle(route.Route{
//		Method: "PUT", Pattern: "/v2/Pearl/{pearlId}/Active",
//		Aliases: []string{"POST /v2/Pearl/{pearlId}/Active"},
//		Tag: "Pearls", Summary: "Run or pause",
//		Scope: account.ScopeFull,       // the least scope that may
//		Pearl: route.AnyPearl,          // {pearlId} is judged before the body; r.Pearl holds it
//		Query: []route.Query{{Name: "hangUp", Doc: "also end everything in the air"}},
//	}, h.setActive)
//
//	func (h *handlers) setActive(r *route.Request, in setActive) (campaign.Activity, error) {
//		hangUp, err := r.Flag("hangUp")
//		if err != nil {
//			return 0, err
//		}
//		return h.Engine.SetActive(r.Context(), r.Actor, r.Pearl.ID, *in.IsActive, hangUp)
//	}
//
// In is a struct as package body describes it, or None for requests without a body. Out is what the 200 carries as JSON;
// Text goes out as text/plain. Rules beyond the shape of members go into a Check method of In (see Checker). Errors are
// fault errors, returned as they come: package problem gives them their status. A handler of a route that Creates passes
// what Remember makes to the use case of the engine, so that answers survive with what they announce. The list of
// routes is the Routes function of v1 and v2; nothing else has to be touched, the document included.
package route

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/campaign"
	"nacre/internal/fault"
)

// PearlKind says which Pearls a route accepts under its Pearl parameter.
type PearlKind int

const (
	NoPearl       PearlKind = iota // the route has no Pearl parameter
	AnyPearl                       // inbound and outbound
	OutboundPearl                  // campaigns
	InboundPearl
)

// Sizes of bodies (contract 0.6).
const (
	MaxBody      = 1 << 20 // unless a route says otherwise
	MaxPearlBody = 8 << 20
	MaxBulkBody  = 64 << 20
	// Lists of 50,000 ids or blacklist entries always fit, every character escaped and each on a line of its own.
	MaxListBody = 8 << 20
	// So do 50,000 external ids of 512 characters, in UTF-8.
	MaxExternalIDBody = 128 << 20
)

// Route is one method on one path.
type Route struct {
	Method string
	// Pattern has fixed segments, {name} for one segment, and at its end {name...} for the whole rest. {pearlId},
	// {outboundId} and {inboundId} name a Pearl; the name decides the words of a miss.
	Pattern string
	Aliases []string // "METHOD pattern" with the same parameters: answered alike, not proposed to anyone

	Tag         string // heading in the document
	Summary     string
	Description string
	Example     string // of an answer that is Lines or a Stream
	Extension   bool   // not part of the documented API that nacre stands in for

	Scope   account.Scope // the least scope of keys that may
	Role    account.Role  // the least role of people that may; 0 = the usual one of the scope: Viewer, Operator, Admin
	Persons bool          // for people alone, whatever scope a key has
	Open    bool          // asks for neither key nor person
	Pearl   PearlKind
	// PearlLater: the use case reports a missing Pearl itself; the framework judges it only when something else is wrong
	// with the request, which saves hot routes a read. r.Pearl is not filled in.
	PearlLater bool

	MaxBody      int64 // bytes, 0 = MaxBody
	MergePatch   bool  // application/merge-patch+json is among the types (application/*+json always is)
	BodyOptional bool  // no body at all is read as {}
	Creates      bool  // takes an Idempotency-Key (contract 0.9)
	Adds         bool  // creates as well, but knows by itself what came before: refused while the disk is nearly full, like what Creates
	Stops        bool  // it creates what stops calls: a small body is taken also while the disk is nearly full
	Versioned    bool  // takes If-Match, answers with an ETag
	Secrets      bool  // changes where secrets are sent: the answer may have a Warning (Request.WarnCleared)
	Query        []Query
	Timeout      time.Duration // 0 = 30 s

	In, Out reflect.Type
	schema  *body.Schema
	serve   func(*Request) (any, error)
	decode  func(*Request, []byte) error
	names   []string // of parameters, in order
}

// Query is a parameter in the query: a flag, true or false, or, where it has an example, text.
type Query struct{ Name, Doc, Example string }

// None is the body of requests that have none.
type None struct{}

// Text is an answer as text/plain.
type Text string

// File is a body that is no JSON and is taken as it comes, whatever its type.
type File []byte

// FileTypes are those that the document names for a File.
var FileTypes = []string{"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// Lines is an answer that comes line by line while the work is done, as application/x-ndjson: line sends one value. It runs
// after the handler has returned; an error of it is the last line, {"error": problem} (contract 12).
type Lines func(line func(any) error) error

// Stream is an answer of server-sent events. It runs after the handler has returned, until ctx ends, or write or beat fails: write sends
// whole events, beat is called every few seconds and fails when whoever asked may not go on.
type Stream func(ctx context.Context, write func([]byte) error, beat func() error) error

// Audio is an answer of sound that goes on, as audio/wav; otherwise it is as a Stream.
type Audio func(ctx context.Context, write func([]byte) error, beat func() error) error

// Checker are rules of a request that need nothing but the request. Check is called after decoding, also when faults
// were found, so that all are reported together; members that could not be read are as if absent.
type Checker interface{ Check(faults *fault.List) }

// PearlChecker are rules of a request that need the Pearl. The use case judges them too: this is called only when other
// faults were found, to report all of them together.
type PearlChecker interface {
	CheckWith(pearl campaign.Pearl, faults *fault.List)
}

// Handle completes a route. It panics on a definition that cannot work: routes are built at start.
func Handle[In, Out any](r Route, handler func(*Request, In) (Out, error)) Route {
	r.In, r.Out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	r.names = parameters(r.Pattern)
	if r.Scope == "" || r.Summary == "" || r.Tag == "" {
		panic(fmt.Sprintf("route: %s %s needs a scope, a tag and a summary", r.Method, r.Pattern))
	}
	if (r.Pearl != NoPearl) != (r.pearlParameter() != "") {
		panic(fmt.Sprintf("route: %s %s: Pearl and parameters disagree", r.Method, r.Pattern))
	}
	if r.Role == 0 {
		r.Role = usualRole(r.Scope)
	}
	if r.MaxBody == 0 {
		r.MaxBody = MaxBody
	}
	if r.Timeout == 0 {
		r.Timeout = 30 * time.Second
	}
	if r.TakesFile() {
		r.decode = func(request *Request, data []byte) error {
			in := any(File(data)).(In)
			request.in = &in
			return nil
		}
	} else if r.HasBody() {
		r.schema = body.Compile(r.In)
		r.decode = func(request *Request, data []byte) error {
			if len(data) == 0 && r.BodyOptional {
				data = []byte("{}")
			}
			in := new(In)
			request.in = in
			faults := fault.List{Fields: r.schema.Decode(data, in)}
			if len(faults.Fields) == 1 && faults.Fields[0].Path == "$" {
				return faults.Err()
			}
			if checker, ok := any(in).(Checker); ok {
				checker.Check(&faults)
			}
			return faults.Err()
		}
	}
	r.serve = func(request *Request) (any, error) {
		var in In
		if given, ok := request.in.(*In); ok {
			in = *given
		}
		return handler(request, in)
	}
	return r
}

// HasBody reports whether the route reads a body.
func (r *Route) HasBody() bool { return r.In != reflect.TypeFor[None]() }

// TakesFile reports whether its body is a File.
func (r *Route) TakesFile() bool { return r.In == reflect.TypeFor[File]() }

// Name is the route as people write it: "POST /v2/Outbound/{pearlId}/Leads".
func (r *Route) Name() string {
	return r.Method + " " + strings.ReplaceAll(r.Pattern, "...}", "}")
}

// Version is the first segment of the path: "v1", "v2".
func (r *Route) Version() string {
	version, _, _ := strings.Cut(strings.TrimPrefix(r.Pattern, "/"), "/")
	return version
}

// Parameters are the names of the path's parameters, in order.
func (r *Route) Parameters() []string { return r.names }

// PearlWord is what a miss of the Pearl is called (contract 0.5): PearlId, OutboundId, InboundId.
func (r *Route) PearlWord() string { return body.Pascal(r.pearlParameter()) }

func (r *Route) pearlParameter() string {
	for _, name := range r.names {
		switch name {
		case "pearlId", "outboundId", "inboundId":
			return name
		}
	}
	return ""
}

// parameters are the names between braces.
func parameters(pattern string) (names []string) {
	for segment := range strings.SplitSeq(pattern, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.TrimSuffix(strings.Trim(segment, "{}"), "..."))
		}
	}
	return names
}

// Encode writes an answer: JSON without escapes for HTML, or plain text.
func Encode(answer any) (contentType string, text []byte, err error) {
	if plain, ok := answer.(Text); ok {
		return "text/plain; charset=utf-8", []byte(plain), nil
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		return "", nil, fmt.Errorf("encode answer: %w", err)
	}
	return "application/json; charset=utf-8", []byte(strings.TrimSuffix(out.String(), "\n")), nil
}
