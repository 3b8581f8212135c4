package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

// The order of deliveries (contract 6.3): a lead delivery waits for earlier ones of its lead, the end of a call for its
// start. What waits stays in the queue and is found due like everything else; the claim that meets it puts it behind the
// one it waits for (held_back), and settling that one brings it forward again. So a receiver that is down costs one
// touch of a row per try, and a lost wake-up costs a delay, not a delivery.

// pearlsPending steps from Pearl to Pearl over the index delivery_next: its cost depends on how many Pearls have
// something pending, not on how much.
const pearlsPending = `WITH RECURSIVE pearls(pearl_id) AS (
	SELECT (SELECT pearl_id FROM delivery WHERE state = 'pending' ORDER BY pearl_id LIMIT 1)
	UNION ALL
	SELECT (SELECT pearl_id FROM delivery WHERE state = 'pending' AND pearl_id > pearls.pearl_id ORDER BY pearl_id LIMIT 1)
	FROM pearls WHERE pearls.pearl_id IS NOT NULL)
SELECT pearl_id, COALESCE((SELECT next_try FROM delivery WHERE state = 'pending' AND delivery.pearl_id = pearls.pearl_id ORDER BY next_try LIMIT 1), 0),
	COALESCE((SELECT account_id FROM delivery WHERE state = 'pending' AND delivery.pearl_id = pearls.pearl_id ORDER BY next_try LIMIT 1), '')
FROM pearls WHERE pearl_id IS NOT NULL`

type pendingPearl struct {
	pearl, account id.ID
	nextTry        int64
}

func scanPendingPearl(r row) (p pendingPearl, err error) {
	return p, r.Scan((*string)(&p.pearl), &p.nextTry, (*string)(&p.account))
}

// waiting is a pending delivery as the claim judges it.
type waiting struct {
	id, lead, call id.ID
	kind           engine.DeliveryKind
	start, hurried bool
	sequence       int64
	nextTry, lease int64
	tries          string
	state          engine.DeliveryState
}

const waitingColumns = "id, kind, lead_id, call_id, is_start, sequence, next_try, lease, hurried, tries, state"

func scanWaiting(r row) (w waiting, err error) {
	return w, r.Scan((*string)(&w.id), (*string)(&w.kind), (*string)(&w.lead), (*string)(&w.call), &w.start, &w.sequence, &w.nextTry, &w.lease,
		&w.hurried, &w.tries, (*string)(&w.state))
}

const nextDeliveries = "SELECT " + waitingColumns + ` FROM delivery
	WHERE pearl_id = ?1 AND state = 'pending' AND next_try <= ?2 ORDER BY next_try, id LIMIT ?3 {skip locked}`

// NextDeliveries claims up to limit deliveries that are due at now for lease: until then nobody else gets them, and
// afterwards, where SettleDelivery was not called, anybody. Accounts get equal shares, as far as there is room for them,
// and within an account its Pearls, so that no receiver and no account starves another.
func (s *Store) NextDeliveries(ctx context.Context, now time.Time, lease time.Duration, limit int, room engine.DeliveryRoom) (claimed []engine.Delivery, err error) {
	err = s.backend.update(ctx, func(q session) error {
		claimed = nil
		if err := q.flush(); err != nil {
			return err
		}
		pearls, err := list(q, scanPendingPearl, pearlsPending)
		if err != nil {
			return err
		}
		pearls = slices.DeleteFunc(pearls, func(p pendingPearl) bool {
			return p.nextTry > millis(now) || slices.Contains(room.BusyPearls, p.pearl) || room.Of(p.account) <= 0
		})
		slices.SortStableFunc(pearls, func(a, b pendingPearl) int { return cmp.Compare(a.nextTry, b.nextTry) })
		accounts := byAccount(pearls)
		for n, own := range accounts {
			quota := min(share(limit-len(claimed), len(accounts)-n), room.Of(own[0].account))
			for m, p := range own {
				ids, err := claimDeliveries(q, p.pearl, now, lease, share(quota, len(own)-m))
				if err != nil {
					return err
				}
				quota -= len(ids)
				for _, deliveryID := range ids {
					d, err := one(q, scanDelivery, "SELECT "+deliveryColumns+" FROM delivery WHERE id = ?1", deliveryID)
					if err != nil {
						return err
					}
					claimed = append(claimed, d)
				}
			}
		}
		return nil
	})
	return claimed, wrap("claim deliveries", err)
}

// share is what the first of so many gets of a quantity that is to last for all of them.
func share(quantity, among int) int { return (quantity + among - 1) / among }

// byAccount puts the Pearls of an account together and keeps the order otherwise.
func byAccount(pearls []pendingPearl) (accounts [][]pendingPearl) {
	place := map[id.ID]int{}
	for _, p := range pearls {
		at, known := place[p.account]
		if !known {
			at = len(accounts)
			place[p.account] = at
			accounts = append(accounts, nil)
		}
		accounts[at] = append(accounts[at], p)
	}
	return accounts
}

