package engine

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/report"
)

// Queries are reads outside a transaction; each sees everything that was committed before it began. Missing rows are
// fault.NotFound as in Tx. Every read names the account, so that no account sees another's rows; RecordingOf says why it does not.
type Queries interface {
	Ping(ctx context.Context) error
	// Key answers the key of the account whose secret has this SHA-256 hash, expired ones too.
	// A missing account and a missing key are the same fault.Unauthenticated.
	Key(ctx context.Context, accountID id.ID, hash []byte) (account.Key, error)
	TouchKey(ctx context.Context, keyID id.ID, at time.Time) error // last use; not durable at once
	Keys(ctx context.Context, accountID id.ID) ([]account.Key, error)
	People(ctx context.Context, accountID id.ID) ([]account.User, error) // oldest first
	Accounts(ctx context.Context) ([]account.Account, error)             // oldest first
	ReadAccount(ctx context.Context, accountID id.ID) (account.Account, error)
	Numbers(ctx context.Context, accountID id.ID) ([]account.Number, error)
	Trunks(ctx context.Context, accountID id.ID) ([]account.Trunk, error) // accountID zero: of all accounts (dialer, registrar)
	Suppressions(ctx context.Context, accountID id.ID, page Page, search string, whole phone.Number) (count int, rows []account.Suppression, err error)
	IsSuppressed(ctx context.Context, accountID id.ID, number phone.Number) (bool, error)

	ReadPearl(ctx context.Context, accountID, pearlID id.ID) (campaign.Pearl, error)
	Pearls(ctx context.Context, accountID id.ID) ([]campaign.Pearl, error) // oldest first, archived ones left out
	RunningPearls(ctx context.Context) ([]campaign.Pearl, error)           // of all accounts, outbound and running
	PearlCounts(ctx context.Context, pearlID id.ID, midnight time.Time) (PearlCounts, error)

	CountLeads(ctx context.Context, accountID id.ID) (int, error) // of all its campaigns
	ReadLead(ctx context.Context, accountID, pearlID, leadID id.ID) (lead.Lead, error)
	ReadLeadRecord(ctx context.Context, accountID, pearlID, leadID id.ID) (LeadRecord, error)
	LeadByExternalID(ctx context.Context, accountID, pearlID id.ID, externalID string) (lead.Lead, error) // the newest
	LeadByPhone(ctx context.Context, accountID, pearlID id.ID, number phone.Number) (lead.Lead, error)    // the newest
	// LeadCalls answers the ids of all calls to the lead, oldest first, and the newest call (nil when none).
	LeadCalls(ctx context.Context, leadID id.ID) (ids []id.ID, last *call.Call, err error)
	Bulks(ctx context.Context) ([]Bulk, error) // all that are stored
	SearchLeads(ctx context.Context, accountID, pearlID id.ID, filter LeadFilter, page Page) (count int, rows []lead.Lead, err error)
	LeadHistory(ctx context.Context, leadID id.ID) ([]History, error) // oldest first
	// NextDue is the earliest due instant after now among claimable leads of the campaign, by zone key; and whether any is due now.
	DueZones(ctx context.Context, pearlID id.ID) ([]DueZone, error)

	ReadCall(ctx context.Context, accountID, callID id.ID) (call.Call, error)
	// RecordingOf is the recording's file of a call, whosever it is: the signature of a link to it stands in for the account.
	// A call without one is missing too.
	RecordingOf(ctx context.Context, callID id.ID) (file string, err error)
	SearchCalls(ctx context.Context, accountID, pearlID id.ID, filter CallFilter, page Page) (count int, rows []call.Call, err error)
	// TallyCalls shows a tally the calls of a Pearl that SearchCalls finds from from to to, and the leads that became
	// WrongCountryCode meanwhile. After an error the tally is of no use.
	TallyCalls(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, tally *report.Tally) error
	// LiveCalls are calls that are not finished; node "" = of all nodes.
	UnfinishedCalls(ctx context.Context, node string) ([]call.Call, error)
	CallsToStop(ctx context.Context, node string) ([]call.Call, error) // unfinished ones that are to be cancelled or hung up
	// Claims are leads at InCallQueue and claimed requests, with the node that holds them.
	HeldClaims(ctx context.Context, node string) ([]HeldClaim, error)

	// OldCalls are final calls of the account that began before, OldRequests call requests that are over and were made
	// before, OldDeliveries those in one of the states that were made before: at most limit, oldest of each Pearl first.
	OldCalls(ctx context.Context, accountID id.ID, before time.Time, limit int) ([]id.ID, error)
	OldRequests(ctx context.Context, accountID id.ID, before time.Time, limit int) ([]id.ID, error)
	OldDeliveries(ctx context.Context, accountID id.ID, states []DeliveryState, before time.Time, limit int) ([]id.ID, error)
	// KeepRecording are those of the calls whose recording is needed: they are not final, or name one.
	KeepRecording(ctx context.Context, callIDs []id.ID) ([]id.ID, error)

	ReadRequest(ctx context.Context, accountID, requestID id.ID) (Request, error)
	SearchRequests(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, page Page) (count int, rows []Request, err error)
	RequestsAhead(ctx context.Context, request Request) (int, error)          // waiting requests of the Pearl before this one
	OpenRequests(ctx context.Context, accountID id.ID) (count int, err error) // that wait or are on a call
	WaitingNumbers(ctx context.Context, accountID id.ID) ([]WaitingNumber, error)
	NextExpiry(ctx context.Context, accountID id.ID) (time.Time, error) // of unclaimed requests; zero: there is none
	// DueRequestTimes are the earliest due instant up to now, and the earliest after it, of the Pearl's unclaimed requests:
	// none, one or both. The zero time is due at once.
	DueRequestTimes(ctx context.Context, pearlID id.ID, now time.Time) ([]time.Time, error)

	ReadDelivery(ctx context.Context, accountID, deliveryID id.ID) (Delivery, error)
	SearchDeliveries(ctx context.Context, accountID, pearlID id.ID, filter DeliveryFilter, page Page) (count int, rows []Delivery, err error) // rows without Body
	AuditLog(ctx context.Context, accountID id.ID, from, to time.Time, event int, user string, limit int) ([]Audit, error)                    // newest first
	// Secret answers the installation's random secret of that name (32 bytes), made at first use: recording links.
	Secret(ctx context.Context, name string) ([]byte, error)
}

