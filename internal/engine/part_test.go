package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"nacre/internal/engine"
)

// turner is a store that counts turns, and can refuse them.
type turner struct {
	engine.Store
	turns, held int
	refuse      error
}

func (s *turner) AwaitPart(ctx context.Context) (done func(), err error) {
	if s.refuse != nil {
		return nil, s.refuse
	}
	s.turns++
	if s.held++; s.held > 1 {
		return nil, errors.New("a turn within a turn")
	}
	end, err := s.Store.AwaitPart(ctx)
	return func() { s.held--; end() }, err
}

// testLongListsTakeTurns: all but the first transaction of a list wait for their turn, and all that add more leads than a few.
func testLongListsTakeTurns(t *testing.T, s engine.Store) {
	turns := &turner{Store: s}
	w := newWorld(t, s, func(c *engine.Config) { c.Store = turns })
	want := func(what string, n int, err error) {
		t.Helper()
		if err != nil || turns.turns != n {
			t.Errorf("%s took %d turns, want %d; %v", what, turns.turns, n, err)
		}
		turns.turns = 0
	}
	_, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 25), nil)
	want("25 leads", 0, err)
	_, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(100, 26), nil)
	want("26 leads", 1, err)
	fat := inputs(200, 2)
	for n := range fat {
		fat[n].CallData = fmt.Appendf(nil, `{"note":"%0*d"}`, 30_000, n)
	}
	_, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, fat, nil)
	want("two leads with long notes", 1, err)
	ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(300, 1300), nil)
	want("1,300 leads", 3, err)
	err = w.e.DeleteLeads(w.ctx, w.actor, w.pearl, ids[:450])
	want("a list of 450 leads to delete", 2, err)
	err = w.e.DeleteLeads(w.ctx, w.actor, w.pearl, ids[450:451])
	want("a list of one lead to delete", 0, err)
	entries := make([]string, 1200)
	for n := range entries {
		entries[n] = fictional(n)
	}
	err = w.e.Suppress(w.ctx, w.actor, entries, "test", nil)
	want("1,200 entries", 2, err)
	err = w.e.Unsuppress(w.ctx, w.actor, entries)
	want("1,200 entries to remove", 2, err)
	turns.refuse = errors.New("too late")
	if _, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(2000, 600), nil); !errors.Is(err, turns.refuse) {
		t.Errorf("an add whose turn does not come: %v", err)
	}
}
