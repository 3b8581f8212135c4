package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// How long the log of webhook deliveries is kept where the account's retention does not end it sooner. Dead letters are
// kept longer: they can be sent again once the receiver is well.
const (
	retainDeliveries  = 30 * 24 * time.Hour
	retainDeadLetters = 90 * 24 * time.Hour
)

// Sign-ins in the audit log come from outside, and end; what was done in the account stays.
const (
	retainRefusals = 90 * 24 * time.Hour
	retainSignIns  = 365 * 24 * time.Hour
)

// retainUsage is how long it is known what calls have used of a day: for a person who asks why calling stopped.
const retainUsage = 7 * 24 * time.Hour

// FeedLasts is how long the feed has what was announced: as long as webhooks are tried.
const FeedLasts = 3 * 24 * time.Hour

const (
	sweepBatch = 50     // rows removed in one transaction: a few milliseconds, also where each holds a long transcript
	sweepPage  = 10_000 // ids read at once, outside of transactions
)

// Swept is what a sweep removed.
type Swept struct {
	Calls, Requests, Deliveries int
	Answers                     int // to requests with an Idempotency-Key
	SignIns                     int // entries of the audit log
	Usage                       int // days of keys
	Sessions                    int // of browsers
	Feed                        int // entries
}

// Any reports whether anything was removed.
func (s Swept) Any() bool { return s != Swept{} }

// Sweep removes what has outlived its time: calls and call requests by their account's retention, deliveries by it or by
// their own, remembered answers, sign-ins. Each transaction is short, and between two it rests, so that others have the writer.
// discard gets the recording files that nothing names any more, after the commit.
func (e *Engine) Sweep(ctx context.Context, discard func(recordings []string), rest func(context.Context) error) (Swept, error) {
	s := &sweeper{e: e, discard: discard, rest: rest}
	accounts, err := e.Store.Accounts(ctx)
	if err != nil {
		return Swept{}, fmt.Errorf("list accounts: %w", err)
	}
	var faults []error
	for _, owner := range accounts { // one that fails does not keep the others from being swept
		faults = append(faults, s.account(ctx, owner))
	}
	faults = append(faults,
		s.whole(ctx, "remembered answers", &s.swept.Answers, func(tx Tx, now time.Time) (int, error) {
			return tx.DeleteRememberedAnswers(now.Add(-RememberFor), sweepBatch)
		}),
		s.whole(ctx, "refused sign-ins", &s.swept.SignIns, func(tx Tx, now time.Time) (int, error) {
			return tx.DeleteSignIns(auditSignInRefused, now.Add(-retainRefusals), sweepBatch)
		}),
		s.whole(ctx, "sign-ins", &s.swept.SignIns, func(tx Tx, now time.Time) (int, error) {
			return tx.DeleteSignIns(auditSignIn, now.Add(-retainSignIns), sweepBatch)
		}),
		s.whole(ctx, "usage of days", &s.swept.Usage, func(tx Tx, now time.Time) (int, error) {
			return tx.DeleteUsage(now.Add(-retainUsage), sweepBatch)
		}),
		s.whole(ctx, "sessions", &s.swept.Sessions, func(tx Tx, now time.Time) (int, error) { return tx.DeleteSessions(now, sweepBatch) }))
	return s.swept, errors.Join(faults...)
}

type sweeper struct {
	e       *Engine
	discard func(recordings []string)
	rest    func(context.Context) error
	swept   Swept
}

// kind is rows of an account that are removed when they have outlived their time.
type kind struct {
	name   string
	retain time.Duration // 0: only the account's retention ends them
	find   func(before time.Time, limit int) ([]id.ID, error)
	remove func(tx Tx, rowID id.ID, before time.Time, recordings *[]string) (removed bool, err error)
	count  *int
}

