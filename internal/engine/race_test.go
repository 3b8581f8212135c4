package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// race runs functions at the same time, none of them favoured, and returns when all have.
func race(functions ...func()) {
	rand.Shuffle(len(functions), func(a, b int) { functions[a], functions[b] = functions[b], functions[a] })
	var start, done sync.WaitGroup
	start.Add(1)
	for _, f := range functions {
		done.Go(func() {
			start.Wait()
			f()
		})
	}
	start.Done()
	done.Wait()
}

// fictional is the n-th of many numbers kept for fiction.
func fictional(n int) string { return fmt.Sprintf("+1%03d55501%02d", 201+n/100, n%100) }

func testConcurrentUpdatesLoseNothing(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	leadID := w.addLead(w.pearl, engine.NewLead{Phone: phoneA, CallData: []byte(`{"kept":1.50}`)})
	inputs := []engine.LeadUpdate{
		{Phone: ptr(phoneB)}, {ExternalID: ptr("crm-1")}, {Zone: ptr("Romance Standard Time")}, {Status: ptr(110)},
	}
	for n := len(inputs); n < 200; n++ {
		inputs = append(inputs, engine.LeadUpdate{CallDataMerge: fmt.Appendf(nil, `{"k%d":%d}`, n, n)})
	}
	var functions []func()
	for _, input := range inputs {
		functions = append(functions, func() {
			if _, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, input); err != nil {
				t.Errorf("update: %v", err)
			}
		})
	}
	race(functions...)
	l := w.lead(leadID)
	same(t, "lead", fmt.Sprintf("%d %s %s %s %s v%d", l.Status, l.Phone, l.ExternalID, l.Zone, l.ZoneKey, l.Version),
		"110 "+phoneB+" crm-1 Romance Standard Time Europe/Paris v201")
	var data map[string]json.RawMessage
	if err := json.Unmarshal(l.CallData, &data); err != nil {
		t.Fatal(err)
	}
	if len(data) != 197 || string(data["kept"]) != "1.50" {
		t.Errorf("callData has %d keys, kept=%s", len(data), data["kept"])
	}
	if history := w.history(leadID); len(history) != 201 {
		t.Errorf("history has %d entries, want 200 updates and one change of status", len(history))
	}
}

// manyTurns is more than a loop needs that waits for others.
const manyTurns = 5000

// rounds of a race: enough that both orders occur, few enough for every run.
func rounds() int {
	if testing.Short() {
		return 60
	}
	return 100
}

// testStopRacesClaimAndBegin is the printed promise: once the update has answered, no call to the lead begins. A call
// that came first is in the air when the update is answered, and is being cancelled.
func testStopRacesClaimAndBegin(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	var stopFirst, callFirst atomic.Int32
	var leads []id.ID
	for n := range rounds() {
		leads = append(leads, w.add(fictional(n)))
	}
	claimed := make(chan engine.Work, len(leads))
	for _, work := range w.claimOf(w.pearl, len(leads)*2/3) { // the others are claimed while they are stopped
		claimed <- work
	}
	var functions []func()
	var stopped atomic.Int32
	for range 4 {
		functions = append(functions, func() {
			for stopped.Load() < int32(len(leads)) {
				select {
				case work := <-claimed:
					w.beginAgainstStop(work, &callFirst)
					continue
				default:
				}
				works, _, err := w.e.Claim(w.ctx, w.account, w.pearl, 3)
				if err != nil {
					t.Errorf("claim: %v", err)
				}
				for _, work := range works {
					claimed <- work
				}
			}
		})
	}
	stops := make(chan id.ID, len(leads))
	for _, leadID := range leads {
		stops <- leadID
	}
	close(stops)
	for range 4 {
		functions = append(functions, func() {
			for leadID := range stops {
				view, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{Status: ptr(130)})
				stopped.Add(1)
				if err != nil {
					t.Errorf("update: %v", err)
					continue
				}
				if len(view.Calls) == 0 {
					stopFirst.Add(1)
				}
				w.mayNotBegin(leadID, view)
			}
		})
	}
	race(functions...)
	close(claimed)
	for work := range claimed {
		if begun := w.begin(work); begun != nil {
			t.Errorf("lead %s was called after its stop", work.Lead)
		}
	}
	if works := w.claim(); len(works) > 0 {
		t.Errorf("%d stopped leads were claimed", len(works))
	}
	for _, leadID := range leads {
		if l := w.lead(leadID); l.Status != lead.Completed || !l.Due.IsZero() || !l.Claim.Zero() {
			t.Errorf("a stopped lead is %+v", l)
		}
	}
	t.Logf("the stop came first %d times, the call %d times", stopFirst.Load(), callFirst.Load())
	if int(stopFirst.Load()+callFirst.Load()) != len(leads) {
		t.Errorf("%d stops before a call and %d calls do not make %d leads", stopFirst.Load(), callFirst.Load(), len(leads))
	}
}

