package engine

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// AnalysisTx is calls that a language model is to analyse; in what order and shares is decided in analyses.go.
type AnalysisTx interface {
	AddAnalysis(Analysis) error
	Analysis(callID id.ID) (Analysis, error) // locks; missing: AnalysisId
	SaveAnalysis(Analysis) error
	DeleteAnalysis(callID id.ID) error // one that is not there is no fault
	// AnalysisQueues are the accounts that have one: a few steps over an index each, however many there are.
	AnalysisQueues() ([]AnalysisQueue, error)
	// DueAnalyses are those of the account that are due at now, the longest due first. Locks them, and leaves out those that
	// another transaction has locked.
	DueAnalyses(accountID id.ID, now time.Time, limit int) ([]Analysis, error)
	// EndAnalysisLeases makes due at now what is leased.
	EndAnalysisLeases(now time.Time) error
}

// AnalysisQueries reads calls that are to be analysed.
type AnalysisQueries interface {
	ReadAnalysisQueues(ctx context.Context) ([]AnalysisQueue, error) // as AnalysisQueues
}

// Analysis is a call that is final and that a language model is to analyse. It ends with the analysis, or with the call.
type Analysis struct {
	Call    id.ID
	Account id.ID
	Task    call.AnalysisTask
	NextTry time.Time
	Lease   time.Time // whoever claimed it has it until then; zero: nobody
	Tries   int       // claims so far, and so whose claim it is
}

// AnalysisQueue is the analyses of an account.
type AnalysisQueue struct {
	Account id.ID
	NextTry time.Time // the earliest
}
