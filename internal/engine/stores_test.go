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
		{"DoubtfulNumbers", testDoubtfulNumbers},
		{"Regions", testRegions},
		{"SpellingsOfOneNumber", testSpellingsOfOneNumber},
		{"NumbersStoredBefore", testNumbersStoredBefore},
		{"LongBlacklist", testLongBlacklist},
		{"EntriesStoredBefore", testEntriesStoredBefore},
		{"Callers", testCallers},
		{"DeliveriesOfATypicalLife", testDeliveriesOfATypicalLife},
		{"Feed", testFeed},
		{"FeedInOrder", testFeedInOrder},
		{"FeedOfFailures", testFeedOfFailures},
		{"ConcurrentUpdatesLoseNothing", testConcurrentUpdatesLoseNothing},
		{"StopRacesClaimAndBegin", testStopRacesClaimAndBegin},
		{"GateRaces", testGateRaces},
		{"AnswerRacesCancel", testAnswerRacesCancel},
		{"ClaimsKeepTheCaps", testClaimsKeepTheCaps},
		{"OneLiveCallPerNumber", testOneLiveCallPerNumber},
		{"FinishRacesRescue", testFinishRacesRescue},
		{"ConcurrentAddsKeepThePolicy", testConcurrentAddsKeepThePolicy},
		{"Rescue", testRescue},
		{"LostCallHoldsItsNumber", testLostCallHoldsItsNumber},
		{"SettingsBindWaitingLeads", testSettingsBindWaitingLeads},
		{"PearlVersions", testPearlVersions},
		{"PearlVersionsAreBounded", testPearlVersionsAreBounded},
		{"BudgetIsNotOvercommitted", testBudgetIsNotOvercommitted},
		{"UnknownZoneIsClosed", testUnknownZoneIsClosed},
		{"PromisedCallbackInHistory", testPromisedCallbackInHistory},
		{"RescueOfMadeCalls", testRescueOfMadeCalls},
		{"RescueLeavesOtherNodesAlone", testRescueLeavesOtherNodesAlone},
		{"Outcomes", testOutcomes},
		{"OutcomesOfAHandSetLead", testOutcomesOfAHandSetLead},
		{"CollectedOfACutOffConversation", testCollectedOfACutOffConversation},
		{"OutcomesOfADeletedLead", testOutcomesOfADeletedLead},
		{"OutcomesOfMadeCalls", testOutcomesOfMadeCalls},
		{"RetryPolicy", testRetryPolicy},
		{"OptOutDuringTheTalk", testOptOutDuringTheTalk},
		{"LanguageOfACall", testLanguageOfACall},
		{"Costs", testCosts},
		{"OverBeforeItIsFinal", testOverBeforeItIsFinal},
		{"Gates", testGates},
		{"NumberMovesToAnotherTrunk", testNumberMovesToAnotherTrunk},
		{"GatesOfTheLead", testGatesOfTheLead},
		{"Limits", testLimits},
		{"RecordingsHaveALimit", testRecordingsHaveALimit},
		{"RememberedAnswersAreBounded", testRememberedAnswersAreBounded},
		{"FailedAddsTakeNoRoom", testFailedAddsTakeNoRoom},
		{"ClaimsThatFailUseNothing", testClaimsThatFailUseNothing},
		{"PlanOfARolledBackTransaction", testPlanOfARolledBackTransaction},
		{"BudgetCountsRunningCalls", testBudgetCountsRunningCalls},
		{"TrunkLimits", testTrunkLimits},
		{"CallsPerDay", testCallsPerDay},
		{"MinutesPerDay", testMinutesPerDay},
		{"SandboxIsExempt", testSandboxIsExempt},
		{"UsageOfLostCalls", testUsageOfLostCalls},
		{"CapsOfKeys", testCapsOfKeys},
		{"RequestsOfAKeyWait", testRequestsOfAKeyWait},
		{"CapsAreKeptInRaces", testCapsAreKeptInRaces},
		{"DaylightSaving", testDaylightSaving},
		{"NumberBusy", testNumberBusy},
		{"MadeCallsWaitTheirTurn", testMadeCallsWaitTheirTurn},
		{"MadeCallsKeepTheTrace", testMadeCallsKeepTheTrace},
		{"MadeCallsExpire", testMadeCallsExpire},
		{"MadeCallsBeyondCount", testMadeCallsBeyondCount},
		{"MadeCallsToABusyNumber", testMadeCallsToABusyNumber},
		{"MadeCallsThatEndWithoutACall", testMadeCallsThatEndWithoutACall},
		{"AddLeadsIsAtomic", testAddLeadsIsAtomic},
		{"DuplicatePolicy", testDuplicatePolicy},
		{"DuplicatePolicyOverParts", testDuplicatePolicyOverParts},
		{"DuplicatesOfAnUnfinishedAdd", testDuplicatesOfAnUnfinishedAdd},
		{"ClockStepsBackDuringAnAdd", testClockStepsBackDuringAnAdd},
		{"AFailedAddIsSettled", testAFailedAddIsSettled},
		{"AnAddUnderWayIsNotSettled", testAnAddUnderWayIsNotSettled},
		{"PartCommitsLate", testPartCommitsLate},
		{"LargeAddNeedsRoom", testAddNeedsRoom},
		{"WalkWhileOthersAdd", testWalkWhileOthersAdd},
		{"LongListsTakeTurns", testLongListsTakeTurns},
		{"DeleteLeads", testDeleteLeads},
		{"ChangeOfManyIsAsAlone", testChangeOfManyIsAsAlone},
		{"ChangeOfMany", testChangeOfMany},
		{"ChangeOfManyInParts", testChangeOfManyInParts},
		{"ChangeTakenBack", testChangeTakenBack},
		{"Zones", testZones},
		{"BulkAddWhileOthersWrite", testBulkAddWhileOthersWrite},
		{"DeleteCalls", testDeleteCalls},
		{"Review", testReview},
		{"HangUp", testHangUp},
		{"TalkedTo", testTalkedTo},
		{"Archive", testArchive},
		{"RunAndPause", testRunAndPause},
		{"Attention", testAttention},
		{"SandboxCampaign", testSandboxCampaign},
		{"People", testPeople},
		{"SignIns", testSignIns},
		{"RefusedSignIns", testRefusedSignIns},
		{"RefusalsFromEverywhere", testRefusalsFromEverywhere},
		{"SignInsOutliveAFault", testSignInsOutliveAFault},
		{"PeopleKeepAnOwner", testPeopleKeepAnOwner},
		{"CodesToJoin", testCodesToJoin},
		{"Attempts", testAttempts},
		{"StrangersLockNobodyOut", testStrangersLockNobodyOut},
		{"TwoFactor", testTwoFactor},
		{"EverythingAtOnce", testEverythingAtOnce},
		{"UpdateLeadIsNotJudgedByOldReads", testUpdateLeadIsNotJudgedByOldReads},
		{"NothingOvertakesTheGate", testNothingOvertakesTheGate},
		{"TrunkChangesAreNotLost", testTrunkChangesAreNotLost},
	}
}