func (w *world) beginAgainstStop(work engine.Work, begun *atomic.Int32) {
	w.t.Helper()
	made, err := w.e.Begin(w.ctx, work, "")
	if err != nil {
		w.t.Errorf("begin: %v", err)
	}
	if made != nil {
		begun.Add(1)
	}
}

// mayNotBegin looks right after a stop was answered: whatever calls there are were in the answer, and are being cancelled.
func (w *world) mayNotBegin(leadID id.ID, view engine.LeadView) {
	w.t.Helper()
	ids, last, err := w.store.LeadCalls(w.ctx, leadID)
	if err != nil {
		w.t.Errorf("calls of lead: %v", err)
		return
	}
	if !slices.Equal(ids, view.Calls) {
		w.t.Errorf("calls are %v after the answer, which had %v", ids, view.Calls)
	}
	if last != nil && last.Cancel != call.ByStop {
		w.t.Errorf("the call that came before the stop has cancel %q", last.Cancel)
	}
}

// testGateRaces: whatever shuts the gate races the begin of a claimed lead. Either nothing begins, or the call came
// first and is in the air when the change is answered.
func testGateRaces(t *testing.T, s engine.Store) {
	tests := []struct {
		name   string
		shut   func(w *world, leadID id.ID, number string) error
		cancel call.Cancel // on a call that came first
		ends   string      // the lead when the call that came first has ended
		kept   string      // the lead when nothing began; "" = gone
	}{
		{"blacklist", func(w *world, _ id.ID, number string) error {
			return w.e.Suppress(w.ctx, w.actor, []string{number}, "api", nil)
		}, call.BySuppression, "220 attempts 1", "220 attempts 0"},
		{"pause", func(w *world, _ id.ID, _ string) error {
			_, err := w.e.SetActive(w.ctx, w.actor, w.pearl, false, false)
			return err
		}, call.NotCancelled, "100 attempts 1", "1 attempts 0"},
		{"pause and hang up", func(w *world, _ id.ID, _ string) error {
			_, err := w.e.SetActive(w.ctx, w.actor, w.pearl, false, true)
			return err
		}, call.ByPerson, "10 attempts 1", "1 attempts 0"},
		{"archive", func(w *world, _ id.ID, _ string) error {
			return w.e.ArchivePearl(w.ctx, w.actor, w.pearl, true)
		}, call.NotCancelled, "100 attempts 1", "1 attempts 0"},
		{"delete", func(w *world, leadID id.ID, _ string) error {
			return w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{leadID})
		}, call.ByDeletion, "", ""},
		{"new number", func(w *world, leadID id.ID, _ string) error {
			_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{Phone: ptr("+14155550199")})
			return err
		}, call.ByNumber, "1 attempts 0", "1 attempts 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			first := 0
			for n := range rounds() / 4 {
				w.pearl = w.addPearl(nil)
				number := fictional(n)
				leadID := w.add(number)
				work := w.claimOne()
				var begun *engine.Begun
				race(func() { begun = w.begin(work) }, func() {
					if err := test.shut(w, leadID, number); err != nil {
						t.Error(err)
					}
				})
				if again := w.begin(work); again != nil {
					t.Fatal("a call began twice, or after the gate was shut")
				}
				want := test.kept
				if begun != nil {
					first++
					want = test.ends
					if c := w.call(begun.Call.ID); c.Cancel != test.cancel || !c.Ringing() {
						t.Errorf("the call that came first has cancel %q, want %q", c.Cancel, test.cancel)
					}
					w.finish(begun, call.Success)
				}
				got := ""
				if l, err := s.ReadLead(w.ctx, w.account, w.pearl, leadID); err == nil {
					got = fmt.Sprintf("%d attempts %d", l.Status, l.Attempts)
				}
				same(t, "lead", got, want)
			}
			t.Logf("the call came first %d times of %d", first, rounds()/4)
		})
	}
}

