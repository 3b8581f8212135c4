package storetest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

func (w *world) readLead(t *testing.T, leadID id.ID) lead.Lead {
	t.Helper()
	return must[lead.Lead](t)(w.store.ReadLead(t.Context(), w.account.ID, w.pearl.ID, leadID))
}

func testLeads(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	before := w.newLead()
	before.ExternalID, before.Zone, before.ZoneKey = "evt1:guest7 ü/\\'\"", "Pacific Standard Time", "America/Los_Angeles"
	w.addLeads(t, before)
	same(t, "lead", w.readLead(t, before.ID), before)

	_, err := store.ReadLead(t.Context(), w.account.ID, noID, before.ID)
	missing(t, err, "LeadId")
	_, err = store.ReadLead(t.Context(), noID, w.pearl.ID, before.ID)
	missing(t, err, "LeadId")
	record := must[engine.LeadRecord](t)(store.ReadLeadRecord(t.Context(), w.account.ID, w.pearl.ID, before.ID))
	same(t, "record", record, engine.LeadRecord{Lead: before, Pearl: must[campaign.Pearl](t)(store.ReadPearl(t.Context(), w.account.ID, w.pearl.ID))})
	_, err = store.ReadLeadRecord(t.Context(), w.account.ID, noID, before.ID)
	missing(t, err, "LeadId")
	_, err = store.ReadLeadRecord(t.Context(), noID, w.pearl.ID, before.ID)
	missing(t, err, "LeadId")
	missing(t, store.Update(t.Context(), func(tx engine.Tx) error { _, err := tx.Lead(w.account.ID, w.pearl.ID, noID); return err }), "LeadId")

	// Every member changes, one at a time and then back, so that none is forgotten by a write of what differs.
	current := before
	for name, change := range map[string]func(l *lead.Lead){
		"phone":     func(l *lead.Lead) { l.Phone = w.phone() },
		"external":  func(l *lead.Lead) { l.ExternalID = "other" },
		"zone":      func(l *lead.Lead) { l.Zone, l.ZoneKey = "Europe/Rome", "Europe/Rome" },
		"data":      func(l *lead.Lead) { l.CallData = json.RawMessage(`{"a":[1,{"b":null}]}`) },
		"no data":   func(l *lead.Lead) { l.CallData = nil },
		"collected": func(l *lead.Lead) { l.Collected = json.RawMessage(`{"agrees":true}`) },
		"status":    func(l *lead.Lead) { l.Status = lead.OnCall },
		"attempts":  func(l *lead.Lead) { l.Attempts = 3 },
		"due":       func(l *lead.Lead) { l.Due = time.Time{} },
		"rest":      func(l *lead.Lead) { l.Rest = lead.Rest{After: call.BusyOutcome, Attempt: 2} },
		"promised":  func(l *lead.Lead) { l.Promised = true },
		"claim":     func(l *lead.Lead) { l.Claim, l.Node = w.id(), "node-2" },
		"call":      func(l *lead.Lead) { l.Call = w.id() },
		"sequence":  func(l *lead.Lead) { l.Sequence = 1 << 40 },
		"state": func(l *lead.Lead) {
			l.State = lead.State{Spent: map[call.Outcome]int{call.RangOut: 2}, Granted: true, From: lead.NeedRetry, FromDue: Noon}
		},
	} {
		for _, change := range []func(l *lead.Lead){change, func(l *lead.Lead) { version := l.Version; *l = before; l.Version = version }} {
			next := current
			change(&next)
			next.Version = current.Version + 1
			w.update(t, func(tx engine.Tx) error {
				read, err := tx.Lead(w.account.ID, w.pearl.ID, before.ID)
				if err != nil {
					return err
				}
				return tx.SaveLead(read, next)
			})
			same(t, "lead after a change of "+name, w.readLead(t, before.ID), next)
			current = next
		}
	}

	stale := before
	stale.Status = lead.Completed
	for range 2 {
		if err := store.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveLead(before, stale) }); !errors.Is(err, engine.ErrStale) {
			t.Errorf("save over a newer version: %v, want stale", err)
		}
	}
	same(t, "lead after a stale save", w.readLead(t, before.ID), current)

	w.update(t, func(tx engine.Tx) error {
		if err := tx.AddHistory(engine.History{Lead: before.ID, At: Noon, Kind: "edited"}); err != nil {
			return err
		}
		return errors.Join(tx.DeleteLead(before.ID), tx.DeleteLead(noID))
	})
	_, err = store.ReadLead(t.Context(), w.account.ID, w.pearl.ID, before.ID)
	missing(t, err, "LeadId")
	if left := must[[]engine.History](t)(store.LeadHistory(t.Context(), before.ID)); len(left) != 0 {
		t.Errorf("history of a deleted lead: %v", left)
	}
}

