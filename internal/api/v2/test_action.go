package v2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/fault"
)

type actionHandlers struct {
	pearlHandlers
	tested *tries // by account
}

const (
	testEvery = 2 * time.Second // how often an account may have a request made
	testSize  = 1 << 10         // bytes that the audit log takes
)

func actionRoutes(services route.Services) []route.Route {
	h := actionHandlers{pearlHandlers{services}, &tries{tryAgain: testEvery, last: map[string]time.Time{}}}
	return []route.Route{route.Handle(route.Route{
		Method: "POST", Pattern: "/v2/Pearl/{pearlId}/Actions/Test", Tag: "Trying out", Extension: true, Scope: account.ScopeFull, Role: account.Operator,
		Pearl: route.AnyPearl, Query: []route.Query{ofDraft}, Summary: "Make a request of a Pearl, to see what comes of it",
		Description: "It is sent as in a call, with its headers, by the same rules of where it may go, ten seconds at most. An account may have one made in two seconds.",
	}, h.test)}
}

// actionTest is the body of a test.
type actionTest struct {
	Member string      `json:"member" api:"required" schema:"pattern=^Pearl\\.(ApiSettings|Nodes|Notifications)\\[[0-9]+\\]$,example=Pearl.ApiSettings[0]" doc:"where the request is, as errors name it: Pearl.ApiSettings[0], Pearl.Nodes[2] or Pearl.Notifications[1]"`
	Values body.Object `json:"values" doc:"variables that the request takes, as a call would know them"`
}

// actionTested is what came of it.
type actionTested struct {
	Status    *int           `json:"status" doc:"null without an answer"`
	LatencyMS int64          `json:"latencyMs"`
	Body      *string        `json:"body" doc:"the first 1,024 bytes of the answer; null without one"`
	Outputs   []actionOutput `json:"outputs" doc:"of outputBody, what each would bring"`
	Error     *string        `json:"error" doc:"why a call would go on without it; null = it would not"`
}

type actionOutput struct {
	Key        string `json:"key"`
	VariableID string `json:"variableId"`
	Value      any    `json:"value" doc:"null = the answer has none of the variable's type"`
}

func (h actionHandlers) test(r *route.Request, in actionTest) (actionTested, error) {
	pearl, err := h.asked(r)
	if err != nil {
		return actionTested{}, err
	}
	pearl.Complete()
	request := pearl.RequestOf(in.Member)
	if request == nil {
		return actionTested{}, fault.Bad("Member", "The value '%.60s' names no request of the Pearl.", in.Member)
	}
	if err := faultsBelow(in.Member, pearl.Check(h.Judges)); err != nil {
		return actionTested{}, err
	}
	values := map[string]any{}
	if len(in.Values) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(in.Values))
		decoder.UseNumber() // numbers keep their digits
		if err := decoder.Decode(&values); err != nil {
			return actionTested{}, fmt.Errorf("read values: %w", err)
		}
	}
	if h.TestAction == nil {
		return actionTested{}, fault.Refused("This installation makes no requests.")
	}
	if wait := h.tested.wait(string(r.Actor.Account), r.Now); wait > 0 {
		return actionTested{}, &fault.Error{Kind: fault.TooMany, RetryAfter: wait, Detail: "A request was tested within two seconds."}
	}
	if err := r.TakeUpload(testSize); err != nil {
		return actionTested{}, err
	}
	host := ""
	if address, err := url.Parse(request.URL); err == nil {
		host = address.Host
	}
	if err := h.Engine.TestedAction(r.Context(), r.Actor, pearl, in.Member, request.Method, host); err != nil {
		return actionTested{}, err
	}
	return testedOf(*request, h.TestAction(r.Context(), *request, pearl.KnownWith(values))), nil
}

func testedOf(request call.Request, t call.Tested) actionTested {
	shown := actionTested{LatencyMS: t.Took.Milliseconds(), Outputs: []actionOutput{}, Error: wire.Text(t.Failure)}
	if t.Status != 0 {
		shown.Status, shown.Body = &t.Status, &t.Body
	}
	for _, o := range request.Outputs {
		output := actionOutput{Key: o.Key, VariableID: o.Variable}
		if n := slices.IndexFunc(t.Brought, func(v call.Value) bool { return v.ID == o.Variable }); n >= 0 {
			output.Value = t.Brought[n].Value
		}
		shown.Outputs = append(shown.Outputs, output)
	}
	return shown
}

// faultsBelow are those of an error that are about a member, or about something in it.
func faultsBelow(member string, err error) error {
	var all fault.List
	all.Join("", err)
	all.Fields = slices.DeleteFunc(all.Fields, func(f fault.Field) bool { return !strings.HasPrefix(f.Path+".", member+".") })
	return all.Err()
}
