package store

import (
	"context"
	"errors"

	"nacre/internal/engine"
	"nacre/internal/id"
)

const reviewColumns = "call_id, account_id, pearl_id, reviewed, comment, changed, by_whom, by_name"

func scanReview(r row) (engine.Review, error) {
	var v engine.Review
	var reviewed, changed int64
	err := r.Scan((*string)(&v.Call), (*string)(&v.Account), (*string)(&v.Pearl), &reviewed, &v.Comment, &changed, &v.By, &v.ByName)
	v.Reviewed, v.At = instant(reviewed), instant(changed)
	return v, err
}

// Review implements engine.CallTx.
func (t *tx) Review(callID id.ID) (engine.Review, error) {
	found, err := one(t, scanReview, "SELECT "+reviewColumns+" FROM review WHERE call_id = ?1 {for update}", callID)
	if errors.Is(err, errNoRow) {
		return engine.Review{}, nil
	}
	return found, err
}

// SaveReview implements engine.CallTx. The call may have been deleted meanwhile: then there is nothing to review.
func (t *tx) SaveReview(v engine.Review) error {
	_, err := t.exec("INSERT INTO review ("+reviewColumns+`) SELECT ?1, ?2, ?3, CAST(?4 AS BIGINT), ?5, CAST(?6 AS BIGINT), ?7, ?8 WHERE EXISTS (SELECT 1 FROM call WHERE id = ?1)
		ON CONFLICT (call_id) DO UPDATE SET reviewed = excluded.reviewed, comment = excluded.comment, changed = excluded.changed, by_whom = excluded.by_whom, by_name = excluded.by_name`,
		v.Call, v.Account, v.Pearl, millis(v.Reviewed), v.Comment, millis(v.At), v.By, v.ByName)
	return err
}

// ReadReview implements engine.CallQueries.
func (s *Store) ReadReview(ctx context.Context, accountID, callID id.ID) (found engine.Review, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanReview, "SELECT "+reviewColumns+" FROM review WHERE call_id = ?1 AND account_id = ?2", callID, accountID)
		if errors.Is(err, errNoRow) {
			found, err = engine.Review{}, nil
		}
		return err
	})
	return found, wrap("read review", err)
}
