package store

import (
	"context"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

var countOwned = map[engine.Owned]string{
	engine.OwnedTrunks:  "SELECT count(*) FROM trunk WHERE account_id = ?1",
	engine.OwnedNumbers: "SELECT count(*) FROM number WHERE account_id = ?1",
	engine.OwnedPearls:  "SELECT count(*) FROM pearl WHERE account_id = ?1",
}

// CountOwned implements engine.Tx.
func (t *tx) CountOwned(accountID id.ID, owned engine.Owned) (int, error) {
	return one(t, scanInt, countOwned[owned], accountID)
}

// CountLeads implements engine.Queries, by the counters of the account's campaigns.
func (s *Store) CountLeads(ctx context.Context, accountID id.ID) (count int, err error) {
	err = s.backend.read(ctx, func(q session) error {
		count, err = one(q, scanInt, "SELECT COALESCE(sum(n), 0) FROM lead_count WHERE pearl_id IN (SELECT id FROM pearl WHERE account_id = ?1)", accountID)
		return err
	})
	return count, wrap("count leads", err)
}

// RememberedAnswers implements engine.Queries. What requests wait for must not wait for searches, nor take all connections of look-ups:
// one account's answers are summed up at a time.
func (s *Store) RememberedAnswers(ctx context.Context, accountID id.ID, since time.Time) (bytes int64, oldest time.Time, err error) {
	select {
	case s.summing <- struct{}{}:
		defer func() { <-s.summing }()
	case <-ctx.Done():
		return 0, time.Time{}, ctx.Err()
	}
	err = s.backend.snapshot(ctx, func(q session) error {
		return q.each(func(r row) error {
			var created int64
			err := r.Scan(&bytes, &created)
			oldest = instant(created)
			return err
		}, "SELECT COALESCE(sum(octet_length(answer) + ?3), 0), COALESCE(min(created), 0) FROM replay WHERE account_id = ?1 AND created > ?2",
			accountID, millis(since), engine.RememberedRow)
	})
	return bytes, oldest, wrap("sum up remembered answers", err)
}
