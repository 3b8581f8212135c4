package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/recording"
)

// finished is the call with everything in place.
func finished(c call.Call) call.Call {
	c.Answered, c.Ended, c.Finished = c.Start.Add(5*time.Second), c.Start.Add(65*time.Second), c.Start.Add(66*time.Second)
	c.Status, c.Outcome, c.Conversation = call.Completed, call.Success, 100
	c.Transcript = []call.Line{{Role: call.Pearl, Content: "Hello \u2013 \"you\"?", Start: 0.25, End: 1.5}}
	c.Collected = []call.Value{{ID: "agrees", Name: "Agrees", Value: true}}
	c.Tags, c.Summary, c.Sentiment = []string{"vip", "a, b"}, "They agreed.", 5
	c.Transferred, c.CallbackPromised, c.Recording, c.Cost, c.Sequence = true, true, "x.wav", 150, 4
	c.RecordingBytes = 1044
	c.TurnLatencyMS = []int{120, 1400}
	c.Answerer = call.Screening
	c.Messages = []call.SIPMessage{{At: c.Start, Sent: true, Line: "INVITE sip:+14155550101@carrier.example SIP/2.0", Method: "INVITE", Detail: "SDP"}}
	c.Evidence = []call.Evidence{{At: 3.2, Source: call.EvidenceWords, Answerer: call.Screening, Weight: 6, Detail: "call screening"}}
	c.Charges = []call.Charge{{Kind: call.ChargeModel, Provider: "p", Model: "m", InputTokens: 1200, OutputTokens: 40, Cost: 0.0125}}
	c.Acts = []call.Act{{Name: "sms_1", Kind: call.ActSMS, State: call.ActDone}, {Number: 1, Name: "tell", Kind: call.ActRequest, State: call.ActPending, Tries: 2, Error: "it answered 500"}}
	c.Analysis = call.Analysis{State: call.AnalysisFailed, Tries: 6, Error: "m: limited (429)", At: c.Start.Add(time.Hour)}
	return c
}

func testCalls(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	l := w.newLead()
	w.addLeads(t, l)
	first := w.newCall(l)
	w.update(t, func(tx engine.Tx) error {
		if err := tx.InsertCall(first); err != nil {
			return err
		}
		ids, err := tx.LeadCallIDs(l.ID)
		same(t, "calls of the lead within the transaction", ids, []id.ID{first.ID})
		return err
	})
	same(t, "call in progress", must[call.Call](t)(store.ReadCall(t.Context(), w.account.ID, first.ID)), first)
	_, err := store.ReadCall(t.Context(), noID, first.ID)
	missing(t, err, "CallId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { _, err := tx.Call(w.account.ID, noID); return err }), "CallId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveCall(call.Call{ID: noID}) }), "CallId")
	same(t, "unfinished calls of the node", must[[]call.Call](t)(store.UnfinishedCalls(t.Context(), "node-1")), []call.Call{first})
	if others := must[[]call.Call](t)(store.UnfinishedCalls(t.Context(), "node-2")); len(others) != 0 {
		t.Errorf("unfinished calls of another node: %v", others)
	}

	for _, change := range []func(c *call.Call){
		func(c *call.Call) { c.Sequence = 1 },
		func(c *call.Call) { c.Answered, c.HangUp = Noon.Add(time.Second), true },
		func(c *call.Call) { c.Cancel, c.HangUp = call.ByStop, false },
		func(c *call.Call) { *c = finished(*c) },
	} {
		change(&first)
		w.update(t, func(tx engine.Tx) error {
			if _, err := tx.Call(w.account.ID, first.ID); err != nil {
				return err
			}
			return tx.SaveCall(first)
		})
		same(t, "call", must[call.Call](t)(store.ReadCall(t.Context(), w.account.ID, first.ID)), first)
		var stop []call.Call
		if first.Finished.IsZero() && (first.HangUp || first.Cancel != call.NotCancelled) {
			stop = []call.Call{first}
		}
		same(t, "calls to stop", must[[]call.Call](t)(store.CallsToStop(t.Context(), "node-1")), stop)
	}
	if left := must[[]call.Call](t)(store.UnfinishedCalls(t.Context(), "")); len(left) != 0 {
		t.Errorf("unfinished calls: %v", left)
	}

	w.recordingOf(t, first)
	second := w.newCall(l)
	second.Start = Noon.Add(time.Hour)
	made := w.newCall(lead.Lead{Phone: w.phone()}) // a made call has no lead
	w.update(t, func(tx engine.Tx) error { return errors.Join(tx.InsertCall(second), tx.InsertCall(made)) })
	ids, last, err := store.LeadCalls(t.Context(), l.ID)
	if err != nil || last == nil {
		t.Fatalf("calls of lead: %v %v", last, err)
	}
	same(t, "calls of the lead", ids, []id.ID{first.ID, second.ID})
	same(t, "its newest call", *last, second)
	record := must[engine.LeadRecord](t)(store.ReadLeadRecord(t.Context(), w.account.ID, w.pearl.ID, l.ID))
	same(t, "calls of its record", record.Calls, ids)
	same(t, "newest call of its record", record.Last, last)
	for name, callID := range map[string]id.ID{"a call without one": second.ID, "no call": noID} {
		if file, err := store.RecordingOf(t.Context(), callID, recording.Holder{}); !fault.Is(err, fault.NotFound) {
			t.Errorf("recording of %s: %q %v", name, file, err)
		}
	}
	w.update(t, func(tx engine.Tx) error { return tx.DeleteCall(second.ID) })
	ids, last, err = store.LeadCalls(t.Context(), l.ID)
	if err != nil || last == nil || last.ID != first.ID || len(ids) != 1 {
		t.Errorf("calls after a delete: %v %v %v", ids, last, err)
	}
	if ids, last, err = store.LeadCalls(t.Context(), noID); err != nil || len(ids) != 0 || last != nil {
		t.Errorf("calls of nobody: %v %v %v", ids, last, err)
	}
}

