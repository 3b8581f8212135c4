package client

import (
	"context"
	"io"
	"net/http"
	"time"
)

// LeadSelection selects the leads that something is done with: by their ids, by a filter, or all.
type LeadSelection struct {
	LeadFilter
	LeadIDs []string `json:"leadIds,omitempty"` // these, whatever the filter; ids that name nothing are passed over
	All     bool     `json:"all,omitempty"`     // must be true where neither LeadIDs nor a filter is given
}

// The actions of a change of many leads.
const (
	SetStatus = "status"   // to LeadsChange.Status
	Delete    = "delete"   // them and what is known of them
	TakeBack  = "takeBack" // have those that LeadsChange.ChangeID stopped stand as before
)

// LeadsChange is one change of many leads (contract 12).
type LeadsChange struct {
	LeadSelection
	Action   string      `json:"action"`             // SetStatus, Delete or TakeBack
	Status   *LeadStatus `json:"status,omitempty"`   // with SetStatus, one of SettableStatuses
	ChangeID string      `json:"changeId,omitempty"` // with TakeBack
	// KeepFinal leaves leads of a final status as they are.
	KeepFinal bool `json:"keepFinal,omitempty"`
	DryRun    bool `json:"-"` // change nothing: only count
	HangUp    bool `json:"-"` // a stop ends conversations too
}

// LeadsChanged is what came of a change of many leads.
type LeadsChanged struct {
	ChangeID string `json:"changeId"` // for TakeBack
	Total    int    `json:"total"`    // leads that were selected
	OnCall   int    `json:"onCall"`   // of them with a call in the air
	Changed  int    `json:"changed"`
	Left     int    `json:"left"` // that stayed as they were
}

// ChangeLeads changes many leads, those that may be called soonest first. After every part it calls told, unless that is nil, with
// what came of all parts until then. With an error it returns what was told, which stays; a change that was interrupted is not
// repeated, since each has a ChangeID of its own.
func (c *Client) ChangeLeads(ctx context.Context, pearlID string, change LeadsChange, told func(LeadsChanged)) (LeadsChanged, error) {
	query := flag("dryRun", change.DryRun)
	if change.HangUp {
		if query == nil {
			query = flag("hangUp", true)
		} else {
			query.Set("hangUp", "true")
		}
	}
	var sum LeadsChanged
	begun := false
	r := request{method: http.MethodPost, path: v2("Outbound", pearlID, "Leads", "Change"), query: query, body: change}
	r.lines = func(body io.Reader) error {
		return readLines(body, func(text []byte) error {
			if !begun {
				begun = true
				return readLine(text, &sum)
			}
			var part LeadsChanged
			if err := readLine(text, &part); err != nil {
				return err
			}
			sum.Changed, sum.Left = sum.Changed+part.Changed, sum.Left+part.Left
			if told != nil {
				told(sum)
			}
			return nil
		})
	}
	_, err := c.do(ctx, r, nil)
	return sum, err
}

// ExportedLead is a lead of an export.
type ExportedLead struct {
	LeadRow
	TimeZoneID *string `json:"timeZoneId"` // nil is the campaign's
	Attempts   int     `json:"attempts"`   // calls that were begun
}

// ExportLeads reads the leads that a selection names when it begins, in the order in which they were added, and calls told with some at
// a time and the number of all; an error of told ends it.
func (c *Client) ExportLeads(ctx context.Context, pearlID string, selection LeadSelection, told func(leads []ExportedLead, total int) error) error {
	r := request{method: http.MethodPost, path: v2("Outbound", pearlID, "Leads", "Export"), body: selection}
	r.lines = func(body io.Reader) error {
		total := 0
		return readLines(body, func(text []byte) error {
			var line struct {
				Total   *int           `json:"total"`
				Results []ExportedLead `json:"results"`
			}
			if err := readLine(text, &line); err != nil {
				return err
			}
			if line.Total != nil {
				total = *line.Total
				return nil
			}
			return told(line.Results, total)
		})
	}
	_, err := c.do(ctx, r, nil)
	return err
}

// ZoneOfLeads is a zone in which leads wait.
type ZoneOfLeads struct {
	TimeZoneID *string    `json:"timeZoneId"` // nil: leads without a zone of their own
	IANA       string     `json:"iana"`
	TimeZone   string     `json:"timeZone"` // offset in force now, hours: "-5.0"
	Waiting    int        `json:"waiting"`
	IsOpen     bool       `json:"isOpen"`   // its leads may be called now
	ClosesAt   *time.Time `json:"closesAt"` // the window that is open
	OpensAt    *time.Time `json:"opensAt"`
	NextAt     *time.Time `json:"nextAt"` // when the first of the leads may be called
}

// Zones returns the zones in which leads of a campaign wait: those that are open first, the one that closes soonest first.
func (c *Client) Zones(ctx context.Context, pearlID string) ([]ZoneOfLeads, error) {
	var zones []ZoneOfLeads
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Outbound", pearlID, "Zones")}, &zones)
	return zones, err
}
