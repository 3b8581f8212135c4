package storetest

import (
	"errors"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// testAnalyses: what is stored is read, in the transaction that stores it too; what is due is found by account, the longest due first.
func testAnalyses(t *testing.T, store engine.Store) {
	w := newWorld(t, store)
	other := id.ID("00000000000000000000a0ff")
	add := func(accountID id.ID, at time.Time) engine.Analysis {
		a := engine.Analysis{Call: w.id(), Account: accountID, NextTry: at, Task: call.AnalysisTask{
			Agent: "Anna", Questions: []call.Question{{ID: "a", Type: call.Int}}, Tags: []call.Fact{{Name: "hot", Text: "wants it"}}, Success: "They agree.", ModelType: 7,
		}}
		w.update(t, func(tx engine.Tx) error { return tx.AddAnalysis(a) })
		return a
	}
	late, early, foreign := add(w.account.ID, Noon.Add(time.Minute)), add(w.account.ID, Noon), add(other, Noon.Add(time.Second))
	queues := []engine.AnalysisQueue{{Account: w.account.ID, NextTry: early.NextTry}, {Account: other, NextTry: foreign.NextTry}}
	if other < w.account.ID {
		queues[0], queues[1] = queues[1], queues[0]
	}
	same(t, "queues", must[[]engine.AnalysisQueue](t)(store.ReadAnalysisQueues(t.Context())), queues)
	w.update(t, func(tx engine.Tx) error {
		same(t, "queues in a transaction", must[[]engine.AnalysisQueue](t)(tx.AnalysisQueues()), queues)
		due := func(at time.Time, limit int) []engine.Analysis {
			return must[[]engine.Analysis](t)(tx.DueAnalyses(w.account.ID, at, limit))
		}
		if found := due(Noon.Add(-time.Millisecond), 9); len(found) != 0 {
			t.Errorf("due before: %v", found)
		}
		same(t, "due at noon", due(Noon, 9), []engine.Analysis{early})
		same(t, "due later", due(Noon.Add(time.Hour), 9), []engine.Analysis{early, late})
		same(t, "the first due", due(Noon.Add(time.Hour), 1), []engine.Analysis{early})
		early.NextTry, early.Lease, early.Tries = Noon.Add(2*time.Minute), Noon.Add(2*time.Minute), 3
		if err := tx.SaveAnalysis(early); err != nil {
			return err
		}
		same(t, "saved", must[engine.Analysis](t)(tx.Analysis(early.Call)), early)
		_, err := tx.Analysis(noID)
		missing(t, err, "AnalysisId")
		return errors.Join(tx.EndAnalysisLeases(Noon.Add(time.Hour)), tx.DeleteAnalysis(late.Call), tx.DeleteAnalysis(noID))
	})
	w.update(t, func(tx engine.Tx) error {
		early.NextTry, early.Lease = Noon.Add(time.Hour), time.Time{}
		same(t, "after the end of leases", must[[]engine.Analysis](t)(tx.DueAnalyses(w.account.ID, Noon.Add(time.Hour), 9)), []engine.Analysis{early})
		same(t, "without a lease", must[engine.Analysis](t)(tx.Analysis(foreign.Call)), foreign)
		return nil
	})
}
