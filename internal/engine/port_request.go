package engine

import (
	"context"
	"encoding/json"
	"time"

	"nacre/internal/id"
	"nacre/internal/phone"
)

// RequestTx is call requests.
type RequestTx interface {
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
}

// RequestQueries reads call requests.
type RequestQueries interface {
	ReadRequest(ctx context.Context, accountID, requestID id.ID) (Request, error)
	SearchRequests(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, page Page) (count int, rows []Request, err error)
}

// QueueQueries looks at the call requests that wait.
type QueueQueries interface {
	RequestsAhead(ctx context.Context, request Request) (int, error)          // waiting requests of the Pearl before this one
	OpenRequests(ctx context.Context, accountID id.ID) (count int, err error) // that wait or are on a call
	WaitingNumbers(ctx context.Context, accountID id.ID) ([]WaitingNumber, error)
	NextExpiry(ctx context.Context, accountID id.ID) (time.Time, error) // of unclaimed requests; zero: there is none
	// DueRequestTimes are the earliest due instant up to now, and the earliest after it, of the Pearl's unclaimed requests:
	// none, one or both. The zero time is due at once.
	DueRequestTimes(ctx context.Context, pearlID id.ID, now time.Time) ([]time.Time, error)
}

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
	Key      id.ID     // the API key that asked for it, zero: none
}

// Why a request ended at RequestError, in the words of the contract (3.5, 12).
const (
	requestExpired      = "expired"
	requestCancelled    = "cancelled"
	requestWrongCountry = "countryCode"
)

// RequestStatus is the state of a call request (contract 8.5).
type RequestStatus int

const (
	RequestQueued      RequestStatus = 1
	RequestOnCall      RequestStatus = 2
	RequestCompleted   RequestStatus = 10
	RequestBlacklisted RequestStatus = 20
	RequestError       RequestStatus = 100
)
