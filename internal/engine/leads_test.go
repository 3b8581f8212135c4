package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

func (w *world) counts() engine.PearlCounts {
	w.t.Helper()
	counts, err := w.store.PearlCounts(w.ctx, w.pearl, tuesday)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts
}

func testAddLeadsIsAtomic(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, []engine.NewLead{
		{Phone: phoneA}, {Phone: phoneB},
		{Phone: "", CallData: []byte(`3`)},
		{Phone: "abc", Zone: "Local", ExternalID: strings.Repeat("x", 513)},
		{Phone: phoneA, Zone: "Tokyo Standard Time"},
	}, nil)
	if ids != nil {
		t.Errorf("ids of a refused request: %v", ids)
	}
	same(t, "fields", strings.Join(fields(err), " "),
		"Leads[2].PhoneNumber Leads[2].CallData Leads[3].PhoneNumber Leads[3].TimeZoneId Leads[3].ExternalId")
	same(t, "leads stored", fmt.Sprint(w.counts().Leads), "0")
	_, err = w.e.AddLead(w.ctx, w.actor, w.pearl, engine.NewLead{Phone: "+1"}, nil)
	same(t, "fields of a single add", strings.Join(fields(err), " "), "PhoneNumber")
	if ids, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, nil, nil); err != nil || len(ids) != 0 {
		t.Errorf("no leads: %v, %v", ids, err)
	}
	if _, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, make([]engine.NewLead, engine.MaxLeads+1), nil); strings.Join(fields(err), " ") != "Leads" {
		t.Errorf("too many leads: %v", err)
	}
	if _, err = w.e.AddLead(w.ctx, w.actor, "ffffffffffffffffffffffff", engine.NewLead{Phone: phoneA}, nil); missed(err) != "PearlId" {
		t.Errorf("unknown campaign: %v", err)
	}

	w.heard.reset()
	ids, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, []engine.NewLead{
		{Phone: "001 (415) 555-0101", ExternalID: "crm-1", Zone: "TOKYO standard time", CallData: []byte(`{"seats":1.50,"name":"Zoë"}`)}, {Phone: phoneA},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := w.lead(ids[0])
	same(t, "lead", fmt.Sprint(int(l.Status), l.Version, l.Attempts, l.Phone, l.ExternalID, l.ZoneKey, string(l.CallData), l.Due.Equal(l.Created), l.Created.Equal(tuesday)),
		fmt.Sprint(1, 1, 0, phoneA, "crm-1", "Asia/Tokyo", `{"seats":1.50,"name":"Zoë"}`, true, true))
	if w.heard.wakes == 0 || w.heard.notify > 0 || w.announcedOf(ids[0]) != "" {
		t.Error("an add wakes the dialer and announces nothing")
	}
	newest, err := s.LeadByPhone(w.ctx, w.account, w.pearl, phoneA)
	if err != nil || newest.ID != ids[1] {
		t.Errorf("by phone: %s, %v; want the newest", newest.ID, err)
	}
}

func testDuplicatePolicy(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	policy := func(policy string) {
		w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DuplicatePolicy = policy })
	}
	first := w.addLead(w.pearl, engine.NewLead{Phone: phoneA, ExternalID: "crm-1"})
	elsewhere := w.addPearl(nil)
	w.addTo(elsewhere, phoneB) // another campaign is no duplicate
	bulk := []engine.NewLead{
		{Phone: phoneA, CallData: []byte(`{"new":1}`)}, {Phone: phoneB}, {Phone: fictional(3), ExternalID: "crm-1"}, {Phone: phoneB}, {Phone: fictional(4), ExternalID: "crm-4"}, {Phone: fictional(5), ExternalID: "crm-4"},
	}

	policy("reject")
	_, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil)
	same(t, "reject", strings.Join(fields(err), " "), "Leads[0].PhoneNumber Leads[2].ExternalId Leads[3].PhoneNumber Leads[5].ExternalId")
	same(t, "leads after a refusal", fmt.Sprint(w.counts().Leads), "1")
	_, err = w.e.AddLead(w.ctx, w.actor, w.pearl, engine.NewLead{Phone: phoneA}, nil)
	same(t, "reject one", strings.Join(fields(err), " "), "PhoneNumber")

	policy("skip")
	ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ids[0] != first || ids[2] != first || ids[3] != ids[1] || ids[5] != ids[4] || ids[1] == first {
		t.Errorf("skip: ids %v, the first is %s", ids, first)
	}
	same(t, "leads after skip", fmt.Sprint(w.counts().Leads), "3")
	same(t, "the lead that was there is kept as it is", string(w.lead(first).CallData), "")

	policy("allow")
	if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "leads after allow", fmt.Sprint(w.counts().Leads), "9")
}

