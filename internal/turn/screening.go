package turn

import (
	"strings"
	"time"

	"nacre/internal/call"
)

// What is done with those who pick up by themselves and are known by their words. Whoever is not known is a person.

// mostTold bounds how often a screening assistant is told who calls, and how often its minute begins anew.
const mostTold = 3

// screening is the state of a talk with what puts a person through: a screening assistant that was told who calls, or a menu
// whose key was pressed.
type screening struct {
	told    int           // how often it was told who calls; 0 = there is none, or somebody was put through
	menu    bool          // a menu is being heard out
	pressed bool          // its key was pressed
	until   time.Duration // the person is awaited
	waits   int           // how often it has asked us to wait
}

// on reports whether a person is awaited.
func (s screening) on() bool { return s.told > 0 || s.pressed }

// whoSays tells who says words, unless we have said such words ourselves: they may be our echo. A mailbox names keys one by one,
// too.
func (m *Machine) whoSays(text string) speaker {
	who := m.answerers.who(text)
	switch {
	case who == somebody:
		return who
	case who == menu && m.evidence.words == mailbox && m.evidence.certain:
		return mailbox
	}
	for _, u := range []*utterance{m.saying, m.lastSaid} {
		if u != nil && m.answerers.who(strings.Join(u.parts, " ")) == who {
			return somebody
		}
	}
	return who
}

// hearAnswerer takes recognised words as evidence of who picked up.
func (m *Machine) hearAnswerer(text string, final bool) speaker {
	who := m.whoSays(text)
	m.evidence.latest = text
	m.evidence.named = m.evidence.named || m.answerers.names(text, m.menuKeys)
	if final && !m.screening.on() && !m.namesKeys() {
		m.evidence.choices += m.answerers.choices(text)
		m.evidence.latest = ""
		if who == somebody && m.evidence.words == somebody && m.evidence.choices >= certainMenu && !m.opened {
			who = menu
		}
	}
	if (final || who == mailbox) && !m.evidence.machine {
		m.noteWords(who, text)
	}
	switch {
	case who != somebody:
		m.evidence.noteSpeaker(who, m.answerers.certainMailbox(text))
	case final && m.evidence.words != mailbox && m.answerers.greets(text): // somebody has come to the telephone
		m.evidence.words, m.evidence.choices, m.evidence.greeted = somebody, 0, true
		if m.evidence.tones {
			m.evidence.tones = false
			m.evidence.add(m.now, call.EvidenceWords, call.Human, weighsPhrase, "a greeting after special information tones")
		}
	case final && m.answerers.temporary(text):
		m.evidence.temporary = true
	}
	return who
}

// byItself replies to what picks up by itself, as far as words say so for certain: an assistant is told who calls, a menu's key
// is pressed where the Pearl has one, another menu and an announcement are left. It is false where a person may be there.
func (m *Machine) byItself(who speaker) bool {
	if who == screener || who == outOfService || who == menu {
		m.evidence.attend(who)
	}
	switch {
	case m.evidence.keyed || m.evidence.replied:
		return false
	case who == screener:
		m.tell()
		return true
	case m.evidence.listened:
		return false
	case who == outOfService:
		m.leave("An announcement said that the number is not in service.")
		return true
	case who == somebody && m.evidence.tones:
		m.leave("Tones of the network said that the call did not reach the number.")
		return true
	case who == menu && m.menuKeys != "" && !m.dialled:
		m.hearMenu()
		return true
	case who == menu:
		m.leave("A telephone menu answered, and the call was ended.")
		return true
	default:
		return false
	}
}

// leave ends the call with a machine.
func (m *Machine) leave(note string) {
	m.evidence.machine = true
	_, _ = keep(&m.notes, note)
	m.hangUp()
}

// hearMenu presses the key of a menu that has named it, or has ended; else it hears on.
func (m *Machine) hearMenu() {
	if m.phase == talking && m.opened && !m.evidence.named {
		m.stopSpeaking()
		m.screening.menu = true
		m.stayQuiet(Reply{Wait: m.timing.BeepWait})
		return
	}
	m.dial()
}

// dial presses the key of a menu, once, and has the person waited for.
func (m *Machine) dial() {
	m.stopSpeaking()
	m.dialled = true
	m.screening = screening{pressed: true, until: m.now + m.timing.ScreenWait}
	m.evidence.words, m.evidence.choices, m.evidence.listened = somebody, 0, false
	m.do(Action{Do: PressKeys, Text: m.menuKeys})
	_, _ = keep(&m.notes, "A telephone menu answered, and "+m.menuKeys+" was pressed.")
	m.stayQuiet(Reply{Wait: m.timing.ScreenWait})
}

// tell tells a screening assistant who calls and why, and has the person waited for.
func (m *Machine) tell() {
	m.stopSpeaking()
	m.screening.told++
	m.screening.until = m.now + m.timing.ScreenWait
	m.evidence.listened = false // it was the assistant
	m.queue(Reply{Parts: []string{m.rules.Phrase(Notice{Kind: NoticeScreened})}, Wait: m.timing.ScreenWait}, m.timing.Patience)
}

