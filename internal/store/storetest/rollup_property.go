package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/report"
	"nacre/internal/zone"
)

// analysed is what a store should know of a Pearl's calls and wrong codes.
type analysed struct {
	calls map[id.ID]call.Call
	wrong map[id.ID][]time.Time // by lead
}

func (a *analysed) report(where *time.Location, from, to time.Time) report.Report {
	within := func(at time.Time) bool { return !at.Before(from) && !at.After(to) }
	tally := report.NewTally(where)
	var calls []call.Call
	for _, c := range a.calls {
		if within(c.Start) {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b call.Call) int { return a.Start.Compare(b.Start) })
	for _, c := range calls {
		tally.Add(reported(c))
	}
	var wrong []engine.History
	for leadID, times := range a.wrong {
		for _, at := range times {
			if within(at) {
				wrong = append(wrong, engine.History{Lead: leadID, At: at})
			}
		}
	}
	slices.SortFunc(wrong, func(a, b engine.History) int { return a.At.Compare(b.At) })
	for _, h := range wrong {
		tally.WrongCode(h.Lead, h.At)
	}
	return tally.Report(nil)
}

// rollUp rolls up to limit due buckets up in one transaction, and returns how many.
func rollUp(t *testing.T, store engine.Store, before time.Time, limit int) (rolled int) {
	t.Helper()
	err := store.Update(t.Context(), func(tx engine.Tx) error {
		rolled = 0
		due, err := tx.DueRollups(before, limit)
		for _, d := range due {
			if _, err := tx.RollUp(d); err != nil {
				return err
			}
			rolled++
		}
		return err
	})
	if err != nil {
		t.Errorf("roll up: %v", err)
	}
	return rolled
}

// testRollups: whatever is written and deleted between the roller's turns, and whatever the range and the zone, analytics
// say what the calls say.
func testRollups(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	begin := time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC) // clocks go back in America on November 1; in Lord Howe they were set half an hour on
	const span = 4 * 24 * time.Hour
	instant := func() time.Time {
		at := begin.Add(time.Duration(r.Int64N(int64(span/time.Millisecond))) * time.Millisecond)
		switch r.IntN(6) {
		case 0:
			at = report.BucketOf(at)
		case 1:
			at = report.BucketOf(at).Add(-time.Millisecond)
		}
		return at
	}
	var leads []lead.Lead
	for range 30 {
		leads = append(leads, w.newLead())
	}
	w.addLeads(t, leads...)
	zones := []string{"America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kolkata", "Etc/UTC"}
	model := analysed{calls: map[id.ID]call.Call{}, wrong: map[id.ID][]time.Time{}}
	some := func() (call.Call, bool) { // map order is random enough
		for _, c := range model.calls {
			return c, true
		}
		return call.Call{}, false
	}
	for turn := range 40 {
		w.update(t, func(tx engine.Tx) error {
			for range r.IntN(25) {
				var err error
				switch r.IntN(8) {
				default:
					c := w.newCall(leads[r.IntN(len(leads))])
					c.To, c.Start = string(w.phone()), instant()
					if r.IntN(8) == 0 {
						c.Lead = ""
					}
					c = sampleCall(c, r.IntN(1000))
					model.calls[c.ID] = c
					err = tx.InsertCall(c)
				case 0, 1: // it ends, or is judged again
					if c, ok := some(); ok {
						n := 1 + r.IntN(1000)
						for n%11 == 0 {
							n++
						}
						c = sampleCall(c, n)
						model.calls[c.ID] = c
						err = tx.SaveCall(c)
					}
				case 2:
					if c, ok := some(); ok {
						delete(model.calls, c.ID)
						err = tx.DeleteCall(c.ID)
					}
				case 3:
					of, at := leads[r.IntN(len(leads))].ID, instant()
					model.wrong[of] = append(model.wrong[of], at)
					err = tx.AddHistory(engine.History{Lead: of, At: at, Kind: "status", From: 1, To: 30}, engine.History{Lead: of, At: at, Kind: "edited"})
				}
				if err != nil {
					return err
				}
			}
			if turn%10 == 9 { // with a lead go its wrong codes, its calls stay
				gone := leads[len(leads)-1]
				leads = leads[:len(leads)-1]
				delete(model.wrong, gone.ID)
				return tx.DeleteLead(gone.ID)
			}
			return nil
		})
		if turn%3 == 0 {
			rollUp(t, store, instant(), 1+r.IntN(400))
		}
		if turn == 30 {
			rollUp(t, store, begin.Add(span), 1<<20)
			if left := rollUp(t, store, begin.Add(2*span), 1); left != 0 {
				t.Error("buckets are due still")
			}
		}
		for range 4 {
			from, to := instant(), instant()
			if to.Before(from) {
				from, to = to, from
			}
			if r.IntN(3) == 0 {
				from, to = begin.Add(-time.Hour), begin.Add(span)
			}
			z, ok := zone.Parse(zones[r.IntN(len(zones))])
			if !ok {
				t.Fatal("no zone")
			}
			got := report.NewTally(z.Location())
			if err := store.TallyCalls(t.Context(), w.account.ID, w.pearl.ID, from, to, got); err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("turn %d, %s from %v to %v", turn, z.Location(), from, to), got.Report(nil), model.report(z.Location(), from, to))
		}
		if t.Failed() {
			return
		}
	}
}

// testRollupsMeanwhile: calls begin, end and go while their buckets are being rolled up; nothing is forgotten.
func testRollupsMeanwhile(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	begin := Noon.Add(-24 * time.Hour)
	const writers, calls = 6, 40
	var mu sync.Mutex
	model := analysed{calls: map[id.ID]call.Call{}}
	l := w.newLead()
	w.addLeads(t, l)
	var writing, rolling sync.WaitGroup
	for n := range writers {
		writing.Go(func() {
			for turn := range calls {
				c := w.newCall(l)
				c.To, c.Start = string(w.phone()), begin.Add(time.Duration(turn%3)*report.Bucket)
				ended := sampleCall(c, 1+turn%10)
				for step, fn := range []func(engine.Tx) error{
					func(tx engine.Tx) error { return tx.InsertCall(c) },
					func(tx engine.Tx) error { return tx.SaveCall(ended) },
					func(tx engine.Tx) error { return tx.DeleteCall(c.ID) },
				} {
					if step == 2 && (turn+n)%3 > 0 {
						mu.Lock()
						model.calls[c.ID] = ended
						mu.Unlock()
						break
					}
					if err := store.Update(t.Context(), fn); err != nil {
						t.Errorf("write call: %v", err)
						return
					}
				}
			}
		})
	}
	done := make(chan struct{})
	rolled := 0
	for range 2 {
		rolling.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				n := rollUp(t, store, Noon, 2)
				mu.Lock()
				rolled += n
				mu.Unlock()
			}
		})
	}
	writing.Wait()
	close(done)
	rolling.Wait()
	look := func(when string) {
		got := report.NewTally(time.UTC)
		err := store.TallyCalls(t.Context(), w.account.ID, w.pearl.ID, begin, Noon, got)
		if err != nil {
			t.Fatal(err)
		}
		same(t, when, got.Report(nil), model.report(time.UTC, begin, Noon))
	}
	look("before the last turn of the roller")
	for rollUp(t, store, Noon, 100) > 0 {
	}
	look("after it")
	if rolled < 5 {
		t.Errorf("only %d buckets were rolled up meanwhile", rolled)
	}
}
