package engine

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// LeadTx is leads and their history.
type LeadTx interface {
	Lead(accountID, pearlID, leadID id.ID) (lead.Lead, error) // locks
	InsertLeads([]lead.Lead) error
	// SaveLead stores next where the stored version is before.Version (next.Version is before.Version+1), else ErrStale.
	// before is what was read: only what differs needs to be written.
	SaveLead(before, next lead.Lead) error
	DeleteLead(leadID id.ID) error
	LeadsByExternalID(accountID, pearlID id.ID, externalID string, limit int) ([]lead.Lead, error) // locks; newest first
	LeadsByPhone(accountID, pearlID id.ID, number phone.Number, limit int) ([]lead.Lead, error)    // locks; newest first
	HeldLeads(accountID id.ID, pearlID id.ID) ([]lead.Lead, error)                                 // locks; leads at InCallQueue or with a call in the air; pearlID zero = of the account
	LeadCallIDs(leadID id.ID) ([]id.ID, error)                                                     // oldest first
	// DueLeads are up to limit leads of the campaign in some queues that are claimable and due at now as the rules are, by due
	// instant, then by id. Locks (SKIP LOCKED).
	DueLeads(pearlID id.ID, queues []DueQueue, rules lead.Rules, now time.Time, limit int) ([]lead.Lead, error)
	AddHistory(...History) error
}

// BulkTx is large adds under way.
type BulkTx interface {
	InsertBulk(Bulk) error
	Bulk(first id.ID) (unfinished bool, err error)    // locks
	DeleteBulk(first id.ID) error                     // ErrStale where it is gone already
	BulkLeads(b Bulk, limit int) ([]lead.Lead, error) // up to limit of those inserted so far, by id, locks
	PearlBulks(pearlID id.ID) ([]Bulk, error)         // of the campaign, oldest first
}

// LeadQueries reads leads and their history.
type LeadQueries interface {
	CountLeads(ctx context.Context, accountID id.ID) (int, error) // of all its campaigns
	ReadLead(ctx context.Context, accountID, pearlID, leadID id.ID) (lead.Lead, error)
	ReadLeadRecord(ctx context.Context, accountID, pearlID, leadID id.ID) (LeadRecord, error)
	LeadByExternalID(ctx context.Context, accountID, pearlID id.ID, externalID string) (lead.Lead, error) // the newest
	LeadByPhone(ctx context.Context, accountID, pearlID id.ID, number phone.Number) (lead.Lead, error)    // the newest
	// LeadCalls are the ids of all calls to the lead, oldest first, and the newest call (nil when none).
	LeadCalls(ctx context.Context, leadID id.ID) (ids []id.ID, last *call.Call, err error)
	SearchLeads(ctx context.Context, accountID, pearlID id.ID, filter LeadFilter, page Page) (count int, rows []lead.Lead, err error)
	// FindLeads looks for leads in all campaigns of an account. The count is of those that match, at most MostFound; the page is of
	// these, in the order that SoughtLeads names.
	FindLeads(ctx context.Context, accountID id.ID, sought SoughtLeads, page Page) (count int, rows []lead.Lead, err error)
	LeadHistory(ctx context.Context, leadID id.ID) ([]History, error) // oldest first
	// MatchingLeads are all leads of a campaign that match: those with a call in the air or claimed first, then those that are due,
	// by due instant. With ids (not nil) it is these instead of those that match the filter, and those that name nothing are left
	// out; with stoppedBy only leads that this change stopped. A Pearl of another account is fault.NotFound.
	MatchingLeads(ctx context.Context, accountID, pearlID id.ID, filter LeadFilter, ids []id.ID, stoppedBy id.ID) ([]MatchingLead, error)
	// CountMatching is how many leads match a filter, and how many of them have a call in the air; of any number of them.
	CountMatching(ctx context.Context, accountID, pearlID id.ID, filter LeadFilter) (all, onCall int, err error)
	// WaitingByZone counts the leads of a campaign that are to be called, now or later, by their own zone.
	WaitingByZone(ctx context.Context, accountID, pearlID id.ID) ([]WaitingZone, error)
	// ReadLeads are those of the leads that the campaign has, in the order of ids.
	ReadLeads(ctx context.Context, accountID, pearlID id.ID, ids []id.ID) ([]lead.Lead, error)
}

// WaitingZone is how many leads wait in a zone.
type WaitingZone struct {
	ZoneKey string // IANA name of the leads' own zone, "" for leads without one
	Leads   int
}

// MatchingLead is a lead that was found.
type MatchingLead struct {
	ID     id.ID
	Status lead.Status
	OnCall bool // with a call in the air
}

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

// LeadRecord is a lead with what an answer about it says besides. Shares lists with other readers, as a Pearl that was read.
type LeadRecord struct {
	Lead  lead.Lead
	Pearl campaign.Pearl
	Calls []id.ID    // all calls to the lead, oldest first
	Last  *call.Call // the newest, nil when none
}

// LeadFilter selects leads; empty members do not filter.
type LeadFilter struct {
	Statuses []int
	Search   string       // case-insensitive substring of phone number, external id or any callData value
	Number   phone.Number // the number that Search is by itself, as the campaign reads it, "" = none
	Attempts []int        // one of these numbers of attempts
	Zones    []string     // one of these zones of their own, by key; "" = none of their own
}

// MostFound is how many leads FindLeads finds at most, so that it never takes long.
const MostFound = 1000

// SoughtLeads are leads of any campaign: those that have one of the numbers, or the external id, the newest first; then those whose
// number, and whose external id, begins so, in the order of these. Empty members find nothing.
type SoughtLeads struct {
	Numbers         []phone.Number
	ExternalID      string
	NumberStarts    []string // in normal form: "+1415"
	ExternalIDStart string
}

// Counted reports whether the counters of statuses tell how many leads match.
func (f LeadFilter) Counted() bool {
	return f.Search == "" && len(f.Attempts) == 0 && len(f.Zones) == 0
}