// answerScreener takes a turn while a screening assistant, or a menu, may be on the line. It is false where the turn is one of the
// conversation.
func (m *Machine) answerScreener(in Input) bool {
	if !m.screening.on() {
		return in.Kind == InputWords && !m.optsOut(in.Words) && m.byItself(m.whoTurns(in)) || m.endsMenu(in)
	}
	left := max(m.screening.until-m.now, time.Second)
	switch who := m.whoSays(in.Words); {
	case in.Kind == InputKeys || in.Kind == InputWords && (m.optsOut(in.Words) || who == somebody && m.mayOptOut(in.Words)):
		m.screening = screening{}
		m.heard, m.interrupted = 0, false // of what was said to the assistant
		return false
	case in.Kind != InputWords:
		m.greet()
	case in.Words == "" && m.ears && m.now < m.screening.until:
		m.stayQuiet(Reply{Wait: min(left, m.wordless(in))})
	case in.Words == "":
		m.greet()
	case who == screener && m.screening.told < mostTold:
		m.tell()
	case who == screener:
		m.stayQuiet(Reply{Wait: left})
	case who == mailbox: // its beep follows
		m.stayQuiet(Reply{Wait: m.timing.PhraseWait})
	case who == outOfService, who == menu && m.screening.pressed: // the key led nowhere
		m.byItself(who)
	case m.screening.pressed && m.answerers.choices(in.Words) > 0 && m.screening.waits < mostTold: // it goes on over the key
		m.screening.waits++
		m.stayQuiet(Reply{Wait: left})
	case m.answerers.waits(in.Words) && m.screening.waits < mostTold:
		m.screening.waits++
		m.screening.until = m.now + m.timing.ScreenWait
		m.stayQuiet(Reply{Wait: m.timing.ScreenWait})
	default:
		if m.screening.pressed {
			m.evidence.add(m.now, call.EvidenceWords, call.Human, weighsPhrase, "somebody spoke after the menu")
		}
		m.greet()
	}
	return true
}

// wordless returns how long quiet after sound without words is waited for: it may be music, or a person whose words were not
// recognised, who waits for ours. Music goes on; who has said no more than a hello is not kept waiting, nor is anybody for long. A
// tone is the ringing of a telephone.
func (m *Machine) wordless(in Input) time.Duration {
	switch {
	case m.lastBeep != 0 && m.lastBeep >= m.speechFrom-toneTaken:
		return m.timing.ScreenWait
	case in.Spoke <= m.timing.LongHello:
		return m.timing.FirstWait
	default:
		return m.timing.AnswerWait
	}
}

// endsMenu presses the key of a menu that was being heard out, and has no more choices. It is false for whoever greets like a
// person.
func (m *Machine) endsMenu(in Input) bool {
	if !m.screening.menu {
		return false
	}
	m.screening.menu = false
	if in.Kind == InputKeys || in.Kind == InputWords && (m.optsOut(in.Words) || m.answerers.greets(in.Words)) {
		return false
	}
	m.dial()
	return true
}

// whoTurns tells who a turn is of. A menu's choices come one by one, and over our words where it pauses; of whoever has said hello
// like a person more of them are needed, since perhaps they make fun of us.
func (m *Machine) whoTurns(in Input) speaker {
	who := m.whoSays(in.Words)
	choices := m.answerers.choices(in.Words)
	if who != menu && (who != somebody || choices == 0 || m.evidence.words == mailbox && m.evidence.certain) {
		return who
	}
	needed := certainMenu
	if m.interrupted && m.evidence.greeted {
		needed = certainMenu + 1
	}
	if choices = max(choices, m.evidence.choices); choices < needed || m.namesKeys() {
		return somebody
	}
	m.noteWords(menu, in.Words)
	return menu
}

// namesKeys reports whether we have told them to press keys ourselves: they may read them out, or send them back.
func (m *Machine) namesKeys() bool {
	for _, u := range []*utterance{m.saying, m.lastSaid} {
		if u != nil && m.answerers.choices(strings.Join(u.parts, " ")) > 0 {
			return true
		}
	}
	return false
}

// greet greets the person who was put through, who has heard nothing yet.
func (m *Machine) greet() {
	m.screening = screening{}
	m.evidence.words = somebody
	if !m.opened {
		m.begin()
		return
	}
	m.stopSpeaking()
	m.answer(Input{Kind: InputAnew}, m.timing.Patience)
}

// refusesMessage reports whether words tell that what is being left, or is about to be, is no mailbox's to take. A menu that comes
// after the beep may be one for the message.
func (m *Machine) refusesMessage(event Event) bool {
	attended := m.evidence.attended
	return !m.optOut && attended != somebody && (attended != menu || m.phase == beeped || event.From < m.lastBeep)
}

// notMailbox goes on with whoever has spoken before a beep that was taken for a mailbox's, now that its words, which came late, tell
// that it is an assistant, a menu or an announcement: what is left on a mailbox is not said to it.
func (m *Machine) notMailbox(who speaker, event Event, text string) {
	m.stopSpeaking()
	m.evidence.withdraw()
	m.voicemailLeft = false
	m.clear(atTail, byGoodbye)
	if event.Final {
		m.noteWords(who, text)
		m.words, m.partial = text, ""
	} else {
		m.words, m.partial = "", text
	}
	m.overlaps, m.endOfTurn = false, false
	m.phase = answering
	if m.opened {
		m.phase = talking
		m.reply = Reply{}
		m.openTurn()
	}
}

// late replies to final words that say, while we have begun to speak, that it is no person.
func (m *Machine) late(who speaker, text string) bool {
	if who != screener && who != outOfService || m.optsOut(text) {
		return false
	}
	return m.byItself(who)
}

// mayReply reports whether words can be a person's reply to what we said.
func (m *Machine) mayReply(words string) bool {
	switch m.whoSays(words) {
	case screener, outOfService, menu:
		return false
	default:
		return !m.screening.on()
	}
}
