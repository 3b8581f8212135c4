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
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/report"
)

// outcomeRow is one row of contract 9.2. The wants are “call status/conversation, lead status, attempts, due”.
type outcomeRow struct {
	name    string
	answers bool
	cancel  func(w *world, begun *engine.Begun) // while it rings
	ending  engine.Ending
	want    string // an attempt is left
	last    string // it was the last one
	byHand  string // the lead was set to 110 during the call; "" where the row sets a status itself
	made    string // a made call: “call status/conversation”
}

func outcomeRows() []outcomeRow {
	person := func(w *world, begun *engine.Begun) {
		w.t.Helper()
		if err := w.e.HangUpCall(w.ctx, w.actor, begun.Call.ID); err != nil {
			w.t.Fatal(err)
		}
	}
	shutdown := func(w *world, begun *engine.Begun) {
		w.t.Helper()
		if err := w.e.CancelForShutdown(w.ctx, begun.Call); err != nil {
			w.t.Fatal(err)
		}
	}
	callback := &call.Callback{After: 2 * time.Hour}
	return []outcomeRow{
		{name: "success", answers: true, ending: engine.Ending{Outcome: call.Success},
			want: "4/100, lead 100 attempts 1 never", last: "4/100, lead 100 attempts 1 never", byHand: "4/100, lead 110 attempts 1 never", made: "4/100"},
		{name: "not met", answers: true, ending: engine.Ending{Outcome: call.NotSuccess},
			want: "4/110, lead 110 attempts 1 never", last: "4/110, lead 110 attempts 1 never", byHand: "4/110, lead 110 attempts 1 never", made: "4/110"},
		{name: "no definition", answers: true, ending: engine.Ending{Outcome: call.Answered},
			want: "4/130, lead 130 attempts 1 never", last: "4/130, lead 130 attempts 1 never", byHand: "4/130, lead 110 attempts 1 never", made: "4/130"},
		{name: "call-back, definition not met", answers: true, ending: engine.Ending{Outcome: call.NotSuccess, Callback: callback},
			want: "4/10, lead 10 attempts 1 due in 2h0m0s promised", last: "4/110, lead 110 attempts 1 never", byHand: "4/10, lead 110 attempts 1 never", made: "4/110"},
		{name: "call-back, no definition", answers: true, ending: engine.Ending{Outcome: call.Answered, Callback: callback},
			want: "4/10, lead 10 attempts 1 due in 2h0m0s promised", last: "4/130, lead 130 attempts 1 never", byHand: "4/10, lead 110 attempts 1 never", made: "4/130"},
		{name: "never again", answers: true, ending: engine.Ending{Outcome: call.NotSuccess, OptOut: true},
			want: "4/110, lead 110 attempts 1 never", last: "4/110, lead 110 attempts 1 never", byHand: "4/110, lead 110 attempts 1 never", made: "4/110"},
		{name: "voicemail", answers: true, ending: engine.Ending{Outcome: call.Voicemail},
			want: "4/70, lead 70 attempts 1 never", last: "4/70, lead 70 attempts 1 never", byHand: "4/70, lead 110 attempts 1 never", made: "4/70"},
		{name: "machine", answers: true, ending: engine.Ending{Outcome: call.Machine},
			want: "4/10, lead 10 attempts 1 due in 24h0m0s", last: "4/150, lead 150 attempts 1 never", byHand: "4/10, lead 110 attempts 1 never", made: "4/150"},
		{name: "broke", answers: true, ending: engine.Ending{Outcome: call.Broke},
			want: "4/500, lead 500 attempts 1 never", last: "4/500, lead 500 attempts 1 never", byHand: "4/500, lead 110 attempts 1 never", made: "4/500"},
		{name: "busy", ending: engine.Ending{Outcome: call.BusyOutcome},
			want: "5/10, lead 10 attempts 1 due in 24h0m0s", last: "5/150, lead 150 attempts 1 never", made: "5/150"},
		{name: "rang out", ending: engine.Ending{Outcome: call.RangOut},
			want: "7/10, lead 10 attempts 1 due in 24h0m0s", last: "7/150, lead 150 attempts 1 never", made: "7/150"},
		{name: "failed", ending: engine.Ending{Outcome: call.SetupFailed},
			want: "6/10, lead 10 attempts 1 due in 24h0m0s", last: "6/150, lead 150 attempts 1 never", made: "6/150"},
		{name: "not allocated", ending: engine.Ending{Outcome: call.NotAllocated},
			want: "6/150, lead 150 attempts 1 never", last: "6/150, lead 150 attempts 1 never", made: "6/150"},
		{name: "not in service after the answer", answers: true, ending: engine.Ending{Outcome: call.NotAllocated, Answerer: call.Announcement},
			want: "6/150, lead 150 attempts 1 never", last: "6/150, lead 150 attempts 1 never", byHand: "6/150, lead 110 attempts 1 never", made: "6/150"},
		{name: "nothing can have rung", ending: engine.Ending{Outcome: call.NeverRang},
			want: "6/10, lead 1 attempts 0 due as it was", last: "6/10, lead 1 attempts 0 due as it was", made: "6/10"},
		{name: "cancelled by a person", cancel: person, ending: engine.Ending{Outcome: call.Cancelled},
			want: "8/10, lead 10 attempts 1 due in 24h0m0s", last: "8/150, lead 150 attempts 1 never", made: "8/150"},
		{name: "cancelled by a shutdown", cancel: shutdown, ending: engine.Ending{Outcome: call.Cancelled},
			want: "8/10, lead 1 attempts 0 due as it was", last: "8/10, lead 1 attempts 0 due as it was", made: "8/10"},
		{name: "cancelled by the blacklist", cancel: func(w *world, begun *engine.Begun) { w.suppress(begun.Call.To) }, ending: engine.Ending{Outcome: call.Cancelled},
			want: "8/10, lead 220 attempts 1 never", last: "8/10, lead 220 attempts 1 never", made: "8/10"},
		{name: "cancelled, but the carrier was busy first", cancel: person, ending: engine.Ending{Outcome: call.BusyOutcome},
			want: "8/10, lead 10 attempts 1 due in 24h0m0s", last: "8/150, lead 150 attempts 1 never", made: "8/150"},
		{name: "lost", ending: engine.Ending{Outcome: call.Lost},
			want: "6/10, lead 10 attempts 1 due in 24h0m0s", last: "6/150, lead 150 attempts 1 never", made: "6/150"},
	}
}

