package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// counting counts the deliveries that each transaction rewrites, and has something happen between two that rewrite any.
type counting struct {
	engine.Store
	most    atomic.Int64
	between func(parts int)
	parts   int
}

type countingTx struct {
	engine.Tx
	saved *int64
}

func (t countingTx) SaveDelivery(before, next engine.Delivery) error {
	*t.saved++
	return t.Tx.SaveDelivery(before, next)
}

func (c *counting) Update(ctx context.Context, fn func(engine.Tx) error) error {
	var saved int64
	err := c.Store.Update(ctx, func(tx engine.Tx) error {
		saved = 0
		return fn(countingTx{tx, &saved})
	})
	c.most.Store(max(c.most.Load(), saved))
	if saved > 0 && c.between != nil {
		c.parts++
		c.between(c.parts)
	}
	return err
}

// backlog stores deliveries of a state to the campaign's lead URL, and as many to its call URL that are pending.
func (w *world) backlog(t *testing.T, count int, state engine.DeliveryState) (leads []id.ID) {
	t.Helper()
	var all []engine.Delivery
	for n := range count {
		lead, call := w.leadDelivery(w.newID(), 1), w.callDelivery(w.newID(), false)
		lead.State = state
		lead.NextTry = tuesday.Add(time.Duration(n%5) * time.Hour)
		if state != engine.DeliveryPending {
			lead.NextTry = time.Time{}
		}
		all = append(all, lead, call)
		leads = append(leads, lead.ID)
	}
	w.deliver(t, all...)
	return leads
}

func (w *world) countOf(t *testing.T, kind engine.DeliveryKind, state engine.DeliveryState) (count int) {
	t.Helper()
	_, rows, err := w.store.SearchDeliveries(w.ctx, w.account, w.pearl, engine.DeliveryFilter{State: state}, engine.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rows {
		if d.Kind == kind {
			count++
		}
	}
	return count
}

// testBacklogsInParts: whoever rewrites a whole backlog takes a bounded part of it in one transaction, and another account's stop is
// answered in the middle.
func testBacklogsInParts(t *testing.T, s engine.Store) {
	const count = 500
	for name, test := range map[string]struct {
		before, after engine.DeliveryState
		rewrite       func(w *world) error
	}{
		"a URL is removed": {engine.DeliveryPending, engine.DeliveryDropped, func(w *world) error {
			w.hook(w.t, func(h *campaign.Webhooks) { h.LeadURL = "" })
			return nil
		}},
		"a URL is disabled": {engine.DeliveryPending, engine.DeliveryDead, func(w *world) error {
			_, err := w.e.DisableURL(w.ctx, w.account, w.pearl, w.hooks(w.t).Webhooks.LeadURL)
			return err
		}},
		"dead letters are sent again": {engine.DeliveryDead, engine.DeliveryPending, func(w *world) error {
			replayed, err := w.e.ReplayDead(w.ctx, w.actor, w.pearl, time.Time{}, time.Time{})
			if replayed != count {
				w.t.Errorf("replayed %d, want %d", replayed, count)
			}
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counted := &counting{Store: s}
			w, other := newWorld(t, counted), newWorld(t, s)
			w.backlog(t, count, test.before)
			other.add(phoneA)
			ringing := other.ring()
			left := 0
			counted.between = func(parts int) {
				if parts != 1 {
					return
				}
				other.update(ringing.Call.Lead, engine.LeadUpdate{Status: ptr(130)})
				same(t, "the call of the stopped lead", orders(other.call(ringing.Call.ID)), "cancel=stop")
				left = w.countOf(t, engine.LeadDelivery, test.before)
			}
			if err := test.rewrite(w); err != nil {
				t.Fatal(err)
			}
			if most := counted.most.Load(); most > 200 {
				t.Errorf("one transaction rewrites %d deliveries", most)
			}
			if left == 0 || left == count {
				t.Errorf("%d of %d were left when another account's stop was answered", left, count)
			}
			equal(t, "rewritten", w.countOf(t, engine.LeadDelivery, test.after), count)
			equal(t, "of the other kind", w.countOf(t, engine.CallDelivery, engine.DeliveryPending), count)
		})
	}
}

// testBacklogAfterACrash: a process that dies between two parts leaves deliveries that the next one's sender settles when they are due,
// and dead letters that can be sent again.
func testBacklogAfterACrash(t *testing.T, s engine.Store) {
	ended := func(w *world, counted *counting) context.Context {
		ctx, cancel := context.WithCancel(w.ctx)
		counted.between = func(int) { cancel() }
		return ctx
	}
	t.Run("dead letters", func(t *testing.T) {
		t.Parallel()
		counted := &counting{Store: s}
		w := newWorld(t, counted)
		w.backlog(t, 300, engine.DeliveryDead)
		replayed, err := w.e.ReplayDead(ended(w, counted), w.actor, w.pearl, time.Time{}, time.Time{})
		if replayed != 200 || err == nil {
			t.Errorf("replayed %d, %v", replayed, err)
		}
		counted.between = nil
		replayed, err = w.e.ReplayDead(w.ctx, w.actor, w.pearl, time.Time{}, time.Time{})
		if replayed != 100 || err != nil {
			t.Errorf("replayed %d of the rest, %v", replayed, err)
		}
	})
	t.Run("a URL that is set again meanwhile", func(t *testing.T) {
		t.Parallel()
		counted := &counting{Store: s}
		w := newWorld(t, counted)
		w.backlog(t, 300, engine.DeliveryPending)
		counted.between = func(parts int) {
			if parts == 1 {
				w.hook(t, func(h *campaign.Webhooks) { h.LeadURL = "https://crm.example/new" })
			}
		}
		w.hook(t, func(h *campaign.Webhooks) { h.LeadURL = "" })
		if left := w.countOf(t, engine.LeadDelivery, engine.DeliveryPending); left < 100 {
			t.Errorf("%d go to the new URL", left)
		}
	})
}
