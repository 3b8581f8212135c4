// Package storetest decides what a store must do, whichever database it stands on: one suite, run over each. It refuses
// to know how a store does it; plans and files are for the store's own tests.
package storetest

import (
	"context"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

// Store is what the suite tests: the engine's port and the outbox of the webhook sender.
type Store interface {
	engine.Store
	NextDeliveries(ctx context.Context, now time.Time, lease time.Duration, limit int, room engine.DeliveryRoom) ([]engine.Delivery, error)
	NextDeliveryTime(ctx context.Context) (time.Time, error)
	SettleDelivery(ctx context.Context, deliveryID id.ID, state engine.DeliveryState, nextTry time.Time, try engine.Try) error
	SupersedeStart(ctx context.Context, callID id.ID) error
	DisableURL(ctx context.Context, accountID, pearlID id.ID, kind engine.DeliveryKind) error
	DropDeliveries(ctx context.Context, pearlID id.ID, kind engine.DeliveryKind) error
	ReviveDelivery(ctx context.Context, accountID, deliveryID id.ID, now time.Time) error
	ReviveDead(ctx context.Context, accountID, pearlID id.ID, from, to, now time.Time) (int, error)
}

// Run runs the suite. open answers an empty store of its own for each call and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, store Store)
	}{
		{"accounts", testAccounts},
		{"keys", testKeys},
		{"people", testPeople},
		{"numbers and trunks", testNumbersAndTrunks},
		{"suppressions", testSuppressions},
		{"pearls", testPearls},
		{"leads", testLeads},
		{"lead look-ups", testLeadLookups},
		{"lead search", testLeadSearch},
		{"claims", testClaims},
		{"counters", testCounters},
		{"calls", testCalls},
		{"live number", testLiveNumber},
		{"call search", testCallSearch},
		{"analytics", testAnalytics},
		{"rollups", testRollups},
		{"rollups meanwhile", testRollupsMeanwhile},
		{"load", testLoad},
		{"requests", testRequests},
		{"records", testRecords},
		{"replays", testReplays},
		{"what has outlived its time", testOldRows},
		{"deliveries", testDeliveries},
		{"delivery order", testDeliveryOrder},
		{"delivery of starts", testStarts},
		{"delivery shares", testShares},
		{"delivery shares of accounts", testAccountShares},
		{"delivery ends", testRetiredDeliveries},
		{"senders", testSenders},
		{"transactions", testTransactions},
		{"concurrency", testConcurrency},
		{"same lead", testSameLead},
		{"bulk", testBulk},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, open(t))
		})
	}
}
