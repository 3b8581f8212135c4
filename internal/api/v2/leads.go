package v2

import (
	"encoding/json"
	"time"

	"nacre/internal/account"
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
	TimeZoneID    *string         `json:"timeZoneId" doc:"the lead's own zone as given"`
	Status        lead.Status     `json:"status"`
	Created       wire.Time       `json:"created"`
	CallsID       []id.ID         `json:"callsId" doc:"oldest first"`
	LastCall      *wire.LastCall  `json:"lastCall"`
	CallData      json.RawMessage `json:"callData"`
	CollectedData json.RawMessage `json:"collectedData"`
}

const importText = "The body is the file: CSV, or the first sheet of an XLSX workbook. Rows that are no lead are refused with line and reason, the others added. " +
	"The answer comes line by line, one JSON object each: first `{\"total\", \"mapping\"}`, then for every part `{\"rows\", \"added\", \"again\", \"refused\": [{\"line\", \"reasons\"}]}`, `again` where the part was added before, " +
	"last `{\"done\": true}`, or `{\"error\": problem}`. What was told stays. The same file with the same mapping, sent again within 24 hours, goes on where it ended and adds nothing twice."

const importExample = `{"total":2,"mapping":["phoneNumber","externalId","firstName"]}
{"rows":2,"added":1,"again":false,"refused":[{"line":3,"reasons":["PhoneNumber: …"]}]}
{"done":true}
`

const changeText = "Sets the status of the leads that match when the request comes, or deletes them, or takes an earlier change back: each as if it were alone, with the same history, webhooks and effect on its call. " +
	"Leads that may be called soonest come first, 200 a transaction. The answer comes line by line: first `{\"changeId\", \"total\", \"onCall\"}`, then for every part `{\"leads\", \"changed\", \"left\"}`, " +
	"last `{\"done\": true}`, or `{\"error\": problem}`. What was told stays."

const changeExample = `{"changeId":"665f1f77bcf86cd7994390aa","total":204,"onCall":3}
{"leads":200,"changed":199,"left":1}
{"leads":4,"changed":4,"left":0}
{"done":true}
`

const exportText = "The answer comes line by line: first `{\"total\"}`, then `{\"results\": [row]}`, 500 leads a line in the order in which they were added, last `{\"done\": true}`, or `{\"error\": problem}`. " +
	"A row is that of a search with `timeZoneId` and `attempts` besides."

const exportExample = `{"total":1}
{"results":[{"id":"665f1f77bcf86cd799439011","externalId":"crm-4711","phoneNumber":"+14155550101","timeZone":"-8.0","status":1,"created":"2026-11-20T08:00:00.000Z","callData":{},"timeZoneId":"Pacific Standard Time","attempts":0}]}
{"done":true}
`

const findText = "Finds leads by phone number or external id, whatever campaign they are of: whole numbers and external ids first, the newest before the others, then numbers and external ids that begin so, in their order. " +
	"It is quick however many leads there are, so `count` is at most 1,000: then there may be more."

