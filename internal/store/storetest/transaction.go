package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"nacre/internal/engine"
	"nacre/internal/lead"
)

func testTransactions(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	l := w.newLead()
	w.addLeads(t, l)

	// A panic is an error of its transaction only.
	err := store.Update(t.Context(), func(tx engine.Tx) error {
		if err := tx.DeleteLead(l.ID); err != nil {
			return err
		}
		panic("at the disco")
	})
	if err == nil || !strings.Contains(err.Error(), "at the disco") {
		t.Errorf("panic: %v", err)
	}
	same(t, "lead after a panic", w.readLead(t, l.ID), l)

	// A context that has ended runs nothing.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err = store.Update(ended, func(tx engine.Tx) error { return tx.DeleteLead(l.ID) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	if _, err := store.ReadLead(ended, w.account.ID, w.pearl.ID, l.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("read with an ended context: %v", err)
	}
	same(t, "lead after an ended context", w.readLead(t, l.ID), l)

	// A transaction sees its own writes.
	other := w.newLead()
	w.update(t, func(tx engine.Tx) error {
		next := l
		next.Status, next.Version = lead.Completed, 2
		if err := errors.Join(tx.SaveLead(l, next), tx.InsertLeads([]lead.Lead{other})); err != nil {
			return err
		}
		read, err := tx.Lead(w.account.ID, w.pearl.ID, l.ID)
		same(t, "own write", read, next)
		if err != nil {
			return err
		}
		read, err = tx.Lead(w.account.ID, w.pearl.ID, other.ID)
		same(t, "own insert", read, other)
		return err
	})
}

// testConcurrency runs many transactions side by side, a third of which fail in the middle: each is whole or not at all,
// and visible to its caller's next read.
func testConcurrency(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	const callers, rounds = 24, 12
	leads := make([]lead.Lead, callers)
	for n := range leads {
		leads[n] = w.newLead()
	}
	w.addLeads(t, leads...)
	boom := errors.New("boom")
	var wait sync.WaitGroup
	failures := make(chan error, callers*rounds)
	for n := range callers {
		wait.Go(func() {
			l := leads[n]
			for round := range rounds {
				next := l
				next.Version, next.Attempts, next.Sequence = l.Version+1, l.Attempts+1, l.Sequence+1
				next.Status = lead.Statuses()[round%len(lead.Statuses())]
				delivery := w.leadDelivery(l.ID, next.Sequence)
				fails := (n+round)%3 == 0
				err := store.Update(t.Context(), func(tx engine.Tx) error {
					if _, err := tx.Lead(w.account.ID, w.pearl.ID, l.ID); err != nil {
						return err
					}
					if err := tx.AddDeliveries(delivery); err != nil {
						return err
					}
					if err := tx.SaveLead(l, next); err != nil {
						return err
					}
					if err := tx.AddHistory(engine.History{Lead: l.ID, At: Noon, Kind: "status", To: int(next.Status)}); err != nil {
						return err
					}
					if fails && round%2 == 0 {
						panic(boom)
					}
					if fails {
						return boom
					}
					return nil
				})
				if fails {
					if err == nil {
						failures <- errors.New("a failing transaction was kept")
					}
					continue
				}
				if err != nil {
					failures <- err
					continue
				}
				l = next
				if read, err := store.ReadLead(t.Context(), w.account.ID, w.pearl.ID, l.ID); err != nil || read.Version != l.Version {
					failures <- fmt.Errorf("read after write: version %d, want %d, %v", read.Version, l.Version, err)
				}
			}
			leads[n] = l
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	byStatus := map[int]int{}
	for _, l := range leads {
		same(t, "lead", w.readLead(t, l.ID), l)
		if history := must[[]engine.History](t)(store.LeadHistory(t.Context(), l.ID)); len(history) != l.Attempts {
			t.Errorf("history has %d entries, want %d", len(history), l.Attempts)
		}
		count, _, err := store.SearchDeliveries(t.Context(), w.account.ID, w.pearl.ID, engine.DeliveryFilter{Lead: l.ID}, engine.Page{Limit: 1})
		if err != nil || count != l.Attempts {
			t.Errorf("%d deliveries, want %d, %v", count, l.Attempts, err)
		}
		byStatus[int(l.Status)]++
	}
	counts := must[engine.PearlCounts](t)(store.PearlCounts(t.Context(), w.pearl.ID, Noon))
	same(t, "counters", counts.ByStatus, byStatus)
}

// testSameLead has many callers change one lead: each change is one version, none is lost.
func testSameLead(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	l := w.newLead()
	w.addLeads(t, l)
	const callers, rounds = 12, 10
	var wait sync.WaitGroup
	failures := make(chan error, callers*rounds)
	for range callers {
		wait.Go(func() {
			for range rounds {
				failures <- store.Update(t.Context(), func(tx engine.Tx) error {
					read, err := tx.Lead(w.account.ID, w.pearl.ID, l.ID)
					if err != nil {
						return err
					}
					next := read
					next.Version++
					next.Attempts++
					return tx.SaveLead(read, next)
				})
			}
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			t.Errorf("change: %v", err)
		}
	}
	if got := w.readLead(t, l.ID); got.Attempts != callers*rounds || got.Version != callers*rounds+1 {
		t.Errorf("%d attempts at version %d after %d changes", got.Attempts, got.Version, callers*rounds)
	}
}
