package turn

import "time"

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
	if m.speaking {
		if m.due(atPatience) {
			m.begin()
			m.set(byReply, 0)
			m.speakWhenFree()
		}
		if !m.helloOver() {
			return
		}
		m.endSpeech()
	}
	if m.evidence.firstSpeech == 0 {
		if m.due(atFirst) {
			m.begin()
			m.speakWhenFree()
		}
		return
	}
	wait := m.timing.HelloPause
	switch length := m.evidence.firstLength; {
	case m.evidence.words == mailbox:
		wait = m.timing.PhraseWait
	case length > m.timing.LongHello, m.evidence.choices > 0:
		wait = m.timing.BeepWait
	case length > m.timing.ShortHello:
		wait = m.timing.DoubtPause
	}
	if m.now-m.speechTo >= wait {
		m.turnEnd = m.speechTo
		m.begin()
		m.speakWhenFree()
	}
}

// helloOver reports whether what they say first was a hello, by the pause after it: the detector says so too late for somebody
// who waits for an answer.
func (m *Machine) helloOver() bool {
	length := m.speechTo - m.speechFrom
	return m.evidence.firstSpeech == 0 && length >= m.timing.MinSpeech && length <= m.timing.ShortHello && m.now-m.speechTo >= m.timing.HelloPause
}

// begin takes the floor for the first time.
func (m *Machine) begin() {
	m.phase = talking
	m.clear(atFirst)
	if m.screening.told == 0 && m.byItself(m.evidence.words) {
		return
	}
	m.screening = screening{}
	if m.opened {
		m.answer(Input{Kind: InputRepeat}, m.timing.Patience)
		return
	}
	m.opened = true
	if m.brain < m.brains {
		m.queue(Reply{Parts: m.opening}, m.timing.Patience)
		return
	}
	m.queue(m.rules.Open(), m.timing.Patience)
}

func (m *Machine) beep() {
	if (m.phase == answering || m.phase == talking) && m.evidence.beeps(m.screening.told > 0) {
		m.stopSpeaking()
		m.dropAsk()
		m.unqueue()
		m.clear(atWords, atSilence)
		m.phase = beeped
		greeting := m.evidence.speech
		if m.speaking {
			greeting += m.speechTo - m.speechFrom
		}
		m.bareBeep = greeting < m.timing.Greeting // perhaps the line of a person: some telephones beep at the answer
	}
	if m.speaking && m.now-m.speechFrom <= toneTaken {
		m.speechFrom, m.speechTo = m.now, m.now // the VAD reports the tone as speech: real speech comes after it
	}
	m.lastBeep = m.now
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
	if m.speaking {
		return
	}
	since := m.now - m.lastBeep
	if m.now-max(m.lastBeep, m.lastSound, m.speechTo) < quiet && since < m.timing.BeepLimit {
		return
	}
	if m.bareBeep && m.voicemail == "" {
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
	m.evidence.machine, m.voicemailLeft = false, false
	m.stopSpeaking()
	m.begin()
	m.queuedByKey = true
}
