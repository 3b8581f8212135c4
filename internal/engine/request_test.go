package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/phone"
)

func (w *world) makeCall(to string) engine.Receipt {
	w.t.Helper()
	receipt, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, to, nil, nil)
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
	if _, err := w.e.MakeCall(w.ctx, actor, w.pearl, fictional(1), nil, nil); err != nil {
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
	pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil {
		t.Fatal(err)
	}
	if next, err := w.e.LookAgain(w.ctx, pearl); err != nil || !next.Equal(tuesday.Add(time.Hour)) {
		t.Errorf("look again at %s, %v; want when the hours open", next, err)
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
		_, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, to, nil, nil)
		same(t, fmt.Sprintf("to %q", to), strings.Join(fields(err), " "), field)
	}
	_, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, phoneA, []byte(`[1]`), nil)
	same(t, "callData is a list", strings.Join(fields(err), " "), "CallData")
	w.setActive(w.pearl, false)
	_, err = w.e.MakeCall(w.ctx, w.actor, w.pearl, phoneA, nil, nil)
	same(t, "paused", errorText(err), "invalid; validation: Outbound is inactive")
}

// counted counts what the engine reads of call requests in transactions.
type counted struct {
	engine.Store
	read, transactions atomic.Int64
}

func (c *counted) Update(ctx context.Context, fn func(engine.Tx) error) error {
	c.transactions.Add(1)
	return c.Store.Update(ctx, func(tx engine.Tx) error { return fn(countedTx{tx, c}) })
}

type countedTx struct {
	engine.Tx
	c *counted
}

func (t countedTx) seen(rows []engine.Request, err error) ([]engine.Request, error) {
	t.c.read.Add(int64(len(rows)))
	return rows, err
}

func (t countedTx) DueRequests(pearlID id.ID, now time.Time, limit int) ([]engine.Request, error) {
	return t.seen(t.Tx.DueRequests(pearlID, now, limit))
}

func (t countedTx) ExpiredRequests(accountID id.ID, now time.Time, limit int) ([]engine.Request, error) {
	return t.seen(t.Tx.ExpiredRequests(accountID, now, limit))
}

func (t countedTx) HeldRequests(accountID id.ID) ([]engine.Request, error) {
	return t.seen(t.Tx.HeldRequests(accountID))
}

// many files that many requests to numbers of their own, without the API's look-ups.
func (w *world) many(count int, change func(n int, r *engine.Request)) {
	w.t.Helper()
	now := w.clock.Now()
	err := w.e.Store.Update(w.ctx, func(tx engine.Tx) error {
		for n := range count {
			r := engine.Request{
				ID: w.e.IDs.New(now), Account: w.account, Pearl: w.pearl, To: phone.Number(fmt.Sprintf("+1%d55501%02d", 200+n/100, n%100)),
				Status: engine.RequestQueued, Created: now, Expires: now.Add(2 * time.Hour),
			}
			change(n, &r)
			if err := tx.InsertRequest(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// testMadeCallsBeyondCount: what a round of the dialer, a pause and a blacklist entry read in the writer does not grow with the requests that wait.
func testMadeCallsBeyondCount(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	count := &counted{Store: s}
	w.e.Store = count
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.TotalAgents = 3 })
	const open, soon = 2000, 120
	w.many(open, func(n int, r *engine.Request) {
		if n < soon {
			r.Expires = w.clock.Now().Add(time.Hour)
		}
	})
	reads := func(do func()) (read, transactions int64) {
		count.read.Store(0)
		count.transactions.Store(0)
		do()
		return count.read.Load(), count.transactions.Load()
	}
	expire := func() (next time.Time) {
		next, err := w.e.ExpireRequests(w.ctx, w.account)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	if read, transactions := reads(func() { expire() }); read != 0 || transactions != 0 {
		t.Errorf("a round in which nothing expires reads %d requests in %d transactions", read, transactions)
	}
	var works []engine.Work
	if read, _ := reads(func() { works = w.claim() }); read > 50 || len(works) != 3 {
		t.Errorf("a claim of %d reads %d requests, want 3 of at most 50", len(works), read)
	}
	if read, _ := reads(func() { w.setActive(w.pearl, false) }); read > 3 {
		t.Errorf("a pause reads %d requests, want the 3 that are claimed", read)
	}
	w.clock.Add(time.Hour)
	if read, transactions := reads(func() { expire() }); read != soon || transactions != 3 {
		t.Errorf("%d that expire take %d reads in %d transactions, want 3", soon, read, transactions)
	}
	if next := expire(); !next.Equal(w.clock.Now().Add(time.Hour)) {
		t.Errorf("ask again at %s, want when the others expire", next)
	}
	w.setActive(w.pearl, true)
	w.claim()
	if read, _ := reads(func() { w.suppress("+1210555") }); read > 3 {
		t.Errorf("a blacklist entry reads %d requests with their data, want the 3 that are claimed", read)
	}
	_, rows, err := s.SearchRequests(w.ctx, w.account, w.pearl, time.Time{}, time.Time{}, engine.Page{Limit: open})
	if err != nil {
		t.Fatal(err)
	}
	found := map[engine.RequestStatus]int{}
	for _, r := range rows {
		found[r.Status]++
	}
	same(t, "queued, blacklisted, expired", fmt.Sprint(found[engine.RequestQueued], found[engine.RequestBlacklisted], found[engine.RequestError]), fmt.Sprint(open-soon-100, 100, soon))
}

// testMadeCallsToABusyNumber: requests that wait for a number neither keep others from being called nor the dialer busy.
func testMadeCallsToABusyNumber(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.makeCall(phoneA)
	w.ring()
	w.many(300, func(_ int, r *engine.Request) { r.To = phoneA })
	w.clock.Add(time.Millisecond)
	other := w.makeCall(phoneB)
	for round := 0; ; round++ {
		works, more, err := w.e.Claim(w.ctx, w.account, w.pearl, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(works) == 1 && works[0].Request == other.ID {
			return
		}
		if more || len(works) > 0 || round > 10 {
			t.Fatalf("round %d: %d claimed, more %v; want that nothing is left to do before the number is looked at again", round, len(works), more)
		}
		w.clock.Add(5 * time.Second)
	}
}
