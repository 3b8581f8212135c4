package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/zone"
)

// outbound reads a campaign; a Pearl of type 1 is a miss under every route of leads (contract 0.5).
func outbound(tx Tx, accountID, pearlID id.ID, lock Lock) (campaign.Pearl, error) {
	pearl, err := tx.Pearl(accountID, pearlID, lock)
	if err != nil {
		return pearl, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return pearl, fault.Missing("PearlId")
	}
	return pearl, nil
}

// AddLead adds one lead (contract 1.5) and answers its id, or that of the lead that duplicatePolicy keeps in its place.
func (e *Engine) AddLead(ctx context.Context, actor Actor, pearlID id.ID, input NewLead) (id.ID, error) {
	ids, err := e.addLeads(ctx, actor, pearlID, []NewLead{input}, func(int) string { return "" })
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// AddLeads adds many, all or none, and answers their ids in the order given.
func (e *Engine) AddLeads(ctx context.Context, actor Actor, pearlID id.ID, inputs []NewLead) ([]id.ID, error) {
	if len(inputs) > MaxLeads {
		return nil, fault.Bad("Leads", "The list holds %d leads; at most %d are allowed in one request.", len(inputs), MaxLeads)
	}
	return e.addLeads(ctx, actor, pearlID, inputs, func(n int) string { return fmt.Sprintf("Leads[%d].", n) })
}

func (e *Engine) addLeads(ctx context.Context, actor Actor, pearlID id.ID, inputs []NewLead, prefix func(int) string) ([]id.ID, error) {
	// Everything that needs no lock is done before the transaction: others wait for the writer, not for our parsing.
	pearl, err := e.Store.ReadPearl(ctx, actor.Account, pearlID)
	if err != nil {
		return nil, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return nil, fault.Missing("PearlId")
	}
	now := e.clock()
	var faults fault.List
	leads := make([]lead.Lead, len(inputs))
	for n, input := range inputs {
		l := input.lead(&faults, prefix(n), region(pearl))
		l.ID, l.Account, l.Campaign = e.IDs.New(now), actor.Account, pearlID
		leads[n] = lead.Add(l, now)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(leads))
	err = e.update(ctx, func(tx Tx, s *signals) error {
		fresh := leads
		if policy := pearl.Outbound.DuplicatePolicy; policy == "skip" || policy == "reject" {
			// Exclusive: two adds at the same time must see each other's leads.
			if _, err := outbound(tx, actor.Account, pearlID, Exclusive); err != nil {
				return err
			}
			var err error
			if fresh, err = withoutDuplicates(tx, pearl, leads, ids, prefix); err != nil {
				return err
			}
		} else {
			for n, l := range leads {
				ids[n] = l.ID
			}
		}
		if err := tx.InsertLeads(fresh); err != nil {
			return fmt.Errorf("insert leads: %w", err)
		}
		s.wake = pearl.Activity == campaign.Running
		return e.keepAnswer(ctx, tx, ids)
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// withoutDuplicates applies duplicatePolicy against what is stored and within the request: it fills ids and answers the
// leads to insert, or refuses.
func withoutDuplicates(tx Tx, pearl campaign.Pearl, leads []lead.Lead, ids []id.ID, prefix func(int) string) ([]lead.Lead, error) {
	byPhone, byExternal := map[string]id.ID{}, map[string]id.ID{}
	var fresh []lead.Lead
	var faults fault.List
	for n, l := range leads {
		existing, member := byPhone[string(l.Phone)], "PhoneNumber"
		if existing.Zero() {
			stored, err := tx.LeadsByPhone(pearl.Account, pearl.ID, l.Phone)
			if err != nil {
				return nil, fmt.Errorf("look for duplicates: %w", err)
			}
			if len(stored) > 0 {
				existing = stored[len(stored)-1].ID
			}
		}
		if existing.Zero() && l.ExternalID != "" {
			member, existing = "ExternalId", byExternal[l.ExternalID]
			if existing.Zero() {
				stored, err := tx.LeadsByExternalID(pearl.Account, pearl.ID, l.ExternalID)
				if err != nil {
					return nil, fmt.Errorf("look for duplicates: %w", err)
				}
				if len(stored) > 0 {
					existing = stored[len(stored)-1].ID
				}
			}
		}
		switch {
		case existing.Zero():
			ids[n] = l.ID
			fresh = append(fresh, l)
			byPhone[string(l.Phone)] = l.ID
			if l.ExternalID != "" {
				byExternal[l.ExternalID] = l.ID
			}
		case pearl.Outbound.DuplicatePolicy == "skip":
			ids[n] = existing
		default:
			faults.Add(prefix(n)+member, "A lead with this value exists already, and the campaign's duplicatePolicy is reject.")
		}
	}
	return fresh, faults.Err()
}

// ViewLead is a lead as it is answered.
func (e *Engine) ViewLead(ctx context.Context, accountID, pearlID, leadID id.ID) (LeadView, error) {
	found, err := e.Store.ReadLeadRecord(ctx, accountID, pearlID, leadID)
	if err != nil {
		return LeadView{}, err
	}
	return e.viewOf(found.Pearl, found.Lead, found.Calls, found.Last)
}

func (e *Engine) view(ctx context.Context, pearl campaign.Pearl, l lead.Lead) (LeadView, error) {
	calls, last, err := e.Store.LeadCalls(ctx, l.ID)
	if err != nil {
		return LeadView{}, fmt.Errorf("list calls of lead: %w", err)
	}
	return e.viewOf(pearl, l, calls, last)
}

func (e *Engine) viewOf(pearl campaign.Pearl, l lead.Lead, calls []id.ID, last *call.Call) (LeadView, error) {
	p, err := e.plans.of(pearl)
	if err != nil {
		return LeadView{}, err
	}
	return LeadView{Lead: l, Offset: zone.Offset(p.location(l.ZoneKey), e.clock()), Calls: calls, LastCall: last}, nil
}

// DeleteLeads removes leads by id; ids that name nothing are ignored (contract 1.5).
func (e *Engine) DeleteLeads(ctx context.Context, actor Actor, pearlID id.ID, ids []id.ID) error {
	ids = slices.Sorted(slices.Values(ids)) // the order of locks
	return e.deleteLeads(ctx, actor, pearlID, len(ids), func(tx Tx, n int) ([]lead.Lead, error) {
		l, err := tx.Lead(actor.Account, pearlID, ids[n])
		if fault.Is(err, fault.NotFound) {
			return nil, nil
		}
		return []lead.Lead{l}, err
	})
}

// DeleteLeadsByExternalID removes every lead of the campaign with one of the external ids.
func (e *Engine) DeleteLeadsByExternalID(ctx context.Context, actor Actor, pearlID id.ID, externalIDs []string) error {
	return e.deleteLeads(ctx, actor, pearlID, len(externalIDs), func(tx Tx, n int) ([]lead.Lead, error) {
		if externalIDs[n] == "" {
			return nil, nil
		}
		return tx.LeadsByExternalID(actor.Account, pearlID, externalIDs[n])
	})
}

func (e *Engine) deleteLeads(ctx context.Context, actor Actor, pearlID id.ID, count int, find func(tx Tx, n int) ([]lead.Lead, error)) error {
	return e.update(ctx, func(tx Tx, s *signals) error {
		pearl, err := outbound(tx, actor.Account, pearlID, Unlocked)
		if err != nil {
			return err
		}
		now := e.clock()
		var deleted []string
		for n := range count {
			leads, err := find(tx, n)
			if err != nil {
				return fmt.Errorf("find lead to delete: %w", err)
			}
			for _, l := range leads {
				c := e.change(tx, pearl, l, actor, now, s)
				if _, err := c.step(lead.Deleted{}); err != nil {
					return err
				}
				if err := handOverSequence(tx, l); err != nil {
					return err
				}
				if err := tx.DeleteLead(l.ID); err != nil {
					return fmt.Errorf("delete lead: %w", err)
				}
				deleted = append(deleted, string(l.ID))
			}
		}
		if len(deleted) == 0 {
			return nil
		}
		return e.audit(tx, actor, auditDeleteLeads, now, map[string]any{"pearlId": pearlID, "leadIds": deleted})
	})
}

// handOverSequence lets the end of a call that outlives its lead go on counting where the lead's deliveries stopped.
func handOverSequence(tx Tx, l lead.Lead) error {
	if l.Call.Zero() {
		return nil
	}
	current, err := tx.Call(l.Account, l.Call)
	if err != nil {
		return fmt.Errorf("read call of lead: %w", err)
	}
	current.Sequence = l.Sequence
	return tx.SaveCall(current)
}

// Next is when a lead is called next, or why it is not (contract 12).
type Next struct {
	Callable bool
	Attempts int
	DueAt    time.Time // zero: not due
	Reason   string
	Detail   string
}

// NextCall says when the lead is called next, or why not.
func (e *Engine) NextCall(ctx context.Context, accountID, pearlID, leadID id.ID) (Next, error) {
	pearl, err := e.Store.ReadPearl(ctx, accountID, pearlID)
	if err != nil {
		return Next{}, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return Next{}, fault.Missing("PearlId")
	}
	l, err := e.Store.ReadLead(ctx, accountID, pearlID, leadID)
	if err != nil {
		return Next{}, err
	}
	owner, err := e.Store.ReadAccount(ctx, accountID)
	if err != nil {
		return Next{}, fmt.Errorf("read account: %w", err)
	}
	p, err := e.plans.of(pearl)
	if err != nil {
		return Next{}, err
	}
	now := e.clock()
	next := Next{Attempts: l.Attempts}
	say := func(reason, format string, args ...any) (Next, error) {
		next.Reason, next.Detail = reason, fmt.Sprintf(format, args...)
		return next, nil
	}
	if !l.Call.Zero() {
		return say("live", "A call to this lead is in the air (call %s).", l.Call)
	}
	if !l.Status.Callable() {
		if l.Status == lead.InCallQueue {
			return say("live", "The lead is about to be dialled.")
		}
		return say("final", "The status %d (%s) is final until Update Lead changes it.", l.Status, l.Status)
	}
	if suppressed, err := e.Store.IsSuppressed(ctx, accountID, l.Phone); err != nil {
		return Next{}, fmt.Errorf("look up blacklist: %w", err)
	} else if suppressed {
		return say("blacklisted", "The number is covered by the account's blacklist; the lead becomes 220 when it falls due.")
	}
	if !countryAllowed(owner, l.Phone) {
		return say("countryCode", "The number's country calling code is unknown or not enabled for the account; the lead becomes 30 when it falls due.")
	}
	if !l.AttemptLeft(pearl.Outbound.Rules()) {
		return say("attempts", "All %d attempts of maximumCallAttempts are used.", pearl.Outbound.MaximumCallAttempts)
	}
	due := l.Due
	if due.Before(now) {
		due = now
	}
	open, ok := p.nextOpen(l.ZoneKey, due)
	if !ok {
		return say("hours", "The campaign's callingHours and holidays leave no open hour in %s.", p.location(l.ZoneKey))
	}
	next.DueAt = open
	if pearl.Activity != campaign.Running {
		return say("paused", "The campaign is not running (status %d).", pearl.Activity)
	}
	if !owner.Standing.MayCall() {
		return say("account", "The account's status %d stops all calling.", owner.Standing)
	}
	next.Callable = true
	switch {
	case l.Due.After(now) && l.Promised:
		return say("callback", "A call-back was promised for %s.", l.Due.Format(time.RFC3339))
	case l.Due.After(now):
		return say("interval", "The retry interval of the campaign (minimumRetryIntervalHours, retryPolicy) ends at %s.", l.Due.Format(time.RFC3339))
	case open.After(now):
		return say("hours", "The campaign's callingHours are closed in %s until %s.", p.location(l.ZoneKey), open.Format(time.RFC3339))
	}
	return e.nextGate(ctx, next, owner, pearl, l, now)
}

// nextGate judges the gates that do not depend on the lead: budget, trunk, agents.
func (e *Engine) nextGate(ctx context.Context, next Next, owner account.Account, pearl campaign.Pearl, l lead.Lead, now time.Time) (Next, error) {
	var why gateFault
	err := e.Store.Update(ctx, func(tx Tx) error {
		g, err := e.openGate(tx, owner, pearl, now)
		if err != nil {
			return err
		}
		why = g.why
		if why.reason == "" && g.free() <= 0 {
			why = gateFault{"agents", "All agents of the campaign, the account or the trunk are on calls."}
		}
		if why.reason == "" {
			live, err := tx.NumberLive(pearl.Account, l.Phone)
			if err != nil {
				return err
			}
			if live {
				why = gateFault{"live", "Another call to this number is in the air."}
			}
		}
		return nil
	})
	if err != nil {
		return Next{}, fmt.Errorf("judge the gate: %w", err)
	}
	next.Reason, next.Detail = why.reason, why.detail
	if why.reason == "" {
		next.Reason, next.Detail = "callable", "The lead is due now."
	}
	next.Callable = next.Reason == "callable" || next.Reason == "agents" || next.Reason == "live"
	return next, nil
}
