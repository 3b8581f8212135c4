package engine

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/id"
)

// AccountTx is an account, its keys and its people.
type AccountTx interface {
	Account(id id.ID, lock Lock) (account.Account, error)
	InsertAccount(account.Account) error
	SaveAccount(account.Account) error
	InsertKey(account.Key) error
	DeleteKey(accountID, keyID id.ID) error        // missing: fault.NotFound KeyId
	Users(accountID id.ID) ([]account.User, error) // oldest first
	InsertUser(account.User) error
	SaveUser(account.User) error              // missing: fault.NotFound UserId
	DeleteUser(accountID, userID id.ID) error // missing: fault.NotFound UserId
	CountOwned(accountID id.ID, owned Owned) (int, error)
}

// AccountQueries reads one account, its keys and its people.
type AccountQueries interface {
	ReadAccount(ctx context.Context, accountID id.ID) (account.Account, error)
	// Key is the key of the account whose secret has this SHA-256 hash, expired ones too.
	// A missing account and a missing key are the same fault.Unauthenticated.
	Key(ctx context.Context, accountID id.ID, hash []byte) (account.Key, error)
	TouchKey(ctx context.Context, keyID id.ID, at time.Time) error // last use; not durable at once
	Keys(ctx context.Context, accountID id.ID) ([]account.Key, error)
	People(ctx context.Context, accountID id.ID) ([]account.User, error) // oldest first
}
