package turn

import (
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// asked is a turn that a brain replies to, until its reply is whole and has begun to be spoken.
type asked struct {
	number int
	in     Input
	yield  time.Duration
	parts  []string
	from   []source // in the order of parts
	ended  bool     // the reply is whole
	spoken bool     // it has begun to be spoken
	filled bool     // a filler was said
}

// ask has the brain in charge reply to a turn.
func (m *Machine) ask(in Input, yield time.Duration, filled bool) {
	m.dropAsk()
	m.unqueue()
	m.turnAnswered()
	m.clear(atWords, atSilence, atTail)
	m.spoke = 0
	in.Transcript, in.Outcomes = m.lines.inOrder(), m.work.outcomes
	m.work.outcomes = nil
	m.asks++
	m.asked = &asked{number: m.asks, in: in, yield: yield, filled: filled}
	m.do(Action{Do: Ask, Ask: m.asks, Brain: m.brain, Input: in})
	m.set(atFiller, m.timing.FillerWait)
	m.set(byBrain, m.timing.BrainLimit)
}

// dropAsk gives up the reply that is being made.
func (m *Machine) dropAsk() {
	if m.asked == nil {
		return
	}
	if !m.asked.ended {
		m.do(Action{Do: CancelAsk, Ask: m.asked.number})
	}
	m.asked = nil
	m.clear(atFiller, byBrain)
	m.dropTransfer()
}

// source is the passage that a part of a reply is taken from.
type source struct {
	part int
	text string
}

func (m *Machine) replySource(event Event) {
	a := m.asked
	if a == nil || a.number != event.Ask || a.ended || event.Text == "" {
		return
	}
	a.from = append(a.from, source{len(a.parts), event.Text})
	if a.spoken && m.saying != nil {
		m.saying.from = a.from
	}
}

func (m *Machine) replyPart(event Event) {
	a := m.asked
	part := strings.TrimSpace(event.Text)
	if a == nil || a.number != event.Ask || a.ended || part == "" {
		return
	}
	m.clear(atFiller)
	m.set(byBrain, m.timing.BrainLimit)
	a.parts = append(a.parts, part)
	switch {
	case a.spoken && m.saying != nil:
		m.saying.parts = append(m.saying.parts, part)
		m.do(Action{Do: SpeakMore, Utterance: m.saying.id, Parts: []string{part}, More: true})
	case a.spoken: // what it belongs to could not be said
	default:
		m.queueReply(Reply{Parts: a.parts}, a)
	}
}

// queueReply queues as much of a reply as is there.
func (m *Machine) queueReply(reply Reply, a *asked) {
	m.reply = reply
	if m.queued {
		return
	}
	m.queued, m.queuedByKey = true, a.in.Kind == InputKeys
	m.set(byReply, a.yield)
	m.set(atReply, 0)
	if m.lastKey == max(m.now, 1) {
		m.set(atReply, m.timing.KeyReply)
	}
}

func (m *Machine) replyEnd(event Event) {
	a := m.asked
	if a == nil || a.number != event.Ask || a.ended {
		return
	}
	for _, part := range event.Reply.Parts {
		m.replyPart(Event{Ask: event.Ask, Text: part})
	}
	m.useTools(event.Reply.Tools)
	m.whole(a, event.Reply)
}

// whole notes that no further part comes.
func (m *Machine) whole(a *asked, reply Reply) {
	a.ended = true
	m.clear(atFiller, byBrain)
	m.reply = reply
	m.reply.Parts = a.parts
	m.reply.Wait = max(reply.Wait, m.waitFor(a.in))
	if m.work.transfer != nil {
		m.phase, reply.End, m.reply.End = handing, false, false
	}
	if reply.End {
		m.phase = ending
		m.set(byReply, max(a.yield, m.timing.GoodbyeYield))
	}
	switch {
	case a.spoken && m.saying != nil:
		m.asked = nil
		m.do(Action{Do: SpeakMore, Utterance: m.saying.id})
	case len(a.parts) == 0 || a.spoken: // nothing is left to be said
		m.asked = nil
		if reply.End {
			m.set(atTail, 0)
		} else if m.saying == nil && !m.speaking {
			m.listen()
		}
	}
}

func (m *Machine) askFailed(event Event) {
	if m.asked != nil && m.asked.number == event.Ask && !m.asked.ended {
		m.asked.ended = true // nothing is left to cancel
		m.nextBrain()
	}
}

// brainLate gives up a brain that has stopped to reply.
func (m *Machine) brainLate() {
	m.do(Action{Do: CancelAsk, Ask: m.asked.number})
	m.asked.ended = true // nothing is left to cancel
	m.nextBrain()
}

// nextBrain has the next brain reply, or the rules, where one has failed. What it has said stands, and counts as its reply.
func (m *Machine) nextBrain() {
	a := m.asked
	if m.brain++; m.brain == m.brains {
		m.rules.TakeOver(Progress{Known: slices.Concat(m.work.learned, m.collected), Transcript: m.lines.inOrder(), Done: m.work.done, Doing: m.handOver()})
	}
	if len(a.parts) > 0 {
		m.whole(a, Reply{})
		return
	}
	m.dropAsk()
	in := a.in
	in.Transcript, in.Outcomes = nil, nil
	m.pass(in, a.yield, a.filled)
}

// pass has a turn replied to by the brain in charge, or by the rules.
func (m *Machine) pass(in Input, yield time.Duration, filled bool) {
	switch {
	case in.Kind == InputKeys:
		m.doubt.settle()
	case in.Kind == InputWords && in.Words != "":
		m.doubt.turn(in.Words)
	}
	if m.brain < m.brains && in.Kind == InputAnew {
		m.opening = m.greeting
	}
	if m.brain < m.brains && (in.Kind == InputAnew || in.Kind == InputRepeat && len(m.opening) > 0) {
		m.queue(Reply{Parts: m.opening}, yield) // nobody has heard it yet
		m.queuedByKey = true
		return
	}
	if m.brain < m.brains {
		if m.optsOut(in.Words) {
			m.startOptOut()
		}
		in.OptedOut = m.optOut
		if !m.replyForBrain(in, yield) {
			m.ask(in, yield, filled)
		}
		return
	}
	reply := m.rules.Next(in)
	optOut := m.optOut
	m.useTools(reply.Tools)
	if !m.optOut && m.optsOut(in.Words) { // of rules that reply to keys alone
		m.optOutNow()
		return
	}
	if m.optOut && !optOut && len(reply.Parts) == 0 {
		m.endWith(NoticeOptOut, 0)
		return
	}
	if m.work.transfer != nil {
		m.phase, reply.End = handing, false
	}
	if len(reply.Parts) == 0 && !reply.End {
		m.stayQuiet(reply)
		return
	}
	m.queue(reply, yield)
	m.queuedByKey = in.Kind == InputKeys
}

// replyForBrain replies to a turn that is left to no model, and does what is not either: a line on which nobody speaks is left, who asks
// whether we are a person is told the truth, and a call that reached the wrong person, or one who wants to talk to somebody else, is
// marked. It reports whether it has replied.
func (m *Machine) replyForBrain(in Input, yield time.Duration) bool {
	if in.Kind == InputSilence && in.Silences > silentRepeats {
		m.endWith(NoticeSilence, 0)
		return true
	}
	listener, ok := m.rules.(Listener)
	if !ok || in.Kind != InputWords || in.Words == "" || in.OptedOut {
		return false
	}
	asked := listener.Asked(in.Words, in.At)
	switch {
	case asked.Request == understanding.AreYouARobot:
		m.queue(Reply{Parts: append([]string{m.rules.Phrase(Notice{Kind: NoticeRobot})}, m.openQuestion()...), Expect: m.reply.Expect}, yield)
		return true
	case asked.Confidence != understanding.Sure:
	case asked.Request == understanding.WrongNumber:
		m.useTools(markWrongNumber)
	case asked.Request == understanding.Person:
		m.useTools(markWantsPerson)
	}
	return false
}

// waitFor is how long those are waited for who asked us to.
func (m *Machine) waitFor(in Input) time.Duration {
	if listener, ok := m.rules.(Listener); ok && in.Words != "" {
		switch listener.Asked(in.Words, in.At).Request {
		case understanding.HoldOn, understanding.HandOver:
			return holdWait
		}
	}
	return 0
}

// openQuestion is the question that our last words ended with, if they did.
func (m *Machine) openQuestion() []string {
	u := m.lastSaid
	if u == nil || u.filler || len(u.parts) == 0 || !inquiring(u.parts[len(u.parts)-1]) {
		return nil
	}
	return []string{lastSentence(u.parts[len(u.parts)-1])}
}

// optsOut reports whether words ask never to be called again, as far as the rules understand them.
func (m *Machine) optsOut(words string) bool {
	listener, ok := m.rules.(Listener)
	return ok && words != "" && listener.OptsOut(words)
}

// awaitReply waits for the first part of a reply.
func (m *Machine) awaitReply() {
	switch {
	case m.due(byBrain):
		m.brainLate()
	case m.goesOn():
		m.takeBack()
	case m.due(atFiller) && !m.speaking:
		m.clear(atFiller)
		if m.asked.filled {
			return
		}
		m.asked.filled = true
		m.speak([]string{m.rules.Phrase(Notice{Kind: NoticeFiller})}, false)
		m.saying.filler = true
	}
}

// goesOn reports whether they speak on after a turn that seemed to be over.
func (m *Machine) goesOn() bool {
	if m.ears { // words tell (heardWords), and where none come sound does
		return m.canTakeBack() && m.hearsNothing()
	}
	return m.canTakeBack() && m.speaking && m.speechTo-m.speechFrom >= m.timing.Backchannel
}

// canTakeBack reports whether a brain replies to a turn that is not over if they speak on. What was typed is over.
func (m *Machine) canTakeBack() bool {
	a := m.asked
	return a != nil && !a.spoken && (a.in.Kind == InputWords || a.in.Kind == InputSilence) && m.phase == talking
}

// takeBack makes a turn that a brain is replying to part of the one that goes on.
func (m *Machine) takeBack() {
	in := m.asked.in
	m.dropAsk()
	m.unqueue()
	m.takenTo = m.answered
	m.words, m.spoke = in.Words, in.Spoke
	m.set(atPatience, m.timing.Patience)
}

// useTools uses the tools of a reply; what is wrong with them is nobody's to mend.
func (m *Machine) useTools(tools []Tool) {
	for _, tool := range tools {
		_, _ = m.use(tool)
	}
}

func (m *Machine) toolUsed(event Event) {
	current := m.asked != nil && m.asked.number == event.Ask
	if !current && event.Tool.Kind != ToolOptOut { // whoever asked never to be called again is not, whatever they say next
		m.result(event.Use, "they went on speaking: nothing was done", true)
		return
	}
	if event.Tool.Kind == ToolAct {
		m.act(event)
		return
	}
	text, failed := m.use(event.Tool)
	if event.Tool.Kind == ToolOptOut && m.optOutPending {
		m.optOutUses = append(m.optOutUses, event.Use)
		if current {
			m.set(byBrain, m.timing.OptOutLimit+m.timing.BrainLimit)
		}
		return
	}
	if current {
		m.set(byBrain, m.timing.BrainLimit)
	}
	m.result(event.Use, text, failed)
}

func (m *Machine) result(use int, text string, failed bool) {
	m.do(Action{Do: ToolResult, Use: use, Text: text, Failed: failed})
}

// optOutDone answers the tools that wait for the opt-out.
func (m *Machine) optOutDone(failed bool) {
	for _, use := range m.optOutUses {
		if failed {
			m.result(use, "it could not be written yet, and will be", true)
		} else {
			m.result(use, "they will not be called again", false)
		}
	}
	m.optOutUses = nil
}

// use uses a tool, and returns what came of it in words.
func (m *Machine) use(tool Tool) (text string, failed bool) {
	switch tool.Kind {
	case ToolOptOut:
		m.startOptOut()
		return "they will not be called again", false
	case ToolCallBack:
		if m.optOut {
			return "they are never to be called again", true
		}
		if tool.After < time.Minute || tool.After > longestHours*time.Hour {
			return "a call-back is between a minute and 30 days from now", true
		}
		m.callback = &call.Callback{After: tool.After}
		m.doubt.settle()
		return "they will be called back", false
	case ToolCollect:
		return m.collect(tool.Value)
	case ToolGoal:
		m.goal = &tool.Reached
		return "noted", false
	case ToolAct:
		text, failed, _ = m.startWork(tool.Number, waiting{})
		if failed && tool.Number >= 0 && tool.Number < len(m.pearl) && m.pearl[tool.Number].Kind != call.ActTransfer {
			m.work.brought = &Event{Use: tool.Number, Failed: true, Text: text} // the rules wait for it
		}
		return text, failed
	case ToolKeys:
		return m.pressKeys(tool.Text)
	case ToolTag:
		return keep(&m.tags, tool.Text)
	case ToolNote:
		return keep(&m.notes, tool.Text)
	default:
		return "there is no such tool", true
	}
}

const (
	longestNote = 500 // bytes
	mostNotes   = 20
)

func keep(list *[]string, text string) (string, bool) {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case text == "":
		return "it is empty", true
	case len(text) > longestNote:
		return "it is too long", true
	case slices.Contains(*list, text):
	case len(*list) >= mostNotes:
		return "there are too many", true
	default:
		*list = append(*list, text)
	}
	return "noted", false
}

