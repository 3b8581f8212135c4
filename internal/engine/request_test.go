package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
)

func (w *world) makeCall(to string) engine.Receipt {
	w.t.Helper()
	receipt, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, to, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return receipt
}

// state is a request's status and errors: "100 expired".
func (w *world) state(requestID id.ID) string {
	w.t.Helper()
	r := w.request(requestID)
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, strings.Join(r.Errors, ",")))
}

func testMadeCallsWaitTheirTurn(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.TotalAgents = 1 })
	w.add(fictional(1))
	var requests []id.ID
	for n := range 3 {
		receipt := w.makeCall(fictional(10 + n))
		same(t, "receipt", fmt.Sprintf("%s %s %d", receipt.From, receipt.To, receipt.QueuePosition), fmt.Sprintf("%s %s %d", engine.SandboxNumber, fictional(10+n), n))
		requests = append(requests, receipt.ID)
	}
	for _, requestID := range requests {
		begun := w.ring()
		if begun.Call.Request != requestID {
			t.Errorf("called for request %s, want %s: made calls go first, the oldest before the others", begun.Call.Request, requestID)
		}
		if works := w.claim(); len(works) > 0 {
			t.Error("claimed beyond the agents")
		}
		w.finish(begun, call.Success)
	}
	if begun := w.ring(); begun.Call.Lead.Zero() {
		t.Error("then the lead")
	}
}

// The trace of the request that asks for a call goes through the call to its webhooks.
func testMadeCallsKeepTheTrace(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	actor := w.actor
	actor.Trace = trace
	if _, err := w.e.MakeCall(w.ctx, actor, w.pearl, fictional(1), nil); err != nil {
		t.Fatal(err)
	}
	begun := w.ring()
	for what, got := range map[string]string{
		"call": begun.Call.Trace, "INVITE": begun.Invite.Trace, "script": begun.Script.Trace, "record": w.call(begun.Call.ID).Trace,
	} {
		same(t, "trace of the "+what, got, trace)
	}
	w.finish(begun, call.Success)
	deliveries := w.deliveries(engine.DeliveryFilter{Call: begun.Call.ID})
	if len(deliveries) != 2 {
		t.Errorf("%d deliveries, want start and end", len(deliveries))
	}
	for _, d := range deliveries {
		same(t, "trace of a delivery", d.Trace, trace)
	}
}

func testMadeCallsExpire(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.settings(w.pearl, func(o *campaign.OutboundSettings) {
		o.CallRequestMaxWaitMinutes = 120
		o.CallingHours = []hours.Window{{Day: 2, Start: "10:00", End: "10:30"}, {Day: 2, Start: "11:00", End: "11:30"}}
	})
	w.clock.Set(tuesday.Add(30 * time.Minute))
	first := w.makeCall(phoneA)
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed outside the hours")
	}
	if next, err := w.e.ExpireRequests(w.ctx, w.account); err != nil || !next.Equal(tuesday.Add(time.Hour)) {
		t.Errorf("ask again at %s, %v; want when the hours open", next, err)
	}
	w.setActive(w.pearl, false)
	expires := w.clock.Now().Add(2 * time.Hour)
	if next, err := w.e.ExpireRequests(w.ctx, w.account); err != nil || !next.Equal(expires) {
		t.Errorf("ask again at %s, %v; want when the request of a paused campaign expires", next, err)
	}
	w.clock.Set(expires.Add(-time.Millisecond))
	if _, err := w.e.ExpireRequests(w.ctx, w.account); err != nil {
		t.Fatal(err)
	}
	same(t, "a moment before", w.state(first.ID), "1")
	w.clock.Set(expires)
	if next, err := w.e.ExpireRequests(w.ctx, w.account); err != nil || !next.IsZero() {
		t.Errorf("ask again at %s, %v; want never", next, err)
	}
	same(t, "paused, and too late", w.state(first.ID), "100 expired")

	w.setActive(w.pearl, true)
	w.clock.Set(tuesday.Add(61 * time.Minute))
	second := w.makeCall(phoneA)
	work := w.claimOne()
	w.clock.Set(tuesday.Add(3*time.Hour + time.Minute))
	if begun := w.begin(work); begun != nil {
		t.Error("an expired request was dialled")
	}
	same(t, "expired after the claim", w.state(second.ID), "100 expired")

	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.CallRequestMaxWaitMinutes = 1 << 60 })
	patient := w.makeCall(phoneB)
	if left := w.request(patient.ID).Expires.Sub(w.clock.Now()); left < 365*24*time.Hour {
		t.Errorf("a wait beyond all bounds is %s", left)
	}
}

func testMadeCallsThatEndWithoutACall(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	waiting, claimed, ringing := w.makeCall(fictional(1)), w.makeCall(fictional(2)), w.makeCall(fictional(3))
	works := w.claim()
	if len(works) != 3 {
		t.Fatalf("claimed %d", len(works))
	}
	begun := w.begin(works[2])
	if err := w.e.Release(w.ctx, works[0], 0); err != nil {
		t.Fatal(err)
	}
	w.suppress("+1201555")
	same(t, "waiting, claimed, ringing", strings.Join([]string{w.state(waiting.ID), w.state(claimed.ID), w.state(ringing.ID)}, " "), "20 20 2")
	if w.begin(works[1]) != nil {
		t.Error("a blacklisted number was dialled")
	}
	if c := w.call(begun.Call.ID); c.Cancel != call.BySuppression {
		t.Errorf("the ringing call has cancel %q", c.Cancel)
	}
	w.finish(begun, call.Cancelled)
	same(t, "ringing, then cancelled", w.state(ringing.ID), "10")

	late := w.makeCall(fictional(4)) // blacklisted before it is made
	same(t, "made to a blacklisted number", w.state(late.ID), "20")
	if err := w.e.Unsuppress(w.ctx, w.actor, []string{"+1201555"}); err != nil {
		t.Fatal(err)
	}

	abroad := w.makeCall("+441632960101")
	unknown := w.makeCall("+21055550101")
	w.changeAccount(func(a *account.Account) { a.CountryCodes = []string{"1"} })
	if works := w.claim(); len(works) > 0 {
		t.Error("a number of a country that is not enabled was claimed")
	}
	same(t, "countries not enabled and unknown", w.state(abroad.ID)+" "+w.state(unknown.ID), "100 countryCode 100 countryCode")

	cancelled := w.makeCall(fictional(5))
	work := w.claimOne()
	if err := w.e.CancelRequest(w.ctx, w.actor, cancelled.ID); err != nil {
		t.Fatal(err)
	}
	if w.begin(work) != nil {
		t.Error("a cancelled request was dialled")
	}
	same(t, "cancelled", w.state(cancelled.ID), "100 cancelled")
	if err := w.e.CancelRequest(w.ctx, w.actor, cancelled.ID); strings.Join(fields(err), " ") != "validation" {
		t.Errorf("a second cancel: %v", err)
	}
}

func TestMadeCallsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	for to, field := range map[string]string{"": "To", "not a number": "To"} {
		_, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, to, nil)
		same(t, fmt.Sprintf("to %q", to), strings.Join(fields(err), " "), field)
	}
	_, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, phoneA, []byte(`[1]`))
	same(t, "callData is a list", strings.Join(fields(err), " "), "CallData")
	w.setActive(w.pearl, false)
	_, err = w.e.MakeCall(w.ctx, w.actor, w.pearl, phoneA, nil)
	same(t, "paused", errorText(err), "invalid; validation: Outbound is inactive")
}