func testLiveNumber(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	l := w.newLead()
	first := w.newCall(l)
	w.update(t, func(tx engine.Tx) error { return tx.InsertCall(first) })
	isLive := func(accountID id.ID) (live bool) {
		w.update(t, func(tx engine.Tx) (err error) {
			live, _, err = tx.NumberTaken(accountID, l.Phone, Noon)
			return err
		})
		return live
	}
	if !isLive(w.account.ID) || isLive(noID) {
		t.Error("the number is live in its account only")
	}
	held := func(accountID id.ID, now time.Time) (until time.Time) {
		w.update(t, func(tx engine.Tx) (err error) {
			_, until, err = tx.NumberTaken(accountID, l.Phone, now)
			return err
		})
		return until
	}
	same(t, "held", held(w.account.ID, Noon), time.Time{})
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.HoldNumber(w.account.ID, l.Phone, Noon, Noon.Add(time.Minute)), tx.HoldNumber(w.account.ID, l.Phone, Noon, Noon.Add(time.Second)))
	})
	same(t, "held until", held(w.account.ID, Noon.Add(time.Minute-1)), Noon.Add(time.Minute))
	same(t, "held by another account", held(noID, Noon), time.Time{})
	same(t, "held when it is over", held(w.account.ID, Noon.Add(time.Minute)), time.Time{})
	second := w.newCall(l)
	err := store.Update(t.Context(), func(tx engine.Tx) error {
		if err := tx.AddSpent(w.pearl.ID, 1000); err != nil {
			return err
		}
		if err := tx.InsertCall(second); err != nil {
			return fmt.Errorf("insert call: %w", err)
		}
		return nil
	})
	if !errors.Is(err, engine.ErrNumberTaken) {
		t.Fatalf("second call to a live number: %v", err)
	}
	if spent := must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID)).Spent; spent != w.pearl.Spent {
		t.Errorf("spent %d: the failed transaction left something", spent)
	}
	// The same call id is not the same thing as a live number.
	twice := first
	twice.To = string(w.phone())
	if err := store.Update(t.Context(), func(tx engine.Tx) error { return tx.InsertCall(twice) }); err == nil || errors.Is(err, engine.ErrNumberTaken) {
		t.Errorf("a call id twice: %v", err)
	}
	// Ended on the wire is enough, also before everything of the call is in place.
	first.Ended = Noon.Add(time.Second)
	w.update(t, func(tx engine.Tx) error { return tx.SaveCall(first) })
	if isLive(w.account.ID) {
		t.Error("the number is free once the call has ended")
	}
	w.update(t, func(tx engine.Tx) error { return tx.InsertCall(second) })
}

