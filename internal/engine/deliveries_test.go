package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

const (
	lease  = time.Minute
	nobody = id.ID("ffffffffffffffffffffffff")
)

func (w *world) newID() id.ID { return w.e.IDs.New(tuesday) }

// write stores rows past the engine.
func (w *world) write(fn func(tx engine.Tx) error) {
	w.t.Helper()
	if err := w.store.Update(w.ctx, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delivery(deliveryID id.ID) engine.Delivery {
	w.t.Helper()
	d, err := w.store.ReadDelivery(w.ctx, w.account, deliveryID)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) hooks(t *testing.T) campaign.Pearl {
	t.Helper()
	pearl, err := w.store.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil {
		t.Fatal(err)
	}
	return pearl
}

// hook changes the campaign's webhooks as a person does.
func (w *world) hook(t *testing.T, change func(*campaign.Webhooks)) {
	t.Helper()
	_, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error { change(&p.Webhooks); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (w *world) leadDelivery(leadID id.ID, sequence int64) engine.Delivery {
	return engine.Delivery{
		ID: w.newID(), Account: w.account, Pearl: w.pearl, Kind: engine.LeadDelivery, Lead: leadID, Sequence: sequence, Body: []byte(`{"id":"x"}`),
		Trace: "00-1-2-01", State: engine.DeliveryPending, Created: tuesday, NextTry: tuesday,
	}
}

func (w *world) callDelivery(callID id.ID, start bool) engine.Delivery {
	d := w.leadDelivery("", 1)
	d.Kind, d.Call, d.Start = engine.CallDelivery, callID, start
	return d
}

func (w *world) deliver(t *testing.T, deliveries ...engine.Delivery) {
	t.Helper()
	w.write(func(tx engine.Tx) error { return tx.AddDeliveries(deliveries...) })
}

// take returns the ids of what is claimed at an instant.
func (w *world) take(t *testing.T, at time.Time, limit int, busy ...id.ID) []id.ID {
	t.Helper()
	claimed, err := w.e.NextDeliveries(w.ctx, at, lease, limit, engine.DeliveryRoom{BusyPearls: busy, Others: limit})
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
	if err := w.e.SettleDelivery(w.ctx, deliveryID, state, nextTry, try); err != nil {
		t.Fatal(err)
	}
}

func (w *world) deliveryState(t *testing.T, deliveryID id.ID) engine.DeliveryState {
	t.Helper()
	return w.delivery(deliveryID).State
}

func (w *world) nextTime(t *testing.T) time.Time {
	t.Helper()
	at, err := w.e.NextDeliveryTime(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func testDeliveries(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	if at := w.nextTime(t); !at.IsZero() {
		t.Errorf("next delivery of an empty outbox at %v", at)
	}
	first, second := w.leadDelivery(w.newID(), 1), w.callDelivery(w.newID(), true)
	second.NextTry = tuesday.Add(time.Minute)
	second.Created = tuesday.Add(time.Second)
	w.deliver(t, first, second)
	equal(t, "delivery", w.delivery(first.ID), first)
	equal(t, "next delivery", w.nextTime(t), tuesday)

	equal(t, "due before noon", w.take(t, tuesday.Add(-time.Millisecond), 10), []id.ID{})
	equal(t, "due at noon", w.take(t, tuesday, 10), []id.ID{first.ID})
	equal(t, "due at noon, again", w.take(t, tuesday, 10), []id.ID{})
	equal(t, "next delivery after a claim", w.nextTime(t), tuesday.Add(time.Minute))
	equal(t, "due when the lease is over", w.take(t, tuesday.Add(lease), 10), []id.ID{first.ID, second.ID})

	retry := tuesday.Add(time.Hour)
	w.settle(t, first.ID, engine.DeliveryPending, tuesday, retry)
	w.settle(t, second.ID, engine.DeliveryDelivered, tuesday, time.Time{})
	want := first
	want.NextTry = retry
	want.Tries = []engine.Try{{At: tuesday, Status: 503, LatencyMS: 12, Error: "no", Answer: "<html>"}}
	equal(t, "tried delivery", w.delivery(first.ID), want)
	equal(t, "next delivery after a try", w.nextTime(t), retry)
	equal(t, "due at the retry", w.take(t, retry, 10), []id.ID{first.ID})
	if err := w.e.SettleDelivery(w.ctx, first.ID, engine.DeliveryPending, retry, engine.Try{}); err != nil {
		t.Fatal(err)
	}
	equal(t, "delivery given back without a try", w.delivery(first.ID), want)
	same(t, "settling what is not there", missed(w.e.SettleDelivery(w.ctx, nobody, engine.DeliveryDead, time.Time{}, engine.Try{})), "DeliveryId")
}

func testDeliveryOrder(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	leadA, leadB := w.newID(), w.newID()
	a1, a2, a3, b1 := w.leadDelivery(leadA, 1), w.leadDelivery(leadA, 3), w.leadDelivery(leadA, 4), w.leadDelivery(leadB, 1)
	callOfA := w.callDelivery(w.newID(), true)
	callOfA.Lead, callOfA.Sequence = leadA, 2
	w.deliver(t, a1, callOfA, a2, a3, b1)
	// Lead deliveries of one lead wait for each other; calls and other leads do not.
	equal(t, "first", w.take(t, tuesday, 10), []id.ID{a1.ID, b1.ID, callOfA.ID})
	equal(t, "while the first is sent", w.take(t, tuesday.Add(time.Second), 10), []id.ID{})
	w.settle(t, a1.ID, engine.DeliveryPending, tuesday, tuesday.Add(10*time.Minute))
	w.settle(t, b1.ID, engine.DeliveryDelivered, tuesday, time.Time{})
	w.settle(t, callOfA.ID, engine.DeliveryDelivered, tuesday, time.Time{})
	equal(t, "while the first waits for its retry", w.take(t, tuesday.Add(2*lease), 10), []id.ID{})
	equal(t, "the retry", w.take(t, tuesday.Add(10*time.Minute), 10), []id.ID{a1.ID})
	w.settle(t, a1.ID, engine.DeliveryDelivered, tuesday, time.Time{})
	if at := w.nextTime(t); at.After(tuesday.Add(10 * time.Minute)) {
		t.Errorf("what waited is not brought forward: next at %v", at)
	}
	equal(t, "what waited for it", w.take(t, tuesday.Add(10*time.Minute), 10), []id.ID{a2.ID})
	w.settle(t, a2.ID, engine.DeliveryDead, tuesday, time.Time{})
	equal(t, "after a dead one", w.take(t, tuesday.Add(10*time.Minute), 10), []id.ID{a3.ID})
	w.settle(t, a3.ID, engine.DeliveryDelivered, tuesday, time.Time{})

	// A limit that only meets waiting ones goes on to the next lead.
	head := w.leadDelivery(leadA, 10)
	w.deliver(t, head)
	equal(t, "head", w.take(t, tuesday, 1), []id.ID{head.ID})
	var waiting []engine.Delivery
	for n := range 40 {
		waiting = append(waiting, w.leadDelivery(leadA, int64(11+n)))
	}
	free := w.leadDelivery(leadB, 11)
	free.NextTry = tuesday.Add(time.Second)
	w.deliver(t, append(waiting, free)...)
	equal(t, "behind forty that wait", w.take(t, tuesday.Add(time.Second), 2), []id.ID{free.ID})
}

func testStarts(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	// Delivered in time: the end goes right after.
	call := w.newID()
	start, end := w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	equal(t, "start", w.take(t, tuesday, 10), []id.ID{start.ID})
	w.deliver(t, end)
	equal(t, "end while its start is sent", w.take(t, tuesday, 10), []id.ID{})
	w.settle(t, start.ID, engine.DeliveryDelivered, tuesday, time.Time{})
	equal(t, "end after its start", w.take(t, tuesday.Add(time.Second), 10), []id.ID{end.ID})
	w.settle(t, end.ID, engine.DeliveryDelivered, tuesday, time.Time{})

	// Waiting for a retry when the end is ready: one more try at once, then dropped.
	call = w.newID()
	start, end = w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	w.take(t, tuesday, 10)
	w.settle(t, start.ID, engine.DeliveryPending, tuesday, tuesday.Add(24*time.Hour))
	w.deliver(t, end)
	at := tuesday.Add(time.Minute)
	got := w.take(t, at, 10)
	if len(got) == 0 { // the first claim may only find out
		got = w.take(t, at, 10)
	}
	equal(t, "the start once more", got, []id.ID{start.ID})
	equal(t, "the end meanwhile", w.take(t, at.Add(time.Second), 10), []id.ID{})
	w.settle(t, start.ID, engine.DeliveryPending, at, at.Add(24*time.Hour))
	if state := w.deliveryState(t, start.ID); state != engine.DeliveryDropped {
		t.Errorf("a start that failed once more is %s", state)
	}
	equal(t, "the end after all", w.take(t, at.Add(time.Second), 10), []id.ID{end.ID})
	w.settle(t, end.ID, engine.DeliveryDelivered, at, time.Time{})

	// Under way when the end becomes ready: that try does not count as the one more.
	call = w.newID()
	start, end = w.callDelivery(call, true), w.callDelivery(call, false)
	w.deliver(t, start)
	w.take(t, tuesday, 10)
	w.deliver(t, end)
	w.settle(t, start.ID, engine.DeliveryPending, at, at.Add(24*time.Hour))
	equal(t, "the start at once", w.take(t, at, 10), []id.ID{start.ID})
	w.settle(t, start.ID, engine.DeliveryPending, at, at.Add(24*time.Hour))
	equal(t, "then the end", w.take(t, at, 10), []id.ID{end.ID})
}

func testShares(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	slow, quick := w.pearl, w.addPearl(nil)
	for range 30 {
		w.deliver(t, w.leadDelivery(w.newID(), 1))
	}
	var wanted []id.ID
	for range 3 {
		d := w.leadDelivery(w.newID(), 1)
		d.Pearl, d.NextTry = quick, tuesday.Add(time.Second) // due after the others
		w.deliver(t, d)
		wanted = append(wanted, d.ID)
	}
	at := tuesday.Add(time.Second)
	got := w.take(t, at, 8)
	if len(got) != 7 {
		t.Errorf("claimed %d, want 4 of the one and 3 of the other", len(got))
	}
	equal(t, "the share of the quick one", got[4:], wanted)
	equal(t, "with the slow one left out", w.take(t, at, 8, slow), []id.ID{})
	if more := w.take(t, at, 8); len(more) != 8 {
		t.Errorf("claimed %d of one receiver alone, want 8", len(more))
	}
}

// testAccountShares: an account with many Pearls whose deliveries have waited for long gets no more than one with a single Pearl,
// and none gets more than there is room for.
func testAccountShares(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	other := newWorld(t, s)
	for range 9 {
		pearlID := w.addPearl(nil)
		for range 2 {
			d := w.leadDelivery(w.newID(), 1)
			d.Pearl = pearlID
			w.deliver(t, d)
		}
	}
	for range 6 {
		d := w.leadDelivery(w.newID(), 1)
		d.Account, d.Pearl, d.NextTry = other.account, other.pearl, tuesday.Add(time.Second)
		w.deliver(t, d)
	}
	claim := func(limit int, room engine.DeliveryRoom) map[id.ID]int {
		claimed, err := w.e.NextDeliveries(w.ctx, tuesday.Add(time.Second), lease, limit, room)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[id.ID]int{}
		for _, d := range claimed {
			counts[d.Account]++
		}
		return counts
	}
	equal(t, "shares of two accounts", claim(8, engine.DeliveryRoom{Others: 8}), map[id.ID]int{w.account: 4, other.account: 4})
	equal(t, "shares with little room", claim(8, engine.DeliveryRoom{Accounts: map[id.ID]int{w.account: 0}, Others: 1}), map[id.ID]int{other.account: 1})
	equal(t, "shares where one has little", claim(8, engine.DeliveryRoom{Others: 8}), map[id.ID]int{w.account: 4, other.account: 1})
	equal(t, "room of one", claim(8, engine.DeliveryRoom{Accounts: map[id.ID]int{w.account: 3}, Others: 8}), map[id.ID]int{w.account: 3})
	claim(100, engine.DeliveryRoom{Others: 100})
}

// testDisabledURL: a 410 makes dead letters of what waits for the URL, and these can be sent again.
func testDisabledURL(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	lead1, call1 := w.leadDelivery(w.newID(), 1), w.callDelivery(w.newID(), false)
	lead2 := w.leadDelivery(lead1.Lead, 2)
	w.deliver(t, lead1, lead2, call1)
	w.take(t, tuesday, 10)
	before := w.hooks(t)
	disable := func(url string) []engine.DeliveryKind {
		t.Helper()
		disabled, err := w.e.DisableURL(w.ctx, w.account, w.pearl, url)
		if err != nil {
			t.Fatal(err)
		}
		return disabled
	}
	equal(t, "another URL disabled", disable("https://crm.example/replaced"), nil)
	equal(t, "state with another URL disabled", w.deliveryState(t, lead2.ID), engine.DeliveryPending)
	equal(t, "disabled", disable(before.Webhooks.LeadURL), []engine.DeliveryKind{engine.LeadDelivery})
	for _, d := range []engine.Delivery{lead1, lead2} {
		equal(t, "delivery to a disabled URL", w.deliveryState(t, d.ID), engine.DeliveryDead)
	}
	equal(t, "delivery of the other kind", w.deliveryState(t, call1.ID), engine.DeliveryPending)
	after := w.hooks(t)
	if !after.Webhooks.LeadDisabled || after.Webhooks.CallDisabled || after.Version != before.Version+1 {
		t.Errorf("pearl after a disabled URL: %+v, version %d", after.Webhooks, after.Version)
	}
	equal(t, "disabled again", disable(before.Webhooks.LeadURL), nil)
	_, err := w.e.DisableURL(w.ctx, nobody, w.pearl, before.Webhooks.LeadURL)
	same(t, "URL of somebody else", missed(err), "PearlId")
	// The try that was under way ends now: a failure changes nothing any more.
	w.settle(t, lead1.ID, engine.DeliveryPending, tuesday, tuesday.Add(time.Hour))
	if d := w.delivery(lead1.ID); d.State != engine.DeliveryDead || len(d.Tries) != 1 {
		t.Errorf("a dead delivery after its last try: %+v", d)
	}

	w.clock.Set(tuesday.Add(time.Hour))
	replayed, err := w.e.ReplayDead(w.ctx, w.actor, w.pearl, tuesday, tuesday)
	equal(t, "replayed", replayed, 2)
	if err != nil {
		t.Error(err)
	}
	_, err = w.e.ReplayDead(w.ctx, engine.Actor{Account: nobody}, w.pearl, time.Time{}, time.Time{})
	same(t, "replay of somebody else's", missed(err), "PearlId")
	got := w.take(t, tuesday.Add(time.Hour), 10)
	equal(t, "replayed, in order", got, []id.ID{call1.ID, lead1.ID}) // the call's lease is over
	if d := w.delivery(lead1.ID); d.Replays != 1 || string(d.Body) != string(lead1.Body) {
		t.Errorf("replayed delivery: %+v", d)
	}
	w.settle(t, lead1.ID, engine.DeliveryDelivered, tuesday, time.Time{})
	if err := w.e.ReplayDelivery(w.ctx, w.actor, lead1.ID); err != nil {
		t.Fatal(err)
	}
	equal(t, "a delivery that is replayed", w.deliveryState(t, lead1.ID), engine.DeliveryPending)
	same(t, "replay of somebody else's delivery", missed(w.e.ReplayDelivery(w.ctx, engine.Actor{Account: nobody}, lead1.ID)), "DeliveryId")
}

// testRemovedURL: what waits for it is dropped, also what is being sent and fails.
func testRemovedURL(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	sent, waits, call := w.leadDelivery(w.newID(), 1), w.leadDelivery(w.newID(), 1), w.callDelivery(w.newID(), false)
	waits.NextTry = tuesday.Add(24 * time.Hour)
	w.deliver(t, sent, waits, call)
	equal(t, "claimed", len(w.take(t, tuesday, 10)), 2)
	w.hook(t, func(h *campaign.Webhooks) { h.LeadURL = "" })
	w.settle(t, sent.ID, engine.DeliveryPending, tuesday, tuesday.Add(time.Minute))
	equal(t, "states", []engine.DeliveryState{w.deliveryState(t, sent.ID), w.deliveryState(t, waits.ID), w.deliveryState(t, call.ID)},
		[]engine.DeliveryState{engine.DeliveryDropped, engine.DeliveryDropped, engine.DeliveryPending})
	w.hook(t, func(h *campaign.Webhooks) { h.CallURL = "" })
	if at := w.nextTime(t); !at.IsZero() {
		t.Errorf("something is pending after everything was dropped, at %v", at)
	}
}

// testUnderWay: what the claiming sender is at is left out, though its lease is over, and keeps nothing else waiting.
func testUnderWay(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	underWay := map[id.ID]bool{}
	for range 40 {
		d := w.leadDelivery(w.newID(), 1)
		underWay[d.ID] = true
		w.deliver(t, d)
	}
	free := w.leadDelivery(w.newID(), 1)
	free.NextTry = tuesday.Add(time.Second)
	w.deliver(t, free)
	at := tuesday.Add(time.Second)
	claim := func(limit int) (ids []id.ID) {
		claimed, err := w.e.NextDeliveries(w.ctx, at, lease, limit, engine.DeliveryRoom{Others: limit, UnderWay: underWay})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range claimed {
			ids = append(ids, d.ID)
		}
		return ids
	}
	equal(t, "claimed behind forty under way", claim(2), []id.ID{free.ID})
	equal(t, "claimed then", claim(2), nil)
	underWay = nil
	equal(t, "claimed when they are not under way", len(claim(50)), 40)
}