func leadRoutes(services route.Services) []route.Route {
	h := &leads.Handlers[FullLead]{Services: services, Render: func(r *route.Request, v engine.LeadView) FullLead {
		return FullLead{
			ID: v.Lead.ID, ExternalID: wire.Text(v.Lead.ExternalID), PhoneNumber: v.Lead.Phone, TimeZone: v.Offset, TimeZoneID: wire.Text(v.Lead.Zone), Status: v.Lead.Status,
			Created: wire.Time(v.Lead.Created), CallsID: wire.List(v.Calls),
			LastCall: wire.NewLastCall(v.LastCall, r.RecordingLink),
			CallData: wire.Object(v.Lead.CallData), CollectedData: wire.Object(v.Lead.Collected),
		}
	}}
	const one, many = "/v2/Outbound/{pearlId}/Lead", "/v2/Outbound/{pearlId}/Leads"
	of := func(r route.Route) route.Route {
		r.Tag, r.Pearl = "Leads", route.OutboundPearl
		return r
	}
	hangUp := []route.Query{{Name: "hangUp", Doc: "a stop also ends an answered conversation"}}
	returnIDs := []route.Query{{Name: "returnIds", Doc: "answer the ids in the order sent"}}
	importing := []route.Query{
		{Name: "dryRun", Doc: "only say which rows would be refused"},
		{Name: "mapping", Doc: "JSON list: of each column phoneNumber, externalId, timeZoneId, the id of a variable, or \"\" for left out; absent = as the preview guesses", Example: `["phoneNumber","externalId",""]`},
	}
	changing := []route.Query{
		{Name: "dryRun", Doc: "only say how many leads it is of"},
		{Name: "hangUp", Doc: "a stop also ends answered conversations"},
	}
	return []route.Route{
		route.Handle(route.Route{
			Method: "POST", Pattern: "/v2/Leads", Tag: "Leads", Extension: true, Scope: account.ScopeRead,
			Summary: "Find leads in all campaigns", Description: findText,
		}, h.Everywhere),
		route.Handle(of(route.Route{
			Method: "POST", Pattern: many + "/Import", Extension: true, Scope: account.ScopeLeads, MaxBody: route.MaxBulkBody, Adds: true, Timeout: 30 * time.Minute, Query: importing,
			Summary: "Import a file of leads", Description: importText, Example: importExample,
		}), h.Import),
		route.Handle(of(route.Route{
			Method: "POST", Pattern: many + "/Import/Preview", Extension: true, Scope: account.ScopeRead, MaxBody: route.MaxBulkBody, Timeout: 2 * time.Minute,
			Summary: "See what a file of leads would be taken for",
		}), h.Preview),
		route.Handle(of(route.Route{
			Method: "POST", Pattern: many + "/Change", Extension: true, Scope: account.ScopeLeads, MaxBody: route.MaxListBody, Timeout: 30 * time.Minute, Query: changing,
			Summary: "Change many leads", Description: changeText, Example: changeExample,
		}), h.Change),
		route.Handle(of(route.Route{
			Method: "POST", Pattern: many + "/Export", Extension: true, Scope: account.ScopeRead, MaxBody: route.MaxListBody, Timeout: 30 * time.Minute,
			Summary: "Export leads", Description: exportText, Example: exportExample,
		}), h.Export),
		route.Handle(of(route.Route{Method: "GET", Pattern: "/v2/Outbound/{pearlId}/Zones", Extension: true, Scope: account.ScopeRead, Summary: "See which time zones may be called now"}), h.Zones),
		route.Handle(of(route.Route{Method: "POST", Pattern: one, Scope: account.ScopeLeads, PearlLater: true, Creates: true, Summary: "Add a lead"}), h.Add),
		route.Handle(of(route.Route{Method: "POST", Pattern: many + "/Add", Scope: account.ScopeLeads, PearlLater: true, Creates: true, MaxBody: route.MaxBulkBody, Timeout: 2 * time.Minute, Query: returnIDs, Summary: "Add many leads, all or none"}), h.AddMany),
		route.Handle(of(route.Route{Method: "PUT", Pattern: one + "/{leadId}", Scope: account.ScopeLeads, PearlLater: true, Versioned: true, Query: hangUp, Summary: "Update a lead"}), h.Update),
		route.Handle(of(route.Route{Method: "PATCH", Pattern: one + "/{leadId}", Extension: true, MergePatch: true, Scope: account.ScopeLeads, PearlLater: true, Versioned: true, Query: hangUp, Summary: "Merge a patch into a lead"}), h.Patch),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/{leadId}/History", Extension: true, Scope: account.ScopeRead, PearlLater: true, Summary: "What happened to a lead"}), h.History),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/{leadId}/Next", Extension: true, Scope: account.ScopeRead, PearlLater: true, Summary: "When a lead is called next, or why not"}), h.NextCall),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/{leadId}", Scope: account.ScopeRead, PearlLater: true, Versioned: true, Summary: "Get a lead"}), h.Get),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/External/{externalId...}", Scope: account.ScopeRead, PearlLater: true, Versioned: true, Summary: "Get a lead by external id"}), h.ByExternalID),
		route.Handle(of(route.Route{Method: "GET", Pattern: one + "/PhoneNumber/{phoneNumber}", Scope: account.ScopeRead, Versioned: true, Summary: "Get a lead by phone number"}), h.ByPhone),
		route.Handle(of(route.Route{Method: "POST", Pattern: many, Scope: account.ScopeRead, Summary: "Search leads"}), h.Search),
		route.Handle(of(route.Route{Method: "DELETE", Pattern: many, Scope: account.ScopeLeads, MaxBody: route.MaxListBody, Timeout: 2 * time.Minute, Summary: "Delete leads"}), h.Delete),
		route.Handle(of(route.Route{Method: "DELETE", Pattern: many + "/External", Scope: account.ScopeLeads, MaxBody: route.MaxExternalIDBody, Timeout: 2 * time.Minute, Summary: "Delete leads by external id"}), h.DeleteByExternalID),
	}
}
