package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/id"
)

// The order of deliveries (contract 6.3): a lead delivery waits for earlier ones of its lead, the end of a call for its
// start, its analysis for its end. What waits stays in the queue and is found due like everything else; the claim that meets it puts it behind the
// one it waits for (HeldBack), and settling that one brings it forward again. So a receiver that is down costs one
// touch of a row per try, and a lost wake-up costs a delay, not a delivery.

// maxHeldBack bounds how many waiting deliveries one claim puts behind others, so that it stays short.
const maxHeldBack = 256

// DeliveryRoom says which deliveries a claim may take, so that neither a receiver nor an account takes the places of others.
type DeliveryRoom struct {
	BusyPearls []id.ID        // nothing of these
	Accounts   map[id.ID]int  // at most so many of each of these
	Others     int            // and of every other account
	UnderWay   map[id.ID]bool // none of these deliveries: whoever claims is at them, whatever a clock says of their leases
}

// Of is how many may be claimed of an account.
func (r DeliveryRoom) Of(accountID id.ID) int {
	if room, named := r.Accounts[accountID]; named {
		return room
	}
	return r.Others
}

// NextDeliveries claims up to limit deliveries that are due at now, for lease: until then nobody else gets them, and
// afterwards, where SettleDelivery was not called, anybody. Accounts get equal shares, as far as there is room for them,
// and within an account its Pearls, so that no receiver and no account starves another.
func (e *Engine) NextDeliveries(ctx context.Context, now time.Time, lease time.Duration, limit int, room DeliveryRoom) (claimed []Delivery, err error) {
	now = now.UTC().Truncate(time.Millisecond)
	err = e.update(ctx, func(tx Tx, _ *Signals) error {
		claimed = nil
		queues, err := tx.DeliveryQueues()
		if err != nil {
			return err
		}
		queues = slices.DeleteFunc(queues, func(q DeliveryQueue) bool {
			return q.NextTry.After(now) || slices.Contains(room.BusyPearls, q.Pearl) || room.Of(q.Account) <= 0
		})
		slices.SortStableFunc(queues, func(a, b DeliveryQueue) int { return a.NextTry.Compare(b.NextTry) })
		accounts := byAccount(queues)
		for n, own := range accounts {
			quota := min(share(limit-len(claimed), len(accounts)-n), room.Of(own[0].Account))
			for m, q := range own {
				c := deliveryClaim{tx: tx, pearl: q.Pearl, now: now, lease: now.Add(lease), limit: share(quota, len(own)-m), underWay: room.UnderWay}
				if err := c.run(); err != nil {
					return err
				}
				quota -= len(c.claimed)
				claimed = append(claimed, c.claimed...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	return claimed, nil
}

// share is what the first of so many gets of a quantity that is to last for all of them.
func share(quantity, among int) int { return (quantity + among - 1) / among }

// byAccount puts the queues of an account together and keeps the order otherwise.
func byAccount(queues []DeliveryQueue) (accounts [][]DeliveryQueue) {
	place := map[id.ID]int{}
	for _, q := range queues {
		at, known := place[q.Account]
		if !known {
			at = len(accounts)
			place[q.Account] = at
			accounts = append(accounts, nil)
		}
		accounts[at] = append(accounts[at], q)
	}
	return accounts
}

// deliveryClaim claims deliveries of one Pearl.
type deliveryClaim struct {
	tx         DeliveryTx
	pearl      id.ID
	now, lease time.Time
	limit      int
	underWay   map[id.ID]bool
	claimed    []Delivery
	heldBack   int
}

func (c *deliveryClaim) run() error {
	// Those under way stay where they are, at the head of the queue: the next look reaches behind them.
	for passed := 0; len(c.claimed) < c.limit && c.heldBack < maxHeldBack; {
		due, err := c.tx.DueDeliveries(c.pearl, c.now, c.limit-len(c.claimed)+passed)
		if err != nil {
			return err
		}
		moved, underWay := false, 0
		for _, d := range due {
			if c.underWay[d.ID] {
				underWay++
				continue
			}
			if len(c.claimed) == c.limit {
				break
			}
			was := c.heldBack + len(c.claimed)
			if err := c.judge(d); err != nil {
				return err
			}
			moved = moved || c.heldBack+len(c.claimed) > was
		}
		if !moved && underWay <= passed {
			break // there is no more, or all of it waits for rows that another transaction is at
		}
		passed = underWay
	}
	for n := range c.claimed {
		body, err := c.tx.DeliveryBody(c.claimed[n].ID)
		if err != nil {
			return err
		}
		c.claimed[n].Body = body
	}
	return nil
}

// judge claims a delivery that is due, or puts it behind the one that it waits for.
func (c *deliveryClaim) judge(d Delivery) error {
	free, behind, err := c.heldBy(d)
	if err != nil {
		return err
	}
	next := d
	switch {
	case free:
		next.NextTry, next.Lease, next.HeldBack = c.lease, c.lease, false
		c.claimed = append(c.claimed, next)
	case !behind.IsZero():
		next.NextTry, next.HeldBack = behind, true
		c.heldBack++
	}
	return c.tx.SaveDelivery(d, next)
}

// heldBy says whether no earlier delivery is pending, and otherwise when to look again: zero where another transaction is at
// the earlier one, so that nothing can be said.
func (c *deliveryClaim) heldBy(d Delivery) (free bool, behind time.Time, err error) {
	var first id.ID
	switch {
	case d.Kind == LeadDelivery && !d.Lead.Zero():
		first, err = c.tx.PendingBefore(d.Lead, d.Sequence)
	case d.Kind == CallDelivery && !d.Start && !d.Call.Zero():
		first, err = c.tx.PendingOfCall(d.Call, true)
	case d.Kind == AnalysisDelivery:
		first, err = c.tx.PendingOfCall(d.Call, false) // which waits for the start
	}
	if err != nil || first.Zero() {
		return err == nil, time.Time{}, err
	}
	// Held until our commit, so that a settling of the earlier one comes after it and brings ours forward.
	earlier, err := c.tx.SharePending(first)
	if err != nil || earlier == nil {
		return false, time.Time{}, err
	}
	due := earlier.NextTry
	if d.Kind == CallDelivery && !earlier.Hurried && !earlier.Lease.After(c.now) {
		// The end is ready: its start is tried once more, now, and otherwise dropped (SettleDelivery).
		hurried := *earlier
		hurried.NextTry, hurried.Hurried = c.now, true
		due = c.now
		if err := c.tx.SaveDelivery(*earlier, hurried); err != nil {
			return false, time.Time{}, err
		}
	}
	return false, later(due, c.now.Add(time.Millisecond)), nil
}

// NextDeliveryTime is the earliest instant at which NextDeliveries may find something: that of the next try, or the end of
// a lease; zero when nothing is pending.
func (e *Engine) NextDeliveryTime(ctx context.Context) (next time.Time, err error) {
	queues, err := e.Store.ReadDeliveryQueues(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("find next delivery: %w", err)
	}
	for _, q := range queues {
		if next.IsZero() || q.NextTry.Before(next) {
			next = q.NextTry
		}
	}
	return next, nil
}

// SettleDelivery stores one try and what became of the delivery: delivered, dead, dropped, or pending with the instant of
// the next try. A start whose end is ready gets one more try at once, and is dropped as superseded when that fails too.
// A delivery that was retired while it was being sent only changes to delivered. A try whose At is zero was none: it is
// not recorded. Nobody is told of what it brings forward: the sender that settles looks again by itself.
func (e *Engine) SettleDelivery(ctx context.Context, deliveryID id.ID, state DeliveryState, nextTry time.Time, try Try) error {
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		before, err := tx.Delivery(deliveryID)
		if err != nil {
			return err
		}
		s.changed(before.Account, before.Pearl, ChangedDeliveries)
		next := before
		next.Lease, next.HeldBack = time.Time{}, false
		tried := !try.At.IsZero()
		if tried {
			next.Tries = append(slices.Clip(before.Tries), try)
		}
		if before.State == DeliveryPending || state == DeliveryDelivered {
			next.State, next.NextTry = state, nextTry
		}
		if next.Start && tried && next.State == DeliveryPending {
			if err := supersede(tx, &next, try.At); err != nil {
				return err
			}
		}
		if next.State != DeliveryPending {
			next.NextTry = time.Time{}
		}
		if err := tx.SaveDelivery(before, next); err != nil || next.State == DeliveryPending {
			return err
		}
		switch {
		case next.Kind == LeadDelivery:
			return tx.FreeNextOfLead(next.Lead, next.Sequence)
		case next.Start:
			return tx.FreeEndOfCall(next.Call)
		case next.Kind == CallDelivery:
			return tx.FreeAnalysisOfCall(next.Call)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle delivery: %w", err)
	}
	return nil
}

// supersede judges a start that failed and would be tried again.
func supersede(tx DeliveryTx, start *Delivery, now time.Time) error {
	if start.Hurried {
		start.State = DeliveryDropped
		return nil
	}
	end, err := tx.PendingOfCall(start.Call, false)
	if err == nil && !end.Zero() {
		start.NextTry, start.Hurried = now, true
	}
	return err
}

// longestLease is more than a delivery is ever leased for.
const longestLease = 5 * time.Minute

// endLeases ends the leases of all deliveries: those who were sending them are gone.
func (e *Engine) endLeases(ctx context.Context) error {
	now := e.clock()
	return e.update(ctx, func(tx Tx, s *Signals) error {
		queues, err := tx.DeliveryQueues()
		if err != nil {
			return err
		}
		for _, q := range queues {
			if err := tx.EndLeases(q.Pearl, now, now.Add(longestLease)); err != nil {
				return err
			}
		}
		s.Deliveries = true
		return nil
	})
}
