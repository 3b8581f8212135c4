package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// feed reads the account's feed behind a place, page by page.
func (w *world) feed(after int64, page int) []engine.FeedEntry {
	w.t.Helper()
	var all []engine.FeedEntry
	for {
		entries, more, err := w.store.Feed(w.ctx, w.account, after, page)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Place <= after {
				w.t.Fatalf("place %d comes behind %d", e.Place, after)
			}
			after = e.Place
		}
		if all = append(all, entries...); !more {
			return all
		}
		if len(entries) == 0 {
			w.t.Fatal("an empty page with more behind it")
		}
	}
}

func (w *world) updateOf(pearlID, leadID id.ID, input engine.LeadUpdate) {
	w.t.Helper()
	if _, err := w.e.UpdateLead(w.ctx, w.actor, pearlID, leadID, input); err != nil {
		w.t.Fatal(err)
	}
}

// announced is a feed in few words.
func announced(entries []engine.FeedEntry) (texts []string) {
	for _, e := range entries {
		var body shortBody
		if err := json.Unmarshal(e.Body, &body); err != nil {
			body.Text = err.Error()
		}
		texts = append(texts, fmt.Sprintf("%s %d: %s", e.Kind, e.Status, body.Text))
	}
	return texts
}

// testFeed: the feed has what the webhooks carry, with a URL and without one; without one there is no delivery of it.
func testFeed(t *testing.T, s engine.Store) {
	w, other := newWorld(t, s), newWorld(t, s)
	silent := w.addPearl(func(p *campaign.Pearl) { p.Webhooks = campaign.Webhooks{Version: 2} })
	life := func(pearlID id.ID) []engine.FeedEntry {
		t.Helper()
		before := int64(len(w.feed(0, 100)))
		leadID := w.addTo(pearlID, fictional(int(before)))
		works := w.claimOf(pearlID, 1)
		if len(works) != 1 {
			t.Fatalf("claimed %d", len(works))
		}
		begun := w.begin(works[0])
		w.finish(begun, call.BusyOutcome)
		w.updateOf(pearlID, leadID, engine.LeadUpdate{Status: ptr(130)})
		for n, e := range w.feed(before, 100) {
			if e.Pearl != pearlID || e.Lead != leadID || e.Account != w.account || !e.Created.Equal(w.clock.Now()) || (e.Call != "") != (e.Kind == engine.CallDelivery) {
				t.Errorf("entry %d: %+v", n, e)
			}
		}
		return w.feed(before, 100)
	}
	want := []string{"lead 20: lead 20", "lead 40: lead 40", "call 3: call 3/40", "lead 10: lead 10", "call 5: call 5/10", "lead 130: lead 130"}
	loud := life(w.pearl)
	equal(t, "with URLs", announced(loud), want)
	w.heard.reset()
	unsent := life(silent)
	equal(t, "without URLs", announced(unsent), want)
	if w.heard.notify != 0 {
		t.Error("the sender is told of what is not to be sent")
	}
	for _, e := range loud {
		if d := w.delivery(e.ID); string(d.Body) != string(e.Body) || d.Kind != e.Kind {
			t.Errorf("the delivery of an entry: %+v", d)
		}
	}
	for _, e := range unsent {
		if _, err := s.ReadDelivery(w.ctx, w.account, e.ID); missed(err) != "DeliveryId" {
			t.Errorf("a delivery of what is not sent: %v", err)
		}
		if err := w.e.ReplayDelivery(w.ctx, w.actor, e.ID); missed(err) != "DeliveryId" {
			t.Errorf("a replay of what is not sent: %v", err)
		}
	}
	if count, _, err := s.SearchDeliveries(w.ctx, w.account, silent, engine.DeliveryFilter{}, engine.Page{Limit: 10}); err != nil || count != 0 {
		t.Errorf("%d deliveries of a Pearl without URLs, %v", count, err)
	}
	queues, err := s.ReadDeliveryQueues(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queues {
		if q.Pearl == silent {
			t.Error("a Pearl without URLs has a queue")
		}
	}
	equal(t, "in pages of one", announced(w.feed(0, 1)), append(announced(loud), announced(unsent)...))
	if end, err := s.FeedEnd(w.ctx, w.account); err != nil || end != unsent[len(unsent)-1].Place {
		t.Errorf("the end is %d, %v", end, err)
	}
	if theirs := other.feed(0, 10); len(theirs) != 0 {
		t.Errorf("another account reads %v", announced(theirs))
	}
	if end, err := s.FeedEnd(w.ctx, other.account); err != nil || end != 0 {
		t.Errorf("the end of another account is %d, %v", end, err)
	}
	made := w.ringRequest(fictional(50)) // of the campaign with URLs
	w.finish(made, call.BusyOutcome)
	equal(t, "made call", announced(w.feed(unsent[len(unsent)-1].Place, 10)), []string{"call 3: call 3/40", "call 5: call 5/150"})
}

// testFeedInOrder: whoever follows the feed while many write gets everything once, and each lead's changes in their order.
func testFeedInOrder(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	silent := w.addPearl(func(p *campaign.Pearl) { p.Webhooks = campaign.Webhooks{Version: 2} })
	const writers, updates = 12, 30
	statuses := []int{130, 10, 100, 1}
	var functions []func()
	want := map[id.ID][]string{}
	for n := range writers {
		pearlID := w.pearl
		if n%2 == 1 {
			pearlID = silent
		}
		leadID := w.addTo(pearlID, fictional(n))
		for turn := range updates {
			status := statuses[turn%len(statuses)]
			want[leadID] = append(want[leadID], fmt.Sprintf("lead %d: lead %d", status, status))
		}
		functions = append(functions, func() {
			for turn := range updates {
				if _, err := w.e.UpdateLead(w.ctx, w.actor, pearlID, leadID, engine.LeadUpdate{Status: ptr(statuses[turn%len(statuses)])}); err != nil {
					t.Errorf("update: %v", err)
				}
			}
		})
	}
	got := map[id.ID][]string{}
	written := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		var after int64
		for last := false; ; {
			entries, more, err := s.Feed(w.ctx, w.account, after, 7)
			if err != nil {
				t.Errorf("read: %v", err)
				return
			}
			for n, text := range announced(entries) {
				got[entries[n].Lead] = append(got[entries[n].Lead], text)
				after = entries[n].Place
			}
			if last && !more {
				return
			}
			select {
			case <-written:
				last = true
			default:
			}
		}
	})
	race(functions...)
	close(written)
	reader.Wait()
	equal(t, "what a reader has followed", got, want)
}

