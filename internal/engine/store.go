package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// ErrStale is what a compare-and-swap answers when somebody else changed the row first. Use cases read again and retry.
var ErrStale = errors.New("row changed since it was read")

// ErrNumberTaken means that another call to the number is live in the account (by a unique index).
var ErrNumberTaken = errors.New("another call to the number is live")

// ErrNotNode means that another process has become the node of the database: this one may write nothing any more.
var ErrNotNode error = &fault.Error{Kind: fault.Unavailable, Detail: "another process has taken the database over; this one ends", RetryAfter: time.Second}

// Store is where everything is kept. Implemented by store, for SQLite and PostgreSQL alike.
type Store interface {
	Queries
	// Update runs fn in one transaction. When it answers nil the changes are on disk and visible to every following read;
	// when fn or the commit fails nothing was changed. fn may be run more than once (serialisation failures) and must not
	// have side effects besides tx. Concurrent Updates may share one disk write.
	Update(ctx context.Context, fn func(tx Tx) error) error
	// Room fails where the disk cannot take so many bytes more and keep what it takes to remove them again; nil where the database
	// is on another machine.
	Room(bytes int64) error
	// ReviveDelivery makes one delivery pending and due again; missing: fault.NotFound DeliveryId.
	ReviveDelivery(ctx context.Context, accountID, deliveryID id.ID, now time.Time) error
	// ReviveDead does so for all dead ones of a Pearl made from from to to, both inclusive, zero = open.
	ReviveDead(ctx context.Context, accountID, pearlID id.ID, from, to, now time.Time) (revived int, err error)
}