// collect stores a value if it is one of its question. Numbers come as any type of JSON.
func (m *Machine) collect(value call.Value) (text string, failed bool) {
	n := slices.IndexFunc(m.questions, func(q call.Question) bool { return q.ID == value.ID })
	if n < 0 {
		return "there is no such variable", true
	}
	q := m.questions[n]
	typed, ok := typedValue(q.Type, value.Value)
	if !ok {
		return "the value is not of the type " + string(q.Type), true
	}
	value = call.Value{ID: q.ID, Name: q.Name, Value: typed}
	if at := slices.IndexFunc(m.collected, func(v call.Value) bool { return v.ID == value.ID }); at >= 0 {
		m.collected[at] = value
	} else {
		m.collected = append(m.collected, value)
	}
	return "noted", false
}

func typedValue(kind call.VariableType, value any) (any, bool) {
	if value == nil {
		return nil, true
	}
	switch kind {
	case call.Boolean:
		b, ok := value.(bool)
		return b, ok
	case call.Int:
		switch n := value.(type) {
		case int64:
			return n, true
		case int:
			return int64(n), true
		case float64:
			return int64(n), n == float64(int64(n))
		}
		return nil, false
	case call.Float:
		switch n := value.(type) {
		case float64:
			return n, true
		case int64:
			return float64(n), true
		case int:
			return float64(n), true
		}
		return nil, false
	default:
		s, ok := value.(string)
		return s, ok
	}
}

// outcome returns what was collected by tools and rules, and whether the success definition is met.
func (m *Machine) outcome() (collected []call.Value, success bool) {
	collected, success = m.rules.Result()
	if m.goal != nil {
		success = *m.goal
	}
	if len(m.collected) == 0 {
		return collected, success
	}
	// The latest word on a variable counts: the rules reply after the brains, and leave out what those have collected.
	all := slices.Clone(m.collected)
	for _, value := range collected {
		if at := slices.IndexFunc(all, func(v call.Value) bool { return v.ID == value.ID }); at >= 0 {
			all[at] = value
		} else {
			all = append(all, value)
		}
	}
	return all, success
}
