package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

var (
	askedTask  = &call.AnalysisTask{Success: "They agree.", Questions: []call.Question{{ID: "b", Type: call.Int}}}
	saidYes    = []call.Line{{Role: call.Client, Content: "Yes, gladly.", Start: 1, End: 2}}
	foundGood  = call.Findings{Summary: "They agreed.", Tags: []string{"hot"}, Sentiment: 5, Values: []call.Value{{ID: "b", Value: float64(2)}}, Success: true}
	someCharge = []call.Charge{{Kind: call.ChargeModel, Provider: "m", Model: "x", InputTokens: 10, Cost: 0.5}}
)

// talked has one lead called, whose call is to be analysed.
func (w *world) talked(number string, change func(*engine.Ending)) (leadID, callID id.ID) {
	w.t.Helper()
	leadID = w.add(number)
	begun := w.talk()
	ending := engine.Ending{
		Outcome: call.NotSuccess, Ended: w.clock.Now(), Transcript: saidYes, Collected: []call.Value{{ID: "a", Value: "x"}}, Tags: []string{"cold"},
		Summary: "A person answered.", Charges: someCharge, Analysis: askedTask,
	}
	if change != nil {
		change(&ending)
	}
	w.finishWith(begun, ending)
	return leadID, begun.Call.ID
}

