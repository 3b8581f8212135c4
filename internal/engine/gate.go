package engine

import (
	"fmt"
	"math"
	"slices"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// gateFault says why no call of a campaign may begin; the zero value: it may.
type gateFault struct {
	reason string // in the words of Next (contract 12)
	detail string
}

// gate is what stands between a campaign and the wire apart from its leads: who pays, who carries, how many at once.
type gate struct {
	why    gateFault
	load   Load
	number account.Number
	trunk  account.Trunk // zero id: the sandbox carrier
	agents int           // of the Pearl
	owner  account.Account
	own    []string // numbers of the account on trunks, where they decide which countries may be called
	single bool     // the trunk's state is unknown: one call may try
	afford int      // how many more calls the budget pays the first minute of; claims are taken off
	today  int      // how many more calls the account's caps of the day allow; claims are taken off
}

// free is how many more calls may be claimed now.
func (g gate) free() int {
	free := min(g.agents-g.load.Pearl, g.owner.TotalAgents-g.load.Account, g.afford, g.today)
	if !g.trunk.ID.Zero() {
		limit := g.trunk.MaxCalls
		if g.single {
			limit = 1
		}
		free = min(free, limit-g.load.Trunk)
	}
	return free
}

// exceeded reports whether more is held than allowed; the call about to begin is counted in the load already.
func (g gate) exceeded() bool { return g.free() < 0 }

// short says what there is too little of where free is 0.
func (g gate) short() gateFault {
	if g.today <= 0 {
		return gateFault{"account", "What is left of the account's calls and minutes of today (--calls-per-day, --minutes-per-day) is for the calls that are about to begin."}
	}
	if g.afford <= 0 {
		return gateFault{"budget", "What is left of budgetTotal is for the calls that are about to begin."}
	}
	return gateFault{"agents", "All agents of the campaign, the account or the trunk are on calls."}
}

// openGate judges everything that does not depend on the lead (contract 9.5).
func (e *Engine) openGate(tx Tx, owner account.Account, pearl campaign.Pearl, now time.Time) (gate, error) {
	g := gate{owner: owner, agents: pearl.TotalAgents(), afford: math.MaxInt, today: math.MaxInt}
	closed := func(reason, format string, args ...any) (gate, error) {
		g.why = gateFault{reason, fmt.Sprintf(format, args...)}
		return g, nil
	}
	if pearl.Activity != campaign.Running || pearl.Archived {
		return closed("paused", "The campaign is not running (status %d).", pearl.Activity)
	}
	if err := e.room(); err != nil {
		return closed("account", "%s", err)
	}
	if !owner.Standing.MayCall() {
		return closed("account", "The account's status %d stops all calling.", owner.Standing)
	}
	if e.CreditsBind && owner.Credit <= 0 {
		return closed("account", "The account has no credits.")
	}
	number, err := tx.Number(pearl.Account, pearl.Outbound.PhoneNumberID, Shared)
	if fault.Is(err, fault.NotFound) {
		return closed("trunk", "The campaign's phone number does not exist.")
	}
	if err != nil {
		return g, fmt.Errorf("read number: %w", err)
	}
	g.number = number
	if !number.Active || !number.Direction.DialsOut() {
		return closed("trunk", "The campaign's phone number does not dial out.")
	}
	if !number.Trunk.Zero() {
		if g.trunk, err = tx.Trunk(pearl.Account, number.Trunk, Shared); err != nil {
			return g, fmt.Errorf("read trunk: %w", err)
		}
		if why := trunkFault(g.trunk, now); why != "" {
			return closed("trunk", "%s", why)
		}
		g.single = g.trunk.State != account.TrunkOK
		used, err := e.accountUsage(tx, pearl.Account, now)
		if err != nil {
			return g, err
		}
		if g.why = e.accountCapFault(used, now); g.why.reason != "" {
			return g, nil
		}
		g.today = e.AccountCaps.left(used)
		if !e.showable(number.Number) {
			return closed("trunk", "The campaign's phone number cannot be shown as caller: it is no number in E.164 form, and the operator allows no such short number.")
		}
		if g.own, err = tx.TrunkNumbers(pearl.Account); err != nil {
			return g, fmt.Errorf("list numbers: %w", err)
		}
	} else if now.UnixMilli() < e.sandboxWait.Load() {
		return closed("trunk", "The sandbox carrier does not answer.")
	}
	if g.load, err = tx.Load(pearl.Account, pearl.ID, number.Trunk); err != nil {
		return g, fmt.Errorf("count load: %w", err)
	}
	if budget := pearl.Outbound.BudgetTotal; budget != nil {
		for _, running := range g.load.Running {
			g.load.Cost += max(e.cost(running.Answered, now), e.PricePerMinute) // it will cost that, once it is answered
		}
		left := int64(*budget)*100 - pearl.Spent - g.load.Cost
		if left <= 0 {
			return closed("budget", "budgetConsumed has reached budgetTotal (%d).", *budget)
		}
		if e.PricePerMinute > 0 {
			claims := g.load.Pearl - len(g.load.Running)
			g.afford = int((left+e.PricePerMinute-1)/e.PricePerMinute) - claims
		}
	}
	return g, nil
}

// room is why no call may begin for want of room on the disk, nil where one may.
func (e *Engine) room() error {
	if e.Room == nil {
		return nil
	}
	return e.Room()
}

// trunkFault says why no call may begin over a trunk, "" where one may. A wait of 30 s after a fault ends in unknown,
// where one call may try (contract 9.7).
func trunkFault(trunk account.Trunk, now time.Time) string {
	switch {
	case !trunk.Active:
		return "The trunk is switched off."
	case trunk.State == account.TrunkUnreachable:
		return "The trunk is unreachable: " + trunk.Detail
	case now.Before(trunk.Until) && trunk.Until.Sub(now) <= trunkWait: // more is a clock that was set back
		return "The trunk waits until " + trunk.Until.Format(time.RFC3339) + ": " + trunk.Detail
	}
	return ""
}

// cost is the price of a call answered then and running until now: per started minute, in hundredths.
func (e *Engine) cost(answered, ended time.Time) int64 {
	if answered.IsZero() || e.PricePerMinute == 0 {
		return 0
	}
	return int64(startedMinutes(answered, ended)) * e.PricePerMinute
}

// mayDial says why a number may not be dialled from the gate's number, "" where it may.
func (g gate) mayDial(to phone.Number) string {
	return g.owner.MayDial(to, g.number.Trunk.Zero(), g.own)
}

// showable reports whether a carrier may be shown the number as caller: one in E.164, or a short one that the operator allowed.
func (e *Engine) showable(number string) bool {
	return phone.Number(number).Possible() || slices.Contains(e.ShortCodes, number)
}

// Work is one claimed lead or request, to be begun.
type Work struct {
	Claim   id.ID
	Account id.ID
	Pearl   id.ID
	Lead    id.ID // zero for a request
	Request id.ID
	Trunk   call.Trunk // over which it will go, for pacing; read again when it begins
}
