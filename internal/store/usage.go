package store

import (
	"time"

	"nacre/internal/engine"
)

// used sums up the few rows of an account's day (one a key), and what is held or live. One statement, so that on PostgreSQL a
// claim that becomes a call meanwhile is counted once. The first minute of a live call is in its row of the table already.
const used = `SELECT
	(SELECT CAST(COALESCE(sum(calls), 0) AS BIGINT) FROM usage WHERE account_id = ?1 AND day = ?3 AND (?2 = '' OR key_id = ?2)),
	(SELECT CAST(COALESCE(sum(minutes), 0) AS BIGINT) FROM usage WHERE account_id = ?1 AND day = ?3 AND (?2 = '' OR key_id = ?2)),
	(SELECT CAST(COALESCE(sum((?4 - answered - 1) / 60000), 0) AS BIGINT) FROM call WHERE account_id = ?1 AND ended = 0
		AND answered > 0 AND answered < ?4 AND start >= ?3 AND trunk_id <> '' AND (?2 = '' OR key_id = ?2)),
	(SELECT count(*) FROM lead WHERE account_id = ?1 AND held = 20 AND held > 0 AND (?2 = '' OR key_id = ?2)),
	(SELECT count(*) FROM request WHERE account_id = ?1 AND claim <> '' AND (?2 = '' OR key_id = ?2))`

// Used implements engine.Tx.
func (t *tx) Used(asker engine.Asker, day, now time.Time) (found engine.Usage, err error) {
	err = t.each(func(r row) error {
		var live, leads, requests int
		err := r.Scan(&found.Calls, &found.Minutes, &live, &leads, &requests)
		found.Minutes += live
		found.Claims = leads + requests
		return err
	}, used, asker.Account, asker.Key, millis(day), millis(now))
	return found, err
}

// AddUsage implements engine.Tx.
func (t *tx) AddUsage(asker engine.Asker, day time.Time, calls, minutes int) error {
	return t.queue(nil, `INSERT INTO usage (account_id, day, key_id, calls, minutes) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (account_id, day, key_id) DO UPDATE SET calls = usage.calls + excluded.calls, minutes = usage.minutes + excluded.minutes`,
		asker.Account, millis(day), asker.Key, calls, minutes)
}

// DeleteUsage implements engine.Tx.
func (t *tx) DeleteUsage(before time.Time, limit int) (int, error) {
	n, err := t.exec(`DELETE FROM usage WHERE (account_id, day, key_id) IN
		(SELECT account_id, day, key_id FROM usage WHERE day < ?1 ORDER BY account_id, day, key_id LIMIT ?2 {skip locked})`, millis(before), limit)
	return int(n), err
}
