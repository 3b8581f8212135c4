package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Event is one change that was announced: what its webhook carries, whether a URL is set or not (contract 12.3).
type Event struct {
	Cursor    string          `json:"cursor"`
	ID        string          `json:"id"`   // the webhook-id of its delivery
	Kind      string          `json:"kind"` // lead, call or analysis
	CreatedAt time.Time       `json:"createdAt"`
	PearlID   string          `json:"pearlId"`
	LeadID    *string         `json:"leadId"` // nil of made calls
	CallID    *string         `json:"callId"` // nil of leads
	Status    int             `json:"status"` // of the lead, or of the call
	Body      json.RawMessage `json:"body"`
}

// EventPage is a page of events.
type EventPage struct {
	Cursor  string  `json:"cursor"` // where to go on
	HasMore bool    `json:"hasMore"`
	Results []Event `json:"results"`
}

// FromOldest and FromEnd are cursors to begin at: the oldest event that is kept, and what comes from now on.
const (
	FromOldest = ""
	FromEnd    = "end"
)

// Events returns one page of what has happened behind a cursor, in the order in which it was committed; limit is at most 1,000,
// 0 is 100. With FromEnd it is empty, and its Cursor that of the end. Ask again with the Cursor of each page: nothing is left out
// and nothing comes twice.
func (c *Client) Events(ctx context.Context, after string, limit int) (EventPage, error) {
	query := url.Values{}
	if after != FromOldest {
		query.Set("after", after)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var page EventPage
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Events"), query: query}, &page)
	return page, err
}
