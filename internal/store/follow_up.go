package store

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

var followUpTable = newTable("follow_up", "call_id, number, account_id, next_try, lease, tries, task")

// scanFollowUp reads a row. Its task is sealed, as it may hold the secrets of a request; one from before that was so is plain.
func (t *tx) scanFollowUp(r row) (engine.FollowUp, error) {
	var f engine.FollowUp
	var nextTry, lease int64
	var task string
	if err := r.Scan((*string)(&f.Call), &f.Number, (*string)(&f.Account), &nextTry, &lease, &f.Tries, &task); err != nil {
		return f, err
	}
	f.NextTry, f.Lease = instant(nextTry), instant(lease)
	if t.keys != nil {
		var err error
		if task, err = t.keys.Open(followUpPlace(f), task); err != nil {
			return f, err
		}
	}
	if f.Number == 0 {
		return f, decode(task, &f.Task)
	}
	return f, decode(task, &f.Act)
}

func followUpPlace(f engine.FollowUp) string { return fmt.Sprintf("follow-up %s/%d", f.Call, f.Number) }

func (t *tx) followUpTask(f engine.FollowUp) (text string, err error) {
	if f.Number == 0 {
		text, err = encode(f.Task)
	} else {
		text, err = encode(f.Act)
	}
	if err == nil && t.keys != nil {
		text = t.keys.Seal(followUpPlace(f), text)
	}
	return text, err
}

// analysisText is ” for a call that is not analysed.
func analysisText(a call.Analysis) (string, error) {
	if a == (call.Analysis{}) {
		return "", nil
	}
	return encode(a)
}

// AddFollowUp implements engine.Tx.
func (t *tx) AddFollowUp(f engine.FollowUp) error {
	task, err := t.followUpTask(f)
	if err != nil {
		return err
	}
	return t.queue(nil, followUpTable.insertion(1), f.Call, int64(f.Number), f.Account, millis(f.NextTry), millis(f.Lease), int64(f.Tries), task)
}

var lockedFollowUp = "SELECT " + followUpTable.list() + " FROM follow_up WHERE call_id = ?1 AND number = ?2 {for update}"

// FollowUp implements engine.Tx.
func (t *tx) FollowUp(callID id.ID, number int) (engine.FollowUp, error) {
	f, err := one(t, t.scanFollowUp, lockedFollowUp, callID, int64(number))
	return f, missing(err, "FollowUpId")
}

// SaveFollowUp implements engine.Tx.
func (t *tx) SaveFollowUp(f engine.FollowUp) error {
	task, err := t.followUpTask(f)
	if err != nil {
		return err
	}
	return t.queue(nil, "UPDATE follow_up SET next_try = ?3, lease = ?4, tries = ?5, task = ?6 WHERE call_id = ?1 AND number = ?2",
		f.Call, int64(f.Number), millis(f.NextTry), millis(f.Lease), int64(f.Tries), task)
}

// DeleteFollowUp implements engine.Tx.
func (t *tx) DeleteFollowUp(callID id.ID, number int) error {
	return t.queue(nil, "DELETE FROM follow_up WHERE call_id = ?1 AND number = ?2", callID, int64(number))
}

// DeleteFollowUps implements engine.Tx.
func (t *tx) DeleteFollowUps(callID id.ID) error {
	return t.queue(nil, "DELETE FROM follow_up WHERE call_id = ?1", callID)
}

// sealFollowUps seals anew what follows a call.
func (t *tx) sealFollowUps(callID string) error {
	found, err := list(t, t.scanFollowUp, "SELECT "+followUpTable.list()+" FROM follow_up WHERE call_id = ?1 {for update}", callID)
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := t.SaveFollowUp(f); err != nil {
			return err
		}
	}
	return nil
}

// followUpQueues steps from account to account over the index follow_up_next, as deliveryQueues does from Pearl to Pearl.
const followUpQueues = `WITH RECURSIVE accounts(account_id) AS (
	SELECT (SELECT account_id FROM follow_up ORDER BY account_id LIMIT 1)
	UNION ALL
	SELECT (SELECT account_id FROM follow_up WHERE account_id > accounts.account_id ORDER BY account_id LIMIT 1)
	FROM accounts WHERE accounts.account_id IS NOT NULL)
SELECT account_id, COALESCE((SELECT next_try FROM follow_up WHERE follow_up.account_id = accounts.account_id ORDER BY next_try LIMIT 1), 0)
FROM accounts WHERE account_id IS NOT NULL`

func listFollowUpQueues(q session) ([]engine.FollowUpQueue, error) {
	return list(q, func(r row) (found engine.FollowUpQueue, err error) {
		var nextTry int64
		err = r.Scan((*string)(&found.Account), &nextTry)
		found.NextTry = instant(nextTry)
		return found, err
	}, followUpQueues)
}

// FollowUpQueues implements engine.Tx.
func (t *tx) FollowUpQueues() ([]engine.FollowUpQueue, error) { return listFollowUpQueues(t) }

// ReadFollowUpQueues implements engine.Queries.
func (s *Store) ReadFollowUpQueues(ctx context.Context) (found []engine.FollowUpQueue, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = listFollowUpQueues(q)
		return err
	})
	return found, wrap("list queues of follow-ups", err)
}

var dueFollowUps = "SELECT " + followUpTable.list() + ` FROM follow_up
	WHERE account_id = ?1 AND next_try <= ?2 ORDER BY next_try, call_id, number LIMIT ?3 {skip locked}`

// DueFollowUps implements engine.Tx.
func (t *tx) DueFollowUps(accountID id.ID, now time.Time, limit int) ([]engine.FollowUp, error) {
	return list(t, t.scanFollowUp, dueFollowUps, accountID, millis(now), limit)
}

// EndFollowUpLeases implements engine.Tx.
func (t *tx) EndFollowUpLeases(now time.Time) error {
	return t.queue(nil, "UPDATE follow_up SET next_try = ?1, lease = 0 WHERE lease > 0", millis(now))
}