func (w *world) analyses(free int) []engine.FollowUpJob {
	w.t.Helper()
	jobs, err := w.e.NextFollowUps(w.ctx, time.Minute, free, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return jobs
}

func (w *world) analysis() engine.FollowUpJob {
	w.t.Helper()
	jobs := w.analyses(2)
	if len(jobs) != 1 {
		w.t.Fatalf("%d analyses are due, want 1", len(jobs))
	}
	return jobs[0]
}

func (w *world) analysed(job engine.FollowUpJob, result engine.AnalysisResult) call.AnalysisState {
	w.t.Helper()
	state, err := w.e.SettleAnalysis(w.ctx, job, result)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// testAnalysisOfACall: the end is told at once; what a model finds afterwards is committed with call, lead and their deliveries.
func testAnalysisOfACall(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.pearl = w.addPearl(func(p *campaign.Pearl) { p.Webhooks.Analysis = true })
	leadID, callID := w.talked(phoneA, nil)
	same(t, "before the analysis", w.announcedOf(leadID), "lead 20, lead 40, call 3/40, lead 110, call 4/110")
	if c := w.call(callID); c.Analysis.State != call.AnalysisPending || c.Summary != "A person answered." || c.Finished.IsZero() {
		t.Errorf("%+v", c)
	}
	job := w.analysis()
	if job.Call != callID || job.Tries != 1 || job.Task.Success != askedTask.Success || len(job.Record.Transcript) != 1 {
		t.Errorf("%+v", job)
	}
	if len(w.analyses(2)) != 0 {
		t.Error("it was claimed twice")
	}
	if state := w.analysed(job, engine.AnalysisResult{Findings: foundGood, Charges: someCharge}); state != call.AnalysisDone {
		t.Errorf("it is %s", state)
	}
	c := w.call(callID)
	same(t, "call", fmt.Sprint(c.Outcome, c.Conversation, c.Summary, c.Tags, c.Sentiment, c.Collected, c.Analysis.State, c.Charges),
		fmt.Sprint(call.Success, 100, "They agreed.", []string{"cold", "hot"}, 5, []call.Value{{ID: "a", Value: "x"}, {ID: "b", Value: float64(2)}}, call.AnalysisDone,
			[]call.Charge{{Kind: call.ChargeModel, Provider: "m", Model: "x", InputTokens: 20, Cost: 1}}))
	l := w.lead(leadID)
	same(t, "lead", fmt.Sprint(l.Status, " ", string(l.Collected)), `Success {"a":"x","b":2}`)
	same(t, "after the analysis", w.announcedOf(leadID), "lead 20, lead 40, call 3/40, lead 110, call 4/110, lead 100, call 4/100")
	deliveries := w.deliveries(engine.DeliveryFilter{Lead: leadID})
	if last := deliveries[len(deliveries)-1]; last.Kind != engine.AnalysisDelivery || last.Start {
		t.Errorf("%+v", last)
	}
	same(t, "history", strings.Join(w.history(leadID)[len(w.history(leadID))-1:], ", "), "status 110→100")
	w.clock.Add(24 * time.Hour)
	if len(w.analyses(2)) != 0 || len(w.claim()) != 0 {
		t.Error("something is due after the analysis")
	}
	if state := w.analysed(job, engine.AnalysisResult{Findings: foundGood, Charges: someCharge}); state != call.NoAnalysis || len(w.call(callID).Charges) != 1 || w.call(callID).Charges[0].Cost != 1 {
		t.Errorf("it was settled twice: %s", state)
	}
}

// testAnalysisIsNotAsked: without webhookAnalysis nobody is told; made calls and deleted leads have theirs all the same.
func testAnalysisIsNotAsked(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	leadID, callID := w.talked(phoneA, func(e *engine.Ending) { e.Outcome, e.Analysis = call.Answered, &call.AnalysisTask{} })
	w.analysed(w.analysis(), engine.AnalysisResult{Findings: foundGood})
	same(t, "without webhookAnalysis", w.announcedOf(leadID), "lead 20, lead 40, call 3/40, lead 130, call 4/130")
	if c := w.call(callID); c.Conversation != 130 || c.Sentiment != 5 {
		t.Errorf("a call without a definition: %+v", c)
	}

	w.pearl = w.addPearl(func(p *campaign.Pearl) { p.Webhooks.Analysis = true })
	if _, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, phoneB, nil, nil); err != nil {
		t.Fatal(err)
	}
	begun := w.talk()
	w.finishWith(begun, engine.Ending{Outcome: call.NotSuccess, Ended: w.clock.Now(), Transcript: saidYes, Analysis: askedTask})
	w.analysed(w.analysis(), engine.AnalysisResult{Findings: foundGood})
	same(t, "of a made call", strings.Join(w.announced(engine.DeliveryFilter{Call: begun.Call.ID}), ", "), "call 3/40, call 4/110, call 4/100")

	leadID, callID = w.talked("+14155550103", nil)
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{leadID}); err != nil {
		t.Fatal(err)
	}
	w.analysed(w.analysis(), engine.AnalysisResult{Findings: foundGood})
	if c := w.call(callID); c.Analysis.State != call.AnalysisDone || c.Conversation != 100 {
		t.Errorf("of a deleted lead: %+v", c)
	}
	// Nothing is analysed of a call that nobody talked in.
	w.add("+14155550104")
	w.finishWith(w.ring(), engine.Ending{Outcome: call.RangOut, Ended: w.clock.Now(), Analysis: askedTask})
	if len(w.analyses(9)) != 0 {
		t.Error("a call that was not answered is to be analysed")
	}
	// A call that is deleted takes its analysis along, also while that is under way.
	_, first := w.talked("+14155550105", nil)
	job := w.analysis()
	_, second := w.talked("+14155550106", nil)
	if _, err := w.e.DeleteCalls(w.ctx, w.actor, []id.ID{first, second}); err != nil {
		t.Fatal(err)
	}
	if state := w.analysed(job, engine.AnalysisResult{Findings: foundGood}); state != call.NoAnalysis || len(w.analyses(9)) != 0 {
		t.Errorf("of a deleted call: %s", state)
	}
	if _, err := s.ReadCall(w.ctx, w.account, first); !fault.Is(err, fault.NotFound) {
		t.Errorf("it is back: %v", err)
	}
}

