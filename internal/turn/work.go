package turn

import (
	"slices"
	"strings"

	"nacre/internal/call"
)

// What a call has done besides talking takes its time: it goes on beside the talk (Work), and Worked tells what came of it. A
// transfer is the person's way out of the talk: it begins when our words are over, and the talk waits for it.

// Bounds of what one call has done.
const (
	mostTransfers = 2
	mostRequests  = 30
	mostKeys      = 32
)

// work is what is being done, and what was.
type work struct {
	last        int
	open        map[int]waiting // by number of the work
	requests    int
	sent        map[int]bool // messages that were sent, or are being, by action
	learned     []call.Value // what actions brought that is no question's
	done        []Done       // what is over, in order
	acts        []call.Act   // the same for the record
	outcomes    []string     // what came of actions for which no brain waits any more
	rules       int          // the work that the rules wait for; 0 = none
	brought     *Event       // it is over, and the rules are to be told
	transfer    *transfer    // the person is being put through, or will be
	transfers   int
	late        int // a transfer that was given up, and of which nothing is known; 0 = none
	transferred bool
}

// waiting says what work is, and who waits for it.
type waiting struct {
	action int
	ask    int // of a brain, and which use of a tool; 0 = the rules
	use    int
}

// transfer is one that the reply in force has asked for.
type transfer struct {
	action int
	said   bool // words have announced it
	work   int  // 0 = it has not begun
}

// act has an action done that a brain asks for.
func (m *Machine) act(event Event) {
	text, failed, pending := m.startWork(event.Tool.Number, waiting{ask: event.Ask, use: event.Use})
	m.set(byBrain, m.timing.BrainLimit)
	if pending {
		m.set(byBrain, m.timing.WorkLimit+m.timing.BrainLimit)
		return
	}
	m.result(event.Use, text, failed)
}

// startWork begins an action. Without pending it is known at once what comes of it.
func (m *Machine) startWork(number int, who waiting) (text string, failed, pending bool) {
	if number < 0 || number >= len(m.pearl) {
		return "there is no such action", true, false
	}
	w := &m.work
	switch kind := m.pearl[number].Kind; {
	case kind == call.ActTransfer:
		text, failed = m.askTransfer(number)
		return text, failed, false
	case kind != call.ActRequest && w.sent[number]:
		return "it was sent already", true, false
	case w.requests >= mostRequests:
		return "too much was done in this call", true, false
	case kind != call.ActRequest:
		if w.sent == nil {
			w.sent = map[int]bool{}
		}
		w.sent[number] = true
	}
	w.requests++
	who.action = number
	work := m.doWork(number, who)
	if who.use == 0 {
		w.rules = work
		m.set(atFiller, m.timing.FillerWait)
		m.set(byWork, m.timing.WorkLimit)
	}
	return "", false, true
}

func (m *Machine) doWork(number int, who waiting) int {
	w := &m.work
	w.last++
	if w.open == nil {
		w.open = map[int]waiting{}
	}
	w.open[w.last] = who
	collected, _ := m.outcome()
	m.do(Action{Do: Work, Work: w.last, Number: number, Values: append(slices.Clone(w.learned), collected...)})
	return w.last
}

// worked takes what came of an action.
func (m *Machine) worked(event Event) {
	w := &m.work
	who, known := w.open[event.Work]
	if !known {
		return
	}
	delete(w.open, event.Work)
	action := m.pearl[who.action]
	if action.Kind == call.ActTransfer {
		m.transferWorked(event)
		return
	}
	m.learn(event.Values)
	m.note(action, event.Failed)
	act := call.Act{Name: action.Name, Kind: action.Kind, State: call.ActDone}
	if event.Failed {
		act.State, act.Error = call.ActGivenUp, event.Text
	}
	w.acts = append(w.acts, act)
	w.done = append(w.done, Done{Number: who.action, Failed: event.Failed, At: m.now})
	if event.Failed {
		delete(w.sent, who.action)
	}
	switch {
	case event.Work == w.rules:
		w.rules, w.brought = 0, &event
		w.brought.Use = who.action
	case m.asked != nil && m.asked.number == who.ask && !m.asked.ended:
		m.set(byBrain, m.timing.BrainLimit)
		m.result(who.use, event.Text, event.Failed)
	default:
		w.outcomes = append(w.outcomes, action.Name+": "+event.Text)
	}
}

