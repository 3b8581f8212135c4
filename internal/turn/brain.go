package turn

import (
	"context"
	"time"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// Expect is which keys the agent waits for after it has spoken.
type Expect int

const (
	ExpectNothing Expect = iota
	ExpectYesNo          // one key: 1 yes, 2 no
	ExpectDigits         // digits, ended by # or a pause
	ExpectDecimal        // the same, with ** as the decimal point
	ExpectKey            // any one key
)

// Reply is what the agent says next.
type Reply struct {
	Parts  []string // spoken with pauses too short for the end of a turn; none = we stay quiet, and wait
	Expect Expect
	Wait   time.Duration // for an answer; 0 = Timing.AnswerWait
	End    bool          // hang up after these words; with an Expect, a key that answers still continues the conversation
	Tools  []Tool        // used before the words are spoken
	// Asked is how many of Parts it takes until the question is asked, 0 = all: over those before it a yes is no answer.
	Asked int
}

// InputKind is what the other side did.
type InputKind int

const (
	InputKeys    InputKind = iota // an answer by keys
	InputWords                    // they spoke and have finished
	InputSilence                  // nothing came
	InputRepeat                   // they asked to hear it again
	InputWorked                   // an action that our reply had done is over: Action, Failed, Text, Values
	InputAnew                     // somebody else has come to the telephone, and is greeted; no Brain is asked
)

// Input is one turn of the other side.
type Input struct {
	Kind        InputKind
	Keys        string        // what was typed, without the closing #; "." is the decimal point; "" = # alone
	Words       string        // recognised words; "" = none
	Spoke       time.Duration // how long they spoke
	Heard       int           // parts of our last reply that were played to their end
	Interrupted bool          // our last reply was not played to its end
	Unheard     bool          // they began to speak before they can have heard what the part that was cut off is about
	At          time.Duration // now, since the answer
	Deaf        bool          // there is no recogniser, or not any more
	// Action is the number of an action that is over, Text what came of it, Values the variables that it brought.
	Action int
	Failed bool
	Text   string
	Values []call.Value
	// Outcomes are what came, meanwhile, of actions for which nobody waited any more.
	Outcomes []string
	// OptedOut: they asked never to be called again, and will not be.
	OptedOut bool
	// Silences is how many turns in a row were silent, with this one. After two of them a Brain is asked no more: the call ends.
	Silences int
	// Transcript is the conversation so far, for a Brain: what was heard by either side, of our words no more than was played.
	Transcript []call.Line
}

// Brain thinks about what the agent says, and may take its time; the Machine decides when it is said. There is one for each
// conversation. A call whose brains all fail goes on by the Rules.
type Brain interface {
	// Answer replies to a turn. It is called by a goroutine of its own, one turn after another. ctx ends when the reply is not
	// wanted any more, because the person goes on or interrupts; whatever it returns then is ignored. What was not heard of
	// the last reply is not in the Input's Transcript. Of the Reply that it returns the Parts are spoken too, after those that
	// were given to say. After an error the next brain is asked.
	Answer(ctx context.Context, in Input, turn Turn) (Reply, error)
}

// Turn is the agent's turn while a Brain makes it. All methods return an error when the reply is not wanted any more.
type Turn interface {
	// Say has one part of the reply spoken, a sentence or a clause, as soon as the floor is free.
	Say(part string) error
	// Cite tells which passage of what the Pearl knows the next part is taken from, for the record of the call.
	Cite(source string) error
	// Use uses a tool, and returns what came of it, for the model; failed means that it was not done, and why.
	Use(tool Tool) (result string, failed bool, err error)
}

// Rules is a brain that replies at once: it neither waits nor asks anybody, so that a conversation by it can be replayed. It
// is used by one goroutine. Form is the implementation.
type Rules interface {
	// Open returns the first words. It is called once.
	Open() Reply
	// Next returns the reply to a turn of the other side.
	Next(Input) Reply
	// TakeOver is called before Next instead of Open when brains have conducted the conversation so far.
	TakeOver(talk Progress)
	// Result returns what has been collected so far, and whether the success definition is met.
	Result() (collected []call.Value, success bool)
	// Phrase returns the agent's wording of an event that the machine handles by itself.
	Phrase(Notice) string
}

// Progress is how far brains have brought a conversation, whose opening was said.
type Progress struct {
	Known      []call.Value // what was collected, and what actions have brought
	Transcript []call.Line
	Done       []Done // actions, in order
	Doing      int    // the action that is being done, of which InputWorked tells; -1 = none
}

// Done is an action that is over.
type Done struct {
	Number int // among the script's
	Failed bool
	At     time.Duration // since the answer
}

// Listener is implemented by Rules that understand words.
type Listener interface {
	// OptsOut reports whether these words ask never to be called again. Where a Brain replies the machine does so by itself, so
	// that no model can forget it.
	OptsOut(words string) bool
	// MayOptOut reports whether they may ask so: for sure, or so that whoever says them is asked whether it is meant.
	MayOptOut(words string) bool
	// Presses reports whether these words ask for what cannot wait: an opt-out, also one in doubt, or the end of the call. They
	// are replied to even where no turn takes them.
	Presses(words string) bool
	// Asked returns what these words, heard until at, ask for instead of answering.
	Asked(words string, at time.Duration) understanding.Asked
	// Judge reports whether words, heard until at, are complete as a reply to what was said last, which expects these keys.
	Judge(expect Expect, words string, at time.Duration) understanding.Completeness
}

// ToolKind is what a Tool does.
type ToolKind string

const (
	ToolOptOut   ToolKind = "neverCallAgain" // effective before the call ends
	ToolCallBack ToolKind = "callBack"       // After from now; less than a minute is refused
	ToolCollect  ToolKind = "collect"        // Value of the question Value.ID; nil = not known
	ToolGoal     ToolKind = "goal"           // Reached: whether the success definition is met
	ToolTag      ToolKind = "tag"            // Text is a tag of the call
	ToolAct      ToolKind = "act"            // action Number of the script; a transfer begins after the words of the reply, and InputWorked tells if it fails
	ToolKeys     ToolKind = "pressKeys"      // Text is keys for a machine on the other side
	ToolNote     ToolKind = "note"           // Text is a sentence for the summary, such as a message that was left with us
)

// Tool is something a conversation brings about besides words. The Machine checks its members.
type Tool struct {
	Kind    ToolKind
	After   time.Duration
	Value   call.Value
	Reached bool
	Text    string
	Number  int
}

// Notice is an event that the machine announces by a sentence of its own.
type Notice struct {
	Kind  NoticeKind
	Hours int           // for NoticeCallback
	At    time.Duration // the same: now, since the answer
}

// NoticeKind is which notice it is.
type NoticeKind int

const (
	NoticeOptOut   NoticeKind = iota // they will not be called again
	NoticeCallback                   // they will be called in so many hours
	NoticeFailure                    // we cannot go on
	NoticeFiller                     // our reply takes a moment
	NoticeTransfer                   // they are put through to a person
	NoticeScreened                   // who calls and why, in one sentence, for a screening assistant
	NoticeRobot                      // what speaks is no person
	NoticeSilence                    // nothing was said for too long
)
