package engine

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// NodeTx is who may change what is held.
type NodeTx interface {
	// HoldNode shares the node's row: no other process becomes the node before the end of the transaction. ErrNotNode where
	// another has, since this one did. A process that never was the node (tests, short commands) is not held to it.
	HoldNode() error
}

// InstallationQueries asks for the database itself.
type InstallationQueries interface {
	Ping(ctx context.Context) error
	// Secret is the installation's random secret of that name (32 bytes), made at first use: recording links.
	Secret(ctx context.Context, name string) ([]byte, error)
}

// DialQueries is what is to be called, and what is held, in all accounts.
type DialQueries interface {
	Accounts(ctx context.Context) ([]account.Account, error)     // oldest first
	RunningPearls(ctx context.Context) ([]campaign.Pearl, error) // of all accounts, outbound and running
	// DueQueues are all queues of the campaign with a lead in them.
	DueQueues(ctx context.Context, pearlID id.ID) ([]DueQueue, error)
	UnfinishedCalls(ctx context.Context, node string) ([]call.Call, error) // not finished; node "" = of all nodes
	CallsToStop(ctx context.Context, node string) ([]call.Call, error)     // unfinished ones that are to be cancelled or hung up
	HeldClaims(ctx context.Context, node string) ([]HeldClaim, error)      // leads at InCallQueue and claimed requests
	Bulks(ctx context.Context) ([]Bulk, error)                             // all that are stored
}

// RetentionQueries finds what has outlived its time: at most limit of an account from before an instant, oldest of each Pearl first.
type RetentionQueries interface {
	OldCalls(ctx context.Context, accountID id.ID, before time.Time, limit int) ([]id.ID, error)                              // final, by when they began
	OldRequests(ctx context.Context, accountID id.ID, before time.Time, limit int) ([]id.ID, error)                           // over, by when they were made
	OldDeliveries(ctx context.Context, accountID id.ID, states []DeliveryState, before time.Time, limit int) ([]id.ID, error) // in one of the states, by when they were made
	// NeedRecording are those of the calls whose recording is needed: they are not final, or name one.
	NeedRecording(ctx context.Context, callIDs []id.ID) ([]id.ID, error)
}

// DueQueue is a queue of leads of a campaign that fall due one after another, whatever the campaign's settings are: those of
// one zone that take the same rest.
type DueQueue struct {
	ZoneKey  string // IANA name of the leads' own zone, "" for leads without one
	Promised bool   // call-backs were promised
	Rest     lead.Rest
	Since    time.Time // lead.Lead.Due of the first
}

// HeldClaim is a claim and who holds it.
type HeldClaim struct {
	Account, Pearl, Lead, Request, Claim id.ID
	Node                                 string
}
