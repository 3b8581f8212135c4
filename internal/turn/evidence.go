package turn

import (
	"fmt"
	"slices"
	"time"

	"nacre/internal/call"
)

// Weights of evidence. Those of one answerer add up; sure of them are a verdict. Cadence alone mistakes one person in ten for a
// machine, and is a hint. What a machine cannot do weighs more than all that a person can say.
const (
	sure = 4

	weighsKeys     = 12 // a key was pressed
	weighsReply    = 6  // words that reply to what we said
	weighsListens  = 3  // quiet while we spoke, and after: no greeting is being played
	weighsHello    = 1  // a short first utterance
	weighsLong     = 1  // a long one
	weighsTalksOn  = 4  // a long one, and more after our first words, without a pause to listen
	weighsPhrase   = 6  // words that only such an answerer says
	weighsPerhaps  = 2  // words that a person says too
	weighsBeep     = 6  // a beep after a greeting
	weighsBareBeep = 2  // a beep without one: some telephones beep at the answer
	weighsAfter    = 3  // quiet after that
	weighsTones    = 6  // special information tones
)

// evidence is what is known of who picked up. No single piece decides but a key, words that only one answerer says, tones of the
// network, or a beep after a greeting and before any sign of a person.
type evidence struct {
	pieces []call.Evidence

	firstSpeech time.Duration // its start; 0 = none yet
	firstLength time.Duration // of the first utterance, up to our first words
	speech      time.Duration // heard in all
	keyed       bool          // keys were pressed: a person
	listened    bool          // quiet while we spoke, and after: no greeting being played
	replied     bool          // words that are a reply to what we said: a person
	words       speaker       // who the latest words that tell are of
	certain     bool          // only a mailbox says such
	attended    speaker       // an assistant, a menu or an announcement has spoken, and no mailbox since: no beep is one's
	choices     int           // of a telephone menu
	named       bool          // it has named the key that is ours
	latest      string        // words that may change
	greeted     bool          // words of a person who has picked up were heard
	tones       bool          // special information tones of the network
	number      bool          // they say that the number is at fault
	temporary   bool          // words said that the number is out of service for a while
	machine     bool          // a beep, and nobody; or words of a machine that is left
}

// add notes a piece of evidence. One of each source counts for an answerer, the weightiest. Once a key was pressed nothing more speaks
// for anybody but a person.
func (e *evidence) add(at time.Duration, source call.EvidenceSource, answerer call.Answerer, weight int, detail string) {
	if e.keyed && answerer != call.Human {
		return
	}
	piece := call.Evidence{At: seconds(at), Source: source, Answerer: answerer, Weight: weight, Detail: detail}
	for n, p := range e.pieces {
		if p.Source != source || p.Answerer != answerer {
			continue
		}
		if p.Weight >= weight {
			return
		}
		e.pieces = append(e.pieces[:n:n], e.pieces[n+1:]...)
		break
	}
	e.pieces = append(e.pieces, piece)
}

func (e *evidence) answerer() call.Answerer { return Verdict(e.pieces) }

// Verdict returns whom most of the evidence speaks for, of several the one it spoke for last, if it is enough.
func Verdict(pieces []call.Evidence) call.Answerer {
	weights := map[call.Answerer]int{}
	best, most := call.UnknownAnswerer, sure
	for _, p := range pieces {
		weights[p.Answerer] += p.Weight
	}
	for _, p := range pieces {
		if weights[p.Answerer] >= most {
			best, most = p.Answerer, weights[p.Answerer]
		}
	}
	return best
}

// person reports whether there was a sign of a person who listens; a beep is ignored from then on.
func (e *evidence) person() bool { return e.keyed || e.listened || e.replied }

// beeps reports whether a beep may be that of a mailbox. An assistant that asks for a name "after the tone" beeps too.
func (e *evidence) beeps() bool {
	return !e.person() && e.attended == somebody && (e.words == mailbox || !e.tones)
}

// noteSpeaker notes who says words that tell. Once an assistant or an announcement has spoken, "after the tone" alone is no mailbox's.
func (e *evidence) noteSpeaker(who speaker, certain bool) {
	if who != mailbox {
		e.words, e.certain = who, false
		e.attend(who)
		return
	}
	if !certain && (e.attended == screener || e.attended == outOfService) {
		return
	}
	e.certain = certain || e.words == mailbox && e.certain
	e.words, e.attended = mailbox, somebody
}

// attend notes that somebody has spoken for whom no message is left. A menu within an assistant is its own.
func (e *evidence) attend(who speaker) {
	if who != menu || e.attended == somebody {
		e.attended = who
	}
}

// withdraw takes back what a beep, and the quiet after it, spoke for: it was not that of a mailbox.
func (e *evidence) withdraw() {
	e.machine = false
	e.pieces = slices.DeleteFunc(slices.Clone(e.pieces), func(p call.Evidence) bool {
		return p.Answerer == call.MachineAnswerer && (p.Source == call.EvidenceBeep || p.Source == call.EvidenceQuiet)
	})
}

// noteWords notes whom words speak for.
func (m *Machine) noteWords(who speaker, text string) {
	var answerer call.Answerer
	weight := weighsPhrase
	switch who {
	case mailbox:
		answerer = call.MachineAnswerer
		if !m.answerers.certainMailbox(text) {
			weight = weighsPerhaps
		}
	case screener:
		answerer = call.Screening
	case outOfService:
		answerer = call.Announcement
	case menu:
		answerer = call.Menu
	default:
		return
	}
	m.evidence.add(m.now, call.EvidenceWords, answerer, weight, m.answerers.told(who, text))
}

// noteFirst notes the cadence of the first utterance, before our first words.
func (m *Machine) noteFirst() {
	length := m.evidence.firstLength
	detail := fmt.Sprintf("%.1f s of speech at first", length.Seconds())
	switch {
	case length > m.timing.LongHello:
		m.evidence.add(m.now, call.EvidenceCadence, call.MachineAnswerer, weighsLong, detail)
	case length > 0 && length <= m.timing.ShortHello:
		m.evidence.add(m.now, call.EvidenceCadence, call.Human, weighsHello, detail)
	}
}