func testLeadLookups(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	older, newer, other := w.newLead(), w.newLead(), w.newLead()
	older.ExternalID, newer.ExternalID = "Guest", "Guest"
	newer.Phone = older.Phone
	newer.Created = Noon.Add(time.Minute)
	other.ExternalID = "guest" // case matters
	w.addLeads(t, newer, older, other)
	same(t, "by external id", must[lead.Lead](t)(store.LeadByExternalID(t.Context(), w.account.ID, w.pearl.ID, "Guest")), newer)
	same(t, "by phone", must[lead.Lead](t)(store.LeadByPhone(t.Context(), w.account.ID, w.pearl.ID, older.Phone)), newer)
	w.update(t, func(tx engine.Tx) error {
		same(t, "all by external id", must[[]lead.Lead](t)(tx.LeadsByExternalID(w.account.ID, w.pearl.ID, "Guest", 9)), []lead.Lead{newer, older})
		same(t, "the newest by external id", must[[]lead.Lead](t)(tx.LeadsByExternalID(w.account.ID, w.pearl.ID, "Guest", 1)), []lead.Lead{newer})
		same(t, "all by phone", must[[]lead.Lead](t)(tx.LeadsByPhone(w.account.ID, w.pearl.ID, older.Phone, 9)), []lead.Lead{newer, older})
		return nil
	})
	_, err := store.LeadByExternalID(t.Context(), w.account.ID, w.pearl.ID, "nobody")
	missing(t, err, "ExternalId")
	_, err = store.LeadByExternalID(t.Context(), w.account.ID, w.pearl.ID, "")
	missing(t, err, "ExternalId")
	_, err = store.LeadByPhone(t.Context(), noID, w.pearl.ID, older.Phone)
	missing(t, err, "PhoneNumber")
}