func testDeleteLeads(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	elsewhere := w.addPearl(nil)
	kept := w.addLead(elsewhere, engine.NewLead{Phone: phoneA, ExternalID: "crm-1"})
	for n := range 3 {
		w.addLead(w.pearl, engine.NewLead{Phone: fictional(n), ExternalID: "crm-1"})
	}
	last := w.addLead(w.pearl, engine.NewLead{Phone: fictional(3)})
	if err := w.e.DeleteLeadsByExternalID(w.ctx, w.actor, w.pearl, []string{"", "crm-2", "crm-1", "crm-1"}); err != nil {
		t.Fatal(err)
	}
	same(t, "leads", fmt.Sprint(w.counts().Leads), "1")
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{kept, "ffffffffffffffffffffffff", "no id", ""}); err != nil {
		t.Fatal(err)
	}
	same(t, "a lead of another campaign", fmt.Sprint(w.leadOf(elsewhere, kept).Status), "New")
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{last, last}); err != nil {
		t.Fatal(err)
	}
	same(t, "leads", fmt.Sprint(w.counts().Leads), "0")
	_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, last, engine.LeadUpdate{Status: ptr(1)})
	same(t, "update of a deleted lead", missed(err), "LeadId")

	many := inputs(100, 450) // of one external id: no transaction takes them all
	for n := range many {
		many[n].ExternalID = "same"
	}
	if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, many, nil); err != nil {
		t.Fatal(err)
	}
	transactions := int64(0)
	counting := w.meddle(func(n int64, run func() error) error { transactions = n; return run() })
	if err := counting.DeleteLeadsByExternalID(w.ctx, w.actor, w.pearl, []string{"none", "same", "other"}); err != nil {
		t.Fatal(err)
	}
	same(t, "leads and transactions", fmt.Sprint(w.counts().Leads, transactions), "0 3")
	if works := w.claim(); len(works) > 0 {
		t.Error("a deleted lead was claimed")
	}
}

func TestCallDataMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	for n, test := range []struct{ target, patch, want string }{
		// RFC 7396, appendix A: those between objects.
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		// Values that are not touched keep their digits and characters.
		{``, `{"a":1.50}`, `{"a":1.50}`},
		{`{"n":1.50e2,"s":"Zo\u00eb","big":12345678901234567890}`, `{"x":true}`, `{"n":1.50e2,"s":"Zo\u00eb","big":12345678901234567890,"x":true}`},
		{`{"a":{"b":1.0}}`, `{"a":{"c":2}}`, `{"a":{"b":1.0,"c":2}}`},
		{`{"a":1}`, `{}`, `{"a":1}`},
		{`{"a":[1]}`, `{"a":{"b":null,"c":1}}`, `{"a":{"c":1}}`},
	} {
		input := engine.NewLead{Phone: fictional(n)}
		if test.target != "" {
			input.CallData = []byte(test.target)
		}
		leadID := w.addLead(w.pearl, input)
		l := w.update(leadID, engine.LeadUpdate{CallDataMerge: []byte(test.patch)})
		same(t, test.target+" + "+test.patch, string(l.CallData), test.want)
	}
}

func testBulkAddWhileOthersWrite(t *testing.T, s engine.Store) { bulkAddWhileOthersWrite(t, s, 2000) }

// TestFiftyThousandLeads adds as many leads as one request may hold.
func TestFiftyThousandLeads(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	bulkAddWhileOthersWrite(t, openSQLite(t), engine.MaxLeads)
}

// bulkAddWhileOthersWrite adds many leads in one go, while single updates go on.
func bulkAddWhileOthersWrite(t *testing.T, s engine.Store, size int) {
	t.Helper()
	w := newWorld(t, s)
	leadID := w.add(phoneA)
	inputs := make([]engine.NewLead, size)
	for n := range inputs {
		inputs[n] = engine.NewLead{Phone: fmt.Sprintf("+1%03d55501%02d", 201+n/100%700, n%100), ExternalID: fmt.Sprintf("crm-%d", n), CallData: []byte(`{"firstName":"Ada"}`)}
	}
	added := make(chan struct{})
	var updates sync.WaitGroup
	var done atomic.Int64
	for range 2 {
		updates.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-added:
					return
				default:
				}
				if _, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{ExternalID: ptr(fmt.Sprintf("single-%d", n))}); err != nil {
					t.Errorf("update during a bulk add: %v", err)
					return
				}
				done.Add(1)
			}
		})
	}
	ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs, nil)
	close(added)
	updates.Wait()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "leads", fmt.Sprint(w.counts().Leads, len(ids)), fmt.Sprint(size+1, size))
	for _, n := range []int{0, 1, size / 2, size - 1} {
		l, err := s.LeadByExternalID(w.ctx, w.account, w.pearl, fmt.Sprintf("crm-%d", n))
		if err != nil || l.ID != ids[n] {
			t.Errorf("lead %d: %s, %v; want %s", n, l.ID, err, ids[n])
		}
	}
	if works := w.claimOf(w.pearl, 50); len(works) != 50 {
		t.Errorf("claimed %d of them", len(works))
	}
	if parts := size / 500; int(done.Load()) < parts/2 {
		t.Errorf("%d updates during an add of %d parts: they had to wait for it", done.Load(), parts)
	}
}