// Tx is one transaction. Missing rows are fault.NotFound with the contract's word (PearlId, LeadId, CallId, …; plain
// "Account" for accounts). Reads marked "locks" hold the row against other writers until the end of the transaction
// (SELECT … FOR UPDATE on PostgreSQL, nothing to do on SQLite, whose writer is alone); "shares" allows other sharers.
// Lock order, to keep clear of deadlocks: node, add (Bulk), account, pearl, number, trunk, lead (by id), request, call.
type Tx interface {
	// HoldNode shares the node's row: no other process becomes the node before the end of the transaction. ErrNotNode where
	// another has, since this one did. A process that never was the node (tests, short commands) is not held to it.
	HoldNode() error

	// Accounts and what they own.
	Account(id id.ID, lock Lock) (account.Account, error)
	InsertAccount(account.Account) error
	SaveAccount(account.Account) error
	InsertKey(account.Key) error
	DeleteKey(accountID, keyID id.ID) error        // missing: fault.NotFound KeyId
	Users(accountID id.ID) ([]account.User, error) // oldest first
	InsertUser(account.User) error
	SaveUser(account.User) error              // its role; missing: fault.NotFound UserId
	DeleteUser(accountID, userID id.ID) error // missing: fault.NotFound UserId
	Number(accountID, numberID id.ID, lock Lock) (account.Number, error)
	InsertNumber(account.Number) error
	SaveNumber(account.Number) error
	DeleteNumber(accountID, numberID id.ID) error
	RunningOn(accountID, numberID id.ID) ([]campaign.Pearl, error) // running Pearls of that number, oldest first
	Trunk(accountID, trunkID id.ID, lock Lock) (account.Trunk, error)
	InsertTrunk(account.Trunk) error
	SaveTrunk(account.Trunk) error
	DeleteTrunk(accountID, trunkID id.ID) error
	NumbersOver(accountID, trunkID id.ID) ([]account.Number, error) // those that a trunk carries, oldest first
	AddSuppression(account.Suppression) (added bool, err error)     // an entry that is there already stays as it is
	RemoveSuppression(accountID id.ID, entry string) (removed bool, err error)
	Suppressed(accountID id.ID, number phone.Number) (bool, error) // by equality or prefix: one indexed look-up of the number's prefixes

	CountOwned(accountID id.ID, owned Owned) (int, error)

	// Pearls.
	Pearl(accountID, pearlID id.ID, lock Lock) (campaign.Pearl, error)
	InsertPearl(campaign.Pearl) error
	SavePearl(campaign.Pearl) error // compare-and-swap on Version-1; does not write Spent
	AddSpent(pearlID id.ID, hundredths int64) error

	// Leads.
	Lead(accountID, pearlID, leadID id.ID) (lead.Lead, error) // locks
	InsertLeads([]lead.Lead) error
	InsertBulk(Bulk) error
	Bulk(first id.ID) (unfinished bool, err error)    // locks
	DeleteBulk(first id.ID) error                     // ErrStale where it is gone already
	BulkLeads(b Bulk, limit int) ([]lead.Lead, error) // up to limit of those inserted so far, by id, locks
	PearlBulks(pearlID id.ID) ([]Bulk, error)         // of the campaign, oldest first
	// SaveLead stores next where the stored version is before.Version (next.Version is before.Version+1), else ErrStale.
	// before is what was read: only what differs needs to be written.
	SaveLead(before, next lead.Lead) error
	DeleteLead(leadID id.ID) error
	LeadsByExternalID(accountID, pearlID id.ID, externalID string) ([]lead.Lead, error) // locks; oldest first
	LeadsByPhone(accountID, pearlID id.ID, number phone.Number) ([]lead.Lead, error)    // locks; oldest first
	HeldLeads(accountID id.ID, pearlID id.ID) ([]lead.Lead, error)                      // locks; leads at InCallQueue or with a call in the air; pearlID zero = of the account
	LeadCallIDs(leadID id.ID) ([]id.ID, error)                                          // oldest first
	// DueLeads are up to limit leads of the campaign in some zone keys that are claimable and due at now, by due instant, then
	// by id. A zone key is the IANA name of the lead's own zone, "" for leads without one. Locks (SKIP LOCKED).
	DueLeads(pearlID id.ID, zoneKeys []string, promised bool, now time.Time, limit int) ([]lead.Lead, error)

	// Calls.
	Call(accountID, callID id.ID) (call.Call, error) // locks
	InsertCall(call.Call) error                      // ErrNumberTaken
	SaveCall(call.Call) error
	DeleteCall(callID id.ID) error
	TrunkNumbers(accountID id.ID) ([]string, error) // numbers of the account that are on a trunk
	NumberLive(accountID id.ID, number phone.Number) (bool, error)
	// DueRollups are up to limit buckets that begin before an instant and whose rollups do not hold, oldest first. Every
	// change that analytics show makes its bucket due. Locks (SKIP LOCKED).
	DueRollups(before time.Time, limit int) ([]DueRollup, error)
	// RollUp sums a due bucket up anew and answers how many calls it has.
	RollUp(due DueRollup) (calls int, err error)
	// Load counts what is held now: leads at InCallQueue, claimed requests and live calls, per Pearl, for its account, and per trunk.
	Load(accountID, pearlID, trunkID id.ID) (Load, error)

	// Made calls.
	Request(accountID, requestID id.ID) (Request, error) // locks
	InsertRequest(Request) error
	SaveRequest(Request) error
	DeleteRequest(requestID id.ID) error // one that is not over stays
	// DueRequests are unclaimed requests of a Pearl that may be claimed at now: up to limit of those that were put off, by due
	// instant, then up to limit of the others, by age, so that neither keeps the other from being seen. Locks (SKIP LOCKED).
	DueRequests(pearlID id.ID, now time.Time, limit int) ([]Request, error)
	// ExpiredRequests are up to limit unclaimed requests that are not to be dialled at now. Locks (SKIP LOCKED).
	ExpiredRequests(accountID id.ID, now time.Time, limit int) ([]Request, error)
	HeldRequests(accountID id.ID) ([]Request, error) // claimed or on a call; locks

	// ForgetMemory removes what a Pearl remembers of one number, or of all where number is nil.
	ForgetMemory(pearlID id.ID, number *phone.Number) error

	// What goes with a change.
	DropDeliveries(pearlID id.ID, kind DeliveryKind) error // pending ones become dropped
	AddHistory(...History) error
	AddDeliveries(...Delivery) error
	DeleteDelivery(deliveryID id.ID) error // one that is pending stays
	AddAudit(...Audit) error
	// DeleteSignIns removes the oldest entries of the audit log with an event below 3 that were made before.
	DeleteSignIns(event int, before time.Time, limit int) (deleted int, err error)
	Replay(accountID id.ID, route, key string) (Replay, bool, error)
	SaveReplay(Replay) error
	DeleteReplays(before time.Time, limit int) (deleted int, err error) // the oldest that were made before
}

