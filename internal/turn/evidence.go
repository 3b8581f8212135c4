package turn

import (
	"strings"
	"time"

	"nacre/internal/call"
)

// evidence is what is known of who picked up. No single piece decides: cadence alone mistakes one person in ten for a
// machine, so only a beep before any sign of a person means a machine.
type evidence struct {
	firstSpeech  time.Duration // its start; 0 = none yet
	firstLength  time.Duration // of the first utterance, up to our first words
	speech       time.Duration // heard in all
	keyed        bool          // keys were pressed: a person
	listened     bool          // quiet while we spoke, and after: no greeting being played
	turns        int           // utterances after our first words
	replied      bool          // words that are a reply to what we said: a person
	machineWords bool
	screenWords  bool
	machine      bool // a beep, and nobody
}

// person reports whether there was a sign of a person who listens; a beep is ignored from then on.
func (e *evidence) person() bool { return e.keyed || e.listened || e.replied }

func (e *evidence) answerer(timing Timing) call.Answerer {
	switch {
	case e.machine:
		return call.MachineAnswerer
	case e.keyed, e.replied:
		return call.Human
	case e.screenWords, e.firstLength > timing.LongHello && e.turns > 0 && !e.listened:
		return call.Screening
	case e.listened && e.firstLength > 0 && e.firstLength <= timing.LongHello:
		return call.Human
	default:
		return call.UnknownAnswerer
	}
}

// hear takes recognised words. They make us wait longer for a beep, or decide the answerer; they never end a call.
func (e *evidence) hear(words string) {
	words = strings.ToLower(words)
	e.machineWords = e.machineWords || containsAny(words, "leave a message", "leave your message", "leave your name",
		"after the tone", "after the beep", "at the tone", "not available", "can't come to the phone", "voicemail",
		"voice mail", "mailbox", "get back to you", "unable to take your call")
	e.screenWords = e.screenWords || containsAny(words, "who is calling", "who's calling", "state your name",
		"say your name", "reason for your call", "why you're calling", "why you are calling", "screening", "record your name")
}

func containsAny(text string, phrases ...string) bool {
	for _, phrase := range phrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
