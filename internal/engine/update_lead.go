package engine

import (
	"context"
	"fmt"
	"slices"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// UpdateLead is the heart of the product (contract 1.1): all members take effect together, and once it has returned no
// node begins a call that they forbid. All of it is one transaction that holds the lead.
func (e *Engine) UpdateLead(ctx context.Context, actor Actor, pearlID, leadID id.ID, input LeadUpdate) (LeadView, error) {
	var stored lead.Lead
	var pearl campaign.Pearl
	var calls []id.ID
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		var err error
		if pearl, err = outbound(tx, actor.Account, pearlID, Unlocked); err != nil {
			return err
		}
		current, err := tx.Lead(actor.Account, pearlID, leadID)
		if err != nil {
			return err
		}
		c := e.change(tx, pearl, current, actor, e.clock(), s)
		if calls, err = tx.LeadCallIDs(leadID); err != nil {
			return err
		}
		c.calls = func() ([]id.ID, error) { return calls, nil }
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
	if len(calls) == 0 {
		return e.viewOf(pearl, stored, nil, nil)
	}
	return e.view(ctx, pearl, stored)
}

// edit judges what the caller wrote and applies it.
func (c *change) edit(input LeadUpdate) error {
	if input.IfMatch != nil && !slices.Contains(input.IfMatch, c.before.Version) {
		return &fault.Error{Kind: fault.Stale, Detail: fmt.Sprintf("the lead is at version %d", c.before.Version)}
	}
	patch, err := input.patch(c.pearl.Home(), c.before)
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
	if _, err := c.step(lead.Edited{Patch: patch, HangUp: input.HangUp, Closed: closed, Change: c.part}); err != nil {
		return err
	}
	if c.lead.Phone != c.before.Phone || patch.Status != nil && patch.Status.Callable() {
		c.lead.Key = c.actor.key() // whoever has a number called answers for it, whoever added the lead
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
