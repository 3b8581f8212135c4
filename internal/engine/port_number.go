package engine

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/id"
)

// NumberTx is phone numbers and the trunks that carry them.
type NumberTx interface {
	Number(accountID, numberID id.ID, lock Lock) (account.Number, error)
	InsertNumber(account.Number) error
	SaveNumber(account.Number) error
	DeleteNumber(accountID, numberID id.ID) error
	RunningOn(accountID, numberID id.ID) ([]campaign.Pearl, error) // running Pearls of that number, oldest first
	Trunk(accountID, trunkID id.ID, lock Lock) (account.Trunk, error)
	InsertTrunk(account.Trunk) error
	SaveTrunk(account.Trunk) error
	DeleteTrunk(accountID, trunkID id.ID) error
	NumbersOver(accountID, trunkID id.ID) ([]account.Number, error) // those that a trunk carries, oldest first
	TrunkNumbers(accountID id.ID) ([]string, error)                 // numbers of the account that are on a trunk
}

// NumberQueries reads phone numbers and trunks.
type NumberQueries interface {
	Numbers(ctx context.Context, accountID id.ID) ([]account.Number, error)
	Trunks(ctx context.Context, accountID id.ID) ([]account.Trunk, error) // accountID zero: of all accounts (dialer, registrar)
	ReadTrunk(ctx context.Context, accountID, trunkID id.ID) (account.Trunk, error)
	TrunkWait(ctx context.Context, accountID id.ID, now time.Time) (time.Time, error) // the first end of a trunk's wait after now, or zero
}