// aloneTests act on every account of a database: each has one of its own.
func aloneTests() []storeTest {
	return []storeTest{
		{"AddsAreWholeAcrossACrash", testAddsAreWholeAcrossACrash},
		{"ImportLeads", testImportLeads},
		{"ImportPausesOnAFullDisk", testImportPausesOnAFullDisk},
		{"ImportPartsAreOneTransaction", testImportPartsAreOneTransaction},
		{"ImportRefusesFaults", testImportRefusesFaults},
		{"ImportKeepsThePolicy", testImportKeepsThePolicy},
		{"ImportIntoNothing", testImportIntoNothing},
		{"AttentionToDeadLetters", testAttentionToDeadLetters},
		{"Deliveries", testDeliveries},
		{"DeliveryOrder", testDeliveryOrder},
		{"DeliveryOfStarts", testStarts},
		{"DeliveryShares", testShares},
		{"DeliverySharesOfAccounts", testAccountShares},
		{"DisabledURL", testDisabledURL},
		{"RemovedURL", testRemovedURL},
		{"UnderWay", testUnderWay},
		{"Senders", testSenders},
		{"BacklogsInParts", testBacklogsInParts},
		{"BacklogAfterACrash", testBacklogAfterACrash},
		{"DeliveriesUnderWayAtACrash", testDeliveriesUnderWayAtACrash},
		{"AnalysisOfACall", testAnalysisOfACall},
		{"AnalysisIsNotAsked", testAnalysisIsNotAsked},
		{"VerdictsCauseNoCall", testVerdictsCauseNoCall},
		{"ActsAfterACall", testActsAfterACall},
		{"ActsThatFollow", testActsThatFollow},
		{"AnalysisIsTriedAgain", testAnalysisIsTriedAgain},
		{"AnalysisAfterACrash", testAnalysisAfterACrash},
		{"AnalysisThatKills", testAnalysisThatKills},
		{"AnalysisShares", testAnalysisShares},
		{"AnalysisDeliveryOrder", testAnalysisDeliveryOrder},
		{"FeedIsTrimmed", testFeedIsTrimmed},
		{"UsageIsForgotten", testUsageIsForgotten},
		{"Sweep", testSweep},
		{"SweepOfManyCalls", testSweepOfManyCalls},
		{"SweepOfDeliveries", testSweepOfDeliveries},
		{"SweepOfSignIns", testSweepOfSignIns},
		{"SweepAsksForTheRetentionAgain", testSweepAsksForTheRetentionAgain},
	}
}

func TestOverSQLite(t *testing.T) {
	t.Parallel()
	runStoreTests(t, openSQLite(t))
	for _, test := range aloneTests() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.test(t, openSQLite(t))
		})
	}
}

func TestOverPostgres(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	runStoreTests(t, openPostgres(t, cluster))
	for _, test := range aloneTests() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.test(t, openPostgres(t, cluster))
		})
	}
}

func openPostgres(t *testing.T, cluster *storetest.Cluster) *store.Store {
	t.Helper()
	s, err := store.OpenPostgres(t.Context(), cluster.NewDatabase(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return s
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
