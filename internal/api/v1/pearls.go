package v1

import (
	"fmt"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

type pearlHandlers struct{ route.Services }

func pearlRoutes(services route.Services) []route.Route {
	h := pearlHandlers{services}
	outbound, inbound := "/v1/Outbound/{outboundId}", "/v1/Inbound/{inboundId}"
	of := func(kind route.PearlKind, r route.Route) route.Route {
		r.Tag, r.Pearl = "Outbound", kind
		if kind == route.InboundPearl {
			r.Tag = "Inbound"
		}
		return r
	}
	hangUp := []route.Query{{Name: "hangUp", Doc: "a pause also ends everything in the air"}}
	return []route.Route{
		route.Handle(route.Route{Method: "GET", Pattern: "/v1/Outbound", Tag: "Outbound", Scope: account.ScopeRead, Summary: "List campaigns"}, h.listOf(campaign.OutboundPearl)),
		route.Handle(route.Route{Method: "GET", Pattern: "/v1/Inbound", Tag: "Inbound", Scope: account.ScopeRead, Summary: "List inbound Pearls"}, h.listOf(campaign.InboundPearl)),
		route.Handle(of(route.OutboundPearl, route.Route{Method: "GET", Pattern: outbound, Scope: account.ScopeRead, Summary: "Get a campaign with its live totals"}), h.get),
		route.Handle(of(route.InboundPearl, route.Route{Method: "GET", Pattern: inbound, Scope: account.ScopeRead, Summary: "Get an inbound Pearl with its live totals"}), h.get),
		route.Handle(of(route.OutboundPearl, route.Route{Method: "POST", Pattern: outbound + "/Active", Scope: account.ScopeFull, Role: account.Operator, Query: hangUp, Summary: "Run or pause"}), h.setActive),
		route.Handle(of(route.InboundPearl, route.Route{Method: "POST", Pattern: inbound + "/Active", Scope: account.ScopeFull, Role: account.Operator, Query: hangUp, Summary: "Run or pause"}), h.setActive),
		route.Handle(of(route.InboundPearl, route.Route{Method: "GET", Pattern: inbound + "/OngoingCalls", Scope: account.ScopeRead, Summary: "Calls in the air and waiting"}), h.ongoing),
		route.Handle(route.Route{Method: "PUT", Pattern: "/v1/Pearl/{pearlId}/Memory/{phoneNumber}/Reset", Tag: "Outbound", Pearl: route.AnyPearl, Scope: account.ScopeFull, Role: account.Operator, Summary: "Forget a caller"}, h.resetMemory),
	}
}

// pearlRow is a row of a list.
type pearlRow struct {
	ID             id.ID             `json:"id"`
	Name           string            `json:"name"`
	Status         campaign.Activity `json:"status"`
	TotalAgents    int               `json:"totalAgents"`
	BudgetTotal    *int              `json:"budgetTotal"`
	BudgetConsumed int64             `json:"budgetConsumed"`
	TotalLeads     *int              `json:"totalLeads"`
	Created        wire.Time         `json:"created"`
}

func (h pearlHandlers) listOf(kind campaign.Type) func(*route.Request, route.None) ([]pearlRow, error) {
	return func(r *route.Request, _ route.None) ([]pearlRow, error) {
		pearls, err := h.Queries.Pearls(r.Context(), r.Actor.Account)
		if err != nil {
			return nil, fmt.Errorf("list Pearls: %w", err)
		}
		rows := []pearlRow{}
		for _, p := range pearls {
			if p.Type != kind {
				continue
			}
			counts, err := h.Queries.PearlCounts(r.Context(), p.ID, wire.Midnight(p, r.Now))
			if err != nil {
				return nil, fmt.Errorf("count: %w", err)
			}
			t := wire.NewPearlTotals(p, counts, "")
			rows = append(rows, pearlRow{
				ID: p.ID, Name: p.Name, Status: p.Activity, TotalAgents: t.TotalAgents, BudgetTotal: t.BudgetTotal, BudgetConsumed: t.BudgetConsumed,
				TotalLeads: t.TotalLeads, Created: t.Created,
			})
		}
		return rows, nil
	}
}

// fullPearl is a Pearl with its live totals (contract 2.2).
type fullPearl struct {
	ID        id.ID             `json:"id"`
	Name      string            `json:"name"`
	PearlName string            `json:"pearlName" doc:"repeats name"`
	Status    campaign.Activity `json:"status"`
	wire.PearlTotals
}

func (h pearlHandlers) get(r *route.Request, _ route.None) (fullPearl, error) {
	p := r.Pearl
	counts, err := h.Queries.PearlCounts(r.Context(), p.ID, wire.Midnight(p, r.Now))
	if err != nil {
		return fullPearl{}, fmt.Errorf("count: %w", err)
	}
	numbers, err := h.Queries.Numbers(r.Context(), r.Actor.Account)
	if err != nil {
		return fullPearl{}, fmt.Errorf("list numbers: %w", err)
	}
	texts := make(map[id.ID]string, len(numbers))
	for _, n := range numbers {
		texts[n.ID] = n.Number
	}
	return fullPearl{ID: p.ID, Name: p.Name, PearlName: p.Name, Status: p.Activity, PearlTotals: wire.NewPearlTotals(p, counts, wire.NumberOf(p, texts))}, nil
}

func (h pearlHandlers) setActive(r *route.Request, in wire.Active) (campaign.Activity, error) {
	hangUp, err := r.Flag("hangUp")
	if err != nil {
		return 0, err
	}
	return h.Engine.SetActive(r.Context(), r.Actor, r.Pearl.ID, *in.IsActive, hangUp)
}

func (h pearlHandlers) ongoing(r *route.Request, _ route.None) (wire.Ongoing, error) {
	counts, err := h.Queries.PearlCounts(r.Context(), r.Pearl.ID, wire.Midnight(r.Pearl, r.Now))
	if err != nil {
		return wire.Ongoing{}, fmt.Errorf("count: %w", err)
	}
	return wire.Ongoing{TotalOngoingCalls: counts.OngoingCalls, TotalOnQueue: counts.Queued}, nil
}

func (h pearlHandlers) resetMemory(r *route.Request, _ route.None) (bool, error) {
	text, err := r.Text("phoneNumber")
	if err != nil {
		return false, err
	}
	number, err := phone.ParseStored(text, r.Pearl.Home())
	if err != nil {
		return false, fault.Bad("PhoneNumber", "%s", err)
	}
	err = h.Engine.ResetMemory(r.Context(), r.Actor, r.Pearl.ID, &number)
	return err == nil, err
}