func testDeleteCalls(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.PricePerMinute = 100 })
	leadID := w.add(phoneA)
	first := w.talk()
	w.finishWith(first, engine.Ending{Outcome: call.Success, Ended: w.clock.Now(), Recording: "first.wav"})
	w.update(leadID, engine.LeadUpdate{Status: ptr(1)})
	w.clock.Add(1000 * 1000)
	second := w.talk()
	for _, list := range [][]id.ID{{first.Call.ID, second.Call.ID}, {second.Call.ID, first.Call.ID}} {
		_, err := w.e.DeleteCalls(w.ctx, w.actor, list)
		if got := strings.Join(fields(err), " "); !strings.HasPrefix(got, "CallIds[") {
			t.Errorf("a list with a call in progress: %v", err)
		}
	}
	long := append(append([]id.ID{first.Call.ID}, slices.Repeat([]id.ID{"no id"}, 450)...), second.Call.ID)
	_, err := w.e.DeleteCalls(w.ctx, w.actor, long)
	same(t, "a long list that ends with a call in progress", strings.Join(fields(err), " "), "CallIds[451]")
	w.call(first.Call.ID) // is still there
	w.finish(second, call.Success)
	recordings, err := w.e.DeleteCalls(w.ctx, w.actor, []id.ID{second.Call.ID, "no id"})
	if err != nil || len(recordings) > 0 {
		t.Errorf("recordings %v, %v", recordings, err)
	}
	view, err := w.e.ViewLead(w.ctx, w.account, w.pearl, leadID)
	if err != nil {
		t.Fatal(err)
	}
	if len(view.Calls) != 1 || view.LastCall == nil || view.LastCall.ID != first.Call.ID {
		t.Errorf("calls %v, last %v; want the one before", view.Calls, view.LastCall)
	}
	if recordings, err = w.e.DeleteCalls(w.ctx, w.actor, []id.ID{first.Call.ID, first.Call.ID}); err != nil || strings.Join(recordings, " ") != "first.wav" {
		t.Errorf("recordings %v, %v", recordings, err)
	}
	_, err = s.ReadCall(w.ctx, w.account, first.Call.ID)
	same(t, "a deleted call", missed(err), "CallId")
	pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil || pearl.Spent != 200 {
		t.Errorf("spent %d, %v; the cost of deleted calls stays", pearl.Spent, err)
	}
}

// testHangUp: by a person one call, by a pause all of a campaign, those of deleted leads and made calls too.
func testHangUp(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	ended := map[string]*engine.Begun{"ringing": w.ringTo(fictional(1)), "talking": w.talkTo(fictional(2)), "deleted": w.talkTo(fictional(3))}
	receipt := w.makeCall(fictional(4))
	ended["made"] = w.talk()
	ended["made, ringing"] = w.ringRequest(fictional(5))
	queued := w.add(fictional(6))
	w.claimOne()
	waiting := w.makeCall(fictional(7))
	w.claimOne()
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{ended["deleted"].Call.Lead}); err != nil {
		t.Fatal(err)
	}
	w.heard.reset()
	if _, err := w.e.SetActive(w.ctx, w.actor, w.pearl, false, true); err != nil {
		t.Fatal(err)
	}
	for name, begun := range ended {
		c := w.call(begun.Call.ID)
		want := "person false"
		if !c.Answered.IsZero() {
			want = " true"
		}
		same(t, name, fmt.Sprintf("%s %v", c.Cancel, c.HangUp), want)
	}
	if len(w.heard.stopped) != len(ended) {
		t.Errorf("told to stop %d calls, want %d", len(w.heard.stopped), len(ended))
	}
	toStop, err := w.e.ToStop(w.ctx)
	if err != nil || len(toStop) != len(ended) {
		t.Errorf("the heartbeat finds %d calls to stop, %v; want %d", len(toStop), err, len(ended))
	}
	same(t, "queued lead, claimed request", fmt.Sprintf("%d %s", w.lead(queued).Status, w.state(waiting.ID)), "1 1")
	if r := w.request(waiting.ID); !r.Claim.Zero() {
		t.Error("the request is still claimed")
	}
	for _, begun := range ended {
		w.finish(begun, call.Success)
	}
	same(t, "made call", w.state(receipt.ID), "10")

	w.setActive(w.pearl, true)
	w.dropAll()
	if err := w.e.CancelRequest(w.ctx, w.actor, waiting.ID); err != nil {
		t.Fatal(err)
	}
	single := w.talkTo(fictional(8))
	if err := w.e.HangUpCall(w.ctx, w.actor, single.Call.ID); err != nil {
		t.Fatal(err)
	}
	if c := w.call(single.Call.ID); !c.HangUp || c.Cancel != call.NotCancelled {
		t.Errorf("hung up by a person: %+v", c)
	}
	w.finish(single, call.NotSuccess)
	same(t, "judged like any other", fmt.Sprint(int(w.lead(single.Call.Lead).Status)), "110")
	if err := w.e.HangUpCall(w.ctx, w.actor, single.Call.ID); err != nil {
		t.Errorf("a call that is over: %v", err)
	}
	if c := w.call(single.Call.ID); c.Cancel != call.NotCancelled || c.Outcome != call.NotSuccess {
		t.Errorf("a call that is over was changed: %+v", c)
	}
	same(t, "unknown call", missed(w.e.HangUpCall(w.ctx, w.actor, "ffffffffffffffffffffffff")), "CallId")
}

