package storetest

import (
	"errors"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

const lease = time.Minute

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

// next answers the ids of what is claimed at an instant.
func (w *world) next(t *testing.T, at time.Time, limit int, busy ...id.ID) []id.ID {
	t.Helper()
	claimed, err := w.store.NextDeliveries(t.Context(), at, lease, limit, engine.DeliveryRoom{BusyPearls: busy, Others: limit})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]id.ID, len(claimed))
	for n, d := range claimed {
		ids[n] = d.ID
		if len(d.Body) == 0 || d.State != engine.DeliveryPending {
			t.Errorf("claimed %+v", d)
		}
	}
	return ids
}

func (w *world) settle(t *testing.T, deliveryID id.ID, state engine.DeliveryState, at, nextTry time.Time) {
	t.Helper()
	try := engine.Try{At: at, Status: 503, LatencyMS: 12, Error: "no", Answer: "<html>"}
	if err := w.store.SettleDelivery(t.Context(), deliveryID, state, nextTry, try); err != nil {
		t.Fatal(err)
	}
}

func (w *world) state(t *testing.T, deliveryID id.ID) engine.DeliveryState {
	t.Helper()
	return must[engine.Delivery](t)(w.store.ReadDelivery(t.Context(), w.account.ID, deliveryID)).State
}

func (w *world) nextTime(t *testing.T) time.Time {
	t.Helper()
	return must[time.Time](t)(w.store.NextDeliveryTime(t.Context()))
}

func testDeliveries(t *testing.T, store Store) {
	w := newWorld(t, store)
	if at := w.nextTime(t); !at.IsZero() {
		t.Errorf("next delivery of an empty outbox at %v", at)
	}
	first, second := w.leadDelivery(w.id(), 1), w.callDelivery(w.id(), true)
	second.NextTry = Noon.Add(time.Minute)
	second.Created = Noon.Add(time.Second)
	w.deliver(t, first, second)
	same(t, "delivery", must[engine.Delivery](t)(store.ReadDelivery(t.Context(), w.account.ID, first.ID)), first)
	_, err := store.ReadDelivery(t.Context(), noID, first.ID)
	missing(t, err, "DeliveryId")
	same(t, "next delivery", w.nextTime(t), Noon)

	same(t, "due before noon", w.next(t, Noon.Add(-time.Millisecond), 10), []id.ID{})
	same(t, "due at noon", w.next(t, Noon, 10), []id.ID{first.ID})
	same(t, "due at noon, again", w.next(t, Noon, 10), []id.ID{})
	same(t, "next delivery after a claim", w.nextTime(t), Noon.Add(time.Minute))
	same(t, "due when the lease is over", w.next(t, Noon.Add(lease), 10), []id.ID{first.ID, second.ID})

	retry := Noon.Add(time.Hour)
	w.settle(t, first.ID, engine.DeliveryPending, Noon, retry)
	w.settle(t, second.ID, engine.DeliveryDelivered, Noon, time.Time{})
	want := first
	want.NextTry = retry
	want.Tries = []engine.Try{{At: Noon, Status: 503, LatencyMS: 12, Error: "no", Answer: "<html>"}}
	same(t, "tried delivery", must[engine.Delivery](t)(store.ReadDelivery(t.Context(), w.account.ID, first.ID)), want)
	same(t, "next delivery after a try", w.nextTime(t), retry)
	same(t, "due at the retry", w.next(t, retry, 10), []id.ID{first.ID})
	if err := store.SettleDelivery(t.Context(), first.ID, engine.DeliveryPending, retry, engine.Try{}); err != nil {
		t.Fatal(err)
	}
	same(t, "delivery given back without a try", must[engine.Delivery](t)(store.ReadDelivery(t.Context(), w.account.ID, first.ID)), want)
	missing(t, store.SettleDelivery(t.Context(), noID, engine.DeliveryDead, time.Time{}, engine.Try{}), "DeliveryId")

	want.Body = nil
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
		same(t, "row by "+name, rows, []engine.Delivery{want})
	}
	if count, rows := search(engine.DeliveryFilter{Call: second.Call}); count != 1 || rows[0].ID != second.ID {
		t.Errorf("search by call: %d %v", count, rows)
	}
}

