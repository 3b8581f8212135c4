package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

func (w *world) leadDelivery(leadID id.ID, sequence int64) engine.Delivery {
	return engine.Delivery{
		ID: w.id(), Account: w.account.ID, Pearl: w.pearl.ID, Kind: engine.LeadDelivery, Lead: leadID, Sequence: sequence, Body: []byte(`{"id":"x"}`),
		Trace: "00-1-2-01", State: engine.DeliveryPending, Created: Noon, NextTry: Noon,
	}
}

func (w *world) callDelivery(callID id.ID, start bool) engine.Delivery {
	d := w.leadDelivery("", 1)
	d.Kind, d.Call, d.Start = engine.CallDelivery, callID, start
	return d
}

func (w *world) deliver(t *testing.T, deliveries ...engine.Delivery) {
	t.Helper()
	w.update(t, func(tx engine.Tx) error { return tx.AddDeliveries(deliveries...) })
}

func (w *world) delivery(t *testing.T, deliveryID id.ID) engine.Delivery {
	t.Helper()
	return must[engine.Delivery](t)(w.store.ReadDelivery(t.Context(), w.account.ID, deliveryID))
}

func idsOf(deliveries []engine.Delivery) []id.ID {
	ids := make([]id.ID, len(deliveries))
	for n, d := range deliveries {
		ids[n] = d.ID
	}
	return ids
}

