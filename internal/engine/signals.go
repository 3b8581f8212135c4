package engine

import "nacre/internal/id"

// Signals is what a commit tells to listeners. A lost one costs its listener a delay, and never a wrong call: dialer, sender and
// keeper find by themselves, later, what they were not told.
type Signals struct {
	Callable   bool          // something may be callable that was not
	Trunks     bool          // a trunk was added, changed or deleted
	Stopped    []StoppedCall // calls in the air that are to be cancelled or hung up
	Deliveries bool          // some may be due
	Analyses   bool          // likewise
	Retention  bool          // another one: Sweep may find more than it did before
	SignIns    bool          // WriteSignIns has something to write

	remembered answerBytes // for the engine itself
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
