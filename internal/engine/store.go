package engine

import (
	"context"
	"errors"
	"time"

	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// ErrStale is what a compare-and-swap returns when somebody else changed the row first. Use cases read again and retry.
var ErrStale = errors.New("row changed since it was read")

// ErrNumberTaken means that another call to the number is live in the account (by a unique index), or may be (HoldNumber).
var ErrNumberTaken = errors.New("another call to the number is live")

// ErrNotNode means that another process has become the node of the database: this one may write nothing any more.
var ErrNotNode error = &fault.Error{Kind: fault.Unavailable, Detail: "another process has taken the database over; this one ends", RetryAfter: time.Second}

// Store is where everything is kept. Implemented by store, for SQLite and PostgreSQL alike.
type Store interface {
	Queries
	// Update runs fn in one transaction. When it returns nil the changes are on disk and visible to every following read;
	// when fn or the commit fails nothing was changed. fn may be run more than once (serialisation failures) and must not
	// have side effects besides tx. Concurrent Updates may share one disk write.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// Room fails where the disk cannot take so many bytes more and keep what it takes to remove them again, which it sets aside as
	// far as it can; nil where the database is on another machine.
	Room(bytes int64) error
	// AwaitPart waits until one of the transactions that a long list is made of may be begun; done is called once it is over. Where
	// all transactions have one writer, they take turns, whoever they are of, and hold back while the writer would have to catch up
	// for them: what is short waits for one part at most.
	AwaitPart(ctx context.Context) (done func(), err error)
}

// Tx is one transaction. Missing rows are fault.NotFound with the contract's word (PearlId, LeadId, CallId, …; plain
// "Account" for accounts). Reads marked "locks" hold the row against other writers until the end of the transaction
// (SELECT … FOR UPDATE on PostgreSQL, nothing to do on SQLite, whose writer is alone); "shares" allows other sharers.
// Lock order, to keep clear of deadlocks: node, add (Bulk), account, pearl, number, trunk, lead (by id), request, call, analysis, delivery, feed (with the commit).
type Tx interface {
	AccountTx
	SessionTx
	NumberTx
	BlacklistTx
	PearlTx
	LeadTx
	BulkTx
	CallTx
	RollupTx
	RequestTx
	UsageTx
	DeliveryTx
	FeedTx
	FollowUpTx
	RecordTx
	NodeTx
}

// Queries are reads outside a transaction; each sees everything that was committed before it began. Missing rows are
// fault.NotFound as in Tx. Every read names the account, so that no account sees another's rows; RecordingOf says why it does not.
type Queries interface {
	AccountQueries
	SignInQueries
	NumberQueries
	BlacklistQueries
	PearlQueries
	LeadQueries
	CallQueries
	RequestQueries
	QueueQueries
	DeliveryQueries
	FeedQueries
	FollowUpQueries
	AuditQueries
	InstallationQueries
	DialQueries
	RetentionQueries
}

// Lock says how a row is held.
type Lock int

const (
	Unlocked  Lock = iota
	Shared         // FOR SHARE
	Exclusive      // FOR UPDATE
)

// Page is one page of a table search. Ties are broken by id in the same direction.
type Page struct {
	Skip, Limit int
	Sort        string // a column's name as the contract has it, "" = the default column
	Ascending   bool
}

// WaitingNumber is the number of a call request that waits.
type WaitingNumber struct {
	Request id.ID
	To      phone.Number
}
