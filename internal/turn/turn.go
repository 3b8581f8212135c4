// Package turn decides how a conversation runs: who has the floor, when the agent begins, stops and repeats, whether a
// person or a machine picked up, what keys mean, and when the call may be ended. It is a state machine: events in, actions
// out. It does not know audio, sockets and clocks; every event carries the time since the answer, so that a conversation can
// be replayed exactly.
//
// The life of a conversation:
//
//	answering ──► talking ──► ending ──► over
//	    │  ▲          │  ▲        ▲
//	    ▼  │          ▼  │        │
//	   beeped ◄───────┘  │        │
//	    │  └─────────────┘        │
//	    ├──► leaving (voicemail) ─┤
//	    └─────────────────────────┘
//
// Answering: the agent has not spoken yet. Talking: a brain decides what is said, or the rules. Beeped: a beep was detected without a
// sign of a person; its end is awaited. Leaving: the voicemail text is spoken. Handing (from talking, and back): the person is put
// through to somebody else. Ending: last words, and an opt-out that is
// being written; the call is not ended before both are done.
package turn

import (
	"time"

	"nacre/internal/call"
)

// Kind is the kind of an Event.
type Kind int

const (
	// Tick comes every 20 ms while the call is not on hold. Active is set if the frame just received held sound.
	Tick Kind = iota
	// SpeechStarted and SpeechEnded come from the voice activity detector; the end comes some time after the last sound,
	// whose time follows from the ticks.
	SpeechStarted
	SpeechEnded
	// Ears: a recogniser listens from now on (Active), or not any more.
	Ears
	// Heard brings the words (Text) that a recogniser made of the sound between From and To: partial ones, which replace those
	// before, or Final ones. EndOfTurn: it judges the turn to be over. Failed: what they are is not known.
	Heard
	// ReplyPart brings one part (Text) of the reply to Ask, to be spoken as soon as it can be.
	ReplyPart
	// ReplyEnd: the reply to Ask is whole. Of Reply all but Parts is read.
	ReplyEnd
	// AskFailed: the brain that was asked Ask has no reply, or no more of it; Text is the reason.
	AskFailed
	// ToolUsed: the brain that was asked Ask uses Tool, and waits for a ToolResult for Use.
	ToolUsed
	// KeyPressed brings one Key: 0–9 * # A–D.
	KeyPressed
	// PlayoutStarted: the first sample of Utterance goes out with this frame.
	PlayoutStarted
	// PlayoutPart: the first Part parts of Utterance have been played to their end.
	PlayoutPart
	// PlayoutFinished: Utterance is over, played to its end or stopped. Part is the number of parts played to their
	// end, Fraction how much of the next one was played (0–1).
	PlayoutFinished
	// SpeakFailed: Utterance cannot be synthesised, or not to its end; Part and Fraction tell what of it was played, Text the
	// reason.
	SpeakFailed
	// Beep: the frame just received belongs to a detected beep of Tone Hz. One event per frame.
	Beep
	// NetworkTones: special information tones were heard (ITU-T E.180), after which an announcement says why the call did not
	// reach the number. NotInService: the number itself is at fault, else the network.
	NetworkTones
	// Held and Resumed: the other side put the call on hold, and resumed it. In between all timers stop.
	Held
	Resumed
	// Worked: the action Work is done, or (Failed) could not be; Text tells what came of it, Values are variables that it brought.
	Worked
	// OptOutDone: the opt-out is written, or (Failed) could not be.
	OptOutDone
	// PeerHungUp: the call is over on the wire, whoever ended it. No action follows.
	PeerHungUp
	// TimeUp: the longest duration of a conversation is reached.
	TimeUp
	// ReplySource: the next ReplyPart of the reply to Ask says what Text, a passage of what the Pearl knows, says.
	ReplySource
)

// Event is the input of a Step. Only the members that its Kind names are read.
type Event struct {
	Kind      Kind
	Active    bool
	Key       rune
	Utterance int
	Part      int
	Fraction  float64
	Failed    bool
	Text      string
	Ask       int
	Reply     Reply
	Final     bool
	EndOfTurn bool
	From, To  time.Duration
	Tool      Tool
	Use       int
	Tone      float64
	// NotInService is of NetworkTones.
	NotInService bool
	Work         int
	Values       []call.Value
}

// Verb is the kind of an Action.
type Verb int

const (
	// Speak plays Parts as Utterance, one part after another with a short pause, and reports PlayoutStarted and
	// PlayoutFinished, or SpeakFailed. One utterance plays at a time. With More it is not over after these parts.
	Speak Verb = iota
	// SpeakMore adds Parts to the Utterance that is playing. Without More it is whole now.
	SpeakMore
	// StopSpeaking ends Utterance within 60 ms, also one that has not begun, and reports PlayoutFinished.
	StopSpeaking
	// Ask has the brain of number Brain, the first is 0, reply to Input, and reports ReplyPart and ReplyEnd, or AskFailed. One
	// brain is asked one thing at a time.
	Ask
	// CancelAsk: the reply to Ask is not wanted any more; nothing is reported after it but tools in use.
	CancelAsk
	// ToolResult answers Use: Text is what came of it, Failed that it was not done.
	ToolResult
	// Work has action Number of the script done beside the talk, and reports Worked; Values are the variables known so far. A
	// transfer is reported as soon as it is known what came of it, however late.
	Work
	// PressKeys sends the keys of Text.
	PressKeys
	// OptOut puts the callee on the suppression list and reports OptOutDone.
	OptOut
	// HangUp ends the call. It is the last action.
	HangUp
)

