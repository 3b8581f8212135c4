package turn

import (
	"time"

	"nacre/internal/call"
)

// Expect says which keys the agent waits for after it has spoken.
type Expect int

const (
	ExpectNothing Expect = iota
	ExpectYesNo          // one key: 1 yes, 2 no
	ExpectDigits         // digits, ended by # or a pause
	ExpectDecimal        // the same, with ** as the decimal point
)

// Reply is what the agent says next.
type Reply struct {
	Parts  []string // spoken without a pause that could be taken for the end of the turn
	Expect Expect
	Wait   time.Duration // for an answer; 0 = Timing.AnswerWait
	End    bool          // hang up after these words. With an Expect, a key that answers still revives the talk
}

// InputKind is what the other side did.
type InputKind int

const (
	InputKeys    InputKind = iota // an answer by keys
	InputWords                    // they spoke and have finished
	InputSilence                  // nothing came
	InputRepeat                   // they asked to hear it again
)

// Input is one turn of the other side.
type Input struct {
	Kind        InputKind
	Keys        string        // what was typed, without the closing #; "." is the decimal point; "" = # alone
	Words       string        // what was understood; "" = not understood
	Spoke       time.Duration // how long they spoke
	Heard       int           // parts of our last reply that were played to their end
	Interrupted bool          // our last reply was not played to its end
}

// Brain leads the conversation: it decides what is said, the machine when. It must not block, and is used by one
// goroutine. Form is the brain that needs no outside service.
type Brain interface {
	// Open is asked once, for the first words.
	Open() Reply
	// Next answers a turn of the other side.
	Next(Input) Reply
	// Result is what has been collected so far, and whether the success definition is met.
	Result() (collected []call.Value, success bool)
	// Phrase is the agent's own wording of an event the machine deals with by itself.
	Phrase(Notice) string
}

// Notice is a sentence of the machine rather than of the conversation.
type Notice struct {
	Kind  NoticeKind
	Hours int // for NoticeCallback
}

// NoticeKind tells the notices apart.
type NoticeKind int

const (
	NoticeOptOut   NoticeKind = iota // they will not be called again
	NoticeCallback                   // they will be called in so many hours
	NoticeFailure                    // we cannot go on
)