func testDeliveryOrder(t *testing.T, store Store) {
	w := newWorld(t, store)
	leadA, leadB := w.id(), w.id()
	a1, a2, a3, b1 := w.leadDelivery(leadA, 1), w.leadDelivery(leadA, 3), w.leadDelivery(leadA, 4), w.leadDelivery(leadB, 1)
	callOfA := w.callDelivery(w.id(), true)
	callOfA.Lead, callOfA.Sequence = leadA, 2
	w.deliver(t, a1, callOfA, a2, a3, b1)
	// Lead deliveries of one lead wait for each other; calls and other leads do not.
	same(t, "first", w.next(t, Noon, 10), []id.ID{a1.ID, b1.ID, callOfA.ID})
	same(t, "while the first is sent", w.next(t, Noon.Add(time.Second), 10), []id.ID{})
	w.settle(t, a1.ID, engine.DeliveryPending, Noon, Noon.Add(10*time.Minute))
	w.settle(t, b1.ID, engine.DeliveryDelivered, Noon, time.Time{})
	w.settle(t, callOfA.ID, engine.DeliveryDelivered, Noon, time.Time{})
	same(t, "while the first waits for its retry", w.next(t, Noon.Add(2*lease), 10), []id.ID{})
	same(t, "the retry", w.next(t, Noon.Add(10*time.Minute), 10), []id.ID{a1.ID})
	w.settle(t, a1.ID, engine.DeliveryDelivered, Noon, time.Time{})
	if at := w.nextTime(t); at.After(Noon.Add(10 * time.Minute)) {
		t.Errorf("what waited is not brought forward: next at %v", at)
	}
	same(t, "what waited for it", w.next(t, Noon.Add(10*time.Minute), 10), []id.ID{a2.ID})
	w.settle(t, a2.ID, engine.DeliveryDead, Noon, time.Time{})
	same(t, "after a dead one", w.next(t, Noon.Add(10*time.Minute), 10), []id.ID{a3.ID})
	w.settle(t, a3.ID, engine.DeliveryDelivered, Noon, time.Time{})

	// A limit that only meets waiting ones goes on to the next lead.
	head := w.leadDelivery(leadA, 10)
	w.deliver(t, head)
	same(t, "head", w.next(t, Noon, 1), []id.ID{head.ID})
	var waiting []engine.Delivery
	for n := range 40 {
		waiting = append(waiting, w.leadDelivery(leadA, int64(11+n)))
	}
	free := w.leadDelivery(leadB, 11)
	free.NextTry = Noon.Add(time.Second)
	w.deliver(t, append(waiting, free)...)
	same(t, "behind forty that wait", w.next(t, Noon.Add(time.Second), 2), []id.ID{free.ID})
}

