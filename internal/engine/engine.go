// Package engine decides what happens to campaigns, leads and calls, and is the only writer: one file per use case, each
// one transaction. It owns the ports to the database (Store, Tx, Queries) and to whoever renders webhook bodies. It refuses
// to know SQL, HTTP and SIP, and never waits for any of them inside a transaction.
package engine

import (
	"log/slog"
	"sync/atomic"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/credential"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// Actor is on whose behalf a change is made; By goes into history and audit.
type Actor struct {
	Account id.ID
	By      string // "key:<id>", "person:<id>", "dialer", "callee", …
	Name    string // of the key or person
	Trace   string // W3C trace id of the request
}

// Renderer makes webhook bodies. Implemented by webhook.
type Renderer interface {
	// LeadBody is the body of a lead delivery; calls are the ids of all calls to it, oldest first.
	LeadBody(l lead.Lead, pearl campaign.Pearl, calls []id.ID, now time.Time) ([]byte, error)
	// CallBody is the body of a call delivery: the start while c.Status is InProgress, else the end, or the analysis where that is done. l is nil for made calls and deleted leads.
	CallBody(c call.Call, pearl campaign.Pearl, l *lead.Lead, now time.Time) ([]byte, error)
}

// Config is what an engine is made of.
type Config struct {
	Store          Store
	Renderer       Renderer
	IDs            *id.Source
	Now            func() time.Time
	Log            *slog.Logger
	Node           string                      // this process's id
	CanSpeak       func() error                // nil when a Pearl can speak; else why a campaign cannot run
	Language       func(voiceID string) string // that a voice speaks, and so the call (BCP 47); nil = English
	Limits         Limits
	AccountCaps    DayCaps         // of all calls of an account
	KeyCaps        DayCaps         // of those that one key asked for
	Room           func() error    // nil while the disk has room for new calls; a nil func: always
	Senses         func() []Matter // what is wrong with what hears, speaks and thinks; nil: nothing ever is
	PricePerMinute int64           // hundredths per started minute
	ShortCodes     []string        // numbers other than E.164 that may be shown as caller over trunks
	CreditsBind    bool            // at zero or below the account's status is 3
}

// Engine carries out use cases. Safe for concurrent use.
type Engine struct {
	Config
	listeners         []Listener
	signIns           signIns
	sandboxWait       atomic.Int64 // Unix ms until which the sandbox carrier, which has no trunk row, is left alone
	plans             plans        // of campaigns
	added             stamps
	adding            adding
	leadCounts        leadCounts
	rememberedAnswers rememberedAnswers
	recorded          recorded
	passwords         *credential.Passwords
	attempts          attempts
	firstStart        firstStart
	attentions        attentions
}

// New makes an engine. Listen connects it to the dialer, the webhook sender and the keeper.
func New(config Config) *Engine {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{Config: config, signIns: newSignIns(), passwords: credential.NewPasswords()}
}

// NewLead is a lead to add, as the caller wrote it.
type NewLead struct {
	Phone      string
	ExternalID string // "" = none
	Zone       string // "" = the campaign's
	CallData   []byte // a JSON object; nil = {}
}

// LeadUpdate is Update Lead as the caller wrote it; nil members are unchanged.
type LeadUpdate struct {
	Phone         *string
	ExternalID    *string // "" clears
	Zone          *string // "" clears
	CallData      []byte  // replaces the whole object
	CallDataMerge []byte  // JSON merge patch of the object (RFC 7396); not together with CallData
	Status        *int
	HangUp        bool    // a stop also ends an answered conversation
	IfMatch       []int64 // any other version is fault.Stale; nil = whatever the version
}

// LeadView is the full lead (contract 1.2).
type LeadView struct {
	Lead     lead.Lead
	Offset   string // current UTC offset in hours, "-8.0"
	Calls    []id.ID
	LastCall *call.Call
}
