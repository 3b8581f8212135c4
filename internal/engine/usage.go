package engine

import (
	"fmt"
	"math"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// DayCaps bound what calls over trunks may use of a day (UTC), so that whoever has stolen a key can have no more than that
// dialled (contract 9.5). 0 = no cap. The sandbox carrier costs nothing and is exempt.
type DayCaps struct {
	Calls   int
	Minutes int // started minutes of conversation; a call that has just begun counts as one
}

// Usage is what calls over trunks have used of a day, and what is about to.
type Usage struct {
	Calls   int // begun
	Minutes int // of calls that are over, and of live ones until now
	Claims  int // leads and requests that are about to be dialled
}

// Asker is on whose account calls go: all of an account, or those that one of its keys asked for.
type Asker struct {
	Account id.ID
	Key     id.ID // zero: all
}

func (c DayCaps) none() bool { return c.Calls <= 0 && c.Minutes <= 0 }

// left is how many more calls may be claimed; below 0 more are claimed than may begin.
func (c DayCaps) left(used Usage) int {
	left := math.MaxInt
	if c.Calls > 0 {
		left = min(left, c.Calls-used.Calls-used.Claims)
	}
	if c.Minutes > 0 {
		left = min(left, c.Minutes-used.Minutes-used.Claims)
	}
	return left
}

// fault names the cap that is reached, zero where none is. whose and flag tell the account's caps from a key's.
func (c DayCaps) fault(used Usage, whose, flag string, now time.Time) gateFault {
	opens := nextDay(now).Format(time.RFC3339)
	switch {
	case c.Calls > 0 && used.Calls >= c.Calls:
		return gateFault{"account", fmt.Sprintf("%s has begun %d calls over trunks today; this server allows %d a day (--calls-per-day%s). It goes on at %s.",
			whose, used.Calls, c.Calls, flag, opens)}
	case c.Minutes > 0 && used.Minutes >= c.Minutes:
		return gateFault{"account", fmt.Sprintf("%s has used %d minutes of calls over trunks today; this server allows %d a day (--minutes-per-day%s). It goes on at %s.",
			whose, used.Minutes, c.Minutes, flag, opens)}
	}
	return gateFault{}
}

// dayOf is the beginning of the day (UTC) that a call's usage belongs to; it goes with the instant at which the call began.
func dayOf(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

func nextDay(at time.Time) time.Time { return dayOf(at).Add(24 * time.Hour) }

// accountUsage reads what the account has used today; the zero value where no cap asks.
func (e *Engine) accountUsage(tx Tx, accountID id.ID, now time.Time) (used Usage, err error) {
	if e.AccountCaps.none() {
		return used, nil
	}
	if used, err = tx.Used(Asker{Account: accountID}, dayOf(now), now); err != nil {
		return used, fmt.Errorf("read usage of account: %w", err)
	}
	return used, nil
}

// keyUsage is accountUsage for what a key asked for. Nothing is read for what no key asked for: the command line's own.
func (e *Engine) keyUsage(tx Tx, accountID, key id.ID, now time.Time) (used Usage, err error) {
	if e.KeyCaps.none() || key.Zero() {
		return used, nil
	}
	if used, err = tx.Used(Asker{accountID, key}, dayOf(now), now); err != nil {
		return used, fmt.Errorf("read usage of key: %w", err)
	}
	return used, nil
}

func (e *Engine) accountCapFault(used Usage, now time.Time) gateFault {
	return e.AccountCaps.fault(used, "The account", "", now)
}

func (e *Engine) keyCapFault(used Usage, now time.Time) gateFault {
	return e.KeyCaps.fault(used, "The API key that asks for the call", "-of-key", now)
}

// capsOpen refuses a made call over a trunk where today's caps are reached.
func (e *Engine) capsOpen(tx Tx, trunk id.ID, asker Asker, now time.Time) error {
	if trunk.Zero() {
		return nil
	}
	ofAccount, err := e.accountUsage(tx, asker.Account, now)
	if err != nil {
		return err
	}
	ofKey, err := e.keyUsage(tx, asker.Account, asker.Key, now)
	if err != nil {
		return err
	}
	for _, why := range []gateFault{e.accountCapFault(ofAccount, now), e.keyCapFault(ofKey, now)} {
		if why.reason != "" {
			return fault.Refused("%s", why.detail)
		}
	}
	return nil
}

// countBegun adds a call that begins to its day: one minute at least, until its end says how many they were.
func countBegun(tx Tx, begun call.Call) error {
	return addUsage(tx, begun, 1, 1)
}

// countFinished corrects what countBegun added. Answered is as the row had it: a call that was lost in mid-conversation has
// used its minutes too. One that did not ring has used nothing.
func countFinished(tx Tx, finished call.Call) error {
	calls, minutes := 0, -1
	if !finished.Answered.IsZero() {
		minutes += startedMinutes(finished.Answered, finished.Ended)
	}
	if finished.Outcome == call.NeverRang {
		calls = -1
	}
	return addUsage(tx, finished, calls, minutes)
}

func addUsage(tx Tx, of call.Call, calls, minutes int) error {
	if of.Trunk.Zero() || calls == 0 && minutes == 0 {
		return nil
	}
	if err := tx.AddUsage(Asker{of.Account, of.Key}, dayOf(of.Start), calls, minutes); err != nil {
		return fmt.Errorf("add usage: %w", err)
	}
	return nil
}

// startedMinutes of a conversation, at least one.
func startedMinutes(answered, ended time.Time) int {
	return max(1, int((ended.Sub(answered)+time.Minute-1)/time.Minute))
}

// key is that of the actor, zero where it is none.
func (a Actor) key() id.ID {
	key, is := strings.CutPrefix(a.By, KeyPrefix)
	if !is {
		return ""
	}
	return id.ID(key)
}
