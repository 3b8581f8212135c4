package v2

import (
	"time"

	"nacre/internal/account"
	"nacre/internal/api/calls"
	"nacre/internal/api/route"
)

const audioText = "WAV without an end, 8 kHz, 16 bits, stereo: the agent left, the other side right. It begins now and ends with the conversation; on hold nothing comes."

func callRoutes(services route.Services) []route.Route {
	const one, pearl, request = "/v2/Call/{callId}", "/v2/Pearl/{pearlId}", "/v2/CallRequest/{callRequestId}"
	h := &calls.Handlers{Services: services, RequestRoute: "GET " + request}
	r := func(r route.Route) route.Route {
		r.Tag = "Calls"
		return r
	}
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: one, Scope: account.ScopeRead, Summary: "Get a call"}), h.Get),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Recording", Scope: account.ScopeRead, Summary: "Get a link to the recording"}), h.Recording),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Charges", Extension: true, Scope: account.ScopeRead, Summary: "Get what a call took of outside services"}), h.Charges),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Analysis", Extension: true, Scope: account.ScopeRead, Summary: "Get how far the analysis by a language model is"}), h.Analysis),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Signalling", Extension: true, Scope: account.ScopeRead, Summary: "Get the SIP messages of a call"}), h.Signalling),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Review", Extension: true, Scope: account.ScopeRead, Summary: "Get what a person noted of a call"}), h.GetReview),
		route.Handle(r(route.Route{Method: "PUT", Pattern: one + "/Review", Extension: true, Scope: account.ScopeFull, Role: account.Operator, Summary: "Mark a call as reviewed, or comment on it"}), h.PutReview),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Audio", Extension: true, Scope: account.ScopeRead, Summary: "Listen to a conversation that goes on", Description: audioText}), h.Audio),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Actions", Extension: true, Scope: account.ScopeRead, Summary: "Get what a call had done besides talking, in it and after it"}), h.Acts),
		route.Handle(r(route.Route{Method: "DELETE", Pattern: "/v2/Call", Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxListBody, Timeout: 2 * time.Minute, Summary: "Delete calls"}), h.Delete),
		route.Handle(r(route.Route{Method: "POST", Pattern: one + "/HangUp", Extension: true, Scope: account.ScopeFull, Role: account.Operator, Summary: "End a call"}), h.HangUp),
		route.Handle(r(route.Route{Method: "POST", Pattern: pearl + "/Calls", Pearl: route.AnyPearl, Scope: account.ScopeRead, Summary: "Search calls"}), h.FindNarrowed),
		route.Handle(r(route.Route{Method: "POST", Pattern: pearl + "/Calls/Bulk", Pearl: route.AnyPearl, Scope: account.ScopeRead, Timeout: time.Minute, Summary: "Read many calls in full"}), h.ReadMany),
		route.Handle(r(route.Route{Method: "GET", Pattern: request, Extension: true, Scope: account.ScopeRead, Summary: "Get a call request"}), h.GetRequest),
		route.Handle(r(route.Route{Method: "POST", Pattern: request + "/Cancel", Extension: true, Scope: account.ScopeFull, Role: account.Operator, Summary: "Withdraw a call request that waits"}), h.CancelRequest),
	}
}