func testCallSearch(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	var calls []call.Call
	for n := range 30 {
		c := w.newCall(w.newLead())
		c.Start = Noon.Add(time.Duration(n/4) * time.Minute)
		c.Name = fmt.Sprintf("Renée %02d", n%5)
		c = finished(c)
		c.Ended = c.Answered.Add(time.Duration(n%6) * time.Second)
		c.Conversation = []int{100, 110, 10}[n%3]
		c.Version = int64(n % 5)
		c.Tags = [][]string{nil, {"vip"}, {"vip2", "vip,x"}}[n%3]
		c.Cost, c.TurnLatencyMS = int64(n%7), [][]int{nil, {900, 300, 500, 400}, {120}}[n%3]
		calls = append(calls, c)
	}
	w.update(t, func(tx engine.Tx) error {
		for _, c := range calls {
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		return nil
	})
	all := engine.CallFilter{From: Noon, To: Noon.Add(time.Hour)}
	keys := map[string]func(c call.Call) string{
		"":                   func(c call.Call) string { return c.Start.Format(time.RFC3339) },
		"startTime":          func(c call.Call) string { return c.Start.Format(time.RFC3339) },
		"duration":           func(c call.Call) string { return fmt.Sprintf("%05d", c.Duration()) },
		"status":             func(call.Call) string { return "" },
		"conversationStatus": func(c call.Call) string { return fmt.Sprintf("%05d", c.Conversation) },
		"from":               func(c call.Call) string { return c.From },
		"to":                 func(c call.Call) string { return c.To },
		"name":               func(c call.Call) string { return c.Name },
		"id":                 func(call.Call) string { return "" },
		"cost":               func(c call.Call) string { return fmt.Sprintf("%05d", c.Cost) },
		"latencyMs":          func(c call.Call) string { return map[int]string{0: "", 1: "120", 4: "400"}[len(c.TurnLatencyMS)] },
	}
	for sort, of := range keys {
		for _, ascending := range []bool{true, false} {
			sorted := slices.Clone(calls)
			slices.SortFunc(sorted, func(a, b call.Call) int {
				order := slices.Compare([]string{of(a), string(a.ID)}, []string{of(b), string(b.ID)})
				if !ascending {
					return -order
				}
				return order
			})
			var got []id.ID
			for skip := 0; skip < 35; skip += 7 {
				count, rows, err := store.SearchCalls(t.Context(), w.account.ID, w.pearl.ID, all, engine.Page{Skip: skip, Limit: 7, Sort: sort, Ascending: ascending})
				if err != nil || count != len(calls) {
					t.Fatalf("sorted by %q: %d %v", sort, count, err)
				}
				for _, c := range rows {
					got = append(got, c.ID)
				}
			}
			want := make([]id.ID, len(sorted))
			for n, c := range sorted {
				want[n] = c.ID
			}
			same(t, fmt.Sprintf("sorted by %q, ascending %v", sort, ascending), got, want)
		}
	}
	for name, search := range map[string]struct {
		change func(f *engine.CallFilter)
		want   int
	}{
		"both ends are inside": {func(f *engine.CallFilter) { f.From, f.To = Noon.Add(time.Minute), Noon.Add(2*time.Minute) }, 8},
		"conversations":        {func(f *engine.CallFilter) { f.Conversations = []int{10, 110} }, 20},
		"versions":             {func(f *engine.CallFilter) { f.Versions = []int{3, 1, 7} }, 12},
		"whole tags":           {func(f *engine.CallFilter) { f.Tags = []string{"vip"} }, 10},
		"any of the tags":      {func(f *engine.CallFilter) { f.Tags = []string{"vip", "vip,x", "none"} }, 20},
		"tags and text":        {func(f *engine.CallFilter) { f.Tags, f.Search = []string{"vip"}, "RENÉE 01" }, 2},
		"text without accents": {func(f *engine.CallFilter) { f.Tags, f.Search = []string{"vip"}, "renee 01" }, 2},
		"text in to":           {func(f *engine.CallFilter) { f.Search = calls[3].To[3:] }, 1},
		"text in from":         {func(f *engine.CallFilter) { f.Search = "415 555-0100" }, 30},
		"text in nothing":      {func(f *engine.CallFilter) { f.Search = "zzz" }, 0},
	} {
		filter := all
		search.change(&filter)
		count, rows, err := store.SearchCalls(t.Context(), w.account.ID, w.pearl.ID, filter, engine.Page{Limit: 100})
		if err != nil || count != search.want || len(rows) != search.want {
			t.Errorf("%s: count %d, %d rows, %v, want %d", name, count, len(rows), err, search.want)
		}
	}
	heavy := all
	heavy.Heavy = true
	_, rows, err := store.SearchCalls(t.Context(), w.account.ID, w.pearl.ID, heavy, engine.Page{Limit: 1, Ascending: true})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a row with everything", rows, calls[:1])
	if _, _, err := store.SearchCalls(t.Context(), w.account.ID, w.pearl.ID, all, engine.Page{Limit: 1, Sort: "colour"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown column: %v", err)
	}
	if count, _, err := store.SearchCalls(t.Context(), noID, w.pearl.ID, all, engine.Page{Limit: 1}); err != nil || count != 0 {
		t.Errorf("calls of another account: %d %v", count, err)
	}
}

func testLoad(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	trunk := account.Trunk{Trunk: call.Trunk{ID: w.id()}, Account: w.account.ID, Created: Noon}
	overTrunk := account.Number{ID: w.id(), Account: w.account.ID, Trunk: trunk.ID, Created: Noon}
	other := w.newPearl(w.account.ID)
	other.Outbound.PhoneNumberID = overTrunk.ID
	inQueue, air := w.newLead(), w.newLead()
	inQueue.Status, inQueue.Due = lead.InCallQueue, time.Time{}
	air.Status, air.Due, air.Call = lead.OnCall, time.Time{}, w.id()
	otherQueue := w.newLead()
	otherQueue.Campaign, otherQueue.Status = other.ID, lead.InCallQueue
	ringing, answered, ended := w.newCall(air), w.newCall(w.newLead()), w.newCall(w.newLead())
	answered.Answered, answered.Trunk = Noon.Add(time.Second), trunk.ID
	ended.Ended = Noon
	claimed := engine.Request{ID: w.id(), Account: w.account.ID, Pearl: other.ID, To: w.phone(), Status: engine.RequestQueued, Created: Noon, Claim: w.id(), Node: "node-1"}
	waiting := claimed
	waiting.ID, waiting.Claim = w.id(), ""
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.InsertTrunk(trunk), tx.InsertNumber(overTrunk), tx.InsertPearl(other), tx.InsertLeads([]lead.Lead{inQueue, air, otherQueue}),
			tx.InsertCall(ringing), tx.InsertCall(answered), tx.InsertCall(ended), tx.InsertRequest(claimed), tx.InsertRequest(waiting))
	})
	load := func(pearlID, trunkID id.ID) (found engine.Load) {
		w.update(t, func(tx engine.Tx) (err error) {
			found, err = tx.Load(w.account.ID, pearlID, trunkID)
			slices.SortFunc(found.Running, func(a, b engine.RunningCall) int { return a.Answered.Compare(b.Answered) })
			return err
		})
		return found
	}
	same(t, "load over the sandbox carrier", load(w.pearl.ID, ""), engine.Load{
		Pearl: 3, Account: 5, Trunk: 2, Running: []engine.RunningCall{{}, {Answered: answered.Answered}},
	})
	same(t, "load over the trunk", load(other.ID, trunk.ID), engine.Load{Pearl: 2, Account: 5, Trunk: 3})
}