// play has the call of a row happen, and ends it half a minute later.
func (row outcomeRow) play(w *world, begun *engine.Begun) {
	w.t.Helper()
	if row.answers {
		w.answer(begun)
	}
	if row.cancel != nil {
		row.cancel(w, begun)
	}
	w.clock.Add(30 * time.Second)
	ending := row.ending
	ending.Ended = w.clock.Now()
	w.finishWith(begun, ending)
}

func (w *world) ended(begun *engine.Begun, due time.Time) string {
	w.t.Helper()
	c, l := w.call(begun.Call.ID), w.lead(begun.Call.Lead)
	text := fmt.Sprintf("%d/%d, lead %d attempts %d ", c.Status, c.Conversation, l.Status, l.Attempts)
	switch {
	case l.Due.IsZero():
		text += "never"
	case l.Due.Equal(due):
		text += "due as it was"
	default:
		text += "due in " + w.due(l).Sub(w.clock.Now()).String()
	}
	if l.Promised {
		text += " promised"
	}
	return text
}

func testOutcomes(t *testing.T, s engine.Store) {
	for _, row := range outcomeRows() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			for _, last := range []bool{false, true} {
				w.pearl = w.addPearl(func(p *campaign.Pearl) {
					if last {
						p.Outbound.MaximumCallAttempts = 1
					}
				})
				number := phoneA
				if last {
					number = phoneB
				}
				leadID := w.add(number)
				due := w.lead(leadID).Due
				begun := w.ring()
				row.play(w, begun)
				want := row.want
				if last {
					want = row.last
				}
				same(t, fmt.Sprintf("last attempt %v", last), w.ended(begun, due), want)
				w.holdsFinal(begun, row)
			}
		})
	}
}

