// Package account decides what an account owns and what its keys allow: keys and scopes, phone numbers, trunks, the
// blacklist. It holds rules and shapes, not their storage.
package account

import (
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/phone"
	"nacre/internal/secret"
)

// Standing is the account's status (contract 8.6).
type Standing int

const (
	FullAccess    Standing = 1
	LimitedAccess Standing = 2
	NoCredits     Standing = 3
	Suspended     Standing = 4
	DebtReached   Standing = 5
)

// MayCall reports whether the account may call: statuses 3, 4 and 5 stop all calling (contract 5).
func (s Standing) MayCall() bool { return s == FullAccess || s == LimitedAccess }

// Account is one customer of an installation.
type Account struct {
	ID            id.ID
	Name          string
	Color         string // #rrggbb by which people tell accounts apart, "" = none
	TotalAgents   int    // calls at once over all Pearls; 100 unless changed
	Credit        int64  // hundredths
	Standing      Standing
	CountryCodes  []string // enabled country calling codes ("1", "39") and costly ranges ("1900", "882"); nil = those of its own numbers
	DefaultRegion string   // two-letter country of numbers that are written nationally, "" = none
	RetentionDays *int
	Created       time.Time
}

// RetainsFrom is the start of the oldest call that the account retains at now; limited is false where it retains all.
func (a Account) RetainsFrom(now time.Time) (oldest time.Time, limited bool) {
	if a.RetentionDays == nil {
		return time.Time{}, false
	}
	return now.AddDate(0, 0, -*a.RetentionDays), true
}

// MayDial says why a number may not be dialled, "" where it may (contract 12). own are the numbers that the account's trunks
// know it by; sandbox: the call goes to the sandbox carrier, which costs nothing and takes all countries unless countryCodes
// says otherwise.
func (a Account) MayDial(number phone.Number, sandbox bool, own []string) (why string) {
	code, known := phone.Country(number)
	if !known || !number.Possible() {
		return "The number's country calling code is unknown."
	}
	ranged := false // countryCodes names the very range
	switch {
	case a.CountryCodes != nil:
		enabled := false
		for _, entry := range a.CountryCodes {
			if strings.HasPrefix(string(number[1:]), entry) {
				enabled = true
				// A shorter entry, as "8", names many countries, and no service of them.
				ranged = ranged || len(entry) > len(code) || len(entry) == len(code) && phone.CostlyService(code)
			}
		}
		if !enabled {
			return "The number's country calling code (" + code + ") is not among the account's countryCodes."
		}
	case !sandbox && !slices.ContainsFunc(own, func(n string) bool { c, _ := phone.Country(phone.Number(n)); return c == code }):
		return "The number's country calling code (" + code + ") is none of the account's own numbers; countryCodes enables others."
	}
	if !sandbox && !ranged && number.Costly() {
		return "The number is in a premium-rate, satellite or shared-cost range; countryCodes has to name such a range itself."
	}
	return ""
}

// Home says how numbers are read that belong to no campaign (contract 1.3, 5). numbers are the account's.
func (a Account) Home(numbers []Number) phone.Home {
	home := phone.Home{Region: a.DefaultRegion}
	for _, n := range numbers {
		home.Callers = append(home.Callers, n.Number)
	}
	return home
}

// Scope narrows a key (contract 0.4).
type Scope string

const (
	ScopeRead  Scope = "read"  // reads only
	ScopeLeads Scope = "leads" // reads, and everything about leads
	ScopeFull  Scope = "full"
)

// Key is an API key; the secret itself is never stored.
type Key struct {
	ID       id.ID
	Account  id.ID
	Name     string
	Scope    Scope
	Hash     []byte // SHA-256 of the secret
	Created  time.Time
	Expires  time.Time // zero = never
	LastUsed time.Time
}

// Direction of a phone number (contract 8).
type Direction int

const (
	InboundOutbound Direction = 1
	Inbound         Direction = 2
	Outbound        Direction = 3
	NotSet          Direction = 10
)

// DialsOut reports whether the number may be the caller of an outbound call.
func (d Direction) DialsOut() bool { return d == InboundOutbound || d == Outbound }

// TakesCalls reports whether the number may be called.
func (d Direction) TakesCalls() bool { return d == InboundOutbound || d == Inbound }

// Number is a phone number of the account. Number is what the carrier knows it as, short numbers included.
type Number struct {
	ID        id.ID
	Account   id.ID
	Number    string
	Direction Direction
	Trunk     id.ID // zero = the sandbox carrier
	Active    bool
	Created   time.Time
}

// TrunkState is what is known of a trunk's peer (contract 12.1).
type TrunkState string

const (
	TrunkOK           TrunkState = "ok"
	TrunkUnreachable  TrunkState = "unreachable"
	TrunkUnauthorized TrunkState = "unauthorized"
	TrunkUnknown      TrunkState = "unknown"
)

// Dialable reports whether calls may begin over a trunk in this state (contract 9.5).
func (s TrunkState) Dialable() bool { return s == TrunkOK || s == TrunkUnknown }

// Trunk is a SIP trunk of the account. call.Trunk's ID is the trunk's own.
type Trunk struct {
	call.Trunk
	Account id.ID
	Name    string
	Active  bool
	State   TrunkState
	Detail  string    // in words, why it is in this state
	Until   time.Time // a wait of 30 s after a call met a fault of the trunk; zero = none
	Created time.Time
}

// Suppression is one blacklist entry: a full number or a prefix.
type Suppression struct {
	ID      id.ID
	Account id.ID
	Entry   string // "+" and digits
	Source  string // "api", "dashboard", "optOut"
	Created time.Time
}

// Secrets are the secrets of the trunk: the password belongs to the carrier's transport, host and port.
func (t *Trunk) Secrets() []secret.Held {
	return []secret.Held{{
		Path: "Password", Destinations: []string{secret.Address(t.Transport, t.Host, t.Port)}, Value: t.Password, Set: func(text string) { t.Password = text },
	}}
}