func testLeadSearch(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	statuses := []lead.Status{lead.New, lead.NeedRetry, lead.Success}
	var leads []lead.Lead
	for n := range 60 {
		l := w.newLead()
		l.Status = statuses[n%3]
		l.Created = Noon.Add(time.Duration(n/10) * time.Second) // many ties
		l.ExternalID = fmt.Sprintf("ext-%d", n/7)
		l.Attempts, l.ZoneKey = n%4, []string{"", "Europe/Rome"}[n%2]
		l.CallData = json.RawMessage(fmt.Sprintf(`{"Key%d":"Straße \u00c9t\u00e9 %d","deep":[{"x":"ÑANDÚ-%d"}],"yes":true,"n":%d.50}`, n, n, n, n))
		leads = append(leads, l)
	}
	w.addLeads(t, leads...)

	search := func(filter engine.LeadFilter, page engine.Page) (int, []lead.Lead) {
		t.Helper()
		count, rows, err := store.SearchLeads(t.Context(), w.account.ID, w.pearl.ID, filter, page)
		if err != nil {
			t.Fatalf("search %+v %+v: %v", filter, page, err)
		}
		return count, rows
	}
	key := map[string]func(l lead.Lead) string{
		"":            func(l lead.Lead) string { return l.Created.Format(time.RFC3339Nano) },
		"created":     func(l lead.Lead) string { return l.Created.Format(time.RFC3339Nano) },
		"phoneNumber": func(l lead.Lead) string { return string(l.Phone) },
		"externalId":  func(l lead.Lead) string { return l.ExternalID },
		"status":      func(l lead.Lead) string { return fmt.Sprintf("%03d", l.Status) },
		"ID":          func(lead.Lead) string { return "" },
	}
	for sort, of := range key {
		for _, ascending := range []bool{true, false} {
			for _, filter := range []engine.LeadFilter{
				{}, {Statuses: []int{10}}, {Statuses: []int{1, 100, 999}}, {Attempts: []int{1, 2}}, {Zones: []string{""}}, {Statuses: []int{1}, Attempts: []int{0, 3}, Zones: []string{"", "Europe/Rome"}},
				{Statuses: []int{100, 1, 1}, Attempts: []int{1}, Zones: []string{"Europe/Rome"}}, {Statuses: []int{10, 100}, Attempts: []int{2}, Search: "ext"},
			} {
				var want []id.ID
				kept := slices.DeleteFunc(slices.Clone(leads), func(l lead.Lead) bool {
					return len(filter.Statuses) > 0 && !slices.Contains(filter.Statuses, int(l.Status)) || len(filter.Attempts) > 0 && !slices.Contains(filter.Attempts, l.Attempts) ||
						len(filter.Zones) > 0 && !slices.Contains(filter.Zones, l.ZoneKey)
				})
				slices.SortFunc(kept, func(a, b lead.Lead) int {
					order := slices.Compare([]string{of(a), string(a.ID)}, []string{of(b), string(b.ID)})
					if !ascending {
						return -order
					}
					return order
				})
				want = leadIDs(kept)
				var got []id.ID
				for skip := 0; skip < len(leads)+7; skip += 7 {
					count, rows := search(filter, engine.Page{Skip: skip, Limit: 7, Sort: sort, Ascending: ascending})
					if count != len(want) {
						t.Fatalf("sorted by %q: count %d, want %d", sort, count, len(want))
					}
					got = append(got, leadIDs(rows)...)
				}
				same(t, fmt.Sprintf("sorted by %q, ascending %v, %+v", sort, ascending, filter), got, want)
			}
		}
	}
	for text, want := range map[string]int{
		"ext-8": 4, "EXT-8": 4, "ñandú-1": 11, "été 59": 1, "ete 59": 1, "NANDU-1": 11, "n\u0303andu\u0301-1": 11, "STRASSE": 60, "straße ÉTÉ 7": 1, "strasse e\u0301te 7": 1, "Key": 0, "true": 60, "7.50": 6, "%": 0, "_": 0, "\\": 0,
		string(leads[7].Phone): 1, string(leads[7].Phone)[4:]: 1, "(" + string(leads[7].Phone)[2:5] + ") 555-01": 60, "nothing like it": 0,
	} {
		if count, rows := search(engine.LeadFilter{Search: text}, engine.Page{Limit: 100}); count != want || len(rows) != want {
			t.Errorf("search for %q: count %d, %d rows, want %d", text, count, len(rows), want)
		}
	}
	if count, _ := search(engine.LeadFilter{Search: "no such text", Number: leads[7].Phone}, engine.Page{Limit: 100}); count != 1 {
		t.Errorf("search for a national number: count %d", count)
	}
	if count, rows := search(engine.LeadFilter{Search: "ext-8", Statuses: []int{1}}, engine.Page{Limit: 100}); count != len(rows) || count >= 4 || count == 0 {
		t.Errorf("search by text and status: count %d, %d rows", count, len(rows))
	}
	if count, rows := search(engine.LeadFilter{}, engine.Page{Skip: 1000, Limit: 5}); count != 60 || len(rows) != 0 {
		t.Errorf("skip past the end: count %d, %d rows", count, len(rows))
	}
	if _, _, err := store.SearchLeads(t.Context(), w.account.ID, w.pearl.ID, engine.LeadFilter{}, engine.Page{Limit: 1, Sort: "phone"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown column: %v", err)
	}
	if count, rows, err := store.SearchLeads(t.Context(), noID, w.pearl.ID, engine.LeadFilter{}, engine.Page{Limit: 5}); err != nil || count != 0 || len(rows) != 0 {
		t.Errorf("search of another account: %d, %d rows, %v", count, len(rows), err)
	}
}

// testLeadFinding finds leads of all campaigns of an account, and of no other.
func testLeadFinding(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	second, foreign := w.newPearl(w.account.ID), account.Account{ID: w.id(), Name: "Foreign", Standing: account.FullAccess, Created: Noon}
	theirs := w.newPearl(foreign.ID)
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.InsertPearl(second), tx.InsertAccount(foreign), tx.InsertPearl(theirs))
	})
	named := map[string]id.ID{}
	var leads []lead.Lead
	for _, one := range []struct {
		name, externalID string
		number           phone.Number
		pearl            campaign.Pearl
	}{
		{"a", "crm-1", "+14155550101", w.pearl}, {"b", "crm-1", "+14155550101", second}, {"c", "crm-10", "+14155550110", second}, {"d", "CRM-1", "+14155550111", w.pearl},
		{"e", "", "+12025550101", w.pearl}, {"f", "crm-\U0010fffdé", "+14165550101", w.pearl}, {"theirs", "crm-1", "+14155550101", theirs}, {"g", "+1415", "+13035550101", second},
	} {
		l := w.newLead()
		l.Account, l.Campaign, l.Phone, l.ExternalID = one.pearl.Account, one.pearl.ID, one.number, one.externalID
		leads, named[one.name] = append(leads, l), l.ID
	}
	w.addLeads(t, leads...)
	for name, test := range map[string]struct {
		sought engine.SoughtLeads
		page   engine.Page
		count  int
		want   string
	}{
		"a number, the newest first":    {engine.SoughtLeads{Numbers: []phone.Number{"+14155550101"}}, engine.Page{Limit: 9}, 2, "b a"},
		"several readings of one":       {engine.SoughtLeads{Numbers: []phone.Number{"+12025550101", "+12025550109", "+14165550101"}}, engine.Page{Limit: 9}, 2, "e f"},
		"an external id":                {engine.SoughtLeads{ExternalID: "crm-1"}, engine.Page{Limit: 9}, 2, "b a"},
		"no external id is none":        {engine.SoughtLeads{}, engine.Page{Limit: 9}, 0, ""},
		"beginning of a number":         {engine.SoughtLeads{NumberStarts: []string{"+1415"}}, engine.Page{Limit: 9}, 4, "a b c d"},
		"beginnings are in their order": {engine.SoughtLeads{NumberStarts: []string{"+1416", "+1202"}}, engine.Page{Limit: 9}, 2, "f e"},
		"beginning of an external id":   {engine.SoughtLeads{ExternalIDStart: "crm-"}, engine.Page{Limit: 9}, 4, "a b c f"},
		"whole before beginning, once":  {engine.SoughtLeads{ExternalID: "crm-10", ExternalIDStart: "crm-1"}, engine.Page{Limit: 9}, 3, "c a b"},
		"numbers before external ids":   {engine.SoughtLeads{NumberStarts: []string{"+1415"}, ExternalID: "+1415", ExternalIDStart: "+1415"}, engine.Page{Limit: 9}, 5, "g a b c d"},
		"a page":                        {engine.SoughtLeads{NumberStarts: []string{"+1415"}}, engine.Page{Skip: 1, Limit: 2}, 4, "b c"},
		"beyond the last":               {engine.SoughtLeads{NumberStarts: []string{"+1415"}}, engine.Page{Skip: 9, Limit: 2}, 4, ""},
	} {
		count, rows, err := store.FindLeads(t.Context(), w.account.ID, test.sought, test.page)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, row := range rows {
			for known, leadID := range named {
				if leadID == row.ID {
					got = append(got, known)
				}
			}
		}
		same(t, name, fmt.Sprint(count, " ", strings.Join(got, " ")), fmt.Sprint(test.count, " ", test.want))
	}

	many := make([]lead.Lead, engine.MostFound+5)
	for n := range many {
		many[n] = w.newLead()
		many[n].ExternalID = fmt.Sprintf("many-%04d", n)
	}
	w.addLeads(t, many...)
	count, rows, err := store.FindLeads(t.Context(), w.account.ID, engine.SoughtLeads{ExternalIDStart: "many-"}, engine.Page{Skip: engine.MostFound - 2, Limit: 100})
	same(t, "of many", fmt.Sprint(count, leadIDs(rows), err), fmt.Sprint(engine.MostFound, leadIDs(many[engine.MostFound-2:engine.MostFound]), nil))
}

