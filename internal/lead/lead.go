// Package lead decides what a lead is and how it moves from status to status. Step is its heart: pure, total over
// state × event, and the only code that changes a lead's status. It refuses to know storage, calling hours,
// blacklists and SIP: verdicts about those come in with the events.
package lead

import (
	"encoding/json"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// Status is a lead's status; the integers are those of the API, the database, webhooks and logs (contract 8.1).
type Status int

const (
	New              Status = 1
	NeedRetry        Status = 10
	InCallQueue      Status = 20
	WrongCountryCode Status = 30
	OnCall           Status = 40
	VoiceMailLeft    Status = 70
	Success          Status = 100
	NotSuccessful    Status = 110
	Completed        Status = 130
	Unreachable      Status = 150
	Blacklisted      Status = 220
	QueueAbandon     Status = 300
	Error            Status = 500
)

// Statuses are all statuses in ascending order.
func Statuses() []Status {
	return []Status{New, NeedRetry, InCallQueue, WrongCountryCode, OnCall, VoiceMailLeft, Success, NotSuccessful, Completed, Unreachable, Blacklisted, QueueAbandon, Error}
}

// Callable statuses are the only ones from which a lead is called.
func (s Status) Callable() bool { return s == New || s == NeedRetry }

// Held statuses are those of a lead that a dialer holds.
func (s Status) Held() bool { return s == InCallQueue || s == OnCall }

// Final statuses stay until Update Lead changes them.
func (s Status) Final() bool { return !s.Callable() && !s.Held() }

// Settable statuses are those that Update Lead may set (contract 1.1).
func (s Status) Settable() bool {
	return s == New || s == NeedRetry || s == Success || s == NotSuccessful || s == Completed
}

func (s Status) String() string {
	switch s {
	case New:
		return "New"
	case NeedRetry:
		return "NeedRetry"
	case InCallQueue:
		return "InCallQueue"
	case WrongCountryCode:
		return "WrongCountryCode"
	case OnCall:
		return "OnCall"
	case VoiceMailLeft:
		return "VoiceMailLeft"
	case Success:
		return "Success"
	case NotSuccessful:
		return "NotSuccessful"
	case Completed:
		return "Completed"
	case Unreachable:
		return "Unreachable"
	case Blacklisted:
		return "Blacklisted"
	case QueueAbandon:
		return "QueueAbandon"
	case Error:
		return "Error"
	}
	return "Unknown"
}

// Lead is one person to be called in one campaign.
type Lead struct {
	ID         id.ID
	Account    id.ID
	Campaign   id.ID
	Phone      phone.Number
	ExternalID string          // the customer's own id, "" = none
	Zone       string          // the lead's own zone as given, "" = the campaign's
	ZoneKey    string          // IANA name of Zone, by which claims group leads; "" = the campaign's
	CallData   json.RawMessage // an object, as given; nil = {}
	Collected  json.RawMessage // an object: values of the last answered call; nil = {}
	Status     Status
	Created    time.Time
	Key        id.ID // the API key that had it called: added it, or since gave it another number or set it to be called; zero: none
	Version    int64 // grows by one with every stored change; the ETag

	Attempts int // calls begun and counted since the lead was New
	// Due is when it may be claimed, or since when it rests: DueAt tells. Zero unless the status is callable and no call is
	// in the air.
	Due      time.Time
	Rest     Rest
	Promised bool   // due because a call-back was promised: goes before other leads
	Claim    id.ID  // the claim that holds the lead at InCallQueue
	Node     string // whose claim or call it is
	Call     id.ID  // the call in the air, also after the status was set by hand; at most one, ever
	Sequence int64  // webhook deliveries made for this lead so far (nacre-sequence)
	State    State
}

// State is the part of a lead that only Step reads. A status other than OnCall while Call is set was set by hand:
// it wins, and the call's result goes to the call's row only.
type State struct {
	Spent        map[call.Outcome]int `json:"spent,omitempty"`   // attempts by how they ended
	Granted      bool                 `json:"granted,omitempty"` // one attempt beyond the maximum, by a hand-set 10
	From         Status               `json:"from,omitempty"`    // where the lead was claimed from
	FromDue      time.Time            `json:"fromDue,omitzero"`  // its due instant then
	FromRest     Rest                 `json:"fromRest,omitzero"`
	FromPromised bool                 `json:"fromPromised,omitempty"`
	Answered     bool                 `json:"answered,omitempty"`  // the call in the air was answered
	Cancelled    bool                 `json:"cancelled,omitempty"` // the call in the air is being cancelled
	UsedGrant    bool                 `json:"usedGrant,omitempty"` // the call in the air is the granted one
	Forgotten    bool                 `json:"forgotten,omitempty"` // set to New while the call was in the air: it counts no more
	Judged       id.ID                `json:"judged,omitempty"`    // the call that has made the lead NotSuccessful; "" once anybody has set its status by hand
	Told         id.ID                `json:"told,omitempty"`      // the call that Collected is of
	Before       Before               `json:"before,omitzero"`     // the stop that set the status, where it can be taken back
}

// Before is what a change of many leads found where it stopped the calling, so that it can be taken back: no call was made of
// such a lead since, nor was its status set otherwise.
type Before struct {
	Change   id.ID     `json:"change"` // of which it was part
	Status   Status    `json:"status"`
	Due      time.Time `json:"due,omitzero"`
	Rest     Rest      `json:"rest,omitzero"`
	Promised bool      `json:"promised,omitempty"`
}

// Patch is an update of a lead: nil members stay as they are. Values are validated and normalised already.
type Patch struct {
	Phone      *phone.Number
	ExternalID *string         // "" clears
	Zone       *string         // "" clears
	ZoneKey    string          // of Zone
	CallData   json.RawMessage // nil = unchanged; replaces the whole object
	Status     *Status
}

// Rules are the campaign's settings that Step needs.
type Rules struct {
	MaximumAttempts int
	Interval        time.Duration // from the end of an attempt to the next start
	Retry           RetryPolicy
	RingFor         time.Duration
}

// RetryPolicy says, by outcome, when an attempt is followed by another (contract 9.4).
// Keys: busy, noAnswer, failed, blocked, machine, voicemail, lost.
type RetryPolicy map[call.Outcome]Retry

// Retry is the policy for one outcome.
type Retry struct {
	Delays          []int `json:"delays,omitempty" schema:"min=0" doc:"seconds after the 1st, 2nd, … attempt; the last repeats"`
	MaximumAttempts *int  `json:"maximumAttempts,omitempty" schema:"min=0" doc:"caps the attempts that end with this outcome"`
}

// RetryOutcomes are the outcomes that a retry policy may name.
func RetryOutcomes() []call.Outcome {
	return []call.Outcome{call.BusyOutcome, call.RangOut, call.SetupFailed, call.Blocked, call.Machine, call.Voicemail, call.Lost}
}
