package engine

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/phone"
	"nacre/internal/recording"
	"nacre/internal/report"
)

// CallTx is calls, and how much is in use.
type CallTx interface {
	Call(accountID, callID id.ID) (call.Call, error) // locks
	InsertCall(call.Call) error                      // ErrNumberTaken
	SaveCall(call.Call) error
	DeleteCall(callID id.ID) error       // with its review
	Review(callID id.ID) (Review, error) // the zero value where there is none; locks
	SaveReview(Review) error             // nothing where the call is gone
	// NumberTaken reports whether a call to the number is live, or until when HoldNumber has it taken (zero: it has not).
	NumberTaken(accountID id.ID, number phone.Number, now time.Time) (live bool, held time.Time, err error)
	// HoldNumber keeps calls off a number until an instant; a later one that is known already stands.
	HoldNumber(accountID id.ID, number phone.Number, now, until time.Time) error
	// Load counts what is held now: leads at InCallQueue, claimed requests and live calls, per Pearl, for its account, and per trunk.
	Load(accountID, pearlID, trunkID id.ID) (Load, error)
}

// RollupTx is what analytics sum up of calls.
type RollupTx interface {
	// DueRollups are up to limit buckets that begin before an instant and whose rollups do not hold, oldest first. Every
	// change that analytics show makes its bucket due. Locks (SKIP LOCKED).
	DueRollups(before time.Time, limit int) ([]DueRollup, error)
	// RollUp sums a due bucket up anew and returns how many calls it has.
	RollUp(due DueRollup) (calls int, err error)
}

// CallQueries reads calls.
type CallQueries interface {
	ReadCall(ctx context.Context, accountID, callID id.ID) (call.Call, error)
	ReadReview(ctx context.Context, accountID, callID id.ID) (Review, error) // the zero value where there is none
	// RecordingOf is the recording's file of a call, whosever it is: the signature of a link to it stands in for the account.
	// A call without one is missing too, as is one whose account is suspended, or has not the link's holder any more, or
	// of whose holder the sessions ended.
	RecordingOf(ctx context.Context, callID id.ID, holder recording.Holder) (file string, err error)
	Recorded(ctx context.Context, accountID id.ID) (bytes int64, err error) // of all recordings of an account
	SearchCalls(ctx context.Context, accountID, pearlID id.ID, filter CallFilter, page Page) (count int, rows []call.Call, err error)
	// TallyCalls shows a tally the calls of a Pearl that SearchCalls finds from from to to, and the leads that became
	// WrongCountryCode meanwhile. After an error the tally is of no use.
	TallyCalls(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, tally *report.Tally) error
}

// DueRollup is a bucket of a Pearl's calls (report.Bucket), by the instant that it begins at.
type DueRollup struct {
	Pearl  id.ID
	Bucket time.Time
}

// Load is how much is in use now.
type Load struct {
	Pearl   int           // agents of the Pearl: leads at 20, claimed requests, live calls
	Account int           // the same over all Pearls of the account
	Trunk   int           // live calls and claims over the trunk (zero id: the sandbox carrier, of the account)
	Cost    int64         // hundredths, cost so far of the Pearl's live calls, not yet in Spent: filled by the engine
	Running []RunningCall // live calls of the Pearl, for the budget
}

// RunningCall is a live call as the budget sees it.
type RunningCall struct{ Answered time.Time }

// CallFilter selects calls; From and To are inclusive over Start.
type CallFilter struct {
	From, To      time.Time
	Conversations []int
	Tags          []string
	Search        string       // case-insensitive substring of from, to, name
	Number        phone.Number // as in LeadFilter
	Reviewed      *bool        // only calls that are marked as reviewed, or are not
	Versions      []int        // only calls that were begun with one of these (call.Call.Version); empty does not filter
	Heavy         bool         // read transcript and collected values too
}
