package store

import (
	"context"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/phone"
)

const suppressionColumns = "id, account_id, entry, source, created"

var addSuppression = newTable("suppression", suppressionColumns).insertion(1) + " ON CONFLICT (account_id, entry) DO NOTHING"

func scanSuppression(r row) (account.Suppression, error) {
	var s account.Suppression
	var created int64
	err := r.Scan((*string)(&s.ID), (*string)(&s.Account), &s.Entry, &s.Source, &created)
	s.Created = instant(created)
	return s, err
}

func (t *tx) AddSuppression(s account.Suppression) (added bool, err error) {
	n, err := t.exec(addSuppression, s.ID, s.Account, s.Entry, s.Source, millis(s.Created))
	return n > 0, err
}

func (t *tx) RemoveSuppression(accountID id.ID, entry string) (removed bool, err error) {
	n, err := t.exec("DELETE FROM suppression WHERE account_id = ?1 AND entry = ?2", accountID, entry)
	return n > 0, err
}

// maxPrefixes is how many entries can cover one number: + and 1 to 15 digits (contract 1.3).
const maxPrefixes = 15

func (t *tx) Suppressed(accountID id.ID, number phone.Number) (bool, error) {
	args := make([]any, 0, 1+maxPrefixes)
	args = append(args, accountID)
	for length := 2; length <= len(number) && len(args) <= maxPrefixes; length++ {
		args = append(args, string(number[:length]))
	}
	for len(args) <= maxPrefixes {
		args = append(args, string(number))
	}
	const text = `SELECT count(*) FROM suppression WHERE account_id = ?1
		AND entry IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)`
	n, err := one(t, scanInt, text, args...)
	return n > 0, err
}

func (s *Store) IsSuppressed(ctx context.Context, accountID id.ID, number phone.Number) (suppressed bool, err error) {
	err = s.backend.read(ctx, func(q session) error {
		suppressed, err = s.newTx(q).Suppressed(accountID, number)
		return err
	})
	return suppressed, wrap("look up suppression", err)
}

// Suppressions implements engine.Queries. Columns to sort by: created (default; also createdAt), phoneNumber, source, id.
func (s *Store) Suppressions(ctx context.Context, accountID id.ID, page engine.Page, search string, whole phone.Number) (count int, rows []account.Suppression, err error) {
	order, err := orderBy(page, map[string]string{
		"": "created", "created": "created", "createdat": "created", "phonenumber": "entry", "source": "source", "id": "id",
	})
	if err != nil {
		return 0, nil, err
	}
	var f filter
	f.add("account_id = ?%d", accountID)
	if search != "" {
		f.contains(search, whole, []string{"entry"})
	}
	err = s.scan(ctx, accountID, func(q session) error {
		if count, err = f.count(q, "suppression"); err != nil {
			return err
		}
		rows, err = pageOf(q, scanSuppression, suppressionColumns, "suppression", &f, order.String(), page)
		return err
	})
	return count, rows, wrap("search suppressions", err)
}
