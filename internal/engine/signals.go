package engine

import (
	"slices"

	"nacre/internal/call"
	"nacre/internal/id"
)

// Signals is what a commit tells to listeners. A lost one costs its listener a delay, and never a wrong call: dialer, sender and
// keeper find by themselves, later, what they were not told, and so do those who watch.
type Signals struct {
	Callable   bool          // something may be callable that was not
	Trunks     bool          // a trunk was added, changed or deleted
	Stopped    []StoppedCall // calls in the air that are to be cancelled or hung up
	Deliveries bool          // some may be due
	FollowUps  bool          // likewise
	Retention  bool          // another one: Sweep may find more than it did before
	SignIns    bool          // WriteSignIns has something to write
	Announced  []id.ID       // accounts whose feed has new entries
	Calls      []call.Call   // that began, were answered, or are over: as they are now
	Changed    []Changed     // what else a page may show

	remembered answerBytes // for the engine itself
}

// What has changed of a Pearl.
const (
	ChangedPearl      = "pearl"      // its settings, or whether it runs
	ChangedLeads      = "leads"      // some were added or deleted
	ChangedDeliveries = "deliveries" // some were sent, given up, or are sent again
)

// Changed is something of an account that is not in its feed.
type Changed struct {
	Account, Pearl id.ID
	What           string
}

// announced notes that the account's feed has new entries.
func (s *Signals) announced(accountID id.ID) {
	if !slices.Contains(s.Announced, accountID) {
		s.Announced = append(s.Announced, accountID)
	}
}

// changed notes a change, once.
func (s *Signals) changed(accountID, pearlID id.ID, what string) {
	if c := (Changed{accountID, pearlID, what}); !slices.Contains(s.Changed, c) {
		s.Changed = append(s.Changed, c)
	}
}

// StoppedCall is a call in the air that is to be cancelled or hung up.
type StoppedCall struct {
	ID id.ID
	By string // Actor.By of who wants it
}

// Listener is told after a commit, by the goroutine that committed: it returns at once.
type Listener interface{ Committed(Signals) }

// Listen sets who is told, in this order. To be called before the engine is used.
func (e *Engine) Listen(listeners ...Listener) { e.listeners = listeners }

// tell passes on what was committed.
func (e *Engine) tell(s Signals) {
	for _, l := range e.listeners {
		l.Committed(s)
	}
}
