package campaign

import (
	"fmt"

	"nacre/internal/call"
	"nacre/internal/phone"
)

// actions are what the Pearl has done in its calls besides talking (contract 2.4).
func (p Pearl) actions() []call.Action {
	var all []call.Action
	for n, t := range p.Definition.TransferCallSettings {
		number, err := phone.Parse(t.PhoneNumber, p.Home())
		if err != nil {
			continue // of a Pearl from before such were refused
		}
		all = append(all, call.Action{Kind: call.ActTransfer, Name: fmt.Sprintf("transfer_%d", n+1), When: t.TriggerDescription, Number: string(number)})
	}
	return all
}

// checkTransfers judges the numbers that people are put through to.
func (p Pearl) checkTransfers(faultAt func(path, format string, args ...any)) {
	for n, t := range p.Definition.TransferCallSettings {
		path := fmt.Sprintf("Pearl.TransferCallSettings[%d].TransferCallPhoneNumber", n)
		if t.PhoneNumber == "" {
			faultAt(path, "The TransferCallPhoneNumber field is required.")
		} else if _, err := phone.Parse(t.PhoneNumber, p.Home()); err != nil {
			faultAt(path, "The value '%.64s' is no phone number that can be dialled: %s", t.PhoneNumber, err)
		}
	}
}