// testVerdictsCauseNoCall: whatever became of the lead since, a late verdict leaves its calling alone.
func testVerdictsCauseNoCall(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n, c := range []struct {
		name   string
		change func(*engine.Ending)
		status int // set by hand before the analysis; 0 = not
		want   string
	}{
		{"promised call-back", func(e *engine.Ending) { e.Callback = &call.Callback{After: time.Hour} }, 0, "NeedRetry 10"},
		{"stopped by hand", nil, 130, "Completed 100"},
		{"not successful by hand", nil, 110, "NotSuccessful 100"},
		{"to be called again by hand", nil, 1, "New 100"},
	} {
		leadID, callID := w.talked(fmt.Sprintf("+1415555011%d", n), c.change)
		if c.status != 0 {
			w.update(leadID, engine.LeadUpdate{Status: ptr(c.status)})
		}
		before := w.lead(leadID)
		w.analysed(w.analysis(), engine.AnalysisResult{Findings: foundGood})
		after := w.lead(leadID)
		same(t, c.name, fmt.Sprint(after.Status, " ", w.call(callID).Conversation), c.want)
		if !after.Due.Equal(before.Due) || after.Promised != before.Promised || after.Attempts != before.Attempts {
			t.Errorf("%s: calling has changed: %+v, before %+v", c.name, after, before)
		}
		w.update(leadID, engine.LeadUpdate{Status: ptr(130)})
	}
	// A verdict that was known is not taken back, whatever a model finds.
	leadID, callID := w.talked(phoneA, func(e *engine.Ending) { e.Outcome = call.Success })
	w.analysed(w.analysis(), engine.AnalysisResult{Findings: call.Findings{Summary: "No.", Sentiment: 1}})
	same(t, "known success", fmt.Sprint(w.lead(leadID).Status, " ", w.call(callID).Conversation), "Success 100")
}

// testAnalysisIsTriedAgain: with growing waits, a bounded number of times; then it is given up, and the call says so.
func testAnalysisIsTriedAgain(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	_, callID := w.talked(phoneA, func(e *engine.Ending) { e.Charges = nil })
	for n, wait := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour} {
		job := w.analysis()
		after := time.Duration(0)
		if n == 1 {
			after = 3 * time.Minute // 429 with Retry-After
			wait = after
		}
		if state := w.analysed(job, engine.AnalysisResult{Failed: "m: limited (429)", RetryAfter: after, Charges: someCharge}); state != call.AnalysisPending {
			t.Fatalf("after try %d it is %s", n+1, state)
		}
		c := w.call(callID)
		same(t, "record", fmt.Sprint(c.Analysis.State, c.Analysis.Tries, c.Analysis.Error), fmt.Sprint("pending", n+1, "m: limited (429)"))
		w.clock.Add(wait - time.Millisecond)
		if len(w.analyses(2)) != 0 {
			t.Fatalf("due again before %v", wait)
		}
		w.clock.Add(time.Millisecond)
	}
	// The end of the process counts for nothing.
	if state := w.analysed(w.analysis(), engine.AnalysisResult{Stopped: true}); state != call.AnalysisPending {
		t.Errorf("stopped: %s", state)
	}
	if state := w.analysed(w.analysis(), engine.AnalysisResult{Failed: "m: broken", Charges: someCharge}); state != call.AnalysisFailed {
		t.Errorf("after the last try: %s", state)
	}
	c := w.call(callID)
	same(t, "given up", fmt.Sprint(c.Analysis.State, c.Analysis.Tries, c.Analysis.Error, c.Analysis.At.Equal(w.clock.Now()), c.Summary, c.Charges[0].Cost), fmt.Sprint("failed", 6, "m: broken", true, "A person answered.", 3.0))
	w.clock.Add(24 * time.Hour)
	if len(w.analyses(2)) != 0 {
		t.Error("it is due again")
	}
}

