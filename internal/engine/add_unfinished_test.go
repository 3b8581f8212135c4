package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// meddled is a store whose transactions a test holds, or makes fail, by their number: of an add in parts 1 is its note, the last
// its end, and what follows takes it back.
type meddled struct {
	engine.Store
	begun  atomic.Int64
	update func(n int64, run func() error) error
}

func (m *meddled) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return m.update(m.begun.Add(1), func() error { return m.Store.Update(ctx, fn) })
}

// AwaitPart waits for nobody: a test that holds a transaction runs others meanwhile.
func (m *meddled) AwaitPart(context.Context) (done func(), err error) { return func() {}, nil }

// meddle gives the world's engine a second self, whose transactions go through update.
func (w *world) meddle(update func(n int64, run func() error) error) *engine.Engine {
	config := w.e.Config
	config.Store = &meddled{Store: w.store, update: update}
	return engine.New(config)
}

// adds are the notes of the world's own campaign.
func (w *world) adds() (adds []engine.Bulk) {
	w.t.Helper()
	err := w.store.Update(w.ctx, func(tx engine.Tx) (err error) {
		adds, err = tx.PearlBulks(w.pearl)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return adds
}

var errAway = errors.New("the database does not answer")

// testDuplicatesOfAnUnfinishedAdd: what duplicatePolicy answers exists. While another add is not whole, an add
// is asked to be repeated.
func testDuplicatesOfAnUnfinishedAdd(t *testing.T, s engine.Store) {
	for _, policy := range []string{"skip", "reject"} {
		w := newWorld(t, s)
		w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DuplicatePolicy = policy })
		bulk := inputs(0, 1300)
		var single, many, fresh error
		unfinished := w.meddle(func(n int64, run func() error) error {
			if n == 4 { // two of its three parts are there
				_, single = w.e.AddLead(w.ctx, w.actor, w.pearl, bulk[7], nil)
				_, many = w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk[:900], nil)
				_, fresh = w.e.AddLead(w.ctx, w.actor, w.pearl, inputs(5000, 1)[0], nil)
				return context.Canceled
			}
			return run()
		})
		if _, err := unfinished.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"a lead": single, "a list": many, "another lead": fresh} {
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Unfinished || f.RetryAfter <= 0 {
				t.Errorf("%s: %s beside an unfinished add: %v", policy, what, err)
			}
		}
		ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk[:900], nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, leadID := range ids {
			w.lead(leadID) // fails where it does not exist
		}
		same(t, policy+": leads", fmt.Sprint(w.counts().Leads), "900")
	}
}

// testClockStepsBackDuringAnAdd: nothing of an add that is not whole is claimed, whatever the clock does, and whoever edits.
func testClockStepsBackDuringAnAdd(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	claimed := 0
	e := w.meddle(func(n int64, run func() error) error {
		switch n {
		case 2:
			w.clock.Add(-time.Minute) // NTP
		case 4:
			claimed += len(w.claimOf(w.pearl, 5))
			_, rows, err := s.SearchLeads(w.ctx, w.account, w.pearl, engine.LeadFilter{}, engine.Page{Limit: 1})
			if err != nil || len(rows) != 1 {
				t.Fatal(rows, err)
			}
			w.update(rows[0].ID, engine.LeadUpdate{Status: ptr(10)}) // due now
			claimed += len(w.claimOf(w.pearl, 5))
			w.clock.Add(time.Hour)
			claimed += len(w.claimOf(w.pearl, 5))
			return errAway
		}
		return run()
	})
	if _, err := e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 1300), nil); !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	same(t, "claimed of an add that was refused", fmt.Sprint(claimed), "0")
	same(t, "leads", fmt.Sprint(w.counts().Leads), "0")
}

// testAFailedAddIsSettled: the database goes away in the middle of an add, and stays away while it is to be taken back. When it
// is there again, the process settles it without a restart, and the campaign calls on.
func testAFailedAddIsSettled(t *testing.T, s engine.Store) {
	for fails := int64(1); fails <= 5; fails++ {
		for _, committed := range []bool{false, true} { // what fails is on disk all the same, only its answer is lost
			w := newWorld(t, s)
			away := true
			e := w.meddle(func(n int64, run func() error) error {
				if away && n >= fails {
					if n == fails && committed {
						if err := run(); err != nil {
							t.Error(err)
						}
					}
					return errAway
				}
				return run()
			})
			if _, err := e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 1300), nil); !errors.Is(err, errAway) {
				t.Fatal(err)
			}
			away = false
			if _, err := e.Settle(w.ctx, func(id.ID) bool { return false }); err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("failed at %d, committed %v: ", fails, committed)
			want := "0"
			if fails == 5 && committed {
				want = "1300"
			}
			same(t, name+"leads", fmt.Sprint(w.counts().Leads), want)
			same(t, name+"notes", fmt.Sprint(len(w.adds())), "0")
			w.add(phoneA)
			if works := w.claimOf(w.pearl, 2000); len(works) == 0 {
				t.Errorf("%snothing is claimed any more", name)
			}
		}
	}
}

// testAnAddUnderWayIsNotSettled: while a request is at an add, settling leaves it alone.
func testAnAddUnderWayIsNotSettled(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	var e *engine.Engine
	e = w.meddle(func(n int64, run func() error) error {
		if n == 3 {
			if _, err := e.Settle(w.ctx, func(id.ID) bool { return false }); err != nil {
				t.Error(err)
			}
		}
		return run()
	})
	if _, err := e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 1300), nil); err != nil {
		t.Error(err)
	}
	same(t, "leads", fmt.Sprint(w.counts().Leads), "1300")
}

// testPartCommitsLate: the connection breaks when a part's COMMIT is on its way, and the database commits it later: taking the
// add back waits for it.
func testPartCommitsLate(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	late, taken := make(chan error, 1), make(chan struct{})
	config := w.e.Config
	config.Store = &latePart{Store: s, late: late, taken: taken}
	if _, err := engine.New(config).AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 1300), nil); !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	close(taken)
	t.Logf("the part: %v", <-late)
	same(t, "leads of an add that was refused", fmt.Sprint(w.counts().Leads), "0")
	same(t, "notes", fmt.Sprint(len(w.adds())), "0")
}

// latePart answers an error for the second part at once, and has it committed when the add was taken back, or is being.
type latePart struct {
	engine.Store
	begun int
	late  chan error
	taken chan struct{} // closed when the add has answered
}

func (l *latePart) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	if l.begun++; l.begun != 3 {
		return l.Store.Update(ctx, fn)
	}
	written := make(chan struct{})
	go func() {
		l.late <- l.Store.Update(context.Background(), func(tx engine.Tx) error {
			err := fn(tx)
			close(written)
			select {
			case <-l.taken: // it did not wait for us
			case <-time.After(500 * time.Millisecond): // it waits, for as long as we do
			}
			return err
		})
	}()
	<-written
	return errAway
}
