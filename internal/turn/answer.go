package turn

import (
	"fmt"
	"time"

	"nacre/internal/call"
)

// Who picked up: from the answer to our first words, and wherever a beep is heard.

// enoughOfMessage is the part of a message that counts as left when the mailbox hangs up.
const enoughOfMessage = 0.9

// toneTaken is how long before a detected beep speech may have started that is the beep itself.
const toneTaken = 300 * time.Millisecond

func (m *Machine) tickAnswering() {
	if m.due(atKeys) {
		m.clear(atKeys)
		m.keypad.reset()
	}
	if m.speaking && m.due(atPatience) {
		m.begin()
		m.set(byReply, 0)
		m.speakWhenFree()
		return
	}
	if m.speaking && m.now-m.speechTo >= m.timing.HelloPause {
		m.endSpeech()
	}
	if m.speaking {
		return
	}
	if m.evidence.firstSpeech == 0 && !m.evidence.tones {
		if m.due(atFirst) {
			m.begin()
			m.speakWhenFree()
		}
		return
	}
	if m.now-max(m.speechTo, m.lastTones) >= m.helloPause() {
		m.turnEnd = m.speechTo
		m.begin()
		m.speakWhenFree()
	}
}

// helloPause returns the quiet after which the agent begins. Whoever may be a person is not kept waiting for a verdict: only
// what words or tones have told already is waited for.
func (m *Machine) helloPause() time.Duration {
	switch {
	case m.evidence.words == mailbox:
		return m.timing.PhraseWait
	case m.evidence.words == menu && m.evidence.named && !m.dialled:
		return m.timing.HelloPause
	case m.evidence.words != somebody, m.evidence.choices > 0, m.answerers.choices(m.evidence.latest) > 0, m.evidence.tones:
		return m.timing.BeepWait
	case m.ears && !m.wordsAreIn() && m.evidence.firstLength > m.timing.ShortHello:
		return m.timing.HelloLimit
	default:
		return m.timing.HelloPause
	}
}

// begin takes the floor for the first time.
func (m *Machine) begin() {
	m.phase = talking
	m.clear(atFirst)
	m.noteFirst()
	if !m.screening.on() && m.byItself(m.evidence.words) {
		return
	}
	m.screening = screening{}
	if m.opened {
		m.answer(Input{Kind: InputRepeat}, m.timing.Patience)
		return
	}
	m.opened = true
	words := m.said()
	m.words, m.partial = "", ""
	reply := Reply{Parts: m.opening}
	if m.brain == m.brains {
		reply = m.rules.Open()
		m.useTools(reply.Tools)
	}
	if m.presses(words) && m.whoSays(words) == somebody { // nothing of the opening is heard
		m.interrupted = true
		m.words = words
		m.answerWords()
		return
	}
	m.queue(reply, m.timing.Patience)
}

func (m *Machine) beep(hz float64) {
	if (m.phase == answering || m.phase == talking || m.phase == ending && !m.optOut && !m.evidence.machine && m.evidence.speech >= m.timing.Greeting) && m.evidence.beeps() {
		m.stopSpeaking()
		m.dropAsk()
		m.unqueue()
		m.clear(atWords, atSilence)
		m.phase = beeped
		m.beforeBeep = m.spokenTo()
		greeting := m.evidence.speech
		if m.speaking {
			greeting += m.speechTo - m.speechFrom
		}
		m.bareBeep = greeting < m.timing.Greeting // perhaps the line of a person: some telephones beep at the answer
		weight, after := weighsBeep, fmt.Sprintf("after %.1f s of speech", greeting.Seconds())
		if m.bareBeep {
			weight, after = weighsBareBeep, "without a greeting"
		}
		m.evidence.add(m.now, call.EvidenceBeep, call.MachineAnswerer, weight, fmt.Sprintf("a tone of %.0f Hz %s", hz, after))
	}
	if m.speaking && m.now-m.speechFrom <= toneTaken {
		m.speechFrom, m.speechTo = m.now, m.now // the VAD reports the tone as speech: real speech comes after it
	}
	m.lastBeep = m.now
}

