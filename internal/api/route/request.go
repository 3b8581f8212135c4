package route

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/recording"
)

// Request is what a handler is given: an authorized request whose body has been read.
type Request struct {
	Route   *Route
	Actor   engine.Actor
	Asker   Asker
	Browser Browser
	Now     time.Time
	Links   recording.Links // their Base is this server's address as the client may use it
	Pearl   campaign.Pearl  // the Pearl in the path, unless the route says PearlLater
	Header  http.Header     // of the answer
	Queries Queries
	// TakeMemory books bytes that the request holds until its answer is sent, as its body does, or says that there is no room for them.
	TakeMemory func(bytes int64) error
	// TakeUpload books bytes that are stored besides those of the body, or says that the account has had as much stored as it may.
	TakeUpload func(bytes int64) error

	ctx    context.Context
	http   *http.Request
	values []string
	query  url.Values
	in     any
	keyed  *engine.KeyedRequest

	remembered *Answer
}

// Answer is what goes out when a request succeeded.
type Answer struct {
	Status int
	Type   string
	Body   []byte
	Lines  Lines  // in place of a body
	Stream Stream // likewise; server-sent events, or audio
}

// NewRequest is for api, which has matched and authorized.
func NewRequest(ctx context.Context, r *http.Request, match Match) *Request {
	return &Request{Route: match.Route, Header: http.Header{}, ctx: ctx, http: r, values: match.Values}
}

// RecordingLink is a fresh link to the recording of a call, for the key or the person of the request (contract 3.6).
func (r *Request) RecordingLink(callID id.ID) (link string, expires time.Time) {
	return r.Links.URL(callID, recording.Holder{Key: r.Asker.Key.ID, Person: r.Asker.Person.ID, Sessions: r.Asker.Person.Sessions, Expires: r.Asker.Until}, r.Now)
}

// Context ends when the client has gone or the route's time is over.
func (r *Request) Context() context.Context { return r.ctx }

// SetContext is for api, which gives a request its time anew when the body has come.
func (r *Request) SetContext(ctx context.Context) { r.ctx = ctx }

// Text is the value of a path parameter. One that cannot name anything stored is a miss.
func (r *Request) Text(name string) (string, error) {
	for i, known := range r.Route.names {
		if known == name {
			if !plain(r.values[i]) {
				return "", fault.Missing(body.Pascal(name))
			}
			return r.values[i], nil
		}
	}
	return "", fmt.Errorf("route %s has no parameter %s", r.Route.Name(), name)
}

// ID is the id in a path parameter; what is no id is a miss: {leadId} gives "wrong LeadId".
func (r *Request) ID(name string) (id.ID, error) {
	text, err := r.Text(name)
	if err != nil {
		return "", err
	}
	parsed, ok := id.Parse(text)
	if !ok {
		return "", fault.Missing(body.Pascal(name))
	}
	return parsed, nil
}

// PearlID is the id of the Pearl, whatever the route calls it.
func (r *Request) PearlID() (id.ID, error) {
	parsed, err := r.ID(r.Route.pearlParameter())
	if fault.Is(err, fault.NotFound) {
		return "", fault.Missing("PearlId") // problem.Of says it in the route's word
	}
	return parsed, err
}

// JudgePearl reads the Pearl of the path: of another account, of the wrong type or missing, it is a miss.
func (r *Request) JudgePearl() (campaign.Pearl, error) {
	pearlID, err := r.PearlID()
	if err != nil {
		return campaign.Pearl{}, err
	}
	pearl, err := r.Queries.ReadPearl(r.ctx, r.Actor.Account, pearlID)
	switch {
	case fault.Is(err, fault.NotFound):
		return campaign.Pearl{}, fault.Missing("PearlId")
	case err != nil:
		return campaign.Pearl{}, fmt.Errorf("read Pearl: %w", err)
	case r.Route.Pearl == OutboundPearl && pearl.Type != campaign.OutboundPearl,
		r.Route.Pearl == InboundPearl && pearl.Type != campaign.InboundPearl:
		return campaign.Pearl{}, fault.Missing("PearlId")
	}
	return pearl, nil
}

// Asked is a member of the query as it was given, in any case.
func (r *Request) Asked(name string) (value string, given bool) {
	if r.query == nil {
		r.query = r.http.URL.Query()
	}
	for member, values := range r.query {
		if strings.EqualFold(member, name) && len(values) > 0 {
			return values[len(values)-1], true
		}
	}
	return "", false
}

// LastEventID is that of the last event that a client of a stream has got, "" where it says none.
func (r *Request) LastEventID() string { return strings.TrimSpace(r.http.Header.Get("Last-Event-ID")) }

