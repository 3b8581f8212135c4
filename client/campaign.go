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
	IANA           string   `json:"iana"` // its time zone, by which its days and hours are counted
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

// PauseAndHangUp pauses a campaign and ends everything that it has in the air, conversations too.
func (c *Client) PauseAndHangUp(ctx context.Context, pearlID string) (Activity, error) {
	var now Activity
	r := request{method: http.MethodPut, path: v2("Pearl", pearlID, "Active"), query: flag("hangUp", true), body: map[string]bool{"isActive": false}}
	_, err := c.do(ctx, r, &now)
	return now, err
}

// Clone makes another Pearl with the same settings, paused and without leads, and returns its id.
func (c *Client) Clone(ctx context.Context, pearlID, name string) (cloneID string, err error) {
	_, err = c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Clone"), body: map[string]string{"name": name}, key: newKey()}, &cloneID)
	return cloneID, err
}

// Archive pauses a Pearl and takes it out of the lists, or brings it back.
func (c *Client) Archive(ctx context.Context, pearlID string, archived bool) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Archive"), body: map[string]bool{"isArchived": archived}, again: true}, nil)
	return err
}

// Ongoing are the calls of a Pearl that go on now.
type Ongoing struct {
	OnQueue  int `json:"totalOnQueue"`
	CallsNow int `json:"totalOngoingCalls"`
}

// OngoingCalls counts the calls of a Pearl that go on now.
func (c *Client) OngoingCalls(ctx context.Context, pearlID string) (Ongoing, error) {
	var ongoing Ongoing
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "OngoingCalls")}, &ongoing)
	return ongoing, err
}

// ResetMemory has a Pearl forget what it keeps of a number; "" is all numbers.
func (c *Client) ResetMemory(ctx context.Context, pearlID, number string) error {
	body := struct {
		PhoneNumber string `json:"phoneNumber,omitempty"`
	}{number}
	_, err := c.do(ctx, request{method: http.MethodPut, path: v2("Pearl", pearlID, "ResetMemory"), body: body}, nil)
	return err
}

// SandboxCampaign makes the campaign of simulated people, runs it, and returns its id.
func (c *Client) SandboxCampaign(ctx context.Context) (pearlID string, err error) {
	return c.create(ctx, request{method: http.MethodPost, path: v2("SandboxCampaign"), body: struct{}{}})
}

// create sends what makes something, and returns its id.
func (c *Client) create(ctx context.Context, r request) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	_, err := c.do(ctx, r, &made)
	return made.ID, err
}

// PearlWarning is one thing that will not work as a Pearl is set up.
type PearlWarning struct {
	Member string `json:"member"`
	Text   string `json:"text"`
}

// Warnings returns what will not work as a Pearl is set up (contract 12).
func (c *Client) Warnings(ctx context.Context, pearlID string) ([]PearlWarning, error) {
	return c.warnings(ctx, pearlID, false)
}

// DraftWarnings returns what will not work as a Pearl's draft is set up.
func (c *Client) DraftWarnings(ctx context.Context, pearlID string) ([]PearlWarning, error) {
	return c.warnings(ctx, pearlID, true)
}

func (c *Client) warnings(ctx context.Context, pearlID string, draft bool) ([]PearlWarning, error) {
	var warnings []PearlWarning
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Pearl", pearlID, "Warnings"), query: flag("draft", draft)}, &warnings)
	return warnings, err
}
