package v1

import (
	"time"

	"nacre/internal/account"
	"nacre/internal/api/calls"
	"nacre/internal/api/route"
)

func callRoutes(services route.Services) []route.Route {
	const outbound, inbound = "/v1/Outbound/{outboundId}", "/v1/Inbound/{inboundId}"
	h := &calls.Handlers{Services: services, RequestRoute: "GET /v1/Outbound/CallRequest/{callRequestId}"}
	of := func(kind route.PearlKind, r route.Route) route.Route {
		r.Tag, r.Pearl = "Calls", kind
		return r
	}
	return []route.Route{
		route.Handle(of(route.NoPearl, route.Route{Method: "GET", Pattern: "/v1/Call/{callId}", Scope: account.ScopeRead, Summary: "Get a call"}), h.Get),
		route.Handle(of(route.NoPearl, route.Route{Method: "DELETE", Pattern: "/v1/Call", Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxListBody, Timeout: 2 * time.Minute, Summary: "Delete calls"}), h.Delete),
		route.Handle(of(route.OutboundPearl, route.Route{Method: "POST", Pattern: outbound + "/Calls", Scope: account.ScopeRead, Summary: "Search the calls of a campaign"}), h.Find),
		route.Handle(of(route.InboundPearl, route.Route{Method: "POST", Pattern: inbound + "/Calls", Scope: account.ScopeRead, Summary: "Search the calls of an inbound Pearl"}), h.Find),
		route.Handle(of(route.OutboundPearl, route.Route{Method: "POST", Pattern: outbound + "/Call", Scope: account.ScopeFull, Role: account.Operator, Creates: true, Summary: "Make a call"}), h.Make),
		route.Handle(of(route.NoPearl, route.Route{Method: "GET", Pattern: "/v1/Outbound/CallRequest/{callRequestId}", Scope: account.ScopeRead, Summary: "Get a call request"}), h.GetRequest),
		route.Handle(of(route.OutboundPearl, route.Route{Method: "POST", Pattern: outbound + "/CallRequest", Scope: account.ScopeRead, Summary: "Search call requests"}), h.FindRequests),
	}
}