// Action is something to do at once.
type Action struct {
	Do        Verb
	Utterance int
	Parts     []string
	More      bool
	Ask       int
	Brain     int
	Input     Input
	Use       int
	Text      string
	Failed    bool
	Work      int
	Number    int
	Values    []call.Value
}

// Timing holds the durations of a conversation. Defaults returns the ones in use.
type Timing struct {
	FirstWait     time.Duration // silence after the answer before the agent begins
	HelloPause    time.Duration // from the end of the first utterance to the agent's first word
	HelloLimit    time.Duration // the same where its words are not known yet, and it is no short one
	ShortHello    time.Duration // a first utterance up to this long is a hello
	LongHello     time.Duration // one longer than this may be a greeting
	BeepWait      time.Duration // from the end of what announces itself as no person, for more
	PhraseWait    time.Duration // from the end of words of an answering machine, for its beep
	BeepQuiet     time.Duration // quiet after a beep before the message
	BareBeepQuiet time.Duration // the same where no greeting came before the beep
	BeepTalk      time.Duration // speech of this length after a beep means that it was no mailbox
	BareBeepTalk  time.Duration // the same where no greeting came before the beep
	BeepLimit     time.Duration // longest wait for quiet after a beep
	Greeting      time.Duration // speech before a beep that makes a greeting
	Backchannel   time.Duration // speech shorter than this does not interrupt the agent
	Reaction      time.Duration // who speaks sooner than this after we begin to say something speaks of something else
	KeyedSpeech   time.Duration // the same for speech that goes with a key just pressed
	WithKey       time.Duration // speech that begins this soon after a key goes with it
	MinSpeech     time.Duration // shorter sounds are no speech
	Grace         time.Duration // from the end of what the person said to our answer: time to press a key, or go on
	LongTalk      time.Duration // an utterance from this length on is a long one, and gets more grace
	LongGrace     time.Duration
	// With a recogniser words and silence end a turn together, in place of Grace:
	QuickGrace      time.Duration // after words that leave nothing open, from their last sound
	WordsGrace      time.Duration // after other words
	UnfinishedGrace time.Duration // after words that will go on
	WordsWait       time.Duration // longest wait for words, from the last sound
	Noise           time.Duration // a shorter sound without words is no turn
	DeafBarge       time.Duration // speech of this length of which a recogniser has told nothing interrupts the agent

	AnswerWait    time.Duration // silence after a question
	KeyPause      time.Duration // pause that ends typed digits
	KeyGap        time.Duration // a key this soon after a one-key answer is a bounce
	TrailingHash  time.Duration // a # this soon after an answer belongs to it
	KeyReply      time.Duration // from a key to our reply: what they say with it can be heard by then
	KeyYield      time.Duration // how long a reply to a key waits for the person to stop speaking
	GoodbyeYield  time.Duration // how long last words, and the hang-up after them, wait for the person to stop speaking
	Patience      time.Duration // how long any other reply waits for the person to stop speaking
	ListenerQuiet time.Duration // a line this quiet while the agent has spoken is a listener, no greeting
	OptOutLimit   time.Duration // how long the call waits for the opt-out
	ScreenWait    time.Duration // for the person, once a screening assistant has been told who calls
	FillerWait    time.Duration // from a turn's end to a filler, where the brain has not begun to reply
	BrainLimit    time.Duration // longest wait for the next part of a reply
	WorkLimit     time.Duration // longest wait for an action
	TransferWait  time.Duration // longest wait for a transfer to come about
	Tail          time.Duration // from the last word to the hang-up
}

// Defaults returns the durations used for real calls.
func Defaults() Timing {
	return Timing{
		FirstWait: 1200 * time.Millisecond, HelloPause: 240 * time.Millisecond, HelloLimit: 320 * time.Millisecond,
		ShortHello: 1500 * time.Millisecond, LongHello: 2500 * time.Millisecond,
		BeepWait: 2 * time.Second, PhraseWait: 6 * time.Second,
		BeepQuiet: 260 * time.Millisecond, BareBeepQuiet: 1500 * time.Millisecond, BeepTalk: 2 * time.Second,
		BareBeepTalk: 300 * time.Millisecond, BeepLimit: 4 * time.Second, Greeting: time.Second,
		Backchannel: 400 * time.Millisecond, Reaction: 300 * time.Millisecond, KeyedSpeech: 1500 * time.Millisecond, WithKey: time.Second,
		MinSpeech: 120 * time.Millisecond, Grace: 1200 * time.Millisecond,
		QuickGrace: 280 * time.Millisecond, WordsGrace: 700 * time.Millisecond, UnfinishedGrace: 2200 * time.Millisecond,
		WordsWait: 2500 * time.Millisecond, Noise: 600 * time.Millisecond, DeafBarge: 1500 * time.Millisecond,
		LongTalk: 4 * time.Second, LongGrace: 2 * time.Second,
		AnswerWait: 5 * time.Second, KeyPause: 3 * time.Second, KeyGap: 300 * time.Millisecond, TrailingHash: 2 * time.Second,
		KeyReply: 120 * time.Millisecond, KeyYield: 3 * time.Second, GoodbyeYield: 10 * time.Second, Patience: 2 * time.Minute, ListenerQuiet: 6 * time.Second,
		OptOutLimit: 10 * time.Second, Tail: 240 * time.Millisecond, ScreenWait: time.Minute, FillerWait: 1200 * time.Millisecond, BrainLimit: 8 * time.Second,
		WorkLimit: 12 * time.Second, TransferWait: time.Minute,
	}
}
