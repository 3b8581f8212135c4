package engine_test

import (
	"fmt"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/lead"
)

// testSettingsBindWaitingLeads: what is stored while a lead waits binds it as if it had been stored before, and Next says the
// same (contract 9.4).
func testSettingsBindWaitingLeads(t *testing.T, s engine.Store) {
	const threeHours, month, sixHours = 6, 5, 1 // minimumRetryIntervalHours
	busy := func(w *world) { w.finish(w.ring(), call.BusyOutcome) }
	none, one := 0, 1
	tests := []struct {
		name    string
		attempt func(w *world)
		change  func(o *campaign.OutboundSettings)
		after   time.Duration // from the end of the attempt to the next call, 0 = none
		reason  string        // of Next before that
		ends    int           // status, where there is none
	}{
		{"nothing changed", busy, func(o *campaign.OutboundSettings) {}, 3 * time.Hour, "interval", 0},
		{"a longer interval", busy, func(o *campaign.OutboundSettings) { o.MinimumRetryIntervalHours = month }, 720 * time.Hour, "interval", 0},
		{"a policy that waits longer", busy, func(o *campaign.OutboundSettings) {
			o.RetryPolicy = lead.RetryPolicy{call.BusyOutcome: {Delays: []int{5 * 3600}}}
		}, 5 * time.Hour, "interval", 0},
		{"a policy that waits less: due earlier", busy, func(o *campaign.OutboundSettings) {
			o.RetryPolicy = lead.RetryPolicy{call.BusyOutcome: {Delays: []int{60, 7200}}}
		}, time.Minute, "interval", 0},
		{"a policy for another outcome", busy, func(o *campaign.OutboundSettings) {
			o.RetryPolicy = lead.RetryPolicy{call.RangOut: {Delays: []int{60}}}
		}, 3 * time.Hour, "interval", 0},
		{"no more attempts", busy, func(o *campaign.OutboundSettings) { o.MaximumCallAttempts = 1 }, 3 * time.Hour, "attempts", 150},
		{"no more attempts after busy", busy, func(o *campaign.OutboundSettings) {
			o.RetryPolicy = lead.RetryPolicy{call.BusyOutcome: {MaximumAttempts: &one}}
		}, 3 * time.Hour, "attempts", 150},
		{"no more attempts after another outcome", busy, func(o *campaign.OutboundSettings) {
			o.RetryPolicy = lead.RetryPolicy{call.RangOut: {MaximumAttempts: &none}}
		}, 3 * time.Hour, "interval", 0},
		{"no more attempts after a message", func(w *world) {
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.RetryPolicy = lead.RetryPolicy{call.Voicemail: {}} })
			w.finish(w.talk(), call.Voicemail)
		}, func(o *campaign.OutboundSettings) { o.RetryPolicy = nil }, 3 * time.Hour, "attempts", 70},
		{"a hand-set 10 does not wait", func(w *world) {
			begun := w.ring()
			w.finish(begun, call.BusyOutcome)
			w.update(begun.Call.Lead, engine.LeadUpdate{Status: ptr(10)})
		}, func(o *campaign.OutboundSettings) { o.MinimumRetryIntervalHours = month }, time.Second, "callable", 0},
		{"a promised call-back does not wait", func(w *world) {
			w.finishWith(w.talk(), engine.Ending{Outcome: call.NotSuccess, Ended: w.clock.Now(), Callback: &call.Callback{After: time.Hour}})
		}, func(o *campaign.OutboundSettings) { o.MinimumRetryIntervalHours = month }, time.Hour, "callback", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MinimumRetryIntervalHours = threeHours })
			leadID := w.add(phoneA)
			test.attempt(w)
			ended := w.clock.Now()
			w.settings(w.pearl, test.change)
			due := ended.Add(test.after)
			if next := w.next(leadID); next.Reason != test.reason || test.ends == 0 && test.reason != "callable" && !next.DueAt.Equal(due) {
				t.Errorf("Next says %s, due %s; want %s, %s", next.Reason, next.DueAt, test.reason, due)
			}
			if test.ends == 0 && test.reason != "callable" {
				pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
				if err != nil {
					t.Fatal(err)
				}
				if at, err := w.e.LookAgain(w.ctx, pearl); err != nil || !at.Equal(due) {
					t.Errorf("look again at %s, %v; want %s", at, err, due)
				}
			}
			w.clock.Set(due.Add(-time.Millisecond))
			if works := w.claim(); len(works) > 0 && test.reason != "callable" {
				t.Fatal("claimed before it is due")
			} else if len(works) > 0 {
				w.begin(works[0])
				return
			}
			w.clock.Set(due)
			if test.ends > 0 {
				if works := w.claim(); len(works) > 0 {
					t.Error("claimed without an attempt left")
				}
				same(t, "status", fmt.Sprint(int(w.lead(leadID).Status)), fmt.Sprint(test.ends))
				return
			}
			w.ring()
		})
	}
	t.Run("between claim and begin", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, s)
		w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MinimumRetryIntervalHours = threeHours })
		leadID := w.add(phoneA)
		busy(w)
		ended := w.clock.Now()
		w.clock.Add(3 * time.Hour)
		work := w.claimOne()
		w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MinimumRetryIntervalHours = sixHours })
		if begun := w.begin(work); begun != nil {
			t.Fatal("a call began before the interval was over")
		}
		same(t, "lead", fmt.Sprint(int(w.lead(leadID).Status), w.lead(leadID).Attempts, w.due(w.lead(leadID)).Sub(ended)), "10 1 6h0m0s")
		if works := w.claim(); len(works) > 0 {
			t.Error("claimed again before the interval is over")
		}
		w.clock.Set(ended.Add(6 * time.Hour))
		w.ring()
	})
}

