package turn

import (
	"slices"
	"strings"
	"time"

	"nacre/internal/understanding"
)

// What is done with words. With a recogniser they, and silence, decide when a turn is over and whether ours is interrupted;
// without one sound alone does.

// A result is of all that was said if it ends no more than wholeSlack before the last sound, a final one finalSlack:
// recogniser and voice activity detector differ about where sound ends, and a partial result that ends early lacks a word.
const (
	wholeSlack = 40 * time.Millisecond
	finalSlack = 300 * time.Millisecond
)

// heardSlack is by how much recogniser and voice activity detector may differ about where sound ends.
const heardSlack = 200 * time.Millisecond

// heardWords takes words: partial ones, which replace each other, and final ones.
func (m *Machine) heardWords(event Event) {
	text := strings.TrimSpace(event.Text)
	event.From = max(event.From, 0)
	event.To = max(event.To, event.From)
	who := m.hearAnswerer(text, event.Final)
	m.heardTo = max(m.heardTo, event.To+wholeSlack)
	if event.Final {
		m.heardTo = max(m.heardTo, event.To+finalSlack)
		m.lines.hear(text, event.From, event.To)
	}
	if event.Final && m.ears && m.phase == talking && m.saying != nil && !m.screening.on() && m.late(who, text) {
		return
	}
	switch {
	case m.phase == handing:
		m.heardWhileHanding(text, event)
		return
	case m.phase == beeped || m.phase == leaving || m.phase == ending && m.evidence.machine:
		switch {
		case event.Final && m.optsOut(text) && (m.phase != ending || !m.optOut):
			m.optOutAtOnce()
		case m.refusesMessage(event):
			m.notMailbox(who, event, text)
		}
		return
	case event.Failed || !m.ears:
		return
	case m.phase == answering: // the opening comes next, whatever they say, unless that must be heard (begin)
		m.partial = text
		if event.Final {
			m.words, m.partial = m.said(), ""
		}
		return
	case event.To <= m.answered+heardSlack:
		if m.mustHear(text, event) {
			m.attend(text)
		}
		return
	}
	if m.withKey = m.withKey && m.speechTo-m.speechFrom < m.timing.KeyedSpeech; m.withKey && !m.mustHear(text, event) {
		return // said with a key
	}
	m.withKey = false
	m.endOfTurn = event.EndOfTurn
	m.partial, m.overlaps = text, event.From+heardSlack < m.takenTo
	if event.Final {
		m.words, m.partial = m.said(), ""
	}
	all := m.said()
	words := wordsOf(all)
	switch {
	case m.saying != nil:
		switch {
		case m.wordsStop(words, event):
			m.interruptByWords()
		case m.mustHear(text, event):
			m.attend(text)
		case event.Final:
			m.words, m.partial = "", ""
		default:
			m.partial = ""
		}
	case len(words) > 0 && m.lastSaid != nil && m.lastSaid.echoes(words, event.From):
		m.dropWords(event.Final)
	case m.canTakeBack():
		if !only(words, !event.Final, m.phrases.backchannel) {
			said, partial := m.words, m.partial
			m.takeBack()
			m.overlaps = event.From+heardSlack < m.takenTo
			if m.partial = join(said, partial); event.Final {
				m.words, m.partial = m.said(), ""
			}
			m.openTurn()
		} else if event.Final {
			m.words = ""
		}
	case m.phase == ending && !m.queued && m.reopens(words, event.Final):
		m.reopen()
	case (m.phase == ending || m.queued) && m.mustHear(text, event):
		m.attend(text)
	case m.phase == ending || m.queued || m.asked != nil:
	case len(words) > 0:
		m.openTurn()
	case event.Final && !m.speaking && m.isNoise():
		m.dropWords(true)
	}
}

// mustHear reports whether final words that are no part of a turn must be replied to all the same, whenever they were said: that
// they are never to be called again, or that the call is to end.
func (m *Machine) mustHear(text string, event Event) bool {
	words := wordsOf(text)
	if !event.Final || len(words) == 0 || m.optOut {
		return false
	}
	switch {
	case m.echo(words, event.From):
		return false
	case m.optsOut(text):
		return !m.optsOut(m.taken)
	case m.screening.on() || m.whoSays(text) != somebody || !m.presses(text) || m.presses(m.taken):
		return false
	default:
		return m.phase != ending || m.reopens(words, true)
	}
}

// echo reports whether words that began at an instant are our own, which come back.
func (m *Machine) echo(words []string, from time.Duration) bool {
	return slices.ContainsFunc([]*utterance{m.saying, m.lastSaid}, func(u *utterance) bool {
		return u != nil && len(words) > 0 && u.echoes(words, from)
	})
}

// presses reports whether the rules understand words as a wish that cannot wait.
func (m *Machine) presses(words string) bool {
	listener, ok := m.rules.(Listener)
	return ok && words != "" && listener.Presses(words)
}

// attend has words replied to as if they were said now: what we are saying, or are about to say, does not reply to them.
func (m *Machine) attend(words string) {
	if m.phase == ending && m.optsOut(words) {
		m.optOutAtOnce()
		return
	}
	m.stopSpeaking()
	m.dropAsk()
	m.unqueue()
	if m.phase == ending {
		m.reopen()
	}
	m.withKey = false
	m.words, m.partial = words, ""
	m.openTurn()
}

// optOutAtOnce starts the opt-out in place of whatever is being said.
func (m *Machine) optOutAtOnce() {
	m.stopSpeaking()
	m.dropAsk()
	m.unqueue()
	m.clear(atTail, byGoodbye)
	m.phase = talking
	m.optOutNow()
}

