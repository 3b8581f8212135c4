package engine

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// numberBusyWait is how long a lead waits whose number is on another live call, before it is looked at again.
const numberBusyWait = 5 * time.Second

// Claim takes up to limit callable, due leads and waiting requests of a running campaign: leads go to InCallQueue under a
// claim of this node, never more than there are free agents. Leads that must not be called end at 220, 30 or 150 on the way.
// more reports that the batch was full, so that another claim may find more.
func (e *Engine) Claim(ctx context.Context, accountID, pearlID id.ID, limit int) (works []Work, more bool, err error) {
	queues, err := e.Store.DueQueues(ctx, pearlID)
	if err != nil {
		return nil, false, fmt.Errorf("list due queues: %w", err)
	}
	err = e.asNode(ctx, func(tx Tx, s *Signals) error {
		works, more = nil, false
		now := e.clock()
		owner, err := tx.Account(accountID, Exclusive) // claims of one account go one after another: its agents are counted here
		if err != nil {
			return err
		}
		pearl, err := outbound(tx, accountID, pearlID, Shared)
		if err != nil {
			return err
		}
		g, err := e.openGate(tx, owner, pearl, now)
		if err != nil {
			return err
		}
		free := min(g.free(), limit)
		if g.why.reason != "" || free <= 0 {
			return nil
		}
		p, err := e.plans.of(pearl)
		if err != nil {
			return err
		}
		b := &batch{e: e, tx: tx, gate: g, pearl: pearl, trunk: g.trunk.Trunk, now: now, until: now, signals: s, free: free, numbers: map[string]bool{}, keys: map[id.ID]int{}}
		if b.adding, err = tx.PearlBulks(pearlID); err != nil {
			return fmt.Errorf("look for adds under way: %w", err)
		}
		if len(b.adding) > 0 && !b.adding[0].Created.After(now) {
			b.until = b.adding[0].Created.Add(-time.Millisecond) // leads of an add that is not whole yet may be taken back
		}
		if err := b.requests(p); err != nil {
			return err
		}
		if err := b.leads(p, queues); err != nil {
			return err
		}
		works, more = b.works, b.full
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("claim leads: %w", err)
	}
	return works, more, nil
}

// batch is one claim at work.
type batch struct {
	e       *Engine
	tx      Tx
	gate    gate
	pearl   campaign.Pearl
	trunk   call.Trunk
	now     time.Time
	until   time.Time // leads that fall due later are left alone
	adding  []Bulk    // not whole yet: none of their leads is claimed, whenever it is due
	signals *Signals
	free    int
	full    bool
	numbers map[string]bool // claimed in this batch
	keys    map[id.ID]int   // how many more calls keys may begin today, as far as it was asked
	works   []Work
}

// requestsSeen is how many due requests one claim looks at: more than it takes, since some wait for their number.
const requestsSeen = 50

// requests claims made calls, which go before leads; their hours are those of the campaign's zone.
func (b *batch) requests(p plan) error {
	if !p.open("", b.now) {
		return nil
	}
	limit := max(b.free, requestsSeen)
	due, err := b.tx.DueRequests(b.pearl.ID, b.now, limit)
	if err != nil {
		return fmt.Errorf("list due requests: %w", err)
	}
	putOff := 0
	for _, r := range due {
		expired := !r.Expires.After(b.now)
		if !expired && b.free <= 0 {
			b.full = true
			return nil
		}
		switch covered, err := b.tx.Suppressed(r.Account, r.To); {
		case err != nil:
			return fmt.Errorf("look up blacklist: %w", err)
		case expired:
			r.Status, r.Errors = RequestError, []string{requestExpired}
		case covered:
			r.Status = RequestBlacklisted
		case b.gate.mayDial(r.To) != "":
			r.Status, r.Errors = RequestError, []string{requestWrongCountry}
		default:
			taken, err := b.taken(r.To, r.Key)
			if err != nil {
				return err
			}
			if !taken.IsZero() {
				r.Due = taken
				putOff++
				break
			}
			r.Claim, r.Node = b.e.IDs.New(b.now), b.e.Node
			b.numbers[string(r.To)] = true
			b.keys[r.Key]--
			b.works = append(b.works, Work{Claim: r.Claim, Account: r.Account, Pearl: r.Pearl, Request: r.ID, Trunk: b.trunk})
			b.free--
		}
		if err := b.tx.SaveRequest(r); err != nil {
			return fmt.Errorf("save request: %w", err)
		}
	}
	b.full = len(due) >= limit && putOff < len(due) // where all were put off, another claim would only put off more
	return nil
}

// leads claims due leads of zones that are open now: promised call-backs first, then by the window that closes soonest, by
// due instant, by age (contract 9.5).
func (b *batch) leads(p plan, queues []DueQueue) error {
	rules := b.pearl.Outbound.Rules()
	closing := map[bool]map[time.Time][]DueQueue{true: {}, false: {}} // those whose windows end together are one
	for _, q := range queues {
		if !q.Since.Add(rules.Length(q.Rest)).After(b.now) && p.open(q.ZoneKey, b.now) {
			at := p.closes(q.ZoneKey, b.now)
			closing[q.Promised][at] = append(closing[q.Promised][at], q)
		}
	}
	for _, promised := range []bool{true, false} {
		for _, at := range slices.SortedFunc(maps.Keys(closing[promised]), time.Time.Compare) {
			if b.free <= 0 {
				b.full = true
				return nil
			}
			due, err := b.tx.DueLeads(b.pearl.ID, closing[promised][at], rules, b.until, b.free)
			if err != nil {
				return fmt.Errorf("list due leads: %w", err)
			}
			due = slices.DeleteFunc(due, func(l lead.Lead) bool { return among(b.adding, l.ID) })
			b.full = b.full || len(due) == b.free
			for _, l := range due {
				if err := b.lead(l); err != nil {
					return fmt.Errorf("claim lead %s: %w", l.ID, err)
				}
			}
		}
	}
	return nil
}

// taken is when a number that is on another call, or that a key asks for which has used up its day, is to be looked at again;
// zero where it may be called.
func (b *batch) taken(number phone.Number, key id.ID) (until time.Time, err error) {
	switch left, err := b.left(key); {
	case err != nil:
		return time.Time{}, err
	case left <= 0:
		return nextDay(b.now), nil
	}
	live, held, err := b.tx.NumberTaken(b.pearl.Account, number, b.now)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("look up live number: %w", err)
	case live || b.numbers[string(number)]:
		return later(b.now.Add(numberBusyWait), held), nil
	}
	return held, nil
}

