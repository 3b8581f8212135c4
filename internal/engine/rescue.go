package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// Rescue settles what a dead node left behind: claims go back, calls in the air are lost (contract 9.2). Idempotent.
// Without the name of a node nobody else is alive: then adds that did not become whole are taken back, too, and deliveries
// and analyses that were under way are due again.
func (e *Engine) Rescue(ctx context.Context, node string) (claims, calls int, err error) {
	if node == "" {
		if err := e.endLeases(ctx); err != nil {
			return 0, 0, fmt.Errorf("end leases of deliveries: %w", err)
		}
		if err := e.update(ctx, func(tx Tx, s *Signals) error {
			s.FollowUps = true
			return tx.EndFollowUpLeases(e.clock())
		}); err != nil {
			return 0, 0, fmt.Errorf("end leases of analyses: %w", err)
		}
		bulks, err := e.Store.Bulks(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("list adds: %w", err)
		}
		for _, bulk := range bulks {
			if err := e.takeBack(ctx, bulk); err != nil {
				return 0, 0, err
			}
		}
	}
	held, err := e.Store.HeldClaims(ctx, node)
	if err != nil {
		return 0, 0, fmt.Errorf("list claims of node: %w", err)
	}
	for _, h := range held {
		err := e.asNode(ctx, func(tx Tx, s *Signals) error { return e.rescueClaim(tx, s, h) })
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
			continue // settled by somebody else
		}
		if err != nil {
			return claims, calls, fmt.Errorf("rescue claim: %w", err)
		}
		claims++
	}
	unfinished, err := e.Store.UnfinishedCalls(ctx, node)
	if err != nil {
		return claims, calls, fmt.Errorf("list calls of node: %w", err)
	}
	for _, lost := range unfinished {
		if err := e.Finish(ctx, lost, Ending{Outcome: call.Lost, Ended: e.clock(), OnTheWire: true}); err != nil {
			return claims, calls, fmt.Errorf("rescue call %s: %w", lost.ID, err)
		}
		calls++
	}
	return claims, calls, nil
}

// settleAdds takes back the adds that this node began, that are not whole, and that no request of it is at any more: the database
// was away when they failed, or told nothing of their begin.
func (e *Engine) settleAdds(ctx context.Context) error {
	bulks, err := e.Store.Bulks(ctx)
	if err != nil {
		return fmt.Errorf("list adds: %w", err)
	}
	for _, bulk := range bulks {
		if bulk.Node != e.Node || e.adding.has(bulk.First) {
			continue
		}
		if err := e.takeBack(ctx, bulk); err != nil {
			return err
		}
		e.Log.Warn("took back the leads of an add that had failed", "pearl", bulk.Pearl)
	}
	return nil
}

// Settle gives back what this node holds in the database and knows nothing of: a claim or the record of a call whose commit
// succeeded although its answer was lost, or a claim that could not be given back while the database was away. Nothing of
// it was dialled. So with adds of many leads. known says, by lead or request, what is under way; it is asked after the database was, and no Claim may
// run beside.
func (e *Engine) Settle(ctx context.Context, known func(leadOrRequest id.ID) bool) (settled int, err error) {
	if err := e.settleAdds(ctx); err != nil {
		return 0, err
	}
	held, err := e.Store.HeldClaims(ctx, e.Node)
	if err != nil {
		return 0, fmt.Errorf("list claims of node: %w", err)
	}
	unfinished, err := e.Store.UnfinishedCalls(ctx, e.Node)
	if err != nil {
		return 0, fmt.Errorf("list calls of node: %w", err)
	}
	for _, h := range held {
		if known(cmp.Or(h.Lead, h.Request)) {
			continue
		}
		err := e.asNode(ctx, func(tx Tx, s *Signals) error { return e.rescueClaim(tx, s, h) })
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
			continue // given back meanwhile
		}
		if err != nil {
			return settled, fmt.Errorf("give claim back: %w", err)
		}
		settled++
	}
	for _, c := range unfinished {
		if known(cmp.Or(c.Lead, c.Request)) {
			continue
		}
		if err := e.Finish(ctx, c, Ending{Outcome: call.NeverRang, Ended: e.clock()}); err != nil {
			return settled, fmt.Errorf("finish call %s: %w", c.ID, err)
		}
		settled++
	}
	return settled, nil
}

