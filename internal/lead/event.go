package lead

import (
	"encoding/json"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// Event is what can happen to a lead.
type Event interface{ name() string }

// Claimed means that a dialer took the lead because it is due and an agent, hours and caps allow.
type Claimed struct {
	Claim        id.ID
	Node         string
	Blacklisted  bool // the number is covered by the blacklist
	WrongCountry bool // its country calling code is unknown or not enabled
}

// Postponed means that the lead fell due but its number is on another live call; only the due instant moves.
type Postponed struct{ Until time.Time }

// Began means that the call's record is being committed, right before the INVITE.
type Began struct {
	Claim id.ID
	Call  id.ID
}

// Answered means that the 200 of the lead's call is being committed.
type Answered struct{ Call id.ID }

// Released means that the lead goes back to where it came from: a gate closed before the INVITE (Claim),
// or nothing can have rung, or the process is stopping (Call; the attempt is not counted).
type Released struct {
	Claim id.ID // set at InCallQueue
	Call  id.ID // set at OnCall
}

// Finished means that the call is over and its outcome known.
type Finished struct {
	Call      id.ID
	Outcome   call.Outcome
	Cancel    call.Cancel     // why, where the outcome is Cancelled
	Ended     time.Time       // when the call was over on the wire
	Callback  time.Time       // promised instant, zero = none
	Collected json.RawMessage // nil: nothing was collected (not answered)
}

// Lost means that the node died, or stopped, with the lead claimed or its call live.
type Lost struct {
	Claim     id.ID
	Call      id.ID
	Collected json.RawMessage // by the conversation that the stop cut off; nil: there was none, or the node died with it
}

// Analysed means that a model has found what a call of the lead, which is over, amounted to.
type Analysed struct {
	Call      id.ID
	Success   bool            // the success definition was met, which nobody had judged
	Collected json.RawMessage // all values of the call; nil: as they were
}

// Edited means that the lead was updated (Update Lead).
type Edited struct {
	Patch  Patch
	HangUp bool  // a stop also ends an answered conversation
	Closed bool  // the hours of the (new) zone are closed now: a queued lead leaves the queue
	Change id.ID // the change of many leads that this is part of, whose stops can be taken back; zero: none
}

// TakenBack means that the change of many leads that stopped this one is taken back.
type TakenBack struct{ Change id.ID }

// HungUp means that a person, or the stop of the process, ends the live call: it is cancelled while it rings, and an
// answered one is ended where Why is ByPerson.
type HungUp struct {
	Call id.ID
	Why  call.Cancel
}

// Suppressed means that the lead's number was put on the blacklist.
type Suppressed struct{}

// Deleted means that the lead is about to be removed.
type Deleted struct{}

func (Claimed) name() string    { return "Claimed" }
func (Postponed) name() string  { return "Postponed" }
func (Began) name() string      { return "Began" }
func (Answered) name() string   { return "Answered" }
func (Released) name() string   { return "Released" }
func (Finished) name() string   { return "Finished" }
func (Lost) name() string       { return "Lost" }
func (Analysed) name() string   { return "Analysed" }
func (Edited) name() string     { return "Edited" }
func (TakenBack) name() string  { return "TakenBack" }
func (HungUp) name() string     { return "HungUp" }
func (Suppressed) name() string { return "Suppressed" }
func (Deleted) name() string    { return "Deleted" }

// Effects are what the caller must commit together with the lead.
type Effects struct {
	// From and To differ where the status changed: one history row and one lead webhook.
	From, To Status
	// Cancel, where not empty, is to be written to the call in the air: it is still ringing.
	Cancel call.Cancel
	// HangUp: the answered call in the air is to be ended.
	HangUp bool
}

// Changed reports whether the status changed.
func (e Effects) Changed() bool { return e.From != e.To }