// testAnalysisAfterACrash: one that waits is there after a restart, one under way is due again at once, and whoever was at it before
// changes nothing any more.
func testAnalysisAfterACrash(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	_, callID := w.talked(phoneA, nil)
	restart := func() {
		t.Helper()
		if _, _, err := w.e.Rescue(w.ctx, ""); err != nil {
			t.Fatal(err)
		}
	}
	restart() // between the end of the call and the claim
	dead := w.analysis()
	restart()
	job := w.analysis()
	if state := w.analysed(dead, engine.AnalysisResult{Findings: foundGood}); state != call.NoAnalysis || w.call(callID).Analysis.State != call.AnalysisPending {
		t.Errorf("a claim that had ended was settled: %s", state)
	}
	w.clock.Add(time.Minute) // its lease is over, and nobody has died
	again := w.analysis()
	if again.Tries != 3 {
		t.Errorf("%d tries", again.Tries)
	}
	if state := w.analysed(job, engine.AnalysisResult{Failed: "late"}); state != call.NoAnalysis {
		t.Errorf("a lease that was over was settled: %s", state)
	}
	if state := w.analysed(again, engine.AnalysisResult{Findings: foundGood}); state != call.AnalysisDone {
		t.Errorf("%s", state)
	}
}

// testAnalysisThatKills: one that ends the process each time is given up all the same.
func testAnalysisThatKills(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	_, callID := w.talked(phoneA, nil)
	for range 6 {
		w.analysis()
		w.clock.Add(time.Hour)
	}
	if len(w.analyses(2)) != 0 {
		t.Error("it was claimed once more")
	}
	if c := w.call(callID); c.Analysis.State != call.AnalysisFailed || c.Analysis.Error == "" {
		t.Errorf("%+v", c.Analysis)
	}
}

// testAnalysisShares: one account's backlog leaves places for others, and they come first there.
func testAnalysisShares(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n := range 10 {
		w.talked(fmt.Sprintf("+1415555012%d", n), nil)
	}
	jobs := w.analyses(8)
	if len(jobs) != 4 {
		t.Errorf("an account alone has %d of 8 places, want half", len(jobs))
	}
	other := newWorld(t, s)
	for n := range 3 {
		other.talked(fmt.Sprintf("+1415555013%d", n), nil)
	}
	claimed, err := w.e.NextFollowUps(w.ctx, time.Minute, 4, map[id.ID]int{w.account: 4})
	if err != nil || len(claimed) != 2 {
		t.Fatalf("%d claimed, %v", len(claimed), err)
	}
	for _, job := range claimed {
		if job.Account != other.account {
			t.Error("the backlog was served before the other account")
		}
	}
}

// testAnalysisDeliveryOrder: what a model found is not sent before the end of the call, and at once after it.
func testAnalysisDeliveryOrder(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.pearl = w.addPearl(func(p *campaign.Pearl) { p.Webhooks.Analysis, p.Webhooks.LeadURL = true, "" })
	w.talked(phoneA, nil)
	w.analysed(w.analysis(), engine.AnalysisResult{Findings: foundGood})
	next := func() string {
		t.Helper()
		var texts []string
		found, err := w.e.NextDeliveries(w.ctx, w.clock.Now(), time.Minute, 10, engine.DeliveryRoom{Others: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range found {
			texts = append(texts, bodyOf(t, d).Text)
			if err := w.e.SettleDelivery(w.ctx, d.ID, engine.DeliveryDelivered, time.Time{}, engine.Try{At: w.clock.Now(), Status: 200}); err != nil {
				t.Fatal(err)
			}
		}
		return strings.Join(texts, ", ")
	}
	same(t, "first", next(), "call 3/40")
	found, err := w.e.NextDeliveries(w.ctx, w.clock.Now(), time.Minute, 10, engine.DeliveryRoom{Others: 10})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d, %v", len(found), err)
	}
	end := found[0]
	same(t, "then", bodyOf(t, end).Text, "call 4/110")
	w.clock.Add(time.Second)
	same(t, "while the end is under way", next(), "")
	retry := w.clock.Now().Add(5 * time.Second)
	if err := w.e.SettleDelivery(w.ctx, end.ID, engine.DeliveryPending, retry, engine.Try{At: w.clock.Now(), Status: 503}); err != nil {
		t.Fatal(err)
	}
	same(t, "before the end is tried again", next(), "")
	w.clock.Add(5 * time.Second)
	same(t, "the end again", next(), "call 4/110")
	same(t, "after it", next(), "call 4/100")
	same(t, "at last", next(), "")

	// Where the URL is removed it goes with the others.
	w.talked(phoneB, nil)
	w.analysed(w.analysis(), engine.AnalysisResult{Findings: foundGood})
	if _, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error { p.Webhooks.CallURL = ""; return nil }); err != nil {
		t.Fatal(err)
	}
	same(t, "to no URL", next(), "")
}

