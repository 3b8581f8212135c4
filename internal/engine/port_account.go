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
	People(ctx context.Context, accountID id.ID) ([]account.User, error)       // oldest first
	Person(ctx context.Context, accountID, userID id.ID) (account.User, error) // missing: fault.NotFound UserId
}

// SignInQueries finds people whose account is not known yet, and sessions.
type SignInQueries interface {
	PeopleByEmail(ctx context.Context, email string) ([]account.User, error) // of all accounts, oldest first, at most 10
	PeopleByCode(ctx context.Context, hash []byte) ([]account.User, error)
	AnybodyJoined(ctx context.Context) (bool, error) // anybody of any account has a password
	Session(ctx context.Context, token string) (found Session, ok bool, err error)
}

// SessionTx is sessions of browsers.
type SessionTx interface {
	SaveSession(Session) error
	DeleteSession(token string) error                                    // a missing one is no error
	DeleteSessions(before time.Time, limit int) (deleted int, err error) // those that ended before
}

// Session is a signed-in browser.
type Session struct {
	Token   string // hashed
	Content []byte // the session library's
	Expires time.Time
}
