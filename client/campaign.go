package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Activity says whether a Pearl is at work (contract 8).
type Activity int

// The activities of a Pearl.
const (
	Running     Activity = 1
	Paused      Activity = 2
	Suspended   Activity = 3  // by the operator
	Maintenance Activity = 10 // by the operator
)

// String returns the name that the contract has for an activity, "" for a number that it does not know.
func (a Activity) String() string {
	return map[Activity]string{Running: "Running", Paused: "Paused", Suspended: "Suspended", Maintenance: "TemporaryMaintenance"}[a]
}

// Outbound is the type of a Pearl that is a campaign; Inbound of one that takes calls.
const (
	Inbound  = 1
	Outbound = 2
)

// PearlRow is a Pearl as the list of Pearls has it.
type PearlRow struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Type    int       `json:"type"`
	Status  Activity  `json:"status"`
	Created time.Time `json:"created"`
}

// Pearl is a Pearl with its figures of now. What only campaigns have is nil for one that takes calls.
type Pearl struct {
	PearlRow
	PhoneNumber    *string  `json:"phoneNumber"`
	TotalAgents    int      `json:"totalAgents"`
	BudgetTotal    *float64 `json:"budgetTotal"`
	BudgetConsumed float64  `json:"budgetConsumed"`
	CallsToday     int      `json:"totalTodayCalls"`
	CallsNow       int      `json:"totalOngoingCalls"`
	OnQueue        *int     `json:"totalOnQueue"`
	Leads          *int     `json:"totalLeads"`
	LeadsCompleted *int     `json:"totalLeadsCompleted"`
	LeadsSuccess   *int     `json:"totalLeadsSuccess"`
}

// Pearls returns the Pearls of the account.
func (c *Client) Pearls(ctx context.Context) ([]PearlRow, error) {
	var rows []PearlRow
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl")}, &rows)
	return rows, err
}

// GetPearl returns a Pearl with its figures of now.
func (c *Client) GetPearl(ctx context.Context, pearlID string) (*Pearl, error) {
	pearl := new(Pearl)
	if _, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID)}, pearl); err != nil {
		return nil, err
	}
	return pearl, nil
}

// CreatePearl creates a Pearl from the body that contract 2.4 describes, or 2.5 where it has nodes, and returns its id.
func (c *Client) CreatePearl(ctx context.Context, body json.RawMessage) (pearlID string, err error) {
	var kind struct {
		Pearl struct {
			Nodes []json.RawMessage `json:"nodes"`
		} `json:"pearl"`
	}
	path := v2("Pearl")
	if json.Unmarshal(body, &kind) == nil && len(kind.Pearl.Nodes) > 0 {
		path = v2("Pearl", "Voice")
	}
	_, err = c.do(ctx, request{method: http.MethodPost, path: path, body: body, key: newKey()}, &pearlID)
	return pearlID, err
}

// SetRunning runs a Pearl or pauses it, and returns what it is then.
func (c *Client) SetRunning(ctx context.Context, pearlID string, running bool) (Activity, error) {
	var now Activity
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID, "Active"), body: map[string]bool{"isActive": running}}, &now)
	return now, err
}

// PearlWarning is one thing that will not work as a Pearl is set up.
type PearlWarning struct {
	Member string `json:"member"`
	Text   string `json:"text"`
}

// Warnings returns what will not work as a Pearl is set up (contract 12).
func (c *Client) Warnings(ctx context.Context, pearlID string) ([]PearlWarning, error) {
	var warnings []PearlWarning
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Warnings")}, &warnings)
	return warnings, err
}
