package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

const day = 24 * time.Hour

// sweep runs a sweep that may rest as often as it likes, and answers what it removed in few words.
func (w *world) sweep() string {
	w.t.Helper()
	var files []string
	swept, err := w.e.Sweep(w.ctx, func(recordings []string) { files = append(files, recordings...) }, func(context.Context) error { return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("%d calls, %d requests, %d deliveries, %d answers, files %v", swept.Calls, swept.Requests, swept.Deliveries, swept.Answers, files)
}

func (w *world) retain(days *int) {
	w.t.Helper()
	w.changeAccount(func(a *account.Account) { a.RetentionDays = days })
}

// deletions are the entries of the audit log about deleted calls, newest first.
func (w *world) deletions() []string {
	w.t.Helper()
	entries, err := w.store.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, 1006, nil, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, entry := range entries {
		texts = append(texts, strings.Join([]string{entry.UserType, entry.User, string(entry.Data)}, " "))
	}
	return texts
}

// testSweep: what contract 3.4 says of deleting a call holds of those that outlive the account's retention; leads, their
// history and the blacklist stay.
func testSweep(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.PricePerMinute = 100 })
	// Another account keeps its calls of the same age.
	other := newWorld(t, s)
	foreign := other.talkTo(phoneB)
	other.finish(foreign, call.Success)

	leadID := w.add(phoneA)
	first := w.talk()
	w.finishWith(first, engine.Ending{
		Outcome: call.Success, Ended: w.clock.Now(), Recording: "first.wav", OptOut: true,
		Transcript: []call.Line{{Role: call.Pearl, Content: "Hello."}}, Collected: []call.Value{{ID: "agrees", Value: true}},
	})
	over := w.ringRequest(fictional(7))
	w.finish(over, call.BusyOutcome)
	waiting := w.makeCall(fictional(8))
	history := len(w.history(leadID))

	w.clock.Add(20 * day)
	if err := w.e.Unsuppress(w.ctx, w.actor, []string{phoneA}); err != nil {
		t.Fatal(err)
	}
	w.update(leadID, engine.LeadUpdate{Status: ptr(1)})
	for _, work := range w.claim() { // the waiting request came first and has expired
		if begun := w.begin(work); begun != nil {
			w.answer(begun)
			w.finishWith(begun, engine.Ending{Outcome: call.Success, Ended: w.clock.Now(), Collected: []call.Value{{ID: "agrees", Value: true}}})
		}
	}
	calls, err := w.e.ViewLead(w.ctx, w.account, w.pearl, leadID)
	if err != nil || len(calls.Calls) != 2 {
		t.Fatalf("calls of the lead %v, %v; want 2", calls.Calls, err)
	}
	second := calls.Calls[1]
	w.suppress(phoneB)
	spent := func() int64 {
		pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
		if err != nil {
			t.Fatal(err)
		}
		return pearl.Spent
	}
	before := spent()

	w.clock.Add(11 * day)
	same(t, "a sweep without retention", w.sweep(), "0 calls, 0 requests, 0 deliveries, 0 answers, files []")
	w.retain(ptr(31))
	same(t, "a call of exactly that age", w.sweep(), "0 calls, 0 requests, 0 deliveries, 0 answers, files []")
	w.clock.Add(time.Millisecond)
	same(t, "a sweep", w.sweep(), "2 calls, 2 requests, 0 deliveries, 0 answers, files [first.wav]")
	same(t, "a sweep again", w.sweep(), "0 calls, 0 requests, 0 deliveries, 0 answers, files []")

	for _, callID := range []id.ID{first.Call.ID, over.Call.ID} {
		_, err := s.ReadCall(w.ctx, w.account, callID)
		same(t, "an outlived call", missed(err), "CallId")
	}
	for _, requestID := range []id.ID{over.Call.Request, waiting.ID} {
		_, err = s.ReadRequest(w.ctx, w.account, requestID)
		same(t, "a request that is over", missed(err), "CallRequestId")
	}
	view, err := w.e.ViewLead(w.ctx, w.account, w.pearl, leadID)
	if err != nil || len(view.Calls) != 1 || view.LastCall == nil || view.LastCall.ID != second {
		t.Errorf("calls %v, last %v, %v; want the second alone", view.Calls, view.LastCall, err)
	}
	same(t, "collected data of the lead", string(view.Lead.Collected), `{"agrees":true}`)
	if len(w.history(leadID)) < history {
		t.Error("history went with the call")
	}
	if spent() != before {
		t.Errorf("spent %d, before %d: the cost of removed calls stays", spent(), before)
	}
	if suppressed, err := s.IsSuppressed(w.ctx, w.account, phoneB); err != nil || !suppressed {
		t.Errorf("blacklist after a sweep: %v, %v", suppressed, err)
	}
	other.call(foreign.Call.ID)
	same(t, "audit log", strings.Join(w.deletions(), "; "), `system retention {"count":2,"retentionDays":31}`)

	// The last call of a lead may go too.
	w.clock.Add(20 * day)
	same(t, "a later sweep", w.sweep(), "1 calls, 0 requests, 0 deliveries, 0 answers, files []")
	view, err = w.e.ViewLead(w.ctx, w.account, w.pearl, leadID)
	if err != nil || len(view.Calls) != 0 || view.LastCall != nil {
		t.Errorf("calls %v, last %v, %v; want none", view.Calls, view.LastCall, err)
	}
}

