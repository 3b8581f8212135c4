package turn

import (
	"time"

	"nacre/internal/call"
)

// key handles one key of the other side. Any key means a person, and stops what is being said.
func (m *Machine) key(key rune) {
	if key != '*' && key != '#' && (key < '0' || key > '9') {
		return
	}
	if len(m.keys) == 0 {
		m.keysFrom = m.now
	}
	m.keys = append(m.keys, byte(key))
	m.lastKey = max(m.now, 1)
	machine := m.evidence.machine
	m.evidence.withdraw()
	m.evidence.keyed = true
	m.evidence.add(m.now, call.EvidenceKeys, call.Human, weighsKeys, "a key was pressed")
	if m.speaking {
		m.withKey = true
	}
	switch {
	case m.phase == answering, m.phase == beeped, machine:
		m.notMachine()
	case m.screening.on() && m.phase == talking:
		m.stopSpeaking()
		m.greet()
		m.queuedByKey = true
	case m.phase == ending:
		m.keyAtEnd(key)
		return
	case m.phase == handing:
		m.keyWhileHanding(key)
		return
	}
	if m.surplus(key) {
		m.flushKeys()
		return
	}
	m.clear(atWords, atSilence)
	m.spoke = 0
	m.stopSpeaking()
	expect := m.expect()
	m.dropAsk()
	m.command(m.keypad.press(key, expect))
}

// expect returns which keys are expected now. While our reply to a key is queued, the next question is not asked yet.
func (m *Machine) expect() Expect {
	if m.queued && m.queuedByKey {
		return ExpectNothing
	}
	return m.reply.Expect
}

// surplus reports whether a key belongs to an answer already taken: its closing #, or a bounce. It is ignored then.
func (m *Machine) surplus(key rune) bool {
	if m.lastAnswer == 0 || m.keypad.busy() {
		return false
	}
	age := m.now - m.lastAnswer
	return key == '#' && age < m.timing.TrailingHash || key != '*' && age < m.timing.KeyGap
}

func (m *Machine) command(command command) {
	switch command {
	case commandAnswer:
		m.flushKeys()
		m.lastAnswer = max(m.now, 1)
		m.turnEnd = m.now
		m.answer(Input{Kind: InputKeys, Keys: m.keypad.text}, m.timing.KeyYield)
	case commandRepeat:
		m.flushKeys()
		m.turnEnd = m.now
		m.answer(Input{Kind: InputRepeat}, m.timing.KeyYield)
	case commandCallback:
		m.unqueue()
	case commandHours:
		m.flushKeys()
		if m.optOut {
			m.optOutNow()
			return
		}
		hours := m.promise()
		m.turnEnd = m.now
		m.endWith(NoticeCallback, hours)
	case commandOptOut:
		m.flushKeys()
		m.optOutNow()
		return
	}
	if m.keypad.busy() {
		m.set(atKeys, m.timing.KeyPause)
		return
	}
	m.clear(atKeys)
	m.flushKeys()
	if m.phase == talking && !m.queued {
		m.listen()
	}
}

// promise records the call-back just typed, unless they opted out, and returns its hours.
func (m *Machine) promise() int {
	hours := hoursOf(m.keypad.text)
	if m.optOut {
		return hours
	}
	m.callback = &call.Callback{After: time.Duration(hours) * time.Hour}
	m.doubt.settle()
	return hours
}

// optOutNow starts the opt-out, and announces it while it is under way.
func (m *Machine) optOutNow() {
	m.startOptOut()
	m.turnEnd = m.now
	m.endWith(NoticeOptOut, 0)
}

// startOptOut has the opt-out written, once.
func (m *Machine) startOptOut() {
	if !m.optOut {
		m.optOut, m.optOutPending = true, true
		m.set(byOptOut, m.timing.OptOutLimit)
		m.do(Action{Do: OptOut})
	}
	m.callback = nil // an opt-out overrides a call-back
}

// keyAtEnd handles a key during the last words: commands are still accepted, and after giveUp an answer is too.
func (m *Machine) keyAtEnd(key rune) {
	if m.optOut {
		m.flushKeys()
		return
	}
	if m.reply.End && m.reply.Expect != ExpectNothing && key != '*' && !m.keypad.star && key != '#' {
		m.stopSpeaking()
		m.unqueue()
		m.phase = talking
		m.command(m.keypad.press(key, m.reply.Expect))
		return
	}
	command := m.keypad.press(key, ExpectNothing)
	switch command {
	case commandOptOut, commandCallback:
		m.stopSpeaking()
		m.unqueue()
		m.phase = talking
		m.command(command)
	case commandRepeat:
		if m.reply.Expect == ExpectNothing {
			m.flushKeys()
			return
		}
		m.stopSpeaking()
		m.unqueue()
		m.phase = talking
		m.command(command)
	default:
		if m.keypad.busy() {
			m.set(atKeys, m.timing.KeyPause)
			return
		}
		m.flushKeys()
	}
}

// flushKeys writes the keys pressed so far to the transcript.
func (m *Machine) flushKeys() {
	if len(m.keys) == 0 {
		return
	}
	m.lines.add(call.Client, "[pressed "+string(m.keys)+"]", m.keysFrom, m.lastKey)
	m.keys = m.keys[:0]
}
