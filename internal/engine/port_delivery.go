package engine

import (
	"context"
	"time"

	"nacre/internal/id"
)

// DeliveryTx is rows of webhook deliveries; in what order and shares they go is decided in deliveries.go. Rows come without Body.
type DeliveryTx interface {
	AddDeliveries(...Delivery) error
	// DeliveryQueues are the Pearls that have a pending delivery: a few steps over an index each, however many are pending.
	DeliveryQueues() ([]DeliveryQueue, error)
	// DueDeliveries are pending ones of the Pearl that are due at now, the longest due first. Locks them, and leaves out
	// those that another transaction has locked.
	DueDeliveries(pearlID id.ID, now time.Time, limit int) ([]Delivery, error)
	Delivery(deliveryID id.ID) (Delivery, error) // locks
	DeliveryBody(deliveryID id.ID) ([]byte, error)
	// PendingBefore is the first pending lead delivery of the lead below the sequence, zero where there is none.
	PendingBefore(leadID id.ID, sequence int64) (id.ID, error)
	// PendingOfCall is the pending start or end of the call, zero where there is none.
	PendingOfCall(callID id.ID, start bool) (id.ID, error)
	// SharePending reads a delivery and shares it; nil where it is not pending any more, or another transaction has locked it.
	SharePending(deliveryID id.ID) (*Delivery, error)
	SaveDelivery(before, next Delivery) error
	// FreeNextOfLead makes the first pending lead delivery of the lead above the sequence due again, since it was made, where
	// it is held back; FreeEndOfCall so the end of the call, FreeAnalysisOfCall its analysis.
	FreeNextOfLead(leadID id.ID, sequence int64) error
	FreeEndOfCall(callID id.ID) error
	FreeAnalysisOfCall(callID id.ID) error
	// EndLeases makes due at now what is leased of the Pearl until an instant after now, and not after until.
	EndLeases(pearlID id.ID, now, until time.Time) error
	// PendingDeliveries are the pending ones of the Pearl after a place, by NextTry and id. Locks them.
	PendingDeliveries(pearlID id.ID, after DeliveryPlace, limit int) ([]Delivery, error)
	// DeadDeliveries are the dead ones of the Pearl that were made after a place and not after until (zero = open), by Created
	// and id. Locks them.
	DeadDeliveries(pearlID id.ID, after DeliveryPlace, until time.Time, limit int) ([]Delivery, error)
	DeleteDelivery(deliveryID id.ID) error // one that is pending stays
}

// DeliveryQueries reads webhook deliveries.
type DeliveryQueries interface {
	ReadDelivery(ctx context.Context, accountID, deliveryID id.ID) (Delivery, error)
	SearchDeliveries(ctx context.Context, accountID, pearlID id.ID, filter DeliveryFilter, page Page) (count int, rows []Delivery, err error) // rows without Body
	ReadDeliveryQueues(ctx context.Context) ([]DeliveryQueue, error)                                                                          // as DeliveryQueues
}

// DeliveryKind tells call webhooks from lead webhooks, and what a model made of a call from the call.
type DeliveryKind string

const (
	CallDelivery DeliveryKind = "call"
	LeadDelivery DeliveryKind = "lead"
	// AnalysisDelivery goes to the URL of CallDelivery, after the end of the call.
	AnalysisDelivery DeliveryKind = "analysis"
)

// Hook is the kind whose URL of a Pearl a delivery goes to.
func (k DeliveryKind) Hook() DeliveryKind {
	if k == AnalysisDelivery {
		return CallDelivery
	}
	return k
}

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
	Start    bool  // CallDelivery: the start (status 3); the end otherwise
	Sequence int64 // nacre-sequence
	Body     []byte
	Trace    string
	State    DeliveryState
	Created  time.Time
	NextTry  time.Time // pending only
	Lease    time.Time // a sender has it until then; zero: nobody
	HeldBack bool      // NextTry is that of an earlier one, which it waits for
	Hurried  bool      // a start that is tried for the last time, since the end of its call waits
	Tries    []Try
	Replays  int
}

// DeliveryPlace is a place in an order of deliveries; zero: before the first.
type DeliveryPlace struct {
	At time.Time
	ID id.ID
}

// DeliveryQueue is the pending deliveries of a Pearl.
type DeliveryQueue struct {
	Account, Pearl id.ID
	NextTry        time.Time // the earliest
}

// Try is one attempt to deliver.
type Try struct {
	At        time.Time `json:"at"`
	Status    int       `json:"status"` // 0: no answer
	LatencyMS int64     `json:"latencyMs"`
	Error     string    `json:"error"`
	Answer    string    `json:"answer"` // the beginning of the reply's body
}

// DeliveryFilter selects deliveries; empty members do not filter.
type DeliveryFilter struct {
	State    DeliveryState
	Lead     id.ID
	Call     id.ID
	From, To time.Time
}
