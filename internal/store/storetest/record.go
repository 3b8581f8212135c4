package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"nacre/internal/engine"
)

func testRecords(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	l := w.newLead()
	first := []engine.History{
		{Lead: l.ID, At: Noon, Kind: "status", From: 1, To: 20, By: "dialer"},
		{Lead: l.ID, At: Noon, Kind: "attempt", Call: w.id(), By: "dialer", Note: "n"},
	}
	second := engine.History{Lead: l.ID, At: Noon.Add(-time.Hour), Kind: "edited", By: "key:1"} // a clock that stepped back
	w.update(t, func(tx engine.Tx) error { return tx.AddHistory(first...) })
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.AddHistory(second), tx.AddHistory(engine.History{Lead: w.id(), Kind: "edited", At: Noon}))
	})
	same(t, "history in the order of its writing", must[[]engine.History](t)(store.LeadHistory(t.Context(), l.ID)), append(first, second))

	var entries []engine.Audit
	for n := range 5 {
		entries = append(entries, engine.Audit{
			Account: w.account.ID, At: Noon.Add(time.Duration(n/2) * time.Second), Event: 10 + n%2, User: []string{"a", "b"}[n%2], UserName: "Ada", UserType: "key",
			Data: json.RawMessage(`{"n":1}`),
		})
	}
	w.update(t, func(tx engine.Tx) error { return tx.AddAudit(entries...) })
	log := func(from, to time.Time, event int, users []string, limit int) []engine.Audit {
		return must[[]engine.Audit](t)(store.AuditLog(t.Context(), w.account.ID, from, to, event, users, limit))
	}
	same(t, "audit log, newest first", log(time.Time{}, time.Time{}, 0, nil, 3), []engine.Audit{entries[4], entries[3], entries[2]})
	same(t, "audit log of a time", log(Noon, Noon, 0, nil, 9), []engine.Audit{entries[1], entries[0]})
	same(t, "audit log of an event", log(time.Time{}, time.Time{}, 11, nil, 9), []engine.Audit{entries[3], entries[1]})
	same(t, "audit log of a user", log(time.Time{}, time.Time{}, 0, []string{"b"}, 9), []engine.Audit{entries[3], entries[1]})
	same(t, "audit log of two users", log(time.Time{}, time.Time{}, 0, []string{"b", "a"}, 2), []engine.Audit{entries[4], entries[3]})
	signIns := []engine.Audit{
		{Account: w.account.ID, At: Noon.Add(-2 * time.Hour), Event: 1, Data: json.RawMessage("{}")},
		{Account: w.account.ID, At: Noon.Add(-time.Hour), Event: 1, Data: json.RawMessage("{}")},
		{Account: w.account.ID, At: Noon.Add(-time.Hour), Event: 2, Data: json.RawMessage("{}")},
		{Account: w.account.ID, At: Noon, Event: 1, Data: json.RawMessage("{}")},
		{Account: w.account.ID, At: Noon.Add(-time.Hour), Event: 3, Data: json.RawMessage("{}")},
	}
	w.update(t, func(tx engine.Tx) error { return tx.AddAudit(signIns...) })
	remove := func(event, limit int) (deleted int) {
		w.update(t, func(tx engine.Tx) (err error) {
			deleted, err = tx.DeleteSignIns(event, Noon, limit)
			return err
		})
		return deleted
	}
	for _, step := range [][3]int{{1, 1, 1}, {1, 9, 1}, {1, 9, 0}, {2, 9, 1}, {3, 9, 0}} {
		if got := remove(step[0], step[1]); got != step[2] {
			t.Errorf("removed %d entries of event %d, want %d", got, step[0], step[2])
		}
	}
	same(t, "sign-ins that are left", log(time.Time{}, time.Time{}, 1, nil, 9), signIns[3:4])
	if others := must[[]engine.Audit](t)(store.AuditLog(t.Context(), noID, time.Time{}, time.Time{}, 0, nil, 9)); len(others) != 0 {
		t.Errorf("audit log of another account: %v", others)
	}
}

func testRememberedAnswers(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	find := func(route, key string) (engine.RememberedAnswer, bool) {
		var found engine.RememberedAnswer
		var ok bool
		w.update(t, func(tx engine.Tx) (err error) {
			found, ok, err = tx.RememberedAnswer(w.account.ID, route, key)
			return err
		})
		return found, ok
	}
	if _, ok := find("r", "k"); ok {
		t.Error("an answer before the first request")
	}
	kept := engine.RememberedAnswer{Account: w.account.ID, Route: "r", Key: "k", BodyHash: []byte{1}, Status: 200, Type: "application/json", Answer: []byte(`{"a":1}`), Created: Noon}
	empty := engine.RememberedAnswer{Account: w.account.ID, Route: "r", Key: "empty", BodyHash: []byte{2}, Status: 200, Created: Noon}
	w.update(t, func(tx engine.Tx) error {
		return errors.Join(tx.SaveRememberedAnswer(kept), tx.SaveRememberedAnswer(empty))
	})
	found, ok := find("r", "k")
	if !ok {
		t.Fatal("the answer is not remembered")
	}
	same(t, "replay", found, kept)
	for _, other := range [][2]string{{"r", "K"}, {"R", "k"}} {
		if _, ok := find(other[0], other[1]); ok {
			t.Errorf("%v has an answer", other)
		}
	}
	kept.Answer, kept.Created = []byte("later"), Noon.Add(25*time.Hour)
	w.update(t, func(tx engine.Tx) error { return tx.SaveRememberedAnswer(kept) })
	if found, _ := find("r", "k"); string(found.Answer) != "later" {
		t.Errorf("a later answer does not take the place of an outlived one: %s", found.Answer)
	}
	testOldAnswers(t, w, Noon.Add(-12*time.Hour))
	if _, ok := find("r", "empty"); ok {
		t.Error("an outlived answer is remembered for ever")
	}
}