func testRequests(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	var requests []engine.Request
	for n := range 4 {
		requests = append(requests, engine.Request{
			ID: w.id(), Account: w.account.ID, Pearl: w.pearl.ID, To: w.phone(), CallData: json.RawMessage(`{"n":1}`), Status: engine.RequestQueued,
			Created: Noon.Add(time.Duration(n) * time.Minute), Expires: Noon.Add(time.Hour), Trace: fmt.Sprintf("%032x", n), Key: w.id(),
		})
	}
	requests[2].Created = requests[1].Created // a tie
	w.update(t, func(tx engine.Tx) error {
		for _, r := range requests {
			if err := tx.InsertRequest(r); err != nil {
				return err
			}
		}
		return nil
	})
	same(t, "request", must[engine.Request](t)(store.ReadRequest(t.Context(), w.account.ID, requests[0].ID)), requests[0])
	_, err := store.ReadRequest(t.Context(), noID, requests[0].ID)
	missing(t, err, "CallRequestId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { _, err := tx.Request(w.account.ID, noID); return err }), "CallRequestId")
	if ahead := must[int](t)(store.RequestsAhead(t.Context(), requests[2])); ahead != 2 {
		t.Errorf("%d requests ahead, want 2", ahead)
	}

	claimed := requests[0]
	claimed.Claim, claimed.Node, claimed.Due = w.id(), "node-1", Noon.Add(5*time.Second)
	over := requests[3]
	over.Status, over.Errors, over.Call = engine.RequestError, []string{"expired"}, w.id()
	w.update(t, func(tx engine.Tx) error {
		if read, err := tx.Request(w.account.ID, claimed.ID); err != nil || read.ID != claimed.ID {
			t.Errorf("request in transaction: %v %v", read, err)
		}
		if err := errors.Join(tx.SaveRequest(claimed), tx.SaveRequest(over)); err != nil {
			return err
		}
		same(t, "due requests", must[[]engine.Request](t)(tx.DueRequests(w.pearl.ID, Noon, 10)), requests[1:3])
		same(t, "one due request", must[[]engine.Request](t)(tx.DueRequests(w.pearl.ID, Noon, 1)), requests[1:2])
		same(t, "held requests", must[[]engine.Request](t)(tx.HeldRequests(w.account.ID)), []engine.Request{claimed})
		expired := func(now time.Time, limit int) []engine.Request {
			return must[[]engine.Request](t)(tx.ExpiredRequests(w.account.ID, now, limit))
		}
		same(t, "expired a moment before", len(expired(Noon.Add(time.Hour-time.Millisecond), 10)), 0)
		same(t, "expired", expired(Noon.Add(time.Hour), 10), requests[1:3])
		same(t, "one expired", expired(Noon.Add(time.Hour), 1), requests[1:2])
		return nil
	})
	times := func(now time.Time) []time.Time {
		return must[[]time.Time](t)(store.DueRequestTimes(t.Context(), w.pearl.ID, now))
	}
	same(t, "due at once", times(Noon), []time.Time{{}})
	same(t, "waiting numbers", must[[]engine.WaitingNumber](t)(store.WaitingNumbers(t.Context(), w.account.ID)), []engine.WaitingNumber{
		{Request: claimed.ID, To: claimed.To}, {Request: requests[1].ID, To: requests[1].To}, {Request: requests[2].ID, To: requests[2].To},
	})
	same(t, "open requests", must[int](t)(store.OpenRequests(t.Context(), w.account.ID)), 3)
	same(t, "next expiry", must[time.Time](t)(store.NextExpiry(t.Context(), w.account.ID)), Noon.Add(time.Hour))
	same(t, "next expiry where none waits", must[time.Time](t)(store.NextExpiry(t.Context(), noID)), time.Time{})
	putOff := requests[2]
	putOff.Due = Noon.Add(time.Minute)
	w.update(t, func(tx engine.Tx) error { return tx.SaveRequest(putOff) })
	same(t, "due at once, and later", times(Noon), []time.Time{{}, putOff.Due})
	w.update(t, func(tx engine.Tx) error {
		same(t, "due before it", must[[]engine.Request](t)(tx.DueRequests(w.pearl.ID, putOff.Due.Add(-time.Millisecond), 10)), requests[1:2])
		same(t, "due with it", must[[]engine.Request](t)(tx.DueRequests(w.pearl.ID, putOff.Due, 10)), []engine.Request{putOff, requests[1]})
		same(t, "one of each", must[[]engine.Request](t)(tx.DueRequests(w.pearl.ID, putOff.Due, 1)), []engine.Request{putOff, requests[1]})
		return tx.SaveRequest(requests[2])
	})
	same(t, "claims", must[[]engine.HeldClaim](t)(store.HeldClaims(t.Context(), "node-1")),
		[]engine.HeldClaim{{Account: w.account.ID, Pearl: w.pearl.ID, Request: claimed.ID, Claim: claimed.Claim, Node: "node-1"}})
	count, rows, err := store.SearchRequests(t.Context(), w.account.ID, w.pearl.ID, time.Time{}, time.Time{}, engine.Page{Limit: 3})
	if err != nil || count != 4 {
		t.Fatalf("search: %d %v", count, err)
	}
	same(t, "requests, newest first", rows, []engine.Request{over, requests[2], requests[1]})
	count, rows, err = store.SearchRequests(t.Context(), w.account.ID, w.pearl.ID, Noon, Noon.Add(time.Minute), engine.Page{Limit: 10, Sort: "status", Ascending: true})
	if err != nil || count != 3 {
		t.Fatalf("search by time: %d %v", count, err)
	}
	same(t, "requests by status", rows, []engine.Request{claimed, requests[1], requests[2]})
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveRequest(engine.Request{ID: noID}) }), "CallRequestId")
}

