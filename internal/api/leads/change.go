package leads

import (
	"fmt"
	"slices"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Selection selects the leads that something is done with: by their ids, by a filter, or all.
type Selection struct {
	Narrowed
	LeadIDs []string `json:"leadIds" api:"maxitems=50000" doc:"these leads, whatever the filter; ids that name nothing are ignored"`
	All     bool     `json:"all" doc:"must be true where neither leadIds nor a filter is given"`
}

func (s Selection) check(faults *fault.List) {
	s.checkZones(faults)
	if s.LeadIDs == nil && !s.All && len(s.Statuses) == 0 && s.SearchInput.Value == "" && len(s.Attempts) == 0 && len(s.TimeZoneIDs) == 0 {
		faults.Add("All", "Neither leadIds nor a filter is given; that all leads are meant must be said by true.")
	}
}

// ids are nil where the filter selects.
func (s Selection) ids() []id.ID {
	if s.LeadIDs == nil {
		return nil
	}
	return wire.LeadIDs{LeadIDs: s.LeadIDs}.IDs()
}

// Actions of a change.
const (
	setStatus = "status"
	remove    = "delete"
	takeBack  = "takeBack"
)

// LeadsChange is the body of a change of many leads.
type LeadsChange struct {
	Selection
	Action    string             `json:"action" api:"required" schema:"values=status|delete|takeBack" doc:"takeBack: the leads that changeId stopped, and that were not called nor set otherwise since, stand as before"`
	Status    body.Optional[int] `json:"status" api:"enum=1|10|100|110|130" schema:"table=LeadStatus" doc:"with action status"`
	KeepFinal bool               `json:"keepFinal" doc:"leads of a final status stay as they are"`
	ChangeID  string             `json:"changeId" doc:"with action takeBack"`
}

// Check judges what belongs together.
func (c *LeadsChange) Check(faults *fault.List) {
	actions := []string{setStatus, remove, takeBack}
	if c.Action != "" && !slices.Contains(actions, c.Action) {
		faults.Add("Action", "The value '%.60s' is not valid; it must be one of status, delete, takeBack.", c.Action)
	}
	judged := slices.ContainsFunc(faults.Fields, func(f fault.Field) bool { return f.Path == "Status" })
	if c.Action == setStatus && !c.Status.Set() && !judged {
		faults.Add("Status", "The Status field is required with the action status.")
	}
	if _, ok := id.Parse(c.ChangeID); c.Action == takeBack && !ok {
		faults.Add("ChangeId", "The value must be the changeId that a change was answered with.")
	}
	if c.Action != takeBack {
		c.check(faults)
	}
}

func (c *LeadsChange) change(r *route.Request) (engine.LeadsChange, error) {
	hangUp, err := r.Flag("hangUp")
	w := engine.LeadsChange{Pearl: r.Pearl.ID, IDs: c.ids(), Filter: c.filter(r.Pearl), HangUp: hangUp, KeepFinal: c.KeepFinal}
	switch c.Action {
	case setStatus:
		w.Status = c.Status.Pointer()
	case remove:
		w.Delete = true
	case takeBack:
		w.TakeBack, _ = id.Parse(c.ChangeID)
	}
	return w, err
}

// ChangePlanned is the first line of a change's answer.
type ChangePlanned struct {
	ChangeID id.ID `json:"changeId"`
	Total    int   `json:"total"`
	OnCall   int   `json:"onCall"`
}

// Change changes many leads and tells part by part what came of it.
func (h *Handlers[Full]) Change(r *route.Request, in LeadsChange) (route.Lines, error) {
	dryRun, err := r.Flag("dryRun")
	if err != nil {
		return nil, err
	}
	w, err := in.change(r)
	if err != nil {
		return nil, err
	}
	plan := h.Engine.PlanChange
	if dryRun {
		plan = h.Engine.CountChange
	}
	planned, err := plan(r.Context(), r.Actor, w)
	if err != nil {
		return nil, err
	}
	return func(line func(any) error) error {
		if err := line(ChangePlanned{ChangeID: planned.ID, Total: planned.Total, OnCall: planned.OnCall}); err != nil {
			return err
		}
		if !dryRun {
			if err := h.Engine.ChangeLeads(r.Context(), r.Actor, planned, func(part engine.LeadsChangePart) error { return line(part) }); err != nil {
				return err
			}
		}
		return line(ImportDone{Done: true})
	}, nil
}

// LeadsExport is the body of an export.
type LeadsExport struct{ Selection }

// Check judges the selection.
func (e *LeadsExport) Check(faults *fault.List) { e.check(faults) }

// ExportBegun is the first line of an export's answer.
type ExportBegun struct {
	Total int `json:"total"`
}

// ExportPart is some leads of an export.
type ExportPart struct {
	Results []ExportedLead `json:"results"`
}

// ExportedLead is a lead of an export.
type ExportedLead struct {
	wire.LeadRow
	TimeZoneID *string `json:"timeZoneId"`
	Attempts   int     `json:"attempts"`
}

// exportedAtOnce is how many leads a line of an export has.
const exportedAtOnce = 500

// Export tells the leads that match when it begins, by id, which is the order in which they were added.
func (h *Handlers[Full]) Export(r *route.Request, in LeadsExport) (route.Lines, error) {
	found, err := h.Queries.MatchingLeads(r.Context(), r.Actor.Account, r.Pearl.ID, in.filter(r.Pearl), in.ids(), "")
	if err != nil {
		return nil, fmt.Errorf("find leads to export: %w", err)
	}
	ids := make([]id.ID, len(found))
	for n, m := range found {
		ids[n] = m.ID
	}
	slices.Sort(ids)
	return func(line func(any) error) error {
		if err := line(ExportBegun{Total: len(ids)}); err != nil {
			return err
		}
		for part := range slices.Chunk(ids, exportedAtOnce) {
			read, err := h.Queries.ReadLeads(r.Context(), r.Actor.Account, r.Pearl.ID, part)
			if err != nil {
				return fmt.Errorf("read leads to export: %w", err)
			}
			rows := wire.LeadRows(read, r.Pearl, r.Now)
			told := ExportPart{Results: make([]ExportedLead, len(rows))}
			for n, row := range rows {
				told.Results[n] = ExportedLead{LeadRow: row, TimeZoneID: wire.Text(read[n].Zone), Attempts: read[n].Attempts}
			}
			if err := line(told); err != nil {
				return err
			}
		}
		return line(ImportDone{Done: true})
	}, nil
}