func (s *sweeper) account(ctx context.Context, owner account.Account) error {
	store := s.e.Store
	deliveries := func(retain time.Duration, states ...DeliveryState) kind {
		return kind{
			name: "deliveries", retain: retain, count: &s.swept.Deliveries,
			find: func(before time.Time, limit int) ([]id.ID, error) {
				return store.OldDeliveries(ctx, owner.ID, states, before, limit)
			},
			remove: func(tx Tx, rowID id.ID, _ time.Time, _ *[]string) (bool, error) {
				return true, tx.DeleteDelivery(rowID)
			},
		}
	}
	calls := 0
	err := s.rows(ctx, owner, kind{
		name: "calls", count: &calls,
		find: func(before time.Time, limit int) ([]id.ID, error) {
			return store.OldCalls(ctx, owner.ID, before, limit)
		},
		remove: func(tx Tx, rowID id.ID, before time.Time, recordings *[]string) (bool, error) {
			over, err := tx.Call(owner.ID, rowID)
			if fault.Is(err, fault.NotFound) {
				return false, nil // deleted by somebody else meanwhile
			}
			if err != nil || over.Finished.IsZero() || !over.Start.Before(before) {
				return false, err
			}
			return true, deleteCall(tx, over, recordings)
		},
	})
	s.swept.Calls += calls
	if err = errors.Join(err, s.note(ctx, owner, calls)); err != nil {
		return err
	}
	if err := s.feed(ctx, owner); err != nil {
		return err
	}
	for _, k := range []kind{
		{
			name: "call requests", count: &s.swept.Requests,
			find: func(before time.Time, limit int) ([]id.ID, error) {
				return store.OldRequests(ctx, owner.ID, before, limit)
			},
			remove: func(tx Tx, rowID id.ID, _ time.Time, _ *[]string) (bool, error) { return true, tx.DeleteRequest(rowID) },
		},
		deliveries(retainDeliveries, DeliveryDelivered, DeliveryDropped),
		deliveries(retainDeadLetters, DeliveryDead),
	} {
		if err := s.rows(ctx, owner, k); err != nil {
			return err
		}
	}
	return nil
}

// feed removes what was announced before the feed's time.
func (s *sweeper) feed(ctx context.Context, owner account.Account) error {
	return s.whole(ctx, "entries of the feed", &s.swept.Feed, func(tx Tx, now time.Time) (int, error) {
		before, _ := outlived(owner, FeedLasts, now)
		return tx.TrimFeed(owner.ID, before, sweepBatch)
	})
}

// note leaves one entry in the audit log for all calls that a sweep removed, also where it was interrupted.
func (s *sweeper) note(ctx context.Context, owner account.Account, calls int) error {
	if calls == 0 {
		return nil
	}
	actor := Actor{Account: owner.ID, By: "retention", Name: "retention"}
	return s.e.update(context.WithoutCancel(ctx), func(tx Tx, _ *Signals) error {
		return s.e.audit(tx, actor, auditDeleteCalls, s.e.clock(), map[string]any{"count": calls, "retentionDays": owner.RetentionDays})
	})
}

// outlived is the instant before which rows go. Those that hold what a call holds live no longer than calls do.
func outlived(owner account.Account, retain time.Duration, now time.Time) (before time.Time, ends bool) {
	before, ends = owner.RetainsFrom(now)
	if bound := now.Add(-retain); retain > 0 && (!ends || bound.After(before)) {
		return bound, true
	}
	return before, ends
}

// rows removes the rows of a kind until it finds no more, or can remove nothing of what it finds.
func (s *sweeper) rows(ctx context.Context, owner account.Account, k kind) error {
	before, ends := outlived(owner, k.retain, s.e.clock())
	if !ends {
		return nil
	}
	for {
		ids, err := k.find(before, sweepPage)
		if err != nil {
			return fmt.Errorf("find old %s of account %s: %w", k.name, owner.ID, err)
		}
		removed := 0
		for start := 0; start < len(ids); start += sweepBatch {
			n, err := s.batch(ctx, owner.ID, k, before, ids[start:min(start+sweepBatch, len(ids))])
			if err != nil {
				return fmt.Errorf("remove old %s of account %s: %w", k.name, owner.ID, err)
			}
			removed += n
			*k.count += n
			if err := s.rest(ctx); err != nil {
				return err
			}
		}
		if len(ids) < sweepPage || removed == 0 {
			return nil
		}
	}
}

// batch asks for the retention again: after the answer to a change that keeps more, nothing goes by the old one.
func (s *sweeper) batch(ctx context.Context, accountID id.ID, k kind, before time.Time, ids []id.ID) (removed int, err error) {
	var recordings []string
	err = s.e.update(ctx, func(tx Tx, _ *Signals) error {
		removed, recordings = 0, nil
		owner, err := tx.Account(accountID, Shared)
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		if current, ends := outlived(owner, k.retain, s.e.clock()); !ends || current.Before(before) {
			return nil
		}
		for _, rowID := range ids {
			gone, err := k.remove(tx, rowID, before, &recordings)
			if err != nil {
				return err
			}
			if gone {
				removed++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if len(recordings) > 0 {
		s.discard(recordings)
	}
	return removed, nil
}

// whole removes rows that are not an account's affair.
func (s *sweeper) whole(ctx context.Context, what string, count *int, remove func(tx Tx, now time.Time) (int, error)) error {
	for {
		removed := 0
		err := s.e.update(ctx, func(tx Tx, _ *Signals) (err error) {
			removed, err = remove(tx, s.e.clock())
			return err
		})
		if err != nil {
			return fmt.Errorf("remove old %s: %w", what, err)
		}
		*count += removed
		if removed < sweepBatch {
			return nil
		}
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
}
