package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/id"
)

// rolledBack is a store whose transactions, as many as commits says, are run and then not committed.
type rolledBack struct {
	engine.Store
	commits int // that fail
}

func (r *rolledBack) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	if r.commits == 0 {
		return r.Store.Update(ctx, fn)
	}
	r.commits--
	return r.Store.Update(ctx, func(tx engine.Tx) error { return errors.Join(fn(tx), errAway) })
}

// inside is a store all of whose transactions are part of one.
type inside struct {
	engine.Store
	tx engine.Tx
}

func (i inside) Update(_ context.Context, fn func(tx engine.Tx) error) error { return fn(i.tx) }

// testPlanOfARolledBackTransaction: transactions that share a commit see each other's changes of settings. Where it fails, the
// same version of the Pearl may come with other settings, and those count.
func testPlanOfARolledBackTransaction(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.add(phoneA)
	err := s.Update(w.ctx, func(tx engine.Tx) error {
		w.e.Store = inside{s, tx}
		w.settings(w.pearl, func(o *campaign.OutboundSettings) {
			o.CallingHours = []hours.Window{{Day: 0, Start: "01:00", End: "02:00"}}
		})
		if works := w.claim(); len(works) != 0 {
			t.Errorf("claimed %d while no hour is open", len(works))
		}
		return errAway
	})
	if !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	w.e.Store = s
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.RingDuration++ })
	if works := w.claim(); len(works) != 1 {
		t.Errorf("claimed %d by settings that were never committed, want 1", len(works))
	}
}

// testFailedAddsTakeNoRoom: leads and answers that were not stored do not count against the account's limits.
func testFailedAddsTakeNoRoom(t *testing.T, s engine.Store) {
	r := &rolledBack{Store: s}
	w := newWorld(t, s, func(c *engine.Config) { c.Store = r })
	const answer = 1 << 10
	w.e.Limits = engine.Limits{Leads: 1300, RememberedAnswers: 2 * (answer + engine.RememberedRow)}
	add := func(from, count int) error {
		keyed := engine.KeyedRequest{Account: w.account, Route: "POST /a", Key: fmt.Sprint(from), BodyHash: []byte("a")}
		if _, _, err := w.e.Remembered(w.ctx, keyed); err != nil {
			return err
		}
		_, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(from, count), &engine.Remember[[]id.ID]{KeyedRequest: keyed, Answer: func([]id.ID) (int, string, []byte, error) {
			return 200, "text/plain", make([]byte, answer), nil
		}})
		return err
	}
	if err := add(0, 1); err != nil { // what is stored has been counted
		t.Fatal(err)
	}
	for range 3 {
		for _, count := range []int{400, 1200} { // at once, and in parts
			r.commits = 1
			if err := add(1, count); !errors.Is(err, errAway) {
				t.Fatalf("an add of %d whose commit fails: %v", count, err)
			}
		}
	}
	if err := add(1, 1299); err != nil {
		t.Errorf("as many as the account may have, after adds that failed: %v", err)
	}
	w.e.Limits.RememberedAnswers = 0
	if err := add(2000, 1); !fault.Is(err, fault.Invalid) {
		t.Errorf("one more: %v, want a refusal", err)
	}
}

// testClaimsThatFailUseNothing: what a claim, or a begin, takes of the day is there again where it fails or is given back.
func testClaimsThatFailUseNothing(t *testing.T, s engine.Store) {
	r := &rolledBack{Store: s}
	w := newWorld(t, s, func(c *engine.Config) { c.Store = r })
	w.e.AccountCaps, w.e.KeyCaps = engine.DayCaps{Calls: 1, Minutes: 1}, engine.DayCaps{Calls: 1, Minutes: 1}
	w.addTrunk(nil)
	w.add(phoneA)
	w.add(phoneB)
	r.commits = 1
	if _, _, err := w.e.Claim(w.ctx, w.account, w.pearl, 50); !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	work := w.claimOne()
	if err := w.e.Release(w.ctx, work, 0); err != nil {
		t.Fatal(err)
	}
	work = w.claimOne()
	r.commits = 1
	if begun, err := w.e.Begin(w.ctx, work, ""); !errors.Is(err, errAway) {
		t.Fatal(begun, err)
	}
	w.finish(w.begin(work), call.NeverRang)
	w.clock.Add(time.Minute)
	w.finish(w.ring(), call.BusyOutcome)
	w.clock.Add(time.Minute)
	if works := w.claim(); len(works) > 0 {
		t.Errorf("claimed %d when the one call of the day was used", len(works))
	}
}
