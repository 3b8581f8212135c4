package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// UpdateLead is the heart of the product (contract 1.1): all members take effect together, and once it has returned no
// node begins a call that they forbid.
func (e *Engine) UpdateLead(ctx context.Context, actor Actor, pearlID, leadID id.ID, input LeadUpdate) (LeadView, error) {
	view, err := e.updateLeadAhead(ctx, actor, pearlID, leadID, input)
	if !errors.Is(err, ErrStale) {
		return view, err
	}
	return e.updateLeadLocked(ctx, actor, pearlID, leadID, input)
}

// updateLeadAhead reads, judges and renders before the transaction, which then only compares and writes: everybody waits
// for the writer, so it is spared all else. The lead's version says whether what was read still holds, for its calls
// too: a call that begins, is answered or ends changes the lead.
// ErrStale: it does not hold, the lead is not found, the update is refused, or the lead has a call in the air, whose row must be held as well.
func (e *Engine) updateLeadAhead(ctx context.Context, actor Actor, pearlID, leadID id.ID, input LeadUpdate) (LeadView, error) {
	found, err := e.Store.ReadLeadRecord(ctx, actor.Account, pearlID, leadID)
	switch {
	case fault.Is(err, fault.NotFound): // of what, is told below
		return LeadView{}, ErrStale
	case err != nil:
		return LeadView{}, err
	}
	pearl, current := found.Pearl, found.Lead
	if pearl.Outbound == nil || !current.Call.Zero() {
		return LeadView{}, ErrStale
	}
	var s signals
	c := e.change(nil, pearl, current, actor, e.clock(), &s)
	c.calls = func() ([]id.ID, error) { return found.Calls, nil }
	if err := c.edit(input); err != nil {
		return LeadView{}, ErrStale // judged again by the campaign as it is now
	}
	err = e.Store.Update(ctx, func(tx Tx) error {
		held, err := outbound(tx, actor.Account, pearlID, Unlocked)
		if err != nil {
			return err
		}
		if held.Version != pearl.Version || held.Webhooks != pearl.Webhooks {
			return ErrStale
		}
		c.tx = tx
		return c.commit()
	})
	if err != nil {
		return LeadView{}, err
	}
	e.tell(s)
	return e.viewOf(pearl, c.lead, found.Calls, found.Last)
}

// updateLeadLocked does all in one transaction that holds the lead.
func (e *Engine) updateLeadLocked(ctx context.Context, actor Actor, pearlID, leadID id.ID, input LeadUpdate) (LeadView, error) {
	var stored lead.Lead
	var pearl campaign.Pearl
	err := e.update(ctx, func(tx Tx, s *signals) error {
		var err error
		if pearl, err = outbound(tx, actor.Account, pearlID, Unlocked); err != nil {
			return err
		}
		current, err := tx.Lead(actor.Account, pearlID, leadID)
		if err != nil {
			return err
		}
		c := e.change(tx, pearl, current, actor, e.clock(), s)
		if err := c.edit(input); err != nil {
			return err
		}
		if err := c.commit(); err != nil {
			return err
		}
		stored = c.lead
		return nil
	})
	if err != nil {
		return LeadView{}, err
	}
	return e.view(ctx, pearl, stored)
}

// edit judges what the caller wrote and applies it.
func (c *change) edit(input LeadUpdate) error {
	if input.IfMatch != nil && !slices.Contains(input.IfMatch, c.before.Version) {
		return &fault.Error{Kind: fault.Stale, Detail: fmt.Sprintf("the lead is at version %d", c.before.Version)}
	}
	patch, err := input.patch(region(c.pearl), c.before)
	if err != nil {
		return err
	}
	closed := false
	if c.before.Status == lead.InCallQueue && patch.Zone != nil {
		p, err := c.e.plans.of(c.pearl)
		if err != nil {
			return err
		}
		closed = !p.open(patch.ZoneKey, c.now)
	}
	if _, err := c.step(lead.Edited{Patch: patch, HangUp: input.HangUp, Closed: closed}); err != nil {
		return err
	}
	if members := input.members(); members != "" {
		c.note("edited", 0, 0, members)
	}
	return nil
}

// members names what an update gave, for the history.
func (u LeadUpdate) members() string {
	text := ""
	for _, m := range []struct {
		given bool
		name  string
	}{{u.Phone != nil, "phoneNumber"}, {u.ExternalID != nil, "externalId"}, {u.Zone != nil, "timeZoneId"}, {u.CallData != nil || u.CallDataMerge != nil, "callData"}, {u.Status != nil, "status"}} {
		if m.given && text != "" {
			text += ", "
		}
		if m.given {
			text += m.name
		}
	}
	return text
}