// Flag is a member of the query that is true or false; absent is false.
func (r *Request) Flag(name string) (bool, error) {
	switch value, given := r.Asked(name); {
	case strings.EqualFold(value, "true"):
		return true, nil
	case !given, strings.EqualFold(value, "false"):
		return false, nil
	default:
		return false, fault.Bad(body.Pascal(name), "The value '%.60s' of the query is not valid; it must be true or false.", value)
	}
}

// IfMatch are the versions that If-Match names, nil without the header or for "*" (RFC 9110, 13.1.1). What is no version
// of ours matches nothing; a proxy that compresses may have made a tag weak, which changes nothing of what it names.
func (r *Request) IfMatch() []int64 {
	header := strings.TrimSpace(strings.Join(r.http.Header.Values("If-Match"), ","))
	if header == "" || header == "*" {
		return nil
	}
	versions := []int64{}
	for tag := range strings.SplitSeq(header, ",") {
		text := strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		if version, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(version, 10) == text {
			versions = append(versions, version)
		}
	}
	return versions
}

// SetVersion gives the answer its ETag.
func (r *Request) SetVersion(version int64) {
	r.Header.Set("ETag", `"`+strconv.FormatInt(version, 10)+`"`)
}

// WarnCleared says in the answer's Warning header (RFC 7234, 5.5; 299 is a warning of any kind that is to be shown) which
// secrets a change has cleared, by their members.
func (r *Request) WarnCleared(paths []string) {
	for _, path := range paths {
		member := path[strings.LastIndexByte(path, '.')+1:]
		if member == "" { // the name of a header, which is any text
			member = path
		}
		r.Header.Add("Warning", `299 nacre "`+strings.ToLower(member[:1])+member[1:]+` was cleared: its destination has changed. Send it again."`)
	}
}

// SetKey has the request's answer remembered under its Idempotency-Key, where its handler asks for that with Remember.
func (r *Request) SetKey(keyed engine.KeyedRequest) { r.keyed = &keyed }

// Remember is what a handler of a route that Creates passes to its use case: with an Idempotency-Key the answer made of what
// was made is committed together with it, and sent as it was committed. Without one it is nil.
func Remember[Made any](r *Request, answer func(Made) any) *engine.Remember[Made] {
	if r.keyed == nil {
		return nil
	}
	return &engine.Remember[Made]{KeyedRequest: *r.keyed, Answer: func(made Made) (int, string, []byte, error) {
		contentType, text, err := Encode(answer(made))
		if err != nil {
			return 0, "", nil, err
		}
		r.remembered = &Answer{Status: http.StatusOK, Type: contentType, Body: text}
		return http.StatusOK, contentType, text, nil
	}}
}

// Decode reads the body. The Pearl is judged before the faults of the body are told (contract 0.5).
func (r *Request) Decode(data []byte) error {
	err := r.Route.decode(r, data)
	if err == nil {
		return nil
	}
	pearl := r.Pearl
	if r.Route.PearlLater {
		var missing error
		if pearl, missing = r.JudgePearl(); missing != nil {
			return missing
		}
	}
	var invalid *fault.Error
	checker, ok := r.in.(PearlChecker)
	if !ok || !errors.As(err, &invalid) || len(invalid.Fields) == 1 && invalid.Fields[0].Path == "$" {
		return err
	}
	faults := fault.List{Fields: invalid.Fields}
	checker.CheckWith(pearl, &faults)
	return faults.Err()
}

// PearlFirst is err, or the miss of the Pearl where nobody has judged it yet: a client is told about its Pearl before
// anything about its body (contract 11).
func (r *Request) PearlFirst(err error) error {
	if r.Route.PearlLater {
		if _, missing := r.JudgePearl(); missing != nil {
			return missing
		}
	}
	return err
}

// Serve runs the handler and encodes what it returns.
func (r *Request) Serve() (Answer, error) {
	result, err := r.Route.serve(r)
	if err != nil {
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
			err = r.PearlFirst(err)
		}
		return Answer{}, err
	}
	if r.remembered != nil {
		return *r.remembered, nil
	}
	if lines, ok := result.(Lines); ok {
		return Answer{Status: http.StatusOK, Type: "application/x-ndjson; charset=utf-8", Lines: lines}, nil
	}
	if stream, ok := result.(Stream); ok {
		return Answer{Status: http.StatusOK, Type: "text/event-stream", Stream: stream}, nil
	}
	if audio, ok := result.(Audio); ok {
		return Answer{Status: http.StatusOK, Type: "audio/wav", Stream: Stream(audio)}, nil
	}
	contentType, text, err := Encode(result)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: http.StatusOK, Type: contentType, Body: text}, nil
}

// Place is method, route and the values in the path: what "the same route" means to an Idempotency-Key.
func (r *Request) Place() string {
	return r.Route.Name() + " " + strings.ToLower(strings.Join(r.values, "/"))
}
