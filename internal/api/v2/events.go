package v2

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// maxEvents is how many events a page has at most.
const maxEvents = 1000

type eventHandlers struct{ route.Services }

func eventRoutes(services route.Services) []route.Route {
	h := eventHandlers{services}
	return []route.Route{
		route.Handle(route.Route{
			Method: "GET", Pattern: "/v2/Events", Tag: "Events", Extension: true, Scope: account.ScopeRead, Summary: "Read what has happened",
			Description: "What the webhooks of the account carry, whether a URL is set or not, in the order in which it was committed, for three days. " +
				"Who goes on from the last cursor misses nothing and gets nothing twice.",
			Query: []route.Query{
				{Name: "after", Doc: "the cursor to go on from; absent = from the oldest that is kept, end = nothing, and the cursor of the end", Example: "1042"},
				{Name: "limit", Doc: "events at most, 1–1000; absent = 100", Example: "100"},
			},
		}, h.read),
		route.Handle(route.Route{
			Method: "GET", Pattern: "/v2/Events/Stream", Tag: "Events", Extension: true, Scope: account.ScopeRead, Summary: "Follow what happens", Description: streamText, Example: streamExample,
			Query: []route.Query{{Name: "after", Doc: "the cursor to go on from; absent = from now on", Example: "1042"}},
		}, h.stream),
	}
}

// events is a page of the feed (contract 12.3).
type events struct {
	Cursor  string  `json:"cursor" doc:"where to go on"`
	HasMore bool    `json:"hasMore"`
	Results []event `json:"results"`
}

// event is one change that was announced.
type event struct {
	Cursor    string              `json:"cursor"`
	ID        id.ID               `json:"id" doc:"the webhook-id of its delivery"`
	Kind      engine.DeliveryKind `json:"kind"`
	CreatedAt wire.Time           `json:"createdAt"`
	PearlID   id.ID               `json:"pearlId"`
	LeadID    *string             `json:"leadId" doc:"null for made calls"`
	CallID    *string             `json:"callId" doc:"null for leads"`
	Status    int                 `json:"status" doc:"of the lead (LeadStatus), or of the call (CallStatus)"`
	Body      json.RawMessage     `json:"body" doc:"what the webhook carries"`
}

func eventOf(e engine.FeedEntry) event {
	return event{
		Cursor: cursor(e.Place), ID: e.ID, Kind: e.Kind, CreatedAt: wire.Time(e.Created), PearlID: e.Pearl, LeadID: wire.Text(string(e.Lead)), CallID: wire.Text(string(e.Call)),
		Status: e.Status, Body: wire.Object(e.Body),
	}
}

func cursor(place int64) string { return strconv.FormatInt(place, 10) }

func (h eventHandlers) read(r *route.Request, _ route.None) (events, error) {
	limit := wire.DefaultLimit
	if text, given := r.Asked("limit"); given {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxEvents {
			return events{}, fault.Bad("Limit", "The value '%.60s' of the query is not valid; it must be a number from 1 to %d.", text, maxEvents)
		}
	}
	after, _ := r.Asked("after")
	end, err := h.Queries.FeedEnd(r.Context(), r.Actor.Account)
	if err != nil {
		return events{}, fmt.Errorf("read end of feed: %w", err)
	}
	if strings.EqualFold(after, "end") {
		return events{Cursor: cursor(end), Results: []event{}}, nil
	}
	place, err := placeOf(after, end)
	if err != nil {
		return events{}, err
	}
	found, more, err := h.Queries.Feed(r.Context(), r.Actor.Account, place, limit)
	if err != nil {
		return events{}, fmt.Errorf("read feed: %w", err)
	}
	page := events{Cursor: cursor(place), HasMore: more, Results: make([]event, len(found))}
	for n, e := range found {
		page.Results[n], page.Cursor = eventOf(e), cursor(e.Place)
	}
	return page, nil
}

// placeOf is the place that a cursor names. One beyond the end is of another feed, or of a database that was restored since: who
// went on from it would miss what comes.
func placeOf(text string, end int64) (int64, error) {
	if text == "" {
		return 0, nil
	}
	place, err := strconv.ParseInt(text, 10, 64)
	if err != nil || place < 0 || place > end || cursor(place) != text {
		return 0, fault.Bad("After", "The value '%.60s' of the query is no cursor of this feed. Begin again without one, or with end.", text)
	}
	return place, nil
}
