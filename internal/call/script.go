package call

import (
	"context"
	"time"

	"nacre/internal/id"
)

// Track is which sides of a call are recorded (contract 8.10, recording track).
type Track int

const (
	TrackAgent Track = 1
	TrackLead  Track = 2
	TrackBoth  Track = 3 // stereo, agent left, lead right
	TrackNone  Track = 4
)

// VariableType is the type of a collected value.
type VariableType string

const (
	Boolean VariableType = "boolean"
	Float   VariableType = "float"
	Int     VariableType = "int"
	String  VariableType = "string"
)

// Question asks for one InCall variable.
type Question struct {
	ID   string
	Name string
	Type VariableType
	Ask  string // the question to speak; "" = one in the agent's words, made of Name
	Hint string // how the Pearl describes the variable; "" = not
}

// Script is what an agent needs to hold one call. It is fixed when the call begins; variables are substituted already.
type Script struct {
	Call      id.ID
	Trace     string
	AgentName string
	VoiceID   string // "" = the default voice
	Opening   string
	Questions []Question
	// SuccessDefined: the Pearl has a success definition. It is met when the first boolean question is answered yes;
	// without a boolean question the opening sentence itself is asked as yes or no.
	SuccessDefined bool
	// AskAll: the questions go on after a no to the one that decides success.
	AskAll    bool
	VoiceMail string // left on an answering machine; "" = none
	// ScreeningAnswer tells a screening assistant who calls and why; "" = made of agent and company.
	ScreeningAnswer string
	// MenuKeys are pressed, once, in a telephone menu that answers; "" = it is left.
	MenuKeys  string
	Recording Track
	Timeout   time.Duration  // of the whole conversation, from the answer
	Language  string         // BCP 47, "" = the default one
	Zone      *time.Location // of the person called; nil = UTC
	Answered  time.Time      // set by the Agent when it begins to hold the call
	// Reopens returns when a call that is wanted at an instant is made: then, or when the calling hours begin again (contract 9.2). nil =
	// at any time.
	Reopens func(at time.Time) time.Time
	Brief   Brief
	Known   map[string]any // values of the variables that are known before the call, as JSON has them, for Actions
	Actions []Action
	After   []After // done after the call, each if its When applies; Next counts from 0
	Before  []Step  // made before the dial, from the first one on
	Closing string  // said at the end of a talk that went as it should; "" = the agent's own words
	// Nodes are the steps of a talk that is made of them, the opening first (contract 2.5). Without any the opening is followed by
	// all questions and the closing.
	Nodes []Node
}

// CallbackAt returns when a call-back that is wanted at an instant is made, and whether the calling hours move it.
func (s Script) CallbackAt(wanted time.Time) (at time.Time, moved bool) {
	if s.Reopens == nil {
		return wanted, false
	}
	at = s.Reopens(wanted)
	return at, !at.Equal(wanted)
}

// Node is a step of a talk.
type Node struct {
	Name   string
	Say    string // {variables} are filled in when it is said; "" = nothing
	Needs  []int  // numbers of questions that are asked before it is said, because it tells their answers
	Asks   []int  // and of those that are asked after it
	Action int    // which of the script's actions is done here, from 1; 0 = none
	Ends   bool   // the talk ends with Say; there is one such node
	Ways   []Way  // on from here; none = to the end
}

// Way leads from a node to another one.
type Way struct {
	Name  string // what it is for, in words
	To    int    // number of the node
	After Result // of the node's action
}

// Result is what comes of an action.
type Result int

const (
	AnyResult Result = iota
	ActionDone
	ActionFailed
)

// Brief is what a model is told besides. Variables are substituted; those that are collected in the talk stand as [id]. Company
// and Description also tell, without a model, who calls and why.
type Brief struct {
	Company     string
	Description string // of the company
	Personality string
	Knowledge   string
	Flow        string // how the talk should go
	Success     string // when the goal is reached; "" = there is none
	Known       []Fact // what is known of the person, in order
	Tags        []Fact // that may be set, with what they mean
	ModelType   int    // contract 2.4
}

// Fact is a name and what it stands for.
type Fact struct{ Name, Text string }

// Callback is a promised call-back: After counts from the moment it was promised.
type Callback struct{ After time.Duration }

// Talk is the result of a conversation.
type Talk struct {
	Answerer      Answerer
	Evidence      []Evidence // of it, in the order of time
	NotInService  bool       // an announcement said that there is no such number
	VoicemailLeft bool
	Collected     []Value
	Success       bool // meaningful only where the script defines success
	Judged        bool // a model has told in the talk whether the goal is reached
	Callback      *Callback
	OptOut        bool
	Tags          []string // set in the conversation, each once
	Transferred   bool     // the person was connected to somebody else in our place
	Acts          []Act    // that were done in the talk
	Learned       []Value  // variables that these brought, and that are not collected
	Notes         []string // sentences for the summary, such as a message that was left with us
	Transcript    []Line
	Recording     *Recording // nil: the call was not recorded
	Broke         string     // why the agent broke, "" = it did not
	TurnLatencyMS []int      // end of the person's turn → first packet of our answer
}

// TagOptOutInDoubt is of calls whose OptOut is in doubt: they may have asked never to be called again, and left before they were
// asked whether they meant it.
const TagOptOutInDoubt = "opt-out in doubt"

// Recording is the recording of a call that is over. It may not be on disk yet.
type Recording struct {
	// Saved waits until it is, and returns the file's name within the recordings folder, "" = it could not be written, and its
	// size. Called once.
	Saved func() (name string, bytes int64)
}

// Done is what came of an Action.
type Done struct {
	Text   string  // in words, for a model
	Values []Value // of variables that it brought; only ids and values
}

// Desk is what an agent can do outside of the call while it is up.
type Desk interface {
	// OptOut puts the callee on the account's blacklist. The agent hangs up only after it has returned (or after it has
	// failed for 10 s; the end of the call writes it then).
	OptOut(ctx context.Context) error
	// MayTransfer returns why the account's rules do not allow to connect the callee to a number.
	MayTransfer(ctx context.Context, number string) error
	// Act does an action of the script other than a transfer. values are those of variables that the talk has brought. The text of
	// the error is for a model.
	Act(ctx context.Context, action Action, values []Value) (Done, error)
	// Said is told what is said while the call is up: by the agent when that begins to be heard, by the callee once it is
	// understood. It must not block.
	Said(by Role, words string)
}

// Agent holds answered calls. Implemented by voice.
type Agent interface {
	// Hold conducts the conversation on the leg until the call is over on the wire. It does not wait for the disk.
	Hold(ctx context.Context, leg Leg, script Script, desk Desk) (Talk, Ending)
	// Ready returns an error if the agent cannot speak.
	Ready() error
}
