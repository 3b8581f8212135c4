package storetest

import (
	"errors"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// testFollowUps: what is stored is read, in the transaction that stores it too; what is due is found by account, the longest due first.
func testFollowUps(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	other := id.ID("00000000000000000000a0ff")
	add := func(accountID id.ID, at time.Time) engine.FollowUp {
		a := engine.FollowUp{Call: w.id(), Account: accountID, NextTry: at, Task: call.AnalysisTask{
			Agent: "Anna", Questions: []call.Question{{ID: "a", Type: call.Int}}, Tags: []call.Fact{{Name: "hot", Text: "wants it"}}, Success: "They agree.", ModelType: 7,
		}}
		w.update(t, func(tx engine.Tx) error { return tx.AddFollowUp(a) })
		return a
	}
	late, early, foreign := add(w.account.ID, Noon.Add(time.Minute)), add(w.account.ID, Noon), add(other, Noon.Add(time.Second))
	queues := []engine.FollowUpQueue{{Account: w.account.ID, NextTry: early.NextTry}, {Account: other, NextTry: foreign.NextTry}}
	if other < w.account.ID {
		queues[0], queues[1] = queues[1], queues[0]
	}
	same(t, "queues", must[[]engine.FollowUpQueue](t)(store.ReadFollowUpQueues(t.Context())), queues)
	w.update(t, func(tx engine.Tx) error {
		same(t, "queues in a transaction", must[[]engine.FollowUpQueue](t)(tx.FollowUpQueues()), queues)
		due := func(at time.Time, limit int) []engine.FollowUp {
			return must[[]engine.FollowUp](t)(tx.DueFollowUps(w.account.ID, at, limit))
		}
		if found := due(Noon.Add(-time.Millisecond), 9); len(found) != 0 {
			t.Errorf("due before: %v", found)
		}
		same(t, "due at noon", due(Noon, 9), []engine.FollowUp{early})
		same(t, "due later", due(Noon.Add(time.Hour), 9), []engine.FollowUp{early, late})
		same(t, "the first due", due(Noon.Add(time.Hour), 1), []engine.FollowUp{early})
		early.NextTry, early.Lease, early.Tries = Noon.Add(2*time.Minute), Noon.Add(2*time.Minute), 3
		if err := tx.SaveFollowUp(early); err != nil {
			return err
		}
		same(t, "saved", must[engine.FollowUp](t)(tx.FollowUp(early.Call, 0)), early)
		_, err := tx.FollowUp(noID, 0)
		missing(t, err, "FollowUpId")
		return errors.Join(tx.EndFollowUpLeases(Noon.Add(time.Hour)), tx.DeleteFollowUp(late.Call, 0), tx.DeleteFollowUp(noID, 0), tx.DeleteFollowUps(noID))
	})
	w.update(t, func(tx engine.Tx) error {
		early.NextTry, early.Lease = Noon.Add(time.Hour), time.Time{}
		same(t, "after the end of leases", must[[]engine.FollowUp](t)(tx.DueFollowUps(w.account.ID, Noon.Add(time.Hour), 9)), []engine.FollowUp{early})
		act := engine.FollowUp{Call: foreign.Call, Number: 2, Account: other, NextTry: Noon, Act: call.ActTask{
			Action: call.Action{Kind: call.ActRequest, Name: "tell", Request: &call.Request{URL: "https://a.example/", Headers: map[string]string{"X-Key": "secret"}}}, Trigger: "They agree.", Known: []byte(`{"n":12345678901234567890}`),
		}}
		if err := tx.AddFollowUp(act); err != nil {
			return err
		}
		act.Act.Trigger = ""
		if err := tx.SaveFollowUp(act); err != nil {
			return err
		}
		same(t, "an action beside an analysis", must[engine.FollowUp](t)(tx.FollowUp(act.Call, 2)), act)
		same(t, "without a lease", must[engine.FollowUp](t)(tx.FollowUp(foreign.Call, 0)), foreign)
		return tx.DeleteFollowUps(foreign.Call)
	})
	w.update(t, func(tx engine.Tx) error {
		_, err := tx.FollowUp(foreign.Call, 2)
		missing(t, err, "FollowUpId")
		return nil
	})
}