// learn keeps the variables that an action brought: of questions as collected, others for what is done later.
func (m *Machine) learn(values []call.Value) {
	for _, v := range values {
		if _, failed := m.collect(v); !failed {
			continue
		}
		if at := slices.IndexFunc(m.work.learned, func(known call.Value) bool { return known.ID == v.ID }); at >= 0 {
			m.work.learned[at] = v
		} else {
			m.work.learned = append(m.work.learned, v)
		}
	}
}

// note has the record tell of messages, and of what failed.
func (m *Machine) note(action call.Action, failed bool) {
	text := ""
	switch {
	case action.Kind == call.ActSMS && failed:
		text = "A text message could not be sent."
	case action.Kind == call.ActSMS:
		text = "A text message was sent."
	case action.Kind == call.ActEmail && failed:
		text = "An e-mail could not be sent."
	case action.Kind == call.ActEmail:
		text = "An e-mail was sent."
	case failed:
		text = "The request \"" + action.Name + "\" failed."
	}
	if text != "" {
		_, _ = keep(&m.notes, text)
	}
}

// awaitWork waits for what the rules had done.
func (m *Machine) awaitWork() {
	words := m.said()
	switch {
	case words != "" && m.wordsAreIn() && m.optsOut(words):
		m.work.rules = 0
		m.optOutNow()
	case m.due(byWork):
		who := m.work.open[m.work.rules]
		m.work.rules, m.work.brought = 0, &Event{Use: who.action, Failed: true, Text: "it took too long"}
	case m.due(atFiller) && !m.speaking && words == "":
		m.clear(atFiller)
		m.speak([]string{m.rules.Phrase(Notice{Kind: NoticeFiller})}, false)
		m.saying.filler = true
	}
}

// handOver has the rules wait for a request that a brain has begun, and returns its action; -1 = there is none.
func (m *Machine) handOver() int {
	w := &m.work
	for work := w.last; work > 0; work-- {
		if who, open := w.open[work]; open && m.pearl[who.action].Kind == call.ActRequest {
			w.rules = work
			m.set(atFiller, m.timing.FillerWait)
			m.set(byWork, m.timing.WorkLimit)
			return who.action
		}
	}
	return -1
}

// tellRules has the rules reply to what an action brought.
func (m *Machine) tellRules() {
	e := m.work.brought
	m.work.brought = nil
	m.clear(atFiller, byWork)
	if words := m.said(); m.optsOut(words) {
		m.optOutNow()
		return
	}
	m.turnEnd = 0
	m.answer(Input{Kind: InputWorked, Action: e.Use, Failed: e.Failed, Text: e.Text, Values: e.Values}, m.timing.Patience)
}

// pressKeys sends keys to a machine.
func (m *Machine) pressKeys(keys string) (text string, failed bool) {
	if keys == "" || len(keys) > mostKeys || strings.Trim(keys, "0123456789*#") != "" {
		return "keys are digits, * and #, at most 32", true
	}
	m.do(Action{Do: PressKeys, Text: keys})
	return "pressed", false
}

// askTransfer has a transfer begin when the reply's words are over.
func (m *Machine) askTransfer(number int) (text string, failed bool) {
	w := &m.work
	switch {
	case m.optOut:
		return "they are never to be called again: end the call", true
	case w.transfer != nil:
		return "they are being put through already", true
	case w.late != 0:
		return "an earlier transfer is still under way: nobody knows whether it will come about", true
	case w.transfers >= mostTransfers:
		return "it was tried often enough", true
	}
	w.transfer = &transfer{action: number, said: m.queued || m.saying != nil && !m.saying.filler}
	return "they are put through after your words: end your answer; if it fails you will be told", false
}

// dropTransfer gives up a transfer that has not begun, because the reply that asked for it is not wanted any more.
func (m *Machine) dropTransfer() {
	if m.work.transfer != nil && m.phase != handing {
		m.work.outcomes = append(m.work.outcomes, m.pearl[m.work.transfer.action].Name+": they spoke first, and were not put through")
		m.work.transfer = nil
	}
}