// testDeliveries: what is stored is read, in the transaction that stores it too, and found.
func testDeliveries(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	first, second := w.leadDelivery(w.id(), 1), w.callDelivery(w.id(), true)
	second.Created, second.NextTry = Noon.Add(time.Second), Noon.Add(time.Minute)
	second.Lease, second.HeldBack, second.Hurried, second.Replays = Noon.Add(time.Minute), true, true, 2
	second.Tries = []engine.Try{{At: Noon, Status: 503, LatencyMS: 12, Error: "no", Answer: "<html>"}}
	light := func(d engine.Delivery) engine.Delivery { d.Body = nil; return d }
	w.update(t, func(tx engine.Tx) error {
		if err := tx.AddDeliveries(first, second); err != nil {
			return err
		}
		same(t, "delivery in its transaction", must[engine.Delivery](t)(tx.Delivery(second.ID)), light(second))
		same(t, "its body", must[[]byte](t)(tx.DeliveryBody(second.ID)), second.Body)
		_, err := tx.Delivery(noID)
		missing(t, err, "DeliveryId")
		_, err = tx.DeliveryBody(noID)
		missing(t, err, "DeliveryId")
		return nil
	})
	same(t, "delivery", w.delivery(t, first.ID), first)
	same(t, "delivery with everything set", w.delivery(t, second.ID), second)
	_, err := store.ReadDelivery(t.Context(), noID, first.ID)
	missing(t, err, "DeliveryId")

	next := second
	next.State, next.NextTry, next.Lease, next.HeldBack, next.Hurried, next.Replays = engine.DeliveryDead, time.Time{}, time.Time{}, false, false, 3
	next.Tries = append(next.Tries, engine.Try{At: Noon.Add(time.Minute), Status: 410})
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.SaveDelivery(second, next), tx.SaveDelivery(first, first))
	})
	same(t, "saved delivery", w.delivery(t, second.ID), next)
	same(t, "delivery saved as it was", w.delivery(t, first.ID), first)

	search := func(filter engine.DeliveryFilter) (int, []engine.Delivery) {
		count, rows, err := store.SearchDeliveries(t.Context(), w.account.ID, w.pearl.ID, filter, engine.Page{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		return count, rows
	}
	if count, rows := search(engine.DeliveryFilter{}); count != 2 || rows[0].ID != second.ID {
		t.Errorf("search: %d %v", count, rows)
	}
	for name, filter := range map[string]engine.DeliveryFilter{
		"state": {State: engine.DeliveryPending}, "lead": {Lead: first.Lead}, "time": {From: Noon, To: Noon}, "all": {State: engine.DeliveryPending, Lead: first.Lead, To: Noon},
	} {
		count, rows := search(filter)
		if count != 1 {
			t.Errorf("search by %s: %d", name, count)
		}
		same(t, "row by "+name, rows, []engine.Delivery{light(first)})
	}
	if count, rows := search(engine.DeliveryFilter{Call: second.Call}); count != 1 || rows[0].ID != second.ID {
		t.Errorf("search by call: %d %v", count, rows)
	}
}

// testDeliveryQueues: what is due, what comes before what, and what is freed.
func testDeliveryQueues(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	leadID, callID := w.id(), w.id()
	first, second, third := w.leadDelivery(leadID, 1), w.leadDelivery(leadID, 2), w.leadDelivery(leadID, 4)
	start, end := w.callDelivery(callID, true), w.callDelivery(callID, false)
	first.NextTry, first.Lease = Noon.Add(time.Minute), Noon.Add(time.Minute)
	third.NextTry, third.HeldBack = Noon.Add(time.Hour), true
	end.NextTry, end.HeldBack = Noon.Add(time.Hour), true
	start.NextTry = Noon.Add(-time.Second)
	w.deliver(t, first, second, third, start, end)
	queue := engine.DeliveryQueue{Account: w.account.ID, Pearl: w.pearl.ID, NextTry: start.NextTry}
	same(t, "queues", must[[]engine.DeliveryQueue](t)(store.ReadDeliveryQueues(t.Context())), []engine.DeliveryQueue{queue})
	w.update(t, func(tx engine.Tx) error {
		same(t, "queues in a transaction", must[[]engine.DeliveryQueue](t)(tx.DeliveryQueues()), []engine.DeliveryQueue{queue})
		due := func(at time.Time, limit int) []id.ID {
			return idsOf(must[[]engine.Delivery](t)(tx.DueDeliveries(w.pearl.ID, at, limit)))
		}
		same(t, "due before", due(start.NextTry.Add(-time.Millisecond), 9), []id.ID{})
		same(t, "due at noon", due(Noon, 9), []id.ID{start.ID, second.ID})
		same(t, "the first due", due(Noon, 1), []id.ID{start.ID})
		same(t, "before the third", must[id.ID](t)(tx.PendingBefore(leadID, 4)), first.ID)
		same(t, "before the first", must[id.ID](t)(tx.PendingBefore(leadID, 1)), "")
		same(t, "start of the call", must[id.ID](t)(tx.PendingOfCall(callID, true)), start.ID)
		same(t, "end of the call", must[id.ID](t)(tx.PendingOfCall(callID, false)), end.ID)
		same(t, "start of no call", must[id.ID](t)(tx.PendingOfCall("", true)), "")

		shared := must[*engine.Delivery](t)(tx.SharePending(first.ID))
		first.Body = nil
		same(t, "shared", shared, &first)
		over := first
		over.State, over.NextTry, over.Lease = engine.DeliveryDelivered, time.Time{}, time.Time{}
		if err := tx.SaveDelivery(first, over); err != nil {
			return err
		}
		same(t, "shared when it is over", must[*engine.Delivery](t)(tx.SharePending(first.ID)), nil)
		same(t, "before the third then", must[id.ID](t)(tx.PendingBefore(leadID, 4)), second.ID)

		// The first above the sequence is freed, where it is held back; the second is not.
		if err := errors.Join(tx.FreeNextOfLead(leadID, 1), tx.FreeEndOfCall(callID)); err != nil {
			return err
		}
		same(t, "due after the end is freed", due(Noon, 9), []id.ID{start.ID, second.ID, end.ID})
		if err := tx.FreeNextOfLead(leadID, 2); err != nil {
			return err
		}
		same(t, "due after the third is freed", due(Noon, 9), []id.ID{start.ID, second.ID, third.ID, end.ID})
		return nil
	})
	if d := w.delivery(t, third.ID); d.HeldBack || !d.NextTry.Equal(d.Created) {
		t.Errorf("freed: %+v", d)
	}
	// The analysis of the call is freed by itself.
	analysis := w.callDelivery(callID, false)
	analysis.Kind, analysis.NextTry, analysis.HeldBack = engine.AnalysisDelivery, Noon.Add(time.Hour), true
	w.deliver(t, analysis)
	w.update(t, func(tx engine.Tx) error {
		same(t, "end of the call beside its analysis", must[id.ID](t)(tx.PendingOfCall(callID, false)), end.ID)
		return tx.FreeEndOfCall(callID)
	})
	if d := w.delivery(t, analysis.ID); !d.HeldBack {
		t.Errorf("freed with the end: %+v", d)
	}
	w.update(t, func(tx engine.Tx) error { return tx.FreeAnalysisOfCall(callID) })
	if d := w.delivery(t, analysis.ID); d.HeldBack || !d.NextTry.Equal(d.Created) {
		t.Errorf("freed: %+v", d)
	}
	// Leases end, retries do not.
	leased, retried := w.leadDelivery(w.id(), 1), w.leadDelivery(w.id(), 1)
	leased.NextTry, leased.Lease, retried.NextTry = Noon.Add(time.Minute), Noon.Add(time.Minute), Noon.Add(time.Minute)
	w.deliver(t, leased, retried)
	w.update(t, func(tx engine.Tx) error { return tx.EndLeases(w.pearl.ID, Noon, Noon.Add(time.Hour)) })
	for d, want := range map[id.ID]time.Time{leased.ID: Noon, retried.ID: retried.NextTry} {
		if got := w.delivery(t, d); !got.NextTry.Equal(want) || !got.Lease.IsZero() {
			t.Errorf("after the end of leases: %+v, want it at %v", got, want)
		}
	}
}

// testBacklogs: pending and dead deliveries of a Pearl are walked from place to place, each once.
func testBacklogs(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	const count = 7
	var pending, dead []id.ID
	for n := range count {
		waits, over := w.leadDelivery(w.id(), 1), w.leadDelivery(w.id(), 1)
		waits.NextTry = Noon.Add(time.Duration(n/3) * time.Second) // several at an instant
		over.State, over.NextTry, over.Created = engine.DeliveryDead, time.Time{}, waits.NextTry
		w.deliver(t, waits, over)
		pending, dead = append(pending, waits.ID), append(dead, over.ID)
	}
	walk := func(limit int, from engine.DeliveryPlace, next func(tx engine.Tx, after engine.DeliveryPlace) ([]engine.Delivery, engine.DeliveryPlace, error)) (found []id.ID) {
		for {
			var part []engine.Delivery
			w.update(t, func(tx engine.Tx) (err error) {
				part, from, err = next(tx, from)
				return err
			})
			found = append(found, idsOf(part)...)
			if len(part) < limit {
				return found
			}
		}
	}
	for _, limit := range []int{1, 2, 3, 100} {
		same(t, fmt.Sprintf("pending, %d at once", limit), walk(limit, engine.DeliveryPlace{}, func(tx engine.Tx, after engine.DeliveryPlace) ([]engine.Delivery, engine.DeliveryPlace, error) {
			part, err := tx.PendingDeliveries(w.pearl.ID, after, limit)
			if len(part) > 0 {
				after = engine.DeliveryPlace{At: part[len(part)-1].NextTry, ID: part[len(part)-1].ID}
			}
			return part, after, err
		}), pending)
		deadUntil := func(until time.Time) func(tx engine.Tx, after engine.DeliveryPlace) ([]engine.Delivery, engine.DeliveryPlace, error) {
			return func(tx engine.Tx, after engine.DeliveryPlace) ([]engine.Delivery, engine.DeliveryPlace, error) {
				part, err := tx.DeadDeliveries(w.pearl.ID, after, until, limit)
				if len(part) > 0 {
					after = engine.DeliveryPlace{At: part[len(part)-1].Created, ID: part[len(part)-1].ID}
				}
				return part, after, err
			}
		}
		same(t, fmt.Sprintf("dead, %d at once", limit), walk(limit, engine.DeliveryPlace{}, deadUntil(time.Time{})), dead)
		same(t, fmt.Sprintf("dead of one second, %d at once", limit), walk(limit, engine.DeliveryPlace{At: Noon.Add(time.Second)}, deadUntil(Noon.Add(time.Second))), dead[3:6])
	}
}
