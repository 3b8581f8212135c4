package engine

import (
	"context"
	"time"

	"nacre/internal/id"
)

// DeliveryTx is webhook deliveries.
type DeliveryTx interface {
	DropDeliveries(pearlID id.ID, kind DeliveryKind) error // pending ones become dropped
	AddDeliveries(...Delivery) error
	DeleteDelivery(deliveryID id.ID) error // one that is pending stays
}

// DeliveryQueries reads webhook deliveries.
type DeliveryQueries interface {
	ReadDelivery(ctx context.Context, accountID, deliveryID id.ID) (Delivery, error)
	SearchDeliveries(ctx context.Context, accountID, pearlID id.ID, filter DeliveryFilter, page Page) (count int, rows []Delivery, err error) // rows without Body
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

// DeliveryFilter selects deliveries; empty members do not filter.
type DeliveryFilter struct {
	State    DeliveryState
	Lead     id.ID
	Call     id.ID
	From, To time.Time
}