// LeadRecord is a lead with what an answer about it says besides. Shares lists with other readers, as a Pearl that was read.
type LeadRecord struct {
	Lead  lead.Lead
	Pearl campaign.Pearl
	Calls []id.ID    // all calls to the lead, oldest first
	Last  *call.Call // the newest, nil when none
}

// Page is one page of a table search. Ties are broken by id in the same direction.
type Page struct {
	Skip, Limit int
	Sort        string // a column's name as the contract has it, "" = the default column
	Ascending   bool
}

// LeadFilter selects leads; empty members do not filter.
type LeadFilter struct {
	Statuses []int
	Search   string       // case-insensitive substring of phone number, external id or any callData value
	Number   phone.Number // the number that Search is by itself, as the campaign reads it, "" = none
}

// CallFilter selects calls; From and To are inclusive over Start.
type CallFilter struct {
	From, To      time.Time
	Conversations []int
	Tags          []string
	Search        string       // case-insensitive substring of from, to, name
	Number        phone.Number // as in LeadFilter
	Heavy         bool         // read transcript and collected values too
}

// DeliveryFilter selects deliveries; empty members do not filter.
type DeliveryFilter struct {
	State    DeliveryState
	Lead     id.ID
	Call     id.ID
	From, To time.Time
}

// PearlCounts are the live totals of a Pearl (contract 2.2).
type PearlCounts struct {
	Leads, Completed, Success int // all, in a final status, at 100
	TodayCalls                int // begun since midnight
	OngoingCalls              int // live, ringing ones included
	Queued                    int // leads at 20 and requests waiting
	ByStatus                  map[int]int
}

// DueZone is what the dialer needs to know when to look again.
type DueZone struct {
	ZoneKey string
	Due     time.Time // earliest due instant of a claimable lead in the zone
}

// WaitingNumber is the number of a call request that waits.
type WaitingNumber struct {
	Request id.ID
	To      phone.Number
}

// HeldClaim is a claim and who holds it.
type HeldClaim struct {
	Account, Pearl, Lead, Request, Claim id.ID
	Node                                 string
}
