package turn

import (
	"time"

	"nacre/internal/call"
)

// Expect is which keys the agent waits for after it has spoken.
type Expect int

const (
	ExpectNothing Expect = iota
	ExpectYesNo          // one key: 1 yes, 2 no
	ExpectDigits         // digits, ended by # or a pause
	ExpectDecimal        // the same, with ** as the decimal point
)

// Reply is what the agent says next.
type Reply struct {
	Parts  []string // spoken with pauses too short for the end of a turn
	Expect Expect
	Wait   time.Duration // for an answer; 0 = Timing.AnswerWait
	End    bool          // hang up after these words; with an Expect, a key that answers still continues the conversation
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
	Words       string        // recognised words; "" = none
	Spoke       time.Duration // how long they spoke
	Heard       int           // parts of our last reply that were played to their end
	Interrupted bool          // our last reply was not played to its end
}

// Brain decides what the agent says; the Machine decides when. It must not block, and is used by one goroutine. Form is the
// implementation that needs no outside service.
type Brain interface {
	// Open returns the first words. It is called once.
	Open() Reply
	// Next returns the reply to a turn of the other side.
	Next(Input) Reply
	// Result returns what has been collected so far, and whether the success definition is met.
	Result() (collected []call.Value, success bool)
	// Phrase returns the agent's wording of an event that the machine handles by itself.
	Phrase(Notice) string
}

// Notice is an event that the machine announces by a sentence of its own.
type Notice struct {
	Kind  NoticeKind
	Hours int // for NoticeCallback
}

// NoticeKind is which notice it is.
type NoticeKind int

const (
	NoticeOptOut   NoticeKind = iota // they will not be called again
	NoticeCallback                   // they will be called in so many hours
	NoticeFailure                    // we cannot go on
)
