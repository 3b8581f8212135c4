package turn

import (
	"fmt"
	"slices"
	"time"

	"nacre/internal/call"
)

// The floor is who may speak.

func (m *Machine) speechStarted() {
	m.early = false
	if m.speaking {
		return
	}
	m.speaking = true
	m.speechFrom = m.now
	if m.now-m.lastSound <= 100*time.Millisecond && m.now-m.run < 300*time.Millisecond {
		m.speechFrom = m.run // the VAD reports speech some frames after its start
	}
	m.speechTo = m.now
	m.withKey = m.lastKey != 0 && m.now-m.lastKey < m.timing.WithKey
	m.clear(atWords, atSilence)
	m.set(atPatience, m.timing.Patience)
}

func (m *Machine) speechEnded() {
	if !m.speaking {
		m.early = false
		return
	}
	m.speaking = false
	m.clear(atPatience)
	length := m.speechTo - m.speechFrom
	if length < m.timing.MinSpeech {
		if m.phase == talking && m.saying == nil && !m.queued && m.asked == nil {
			m.listen()
		}
		return
	}
	m.evidence.speech += length
	m.spokeTo = m.speechTo
	if m.evidence.firstSpeech == 0 {
		m.evidence.firstSpeech = max(m.speechFrom, 1)
	}
	if !m.opened {
		m.evidence.firstLength = m.speechTo - m.evidence.firstSpeech
	}
	if m.queued && m.turnEnd != 0 {
		m.turnEnd = m.speechTo // they went on after the key that our reply answers
	}
	m.lines.speech(m.speechFrom, m.speechTo, m.partial)
	if !m.ears && m.canTakeBack() && m.saying == nil && !m.withKey {
		m.takeBack() // they went on, and the reply has not begun
	}
	if m.phase != talking || m.saying != nil || m.queued || m.asked != nil {
		return // before our first words, beside ours, or after the last: no turn that is answered
	}
	if m.withKey {
		m.listen()
		return
	}
	m.spoke += length
	if m.ears {
		m.set(atWords, m.speechTo+m.timing.WordsWait-m.now)
		return
	}
	grace := m.timing.Grace
	if length >= m.timing.LongTalk || (length >= m.timing.LongHello && !m.evidence.person()) {
		grace = m.timing.LongGrace // a long utterance, or a greeting that a beep may follow
	}
	m.set(atWords, m.speechTo+grace-m.now)
}

// listen waits for an answer to what was said last.
func (m *Machine) listen() {
	wait := m.reply.Wait
	if wait == 0 {
		wait = m.timing.AnswerWait
	}
	if m.screening.on() { // a noise does not begin its minute anew
		wait = min(wait, max(m.screening.until-m.now, 0))
	}
	m.set(atSilence, wait)
}

func (m *Machine) tickTalking() {
	if m.saying != nil {
		if m.asked != nil && m.asked.spoken && m.due(byBrain) {
			m.brainLate()
		}
		m.bargeIn()
		return
	}
	quietFrom := max(m.speechTo, m.firstWord)
	if m.firstWord != 0 && !m.speaking && !m.screening.on() && m.now-quietFrom >= m.timing.ListenerQuiet {
		if !m.evidence.listened {
			m.evidence.add(m.now, call.EvidenceQuiet, call.Human, weighsListens, fmt.Sprintf("%.0f s of quiet while we spoke, or after", m.timing.ListenerQuiet.Seconds()))
		}
		m.evidence.listened = true
	}
	if m.due(atKeys) {
		m.clear(atKeys)
		m.command(m.keypad.pause(m.reply.Expect))
		return
	}
	if m.keypad.busy() {
		return
	}
	switch {
	case m.queued:
		if m.goesOn() {
			m.takeBack()
			return
		}
		m.speakWhenFree()
	case m.work.brought != nil:
		m.tellRules()
		m.speakWhenFree()
	case m.work.rules != 0:
		m.awaitWork()
	case m.asked != nil:
		m.awaitReply()
	case m.turnOver():
		m.endSpeech()
		m.answerWords()
		m.speakWhenFree()
	case m.speaking:
		if m.due(atPatience) {
			m.set(atPatience, m.timing.Patience)
			m.spoke += m.speechTo - m.speechFrom
			m.answerWords()
			m.set(byReply, 0)
		}
	case m.due(atWords):
		if m.ears && m.words+m.partial != "" && m.wordsAreIn() {
			return // turnOver judges
		}
		if m.ears && !m.wordsAreIn() {
			m.partial = "" // half a sentence may say the contrary of the whole
		}
		if m.ears && m.words+m.partial == "" && m.isNoise() {
			m.dropWords(true)
			return
		}
		m.answerWords()
		m.speakWhenFree()
	case m.due(atSilence):
		m.turnEnd = 0
		m.answer(Input{Kind: InputSilence}, m.timing.Patience)
		m.speakWhenFree()
	}
}

