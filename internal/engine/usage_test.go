package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// wednesday is when the day (UTC) that worlds begin on is over.
var wednesday = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// shutFor wants the lead to wait for the next day, and the reason to name a flag.
func (w *world) shutFor(leadID id.ID, flag string) {
	w.t.Helper()
	next := w.next(leadID)
	if next.Callable || next.Reason != "account" || !strings.Contains(next.Detail, flag) || !strings.Contains(next.Detail, wednesday.Format(time.RFC3339)) {
		w.t.Errorf("next is %+v, want reason account, %s and %s", next, flag, wednesday)
	}
}

// looksAgain wants the dialer to look at the campaign again at an instant.
func (w *world) looksAgain(want time.Time) {
	w.t.Helper()
	pearl, err := w.store.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil {
		w.t.Fatal(err)
	}
	if at, err := w.e.LookAgain(w.ctx, pearl); err != nil || !at.Equal(want) {
		w.t.Errorf("looks again at %s, %v; want %s", at, err, want)
	}
}

// refused wants a made call to be refused for a flag.
func (w *world) refused(actor engine.Actor, flag string) {
	w.t.Helper()
	if _, err := w.e.MakeCall(w.ctx, actor, w.pearl, fictional(90), nil, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), flag) {
		w.t.Errorf("made call: %v, want a refusal that names %s", err, flag)
	}
}

// testCallsPerDay: an account begins so many calls over trunks a day, over all its campaigns, and goes on at midnight UTC.
func testCallsPerDay(t *testing.T, s engine.Store) {
	w, other := newWorld(t, s), newWorld(t, s)
	other.e = w.e // one server
	w.e.AccountCaps = engine.DayCaps{Calls: 3}
	w.addTrunk(nil)
	second := w.addPearl(nil)
	for n := range 3 {
		w.add(fictional(n))
		w.addTo(second, fictional(10+n))
	}
	last := w.add(fictional(20))
	works := append(w.claim(), w.claimOf(second, 50)...)
	same(t, "claimed with three calls left", fmt.Sprint(len(works)), "3")
	if next := w.next(last); next.Reason != "account" || !strings.Contains(next.Detail, "--calls-per-day") {
		t.Errorf("next while the last calls are about to begin: %+v", next)
	}
	for _, work := range works {
		w.finish(w.begin(work), call.BusyOutcome)
	}
	w.clock.Set(wednesday.Add(-time.Millisecond))
	if works := append(w.claim(), w.claimOf(second, 50)...); len(works) > 0 {
		t.Errorf("claimed %d beyond the cap", len(works))
	}
	w.shutFor(last, "--calls-per-day)")
	w.refused(w.actor, "--calls-per-day)")
	w.looksAgain(wednesday)
	other.addTrunk(nil)
	other.add(phoneA)
	if works := other.claim(); len(works) != 1 {
		t.Error("another account notices the cap")
	}
	w.clock.Set(wednesday)
	w.makeCall(fictional(91))
	same(t, "claimed on the next day", fmt.Sprint(len(append(w.claim(), w.claimOf(second, 50)...))), "3")
}

// testSandboxIsExempt: what costs nothing has no cap.
func testSandboxIsExempt(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.AccountCaps, w.e.KeyCaps = engine.DayCaps{Calls: 1, Minutes: 1}, engine.DayCaps{Calls: 1, Minutes: 1}
	for n := range 3 {
		w.finish(w.ringTo(fictional(n)), call.Success)
	}
	w.addTrunk(nil)
	w.add(fictional(5))
	w.ring() // nothing of the day is used
}

