package store

import (
	"context"
	"errors"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
)

const bulkColumns = "first_id, last_id, account_id, pearl_id, created, node"

var insertBulk = newTable("bulk", bulkColumns).insertion(1)

func scanBulk(r row) (engine.Bulk, error) {
	var b engine.Bulk
	var created int64
	err := r.Scan((*string)(&b.First), (*string)(&b.Last), (*string)(&b.Account), (*string)(&b.Pearl), &created, &b.Node)
	b.Created = instant(created)
	return b, err
}

func (t *tx) InsertBulk(b engine.Bulk) error {
	return t.queue(nil, insertBulk, b.First, b.Last, b.Account, b.Pearl, millis(b.Created), b.Node)
}

func (t *tx) Bulk(first id.ID) (bool, error) {
	_, err := one(t, scanBulk, "SELECT "+bulkColumns+" FROM bulk WHERE first_id = ?1 {for update}", first)
	if errors.Is(err, errNoRow) {
		return false, nil
	}
	return err == nil, err
}

func (t *tx) DeleteBulk(first id.ID) error {
	return t.queue(engine.ErrStale, "DELETE FROM bulk WHERE first_id = ?1", first)
}

func (t *tx) BulkLeads(b engine.Bulk, limit int) ([]lead.Lead, error) {
	return list(t, scanLead, "SELECT "+leadColumns+` FROM lead WHERE id >= ?1 AND id <= ?2 AND pearl_id = ?3 AND account_id = ?4
		ORDER BY id LIMIT ?5 {for update}`, b.First, b.Last, b.Pearl, b.Account, limit)
}

// PearlBulks implements engine.Tx: the table has as many rows as large adds are under way.
func (t *tx) PearlBulks(pearlID id.ID) ([]engine.Bulk, error) {
	return list(t, scanBulk, "SELECT "+bulkColumns+" FROM bulk WHERE pearl_id = ?1 ORDER BY created, first_id", pearlID)
}

// Bulks implements engine.Queries.
func (s *Store) Bulks(ctx context.Context) (bulks []engine.Bulk, err error) {
	err = s.backend.read(ctx, func(q session) error {
		bulks, err = list(q, scanBulk, "SELECT "+bulkColumns+" FROM bulk ORDER BY first_id")
		return err
	})
	return bulks, wrap("list bulks", err)
}
