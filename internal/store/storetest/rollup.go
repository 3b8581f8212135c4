package storetest

import (
	"slices"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/report"
	"nacre/internal/zone"
)

// sampleCall gives a call one ending or another, by n.
func sampleCall(c call.Call, n int) call.Call {
	if n%11 == 0 {
		c.Sentiment, c.Tags = 4, []string{"early"} // in progress still
		return c
	}
	c = finished(c)
	c.Ended = c.Answered.Add(time.Duration(n%6) * 7 * time.Second)
	c.Conversation, c.Sentiment, c.Cost = []int{100, 110, 130, 10, 70}[n%5], n%6, int64(n%4)*75
	c.Outcome = []call.Outcome{call.Success, call.NotSuccess, call.Answered, call.Machine, call.Voicemail}[n%5]
	c.Tags, c.CallbackPromised, c.Transferred = [][]string{nil, {"vip"}, {"urgent", "vip"}}[n%3], n%7 == 0, n%13 == 0
	if n%3 == 1 {
		c.Acts = []call.Act{{Name: "sms_1", Kind: call.ActSMS, State: call.ActDone}, {Name: "email_1", Kind: call.ActEmail, State: call.ActDone}, {Name: "email_2", Kind: call.ActEmail, State: call.ActDone}, {Name: "email_3", Kind: call.ActEmail, State: call.ActGivenUp}}
	}
	if n%4 == 0 {
		c.Status, c.Outcome, c.Conversation, c.Answered = call.Failed, call.NotAllocated, 150, time.Time{}
	}
	return c
}

// reported is what analytics are shown of a call.
func reported(c call.Call) report.Call {
	return report.Call{
		Start: c.Start, Final: !c.Finished.IsZero(), Lead: c.Lead, Status: c.Status, Outcome: c.Outcome, Conversation: c.Conversation, Sentiment: c.Sentiment,
		Callback: c.CallbackPromised, Transferred: c.Transferred, Duration: c.Duration(), Cost: c.Cost, Tags: c.Tags,
		SMS: call.Sent(c.Acts, call.ActSMS), Emails: call.Sent(c.Acts, call.ActEmail),
	}
}

// testAnalytics holds what the store shows against what was stored, over a range with days on both sides of the end of
// daylight saving.
func testAnalytics(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	other := w.newPearl(w.account.ID)
	pacific, ok := zone.Parse("Pacific Standard Time")
	if !ok {
		t.Fatal("no zone")
	}
	from := time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC) // the clocks go back on November 1, 09:00 UTC
	to := from.Add(48 * time.Hour)
	inRange := func(at time.Time) bool { return !at.Before(from) && !at.After(to) }
	leads := []id.ID{"", w.id(), w.id(), w.id(), w.id(), w.id()}
	var calls []call.Call
	for n := range 400 {
		c := w.newCall(w.newLead())
		c.Lead = leads[n%len(leads)]
		c.Start = from.Add(time.Duration(n-8)*8*time.Minute + time.Duration(n)*time.Millisecond) // begins before, ends after
		calls = append(calls, sampleCall(c, n))
	}
	edge, last := calls[0], calls[1]
	edge.ID, edge.Start, edge.To = w.id(), from, string(w.phone())
	last.ID, last.Start, last.To = w.id(), to, string(w.phone())
	foreign := calls[50]
	foreign.ID, foreign.Pearl = w.id(), other.ID
	calls = append(calls, edge, last, foreign)
	wrong := w.newLead()
	elsewhere := w.newLead()
	elsewhere.Campaign = other.ID
	histories := []engine.History{
		{Lead: wrong.ID, At: from, Kind: "status", From: 1, To: 30},
		{Lead: wrong.ID, At: from.Add(time.Minute), Kind: "status", From: 30, To: 1},
		{Lead: wrong.ID, At: from.Add(2 * time.Minute), Kind: "status", From: 1, To: 30},
		{Lead: wrong.ID, At: from.Add(30 * time.Hour), Kind: "status", From: 1, To: 30},
		{Lead: wrong.ID, At: to.Add(time.Millisecond), Kind: "status", From: 1, To: 30},
		{Lead: elsewhere.ID, At: from, Kind: "status", From: 1, To: 30},
	}
	w.addLeads(t, wrong, elsewhere)
	w.update(t, func(tx engine.Tx) error {
		for _, c := range calls {
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		return tx.AddHistory(histories...)
	})

	want := report.NewTally(pacific.Location())
	slices.SortFunc(calls, func(a, b call.Call) int { return a.Start.Compare(b.Start) })
	total := 0
	for _, c := range calls {
		if c.Pearl == w.pearl.ID && inRange(c.Start) {
			total++
			want.Add(reported(c))
		}
	}
	for _, h := range histories {
		if h.Lead == wrong.ID && h.To == 30 && inRange(h.At) {
			want.WrongCode(h.Lead, h.At)
		}
	}
	got := report.NewTally(pacific.Location())
	if err := store.TallyCalls(t.Context(), w.account.ID, w.pearl.ID, from, to, got); err != nil {
		t.Fatal(err)
	}
	same(t, "report", got.Report(nil), want.Report(nil))
	if overview := got.Report(nil).Overview; overview.TotalCalls != total || overview.WrongCountryCode != 1 || overview.TotalLeads != 5 {
		t.Errorf("%+v", overview)
	}
	if talked := got.Report(nil).TalkedLeads; talked == 0 {
		t.Error("nobody was talked to")
	}
	count, _, err := store.SearchCalls(t.Context(), w.account.ID, w.pearl.ID, engine.CallFilter{From: from, To: to}, engine.Page{Limit: 1})
	if err != nil || count != total {
		t.Errorf("a search finds %d calls, %d were added up: %v", count, total, err)
	}
	none := report.NewTally(time.UTC)
	if err := store.TallyCalls(t.Context(), noID, w.pearl.ID, from, to, none); err != nil {
		t.Fatal(err)
	}
	same(t, "what another account sees", none.Report(nil), report.NewTally(time.UTC).Report(nil))
}
