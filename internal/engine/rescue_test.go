package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/lead"
)

// testRescue: the process dies at each step of a call, and the next start settles what it left (contract 9.2, 9.6).
func testRescue(t *testing.T, s engine.Store) {
	tests := []struct {
		name    string
		crash   func(w *world) *engine.Begun
		settles string // claims and calls
		lead    string
		call    string
		says    string // deliveries
	}{
		{"after the claim", func(w *world) *engine.Begun { w.claimOne(); return nil },
			"1 0", "1 attempts 0 due as it was", "", "lead 20, lead 1"},
		{"after the begin", func(w *world) *engine.Begun { return w.ring() },
			"0 1", "10 attempts 1 due in 24h0m0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"after the answer", func(w *world) *engine.Begun { return w.talk() },
			"0 1", "10 attempts 1 due in 24h0m0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"after the end", func(w *world) *engine.Begun { b := w.talk(); w.finish(b, call.Success); return b },
			"0 0", "100 attempts 1 never due", "4/100 1s", "lead 20, lead 40, call 3/40, lead 100, call 4/100"},
		{"ringing, on the last attempt", func(w *world) *engine.Begun {
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MaximumCallAttempts = 1 })
			return w.ring()
		}, "0 1", "150 attempts 1 never due", "6/150 0s", "lead 20, lead 40, call 3/40, lead 150, call 6/150"},
		{"ringing, with a delay for lost calls that is too short", func(w *world) *engine.Begun {
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.RetryPolicy = lead.RetryPolicy{call.Lost: {Delays: []int{5}}} })
			return w.ring()
		}, "0 1", "10 attempts 1 due in 1m0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"ringing, with a delay for lost calls", func(w *world) *engine.Begun {
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.RetryPolicy = lead.RetryPolicy{call.Lost: {Delays: []int{600}}} })
			return w.ring()
		}, "0 1", "10 attempts 1 due in 10m0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"stopped while it rang", func(w *world) *engine.Begun {
			b := w.ring()
			w.update(b.Call.Lead, engine.LeadUpdate{Status: ptr(130)})
			return b
		}, "0 1", "130 attempts 1 never due", "6/10 0s", "lead 20, lead 40, call 3/40, lead 130, call 6/10"},
		{"set to 10 while it rang: its number is taken", func(w *world) *engine.Begun {
			b := w.ring()
			w.update(b.Call.Lead, engine.LeadUpdate{Status: ptr(10)})
			return b
		}, "0 1", "10 attempts 1 due in 0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"set to 10 during the talk", func(w *world) *engine.Begun {
			b := w.talk()
			w.update(b.Call.Lead, engine.LeadUpdate{Status: ptr(10)})
			return b
		}, "0 1", "10 attempts 1 due in 0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"blacklisted while it rang", func(w *world) *engine.Begun {
			b := w.ring()
			w.suppress(phoneA)
			return b
		}, "0 1", "10 attempts 1 due in 24h0m0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 10, call 6/10"},
		{"a new number while it rang", func(w *world) *engine.Begun {
			b := w.ring()
			w.update(b.Call.Lead, engine.LeadUpdate{Phone: ptr(phoneB)})
			return b
		}, "0 1", "1 attempts 0 due in 0s", "6/10 0s", "lead 20, lead 40, call 3/40, lead 1, call 6/10"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			leadID := w.add(phoneA)
			before := w.lead(leadID)
			begun := test.crash(w)
			w.clock.Add(time.Second)
			claims, calls, err := w.e.Rescue(w.ctx, w.e.Node)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "settled claims and calls", fmt.Sprint(claims, calls), test.settles)
			l := w.lead(leadID)
			due := "never due"
			if !l.Due.IsZero() {
				due = "due in " + w.due(l).Sub(w.clock.Now()).String()
			}
			if l.Due.Equal(before.Due) {
				due = "due as it was"
			}
			same(t, "lead", fmt.Sprintf("%d attempts %d %s", l.Status, l.Attempts, due), test.lead)
			if !l.Call.Zero() || !l.Claim.Zero() {
				t.Errorf("the lead is still held: %+v", l)
			}
			if begun != nil {
				c := w.call(begun.Call.ID)
				if test.settles == "0 1" {
					same(t, "outcome", string(c.Outcome), string(call.Lost))
				}
				if c.Live() || c.Finished.IsZero() {
					t.Errorf("the call is not final: %+v", c)
				}
				same(t, "call", fmt.Sprintf("%d/%d %ds", c.Status, c.Conversation, c.Duration()), test.call)
				w.finish(begun, call.Success) // the process was not dead after all: too late
				if again := w.call(begun.Call.ID); again.Status != c.Status || again.Outcome != c.Outcome {
					t.Errorf("a late end changed the call from %+v to %+v", c, again)
				}
			}
			if claims, calls, err = w.e.Rescue(w.ctx, w.e.Node); err != nil || claims+calls > 0 {
				t.Errorf("a second rescue settled %d claims and %d calls, %v", claims, calls, err)
			}
			same(t, "deliveries", w.announcedOf(leadID), test.says)
		})
	}
}

