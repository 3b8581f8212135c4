package engine

import (
	"context"
	"fmt"
	"strings"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// numberOf is the phone number of a Pearl's settings, zero = none.
func numberOf(p campaign.Pearl) id.ID {
	switch {
	case p.Outbound != nil:
		return p.Outbound.PhoneNumberID
	case p.Inbound != nil:
		return p.Inbound.PhoneNumberID
	}
	return ""
}

// checkNumber judges the Pearl's phone number; prefix is that of the error keys of a campaign, "Outbound." or "".
func checkNumber(tx Tx, pearl campaign.Pearl, prefix string) error {
	numberID, allows, purpose := numberOf(pearl), account.Direction.DialsOut, "outbound"
	if numberID.Zero() {
		return nil
	}
	if pearl.Type == campaign.InboundPearl {
		allows, purpose = account.Direction.TakesCalls, "inbound"
		prefix = strings.Replace(prefix, "Outbound.", "Inbound.", 1)
	}
	number, err := tx.Number(pearl.Account, numberID, Shared)
	if fault.Is(err, fault.NotFound) {
		return fault.Bad(prefix+"PhoneNumberId", "The account has no phone number with the id '%s'.", numberID)
	}
	if err != nil {
		return fmt.Errorf("read number: %w", err)
	}
	if !allows(number.Direction) {
		return fault.Bad(prefix+"PhoneNumberId", "The phone number %s is not authorized for %s calls.", number.Number, purpose)
	}
	return nil
}

// numberFree refuses to run an inbound Pearl on a number that another running one answers (contract 2.7).
func (e *Engine) numberFree(ctx context.Context, accountID, pearlID id.ID) error {
	pearls, err := e.Store.Pearls(ctx, accountID)
	if err != nil {
		return fmt.Errorf("list pearls: %w", err)
	}
	var numberID id.ID
	for _, p := range pearls {
		if p.ID == pearlID && p.Inbound != nil {
			numberID = p.Inbound.PhoneNumberID
		}
	}
	if numberID.Zero() {
		return nil
	}
	for _, p := range pearls {
		if p.ID != pearlID && p.Inbound != nil && p.Activity == campaign.Running && p.Inbound.PhoneNumberID == numberID {
			return fault.Bad("PhoneNumberId", "The running inbound Pearl '%s' answers this phone number; there can be one.", p.Name)
		}
	}
	return nil
}
