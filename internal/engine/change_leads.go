package engine

import (
	"context"
	"fmt"
	"slices"

	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// LeadsChange is one change of many leads of a campaign (contract 12): a status for them, their deletion, or an earlier change
// of this kind taken back. Each lead is changed as if it were alone.
type LeadsChange struct {
	Pearl     id.ID
	IDs       []id.ID // those leads; nil: all that match Filter when the change is planned
	Filter    LeadFilter
	Status    *int // what Update Lead may set
	HangUp    bool // a stop also ends answered conversations
	Delete    bool
	TakeBack  id.ID // the change whose stops are taken back
	KeepFinal bool  // leads of a final status stay as they are
}

// PlannedChange is a change whose leads are known.
type PlannedChange struct {
	LeadsChange
	ID     id.ID          // to take it back
	Leads  []MatchingLead // those that may be called soonest first; nil where they were only counted
	Total  int
	OnCall int // how many of them have a call in the air
}

// LeadsChangePart is what came of some leads of a change.
type LeadsChangePart struct {
	Leads   int `json:"leads"`
	Changed int `json:"changed"`
	Left    int `json:"left" doc:"as they were: gone, stopped already, or no longer what they were found as"`
}

// changedAtOnce is how many leads one transaction changes: others wait for the writer no longer than that.
const changedAtOnce = deletedAtOnce

// CountChange counts the leads of a change, as PlanChange would find them.
func (e *Engine) CountChange(ctx context.Context, actor Actor, w LeadsChange) (PlannedChange, error) {
	if w.IDs != nil || !w.TakeBack.Zero() {
		return e.PlanChange(ctx, actor, w)
	}
	planned, err := e.planned(w)
	if err == nil && !planned.none() {
		planned.Total, planned.OnCall, err = e.Store.CountMatching(ctx, actor.Account, w.Pearl, planned.Filter)
	}
	return planned, err
}

// planned is a change whose leads are to be found.
func (e *Engine) planned(w LeadsChange) (PlannedChange, error) {
	_, err := (LeadUpdate{Status: w.Status}).patch(phone.Home{}, lead.Lead{})
	if w.KeepFinal && w.IDs == nil {
		w.Filter.Statuses = unfinished(w.Filter.Statuses)
	}
	return PlannedChange{LeadsChange: w, ID: e.IDs.New(e.clock())}, err
}

// unfinished are those of the statuses that are not final; no statuses are all.
func unfinished(statuses []int) []int {
	open := []int{int(lead.New), int(lead.NeedRetry), int(lead.InCallQueue), int(lead.OnCall)}
	if len(statuses) == 0 {
		return open
	}
	return slices.DeleteFunc(open, func(one int) bool { return !slices.Contains(statuses, one) })
}

// none reports whether no lead can match: none of the statuses that were asked for is unfinished.
func (w PlannedChange) none() bool {
	return w.KeepFinal && w.IDs == nil && len(w.Filter.Statuses) == 0
}

// PlanChange finds the leads of a change.
func (e *Engine) PlanChange(ctx context.Context, actor Actor, w LeadsChange) (PlannedChange, error) {
	planned, err := e.planned(w)
	if err != nil || planned.none() {
		return planned, err
	}
	if planned.Leads, err = e.Store.MatchingLeads(ctx, actor.Account, w.Pearl, planned.Filter, w.IDs, w.TakeBack); err != nil {
		return planned, err
	}
	if w.KeepFinal {
		planned.Leads = slices.DeleteFunc(planned.Leads, func(m MatchingLead) bool { return m.Status.Final() })
	}
	planned.Total = len(planned.Leads)
	for _, m := range planned.Leads {
		if m.OnCall {
			planned.OnCall++
		}
	}
	return planned, nil
}

// ChangeLeads carries out a change, a part of its leads a transaction; parts take turns with those of others (ADR 17), so that no
// stop waits for more than one of them. It calls report after every part; where it ends early, what was reported stays.
func (e *Engine) ChangeLeads(ctx context.Context, actor Actor, w PlannedChange, report func(LeadsChangePart) error) error {
	first := true
	for part := range slices.Chunk(w.Leads, changedAtOnce) {
		ids := make([]id.ID, len(part))
		for n, m := range part {
			ids[n] = m.ID
		}
		slices.Sort(ids) // the order of locks
		done := LeadsChangePart{Leads: len(ids)}
		err := e.updatePart(ctx, first, func(tx Tx, s *Signals) (err error) {
			done.Changed, err = e.changePart(tx, s, actor, w, ids)
			return err
		})
		if err != nil {
			return fmt.Errorf("change a part of many leads: %w", err)
		}
		first = false
		done.Left = done.Leads - done.Changed
		if err := report(done); err != nil {
			return fmt.Errorf("report a part of a change: %w", err)
		}
	}
	return nil
}

func (e *Engine) changePart(tx Tx, s *Signals, actor Actor, w PlannedChange, ids []id.ID) (changed int, err error) {
	pearl, err := outbound(tx, actor.Account, w.Pearl, Unlocked)
	if err != nil {
		return 0, err
	}
	now := e.clock()
	var deleted []id.ID
	for _, leadID := range ids {
		current, err := tx.Lead(actor.Account, w.Pearl, leadID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if !w.still(current) {
			continue
		}
		changed++
		if w.Delete {
			if err := e.removeLead(tx, pearl, current, actor, now, s); err != nil {
				return 0, err
			}
			deleted = append(deleted, leadID)
			continue
		}
		c := e.change(tx, pearl, current, actor, now, s)
		c.part = w.ID
		if w.TakeBack.Zero() {
			err = c.edit(LeadUpdate{Status: w.Status, HangUp: w.HangUp})
		} else {
			_, err = c.step(lead.TakenBack{Change: w.TakeBack})
		}
		if err == nil {
			err = c.commit()
		}
		if err != nil {
			return 0, fmt.Errorf("change lead %s: %w", leadID, err)
		}
	}
	if len(deleted) > 0 {
		err = e.audit(tx, actor, auditDeleteLeads, now, map[string]any{"pearlId": pearl.ID, "leadIds": deleted})
	}
	return changed, err
}

// still reports whether a lead is what the change is of, now that nobody else can change it.
func (w LeadsChange) still(l lead.Lead) bool {
	switch {
	case !w.TakeBack.Zero():
		return l.State.Before.Change == w.TakeBack && l.Call.Zero()
	case w.IDs == nil && len(w.Filter.Statuses) > 0 && !slices.Contains(w.Filter.Statuses, int(l.Status)):
		return false
	case w.KeepFinal && l.Status.Final():
		return false
	case w.Status != nil && int(l.Status) == *w.Status && l.Status.Final() && l.Call.Zero():
		return false // stopped already
	}
	return true
}
