// Package storetest decides what a store must do, whichever database it stands on: one suite, run over each. It refuses
// to know how a store does it; plans and files are for the store's own tests.
package storetest

import (
	"testing"

	"nacre/internal/engine"
)

// Run runs the suite. open returns an empty store of its own for each call and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) engine.Store) {
	for _, part := range []struct {
		name string
		test func(t *testing.T, store engine.Store)
	}{
		{"accounts", testAccounts},
		{"keys", testKeys},
		{"people", testPeople},
		{"sessions", testSessions},
		{"signing in", testSigningIn},
		{"numbers and trunks", testNumbersAndTrunks},
		{"suppressions", testSuppressions},
		{"pearls", testPearls},
		{"versions of pearls", testPearlVersions},
		{"leads", testLeads},
		{"lead look-ups", testLeadLookups},
		{"lead search", testLeadSearch},
		{"lead finding", testLeadFinding},
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
		{"remembered answers", testRememberedAnswers},
		{"what has outlived its time", testOldRows},
		{"deliveries", testDeliveries},
		{"queues of deliveries", testDeliveryQueues},
		{"backlogs of deliveries", testBacklogs},
		{"follow-ups", testFollowUps},
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
