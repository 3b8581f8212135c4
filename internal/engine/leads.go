package engine

import (
	"cmp"
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
	"nacre/internal/phone"
)

// outbound reads a campaign; a Pearl of type 1 is a miss under every route of leads (contract 0.5).
func outbound(tx PearlTx, accountID, pearlID id.ID, lock Lock) (campaign.Pearl, error) {
	pearl, err := tx.Pearl(accountID, pearlID, lock)
	if err != nil {
		return pearl, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return pearl, fault.Missing("PearlId")
	}
	return pearl, nil
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
	return LeadView{Lead: l, Offset: p.offset(l.ZoneKey, e.clock()), Calls: calls, LastCall: last}, nil
}

// DeleteLeads removes leads by id; ids that name nothing are ignored (contract 1.5).
func (e *Engine) DeleteLeads(ctx context.Context, actor Actor, pearlID id.ID, ids []id.ID) error {
	ids = slices.Sorted(slices.Values(ids)) // the order of locks
	return e.deleteLeads(ctx, actor, pearlID, len(ids), func(tx Tx, n, _ int) ([]lead.Lead, error) {
		l, err := tx.Lead(actor.Account, pearlID, ids[n])
		if fault.Is(err, fault.NotFound) {
			return nil, nil
		}
		return []lead.Lead{l}, err
	})
}

// DeleteLeadsByExternalID removes every lead of the campaign with one of the external ids.
func (e *Engine) DeleteLeadsByExternalID(ctx context.Context, actor Actor, pearlID id.ID, externalIDs []string) error {
	return e.deleteLeads(ctx, actor, pearlID, len(externalIDs), func(tx Tx, n, limit int) ([]lead.Lead, error) {
		if externalIDs[n] == "" {
			return nil, nil
		}
		return tx.LeadsByExternalID(actor.Account, pearlID, externalIDs[n], limit)
	})
}

// deletedAtOnce is how many names of a delete list, and how many leads, one transaction takes: others wait for the writer no
// longer than that, however many leads have one external id.
const deletedAtOnce = 200

// finder returns up to limit leads that the n-th name of a delete list names.
type finder func(tx Tx, n, limit int) ([]lead.Lead, error)

func (e *Engine) deleteLeads(ctx context.Context, actor Actor, pearlID id.ID, count int, find finder) error {
	for next, first := 0, true; first || next < count; first = false {
		reached := next
		err := e.updatePart(ctx, first, func(tx Tx, s *Signals) (err error) {
			reached, err = e.deletePart(tx, s, actor, pearlID, next, count, find)
			return err
		})
		if err != nil {
			return err
		}
		next = reached
	}
	return nil
}

// deletePart deletes from the name from on, and returns the name that it has reached: not all of its leads may be deleted.
func (e *Engine) deletePart(tx Tx, s *Signals, actor Actor, pearlID id.ID, from, count int, find finder) (reached int, err error) {
	pearl, err := outbound(tx, actor.Account, pearlID, Unlocked)
	if err != nil {
		return from, err
	}
	now := e.clock()
	var deleted []string
	n := from
	for n < count && n < from+deletedAtOnce && len(deleted) < deletedAtOnce {
		limit := deletedAtOnce - len(deleted)
		leads, err := find(tx, n, limit)
		if err != nil {
			return from, fmt.Errorf("find lead to delete: %w", err)
		}
		for _, l := range leads {
			if err := e.removeLead(tx, pearl, l, actor, now, s); err != nil {
				return from, err
			}
			deleted = append(deleted, string(l.ID))
		}
		if len(leads) < limit {
			n++
		}
	}
	if len(deleted) == 0 {
		return n, nil
	}
	s.changed(actor.Account, pearlID, ChangedLeads)
	return n, e.audit(tx, actor, auditDeleteLeads, now, map[string]any{"pearlId": pearlID, "leadIds": deleted})
}

// removeLead deletes a lead with what that does to its call.
func (e *Engine) removeLead(tx Tx, pearl campaign.Pearl, l lead.Lead, actor Actor, now time.Time, s *Signals) error {
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
	return nil
}