func testClaims(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	var want []id.ID
	rests := func(zone string, rest lead.Rest, since time.Time) id.ID {
		l := w.newLead()
		l.ZoneKey, l.Rest, l.Due = zone, rest, since
		w.addLeads(t, l)
		return l.ID
	}
	add := func(zone string, promised bool, due time.Time) id.ID {
		l := w.newLead()
		l.ZoneKey, l.Promised, l.Due = zone, promised, due
		w.addLeads(t, l)
		return l.ID
	}
	want = append(want, add("Europe/Rome", false, Noon.Add(-time.Hour)))
	late := add("Europe/Rome", false, Noon.Add(-time.Minute))
	second := add("Europe/Rome", false, Noon.Add(-time.Hour))
	want = append(want, second, late)
	future := Noon.Add(time.Minute)
	add("Europe/Rome", false, future)
	promised := add("Europe/Rome", true, Noon)
	add("America/New_York", false, Noon.Add(2*time.Hour))
	own := add("", false, Noon)
	add("Etc/UTC", false, time.Time{}) // not claimable

	due := func(zone string, promised bool, limit int) []id.ID {
		var found []lead.Lead
		w.update(t, func(tx engine.Tx) (err error) {
			var queues []engine.DueQueue
			for _, zoneKey := range strings.Split(zone, "+") {
				queues = append(queues, engine.DueQueue{ZoneKey: zoneKey, Promised: promised})
			}
			found, err = tx.DueLeads(w.pearl.ID, queues, lead.Rules{}, Noon, limit)
			return err
		})
		return leadIDs(found)
	}
	same(t, "due in Rome", due("Europe/Rome", false, 10), want)
	same(t, "due in Rome, two", due("Europe/Rome", false, 2), want[:2])
	same(t, "promised in Rome", due("Europe/Rome", true, 10), []id.ID{promised})
	same(t, "due in the campaign's zone", due("", false, 10), []id.ID{own})
	same(t, "due in New York", due("America/New_York", false, 10), []id.ID{})
	same(t, "due in Rome and the campaign's zone", due("+Europe/Rome", false, 10), append(slices.Clone(want), own))
	same(t, "due in Rome and the campaign's zone, two", due("+Europe/Rome", false, 2), want[:2])
	// Leads that rest are due by the rules as they are when it is asked.
	busy, failed := lead.Rest{After: call.BusyOutcome, Attempt: 2}, lead.Rest{After: call.SetupFailed, Attempt: 1}
	late1 := rests("Asia/Tokyo", busy, Noon.Add(-2*time.Hour))
	late2 := rests("Asia/Tokyo", failed, Noon.Add(-3*time.Hour))
	late3 := rests("Asia/Tokyo", busy, Noon.Add(-90*time.Minute))
	resting := func(rules lead.Rules, rests ...lead.Rest) []id.ID {
		var found []lead.Lead
		w.update(t, func(tx engine.Tx) (err error) {
			var queues []engine.DueQueue
			for _, rest := range rests {
				queues = append(queues, engine.DueQueue{ZoneKey: "Asia/Tokyo", Rest: rest})
			}
			found, err = tx.DueLeads(w.pearl.ID, queues, rules, Noon, 10)
			return err
		})
		return leadIDs(found)
	}
	same(t, "due after an hour", resting(lead.Rules{Interval: time.Hour}, busy, failed), []id.ID{late2, late1, late3})
	same(t, "due after two hours", resting(lead.Rules{Interval: 2 * time.Hour}, busy, failed), []id.ID{late2, late1})
	same(t, "due after two hours, one queue", resting(lead.Rules{Interval: 2 * time.Hour}, busy), []id.ID{late1})
	ofTheirOwn := lead.Rules{Interval: time.Hour, Retry: lead.RetryPolicy{call.SetupFailed: {Delays: []int{7300}}}}
	same(t, "due by the policy of each outcome", resting(ofTheirOwn, busy, failed), []id.ID{late1, late2, late3})
	same(t, "due after a day", resting(lead.Rules{Interval: 24 * time.Hour}, busy, failed), []id.ID{})

	found := must[[]engine.DueQueue](t)(store.DueQueues(t.Context(), w.pearl.ID))
	slices.SortFunc(found, func(a, b engine.DueQueue) int {
		return cmp.Or(strings.Compare(a.ZoneKey, b.ZoneKey), strings.Compare(a.Rest.String(), b.Rest.String()), a.Since.Compare(b.Since))
	})
	same(t, "queues", found, []engine.DueQueue{
		{ZoneKey: "", Since: Noon}, {ZoneKey: "America/New_York", Since: Noon.Add(2 * time.Hour)},
		{ZoneKey: "Asia/Tokyo", Rest: busy, Since: Noon.Add(-2 * time.Hour)}, {ZoneKey: "Asia/Tokyo", Rest: failed, Since: Noon.Add(-3 * time.Hour)},
		{ZoneKey: "Europe/Rome", Since: Noon.Add(-time.Hour)}, {ZoneKey: "Europe/Rome", Promised: true, Since: Noon},
	})
	if queues := must[[]engine.DueQueue](t)(store.DueQueues(t.Context(), noID)); len(queues) != 0 {
		t.Errorf("queues of no campaign: %v", queues)
	}

	// What is claimed is held, and is no longer due.
	queued, calling := w.readLead(t, want[0]), w.readLead(t, want[1])
	next := queued
	next.Status, next.Claim, next.Node, next.Due, next.Version = lead.InCallQueue, w.id(), "node-1", time.Time{}, 2
	air := calling
	air.Status, air.Call, air.Due, air.Version = lead.Completed, w.id(), time.Time{}, 2 // set by hand while the call goes on
	w.update(t, func(tx engine.Tx) error { return errors.Join(tx.SaveLead(queued, next), tx.SaveLead(calling, air)) })
	same(t, "due after a claim", due("Europe/Rome", false, 10), []id.ID{late})
	same(t, "due after a claim in two zones", due("+Europe/Rome", false, 10), []id.ID{late, own})
	for _, pearlID := range []id.ID{"", w.pearl.ID} {
		w.update(t, func(tx engine.Tx) error {
			held, err := tx.HeldLeads(w.account.ID, pearlID)
			same(t, "held leads", held, []lead.Lead{next, air})
			return err
		})
	}
	w.update(t, func(tx engine.Tx) error {
		held, err := tx.HeldLeads(w.account.ID, noID)
		if len(held) != 0 {
			t.Errorf("held of another campaign: %v", held)
		}
		return err
	})
	claim := engine.HeldClaim{Account: w.account.ID, Pearl: w.pearl.ID, Lead: next.ID, Claim: next.Claim, Node: "node-1"}
	same(t, "claims of the node", must[[]engine.HeldClaim](t)(store.HeldClaims(t.Context(), "node-1")), []engine.HeldClaim{claim})
	same(t, "claims of all nodes", must[[]engine.HeldClaim](t)(store.HeldClaims(t.Context(), "")), []engine.HeldClaim{claim})
	if others := must[[]engine.HeldClaim](t)(store.HeldClaims(t.Context(), "node-2")); len(others) != 0 {
		t.Errorf("claims of another node: %v", others)
	}
}

