package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// testOldRows: what a sweep finds and may remove.
func testOldRows(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	archived := w.newPearl(w.account.ID)
	archived.Archived = true
	stranger := w.newPearl(w.id())
	old, young := Noon.Add(-time.Hour), Noon
	var calls, requests, deliveries, foreign []id.ID
	var unfinished, waiting, pending, dead id.ID
	w.update(t, func(tx engine.Tx) error {
		calls, requests, deliveries, foreign = nil, nil, nil, nil
		faults := []error{
			tx.InsertAccount(account.Account{ID: stranger.Account, Name: "Stranger", Standing: account.FullAccess, Created: Noon}),
			tx.InsertPearl(archived), tx.InsertPearl(stranger),
		}
		insert := func(accountID, pearlID id.ID, at time.Time, over bool) (callID, requestID, deliveryID id.ID) {
			c := w.newCall(lead.Lead{Phone: w.phone()})
			c.Account, c.Pearl, c.Start = accountID, pearlID, at
			r := engine.Request{ID: w.id(), Account: accountID, Pearl: pearlID, To: w.phone(), Status: engine.RequestOnCall, Created: at, Expires: at}
			d := w.callDelivery(c.ID, true)
			d.Account, d.Pearl, d.Created = accountID, pearlID, at
			if over {
				c, r.Status, d.State = finished(c), engine.RequestCompleted, engine.DeliveryDelivered
			}
			faults = append(faults, tx.InsertCall(c), tx.InsertRequest(r), tx.AddDeliveries(d))
			return c.ID, r.ID, d.ID
		}
		for _, pearlID := range []id.ID{w.pearl.ID, w.pearl.ID, archived.ID} {
			callID, requestID, deliveryID := insert(w.account.ID, pearlID, old, true)
			calls, requests, deliveries = append(calls, callID), append(requests, requestID), append(deliveries, deliveryID)
		}
		insert(w.account.ID, w.pearl.ID, young, true)
		unfinished, waiting, pending = insert(w.account.ID, w.pearl.ID, old, false)
		callID, requestID, deliveryID := insert(stranger.Account, stranger.ID, old, true)
		foreign = []id.ID{callID, requestID, deliveryID}
		letter := w.leadDelivery(w.id(), 1)
		letter.State, letter.Created, dead = engine.DeliveryDead, old, letter.ID
		return errors.Join(append(faults, tx.AddDeliveries(letter))...)
	})
	sorted := func(ids []id.ID, err error) []id.ID {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(slices.Values(ids))
	}
	over := []engine.DeliveryState{engine.DeliveryDelivered, engine.DeliveryDropped}
	same(t, "old calls", sorted(store.OldCalls(t.Context(), w.account.ID, young, 10)), sorted(calls, nil))
	same(t, "old requests", sorted(store.OldRequests(t.Context(), w.account.ID, young, 10)), sorted(requests, nil))
	same(t, "old deliveries", sorted(store.OldDeliveries(t.Context(), w.account.ID, over, young, 10)), sorted(deliveries, nil))
	same(t, "dead letters", sorted(store.OldDeliveries(t.Context(), w.account.ID, []engine.DeliveryState{engine.DeliveryDead}, young, 10)), []id.ID{dead})
	same(t, "calls before the oldest", sorted(store.OldCalls(t.Context(), w.account.ID, old, 10)), nil)
	for name, found := range map[string][]id.ID{
		"calls":      sorted(store.OldCalls(t.Context(), w.account.ID, young, 2)),
		"requests":   sorted(store.OldRequests(t.Context(), w.account.ID, young, 2)),
		"deliveries": sorted(store.OldDeliveries(t.Context(), w.account.ID, over, young, 2)),
	} {
		if len(found) != 2 {
			t.Errorf("%d %s where at most 2 were asked for", len(found), name)
		}
	}

	// What is not over stays, also where it is named.
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.DeleteRequest(requests[0]), tx.DeleteRequest(waiting), tx.DeleteDelivery(deliveries[0]), tx.DeleteDelivery(pending))
	})
	_, err := store.ReadRequest(t.Context(), w.account.ID, requests[0])
	missing(t, err, "CallRequestId")
	_, err = store.ReadDelivery(t.Context(), w.account.ID, deliveries[0])
	missing(t, err, "DeliveryId")
	must[engine.Request](t)(store.ReadRequest(t.Context(), w.account.ID, waiting))
	must[engine.Delivery](t)(store.ReadDelivery(t.Context(), w.account.ID, pending))
	must[call.Call](t)(store.ReadCall(t.Context(), stranger.Account, foreign[0]))

	// A recording is needed while its call is in the air, and where the call names it.
	lost := w.newCall(lead.Lead{Phone: w.phone()})
	lost.Ended, lost.Finished, lost.Status = Noon, Noon, call.Failed
	w.update(t, func(tx engine.Tx) error { return tx.InsertCall(lost) })
	needed := sorted(store.NeedRecording(t.Context(), []id.ID{calls[0], unfinished, lost.ID, w.id()}))
	same(t, "calls whose recording is needed", needed, sorted([]id.ID{calls[0], unfinished}, nil))
	same(t, "of none", sorted(store.NeedRecording(t.Context(), nil)), nil)
}

// testOldAnswers: remembered answers go oldest first, some at a time. It is part of the replays' test: they are not found by account.
func testOldAnswers(t *testing.T, w *world, ancient time.Time) {
	t.Helper()
	w.update(t, func(tx engine.Tx) error {
		var faults []error
		for n, key := range []string{"third", "second", "first"} {
			kept := engine.RememberedAnswer{Account: w.account.ID, Route: "old", Key: key, BodyHash: []byte{1}, Created: ancient.Add(-time.Duration(n) * time.Minute)}
			faults = append(faults, tx.SaveRememberedAnswer(kept))
		}
		return errors.Join(faults...)
	})
	left := func() (keys []string) {
		w.update(t, func(tx engine.Tx) error {
			keys = nil
			for _, key := range []string{"first", "second", "third"} {
				if _, found, err := tx.RememberedAnswer(w.account.ID, "old", key); err != nil {
					return err
				} else if found {
					keys = append(keys, key)
				}
			}
			return nil
		})
		return keys
	}
	remove := func(limit int) (deleted int) {
		w.update(t, func(tx engine.Tx) (err error) {
			deleted, err = tx.DeleteRememberedAnswers(ancient, limit)
			return err
		})
		return deleted
	}
	if n := remove(1); n != 1 {
		t.Errorf("%d answers removed, want 1", n)
	}
	same(t, "answers after one was removed", left(), []string{"second", "third"})
	if n := remove(10); n != 1 {
		t.Errorf("%d answers removed, want 1", n)
	}
	same(t, "answers after all older ones were removed", left(), []string{"third"})
}