// holdsFinal checks what every final call has in common.
func (w *world) holdsFinal(begun *engine.Begun, row outcomeRow) {
	w.t.Helper()
	c, l := w.call(begun.Call.ID), w.lead(begun.Call.Lead)
	if c.Live() || c.Finished.IsZero() || !l.Call.Zero() {
		w.t.Errorf("not final: call %+v, lead %+v", c, l)
	}
	duration := 0
	if row.answers {
		duration = 30
	}
	same(w.t, "duration", fmt.Sprint(c.Duration()), fmt.Sprint(duration))
	texts := w.announced(engine.DeliveryFilter{Lead: l.ID})
	end := fmt.Sprintf("call %d/%d", c.Status, c.Conversation)
	if got := texts[len(texts)-1]; got != end || strings.Count(strings.Join(texts, ", "), "call ") != 2 {
		w.t.Errorf("deliveries %v do not end with %q after one start", texts, end)
	}
	suppressed, err := w.store.IsSuppressed(w.ctx, w.account, l.Phone)
	if err != nil {
		w.t.Fatal(err)
	}
	if want := row.ending.OptOut || c.Cancel == call.BySuppression; suppressed != want {
		w.t.Errorf("blacklisted: %v, want %v", suppressed, want)
	}
	before := w.announcedOf(l.ID)
	w.finish(begun, call.Success)
	if again := w.lead(l.ID); again.Version != l.Version || w.announcedOf(l.ID) != before {
		w.t.Errorf("a second end changed the lead from %+v to %+v", l, again)
	}
}

// testOutcomesOfAHandSetLead: the call's result goes to its row, the lead keeps the status that was set (contract 1.1).
func testOutcomesOfAHandSetLead(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n, row := range outcomeRows() {
		if row.byHand == "" {
			continue
		}
		leadID := w.add(fictional(n))
		begun := w.ring()
		w.answer(begun)
		w.update(leadID, engine.LeadUpdate{Status: ptr(110)})
		row.answers = false // it is already
		row.ending.Collected = []call.Value{{ID: "plan", Name: "plan", Value: "gold"}}
		row.play(w, begun)
		same(t, row.name, w.ended(begun, time.Time{}), row.byHand)
		same(t, row.name+": collected", string(w.lead(leadID).Collected), `{"plan":"gold"}`)
		c := w.call(begun.Call.ID)
		same(t, row.name+": deliveries", w.announcedOf(leadID), fmt.Sprintf("lead 20, lead 40, call 3/40, lead 110, call %d/%d", c.Status, c.Conversation))
	}
}

// testCollectedOfACutOffConversation: values said before the stop of a server are on the call and on its lead, whose answered
// call it was (contract 1.2, 9.6), also where the status was set by hand; a call that broke before its answer leaves them.
func testCollectedOfACutOffConversation(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n, byHand := range []bool{false, true} {
		leadID := w.add(fictional(n))
		begun := w.talk()
		if byHand {
			w.update(leadID, engine.LeadUpdate{Status: ptr(110)})
		}
		w.clock.Add(30 * time.Second)
		ending := engine.Ending{Outcome: call.NotSuccess, Ended: w.clock.Now(), Collected: []call.Value{{ID: "plan", Name: "plan", Value: "gold"}}}
		ending.CutOff()
		w.finishWith(begun, ending)
		c, l := w.call(begun.Call.ID), w.lead(leadID)
		same(t, "call and lead", fmt.Sprint(c.Outcome, len(c.Collected), string(l.Collected)), `lost1{"plan":"gold"}`)
		if byHand {
			continue
		}
		w.clock.Set(w.due(l))
		again := w.ring()
		w.finishWith(again, engine.Ending{Outcome: call.Broke, Ended: w.clock.Now(), OnTheWire: true})
		same(t, "after a call that broke before its answer", string(w.lead(leadID).Collected), `{"plan":"gold"}`)
	}
}

