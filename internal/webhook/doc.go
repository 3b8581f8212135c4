// Package webhook decides what a webhook says, how it is sent and what an answer means: it renders the bodies of
// deliveries (contract 6.2) and sends them from an outbox with signatures, retries, order and a guard against private
// targets (contract 6.3 to 6.6). It refuses to know why something is announced, and where deliveries are stored.
package webhook

import (
	"context"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// Outbox is where deliveries wait. Implemented by engine.
type Outbox interface {
	// NextDeliveries returns up to limit deliveries that are pending and due, oldest due first, and leases each to the
	// caller: nobody gets it again before the lease is over or it was settled. Left out are those that there is no room
	// for, those under way, and those held back by an earlier one that is still pending: a lead delivery by any earlier one
	// of its lead, the end of a call by its start. A start whose end waits is due at once, and dropped as superseded when
	// that try fails too (contract 6.3, number 3).
	NextDeliveries(ctx context.Context, now time.Time, lease time.Duration, limit int, room engine.DeliveryRoom) ([]engine.Delivery, error)
	// NextDeliveryTime is when NextDeliveries may have something next, zero when nothing is pending. What is leased counts
	// from the end of its lease; what is held back by another delivery need not count.
	NextDeliveryTime(ctx context.Context) (time.Time, error)
	// SettleDelivery ends the lease and records what came of it. A try whose At is zero was none and is not recorded. A
	// delivery that was retired while it was leased (its URL removed or disabled) changes to delivered only.
	SettleDelivery(ctx context.Context, id id.ID, state engine.DeliveryState, nextTry time.Time, try engine.Try) error
	// DisableURL turns the URL off until it is set again, for the kinds of deliveries that still go there, and returns these;
	// what waits for it becomes dead letters.
	DisableURL(ctx context.Context, accountID, pearlID id.ID, url string) (disabled []engine.DeliveryKind, err error)
}

// Pearls has the settings of webhooks. Implemented by store.
type Pearls interface {
	ReadPearl(ctx context.Context, accountID, pearlID id.ID) (campaign.Pearl, error)
}

// Metrics is told what happens. Its methods are called from many goroutines and must not block.
type Metrics interface {
	// Tried is called after every exchange; status 0 means that there was no answer.
	Tried(kind engine.DeliveryKind, status int, took time.Duration)
	// Settled is called when a delivery has got its new state; pending means that it will be tried again.
	Settled(kind engine.DeliveryKind, state engine.DeliveryState)
}