// testAnswerRacesCancel: a 200 and a cancel cross. Exactly one wins, and the finished call says which.
func testAnswerRacesCancel(t *testing.T, s engine.Store) {
	tests := []struct {
		name   string
		cancel func(w *world, begun *engine.Begun) error
	}{
		{"stop", func(w *world, begun *engine.Begun) error {
			_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, begun.Call.Lead, engine.LeadUpdate{Status: ptr(130)})
			return err
		}},
		{"new number", func(w *world, begun *engine.Begun) error {
			_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, begun.Call.Lead, engine.LeadUpdate{Phone: ptr("+14155550199")})
			return err
		}},
		{"blacklist", func(w *world, begun *engine.Begun) error {
			return w.e.Suppress(w.ctx, w.actor, []string{begun.Call.To}, "api", nil)
		}},
		{"delete", func(w *world, begun *engine.Begun) error {
			return w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{begun.Call.Lead})
		}},
		{"shutdown", func(w *world, begun *engine.Begun) error { return w.e.CancelForShutdown(w.ctx, begun.Call) }},
		{"person", func(w *world, begun *engine.Begun) error { return w.e.HangUpCall(w.ctx, w.actor, begun.Call.ID) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			answered := 0
			for n := range rounds() / 4 {
				w.add(fictional(n))
				begun := w.ring()
				var holds bool
				race(func() {
					var err error
					if holds, err = w.e.Answer(w.ctx, begun.Call); err != nil {
						t.Errorf("answer: %v", err)
					}
				}, func() {
					if err := test.cancel(w, begun); err != nil {
						t.Error(err)
					}
				})
				if c := w.call(begun.Call.ID); holds == (c.Cancel != call.NotCancelled) || holds == c.Answered.IsZero() {
					t.Errorf("holds %v, cancel %q, answered %s", holds, c.Cancel, c.Answered)
				}
				if again, err := w.e.Answer(w.ctx, begun.Call); err != nil || again {
					t.Errorf("a second answer holds %v, %v", again, err)
				}
				w.finish(begun, call.Success)
				c := w.call(begun.Call.ID)
				want := "8 0 false"
				if holds {
					answered++
					want = "4 1 true"
				}
				same(t, "call status, duration, answered", fmt.Sprintf("%d %d %v", c.Status, c.Duration(), !c.Answered.IsZero()), want)
				w.dropAll()
			}
			t.Logf("the answer came first %d times of %d", answered, rounds()/4)
		})
	}
}

// dropAll deletes what leads the campaign has left, so that the next claim finds only new ones.
func (w *world) dropAll() {
	w.t.Helper()
	_, rows, err := w.store.SearchLeads(w.ctx, w.account, w.pearl, engine.LeadFilter{}, engine.Page{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []id.ID
	for _, l := range rows {
		ids = append(ids, l.ID)
	}
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, ids); err != nil {
		w.t.Fatal(err)
	}
}

// testClaimsKeepTheCaps: many claims over several campaigns of one account never take a lead twice nor more agents
// than the campaigns and the account have, and every lead is called exactly once.
func testClaimsKeepTheCaps(t *testing.T, s engine.Store) {
	const agents, all, each = 3, 7, 12
	w := newWorld(t, s)
	w.changeAccount(func(a *account.Account) { a.TotalAgents = all })
	var pearls []id.ID
	for p := range 4 {
		pearls = append(pearls, w.addPearl(func(p *campaign.Pearl) {
			p.Outbound.TotalAgents, p.Outbound.MaximumCallAttempts = agents, 1
		}))
		for n := range each {
			w.addTo(pearls[p], fictional(p*each+n))
		}
	}
	var calls sync.Map
	var total atomic.Int32
	var functions []func()
	for n := range 8 {
		functions = append(functions, func() {
			for turn := n; total.Load() < int32(len(pearls)*each); turn++ {
				if turn > manyTurns || t.Failed() {
					t.Errorf("%d leads of %d were claimed", total.Load(), len(pearls)*each)
					return
				}
				pearlID := pearls[turn%len(pearls)]
				works, _, err := w.e.Claim(w.ctx, w.account, pearlID, 2)
				if err != nil {
					t.Errorf("claim: %v", err)
					return
				}
				w.keepsCaps(pearlID, agents, all)
				for _, work := range works {
					if _, twice := calls.LoadOrStore(work.Lead, true); twice {
						t.Errorf("lead %s was claimed twice", work.Lead)
					}
					total.Add(1)
					begun, err := w.e.Begin(w.ctx, work, "")
					if err != nil || begun == nil {
						t.Errorf("begin: %v, %v", begun, err)
						return
					}
					w.keepsCaps(pearlID, agents, all)
					if err := w.e.Finish(w.ctx, begun.Call, engine.Ending{Outcome: call.BusyOutcome, Ended: w.clock.Now()}); err != nil {
						t.Errorf("finish: %v", err)
					}
				}
			}
		})
	}
	race(functions...)
	for _, pearlID := range pearls {
		counts, err := s.PearlCounts(w.ctx, pearlID, tuesday)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "leads at 150, calls", fmt.Sprint(counts.ByStatus[150], counts.TodayCalls), fmt.Sprint(each, each))
	}
}