func (m *Machine) tickHanding() {
	if m.due(atKeys) {
		m.clear(atKeys)
		m.keypad.reset()
		m.flushKeys()
	}
	t := m.work.transfer
	switch {
	case m.saying != nil:
	case m.queued:
		m.speakWhenFree()
	case !t.said:
		m.queue(Reply{Parts: []string{m.rules.Phrase(Notice{Kind: NoticeTransfer})}}, m.timing.GoodbyeYield)
	case t.work == 0 && m.ears && (m.partial != "" || !m.wordsAreIn()) && m.now-m.speechFrom < m.timing.WordsWait: // what do they say?
	case t.work == 0:
		m.clear(atWords, atSilence)
		m.work.transfers++
		t.work = m.doWork(t.action, waiting{action: t.action})
		m.set(byTransfer, m.timing.TransferWait)
	case m.due(byTransfer):
		m.work.late = t.work
		m.notTransferred("nobody answered in time")
	}
}

// transferWorked takes what came of a transfer. One that comes about late is one, too: somebody else talks to the person now.
func (m *Machine) transferWorked(event Event) {
	w := &m.work
	late := event.Work == w.late
	if late {
		w.late = 0
	}
	switch {
	case !event.Failed:
		w.transferred = true
		_, _ = keep(&m.notes, "They were put through to a person.")
		m.doubt.left = true
		m.hangUp()
	case !late && m.phase == handing:
		m.notTransferred(event.Text)
	}
}

// notTransferred goes on with the talk.
func (m *Machine) notTransferred(why string) {
	number := m.work.transfer.action
	m.work.transfer = nil
	m.phase = talking
	m.clear(byTransfer)
	_, _ = keep(&m.notes, "They could not be put through to a person.")
	m.reply = Reply{}
	m.turnEnd = 0
	m.heard, m.interrupted = 0, false
	m.answer(Input{Kind: InputWorked, Action: number, Failed: true, Text: why}, m.timing.Patience)
}

// heardWhileHanding takes words heard while the person is put through. We reply to them where they may never want to be called again,
// have the wrong number, or have to go. A mere "thank you, bye" is said to us by who goes on to somebody else.
func (m *Machine) heardWhileHanding(words string, event Event) {
	m.partial = ""
	switch {
	case !event.Final:
		m.partial = words
	case m.optsOut(words):
		m.keepHere()
		m.optOutAtOnce()
	case m.mustHear(words, event) && !only(wordsOf(words), false, m.phrases.backchannel, m.phrases.farewell):
		m.keepHere()
		m.attend(words)
	}
}

// keepHere goes on with whoever was being put through. A transfer that has not begun is none; of one that has, what comes of it is
// still told.
func (m *Machine) keepHere() {
	t := m.work.transfer
	if m.phase != handing || t == nil {
		return
	}
	m.work.transfer, m.phase = nil, talking
	m.clear(byTransfer)
	outcome := "they spoke first, and were not put through"
	if t.work != 0 {
		m.work.late = t.work
		outcome = "they spoke while they were being put through: nobody knows yet whether it will come about"
	}
	m.work.outcomes = append(m.work.outcomes, m.pearl[t.action].Name+": "+outcome)
}

// keyWhileHanding: only *9 counts.
func (m *Machine) keyWhileHanding(key rune) {
	if m.keypad.press(key, ExpectNothing) == commandOptOut {
		m.flushKeys()
		m.stopSpeaking()
		m.keepHere()
		m.optOutNow()
		return
	}
	if m.keypad.busy() {
		m.set(atKeys, m.timing.KeyPause)
		return
	}
	m.flushKeys()
}

// transferUntold notes that the call is over before it is known what came of a transfer.
func (m *Machine) transferUntold() {
	begun := m.work.transfer != nil && m.work.transfer.work != 0 && m.phase == handing
	if !m.work.transferred && (begun || m.work.late != 0) {
		_, _ = keep(&m.notes, "The call ended while they were being put through: whether they reached a person is not known.")
	}
}