// testMinutesPerDay: a call counts as a minute when it begins, then as what it has used so far, then as what it was.
func testMinutesPerDay(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.AccountCaps = engine.DayCaps{Minutes: 5}
	w.addTrunk(nil)
	for n := range 6 { // nobody answers: no minute is used
		w.finish(w.ringTo(fictional(n)), call.BusyOutcome)
	}
	talking := w.talkTo(fictional(10))
	left := func(what string, want int) {
		t.Helper()
		for n := range 5 {
			w.add(fictional(30 + n))
		}
		works := w.claim()
		same(t, what, fmt.Sprint(len(works)), fmt.Sprint(want))
		for _, work := range works {
			if err := w.e.Release(w.ctx, work, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	left("calls that five minutes are left for, one being used", 4)
	w.clock.Add(2*time.Minute + time.Second)
	left("in its third minute", 2)
	w.clock.Add(time.Minute)
	work := w.claimOne()
	w.clock.Add(time.Minute) // all five are used, and one call is about to begin
	if begun := w.begin(work); begun != nil {
		t.Error("a call began when the minutes were used up by one that runs")
	}
	same(t, "the lead that was not called", fmt.Sprint(int(w.lead(work.Lead).Status)), "1")
	w.shutFor(work.Lead, "--minutes-per-day)")
	w.finish(talking, call.Success)
	w.shutFor(work.Lead, "--minutes-per-day)")
	w.refused(w.actor, "--minutes-per-day)")
	w.clock.Set(wednesday)
	w.begin(w.claim()[0])
}

// testUsageOfLostCalls: a call that a crash cut off has used its minutes; one that never rang has used nothing.
func testUsageOfLostCalls(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.AccountCaps = engine.DayCaps{Calls: 2, Minutes: 4}
	w.addTrunk(nil)
	w.finish(w.ringTo(fictional(1)), call.NeverRang)
	w.update(w.newest(), engine.LeadUpdate{Status: ptr(130)})
	lost := w.talkTo(fictional(2))
	w.clock.Add(3*time.Minute + time.Second)
	w.finishWith(lost, engine.Ending{Outcome: call.Lost, Ended: w.clock.Now(), OnTheWire: true})
	leadID := w.add(fictional(3))
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed though a lost call has used the minutes")
	}
	w.shutFor(leadID, "--minutes-per-day)")
	w.e.AccountCaps.Minutes = 0
	if works := w.claim(); len(works) != 1 {
		t.Errorf("claimed %d, want 1: one call of two was begun, the other never rang", len(works))
	}
}

// newest is the lead that was added last.
func (w *world) newest() id.ID {
	w.t.Helper()
	_, rows, err := w.store.SearchLeads(w.ctx, w.account, w.pearl, engine.LeadFilter{}, engine.Page{Limit: 100})
	if err != nil || len(rows) == 0 {
		w.t.Fatal("no lead", err)
	}
	newest := rows[0]
	for _, l := range rows {
		if l.ID > newest.ID {
			newest = l
		}
	}
	return newest.ID
}

// testCapsOfKeys: what one key asks for is bounded, whichever way it asks; what other keys ask for goes on.
func testCapsOfKeys(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.KeyCaps = engine.DayCaps{Calls: 3}
	w.addTrunk(nil)
	stolen := *w
	stolen.actor.By = "key:stolen"
	edited, revived := w.add(fictional(40)), w.add(fictional(41))
	var asked []id.ID
	for n := range 4 {
		asked = append(asked, stolen.add(fictional(n)))
	}
	other := w.add(fictional(10))
	// A number or a status that the key sets makes the call one of the key's own; other members do not.
	stolen.update(edited, engine.LeadUpdate{Phone: ptr(fictional(50))})
	w.update(revived, engine.LeadUpdate{Status: ptr(130)})
	stolen.update(revived, engine.LeadUpdate{Status: ptr(1)})
	stolen.update(other, engine.LeadUpdate{ExternalID: ptr("x")})

	var ofKey, ofOthers int
	for works := w.claim(); len(works) > 0; works = w.claim() {
		for _, work := range works {
			begun := w.begin(work)
			if begun == nil {
				t.Fatal("the gate was shut")
			}
			if begun.Call.Key == "stolen" {
				ofKey++
			} else {
				ofOthers++
			}
			w.finish(begun, call.Success)
		}
	}
	same(t, "calls of the key, and of others", fmt.Sprint(ofKey, ofOthers), "3 1")
	waiting := 0
	for _, leadID := range append(asked, edited, revived) {
		if w.lead(leadID).Status == 1 {
			waiting++
			w.shutFor(leadID, "--calls-per-day-of-key)")
		}
	}
	same(t, "leads that wait for the next day", fmt.Sprint(waiting), "3")
	w.refused(stolen.actor, "--calls-per-day-of-key)")
	w.finish(w.ringRequest(fictional(60)), call.Success)
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed beyond the cap of the key")
	}
	w.clock.Set(wednesday)
	works := w.claim()
	same(t, "claimed on the next day", fmt.Sprint(len(works)), "3")
	w.e.KeyCaps.Calls = 2 // begin judges again
	if begun := w.begin(works[0]); begun != nil {
		t.Error("a call began beyond the cap of the key")
	}
}

// testRequestsOfAKeyWait: made calls that were filed before the cap was reached wait for the next day, and others go before them.
func testRequestsOfAKeyWait(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.KeyCaps = engine.DayCaps{Minutes: 1}
	w.addTrunk(nil)
	w.clock.Set(wednesday.Add(-5 * time.Minute)) // requests wait for an hour by default
	stolen := *w
	stolen.actor.By = "key:stolen"
	first, second := stolen.makeCall(fictional(1)), stolen.makeCall(fictional(2))
	third := w.makeCall(fictional(3))
	works := w.claim()
	same(t, "claimed", fmt.Sprint(len(works)), "2")
	for n, want := range []id.ID{first.ID, third.ID} {
		begun := w.begin(works[n])
		if begun == nil || begun.Call.Request != want {
			t.Fatalf("call %d: %+v", n, begun)
		}
		w.answer(begun)
		w.finish(begun, call.Success)
	}
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed beyond the cap of the key")
	}
	w.looksAgain(wednesday)
	w.clock.Set(wednesday)
	if begun := w.ring(); begun.Call.Request != second.ID {
		t.Errorf("called %+v on the next day", begun.Call)
	}
}