// isNoise reports whether sound without words is too short for a turn. Where somebody is awaited it may be their hello.
func (m *Machine) isNoise() bool { return m.spoke < m.timing.Noise && !m.screening.on() }

// dropWords has sound be no turn: our own echo, or a cough.
func (m *Machine) dropWords(final bool) {
	m.partial = ""
	if !final {
		return
	}
	m.words, m.spoke = "", 0
	if !m.speaking && m.timers[atWords] != 0 {
		m.clear(atWords)
		m.listen()
	}
}

// said returns the words of the turn so far.
func (m *Machine) said() string {
	if m.overlaps {
		return joinTurn(m.words, m.partial)
	}
	return join(m.words, m.partial)
}

func join(a, b string) string { return strings.TrimSpace(a + " " + b) }

// openTurn has a turn that is heard after its sound has ended answered, too.
func (m *Machine) openTurn() {
	if !m.speaking && m.timers[atWords] == 0 {
		m.spoke = max(m.spoke, m.speechTo-m.speechFrom)
		m.clear(atSilence)
		m.set(atWords, m.speechTo+m.timing.WordsWait-m.now)
	}
}

// turnOver reports whether what they say is over, by words and silence together.
func (m *Machine) turnOver() bool {
	if !m.ears || m.withKey || !m.speaking && m.timers[atWords] == 0 {
		return false
	}
	quiet := m.now - m.speechTo
	if quiet < m.timing.QuickGrace || !m.wordsAreIn() {
		return false
	}
	words := m.said()
	if words == "" {
		return quiet >= m.timing.Grace && !m.speaking
	}
	return m.endOfTurn || quiet >= m.graceFor(words)
}

// wordsAreIn reports whether the recogniser has heard all that was said.
func (m *Machine) wordsAreIn() bool { return m.heardTo >= m.speechTo }

// graceFor returns the silence after words that ends a turn.
func (m *Machine) graceFor(words string) time.Duration {
	if m.evidence.words == mailbox && !m.evidence.person() {
		return m.timing.LongGrace // a beep may follow
	}
	if words != m.judgedWords || m.reply.Expect != m.judgedFor {
		m.judgedWords, m.judgedFor, m.judged = words, m.reply.Expect, understanding.MayGoOn
		if listener, ok := m.rules.(Listener); ok {
			m.judged = listener.Judge(m.reply.Expect, words, m.now)
		}
	}
	switch m.judged {
	case understanding.Complete:
		return m.timing.QuickGrace
	case understanding.Unfinished:
		return m.timing.UnfinishedGrace
	default:
		return m.timing.WordsGrace
	}
}

// endSpeech takes speech for ended whose last sound was some time ago, before the detector does.
func (m *Machine) endSpeech() {
	if m.speaking {
		m.speechEnded()
		m.early, m.resumed = true, 0
	}
}

// earlyTick begins speech again that was taken for ended while the detector still holds it for one: it will not say so.
func (m *Machine) earlyTick(active bool) {
	if !m.early || !active {
		m.resumed = 0
		return
	}
	if m.resumed++; m.resumed >= 3 {
		m.early = false
		m.speechStarted()
	}
}

// wordsStop reports whether words heard while we speak stop us.
func (m *Machine) wordsStop(words []string, event Event) bool {
	switch {
	case len(words) == 0 || m.speechFrom < m.saying.asked-300*time.Millisecond || m.saying.echoes(words, event.From):
		return false
	case m.phase == ending:
		return m.reopens(words, event.Final)
	case !only(words, !event.Final, m.phrases.backchannel):
		return true
	default:
		return m.asksNow() && m.graceFor(m.said()) == m.timing.QuickGrace
	}
}

// hearsNothing reports whether they have been speaking for long and the recogniser has nothing to say to it: it is late, or
// gone, and sound alone counts.
func (m *Machine) hearsNothing() bool {
	return m.speaking && m.speechTo-m.speechFrom >= m.timing.DeafBarge && m.heardTo < m.speechFrom
}

// asksNow reports whether the question of what we are saying is being asked, so that a yes can be its answer.
func (m *Machine) asksNow() bool {
	asked := m.reply.Asked
	if asked == 0 {
		asked = len(m.saying.parts)
	}
	return m.reply.Expect != ExpectNothing && m.saying.begun && m.saying.heard >= asked-1
}

func (m *Machine) interruptByWords() {
	m.withKey = false
	words, partial := m.words, m.partial
	m.words = ""
	if m.phase == ending {
		m.reopen()
	} else {
		m.interrupt()
	}
	m.words, m.partial = join(m.words, words), partial // of a turn taken back there are words already
	m.openTurn()
}

// mostReopened bounds how often words after the goodbye are replied to.
const mostReopened = 3

// reopens reports whether words after, or over, our last ones are to be replied to.
func (m *Machine) reopens(words []string, final bool) bool {
	return len(words) > 0 && !only(words, !final, m.phrases.backchannel, m.phrases.farewell) && m.reopened < mostReopened &&
		m.understands() && !m.evidence.machine && !m.outOfTime
}

// understands reports whether anybody is there who can reply to words.
func (m *Machine) understands() bool {
	_, ok := m.rules.(Listener)
	return ok || m.brain < m.brains
}

// reopen goes on with the conversation after the last words.
func (m *Machine) reopen() {
	m.reopened++
	m.stopSpeaking()
	m.dropAsk()
	m.unqueue()
	m.clear(atTail, byGoodbye)
	m.reply.End, m.reply.Expect = false, ExpectNothing
	m.phase = talking
	m.openTurn()
}