func (w *world) ringTo(number string) *engine.Begun {
	w.t.Helper()
	w.add(number)
	return w.ring()
}

func (w *world) ringRequest(number string) *engine.Begun {
	w.t.Helper()
	w.makeCall(number)
	return w.ring()
}

func testArchive(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	queued := w.add(phoneA)
	work := w.claimOne()
	if err := w.e.ArchivePearl(w.ctx, w.actor, w.pearl, true); err != nil {
		t.Fatal(err)
	}
	if w.begin(work) != nil || w.lead(queued).Status != 1 || len(w.claim()) > 0 {
		t.Error("an archived campaign calls")
	}
	pearls, err := s.Pearls(w.ctx, w.account)
	if err != nil || len(pearls) > 0 {
		t.Errorf("the list has %d campaigns, %v", len(pearls), err)
	}
	_, err = w.e.SetActive(w.ctx, w.actor, w.pearl, true, false)
	same(t, "run it", strings.Join(fields(err), " "), "validation")
	if err := w.e.ArchivePearl(w.ctx, w.actor, w.pearl, false); err != nil {
		t.Fatal(err)
	}
	if len(w.claim()) > 0 {
		t.Error("a campaign that was brought back is paused")
	}
	w.setActive(w.pearl, true)
	w.ring()
}

// testRunAndPause: what may run, and what the answers are (contract 2.3).
func testRunAndPause(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for _, active := range []bool{true, true, false, false, true} {
		want := campaign.Paused
		if active {
			want = campaign.Running
		}
		if got, err := w.e.SetActive(w.ctx, w.actor, w.pearl, active, false); err != nil || got != want {
			t.Errorf("set active %v: %d, %v", active, got, err)
		}
	}
	w.setActive(w.pearl, false)
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.PhoneNumberID = "" })
	_, err := w.e.SetActive(w.ctx, w.actor, w.pearl, true, false)
	same(t, "without a number", strings.Join(fields(err), " "), "PhoneNumberId")
	for _, activity := range []campaign.Activity{campaign.Suspended, campaign.Maintenance} {
		if err := w.e.SetStatus(w.ctx, w.actor, w.pearl, activity); err != nil {
			t.Fatal(err)
		}
		_, err = w.e.SetActive(w.ctx, w.actor, w.pearl, true, false)
		same(t, "set by the operator", strings.Join(fields(err), " "), "validation")
		if got, err := w.e.SetActive(w.ctx, w.actor, w.pearl, false, false); err != nil || got != activity {
			t.Errorf("pause: %d, %v; want %d", got, err, activity)
		}
	}

	// On hold, what is queued goes back, and only the operator ends it.
	if err := w.e.SetStatus(w.ctx, w.actor, w.pearl, campaign.Paused); err != nil {
		t.Fatal(err)
	}
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.PhoneNumberID = w.number })
	w.setActive(w.pearl, true)
	leadID := w.addLead(w.pearl, engine.NewLead{Phone: phoneA})
	if works := w.claim(); len(works) != 1 {
		t.Fatalf("claimed %v", works)
	}
	if err := w.e.SetStatus(w.ctx, w.actor, w.pearl, campaign.Suspended); err != nil {
		t.Fatal(err)
	}
	same(t, "queued lead of a Pearl on hold", fmt.Sprint(int(w.lead(leadID).Status), len(w.claim())), "1 0")
	if err := w.e.SetStatus(w.ctx, w.actor, w.pearl, campaign.Running); fields(err) == nil {
		t.Errorf("set running by the operator: %v", err)
	}
}