// testCapsAreKeptInRaces: claims and begins of several campaigns at once never pass the caps of account and key.
func testCapsAreKeptInRaces(t *testing.T, s engine.Store) {
	const most = 7
	for name, caps := range map[string][2]engine.DayCaps{"account": {{Calls: most}, {}}, "key": {{}, {Calls: most}}} {
		w := newWorld(t, s)
		w.e.AccountCaps, w.e.KeyCaps = caps[0], caps[1]
		w.addTrunk(nil)
		pearls := []id.ID{w.pearl, w.addPearl(nil), w.addPearl(nil)}
		for p, pearlID := range pearls {
			for n := range 6 {
				w.addTo(pearlID, fictional(10*p+n))
			}
		}
		var begun atomic.Int32
		var group sync.WaitGroup
		for _, pearlID := range pearls {
			for range 2 {
				group.Go(func() {
					for range 6 {
						works, _, err := w.e.Claim(context.Background(), w.account, pearlID, 2)
						if err != nil {
							t.Error(err)
							return
						}
						for _, work := range works {
							switch call, err := w.e.Begin(context.Background(), work, "0af7651916cd43dd8448eb211c80319c"); {
							case err != nil:
								t.Error(err)
							case call != nil:
								begun.Add(1)
							}
						}
					}
				})
			}
		}
		group.Wait()
		same(t, "calls begun under the cap of one "+name, fmt.Sprint(begun.Load()), fmt.Sprint(most))
	}
}

// testUsageIsForgotten: rows of usage go after a week.
func testUsageIsForgotten(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.addTrunk(nil)
	w.finish(w.ringTo(phoneA), call.Success)
	for _, step := range []struct{ days, gone int }{{6, 0}, {2, 1}, {0, 0}} {
		w.clock.Add(time.Duration(step.days) * day)
		swept, err := w.e.Sweep(w.ctx, func([]string) {}, func(context.Context) error { return nil })
		if err != nil || swept.Usage != step.gone {
			t.Errorf("%d days later %d rows went, %v; want %d", step.days, swept.Usage, err, step.gone)
		}
	}
}