// recordingOf: a recording is reached while its call, its account and the key that asks for it are there, and none is suspended.
func (w *world) recordingOf(t *testing.T, c call.Call) {
	t.Helper()
	foreign := account.Account{ID: w.id(), Name: "Foreign", Standing: account.FullAccess, Created: Noon}
	key := account.Key{ID: w.id(), Account: c.Account, Name: "links", Scope: account.ScopeRead, Hash: []byte("of the account"), Created: Noon}
	other := account.Key{ID: w.id(), Account: foreign.ID, Name: "links", Scope: account.ScopeFull, Hash: []byte("of another"), Created: Noon}
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.InsertAccount(foreign), tx.InsertKey(key), tx.InsertKey(other))
	})
	gone := func(what string, holder recording.Holder) {
		t.Helper()
		if file, err := w.store.RecordingOf(t.Context(), c.ID, holder); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: recording %q, %v", what, file, err)
		}
	}
	if bytes, err := w.store.Recorded(t.Context(), w.account.ID); err != nil || bytes < c.RecordingBytes || c.RecordingBytes == 0 {
		t.Errorf("recordings of the account take %d bytes, %v", bytes, err)
	}
	same(t, "its recording, whosever it is", must[string](t)(w.store.RecordingOf(t.Context(), c.ID, recording.Holder{})), c.Recording)
	same(t, "by a key", must[string](t)(w.store.RecordingOf(t.Context(), c.ID, recording.Holder{Key: key.ID})), c.Recording)
	gone("a key of another account", recording.Holder{Key: other.ID})
	w.update(t, func(tx engine.Tx) error { return tx.DeleteKey(c.Account, key.ID) })
	gone("a key that was deleted", recording.Holder{Key: key.ID})
	person := account.User{ID: w.id(), Account: c.Account, Email: "links@example.com", Role: account.Viewer, Created: Noon, Sessions: 3, SignedInFrom: "192.0.2.7"}
	stranger := account.User{ID: w.id(), Account: foreign.ID, Email: "links@example.com", Role: account.Viewer, Created: Noon, Sessions: 3}
	w.update(t, func(tx engine.Tx) error { return errors.Join(tx.InsertUser(person), tx.InsertUser(stranger)) })
	same(t, "by a person", must[string](t)(w.store.RecordingOf(t.Context(), c.ID, recording.Holder{Person: person.ID, Sessions: 3})), c.Recording)
	gone("a person whose sessions ended", recording.Holder{Person: person.ID, Sessions: 2})
	gone("a person of another account", recording.Holder{Person: stranger.ID, Sessions: 3})
	w.update(t, func(tx engine.Tx) error { return tx.DeleteUser(c.Account, person.ID) })
	gone("a person who was removed", recording.Holder{Person: person.ID, Sessions: 3})
	stand := func(standing account.Standing) {
		w.update(t, func(tx engine.Tx) error {
			owner, err := tx.Account(c.Account, engine.Exclusive)
			if err != nil {
				return err
			}
			owner.Standing = standing
			return tx.SaveAccount(owner)
		})
	}
	stand(account.Suspended)
	gone("a suspended account", recording.Holder{})
	stand(account.FullAccess)
	same(t, "an account that is no longer suspended", must[string](t)(w.store.RecordingOf(t.Context(), c.ID, recording.Holder{})), c.Recording)
}