// testBudgetIsNotOvercommitted: running calls count with a minute's price at least, ringing ones too, so that no more begin
// than the budget pays for (contract 9.5).
func testBudgetIsNotOvercommitted(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.PricePerMinute = 100 })
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal, o.TotalAgents = ptr(2), 5 })
	for n := range 5 {
		w.add(fictional(n))
	}
	works := w.claim()
	same(t, "claimed with five agents and money for two calls", fmt.Sprint(len(works)), "2")
	waiting := w.add(fictional(5))
	same(t, "reason while they are about to begin", w.next(waiting).Reason, "budget")
	var begun []*engine.Begun
	for _, work := range works {
		begun = append(begun, w.begin(work))
	}
	if begun[0] == nil || begun[1] == nil {
		t.Fatal("the budget pays for two calls")
	}
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed while two ringing calls may use the budget up")
	}
	same(t, "reason", w.next(waiting).Reason, "budget")
	w.finish(begun[0], call.BusyOutcome) // costs nothing
	third := w.claim()
	same(t, "claimed when one of them cost nothing", fmt.Sprint(len(third)), "1")
	w.answer(begun[1])
	w.clock.Add(61 * time.Second) // its second minute: the claim is too much now
	if w.begin(third[0]) != nil {
		t.Error("a call began beyond the budget")
	}
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(3) })
	if works := w.claim(); len(works) != 1 || w.begin(works[0]) == nil {
		t.Error("a raised budget does not resume")
	}
}

// testUnknownZoneIsClosed: a zone that the embedded rules do not know any more is no reason to call by another one's clock.
func testUnknownZoneIsClosed(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	leadID := w.addLead(w.pearl, engine.NewLead{Phone: phoneA, Zone: "Europe/Rome"})
	err := s.Update(w.ctx, func(tx engine.Tx) error { // as an older version, with other rules, stored it
		before, err := tx.Lead(w.account, w.pearl, leadID)
		if err != nil {
			return err
		}
		next := before
		next.Zone, next.ZoneKey, next.Version = "Europe/Atlantis", "Europe/Atlantis", before.Version+1
		return tx.SaveLead(before, next)
	})
	if err != nil {
		t.Fatal(err)
	}
	if works := w.claim(); len(works) > 0 {
		t.Error("a lead in an unknown zone was claimed")
	}
	next := w.next(leadID)
	same(t, "Next", fmt.Sprintf("%v %s %v %s", next.Callable, next.Reason, next.DueAt.IsZero(), next.Detail),
		`false hours true The time zone "Europe/Atlantis" is not known to this version: no hour is open until timeZoneId names another.`)
	w.update(leadID, engine.LeadUpdate{Zone: ptr("Europe/Rome")})
	w.ring()

	w.pearl = w.addPearl(func(p *campaign.Pearl) { p.Outbound.TimeZone = "Europe/Atlantis" })
	ofCampaign := w.add(phoneB)
	request := w.makeCall(fictional(1))
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed in a campaign whose zone is unknown")
	}
	same(t, "Next in that campaign", fmt.Sprintf("%v %s", w.next(ofCampaign).Callable, w.next(ofCampaign).Reason), "false hours")
	same(t, "a made call of that campaign", fmt.Sprint(int(w.request(request.ID).Status)), "1")
}

// testPromisedCallbackInHistory: a promised call-back is told apart from a conversation that failed.
func testPromisedCallbackInHistory(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	notes := func(ending engine.Ending, number string) (notes []string) {
		leadID := w.add(number)
		ending.Ended = w.clock.Now()
		w.finishWith(w.talk(), ending)
		history, err := s.LeadHistory(w.ctx, leadID)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range history {
			if h.Kind == "outcome" {
				notes = append(notes, h.Note)
			}
		}
		return notes
	}
	callback := &call.Callback{After: time.Hour}
	same(t, "promised", fmt.Sprint(notes(engine.Ending{Outcome: call.NotSuccess, Callback: callback}, phoneA)), "[callback]")
	same(t, "not promised", fmt.Sprint(notes(engine.Ending{Outcome: call.NotSuccess}, phoneB)), "[notSuccess]")
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MaximumCallAttempts = 1 })
	same(t, "promised in vain", fmt.Sprint(notes(engine.Ending{Outcome: call.NotSuccess, Callback: callback}, fictional(1))), "[notSuccess]")
}