// failing is a store whose transactions fail after everything in them was written.
type failing struct {
	engine.Store
	fails bool
}

var errFailing = errors.New("the database went away")

func (f *failing) Update(ctx context.Context, fn func(engine.Tx) error) error {
	return f.Store.Update(ctx, func(tx engine.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if f.fails {
			return errFailing
		}
		return nil
	})
}

// testFeedOfFailures: what was rolled back was not announced, and takes no place.
func testFeedOfFailures(t *testing.T, s engine.Store) {
	f := &failing{Store: s}
	w := newWorld(t, f)
	leadID := w.add(phoneA)
	w.updateOf(w.pearl, leadID, engine.LeadUpdate{Status: ptr(130)})
	f.fails = true
	w.heard.reset()
	if _, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{Status: ptr(100)}); !errors.Is(err, errFailing) {
		t.Fatalf("update: %v", err)
	}
	if len(w.heard.announced) > 0 {
		t.Error("what was rolled back was told")
	}
	f.fails = false
	w.updateOf(w.pearl, leadID, engine.LeadUpdate{Status: ptr(1)})
	entries := w.feed(0, 10)
	equal(t, "feed", announced(entries), []string{"lead 130: lead 130", "lead 1: lead 1"})
	if entries[1].Place != entries[0].Place+1 {
		t.Errorf("places %d and %d", entries[0].Place, entries[1].Place)
	}
	equal(t, "told of", w.heard.announced, []id.ID{w.account})
}

// testFeedIsTrimmed: entries go after three days, or with the account's retention; places are not given again.
func testFeedIsTrimmed(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	silent := w.addPearl(func(p *campaign.Pearl) { p.Webhooks = campaign.Webhooks{Version: 2} })
	for n, pearlID := range []id.ID{w.pearl, silent} {
		w.updateOf(pearlID, w.addTo(pearlID, fictional(n)), engine.LeadUpdate{Status: ptr(130)})
	}
	w.clock.Add(2 * 24 * time.Hour)
	for n, pearlID := range []id.ID{w.pearl, silent} {
		w.updateOf(pearlID, w.addTo(pearlID, fictional(10+n)), engine.LeadUpdate{Status: ptr(100)})
	}
	w.clock.Add(24*time.Hour + time.Minute)
	w.sweep()
	left := w.feed(0, 10)
	equal(t, "after three days", announced(left), []string{"lead 100: lead 100", "lead 100: lead 100"})
	if left[0].Place != 3 {
		t.Errorf("the first that is left is at %d", left[0].Place)
	}
	w.clock.Add(4 * 24 * time.Hour)
	w.sweep()
	if left := w.feed(0, 10); len(left) != 0 {
		t.Errorf("left after a week: %s", strings.Join(announced(left), ", "))
	}
	if end, err := s.FeedEnd(w.ctx, w.account); err != nil || end != 4 {
		t.Errorf("the end is %d, %v", end, err)
	}
	w.updateOf(silent, w.addTo(silent, fictional(20)), engine.LeadUpdate{Status: ptr(110)})
	if next := w.feed(4, 10); len(next) != 1 || next[0].Place != 5 {
		t.Errorf("behind the end: %+v", next)
	}
}