func (e *Engine) rescueClaim(tx Tx, s *Signals, h HeldClaim) error {
	if !h.Request.Zero() {
		return e.release(tx, s, Work{Claim: h.Claim, Account: h.Account, Pearl: h.Pearl, Request: h.Request}, 0)
	}
	pearl, err := outbound(tx, h.Account, h.Pearl, Unlocked)
	if err != nil {
		return err
	}
	l, err := tx.Lead(h.Account, h.Pearl, h.Lead)
	if err != nil {
		return err
	}
	c := e.change(tx, pearl, l, Actor{Account: h.Account, By: "rescue"}, e.clock(), s)
	if _, err := c.step(lead.Lost{Claim: h.Claim}); err != nil {
		return err
	}
	return c.commit()
}

// ToStop are this node's calls in the air that are to be cancelled or hung up: the heartbeat's question "still wanted?".
func (e *Engine) ToStop(ctx context.Context) ([]call.Call, error) {
	stop, err := e.Store.CallsToStop(ctx, e.Node)
	if err != nil {
		return nil, fmt.Errorf("list calls of node: %w", err)
	}
	return stop, nil
}

// stopInAir cancels a ringing call, or ends an answered one where why is ByPerson.
func (e *Engine) stopInAir(tx Tx, s *Signals, actor Actor, current call.Call, why call.Cancel, now time.Time) error {
	pearl, err := tx.Pearl(current.Account, current.Pearl, Unlocked)
	if err != nil {
		return err
	}
	l, err := leadOf(tx, current.Account, current.Pearl, current.Lead)
	if err != nil {
		return err
	}
	if l != nil && l.Call == current.ID {
		c := e.change(tx, pearl, *l, actor, now, s)
		if _, err := c.step(lead.HungUp{Call: current.ID, Why: why}); err != nil {
			return err
		}
		return c.commit()
	}
	locked, err := tx.Call(current.Account, current.ID)
	if err != nil {
		return err
	}
	switch {
	case locked.Ringing() && locked.Cancel == call.NotCancelled:
		locked.Cancel = why
	case locked.Live() && !locked.Answered.IsZero() && why == call.ByPerson:
		locked.HangUp = true
	default:
		return nil
	}
	s.Stopped = append(s.Stopped, StoppedCall{locked.ID, actor.By})
	return tx.SaveCall(locked)
}

// CancelForShutdown cancels this node's call if it still rings; the attempt will not count.
func (e *Engine) CancelForShutdown(ctx context.Context, current call.Call) error {
	err := e.asNode(ctx, func(tx Tx, s *Signals) error {
		return e.stopInAir(tx, s, Actor{Account: current.Account, By: "shutdown"}, current, call.ByShutdown, e.clock())
	})
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// roomWait is how long a full disk is left before it is looked at again.
const roomWait = 5 * time.Second

// LookAgain is when the next lead or call request of a campaign can become callable by itself: the earliest instant after now
// at which one is due and its hours are open, or at which a trunk has waited long enough, or a full disk is
// looked at again. Zero: only a change can make one callable.
func (e *Engine) LookAgain(ctx context.Context, pearl campaign.Pearl) (time.Time, error) {
	queues, err := e.Store.DueQueues(ctx, pearl.ID)
	if err != nil {
		return time.Time{}, fmt.Errorf("list due queues: %w", err)
	}
	p, err := e.plans.of(pearl)
	if err != nil {
		return time.Time{}, err
	}
	now := e.clock()
	made, err := e.Store.DueRequestTimes(ctx, pearl.ID, now)
	if err != nil {
		return time.Time{}, err
	}
	for _, due := range made { // their hours are those of the campaign's zone
		queues = append(queues, DueQueue{Since: due})
	}
	var earliest time.Time
	dueNow := false
	rules := pearl.Outbound.Rules()
	for _, q := range queues {
		at, ok := p.nextOpen(q.ZoneKey, later(q.Since.Add(rules.Length(q.Rest)), now))
		dueNow = dueNow || ok && !at.After(now)
		earliest = sooner(earliest, at, now)
	}
	if !dueNow {
		return earliest, nil
	}
	if !e.AccountCaps.none() {
		earliest = sooner(earliest, nextDay(now), now)
	}
	if e.room() != nil {
		earliest = sooner(earliest, now.Add(roomWait), now)
	}
	earliest = sooner(earliest, time.UnixMilli(e.sandboxWait.Load()).UTC(), now)
	waits, err := e.Store.TrunkWait(ctx, pearl.Account, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("read waits of trunks: %w", err)
	}
	return sooner(earliest, waits, now), nil
}