// testActsAfterACall: what is done after a call is left with its end, done one by one beside its analysis, tried again a bounded number
// of times, and told by the call. Of a call that nobody answered nothing follows.
func testActsAfterACall(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	task := func(name, trigger string) call.ActTask {
		return call.ActTask{Action: call.Action{Kind: call.ActEmail, Name: name, Message: &call.Message{SMTP: &call.SMTP{Password: "secret"}}}, Trigger: trigger, Known: []byte(`{"a":"x"}`)}
	}
	_, callID := w.talked(phoneA, func(e *engine.Ending) {
		e.Acts = []call.Act{{Name: "sms_1", Kind: call.ActSMS, State: call.ActDone}}
		e.After = []call.ActTask{task("always", ""), task("if they agree", "They agree."), task("never", "They sing.")}
	})
	states := func() (text string) {
		for _, a := range w.call(callID).Acts {
			text += fmt.Sprint(a.Number, " ", a.Name, " ", a.State, " ", a.Tries, " ", a.Error, "; ")
		}
		return text
	}
	same(t, "at the end", states(), "0 sms_1 done 0 ; 1 always pending 0 ; 2 if they agree pending 0 ; 3 never pending 0 ; ")
	settle := func(job engine.FollowUpJob, result engine.ActResult, want call.ActState) {
		t.Helper()
		if state, err := w.e.SettleAct(w.ctx, job, result); err != nil || state != want {
			t.Errorf("%s: %s, %v; want %s", job.Act.Action.Name, state, err, want)
		}
	}
	byNumber := func() map[int]engine.FollowUpJob {
		t.Helper()
		all := map[int]engine.FollowUpJob{}
		for _, job := range w.analyses(9) {
			all[job.Number] = job
		}
		return all
	}
	jobs := byNumber()
	if len(jobs) != 4 || jobs[1].Act.Action.Message.SMTP.Password != "secret" || string(jobs[1].Act.Known) != `{"a":"x"}` || jobs[0].Task.Success == "" {
		t.Fatalf("%+v", jobs)
	}
	w.analysed(jobs[0], engine.AnalysisResult{Findings: foundGood})
	settle(jobs[1], engine.ActResult{}, call.ActDone)
	settle(jobs[1], engine.ActResult{Failed: "late"}, call.NoAct)
	settle(jobs[2], engine.ActResult{Judged: true, Failed: "the server is away", Charges: someCharge}, call.ActPending)
	settle(jobs[3], engine.ActResult{Unneeded: "it does not apply"}, call.ActUnneeded)
	same(t, "after one try", states(), "0 sms_1 done 0 ; 1 always done 1 ; 2 if they agree pending 1 the server is away; 3 never unneeded 1 it does not apply; ")
	if len(w.analyses(9)) != 0 {
		t.Error("it is tried again at once")
	}
	for n := range 5 {
		w.clock.Add(2*time.Hour + time.Second)
		job := byNumber()[2]
		if job.Act.Trigger != "" {
			t.Error("its trigger is judged again")
		}
		want := call.ActPending
		if n == 4 {
			want = call.ActGivenUp
		}
		settle(job, engine.ActResult{Failed: "the server is away"}, want)
	}
	w.clock.Add(24 * time.Hour)
	if c := w.call(callID); len(w.analyses(9)) != 0 || c.Acts[2].State != call.ActGivenUp || c.Acts[2].Tries != 6 || c.Summary != "They agreed." || call.Sent(c.Acts, call.ActSMS) != 1 || call.Sent(c.Acts, call.ActEmail) != 1 {
		t.Errorf("%+v", c)
	}

	w.add(phoneB)
	w.finishWith(w.ring(), engine.Ending{Outcome: call.RangOut, Ended: w.clock.Now(), After: []call.ActTask{task("always", "")}})
	if len(w.analyses(9)) != 0 {
		t.Error("something follows a call that nobody answered")
	}
}