// spokenTo returns the end of the speech before a tone that has just been detected as a beep. The detector of speech takes the tone
// for some, too.
func (m *Machine) spokenTo() time.Duration {
	if m.speaking && m.now-m.speechFrom <= toneTaken {
		return m.spokeTo
	}
	return min(m.speechTo, m.now-toneTaken)
}

// tickBeeped waits for the end of the beep. Speech after it means that this is no mailbox.
func (m *Machine) tickBeeped() {
	quiet, talk := m.timing.BeepQuiet, m.timing.BeepTalk
	if m.bareBeep {
		quiet, talk = m.timing.BareBeepQuiet, m.timing.BareBeepTalk
	}
	if m.speechTo-max(m.speechFrom, m.lastBeep) >= talk {
		m.noMailbox()
		return
	}
	since := m.now - m.lastBeep
	switch silent := m.now - max(m.lastBeep, m.lastSound, m.speechTo); {
	case silent < quiet && (m.speaking || since < m.timing.BeepLimit):
		return
	case m.ears && m.evidence.words != mailbox && m.heardTo < m.beforeBeep && since < m.timing.WordsWait:
		return // what was said before the beep may tell that it is no mailbox's
	default:
		m.endSpeech() // the detector holds the tone for speech, and says that it has ended later
	}
	if m.bareBeep && m.voicemail == "" {
		m.goOn()
		return
	}
	if m.bareBeep {
		m.evidence.add(m.now, call.EvidenceQuiet, call.MachineAnswerer, weighsAfter, "nobody spoke after the tone")
	}
	if m.evidence.answerer() != call.MachineAnswerer { // more speaks for somebody else
		m.evidence.withdraw()
		m.goOn()
		return
	}
	m.evidence.machine = true
	if m.voicemail == "" {
		m.hangUp()
		return
	}
	m.phase = leaving
	m.reply = Reply{}
	m.turnEnd = 0
	m.speak([]string{m.voicemail}, false)
}

// networkTones takes special information tones for what they are, unless a person is there.
func (m *Machine) networkTones(number bool) {
	if m.phase != answering && m.phase != talking && m.phase != beeped || m.evidence.person() || m.screening.on() {
		return
	}
	m.stopSpeaking()
	m.dropAsk()
	m.unqueue()
	m.clear(atWords, atSilence)
	m.phase = answering
	m.lastTones = m.now
	detail := "special information tones: the network is at fault"
	if number {
		detail = "special information tones: the number is at fault"
	}
	m.evidence.tones, m.evidence.number = true, number
	m.evidence.add(m.now, call.EvidenceTones, call.Announcement, weighsTones, detail)
}

// notInService reports whether an announcement, or tones of the network, said that there is no such number.
func (m *Machine) notInService() bool {
	if m.evidence.answerer() != call.Announcement || m.evidence.person() {
		return false
	}
	return m.evidence.words == outOfService || m.evidence.tones && m.evidence.number && !m.evidence.temporary
}

// goOn continues the conversation after a beep without a voicemail text: a tone alone is not enough to hang up on somebody
// who may wait for us to speak. If it is a mailbox, the rules end the call after repeated silence.
func (m *Machine) goOn() {
	if !m.opened {
		m.begin()
	} else {
		m.phase = talking
		m.turnEnd = 0
		m.answer(Input{Kind: InputSilence}, m.timing.Patience)
	}
	m.speakWhenFree()
}

func (m *Machine) noMailbox() {
	m.phase = answering
	if m.opened {
		m.phase = talking
	}
	if m.speaking {
		m.set(atPatience, m.timing.Patience)
	} else if m.opened {
		m.spoke += m.speechTo - m.speechFrom
		m.set(atWords, m.timing.Grace)
	}
}

// notMachine returns to the conversation: a key was pressed after a beep, which a machine does not do.
func (m *Machine) notMachine() {
	m.voicemailLeft = false
	m.stopSpeaking()
	m.begin()
	m.queuedByKey = true
}
