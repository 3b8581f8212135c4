package engine

import (
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
	if pearl.Type == campaign.InboundPearl {
		allows, purpose = account.Direction.TakesCalls, "inbound"
		prefix = strings.Replace(prefix, "Outbound.", "Inbound.", 1)
	}
	if numberID.Zero() {
		if pearl.Type == campaign.OutboundPearl && pearl.Activity == campaign.Running {
			return fault.Bad(prefix+"PhoneNumberId", "The campaign is running and needs a phone number: name another one, or pause it first.")
		}
		return nil
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
	return numberFree(tx, pearl, prefix)
}

// numberFree refuses that an inbound Pearl runs on a number that another running one answers (contract 2.7). The
// account's row is held, so that two cannot take one number at the same time.
func numberFree(tx NumberTx, pearl campaign.Pearl, prefix string) error {
	if pearl.Inbound == nil || pearl.Activity != campaign.Running || pearl.Inbound.PhoneNumberID.Zero() {
		return nil
	}
	running, err := tx.RunningOn(pearl.Account, pearl.Inbound.PhoneNumberID)
	if err != nil {
		return fmt.Errorf("list running pearls: %w", err)
	}
	for _, p := range running {
		if p.ID != pearl.ID && p.Inbound != nil {
			return fault.Bad(prefix+"PhoneNumberId", "The running inbound Pearl '%s' answers this phone number; there can be one.", p.Name)
		}
	}
	return nil
}