// testActsThatFollow: an action that others lead to waits for them, and has what they brought; what nothing leads to any more is not
// done. That one is over and the next one due is one commit.
func testActsThatFollow(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	task := func(name string, led bool, next ...call.Next) call.ActTask {
		return call.ActTask{Action: call.Action{Kind: call.ActRequest, Name: name, Request: &call.Request{}}, Known: []byte(`{"a":"x"}`), Led: led, Next: next}
	}
	_, callID := w.talked(phoneA, func(e *engine.Ending) {
		e.Analysis = nil
		e.After = []call.ActTask{
			task("open", false, call.Next{Number: 2, After: call.ActionDone}, call.Next{Number: 3, After: call.ActionFailed}), task("tell", true, call.Next{Number: 4}),
			task("complain", true, call.Next{Number: 5}), task("close", true), task("apologise", true),
		}
	})
	due := func() map[string]engine.FollowUpJob {
		t.Helper()
		all := map[string]engine.FollowUpJob{}
		for _, job := range w.analyses(9) {
			all[job.Act.Action.Name] = job
		}
		return all
	}
	settle := func(job engine.FollowUpJob, result engine.ActResult) {
		t.Helper()
		if _, err := w.e.SettleAct(w.ctx, job, result); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (text string) {
		for _, a := range w.call(callID).Acts {
			text += fmt.Sprint(a.Name, " ", a.State, " ", a.Error, "; ")
		}
		return text
	}
	jobs := due()
	if len(jobs) != 1 {
		t.Fatalf("due at first: %v", jobs)
	}
	settle(jobs["open"], engine.ActResult{Failed: "the server is away"})
	w.clock.Add(time.Minute)
	if jobs = due(); len(jobs) != 1 {
		t.Fatalf("due while the first one is tried: %v", jobs)
	}
	settle(jobs["open"], engine.ActResult{Values: []call.Value{{ID: "ticket", Value: int64(12345678901234567)}}})
	same(t, "after the first one", states(), "open done ; tell pending ; complain unneeded nothing that was done leads to it; close pending ; apologise unneeded nothing that was done leads to it; ")
	if jobs = due(); len(jobs) != 1 {
		t.Fatalf("due after it: %v", jobs)
	}
	values, err := jobs["tell"].Act.Values([]call.Value{{ID: "ticket", Value: "none"}})
	if err != nil || fmt.Sprint(values["ticket"]) != "12345678901234567" || values["a"] != "x" {
		t.Errorf("%v, %v", values, err)
	}
	settle(jobs["tell"], engine.ActResult{Unneeded: "its trigger does not apply"})
	jobs = due()
	if values, _ = jobs["close"].Act.Values(nil); len(jobs) != 1 || fmt.Sprint(values["ticket"]) != "12345678901234567" {
		t.Errorf("due at last: %v", jobs)
	}
	settle(jobs["close"], engine.ActResult{})
	same(t, "at last", states(), "open done ; tell unneeded its trigger does not apply; complain unneeded nothing that was done leads to it; close done ; apologise unneeded nothing that was done leads to it; ")
}