func testCounters(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	counts := func() engine.PearlCounts {
		return must[engine.PearlCounts](t)(store.PearlCounts(t.Context(), w.pearl.ID, Noon.Add(-time.Hour)))
	}
	same(t, "counts of an empty campaign", counts(), engine.PearlCounts{ByStatus: map[int]int{}})
	var leads []lead.Lead
	for range 5 {
		leads = append(leads, w.newLead())
	}
	w.addLeads(t, leads...)
	move := func(n int, status lead.Status) {
		next := leads[n]
		next.Status = status
		next.Version++
		w.update(t, func(tx engine.Tx) error { return tx.SaveLead(leads[n], next) })
		leads[n] = next
	}
	move(0, lead.Success)
	move(1, lead.InCallQueue)
	move(1, lead.OnCall)
	move(2, lead.Unreachable)
	move(3, lead.InCallQueue)
	w.update(t, func(tx engine.Tx) error { return tx.DeleteLead(leads[4].ID) })
	// What fails does not count.
	boom := errors.New("boom")
	err := store.Update(t.Context(), func(tx engine.Tx) error {
		next := leads[0]
		next.Status, next.Version = lead.New, next.Version+1
		return errors.Join(tx.SaveLead(leads[0], next), tx.InsertLeads([]lead.Lead{w.newLead()}), tx.DeleteLead(leads[1].ID), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v, want the function's error", err)
	}
	live, old := w.newCall(leads[1]), w.newCall(leads[2])
	old.Start, old.Ended = Noon.Add(-2*time.Hour), Noon
	waiting := engine.Request{ID: w.id(), Account: w.account.ID, Pearl: w.pearl.ID, To: w.phone(), Status: engine.RequestQueued, Created: Noon}
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.InsertCall(live), tx.InsertCall(old), tx.InsertRequest(waiting))
	})
	same(t, "counts", counts(), engine.PearlCounts{
		Leads: 4, Completed: 2, Success: 1, TodayCalls: 1, OngoingCalls: 1, Queued: 2, ByStatus: map[int]int{20: 1, 40: 1, 100: 1, 150: 1},
	})
}