// maxHeldBack bounds how many waiting deliveries one claim puts behind others, so that it stays short.
const maxHeldBack = 256

func claimDeliveries(q session, pearlID id.ID, now time.Time, lease time.Duration, limit int) (claimed []id.ID, err error) {
	for heldBack := 0; len(claimed) < limit && heldBack < maxHeldBack; {
		due, err := list(q, scanWaiting, nextDeliveries, pearlID, millis(now), limit-len(claimed))
		if err != nil || len(due) == 0 {
			return claimed, err
		}
		moved := false
		for _, w := range due {
			blocked, behind, err := heldBy(q, w, now)
			if err != nil {
				return nil, err
			}
			switch {
			case !blocked:
				claimed = append(claimed, w.id)
				err = q.queue(nil, "UPDATE delivery SET next_try = ?2, lease = ?2, held_back = {false} WHERE id = ?1", w.id, millis(now.Add(lease)))
				moved = true
			case behind > 0:
				heldBack++
				err = q.queue(nil, "UPDATE delivery SET next_try = ?2, held_back = {true} WHERE id = ?1", w.id, behind)
				moved = true
			}
			if err != nil {
				return nil, err
			}
		}
		if !moved {
			return claimed, nil // all of them wait for rows that another node is at
		}
	}
	return claimed, nil
}

