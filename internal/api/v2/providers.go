package v2

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/fault"
)

type providerHandlers struct {
	route.Services
	tried *tries
}

// tries is when each of some things was tried last; tryAgain is how often one may be, by whomever.
type tries struct {
	tryAgain time.Duration
	mu       sync.Mutex
	last     map[string]time.Time
}

const (
	// tryTime bounds the test of a provider: clients give up after 15 seconds (contract 11).
	tryTime = 10 * time.Second
	// tryEvery is how often one may be tried: they cost money.
	tryEvery = 10 * time.Second
)

func providerRoutes(services route.Services) []route.Route {
	h := providerHandlers{services, &tries{tryAgain: tryEvery, last: map[string]time.Time{}}}
	r := func(r route.Route) route.Route {
		r.Tag, r.Extension, r.Role = "Account", true, account.Admin
		return r
	}
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: "/v2/Providers", Scope: account.ScopeRead, Summary: "List what this installation hears, speaks and thinks with", Description: "In the order in which they are asked. Nothing of keys is told."}), h.list),
		route.Handle(r(route.Route{Method: "POST", Pattern: "/v2/Providers/Test", Scope: account.ScopeFull, Summary: "Try one of them", Description: "It is asked one small thing, ten seconds at most. Each may be tried once in ten seconds."}), h.test),
	}
}

// providerRow is something that calls use.
type providerRow struct {
	Kind        string             `json:"kind" schema:"values=ears|voice|model|sms"`
	Name        string             `json:"name"`
	Service     string             `json:"service" doc:"whose it is: local, openai, deepgram, elevenlabs, cartesia, http"`
	Model       *string            `json:"model" doc:"null = its usual one"`
	Host        *string            `json:"host" doc:"null = this machine"`
	Price       map[string]float64 `json:"price" doc:"by unit, in the operator's; {} = it costs nothing"`
	State       string             `json:"state" schema:"values=ready|resting|unknown" doc:"resting: it failed, and is left alone for a while; unknown: only a test tells"`
	StateDetail *string            `json:"stateDetail" doc:"why it rests"`
	CanTest     bool               `json:"canTest" doc:"false where a test would reach somebody"`
}

func (h providerHandlers) list(*route.Request, route.None) ([]providerRow, error) {
	rows := make([]providerRow, len(h.Providers))
	for n, p := range h.Providers {
		row := providerRow{Kind: p.Kind, Name: p.Name, Service: p.Service, Model: wire.Text(p.Model), Host: wire.Text(p.Host), Price: p.Price, State: "unknown", CanTest: p.Try != nil}
		if row.Price == nil {
			row.Price = map[string]float64{}
		}
		if p.State != nil {
			row.State = "ready"
			if err := p.State(); err != nil {
				row.State, row.StateDetail = "resting", wire.Text(err.Error())
			}
		}
		rows[n] = row
	}
	return rows, nil
}

// providerTest is the body of a test.
type providerTest struct {
	Kind string `json:"kind" api:"required" schema:"values=ears|voice|model|sms"`
	Name string `json:"name" api:"required"`
}

// Check judges the kind.
func (in *providerTest) Check(faults *fault.List) {
	switch in.Kind {
	case "", "ears", "voice", "model", "sms":
	default:
		faults.Add("Kind", "The value '%.20s' is not valid; it must be ears, voice, model or sms.", in.Kind)
	}
}

// providerAnswer is what came of a test.
type providerAnswer struct {
	OK        bool   `json:"ok"`
	LatencyMS int64  `json:"latencyMs"`
	Detail    string `json:"detail"`
}

func (h providerHandlers) test(r *route.Request, in providerTest) (providerAnswer, error) {
	n := slices.IndexFunc(h.Providers, func(p route.Provider) bool { return p.Kind == in.Kind && p.Name == in.Name })
	if n < 0 {
		return providerAnswer{}, fault.Missing("Provider")
	}
	try := h.Providers[n].Try
	if try == nil {
		return providerAnswer{}, fault.Refused("It cannot be tried without reaching somebody.")
	}
	if wait := h.tried.wait(in.Kind+" "+in.Name, r.Now); wait > 0 {
		return providerAnswer{}, &fault.Error{Kind: fault.TooMany, RetryAfter: wait, Detail: "It was tried within ten seconds."}
	}
	ctx, cancel := context.WithTimeout(r.Context(), tryTime)
	defer cancel()
	began := h.Engine.Now()
	detail, err := try(ctx)
	answer := providerAnswer{OK: err == nil, LatencyMS: h.Engine.Now().Sub(began).Milliseconds(), Detail: detail}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil:
		answer.Detail = "It did not answer within ten seconds."
	case err != nil:
		answer.Detail = err.Error()
	}
	return answer, nil
}

// wait is how long to wait before something is tried again; 0 where it is tried now.
func (t *tries) wait(what string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.last[what].Add(t.tryAgain).Sub(now); wait > 0 && wait <= t.tryAgain {
		return wait
	}
	t.last[what] = now
	return 0
}
