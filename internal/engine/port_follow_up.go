package engine

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// FollowUpTx is what is done after calls; in what order and shares is decided in follow_ups.go.
type FollowUpTx interface {
	AddFollowUp(FollowUp) error
	FollowUp(callID id.ID, number int) (FollowUp, error) // locks; missing: FollowUpId
	SaveFollowUp(FollowUp) error
	DeleteFollowUp(callID id.ID, number int) error // one that is not there is no fault
	DeleteFollowUps(callID id.ID) error            // all of a call; none is no fault
	// FollowUpQueues are the accounts that have some: a few steps over an index each, however many there are.
	FollowUpQueues() ([]FollowUpQueue, error)
	// DueFollowUps are those of the account that are due at now, the longest due first. Locks them, and leaves out those that
	// another transaction has locked.
	DueFollowUps(accountID id.ID, now time.Time, limit int) ([]FollowUp, error)
	// EndFollowUpLeases makes due at now what is leased.
	EndFollowUpLeases(now time.Time) error
}

// FollowUpQueries reads what is done after calls.
type FollowUpQueries interface {
	ReadFollowUpQueues(ctx context.Context) ([]FollowUpQueue, error) // as FollowUpQueues
}

// FollowUp is one thing that is done after a call that is final: its analysis by a language model, or an action of its Pearl. It
// ends when it is done or given up, or with the call.
type FollowUp struct {
	Call    id.ID
	Number  int // of the call's: 0 = the analysis, from 1 on actions
	Account id.ID
	Task    call.AnalysisTask // of number 0
	Act     call.ActTask      // of all others
	NextTry time.Time
	Lease   time.Time // whoever claimed it has it until then; zero: nobody
	Tries   int       // claims so far, and so whose claim it is
}

// FollowUpQueue is what an account has of them.
type FollowUpQueue struct {
	Account id.ID
	NextTry time.Time // the earliest
}