// testOutcomesOfADeletedLead: the call outlives its lead, keeps its id, and is announced without lead deliveries.
func testOutcomesOfADeletedLead(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n, row := range outcomeRows() {
		leadID := w.add(fictional(n))
		begun := w.ring()
		want := row.made
		if row.answers {
			w.answer(begun)
		} else {
			row.ending.Outcome, want = call.Cancelled, "8/10"
		}
		if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{leadID, leadID, "not-an-id"}); err != nil {
			t.Fatal(err)
		}
		row.answers, row.cancel = false, nil
		row.play(w, begun)
		c := w.call(begun.Call.ID)
		same(t, row.name, fmt.Sprintf("%d/%d %v", c.Status, c.Conversation, c.Lead == leadID), want+" true")
		same(t, row.name+": deliveries", w.announcedOf(leadID), "lead 20, lead 40, call 3/40, call "+want)
	}
}

func testOutcomesOfMadeCalls(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n, row := range outcomeRows() {
		receipt, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, fictional(n), []byte(`{"firstName":"Ada","lastName":"Moss"}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		waiting := w.request(receipt.ID)
		begun := w.ring()
		onCall := w.request(receipt.ID)
		same(t, row.name+": request", fmt.Sprintf("%d %q, then %d %v", waiting.Status, waiting.Call, onCall.Status, onCall.Call == begun.Call.ID), `1 "", then 2 true`)
		row.play(w, begun)
		c, r := w.call(begun.Call.ID), w.request(receipt.ID)
		same(t, row.name, fmt.Sprintf("%d/%d %s lead %q request %d", c.Status, c.Conversation, c.Name, c.Lead, r.Status), row.made+` Ada Moss lead "" request 10`)
		same(t, row.name+": deliveries", strings.Join(w.announced(engine.DeliveryFilter{Call: c.ID}), ", "), "call 3/40, call "+row.made)
		if works := w.claim(); len(works) > 0 {
			t.Errorf("%s: a request was tried again", row.name)
		}
	}
}

func testRetryPolicy(t *testing.T, s engine.Store) {
	two, one := 2, 1
	tests := []struct {
		name     string
		policy   lead.RetryPolicy
		outcomes []call.Outcome
		want     string
	}{
		{"delays, the last repeats", lead.RetryPolicy{call.BusyOutcome: {Delays: []int{60, 120}}},
			[]call.Outcome{call.BusyOutcome, call.BusyOutcome, call.BusyOutcome}, "10 due in 1m0s, 10 due in 2m0s, 10 due in 2m0s"},
		{"delays go by the attempt, whatever ended the others", lead.RetryPolicy{call.BusyOutcome: {Delays: []int{60, 120, 180}}},
			[]call.Outcome{call.RangOut, call.BusyOutcome, call.BusyOutcome}, "10 due in 24h0m0s, 10 due in 2m0s, 10 due in 3m0s"},
		{"unnamed outcomes keep the interval", lead.RetryPolicy{call.BusyOutcome: {Delays: []int{60}}},
			[]call.Outcome{call.SetupFailed, call.Machine}, "10 due in 24h0m0s, 10 due in 24h0m0s"},
		{"a cap counts attempts that end so", lead.RetryPolicy{call.BusyOutcome: {MaximumAttempts: &two}},
			[]call.Outcome{call.BusyOutcome, call.RangOut, call.BusyOutcome}, "10 due in 24h0m0s, 10 due in 24h0m0s, 150 never"},
		{"voicemail tries again where it is named", lead.RetryPolicy{call.Voicemail: {Delays: []int{3600}, MaximumAttempts: &two}},
			[]call.Outcome{call.Voicemail, call.Voicemail}, "10 due in 1h0m0s, 70 never"},
		{"no more than one", lead.RetryPolicy{call.Machine: {MaximumAttempts: &one}}, []call.Outcome{call.Machine}, "150 never"},
		{"the campaign's maximum binds", nil,
			[]call.Outcome{call.BusyOutcome, call.BusyOutcome, call.BusyOutcome, call.BusyOutcome}, "10 due in 24h0m0s, 10 due in 24h0m0s, 10 due in 24h0m0s, 150 never"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MaximumCallAttempts, o.RetryPolicy = 4, test.policy })
			leadID := w.add(phoneA)
			var got []string
			for _, outcome := range test.outcomes {
				begun := w.ring()
				if outcome == call.Voicemail || outcome == call.Machine {
					w.answer(begun)
				}
				w.clock.Add(20 * time.Second)
				w.finish(begun, outcome)
				if c := w.call(begun.Call.ID); outcome == call.Voicemail && c.Conversation != 70 {
					t.Errorf("a message was left, and the call says %d", c.Conversation)
				}
				l := w.lead(leadID)
				if l.Due.IsZero() {
					got = append(got, fmt.Sprintf("%d never", l.Status))
					continue
				}
				got = append(got, fmt.Sprintf("%d due in %s", l.Status, w.due(l).Sub(w.clock.Now())))
				w.clock.Set(w.due(l).Add(-time.Millisecond))
				if works := w.claim(); len(works) > 0 {
					t.Error("claimed before it is due")
				}
				w.clock.Set(w.due(l))
			}
			same(t, "after each attempt", strings.Join(got, ", "), test.want)
		})
	}
}

// TestGrantedAttempt: 10 set by hand where all attempts are used gives one more; 1 gives all of them.
func TestGrantedAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MaximumCallAttempts = 1 })
	leadID := w.add(phoneA)
	w.finish(w.ring(), call.BusyOutcome)
	w.update(leadID, engine.LeadUpdate{Status: ptr(10)})
	w.finish(w.ring(), call.BusyOutcome)
	l := w.lead(leadID)
	same(t, "after the granted attempt", fmt.Sprintf("%d %d", l.Status, l.Attempts), "150 2")
	w.update(leadID, engine.LeadUpdate{Status: ptr(1)})
	w.finish(w.ring(), call.BusyOutcome)
	l = w.lead(leadID)
	same(t, "after a new start", fmt.Sprintf("%d %d", l.Status, l.Attempts), "150 1")
}

// TestCallbackGoesFirst: promised call-backs are claimed before other leads, at the promised instant.
func TestCallbackGoesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.TotalAgents = 1 })
	promised := w.add(phoneA)
	begun := w.talk()
	w.finishWith(begun, engine.Ending{Outcome: call.Answered, Ended: w.clock.Now(), Callback: &call.Callback{After: 90 * time.Minute}})
	if c := w.call(begun.Call.ID); !c.CallbackPromised {
		t.Error("the call does not say that a call-back was promised")
	}
	w.clock.Add(time.Minute)
	older := w.add(phoneB)
	w.clock.Add(89*time.Minute - time.Millisecond)
	if work := w.claimOne(); work.Lead != older {
		t.Error("the call-back was claimed before it is due")
	} else if err := w.e.Release(w.ctx, work, 0); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(time.Millisecond)
	if work := w.claimOne(); work.Lead != promised {
		t.Error("a call-back that is due must go first")
	}
}

// testOptOutDuringTheTalk: the blacklist is written while the call is up; others to the number stop, this talk goes on.
func testOptOutDuringTheTalk(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	begun := w.talkTo(phoneA)
	second := w.addPearl(nil)
	twin := w.addTo(second, phoneA)
	if err := w.e.OptOut(w.ctx, begun.Call); err != nil {
		t.Fatal(err)
	}
	if c := w.call(begun.Call.ID); c.Cancel != call.NotCancelled || c.HangUp || len(w.heard.stopped) > 0 {
		t.Errorf("the talk must go on: %+v", c)
	}
	w.finishWith(begun, engine.Ending{Outcome: call.Answered, Ended: w.clock.Now(), OptOut: true})
	same(t, "lead", fmt.Sprint(int(w.lead(begun.Call.Lead).Status)), "130")
	if works := w.claimOf(second, 10); len(works) > 0 {
		t.Error("a lead with a blacklisted number was claimed")
	}
	same(t, "its twin", fmt.Sprint(int(w.leadOf(second, twin).Status)), "220")
	count, rows, err := s.Suppressions(w.ctx, w.account, engine.Page{Limit: 10}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if count != 1 || rows[0].Source != "optOut" || rows[0].Entry != phoneA {
		t.Errorf("blacklist: %+v", rows)
	}
	log, err := s.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, 1002, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != 1 || log[0].User != "callee" || log[0].UserName != "callee" || log[0].UserType != "system" || !strings.Contains(string(log[0].Data), phoneA) {
		t.Errorf("audit log: %+v", log)
	}
}

func (w *world) talkTo(number string) *engine.Begun {
	w.t.Helper()
	w.add(number)
	return w.talk()
}

// testTalkedTo: analytics count the leads a person of whom was on the line, whatever the leads' statuses say.
func testTalkedTo(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.finish(w.talkTo(fictional(1)), call.Success)
	w.finishWith(w.talkTo(fictional(2)), engine.Ending{Outcome: call.NotSuccess, Callback: &call.Callback{After: time.Hour}, Ended: w.clock.Now()})
	w.finish(w.talkTo(fictional(3)), call.Voicemail)
	stopped := w.add(fictional(4))
	begun := w.ring()
	w.update(stopped, engine.LeadUpdate{Status: ptr(130)})
	w.finish(begun, call.Cancelled)
	w.update(w.add(fictional(5)), engine.LeadUpdate{Status: ptr(100)}) // by hand, without a call
	tally := report.NewTally(time.UTC)
	if err := s.TallyCalls(w.ctx, w.account, w.pearl, tuesday, w.clock.Now(), tally); err != nil {
		t.Fatal(err)
	}
	found := tally.Report(nil)
	same(t, "calls, leads called, calls answered, leads talked to",
		fmt.Sprint(found.Overview.TotalCalls, found.Overview.TotalLeads, found.Overview.AnsweredCalls, found.TalkedLeads), "4 4 3 2")
}

// testCosts: per started minute, only when answered; they add up to what the campaign has spent.
func testCosts(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.PricePerMinute = 7 })
	w.changeAccount(func(a *account.Account) { a.Credit = 1000 })
	for n, test := range []struct {
		lasts time.Duration
		cost  int64
	}{{0, 7}, {time.Millisecond, 7}, {time.Minute, 7}, {time.Minute + time.Millisecond, 14}, {10 * time.Minute, 70}} {
		begun := w.talkTo(fictional(n))
		w.clock.Add(test.lasts)
		w.finish(begun, call.Answered)
		same(t, test.lasts.String(), fmt.Sprint(w.call(begun.Call.ID).Cost), fmt.Sprint(test.cost))
	}
	w.add(fictional(9))
	begun := w.ring()
	w.clock.Add(time.Minute)
	w.finish(begun, call.RangOut)
	same(t, "rang out", fmt.Sprint(w.call(begun.Call.ID).Cost), "0")
	pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := s.ReadAccount(w.ctx, w.account)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "spent, balance", fmt.Sprint(pearl.Spent, owner.Credit), "105 895")
}

// testOverBeforeItIsFinal: a conversation whose recording is not on disk yet holds no agent and no number, costs what it lasted,
// once, and is in progress for everybody else until its end; who opted out in it is on the blacklist already.
func testOverBeforeItIsFinal(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.PricePerMinute = 7 })
	w.changeAccount(func(a *account.Account) { a.Credit = 1000 })
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.TotalAgents = 1 })
	leads := []id.ID{w.add(fictional(0)), w.add(fictional(1)), w.add(fictional(2))}
	begun := w.talk()
	w.clock.Add(90 * time.Second)
	ending := engine.Ending{Outcome: call.Success, Ended: w.clock.Now()}
	over := func(e engine.Ending) {
		t.Helper()
		if err := w.e.Over(w.ctx, begun.Call, e); err != nil {
			t.Fatal(err)
		}
	}
	if works := w.claim(); len(works) > 0 {
		t.Fatal("the only agent is given away while it talks")
	}
	over(ending)
	w.clock.Add(time.Minute)
	over(ending) // changes nothing
	c := w.call(begun.Call.ID)
	same(t, "call", fmt.Sprint(c.Status, c.Duration(), c.Ended.Equal(ending.Ended), c.Finished.IsZero(), c.Cost), fmt.Sprint(int(call.InProgress), 0, true, true, 14))
	spent := func(want string) {
		t.Helper()
		pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
		if err != nil {
			t.Fatal(err)
		}
		owner, err := s.ReadAccount(w.ctx, w.account)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "spent, balance", fmt.Sprint(pearl.Spent, owner.Credit), want)
	}
	spent("14 986")
	next := w.begin(w.claimOne())
	same(t, "the lead meanwhile", fmt.Sprint(int(w.lead(begun.Call.Lead).Status), next.Call.Lead != begun.Call.Lead), "40 true")
	ending.Ended, ending.Recording = w.clock.Now(), "x.wav" // as noted later: the first counts
	w.finishWith(begun, ending)
	c = w.call(begun.Call.ID)
	same(t, "call at last", fmt.Sprint(c.Status, c.Duration(), c.Cost, c.Recording, int(w.lead(begun.Call.Lead).Status)), "4 90 14x.wav100")
	spent("14 986")

	begun = next
	w.answer(begun)
	w.clock.Add(time.Minute)
	over(engine.Ending{Outcome: call.NotSuccess, Ended: w.clock.Now(), OptOut: true})
	if suppressed, err := w.store.IsSuppressed(w.ctx, w.account, phone.Number(begun.Call.To)); err != nil || !suppressed {
		t.Errorf("blacklisted: %v, %v", suppressed, err)
	}
	w.clock.Add(time.Hour)
	if _, calls, err := w.e.Rescue(w.ctx, w.e.Node); err != nil || calls != 1 { // the process died while it waited for the disk
		t.Fatal(calls, err)
	}
	c = w.call(begun.Call.ID)
	same(t, "call that was rescued", fmt.Sprint(c.Outcome, c.Ended.Sub(c.Answered), c.Cost), "lost1m0s 7")
	spent("21 979")
	w.suppress(fictional(2))
	if works := w.claim(); len(works) > 0 { // leads of others: 220 or resting
		t.Errorf("claimed %+v of %v", works, leads)
	}
}

// TestOrder: made calls, then promised call-backs, then leads by the window that closes soonest, by due instant, by age
// (contract 9.5).
func TestOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	w.settings(w.pearl, func(o *campaign.OutboundSettings) {
		o.CallingHours = nil
		for day := range 7 {
			o.CallingHours = append(o.CallingHours, hours.Window{Day: day, Start: "00:00", End: "20:00"})
		}
	})
	promised := w.add(fictional(0))
	begun := w.talk()
	w.clock.Add(time.Minute)
	ended := w.clock.Now()
	w.clock.Add(20 * time.Second) // the work after the call
	w.finishWith(begun, engine.Ending{Outcome: call.NotSuccess, Ended: ended, Callback: &call.Callback{After: time.Hour}})
	if due := w.lead(promised).Due; !due.Equal(ended.Add(time.Hour)) {
		t.Errorf("the call-back is due at %s, want an hour after the talk, %s", due, ended.Add(time.Hour))
	}
	zoned := func(n int, zone string) id.ID {
		return w.addLead(w.pearl, engine.NewLead{Phone: fictional(n), Zone: zone})
	}
	west := zoned(1, "America/New_York") // closes at 01:00 UTC
	older, younger := zoned(2, ""), zoned(3, "")
	w.clock.Add(time.Minute)
	later := zoned(4, "")
	east := zoned(5, "Asia/Dubai") // closes at 16:00 UTC
	w.clock.Add(time.Minute)
	together := zoned(7, "Etc/UTC") // closes together with the campaign's own zone: one queue with it
	w.clock.Add(time.Minute)
	latest := zoned(8, "")
	w.clock.Add(time.Hour)
	receipt := w.makeCall(fictional(6))
	names := map[id.ID]string{receipt.ID: "made", promised: "promised", east: "east", older: "older", younger: "younger", later: "later", west: "west", together: "together", latest: "latest"}
	var order []string
	for _, work := range w.claim() {
		order = append(order, names[work.Lead]+names[work.Request])
	}
	same(t, "order", strings.Join(order, " "), "made promised east older younger later together latest west")
}

// testLanguageOfACall: it is that of the Pearl's voice.
func testLanguageOfACall(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.Language = func(voiceID string) string { return "es-" + voiceID } })
	w.pearl = w.addPearl(func(p *campaign.Pearl) { p.Definition.Agents = []campaign.Agent{{Name: "Ana", VoiceID: "MX"}} })
	w.add(phoneA)
	if got := w.ring().Script.Language; got != "es-MX" {
		t.Errorf("%q", got)
	}
}