// left is how many more calls a key may begin today.
func (b *batch) left(key id.ID) (int, error) {
	if b.trunk.ID.Zero() || key.Zero() || b.e.KeyCaps.none() {
		return math.MaxInt, nil
	}
	if left, known := b.keys[key]; known {
		return left, nil
	}
	used, err := b.e.keyUsage(b.tx, b.gate.owner.ID, key, b.now)
	if err != nil {
		return 0, err
	}
	b.keys[key] = b.e.KeyCaps.left(used)
	return b.keys[key], nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (b *batch) lead(l lead.Lead) error {
	c := b.e.change(b.tx, b.pearl, l, Actor{Account: l.Account, By: "dialer"}, b.now, b.signals)
	suppressed, err := b.tx.Suppressed(l.Account, l.Phone)
	if err != nil {
		return fmt.Errorf("look up blacklist: %w", err)
	}
	claimed := lead.Claimed{Claim: b.e.IDs.New(b.now), Node: b.e.Node, Blacklisted: suppressed, WrongCountry: b.gate.mayDial(l.Phone) != ""}
	taken, err := b.taken(l.Phone, l.Key)
	if err != nil {
		return err
	}
	if !suppressed && !taken.IsZero() {
		if _, err := c.step(lead.Postponed{Until: taken}); err != nil {
			return err
		}
		return c.commit()
	}
	if _, err := c.step(claimed); err != nil {
		return err
	}
	if c.lead.Status == lead.InCallQueue {
		b.numbers[string(l.Phone)] = true
		b.keys[l.Key]--
		b.free--
		b.works = append(b.works, Work{Claim: claimed.Claim, Account: l.Account, Pearl: l.Campaign, Lead: l.ID, Trunk: b.trunk})
	}
	return c.commit()
}

// Release gives a claim back that will not be begun: the process is stopping, or Begin failed. It is not claimed again
// before wait is over.
func (e *Engine) Release(ctx context.Context, w Work, wait time.Duration) error {
	err := e.asNode(ctx, func(tx Tx, s *Signals) error { return e.release(tx, s, w, wait) })
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil // somebody else has taken it back already
	}
	return err
}

// release undoes a claim; wait > 0 postpones the next one, where the number was busy.
func (e *Engine) release(tx Tx, s *Signals, w Work, wait time.Duration) error {
	now := e.clock()
	if !w.Request.Zero() {
		r, err := tx.Request(w.Account, w.Request)
		if err != nil {
			return err
		}
		if r.Claim != w.Claim {
			return &fault.Error{Kind: fault.Conflict, Detail: "the claim is gone"}
		}
		r.Claim, r.Node, r.Due = "", "", now.Add(wait)
		s.Callable = true
		return tx.SaveRequest(r)
	}
	pearl, err := outbound(tx, w.Account, w.Pearl, Unlocked)
	if err != nil {
		return err
	}
	l, err := tx.Lead(w.Account, w.Pearl, w.Lead)
	if err != nil {
		return err
	}
	c := e.change(tx, pearl, l, Actor{Account: w.Account, By: "dialer"}, now, s)
	if _, err := c.step(lead.Released{Claim: w.Claim}); err != nil {
		return err
	}
	if wait > 0 && c.lead.Status.Callable() {
		if _, err := c.step(lead.Postponed{Until: now.Add(wait)}); err != nil {
			return err
		}
	}
	return c.commit()
}