// handOverSequence lets the end of a call that outlives its lead go on counting where the lead's deliveries stopped.
func handOverSequence(tx CallTx, l lead.Lead) error {
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
	if l.Status == lead.InCallQueue {
		return say("live", "The lead is about to be dialled.")
	}
	suppressed, err := e.Store.IsSuppressed(ctx, accountID, l.Phone)
	if err != nil {
		return Next{}, fmt.Errorf("look up blacklist: %w", err)
	}
	switch {
	case suppressed && l.Status.Final():
		return say("blacklisted", "The number is covered by the account's blacklist: it is not called, whatever the status.")
	case suppressed:
		return say("blacklisted", "The number is covered by the account's blacklist; the lead becomes 220 when it falls due.")
	case l.Status.Final():
		return say("final", "The status %d (%s) is final until Update Lead changes it.", l.Status, l.Status)
	}
	numbers, err := e.Store.Numbers(ctx, accountID)
	if err != nil {
		return Next{}, fmt.Errorf("list numbers: %w", err)
	}
	if why := mayDialFrom(owner, pearl, numbers, l.Phone); why != "" {
		return say("countryCode", "%s The lead becomes 30 when it falls due.", why)
	}
	rules := pearl.Outbound.Rules()
	if !l.AttemptLeft(rules) {
		if rules.MaximumAttempts > l.Attempts {
			return say("attempts", "retryPolicy gives no other attempt after %q.", l.Rest.After)
		}
		return say("attempts", "All %d attempts of maximumCallAttempts are used.", pearl.Outbound.MaximumCallAttempts)
	}
	due := l.DueAt(rules)
	open, ok := p.nextOpen(l.ZoneKey, later(due, now))
	if !ok && p.location(l.ZoneKey) == nil {
		return say("hours", "The time zone %q is not known to this version: no hour is open until timeZoneId names another.",
			cmp.Or(l.Zone, l.ZoneKey, pearl.LeadZone()))
	}
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
	if due.Equal(nextDay(now)) { // as a claim leaves a lead whose key has used up the day
		why, err := e.keyCapped(ctx, l, now)
		if err != nil {
			return Next{}, err
		}
		if why.reason != "" {
			return say(why.reason, "%s", why.detail)
		}
	}
	next.Callable = true
	switch {
	case due.After(now) && l.Promised:
		return say("callback", "A call-back was promised for %s.", due.Format(time.RFC3339))
	case due.After(now):
		return say("interval", "The retry interval of the campaign (minimumRetryIntervalHours, retryPolicy) ends at %s.", due.Format(time.RFC3339))
	case open.After(now):
		return say("hours", "The campaign's callingHours are closed in %s until %s.", p.location(l.ZoneKey), open.Format(time.RFC3339))
	}
	return e.nextGate(ctx, next, owner, pearl, l, now)
}

// mayDialFrom says why a number may not be dialled from a campaign's, "" where it may. numbers are the account's.
func mayDialFrom(owner account.Account, pearl campaign.Pearl, numbers []account.Number, to phone.Number) string {
	g := gate{owner: owner}
	for _, number := range numbers {
		if number.ID == pearl.Outbound.PhoneNumberID {
			g.number = number
		}
		if !number.Trunk.Zero() {
			g.own = append(g.own, number.Number)
		}
	}
	return g.mayDial(to)
}

// keyCapped says which cap keeps the key that asks for a lead from having more called today.
func (e *Engine) keyCapped(ctx context.Context, l lead.Lead, now time.Time) (why gateFault, err error) {
	err = e.Store.Update(ctx, func(tx Tx) error {
		used, err := e.keyUsage(tx, l.Account, l.Key, now)
		why = e.keyCapFault(used, now)
		return err
	})
	if err != nil {
		return gateFault{}, fmt.Errorf("judge the caps of the key: %w", err)
	}
	return why, nil
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
			why = g.short()
		}
		if why.reason == "" && !g.trunk.ID.Zero() {
			used, err := e.keyUsage(tx, pearl.Account, l.Key, now)
			if err != nil {
				return err
			}
			why = e.keyCapFault(used, now)
		}
		if why.reason == "" {
			live, held, err := tx.NumberTaken(pearl.Account, l.Phone, now)
			switch {
			case err != nil:
				return err
			case live:
				why = gateFault{"live", "Another call to this number is in the air."}
			case !held.IsZero():
				why = gateFault{"live", fmt.Sprintf("A call to this number was lost and may be in the air until %s.", held.Format(time.RFC3339))}
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