// testLostCallHoldsItsNumber: a call that nobody has ended on the wire keeps its number for the ring time and half a minute,
// from its lead, however it was set, from other leads and from made calls (contract 9.5).
func testLostCallHoldsItsNumber(t *testing.T, s engine.Store) {
	tests := []struct {
		name  string
		crash func(w *world) (wait func() bool) // wait tells that the call that follows was begun
	}{
		{"another lead", func(w *world) func() bool {
			w.ring()
			leadID := w.add(phoneA)
			return func() bool { return w.lead(leadID).Attempts > 0 }
		}},
		{"a made call", func(w *world) func() bool {
			w.ring()
			receipt := w.makeCall(phoneA)
			return func() bool { return !w.request(receipt.ID).Call.Zero() }
		}},
		{"set to 10 while it rang", func(w *world) func() bool {
			begun := w.ring()
			w.update(begun.Call.Lead, engine.LeadUpdate{Status: ptr(10)})
			return func() bool { return w.lead(begun.Call.Lead).Attempts > 1 }
		}},
		{"set to 10 during the talk", func(w *world) func() bool {
			begun := w.talk()
			w.update(begun.Call.Lead, engine.LeadUpdate{Status: ptr(10)})
			return func() bool { return w.lead(begun.Call.Lead).Attempts > 1 }
		}},
		{"of a made call", func(w *world) func() bool {
			leadID := w.lead(w.add(phoneB)).ID
			w.makeCall(phoneA)
			for _, work := range w.claim() {
				w.begin(work)
			}
			again := w.add(phoneA)
			return func() bool { return w.lead(leadID).Attempts == 1 && w.lead(again).Attempts > 0 }
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			w.add(phoneA)
			if test.name == "of a made call" {
				w.pearl = w.addPearl(nil)
			}
			begun := test.crash(w)
			w.clock.Add(2 * time.Second)
			if _, _, err := w.e.Rescue(w.ctx, w.e.Node); err != nil {
				t.Fatal(err)
			}
			settled := w.clock.Now()
			for _, wait := range []time.Duration{0, 5 * time.Second, time.Minute - time.Millisecond} {
				w.clock.Set(settled.Add(wait))
				for _, work := range w.claim() {
					w.begin(work)
				}
				if begun() {
					t.Fatalf("the number was called again %s after its call was lost", wait)
				}
			}
			w.clock.Set(settled.Add(time.Minute))
			for _, work := range w.claim() {
				w.begin(work)
			}
			if !begun() {
				t.Error("the number is not called when the hold is over")
			}
		})
	}
	t.Run("a claim that was made before", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, s)
		leadID := w.add(phoneA)
		work := w.claimOne()
		err := s.Update(w.ctx, func(tx engine.Tx) error {
			return tx.HoldNumber(w.account, phoneA, w.clock.Now(), w.clock.Now().Add(time.Minute))
		})
		if err != nil {
			t.Fatal(err)
		}
		if w.begin(work) != nil {
			t.Error("a call began to a number that is held")
		}
		l := w.lead(leadID)
		same(t, "lead", fmt.Sprint(int(l.Status), l.Attempts, l.Claim.Zero(), w.next(leadID).Reason), "1 0 trueinterval")
	})
}

// testDeliveriesUnderWayAtACrash: what the dead process was sending is due again at once, not when its lease is over.
func testDeliveriesUnderWayAtACrash(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.add(phoneA)
	w.claimOne()
	due := func() int {
		deliveries, err := w.e.NextDeliveries(w.ctx, w.clock.Now(), 30*time.Second, 10, engine.DeliveryRoom{Others: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(deliveries)
	}
	if n := due(); n != 1 {
		t.Fatalf("%d deliveries are due", n)
	}
	w.clock.Add(2 * time.Second)
	if n := due(); n != 0 {
		t.Fatalf("%d deliveries are due while one is being sent", n)
	}
	if _, _, err := w.e.Rescue(w.ctx, ""); err != nil {
		t.Fatal(err)
	}
	if n := due(); n != 1 {
		t.Errorf("%d deliveries are due after a restart, want that one", n)
	}
}

// testRescueOfMadeCalls: a claimed request waits again; one whose call was in the air is completed, never dialled again.
func testRescueOfMadeCalls(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	receipt, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, phoneA, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	stale := w.claimOne()
	if claims, calls, err := w.e.Rescue(w.ctx, w.e.Node); err != nil || claims != 1 || calls != 0 {
		t.Fatalf("settled %d claims, %d calls, %v", claims, calls, err)
	}
	if begun := w.begin(stale); begun != nil {
		t.Error("a claim that was taken back began a call")
	}
	begun := w.ring()
	if claims, calls, err := w.e.Rescue(w.ctx, w.e.Node); err != nil || claims != 0 || calls != 1 {
		t.Fatalf("settled %d claims, %d calls, %v", claims, calls, err)
	}
	r, c := w.request(receipt.ID), w.call(begun.Call.ID)
	same(t, "request and call", fmt.Sprintf("%d %v %d/%d", r.Status, r.Call == c.ID, c.Status, c.Conversation), "10 true 6/150")
	same(t, "deliveries", strings.Join(w.announced(engine.DeliveryFilter{Call: c.ID}), ", "), "call 3/40, call 6/150")
	if works := w.claim(); len(works) > 0 {
		t.Error("a request was claimed after its call")
	}
}

// testRescueLeavesOtherNodesAlone: a node's claims and calls are settled, those of the living are not.
func testRescueLeavesOtherNodesAlone(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	queued, ringing := w.add(phoneA), w.add(phoneB)
	works := w.claim()
	if len(works) != 2 {
		t.Fatalf("claimed %d", len(works))
	}
	for _, work := range works {
		if work.Lead == ringing {
			w.begin(work)
		}
	}
	if claims, calls, err := w.e.Rescue(w.ctx, "another node"); err != nil || claims+calls > 0 {
		t.Errorf("settled %d claims, %d calls, %v", claims, calls, err)
	}
	same(t, "leads", fmt.Sprint(int(w.lead(queued).Status), int(w.lead(ringing).Status)), "20 40")
}