// heldBy says whether an earlier delivery is still pending, and when to look again: 0 where another transaction is at
// the earlier one, so that nothing can be said.
func heldBy(q session, w waiting, now time.Time) (blocked bool, behind int64, err error) {
	var earlier waiting
	switch {
	case w.kind == engine.LeadDelivery:
		earlier, err = one(q, scanWaiting, "SELECT "+waitingColumns+` FROM delivery
			WHERE lead_id = ?1 AND lead_id <> '' AND sequence < ?2 AND state = 'pending' AND kind = 'lead' ORDER BY sequence LIMIT 1`, w.lead, w.sequence)
	case !w.start:
		earlier, err = one(q, scanWaiting, "SELECT "+waitingColumns+` FROM delivery
			WHERE call_id = ?1 AND call_id <> '' AND is_start = {true} AND state = 'pending' AND kind = 'call' LIMIT 1`, w.call)
	default:
		return false, 0, nil
	}
	if errors.Is(err, errNoRow) {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	// Held until our commit, so that a settling of the earlier one comes after it and brings ours forward.
	earlier, err = one(q, scanWaiting, "SELECT "+waitingColumns+" FROM delivery WHERE id = ?1 AND state = 'pending' {share skip locked}", earlier.id)
	if errors.Is(err, errNoRow) {
		return true, 0, nil
	}
	if err != nil {
		return true, 0, err
	}
	if w.kind == engine.CallDelivery && !earlier.hurried && earlier.lease <= millis(now) {
		// The end is ready: its start is tried once more, now, and otherwise dropped (SettleDelivery).
		earlier.nextTry = millis(now)
		if err := q.queue(nil, "UPDATE delivery SET next_try = ?2, hurried = {true} WHERE id = ?1", earlier.id, millis(now)); err != nil {
			return true, 0, err
		}
	}
	return true, max(earlier.nextTry, millis(now)+1), nil
}

// longestLease is more than a delivery is ever leased for: what is to be tried later is not leased.
const longestLease = 5 * time.Minute

// ReleaseDeliveries implements engine.Store.
func (s *Store) ReleaseDeliveries(ctx context.Context, now time.Time) error {
	err := s.backend.update(ctx, func(q session) error {
		if err := q.flush(); err != nil {
			return err
		}
		pearls, err := list(q, scanPendingPearl, pearlsPending)
		if err != nil {
			return err
		}
		for _, p := range pearls {
			err := q.queue(nil, `UPDATE delivery SET next_try = ?2, lease = 0
				WHERE pearl_id = ?1 AND state = 'pending' AND next_try > ?2 AND next_try <= ?3 AND lease > 0`, p.pearl, millis(now), millis(now.Add(longestLease)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("release deliveries", err)
}

// NextDeliveryTime is the earliest instant at which NextDeliveries may find something: that of the next try, or the end of
// a lease; zero when nothing is pending.
func (s *Store) NextDeliveryTime(ctx context.Context) (next time.Time, err error) {
	err = s.backend.read(ctx, func(q session) error {
		pearls, err := list(q, scanPendingPearl, pearlsPending)
		var earliest int64
		for _, p := range pearls {
			if earliest == 0 || p.nextTry < earliest {
				earliest = p.nextTry
			}
		}
		next = instant(earliest)
		return err
	})
	return next, wrap("find next delivery", err)
}

// SettleDelivery stores one try and what became of the delivery: delivered, dead, dropped, or pending with the instant of
// the next try. A start whose end is ready gets one more try at once, and is dropped as superseded when that fails too.
// A delivery that was retired while it was being sent only changes to delivered. A try whose At is zero was none: it is
// not recorded.
func (s *Store) SettleDelivery(ctx context.Context, deliveryID id.ID, state engine.DeliveryState, nextTry time.Time, try engine.Try) error {
	err := s.backend.update(ctx, func(q session) error {
		if err := q.flush(); err != nil {
			return err
		}
		w, err := one(q, scanWaiting, "SELECT "+waitingColumns+" FROM delivery WHERE id = ?1 {for update}", deliveryID)
		if err != nil {
			return missing(err, "DeliveryId")
		}
		tried := !try.At.IsZero()
		if tried {
			var tries []engine.Try
			if err := decode(w.tries, &tries); err != nil {
				return err
			}
			if w.tries, err = listText(append(tries, try)); err != nil {
				return err
			}
		}
		if w.state != engine.DeliveryPending && state != engine.DeliveryDelivered {
			state = w.state
		}
		next, hurried := millis(nextTry), w.hurried
		if w.start && tried && state == engine.DeliveryPending {
			if state, next, hurried, err = superseded(q, w, next, try.At); err != nil {
				return err
			}
		}
		if state != engine.DeliveryPending {
			next = 0
		}
		err = q.queue(nil, "UPDATE delivery SET state = ?2, next_try = ?3, tries = ?4, hurried = ?5, lease = 0, held_back = {false} WHERE id = ?1",
			w.id, string(state), next, w.tries, hurried)
		if err != nil || state == engine.DeliveryPending {
			return err
		}
		return bringForward(q, w)
	})
	return wrap("settle delivery", err)
}

// superseded judges a start that failed and would be tried again.
func superseded(q session, w waiting, next int64, now time.Time) (engine.DeliveryState, int64, bool, error) {
	if w.hurried {
		return engine.DeliveryDropped, 0, true, nil
	}
	ends, err := one(q, scanInt, `SELECT count(*) FROM delivery
		WHERE call_id = ?1 AND call_id <> '' AND kind = 'call' AND is_start = {false} AND state = 'pending'`, w.call)
	if err != nil || ends == 0 {
		return engine.DeliveryPending, next, false, err
	}
	return engine.DeliveryPending, millis(now), true, nil
}

// bringForward makes due at once what waited for the delivery. One that waits for something else still is put back by the next claim.
func bringForward(q session, w waiting) error {
	switch {
	case w.kind == engine.LeadDelivery:
		return q.queue(nil, `UPDATE delivery SET next_try = created, held_back = {false} WHERE held_back = {true} AND id =
			(SELECT id FROM delivery WHERE lead_id = ?1 AND lead_id <> '' AND sequence > ?2 AND state = 'pending' AND kind = 'lead' ORDER BY sequence LIMIT 1)`,
			w.lead, w.sequence)
	case w.start:
		return q.queue(nil, `UPDATE delivery SET next_try = created, held_back = {false}
			WHERE held_back = {true} AND call_id = ?1 AND call_id <> '' AND kind = 'call' AND is_start = {false} AND state = 'pending'`, w.call)
	}
	return nil
}

// SupersedeStart drops a start of the call that is still undelivered, so that its end may go.
func (s *Store) SupersedeStart(ctx context.Context, callID id.ID) error {
	err := s.backend.update(ctx, func(q session) error {
		if err := q.flush(); err != nil {
			return err
		}
		if _, err := q.exec(`UPDATE delivery SET state = 'dropped', next_try = 0
			WHERE call_id = ?1 AND call_id <> '' AND kind = 'call' AND is_start = {true} AND state = 'pending'`, callID); err != nil {
			return err
		}
		return bringForward(q, waiting{kind: engine.CallDelivery, start: true, call: callID})
	})
	return wrap("supersede start", err)
}

// DisableURL marks a Pearl's URL as one that answered 410 and turns its waiting deliveries into dead letters (contract 6.5).
func (s *Store) DisableURL(ctx context.Context, accountID, pearlID id.ID, kind engine.DeliveryKind) error {
	err := s.backend.update(ctx, func(q session) error {
		t := s.newTx(q)
		pearl, err := t.Pearl(accountID, pearlID, engine.Exclusive)
		if err != nil {
			return err
		}
		disabled := &pearl.Webhooks.CallDisabled
		if kind == engine.LeadDelivery {
			disabled = &pearl.Webhooks.LeadDisabled
		}
		if !*disabled {
			*disabled = true
			pearl.Version++
			if err := t.SavePearl(pearl); err != nil {
				return err
			}
		}
		return t.retire(pearlID, kind, engine.DeliveryDead)
	})
	return wrap("disable webhook URL", err)
}

// DropDeliveries drops what waits for a URL that was removed.
func (s *Store) DropDeliveries(ctx context.Context, pearlID id.ID, kind engine.DeliveryKind) error {
	return wrap("drop deliveries", s.Update(ctx, func(t engine.Tx) error { return t.DropDeliveries(pearlID, kind) }))
}
