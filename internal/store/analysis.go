package store

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

var analysisTable = newTable("analysis", "call_id, account_id, next_try, lease, tries, task")

func scanAnalysis(r row) (engine.Analysis, error) {
	var a engine.Analysis
	var nextTry, lease int64
	var task string
	if err := r.Scan((*string)(&a.Call), (*string)(&a.Account), &nextTry, &lease, &a.Tries, &task); err != nil {
		return a, err
	}
	a.NextTry, a.Lease = instant(nextTry), instant(lease)
	return a, decode(task, &a.Task)
}

// analysisText is ” for a call that is not analysed.
func analysisText(a call.Analysis) (string, error) {
	if a == (call.Analysis{}) {
		return "", nil
	}
	return encode(a)
}

// AddAnalysis implements engine.Tx.
func (t *tx) AddAnalysis(a engine.Analysis) error {
	task, err := encode(a.Task)
	if err != nil {
		return err
	}
	return t.queue(nil, analysisTable.insertion(1), a.Call, a.Account, millis(a.NextTry), millis(a.Lease), int64(a.Tries), task)
}

var lockedAnalysis = "SELECT " + analysisTable.list() + " FROM analysis WHERE call_id = ?1 {for update}"

// Analysis implements engine.Tx.
func (t *tx) Analysis(callID id.ID) (engine.Analysis, error) {
	a, err := one(t, scanAnalysis, lockedAnalysis, callID)
	return a, missing(err, "AnalysisId")
}

// SaveAnalysis implements engine.Tx. What is asked was written with the analysis and does not change.
func (t *tx) SaveAnalysis(a engine.Analysis) error {
	return t.queue(nil, "UPDATE analysis SET next_try = ?2, lease = ?3, tries = ?4 WHERE call_id = ?1", a.Call, millis(a.NextTry), millis(a.Lease), int64(a.Tries))
}

// DeleteAnalysis implements engine.Tx.
func (t *tx) DeleteAnalysis(callID id.ID) error {
	return t.queue(nil, "DELETE FROM analysis WHERE call_id = ?1", callID)
}

// analysisQueues steps from account to account over the index analysis_next, as deliveryQueues does from Pearl to Pearl.
const analysisQueues = `WITH RECURSIVE accounts(account_id) AS (
	SELECT (SELECT account_id FROM analysis ORDER BY account_id LIMIT 1)
	UNION ALL
	SELECT (SELECT account_id FROM analysis WHERE account_id > accounts.account_id ORDER BY account_id LIMIT 1)
	FROM accounts WHERE accounts.account_id IS NOT NULL)
SELECT account_id, COALESCE((SELECT next_try FROM analysis WHERE analysis.account_id = accounts.account_id ORDER BY next_try LIMIT 1), 0)
FROM accounts WHERE account_id IS NOT NULL`

func listAnalysisQueues(q session) ([]engine.AnalysisQueue, error) {
	return list(q, func(r row) (found engine.AnalysisQueue, err error) {
		var nextTry int64
		err = r.Scan((*string)(&found.Account), &nextTry)
		found.NextTry = instant(nextTry)
		return found, err
	}, analysisQueues)
}

// AnalysisQueues implements engine.Tx.
func (t *tx) AnalysisQueues() ([]engine.AnalysisQueue, error) { return listAnalysisQueues(t) }

// ReadAnalysisQueues implements engine.Queries.
func (s *Store) ReadAnalysisQueues(ctx context.Context) (found []engine.AnalysisQueue, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = listAnalysisQueues(q)
		return err
	})
	return found, wrap("list queues of analyses", err)
}

var dueAnalyses = "SELECT " + analysisTable.list() + ` FROM analysis
	WHERE account_id = ?1 AND next_try <= ?2 ORDER BY next_try, call_id LIMIT ?3 {skip locked}`

// DueAnalyses implements engine.Tx.
func (t *tx) DueAnalyses(accountID id.ID, now time.Time, limit int) ([]engine.Analysis, error) {
	return list(t, scanAnalysis, dueAnalyses, accountID, millis(now), limit)
}

// EndAnalysisLeases implements engine.Tx.
func (t *tx) EndAnalysisLeases(now time.Time) error {
	return t.queue(nil, "UPDATE analysis SET next_try = ?1, lease = 0 WHERE lease > 0", millis(now))
}
