package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
)

// entered are the entries of the account's blacklist, and those that its audit log says were added and removed.
func (w *world) entered() (stored, added, removed []string) {
	w.t.Helper()
	_, rows, err := w.store.Suppressions(w.ctx, w.account, engine.Page{Limit: 10_000}, "", "")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		stored = append(stored, row.Entry)
	}
	entries, err := w.store.AuditLog(w.ctx, w.account, tuesday, tuesday.Add(time.Hour), 1002, nil, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, entry := range entries {
		var data struct{ Added, Removed []string }
		if err := json.Unmarshal(entry.Data, &data); err != nil {
			w.t.Fatal(err)
		}
		added, removed = append(added, data.Added...), append(removed, data.Removed...)
	}
	for _, list := range [][]string{stored, added, removed} {
		slices.Sort(list)
	}
	return stored, added, removed
}

// testLongBlacklist: a long list goes in parts, and another account's stop comes in between. Where it fails half way, the same
// request does the rest, and nothing twice.
func testLongBlacklist(t *testing.T, s engine.Store) {
	w, other := newWorld(t, s), newWorld(t, s)
	const size = 1300
	entries := make([]string, size)
	for n := range entries {
		entries[n] = fmt.Sprintf("+1415555%04d", n)
	}
	w.add(entries[size-1])
	ringing := w.ring()
	theirs := other.add(phoneA)
	stops := 0
	during := func(act func(*engine.Engine) error, fails int64) (transactions int64, err error) {
		e := w.meddle(func(n int64, run func() error) error {
			transactions = n
			if n == fails {
				return errAway
			}
			if n > 1 { // another account's stop: what is under way holds neither the writer nor a lock of it
				stops++
				other.update(theirs, engine.LeadUpdate{Status: ptr([]int{130, 100}[stops%2])})
			}
			return run()
		})
		return transactions, act(e)
	}
	suppress := func(e *engine.Engine) error { return e.Suppress(w.ctx, w.actor, entries, "api", nil) }
	if _, err := during(suppress, 3); !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	half, _, _ := w.entered()
	if len(half) == 0 || len(half) == size {
		t.Errorf("%d of %d entries are in force after a fault in the third of the parts", len(half), size)
	}
	if _, err := during(suppress, 0); err != nil {
		t.Fatal(err)
	}
	stored, added, _ := w.entered()
	same(t, "stored", fmt.Sprint(stored), fmt.Sprint(entries))
	same(t, "added by the audit log", fmt.Sprint(added), fmt.Sprint(entries))
	if c := w.call(ringing.Call.ID); c.Cancel != call.BySuppression {
		t.Errorf("a call that rang is cancelled by %q, want the blacklist", c.Cancel)
	}
	if _, err := during(func(e *engine.Engine) error { return e.Unsuppress(w.ctx, w.actor, entries) }, 0); err != nil {
		t.Fatal(err)
	}
	stored, _, removed := w.entered()
	same(t, "stored after the removal", fmt.Sprint(stored), "[]")
	same(t, "removed by the audit log", fmt.Sprint(removed), fmt.Sprint(entries))
	if stops < 5 {
		t.Errorf("%d stops came in between the parts of three requests, want 5", stops)
	}
}

// testEntriesStoredBefore: what earlier rules stored can be removed as it is shown.
func testEntriesStoredBefore(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for _, entry := range []string{"+4402079460107", "+0049"} {
		err := s.Update(context.Background(), func(tx engine.Tx) error {
			_, err := tx.AddSuppression(account.Suppression{ID: w.e.IDs.New(tuesday), Account: w.account, Entry: entry, Source: "api", Created: tuesday})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.e.Unsuppress(w.ctx, w.actor, []string{entry}); err != nil {
			t.Errorf("%s: %v", entry, err)
		}
	}
	stored, _, _ := w.entered()
	same(t, "entries", fmt.Sprint(stored), "[]")
}