func testStarts(t *testing.T, store Store) {
	w := newWorld(t, store)
	// Delivered in time: the end goes right after.
	call := w.id()
	start, end := w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	same(t, "start", w.next(t, Noon, 10), []id.ID{start.ID})
	w.deliver(t, end)
	same(t, "end while its start is sent", w.next(t, Noon, 10), []id.ID{})
	w.settle(t, start.ID, engine.DeliveryDelivered, Noon, time.Time{})
	same(t, "end after its start", w.next(t, Noon.Add(time.Second), 10), []id.ID{end.ID})
	w.settle(t, end.ID, engine.DeliveryDelivered, Noon, time.Time{})

	// Waiting for a retry when the end is ready: one more try at once, then dropped.
	call = w.id()
	start, end = w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	w.next(t, Noon, 10)
	w.settle(t, start.ID, engine.DeliveryPending, Noon, Noon.Add(24*time.Hour))
	w.deliver(t, end)
	at := Noon.Add(time.Minute)
	got := w.next(t, at, 10)
	if len(got) == 0 { // the first claim may only find out
		got = w.next(t, at, 10)
	}
	same(t, "the start once more", got, []id.ID{start.ID})
	same(t, "the end meanwhile", w.next(t, at.Add(time.Second), 10), []id.ID{})
	w.settle(t, start.ID, engine.DeliveryPending, at, at.Add(24*time.Hour))
	if state := w.state(t, start.ID); state != engine.DeliveryDropped {
		t.Errorf("a start that failed once more is %s", state)
	}
	same(t, "the end after all", w.next(t, at.Add(time.Second), 10), []id.ID{end.ID})
	w.settle(t, end.ID, engine.DeliveryDelivered, at, time.Time{})

	// Under way when the end becomes ready: that try does not count as the one more.
	call = w.id()
	start, end = w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	w.next(t, Noon, 10)
	w.deliver(t, end)
	w.settle(t, start.ID, engine.DeliveryPending, at, at.Add(24*time.Hour))
	same(t, "the start at once", w.next(t, at, 10), []id.ID{start.ID})
	w.settle(t, start.ID, engine.DeliveryPending, at, at.Add(24*time.Hour))
	same(t, "then the end", w.next(t, at, 10), []id.ID{end.ID})

	// Superseded by the sender.
	call = w.id()
	start, end = w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	w.next(t, Noon, 10)
	w.deliver(t, end)
	w.next(t, Noon, 10)
	if err := store.SupersedeStart(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if state := w.state(t, start.ID); state != engine.DeliveryDropped {
		t.Errorf("a superseded start is %s", state)
	}
	same(t, "the end of a superseded start", w.next(t, Noon.Add(time.Second), 10), []id.ID{end.ID})
	// Its answer comes after all: it was delivered.
	w.settle(t, start.ID, engine.DeliveryDelivered, Noon, time.Time{})
	if state := w.state(t, start.ID); state != engine.DeliveryDelivered {
		t.Errorf("a superseded start that was delivered is %s", state)
	}
	if err := store.SupersedeStart(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if state := w.state(t, start.ID); state != engine.DeliveryDelivered {
		t.Errorf("superseding what is delivered makes it %s", state)
	}
}

func testShares(t *testing.T, store Store) {
	w := newWorld(t, store)
	slow, quick := w.pearl, w.newPearl(w.account.ID)
	w.update(t, func(tx engine.Tx) error { return tx.InsertPearl(quick) })
	for range 30 {
		w.deliver(t, w.leadDelivery(w.id(), 1))
	}
	var wanted []id.ID
	for range 3 {
		d := w.leadDelivery(w.id(), 1)
		d.Pearl, d.NextTry = quick.ID, Noon.Add(time.Second) // due after the others
		w.deliver(t, d)
		wanted = append(wanted, d.ID)
	}
	at := Noon.Add(time.Second)
	got := w.next(t, at, 8)
	if len(got) != 7 {
		t.Errorf("claimed %d, want 4 of the one and 3 of the other", len(got))
	}
	same(t, "the share of the quick one", got[4:], wanted)
	same(t, "with the slow one left out", w.next(t, at, 8, slow.ID), []id.ID{})
	if more := w.next(t, at, 8); len(more) != 8 {
		t.Errorf("claimed %d of one receiver alone, want 8", len(more))
	}
}

// testAccountShares: an account with many Pearls whose deliveries have waited for long gets no more than one with a single Pearl,
// and none gets more than there is room for.
func testAccountShares(t *testing.T, store Store) {
	w := newWorld(t, store)
	other := w.newPearl(w.id())
	for range 9 {
		pearl := w.newPearl(w.account.ID)
		w.update(t, func(tx engine.Tx) error { return tx.InsertPearl(pearl) })
		for range 2 {
			d := w.leadDelivery(w.id(), 1)
			d.Pearl = pearl.ID
			w.deliver(t, d)
		}
	}
	for range 6 {
		d := w.leadDelivery(w.id(), 1)
		d.Account, d.Pearl, d.NextTry = other.Account, other.ID, Noon.Add(time.Second)
		w.deliver(t, d)
	}
	claim := func(limit int, room engine.DeliveryRoom) map[id.ID]int {
		counts := map[id.ID]int{}
		for _, d := range must[[]engine.Delivery](t)(store.NextDeliveries(t.Context(), Noon.Add(time.Second), lease, limit, room)) {
			counts[d.Account]++
		}
		return counts
	}
	same(t, "shares of two accounts", claim(8, engine.DeliveryRoom{Others: 8}), map[id.ID]int{w.account.ID: 4, other.Account: 4})
	same(t, "shares with little room", claim(8, engine.DeliveryRoom{Accounts: map[id.ID]int{w.account.ID: 0}, Others: 1}), map[id.ID]int{other.Account: 1})
	same(t, "shares where one has little", claim(8, engine.DeliveryRoom{Others: 8}), map[id.ID]int{w.account.ID: 4, other.Account: 1})
	same(t, "room of one", claim(8, engine.DeliveryRoom{Accounts: map[id.ID]int{w.account.ID: 3}, Others: 8}), map[id.ID]int{w.account.ID: 3})
	claim(100, engine.DeliveryRoom{Others: 100})
}

func testRetiredDeliveries(t *testing.T, store Store) {
	w := newWorld(t, store)
	lead1, call1 := w.leadDelivery(w.id(), 1), w.callDelivery(w.id(), false)
	lead2 := w.leadDelivery(lead1.Lead, 2)
	w.deliver(t, lead1, lead2, call1)
	w.next(t, Noon, 10)
	if err := store.DisableURL(t.Context(), w.account.ID, w.pearl.ID, engine.LeadDelivery); err != nil {
		t.Fatal(err)
	}
	for _, d := range []engine.Delivery{lead1, lead2} {
		if state := w.state(t, d.ID); state != engine.DeliveryDead {
			t.Errorf("delivery to a disabled URL is %s", state)
		}
	}
	if state := w.state(t, call1.ID); state != engine.DeliveryPending {
		t.Errorf("delivery of the other kind is %s", state)
	}
	pearl := must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID))
	if !pearl.Webhooks.LeadDisabled || pearl.Webhooks.CallDisabled || pearl.Version != w.pearl.Version+1 {
		t.Errorf("pearl after a disabled URL: %+v, version %d", pearl.Webhooks, pearl.Version)
	}
	if err := store.DisableURL(t.Context(), w.account.ID, w.pearl.ID, engine.LeadDelivery); err != nil {
		t.Errorf("disabling again: %v", err)
	}
	missing(t, store.DisableURL(t.Context(), noID, w.pearl.ID, engine.LeadDelivery), "PearlId")
	// The try that was under way ends now: a failure changes nothing any more.
	w.settle(t, lead1.ID, engine.DeliveryPending, Noon, Noon.Add(time.Hour))
	if d := must[engine.Delivery](t)(store.ReadDelivery(t.Context(), w.account.ID, lead1.ID)); d.State != engine.DeliveryDead || len(d.Tries) != 1 {
		t.Errorf("a dead delivery after its last try: %+v", d)
	}

	if n := must[int](t)(store.ReviveDead(t.Context(), w.account.ID, w.pearl.ID, Noon, Noon, Noon.Add(time.Hour))); n != 2 {
		t.Errorf("revived %d, want 2", n)
	}
	if n := must[int](t)(store.ReviveDead(t.Context(), noID, w.pearl.ID, time.Time{}, time.Time{}, Noon)); n != 0 {
		t.Errorf("revived %d of another account", n)
	}
	got := w.next(t, Noon.Add(time.Hour), 10)
	same(t, "revived, in order", got, []id.ID{call1.ID, lead1.ID}) // the call's lease is over
	if d := must[engine.Delivery](t)(store.ReadDelivery(t.Context(), w.account.ID, lead1.ID)); d.Replays != 1 || string(d.Body) != string(lead1.Body) {
		t.Errorf("revived delivery: %+v", d)
	}
	w.settle(t, lead1.ID, engine.DeliveryDelivered, Noon, time.Time{})
	if err := store.ReviveDelivery(t.Context(), w.account.ID, lead1.ID, Noon); err != nil {
		t.Fatal(err)
	}
	missing(t, store.ReviveDelivery(t.Context(), noID, lead1.ID, Noon), "DeliveryId")
	if state := w.state(t, lead1.ID); state != engine.DeliveryPending {
		t.Errorf("a replayed delivery is %s", state)
	}

	w.update(t, func(tx engine.Tx) error {
		late := w.leadDelivery(w.id(), 1)
		return errors.Join(tx.AddDeliveries(late), tx.DropDeliveries(w.pearl.ID, engine.LeadDelivery))
	})
	if err := store.DropDeliveries(t.Context(), w.pearl.ID, engine.CallDelivery); err != nil {
		t.Fatal(err)
	}
	if at := w.nextTime(t); !at.IsZero() {
		t.Errorf("something is pending after everything was dropped, at %v", at)
	}
}
