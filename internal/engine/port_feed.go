package engine

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// FeedTx is the feed: what was announced of an account, in the order in which it was committed (ADR 39).
type FeedTx interface {
	// Announce adds entries. They get their places at the commit.
	Announce(...FeedEntry) error
	// TrimFeed removes the oldest entries of an account that were made before an instant, up to limit.
	TrimFeed(accountID id.ID, before time.Time, limit int) (deleted int, err error)
}

// FeedQueries reads the feed, and calls that are in the air.
type FeedQueries interface {
	// Feed is what was announced of the account behind a place, oldest first: up to limit entries, fewer where their bodies are
	// long; more reports whether there are others. No entry appears later at or below a place that was read.
	Feed(ctx context.Context, accountID id.ID, after int64, limit int) (entries []FeedEntry, more bool, err error)
	FeedEnd(ctx context.Context, accountID id.ID) (place int64, err error)        // of the last entry there was, 0 where there was none
	LiveCalls(ctx context.Context, accountID id.ID) (live []call.Call, err error) // that are not over on the wire, oldest first; light rows
}

// FeedEntry is one change that was announced: what its webhook carries, whether a URL is set or not (contract 12.3).
type FeedEntry struct {
	Place   int64 // in the feed of the account, from 1; of what is read
	ID      id.ID // of the delivery, where there is one
	Account id.ID
	Pearl   id.ID
	Kind    DeliveryKind
	Lead    id.ID // zero for a made call
	Call    id.ID // zero for changes of leads
	Status  int   // of the lead, or of the call, as it is announced
	Created time.Time
	Body    []byte // of what is added: empty where a delivery has it
}
