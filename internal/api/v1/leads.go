package v1

import (
	"encoding/json"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/leads"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// FullLead is the answer of Update Lead and of the getters (contract 1.2).
type FullLead struct {
	ID            id.ID           `json:"id"`
	ExternalID    *string         `json:"externalId"`
	PhoneNumber   phone.Number    `json:"phoneNumber"`
	TimeZone      string          `json:"timeZone" schema:"offset" doc:"current UTC offset in hours"`
	Status        lead.Status     `json:"status"`
	Created       wire.Time       `json:"created"`
	CallsID       []id.ID         `json:"callsId" doc:"oldest first"`
	LastCall      *wire.LastCall  `json:"lastCall"`
	CallData      json.RawMessage `json:"callData"`
	CollectedData json.RawMessage `json:"collectedData"`
}

// LeadSearch also takes one status.
type LeadSearch struct {
	leads.LeadFilter
	Status body.Optional[int] `json:"status" schema:"table=LeadStatus" doc:"one more status to filter by"`
}

type leadHandlers struct{ leads.Handlers[FullLead] }

func (h *leadHandlers) search(r *route.Request, in LeadSearch) (wire.Page[wire.LeadRow], error) {
	if in.Status.Set() {
		return h.Find(r, in.LeadFilter, in.Status.Value)
	}
	return h.Find(r, in.LeadFilter)
}

func leadRoutes(services route.Services) []route.Route {
	h := &leadHandlers{leads.Handlers[FullLead]{Services: services, Render: func(r *route.Request, v engine.LeadView) FullLead {
		return FullLead{
			ID: v.Lead.ID, ExternalID: wire.Text(v.Lead.ExternalID), PhoneNumber: v.Lead.Phone, TimeZone: v.Offset, Status: v.Lead.Status,
			Created: wire.Time(v.Lead.Created), CallsID: wire.List(v.Calls),
			LastCall: wire.NewLastCall(v.LastCall, r.RecordingLink),
			CallData: wire.Object(v.Lead.CallData), CollectedData: wire.Object(v.Lead.Collected),
		}
	}}}
	const one, many = "/v1/Outbound/{outboundId}/Lead", "/v1/Outbound/{outboundId}/Leads"
	of := func(r route.Route) route.Route {
		r.Tag, r.Pearl = "Leads", route.OutboundPearl
		return r
	}
	hangUp := []route.Query{{Name: "hangUp", Doc: "a stop also ends an answered conversation"}}
	return []route.Route{
		route.Handle(of(route.Route{Method: "PUT", Pattern: one, Scope: account.ScopeLeads, PearlLater: true, Creates: true, Summary: "Add a lead"}), h.Add),
		route.Handle(of(route.Route{Method: "PUT", Pattern: one + "/{leadId}", Scope: account.ScopeLeads, PearlLater: true, Versioned: true, Query: hangUp, Summary: "Update a lead"}), h.Update),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/{leadId}", Scope: account.ScopeRead, PearlLater: true, Versioned: true, Summary: "Get a lead"}), h.Get),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/External/{externalId...}", Aliases: []string{"GET " + one + "/Extrenal/{externalId...}"}, Scope: account.ScopeRead, PearlLater: true, Versioned: true, Summary: "Get a lead by external id"}), h.ByExternalID),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/PhoneNumber/{phoneNumber}", Scope: account.ScopeRead, Versioned: true, Summary: "Get a lead by phone number"}), h.ByPhone),
		route.Handle(of(route.Route{Method: "POST", Pattern: many, Scope: account.ScopeRead, Summary: "Search leads"}), h.search),
		route.Handle(of(route.Route{Method: "DELETE", Pattern: many, Scope: account.ScopeLeads, MaxBody: route.MaxListBody, Timeout: 2 * time.Minute, Summary: "Delete leads"}), h.Delete),
		route.Handle(of(route.Route{Method: "DELETE", Pattern: many + "/External", Scope: account.ScopeLeads, MaxBody: route.MaxExternalIDBody, Timeout: 2 * time.Minute, Summary: "Delete leads by external id"}), h.DeleteByExternalID),
	}
}