func (m *Machine) answerWords() {
	if m.evidence.firstLength > m.timing.LongHello && !m.evidence.listened && !m.ears {
		m.evidence.add(m.now, call.EvidenceCadence, call.Screening, weighsTalksOn, "a long utterance at first, and another after our words")
	}
	if words := m.said(); words != "" && (m.heard > 0 || m.optsOut(words)) && m.mayReply(words) && m.graceFor(words) == m.timing.QuickGrace {
		m.evidence.withdraw()
		m.evidence.replied = true
		m.evidence.add(m.now, call.EvidenceWords, call.Human, weighsReply, "a reply to what we said")
	}
	m.turnEnd = m.speechTo
	in := Input{Kind: InputWords, Words: m.said(), Spoke: m.spoke}
	m.spoke = 0
	m.answer(in, m.timing.Patience)
}

// bargeIn stops our utterance for speech that began after it and is too long for a backchannel. With a recogniser it is words
// that stop us (wordsStop).
func (m *Machine) bargeIn() {
	if m.ears {
		if !m.reply.End && m.hearsNothing() && m.spokenOver(m.timing.DeafBarge) {
			m.interrupt()
		}
		return
	}
	least := m.timing.Backchannel
	if m.withKey {
		least = m.timing.KeyedSpeech
	}
	if !m.reply.End && m.spokenOver(least) {
		m.withKey = false
		m.interrupt()
	}
}

// interrupt stops our utterance for what they say.
func (m *Machine) interrupt() {
	m.stopSpeaking()
	if m.asked != nil && !m.asked.spoken { // it was a filler
		m.takeBack()
		return
	}
	m.dropAsk()
}

// spokenOver reports whether speech of some length began after ours.
func (m *Machine) spokenOver(least time.Duration) bool {
	return m.speaking && m.speechFrom >= m.saying.asked-300*time.Millisecond && m.speechTo-m.speechFrom >= least
}

// yieldGoodbye stops our last words once for a person who speaks over them; they are repeated after that. A voicemail text
// is not interrupted.
func (m *Machine) yieldGoodbye() {
	if m.yielded || m.ears && m.understands() || !m.evidence.person() || !m.spokenOver(m.timing.Backchannel) {
		return
	}
	m.yielded, m.withKey = true, false
	again := m.reply
	m.stopSpeaking()
	m.queue(again, m.timing.GoodbyeYield)
}

// answer has a turn replied to; the reply is spoken once the other side is quiet, or yield has passed.
func (m *Machine) answer(in Input, yield time.Duration) {
	in.At, in.Deaf = m.now, !m.ears
	switch {
	case in.Kind == InputAnew:
		in.Heard, in.Interrupted = 0, false // of what was said to somebody else
	case m.answerScreener(in):
		return
	default:
		in.Heard, in.Interrupted, in.Unheard = m.heard, m.interrupted, m.spokeTooEarly()
	}
	switch {
	case in.Kind == InputSilence:
		m.silences++
	case in.Kind != InputWords && in.Kind != InputWorked, in.Words != "", in.Deaf:
		m.silences = 0
	}
	in.Silences = m.silences
	m.pass(in, yield, false)
}

// spokeTooEarly reports whether their last speech began before the part of ours that it cut off can have told them anything: a
// yes to what came before is none to it.
func (m *Machine) spokeTooEarly() bool {
	u := m.lastSaid
	if !m.interrupted || u == nil || u.filler {
		return false
	}
	return u.heard >= len(u.starts) || m.speechFrom < u.starts[u.heard]+m.timing.Reaction
}

// stayQuiet waits on, by a reply that has no words.
func (m *Machine) stayQuiet(reply Reply) {
	m.dropAsk()
	m.turnAnswered()
	m.clear(atWords, atSilence, atTail)
	m.reply, m.spoke, m.turnEnd = reply, 0, 0
	m.heard, m.interrupted = 0, false
	m.listen()
}

func (m *Machine) queue(reply Reply, yield time.Duration) {
	m.dropAsk()
	m.turnAnswered()
	m.clear(atWords, atSilence, atTail)
	m.reply, m.queued, m.queuedByKey = reply, true, false
	m.spoke = 0
	m.set(byReply, yield)
	m.set(atReply, 0)
	if m.lastKey == max(m.now, 1) {
		m.set(atReply, m.timing.KeyReply)
	}
	if reply.End {
		m.phase = ending
		m.set(byReply, max(yield, m.timing.GoodbyeYield))
	}
}

// turnAnswered notes that words of what was said so far are no part of a later turn.
func (m *Machine) turnAnswered() {
	m.taken = m.said()
	m.words, m.partial, m.endOfTurn, m.overlaps = "", "", false, false
	m.answered, m.takenTo = m.speechTo, 0
}

func (m *Machine) unqueue() {
	m.queued = false
	m.clear(atReply, byReply)
}

func (m *Machine) speakWhenFree() {
	if !m.queued || m.saying != nil || !m.due(atReply) || m.speaking && !m.due(byReply) {
		return
	}
	m.unqueue()
	if t := m.work.transfer; t != nil {
		t.said = true
	}
	m.heard, m.interrupted = 0, false
	more := false
	var from []source
	if m.asked != nil {
		m.asked.spoken = true
		from = m.asked.from
		if more = !m.asked.ended; !more {
			m.asked = nil
		}
	}
	m.speak(m.reply.Parts, more)
	m.saying.from = from
}