// DueRollup is a bucket of a Pearl's calls (report.Bucket), by the instant that it begins at.
type DueRollup struct {
	Pearl  id.ID
	Bucket time.Time
}

// Lock says how a row is held.
type Lock int

const (
	Unlocked  Lock = iota
	Shared         // FOR SHARE
	Exclusive      // FOR UPDATE
)

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

// Request is a call request (contract 3.5): a made call that waits for its gates.
type Request struct {
	ID       id.ID
	Account  id.ID
	Pearl    id.ID
	To       phone.Number
	CallData json.RawMessage
	Status   RequestStatus
	Created  time.Time
	Expires  time.Time // not dialled after this instant
	Errors   []string
	Call     id.ID // set from the moment the call begins
	Claim    id.ID // held by a dialer, about to be dialled
	Node     string
	Due      time.Time // not claimed before (number busy); zero = at once
	Trace    string    // W3C trace id of the request that asked for the call; its call goes on with it
}

// RequestStatus is the state of a call request (contract 8.5).
type RequestStatus int

const (
	RequestQueued      RequestStatus = 1
	RequestOnCall      RequestStatus = 2
	RequestCompleted   RequestStatus = 10
	RequestBlacklisted RequestStatus = 20
	RequestError       RequestStatus = 100
)

// Why a request ended at RequestError, in the words of the contract (3.5, 12).
const (
	requestExpired      = "expired"
	requestCancelled    = "cancelled"
	requestWrongCountry = "countryCode"
)

// History is one entry of a lead's history (contract 12).
type History struct {
	Lead id.ID
	At   time.Time
	Kind string // added, status, edited, attempt, outcome
	From int    // lead statuses where Kind is status, else 0
	To   int
	Call id.ID
	By   string // "key:<id>", "dialer", "optOut", …
	Note string // outcome, changed members
}

// DeliveryKind tells call webhooks from lead webhooks.
type DeliveryKind string

const (
	CallDelivery DeliveryKind = "call"
	LeadDelivery DeliveryKind = "lead"
)

// DeliveryState is where a webhook delivery stands (contract 12).
type DeliveryState string

const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryDead      DeliveryState = "dead"
	DeliveryDropped   DeliveryState = "dropped"
)

// Delivery is one webhook to be sent: body fixed at the commit of the change it announces (contract 6.3).
type Delivery struct {
	ID       id.ID
	Account  id.ID
	Pearl    id.ID
	Kind     DeliveryKind
	Lead     id.ID // zero for a made call
	Call     id.ID // zero for lead deliveries
	Start    bool  // call deliveries: the start (status 3); the end otherwise
	Sequence int64 // nacre-sequence
	Body     []byte
	Trace    string
	State    DeliveryState
	Created  time.Time
	NextTry  time.Time // pending only
	Tries    []Try
	Replays  int
}

// Try is one attempt to deliver.
type Try struct {
	At        time.Time `json:"at"`
	Status    int       `json:"status"` // 0: no answer
	LatencyMS int64     `json:"latencyMs"`
	Error     string    `json:"error"`
	Answer    string    `json:"answer"` // the beginning of the reply's body
}

// Audit is one entry of the audit log (contract 5).
type Audit struct {
	Account  id.ID
	At       time.Time
	Event    int    // contract 8, audit event
	User     string // id of the key or person
	UserName string
	UserType string
	Data     json.RawMessage
}

// Replay is the first answer to a request with an Idempotency-Key (contract 0.9).
type Replay struct {
	Account  id.ID
	Route    string
	Key      string
	BodyHash []byte
	Status   int
	Type     string // content type
	Answer   []byte
	Created  time.Time
}
