package engine

import (
	"context"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// PearlTx is Pearls and what they remember of people.
type PearlTx interface {
	Pearl(accountID, pearlID id.ID, lock Lock) (campaign.Pearl, error)
	InsertPearl(campaign.Pearl) error
	SavePearl(campaign.Pearl) error // compare-and-swap on Version-1; does not write Spent
	AddSpent(pearlID id.ID, hundredths int64) error
	PearlVersions(pearlID id.ID) ([]PearlVersion, error) // the newest first, without content
	// PearlVersion reads one with its content: the miss of "Version".
	PearlVersion(accountID, pearlID id.ID, number int64) (PearlVersion, error)
	AddPearlVersion(PearlVersion) error
	DropPearlVersions(pearlID id.ID, below int64) error
	// PearlDraft reads the draft of a Pearl: the miss of "Draft".
	PearlDraft(accountID, pearlID id.ID) (PearlDraft, error)
	SavePearlDraft(PearlDraft) error // in the place of one that there is
	DeletePearlDraft(pearlID id.ID) error
	// ForgetMemory removes what a Pearl remembers of one number, or of all where number is nil.
	ForgetMemory(pearlID id.ID, number *phone.Number) error
}

// PearlQueries reads Pearls.
type PearlQueries interface {
	ReadPearl(ctx context.Context, accountID, pearlID id.ID) (campaign.Pearl, error)
	Pearls(ctx context.Context, accountID id.ID) ([]campaign.Pearl, error)                   // oldest first, archived ones left out
	ReadPearlVersions(ctx context.Context, accountID, pearlID id.ID) ([]PearlVersion, error) // the newest first, without content
	ReadPearlVersion(ctx context.Context, accountID, pearlID id.ID, number int64) (PearlVersion, error)
	ReadPearlDraft(ctx context.Context, accountID, pearlID id.ID) (PearlDraft, error)
	PearlCounts(ctx context.Context, pearlID id.ID, midnight time.Time) (PearlCounts, error)
}

// PearlCounts are the live totals of a Pearl (contract 2.2).
type PearlCounts struct {
	Leads, Completed, Success int // all, in a final status, at 100
	TodayCalls                int // begun since midnight
	OngoingCalls              int // live, ringing ones included
	Queued                    int // leads at 20 and requests waiting
	ByStatus                  map[int]int
}