// speak speaks parts; more of them may follow.
func (m *Machine) speak(parts []string, more bool) {
	m.utterances++
	m.saying = &utterance{id: m.utterances, parts: slices.Clone(parts), asked: m.now}
	m.do(Action{Do: Speak, Utterance: m.utterances, Parts: parts, More: more})
}

func (m *Machine) stopSpeaking() {
	if m.saying == nil {
		return
	}
	m.do(Action{Do: StopSpeaking, Utterance: m.saying.id})
	m.lastSaid = m.saying
	if !m.saying.filler {
		m.heard, m.interrupted = m.saying.heard, true
	}
	m.stopped = append(m.stopped, m.saying)
	m.saying = nil
}

// utterance returns the one that is playing, or was stopped and is not reported yet.
func (m *Machine) utterance(id int) *utterance {
	if m.saying != nil && m.saying.id == id {
		return m.saying
	}
	for _, u := range m.stopped {
		if u.id == id {
			return u
		}
	}
	return nil
}

func (m *Machine) playoutStarted(event Event) {
	u := m.utterance(event.Utterance)
	if u == nil || u.begun {
		return
	}
	u.begun, u.started = true, m.now
	u.hear(0, m.now)
	if m.firstWord == 0 {
		m.firstWord = max(m.now, 1)
	}
	if m.turnEnd != 0 && !u.filler {
		m.latencies = append(m.latencies, int((m.now - m.turnEnd).Milliseconds()))
		m.turnEnd = 0
	}
}

func (m *Machine) playoutFinished(event Event) {
	u := m.utterance(event.Utterance)
	if u == nil {
		return
	}
	u.hear(event.Part, m.now)
	if u.begun {
		m.lines.say(u, event, m.now)
	}
	if u != m.saying {
		for i := range m.stopped {
			if m.stopped[i] == u {
				m.stopped = append(m.stopped[:i], m.stopped[i+1:]...)
				break
			}
		}
		return
	}
	m.saying = nil
	m.lastSaid = u
	if u.filler {
		if m.phase == talking && m.asked == nil && !m.queued && !m.speaking {
			m.listen() // the reply had no words
		}
		return
	}
	m.heard, m.interrupted = u.heard, u.heard < len(u.parts)
	if !m.interrupted && slices.Equal(u.parts, m.opening) {
		m.opening = nil
	}
	switch m.phase {
	case talking:
		if m.work.rules != 0 {
			m.set(atFiller, m.timing.FillerWait)
		}
		if m.screening.on() { // the person is awaited from now on
			m.screening.until = m.now + m.timing.ScreenWait
		}
		if !m.speaking && m.asked == nil {
			m.listen()
		}
	case leaving:
		m.voicemailLeft = event.Part >= len(u.parts) || event.Fraction >= enoughOfMessage
		m.phase = ending
		m.set(atTail, m.timing.Tail)
	case ending:
		m.set(atTail, m.timing.Tail)
		m.set(byGoodbye, m.timing.GoodbyeYield)
	}
}

// speakFailed ends the call after a failure to synthesise speech, with other words if there are any.
func (m *Machine) speakFailed(event Event) {
	u := m.utterance(event.Utterance)
	if u == nil || u != m.saying {
		return
	}
	m.saying = nil
	if u.begun {
		m.lines.say(u, event, m.now)
	}
	if u.filler && (m.asked != nil || m.queued) {
		return // the reply may yet be spoken
	}
	switch m.phase {
	case handing: // they are put through all the same
		m.work.transfer.said = true
	case talking:
		m.broke = event.Text
		m.endWith(NoticeFailure, 0)
	default: // a goodbye nobody hears, or a message that cannot be left
		if m.phase == leaving {
			m.broke = event.Text
		}
		m.phase = ending
		m.set(atTail, 0)
	}
}

// endWith says one last sentence of the machine and ends the call.
func (m *Machine) endWith(notice NoticeKind, hours int) {
	m.keypad.reset()
	m.clear(atKeys)
	m.queue(Reply{Parts: []string{m.rules.Phrase(Notice{Kind: notice, Hours: hours, At: m.now})}, End: true}, m.timing.KeyYield)
}

// tickEnding hangs up when the last words were played, the opt-out is written and no command is incomplete.
func (m *Machine) tickEnding() {
	if m.saying != nil {
		m.yieldGoodbye()
		return
	}
	if m.due(atKeys) {
		m.clear(atKeys)
		m.keypad.reset()
	}
	if m.queued {
		m.speakWhenFree()
		return
	}
	if m.optOutPending && !m.due(byOptOut) || m.keypad.busy() || !m.due(atTail) {
		return
	}
	if m.speaking && m.timers[byGoodbye] != 0 && !m.due(byGoodbye) && m.evidence.person() {
		return // they have something to say after our last words
	}
	if m.ears && m.understands() && !m.wordsAreIn() && m.now-m.speechTo < m.timing.WordsWait {
		return // and what it was is not known yet
	}
	m.hangUp()
}
