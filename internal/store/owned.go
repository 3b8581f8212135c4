package store

import (
	"context"

	"nacre/internal/engine"
	"nacre/internal/id"
)

var countOwned = map[engine.Owned]string{
	engine.OwnedTrunks: "SELECT count(*) FROM trunk WHERE account_id = ?1",
	engine.OwnedPearls: "SELECT count(*) FROM pearl WHERE account_id = ?1",
}

// CountOwned implements engine.Tx.
func (t *tx) CountOwned(accountID id.ID, owned engine.Owned) (int, error) {
	return one(t, scanInt, countOwned[owned], accountID)
}

// CountLeads implements engine.Queries.
func (s *Store) CountLeads(ctx context.Context, accountID id.ID) (count int, err error) {
	err = s.backend.scan(ctx, func(q session) error {
		count, err = one(q, scanInt, "SELECT count(*) FROM lead WHERE pearl_id IN (SELECT id FROM pearl WHERE account_id = ?1)", accountID)
		return err
	})
	return count, wrap("count leads", err)
}
