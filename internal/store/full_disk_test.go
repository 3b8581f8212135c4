package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// watched is a store that asks before each transaction, by its number, whether it may begin.
type watched struct {
	engine.Store
	begun  int
	before func(n int) error
}

func (w *watched) Update(ctx context.Context, fn func(engine.Tx) error) error {
	w.begun++
	if err := w.before(w.begun); err != nil {
		return err
	}
	return w.Store.Update(ctx, fn)
}

// adder is an engine with a running campaign, whose large adds are watched.
type adder struct {
	t     *testing.T
	store *watched
	e     *engine.Engine
	actor engine.Actor
	pearl id.ID
}

// newAdder makes one over a database in a folder; again opens the same database as a process would that comes after a crash.
func newAdder(t *testing.T, folder string, again *adder) *adder {
	t.Helper()
	s, err := OpenSQLite(filepath.Join(folder, FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &adder{t: t, store: &watched{Store: s, before: func(int) error { return nil }}}
	a.e = engine.New(engine.Config{Store: a.store, IDs: ids, Now: time.Now, Node: string(ids.New(time.Now()))})
	if again != nil {
		a.actor, a.pearl = again.actor, again.pearl
		return a
	}
	owner, err := a.e.CreateAccount(t.Context(), "Example")
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := s.Numbers(t.Context(), owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	settings := campaign.DefaultOutbound()
	settings.PhoneNumberID = numbers[0].ID
	a.actor = engine.Actor{Account: owner.ID, By: "key:test"}
	if a.pearl, err = a.e.CreatePearl(t.Context(), a.actor, campaign.Pearl{Type: campaign.OutboundPearl, Name: "Example", Outbound: &settings}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.e.SetActive(t.Context(), a.actor, a.pearl, true, false); err != nil {
		t.Fatal(err)
	}
	return a
}

const manyLeads = 9000

// add adds 9,000 leads; before is called before each of its transactions: a note, eighteen parts, the end.
func (a *adder) add(before func(n int) error) error {
	inputs := make([]engine.NewLead, manyLeads)
	for n := range inputs {
		inputs[n] = engine.NewLead{Phone: fmt.Sprintf("+1415555%04d", n), CallData: []byte(`{"note":"` + strings.Repeat("n", 500) + `"}`)}
	}
	a.store.begun, a.store.before = 0, before
	_, err := a.e.AddLeads(a.t.Context(), a.actor, a.pearl, inputs, nil)
	a.store.before = func(int) error { return nil }
	return err
}

// has wants so many leads, by what searches, limits and the dialer read.
func (a *adder) has(what string, want int) {
	a.t.Helper()
	found, _, err := a.store.SearchLeads(a.t.Context(), a.actor.Account, a.pearl, engine.LeadFilter{}, engine.Page{Limit: 1})
	if err != nil {
		a.t.Fatal(err)
	}
	counted, err := a.store.CountLeads(a.t.Context(), a.actor.Account)
	if err != nil {
		a.t.Fatal(err)
	}
	queues, err := a.store.DueQueues(a.t.Context(), a.pearl)
	if err != nil {
		a.t.Fatal(err)
	}
	notes, err := a.store.Bulks(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	if found != want || counted != want || (len(queues) > 0) != (want > 0) || len(notes) > 0 {
		a.t.Errorf("%s: %d leads are found, %d counted, %d queues are due, %d adds unfinished; want %d", what, found, counted, len(queues), len(notes), want)
	}
}

// TestAddOnAFullDatabase: a large add that SQLite refuses half way for want of room leaves nothing.
func TestAddOnAFullDatabase(t *testing.T) {
	t.Parallel()
	a := newAdder(t, t.TempDir(), nil)
	pages := func(most string) {
		t.Helper()
		err := a.store.Store.(*Store).backend.update(t.Context(), func(q session) error {
			_, err := one(q, scanInt, "PRAGMA max_page_count = "+most)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	pages("3000")
	reached := 0
	if err := a.add(func(n int) error { reached = n; return nil }); fault.Of(err) != fault.Unavailable || !strings.Contains(err.Error(), "full") || reached < 5 {
		t.Fatalf("an add that does not fit, which came to transaction %d: %v", reached, err)
	}
	a.has("after an add that did not fit", 0)
	pages("4294967294")
	if err := a.add(func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	a.has("after the same add with room", manyLeads)
}