func (w *world) keepsCaps(pearlID id.ID, agents, all int) {
	err := w.store.Update(w.ctx, func(tx engine.Tx) error {
		load, err := tx.Load(w.account, pearlID, "")
		if load.Pearl > agents || load.Account > all {
			w.t.Errorf("%d of %d agents of the campaign and %d of %d of the account are in use", load.Pearl, agents, load.Account, all)
		}
		return err
	})
	if err != nil {
		w.t.Errorf("load: %v", err)
	}
}

// testOneLiveCallPerNumber: leads of several campaigns and made calls to the same few numbers, all at once.
func testOneLiveCallPerNumber(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	numbers := []string{phoneA, phoneB}
	var pearls []id.ID
	want := 0
	for range 3 {
		pearlID := w.addPearl(func(p *campaign.Pearl) { p.Outbound.MaximumCallAttempts = 1 })
		pearls = append(pearls, pearlID)
		for n := range 4 {
			w.addTo(pearlID, numbers[n%2])
			want++
		}
		if _, err := w.e.MakeCall(w.ctx, w.actor, pearlID, numbers[0], nil, nil); err != nil {
			t.Fatal(err)
		}
		want++
	}
	var live sync.Map
	var made atomic.Int32
	var functions []func()
	for n := range 6 {
		functions = append(functions, func() {
			for turn := n; made.Load() < int32(want); turn++ {
				if turn > manyTurns || t.Failed() {
					t.Errorf("%d calls of %d were made", made.Load(), want)
					return
				}
				works, _, err := w.e.Claim(w.ctx, w.account, pearls[turn%len(pearls)], 5)
				if err != nil {
					t.Errorf("claim: %v", err)
					return
				}
				if len(works) == 0 {
					w.clock.Add(1000 * 1000 * 1000) // those whose number was taken wait for 5 s
				}
				for _, work := range works {
					begun, err := w.e.Begin(w.ctx, work, "")
					if err != nil {
						t.Errorf("begin: %v", err)
						return
					}
					if begun == nil {
						continue
					}
					if other, taken := live.LoadOrStore(begun.Call.To, begun.Call.ID); taken {
						t.Errorf("calls %s and %s to %s are live", other, begun.Call.ID, begun.Call.To)
					}
					made.Add(1)
					live.Delete(begun.Call.To)
					if err := w.e.Finish(w.ctx, begun.Call, engine.Ending{Outcome: call.BusyOutcome, Ended: w.clock.Now()}); err != nil {
						t.Errorf("finish: %v", err)
					}
				}
			}
		})
	}
	race(functions...)
	same(t, "calls", fmt.Sprint(made.Load()), fmt.Sprint(want))
}

// testFinishRacesRescue: the end of a call and the rescue of its node: one is counted, and one end is announced.
func testFinishRacesRescue(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n := range rounds() / 8 {
		leadID := w.add(fictional(n))
		begun := w.talk()
		race(
			func() { w.finish(begun, call.Success) },
			func() {
				if _, _, err := w.e.Rescue(w.ctx, w.e.Node); err != nil {
					t.Error(err)
				}
			},
		)
		c, l := w.call(begun.Call.ID), w.lead(leadID)
		got := fmt.Sprintf("call %d/%d, lead %d attempts %d: %s", c.Status, c.Conversation, l.Status, l.Attempts, w.announcedOf(leadID))
		finished := "call 4/100, lead 100 attempts 1: lead 20, lead 40, call 3/40, lead 100, call 4/100"
		rescued := "call 6/10, lead 10 attempts 1: lead 20, lead 40, call 3/40, lead 10, call 6/10"
		if got != finished && got != rescued {
			t.Errorf("got %s\nwant one of\n%s\n%s", got, finished, rescued)
		}
		w.dropAll()
	}
}

// testConcurrentAddsKeepThePolicy: with duplicatePolicy skip, adds of one number at the same time make one lead.
func testConcurrentAddsKeepThePolicy(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DuplicatePolicy = "skip" })
	ids := make([]id.ID, 20)
	var functions []func()
	for n := range ids {
		functions = append(functions, func() {
			var err error
			if ids[n], err = w.e.AddLead(w.ctx, w.actor, w.pearl, engine.NewLead{Phone: phoneA}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	race(functions...)
	slices.Sort(ids)
	same(t, "ids", fmt.Sprint(len(slices.Compact(ids))), "1")
}
