package engine

import (
	"context"

	"nacre/internal/account"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// BlacklistTx is the numbers, and beginnings of numbers, that are not called.
type BlacklistTx interface {
	AddSuppression(account.Suppression) (added bool, err error) // an entry that is there already stays as it is
	RemoveSuppression(accountID id.ID, entry string) (removed bool, err error)
	Suppressed(accountID id.ID, number phone.Number) (bool, error) // by equality or prefix: one indexed look-up of the number's prefixes
}

// BlacklistQueries reads the blacklist.
type BlacklistQueries interface {
	Suppressions(ctx context.Context, accountID id.ID, page Page, search string, whole phone.Number) (count int, rows []account.Suppression, err error)
	IsSuppressed(ctx context.Context, accountID id.ID, number phone.Number) (bool, error)
}
