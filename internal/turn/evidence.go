package turn

import (
	"time"

	"nacre/internal/call"
)

// evidence is what is known of who picked up. No single piece decides: cadence alone mistakes one person in ten for a
// machine, so only a beep before any sign of a person means a machine, or words that no person says (answerers).
type evidence struct {
	firstSpeech time.Duration // its start; 0 = none yet
	firstLength time.Duration // of the first utterance, up to our first words
	speech      time.Duration // heard in all
	keyed       bool          // keys were pressed: a person
	listened    bool          // quiet while we spoke, and after: no greeting being played
	turns       int           // utterances after our first words
	replied     bool          // words that are a reply to what we said: a person
	words       speaker       // who the latest words that tell are of
	choices     int           // of a telephone menu, before our first words
	screened    bool          // a screening assistant spoke
	machine     bool          // a beep, and nobody; or words of a machine that is left
}

// person reports whether there was a sign of a person who listens; a beep is ignored from then on.
func (e *evidence) person() bool { return e.keyed || e.listened || e.replied }

func (e *evidence) answerer(timing Timing) call.Answerer {
	switch {
	case e.machine:
		return call.MachineAnswerer
	case e.keyed, e.replied:
		return call.Human
	case e.screened, e.firstLength > timing.LongHello && e.turns > 0 && !e.listened:
		return call.Screening
	case e.listened && e.firstLength > 0 && e.firstLength <= timing.LongHello:
		return call.Human
	default:
		return call.UnknownAnswerer
	}
}

// beeps reports whether a beep may be that of a mailbox. An assistant that asks for a name "after the tone" beeps too.
func (e *evidence) beeps(told bool) bool {
	return !e.person() && (e.words == mailbox || e.words != screener && !told)
}