// testSweepOfManyCalls: calls in the air stay however old they are; the rest goes in short transactions with a rest
// between them, and leaves one entry in the audit log, also where the sweep was interrupted.
func testSweepOfManyCalls(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	const many = 250
	old := w.clock.Now()
	err := s.Update(w.ctx, func(tx engine.Tx) error {
		for n := range many {
			c := call.Call{
				ID: id.ID(fmt.Sprintf("%024x", n)), Account: w.account, Pearl: w.pearl, To: fictional(n % 100), Start: old, Status: call.Busy,
				Ended: old, Finished: old, Recording: fmt.Sprintf("%d.wav", n),
			}
			if n == 0 {
				c.Ended, c.Finished, c.Status = time.Time{}, time.Time{}, call.InProgress
			}
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.retain(ptr(1))
	w.clock.Add(2 * day)
	files, rests := 0, 0
	count := func(recordings []string) { files += len(recordings) }
	stop := errors.New("stop")
	if _, err := w.e.Sweep(w.ctx, count, func(context.Context) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("interrupted sweep: %v", err)
	}
	if files == 0 || files > many/2 {
		t.Errorf("%d calls in the first transaction", files)
	}
	first := files
	swept, err := w.e.Sweep(w.ctx, count, func(context.Context) error { rests++; return nil })
	if err != nil || swept.Calls != many-1-first || files != many-1 || rests < 2 {
		t.Errorf("%d calls, %d files, %d rests, %v", swept.Calls, files, rests, err)
	}
	w.call("000000000000000000000000")
	want := fmt.Sprintf(`system retention {"count":%d,"retentionDays":1}; system retention {"count":%d,"retentionDays":1}`, swept.Calls, first)
	same(t, "audit log", strings.Join(w.deletions(), "; "), want)
}

// testSweepOfDeliveries: the log of deliveries has bounds of its own, and lives no longer than calls do; what is
// still to be sent stays.
func testSweepOfDeliveries(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	born := w.clock.Now()
	states := []engine.DeliveryState{engine.DeliveryPending, engine.DeliveryDelivered, engine.DeliveryDropped, engine.DeliveryDead}
	deliver := func() {
		t.Helper()
		err := s.Update(w.ctx, func(tx engine.Tx) error {
			for _, state := range states {
				d := engine.Delivery{
					ID: w.e.IDs.New(born), Account: w.account, Pearl: w.pearl, Kind: engine.CallDelivery, Call: w.e.IDs.New(born), Body: []byte("{}"), State: state, Created: born,
				}
				if err := tx.AddDeliveries(d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	left := func() string {
		t.Helper()
		_, rows, err := s.SearchDeliveries(w.ctx, w.account, w.pearl, engine.DeliveryFilter{}, engine.Page{Limit: 100, Sort: "state", Ascending: true})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, row := range rows {
			texts = append(texts, string(row.State))
		}
		return strings.Join(texts, " ")
	}
	deliver()
	for _, step := range []struct {
		after time.Duration
		want  string
	}{
		{30 * day, "dead delivered dropped pending"},
		{30*day + time.Minute, "dead pending"},
		{90 * day, "dead pending"},
		{90*day + time.Minute, "pending"},
	} {
		w.clock.Set(born.Add(step.after))
		w.sweep()
		same(t, fmt.Sprintf("deliveries after %v", step.after), left(), step.want)
	}
	w.retain(ptr(400))
	w.sweep()
	deliver()
	w.sweep()
	same(t, "deliveries of an account that keeps calls longer", left(), "pending pending")

	born = w.clock.Now()
	deliver()
	w.retain(ptr(2))
	w.clock.Set(born.Add(2*day + time.Minute))
	w.sweep()
	same(t, "deliveries of an account that keeps calls for two days", left(), "pending pending pending")

	// Answers that are remembered for requests with an Idempotency-Key live for a day.
	err := s.Update(w.ctx, func(tx engine.Tx) error {
		return tx.SaveRememberedAnswer(engine.RememberedAnswer{Account: w.account, Route: "r", Key: "k", BodyHash: []byte{1}, Answer: json.RawMessage("{}"), Created: w.clock.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Add(day)
	same(t, "a sweep within the day", w.sweep(), "0 calls, 0 requests, 0 deliveries, 0 answers, files []")
	w.clock.Add(time.Second)
	same(t, "a sweep after the day", w.sweep(), "0 calls, 0 requests, 0 deliveries, 1 answers, files []")
}

// testSweepAsksForTheRetentionAgain: what a sweep found by the old retention stays once a change that keeps more was answered.
func testSweepAsksForTheRetentionAgain(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	const many = 150
	old := w.clock.Now()
	err := s.Update(w.ctx, func(tx engine.Tx) error {
		for n := range many {
			c := call.Call{ID: id.ID(fmt.Sprintf("%024x", n)), Account: w.account, Pearl: w.pearl, To: phoneA, Start: old, Status: call.Busy, Ended: old, Finished: old}
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.retain(ptr(1))
	w.clock.Add(2 * day)
	changed := false
	swept, err := w.e.Sweep(w.ctx, func([]string) {}, func(context.Context) error {
		if !changed {
			changed = true
			w.retain(nil)
		}
		return nil
	})
	if err != nil || swept.Calls == 0 || swept.Calls >= many {
		t.Fatalf("removed %d of %d calls, %v; want those of the first transaction", swept.Calls, many, err)
	}
	count, _, err := s.SearchCalls(w.ctx, w.account, w.pearl, engine.CallFilter{From: old, To: old}, engine.Page{Limit: 1})
	if err != nil || count != many-swept.Calls {
		t.Errorf("%d calls are left, %v; want %d", count, err, many-swept.Calls)
	}
}
