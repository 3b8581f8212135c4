package engine_test

import (
	"testing"

	"nacre/internal/engine"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

// storeTest is a test of what the engine does together with a database; both databases must pass it.
type storeTest struct {
	name string
	test func(t *testing.T, s engine.Store)
}

func storeTests() []storeTest {
	return []storeTest{
		{"UpdateLead", testUpdateLead},
		{"DeliveriesOfATypicalLife", testDeliveriesOfATypicalLife},
		{"ConcurrentUpdatesLoseNothing", testConcurrentUpdatesLoseNothing},
		{"StopRacesClaimAndBegin", testStopRacesClaimAndBegin},
		{"GateRaces", testGateRaces},
		{"AnswerRacesCancel", testAnswerRacesCancel},
		{"ClaimsKeepTheCaps", testClaimsKeepTheCaps},
		{"OneLiveCallPerNumber", testOneLiveCallPerNumber},
		{"FinishRacesRescue", testFinishRacesRescue},
		{"ConcurrentAddsKeepThePolicy", testConcurrentAddsKeepThePolicy},
		{"Rescue", testRescue},
		{"RescueOfMadeCalls", testRescueOfMadeCalls},
		{"RescueLeavesOtherNodesAlone", testRescueLeavesOtherNodesAlone},
		{"Outcomes", testOutcomes},
		{"OutcomesOfAHandSetLead", testOutcomesOfAHandSetLead},
		{"OutcomesOfADeletedLead", testOutcomesOfADeletedLead},
		{"OutcomesOfMadeCalls", testOutcomesOfMadeCalls},
		{"RetryPolicy", testRetryPolicy},
		{"OptOutDuringTheTalk", testOptOutDuringTheTalk},
		{"Costs", testCosts},
		{"Gates", testGates},
		{"GatesOfTheLead", testGatesOfTheLead},
		{"BudgetCountsRunningCalls", testBudgetCountsRunningCalls},
		{"TrunkLimits", testTrunkLimits},
		{"DaylightSaving", testDaylightSaving},
		{"NumberBusy", testNumberBusy},
		{"MadeCallsWaitTheirTurn", testMadeCallsWaitTheirTurn},
		{"MadeCallsExpire", testMadeCallsExpire},
		{"MadeCallsThatEndWithoutACall", testMadeCallsThatEndWithoutACall},
		{"AddLeadsIsAtomic", testAddLeadsIsAtomic},
		{"DuplicatePolicy", testDuplicatePolicy},
		{"DeleteLeads", testDeleteLeads},
		{"BulkAddWhileOthersWrite", testBulkAddWhileOthersWrite},
		{"DeleteCalls", testDeleteCalls},
		{"HangUp", testHangUp},
		{"Archive", testArchive},
		{"RunAndPause", testRunAndPause},
		{"EverythingAtOnce", testEverythingAtOnce},
		{"UpdateLeadIsNotJudgedByOldReads", testUpdateLeadIsNotJudgedByOldReads},
	}
}

func TestOverSQLite(t *testing.T) {
	t.Parallel()
	runStoreTests(t, openSQLite(t))
}

func TestOverPostgres(t *testing.T) {
	t.Parallel()
	s, err := store.OpenPostgres(t.Context(), storetest.StartPostgres(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	runStoreTests(t, s)
}

// runStoreTests shares one database: worlds do not meet, and their transactions share its disk writes.
func runStoreTests(t *testing.T, s engine.Store) {
	for _, test := range storeTests() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.test(t, s)
		})
	}
}