func testBulk(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	leads := make([]lead.Lead, 1003)
	for n := range leads {
		leads[n] = w.newLead()
		leads[n].ExternalID = fmt.Sprint(n)
	}
	w.addLeads(t, leads...)
	count, rows, err := store.SearchLeads(t.Context(), w.account.ID, w.pearl.ID, engine.LeadFilter{}, engine.Page{Limit: 1000, Sort: "id", Ascending: true})
	if err != nil || count != len(leads) {
		t.Fatalf("count %d, %v", count, err)
	}
	same(t, "the first thousand", rows, leads[:1000])
	// All or none: the last of them is there already.
	again := make([]lead.Lead, 100)
	for n := range again {
		again[n] = w.newLead()
	}
	again[99].ID = leads[0].ID
	if err := store.Update(t.Context(), func(tx engine.Tx) error { return tx.InsertLeads(again) }); err == nil {
		t.Fatal("a lead was inserted twice")
	}
	if count, _, err := store.SearchLeads(t.Context(), w.account.ID, w.pearl.ID, engine.LeadFilter{}, engine.Page{Limit: 1}); err != nil || count != len(leads) {
		t.Errorf("count %d after a failed bulk, %v", count, err)
	}
	w.update(t, func(tx engine.Tx) error { return tx.InsertLeads(nil) })
}
