package turn

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// How often a question is repeated.
const (
	silentRepeats = 2
	wrongKeys     = 5
	wrongChoices  = 1 // the same, and of answers that decide between no ways on
	// Speech that is not understood uses up a budget: 15 long utterances, or 5 short ones, which are answers to the question
	// and would have come by key by now.
	patience      = 15
	wearLong      = 1
	wearShort     = 3
	longUtterance = 4 * time.Second
	longestChat   = 30 // turns of words about one question
	interruptions = 20 // a question that was not heard to its end cannot have been answered
	lastWait      = 2 * time.Second
)

// question is one that was put, or is.
type question struct {
	call.Question         // without an id nothing is collected
	number        int     // among the script's, -1 = none of them
	opening       bool    // the opening sentence itself
	decides       bool    // its answer decides success
	choice        *choice // the way on hangs on its answer alone
	wants         understanding.Question
	node          int // where it was asked
	stage         nodeStage
}

// Form is Rules without a model: it goes along the nodes of the script (walk.go), says their words, asks one question per
// variable, and takes the answers by keys, and by words where there are ears (Listen). Success is a yes to the first boolean
// question; if the script defines success and has none, to the first choice between yes and no, and without one the opening
// sentence is asked as yes or no. A no to the question that decides success ends the conversation, unless Script.AskAll is set, or
// the script says how to go on.
type Form struct {
	script    call.Script
	tables    *understanding.Language
	says      *Sentences
	questions []question // asked so far
	at        int        // the open one; none is after the last

	nodes    []call.Node
	decider  decider
	deciding int // number of the question that does, -1 = none
	node     int
	stage    nodeStage
	visits   map[int]int    // of nodes
	asked    map[int]bool   // questions of the script that have been answered, or not
	given    map[string]any // values of variables, whoever has asked for them
	answered *answered      // last, in this node
	decided  bool           // a choice decides
	declined bool           // the last answer was a no
	refused  bool           // so was the one that decides success
	acting   bool           // the node's action is being done
	paused   bool           // the walk goes on at their next turn
	words    string         // of the turn
	result   call.Result

	once   []string // sentences that must be played to their end once: the opening, and the opt-out key
	untold []string // the same of nodes
	lead   string   // one of these that asks the open question in place of its own words, the first time
	spoke  []string // parts of the last reply

	opened     bool // the first words have been asked for
	introduced bool // the opening has been heard to its end
	hinted     bool // the other keys have been explained
	gaveUp     bool

	silences, wrong, worn, interrupted int

	ears     *understanding.Language // nil = keys only
	unasked  bool                    // a brain has conducted the conversation so far: no question of ours was put
	askedAt  int                     // which part of the last reply is the question, -1 = none
	doubted  int                     // the number of the question whose answer was doubtful, and asked for again as yes or no
	known    int                     // the number of the question that was heard to its end last: from 1
	aside    *aside                  // something that is settled before the question goes on
	missed   int                     // times that words were not understood since the last question
	byKeys   bool                    // the keys are named, since words did not help
	handed   bool                    // they were to be put through to a person once
	waits    bool                    // they asked us to hold on
	comes    coming                  // somebody else comes to the telephone
	chatter  int                     // turns of words since the last question
	thought  int                     // times that they hesitated over the question
	previous int                     // the question that was answered last, -1 = none
	changes  bool                    // that answer ended the questions, and can be changed

	collected []call.Value
	success   bool
}

// NewForm returns the Form of one conversation, in the language of the script.
func NewForm(script call.Script) *Form {
	says := SentencesIn(script.Language)
	script.Questions = slices.Clone(script.Questions)
	for i, q := range script.Questions {
		if q.Ask == "" {
			script.Questions[i].Ask = fill(says.Give, "name", cmp.Or(q.Name, q.ID))
		}
	}
	f := &Form{
		script: script, tables: understanding.For(script.Language), says: says, askedAt: -1, previous: -1, once: []string{says.OptOutKeys},
		nodes: nodesOf(script), visits: map[int]int{0: 1}, asked: map[int]bool{}, given: map[string]any{},
	}
	f.decider = f.decidedBy()
	f.deciding = slices.IndexFunc(script.Questions, func(q call.Question) bool { return q.Type == call.Boolean })
	return f
}

// Listen makes the form understand words: there are ears that bring them. People who were told of keys before, as it is called after
// Open, are told that they can speak.
func (f *Form) Listen() {
	f.ears = f.tables
	if n := slices.Index(f.once, f.says.OptOutKeys); n >= 0 {
		f.once[n] = f.says.OptOut
	}
	if f.opened {
		f.once = append(f.once, f.says.Hears)
		f.silences, f.wrong, f.worn = 0, 0, 0 // of what nobody could hear
	}
}

// Open returns the opening sentence, how to opt out, and the first question.
func (f *Form) Open() Reply {
	reply := f.walk()
	f.opened = true
	return reply
}

// Next returns the reply to one turn.
func (f *Form) Next(in Input) Reply {
	f.markHeard(in.Heard)
	f.gaveUp, f.words = false, in.Words
	if in.Kind == InputAnew {
		f.aside = nil
	}
	if in.Kind == InputWorked {
		return f.worked(in)
	}
	if reply, ok := f.hear(in); ok {
		return reply
	}
	if f.acting {
		return f.reply(Reply{Wait: heldWait}) // what comes of it is waited for
	}
	if f.paused {
		f.paused = false
		return f.walk()
	}
	if f.at >= len(f.questions) {
		return f.afterLast(in)
	}
	if f.unasked && (in.Kind == InputKeys || in.Kind == InputWords && f.ears != nil && !in.Deaf) {
		f.silences = 0
		return f.ask() // what they said answers somebody else
	}
	switch in.Kind {
	case InputKeys:
		f.silences = 0
		return f.take(in.Keys)
	case InputRepeat:
		f.silences = 0
		return f.ask()
	case InputAnew:
		f.silences = 0
		return f.begin()
	case InputWords:
		f.silences = 0
		if f.ears != nil && !in.Deaf {
			return f.misheard(in)
		}
		return f.notUnderstood(in)
	default:
		f.waits = false
		f.silences++
		if f.silences > silentRepeats {
			return f.giveUp()
		}
		f.byKeys = f.byKeys || f.silences > 1 // perhaps the ears are deaf
		return f.repeat(f.says.StillThere)
	}
}

// TakeOver goes on from where the talk stands, as if the opening had been heard: with the questions that have no value yet.
func (f *Form) TakeOver(talk Progress) {
	f.opened, f.introduced, f.once, f.known, f.doubted, f.unasked = true, true, nil, 0, 0, true
	for _, v := range talk.Known {
		f.given[v.ID] = v.Value
		if f.deciding >= 0 && f.script.Questions[f.deciding].ID == v.ID {
			f.decide(question{decides: true}, v.Value)
		}
	}
	f.place(talk)
	f.paused = !f.acting && f.advance() != standsAsking
}

// Result returns the values of the questions asked so far, in order, and whether success is reached; a question without a
// valid answer is nil.
func (f *Form) Result() ([]call.Value, bool) {
	if !f.gaveUp || f.at >= len(f.questions) || f.questions[f.at].ID == "" {
		return f.collected, f.success
	}
	q := f.questions[f.at]
	if slices.ContainsFunc(f.collected, func(v call.Value) bool { return v.ID == q.ID }) {
		return f.collected, f.success // answered before, and that was not changed
	}
	return append(f.collected[:len(f.collected):len(f.collected)], call.Value{ID: q.ID, Name: q.Name}), f.success
}

// Phrase returns the sentence of a notice.
func (f *Form) Phrase(n Notice) string {
	switch {
	case n.Kind == NoticeOptOut:
		return f.says.OptedOut
	case n.Kind == NoticeFailure:
		return f.says.Failure
	case n.Kind == NoticeFiller:
		return f.says.Filler
	case n.Kind == NoticeTransfer:
		return f.says.Transfer
	case n.Kind == NoticeScreened:
		return f.screened()
	case n.Kind == NoticeRobot:
		return f.robot()
	case n.Kind == NoticeSilence:
		return f.says.GaveUp
	default:
		return f.callbackIn(n)
	}
}

// callbackIn says when the call-back is that was asked for in hours.
func (f *Form) callbackIn(n Notice) string {
	now := f.now(Input{At: n.At})
	if at, moved := f.script.CallbackAt(now.Add(time.Duration(n.Hours) * time.Hour)); moved {
		return fill(f.says.CallbackAt, "when", f.says.when(now, at.In(now.Location()))) + " " + f.says.AgreedGoodbye
	}
	if n.Hours == 1 {
		return f.says.CallbackHour
	}
	return fill(f.says.Callback, "hours", strconv.Itoa(n.Hours))
}

// Vocabulary returns all sentences that the form may say, in the order of likely use, so that they can be synthesised while
// the phone rings. Only call-backs in other than 1 or 24 hours are missing, and what tells the person's own words or answers of an
// API.
func (f *Form) Vocabulary() []string {
	p := f.says
	all := []string{f.script.Opening, p.OptOutKeys}
	if f.ears != nil {
		all[1] = p.OptOut
	}
	var keys []string
	for n, node := range f.nodes {
		if say, known := f.sayKnown(node); known && n > 0 && !node.Ends {
			all = append(all, say)
		}
		for _, number := range slices.Concat(node.Needs, node.Asks) {
			q := question{Question: f.script.Questions[number]}
			q.wants = f.tables.Question(q.Question)
			if all = append(all, q.Ask); f.ears == nil {
				all = append(all, f.keys(q))
			}
			keys = append(keys, f.keys(q))
		}
		if f.choices(n) != nil {
			keys = append(keys, f.keys(f.choiceAt(n, "")))
		}
	}
	if f.decider == decidesOpening {
		keys = append(keys, p.YesNoKeys)
	}
	if f.ears != nil {
		all = append(append(all, p.fixed()...), f.screened(), f.who(), f.whyCall(), f.robot())
	}
	all = append(all, keys...)
	if f.ears != nil && f.transfer() >= 0 {
		all = append(all, p.Transfer, p.NotConnected)
	}
	if last, known := f.sayKnown(f.nodes[f.last()]); known {
		all = append(all, last)
	}
	all = append(all, p.Goodbye, p.Thanks, p.OptedOut, p.Declined, p.OnlyKeys, p.StillThere, p.OtherKeys, p.WrongKey,
		p.GaveUp, p.CallbackHour, f.Phrase(Notice{Kind: NoticeCallback, Hours: defaultHours}), p.Failure)
	seen := make(map[string]bool, len(all))
	kept := all[:0]
	for _, text := range all {
		if text != "" && !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}

// Notices returns the sentences of events that the Machine handles by itself, the most likely first.
func (f *Form) Notices() []string {
	p := f.says
	all := []string{p.Filler, p.OptedOut, p.Failure, p.CallbackHour, f.Phrase(Notice{Kind: NoticeCallback, Hours: defaultHours}), p.GaveUp}
	if f.transfer() >= 0 {
		all = append(all, p.Transfer)
	}
	if f.ears != nil {
		all = append(all, f.screened(), f.robot())
	}
	return all
}

// ask returns the given words, the sentences of once and of nodes that were not played yet, and the question with its keys.
func (f *Form) ask(before ...string) Reply {
	parts := slices.Clone(before)
	if f.at >= len(f.questions) {
		return f.reply(Reply{Parts: slices.Concat(parts, f.once, f.untold), Wait: lastWait})
	}
	q := f.questions[f.at]
	asks := q.Ask
	if q.opening && q.choice != nil && f.introduced { // they know who calls
		asks = lastSentence(asks)
	}
	var keys []string
	if f.ears == nil || f.byKeys {
		keys = []string{f.keys(q)}
	}
	switch {
	case f.lead != "" && slices.Contains(f.untold, f.lead): // the node's own words ask
		asks = f.lead
		parts = slices.Concat(parts, f.once, f.untold, keys)
	case q.opening:
		parts = slices.Concat(parts, []string{asks}, keys, f.once)
	default:
		parts = slices.Concat(parts, f.once, f.untold, []string{asks}, keys)
	}
	reply := f.reply(Reply{Parts: parts, Expect: q.expect()})
	f.askedAt, f.unasked = slices.Index(reply.Parts, asks), false
	reply.Asked = f.askedAt + 1
	return reply
}

// repeat asks again, after words that say why; these are left out until the opening was played.
func (f *Form) repeat(why string) Reply {
	if !f.introduced {
		return f.ask()
	}
	if !f.hinted && (f.ears == nil || f.byKeys) {
		f.hinted = true
		return f.ask(why, f.says.OtherKeys)
	}
	return f.ask(why)
}

func (f *Form) reply(r Reply) Reply {
	kept := r.Parts[:0]
	for _, part := range r.Parts {
		if strings.TrimSpace(part) != "" {
			kept = append(kept, part)
		}
	}
	r.Parts = kept
	f.spoke = kept
	f.askedAt = -1
	return r
}

// markHeard removes from once what was played to its end.
func (f *Form) markHeard(parts int) {
	if f.askedAt >= 0 && parts > f.askedAt {
		f.known = f.at + 1
	}
	for _, heard := range f.spoke[:min(parts, len(f.spoke))] {
		f.introduced = f.introduced || heard == f.script.Opening
		for i, text := range f.once {
			if text == heard {
				f.once = append(f.once[:i], f.once[i+1:]...)
				break
			}
		}
		f.untold = slices.DeleteFunc(f.untold, func(text string) bool { return text == heard })
	}
	f.spoke = nil
}

func (f *Form) take(keys string) Reply {
	q := f.questions[f.at]
	value, ok := q.valueOf(keys)
	if !ok {
		f.wrong++
		if f.wrong > wrongKeys {
			return f.giveUp()
		}
		if q.choice != nil && f.wrong > wrongChoices {
			return f.settle(q, nil)
		}
		f.byKeys = true
		return f.repeat(f.says.WrongKey)
	}
	return f.accept(q, value)
}

// accept takes a valid answer.
func (f *Form) accept(q question, value any) Reply {
	f.skipOpening() // an answer means that it was understood
	f.decide(q, value)
	if f.declines(q, value) {
		f.note(q, value)
		f.previous, f.changes = f.at, true
		f.at, f.declined = len(f.questions), true
		return f.reply(Reply{Parts: []string{f.farewell()}, End: true})
	}
	return f.settle(q, value)
}

// decide notes what an answer means for success.
func (f *Form) decide(q question, value any) {
	if q.decides {
		f.success = value == true
		f.refused = value == false && f.script.SuccessDefined && !f.script.AskAll
	}
}

// declines reports whether an answer ends the conversation.
func (f *Form) declines(q question, value any) bool {
	return q.decides && value == false && f.script.SuccessDefined && (q.opening || !f.script.AskAll) && len(f.nodes[q.node].Ways) < 2
}

func (f *Form) skipOpening() {
	f.introduced = true
	if len(f.once) > 0 && f.once[0] == f.script.Opening {
		f.once = f.once[1:]
	}
	f.untold = nil
}

// note keeps a value; one that is there already is kept where nothing is known instead.
func (f *Form) note(q question, value any) {
	if q.ID == "" {
		return
	}
	f.asked[q.number] = true
	n := slices.IndexFunc(f.collected, func(v call.Value) bool { return v.ID == q.ID })
	switch {
	case n < 0:
		f.collected = append(f.collected, call.Value{ID: q.ID, Name: q.Name, Value: value})
	case value != nil:
		f.collected[n].Value = value
	default:
		return
	}
	f.given[q.ID] = value
}

// settle stores the value and goes on.
func (f *Form) settle(q question, value any) Reply { return f.settleAfter(q, value, f.says.Thanks) }

// settleAfter is settle with other words before what comes next.
func (f *Form) settleAfter(q question, value any, before ...string) Reply {
	f.note(q, value)
	f.previous = f.at
	f.at++
	f.silences, f.wrong, f.worn, f.interrupted = 0, 0, 0, 0
	f.missed, f.chatter, f.thought, f.byKeys, f.aside = 0, 0, 0, false, nil
	f.declined = q.Type == call.Boolean && value == false
	f.answered = &answered{value: value, words: f.words, choice: q.choice != nil}
	reply := f.walk(before...)
	f.changes = reply.End
	return reply
}

func (f *Form) notUnderstood(in Input) Reply {
	q := f.questions[f.at]
	if in.Interrupted {
		if f.interrupted++; f.interrupted > interruptions {
			return f.giveUp()
		}
		return f.repeat(f.says.OnlyKeys)
	}
	if in.Spoke >= longUtterance {
		f.worn += wearLong
	} else {
		f.worn += wearShort
	}
	if q.text() && (!q.digits() || f.worn > wearShort) {
		return f.settle(q, nil) // spoken as asked, or spoken twice: it is in the recording only
	}
	if f.worn > patience && q.choice != nil {
		return f.settle(q, nil)
	}
	if f.worn > patience {
		return f.giveUp()
	}
	return f.repeat(f.says.OnlyKeys)
}

// giveUp says goodbye, and still accepts an answer meanwhile.
func (f *Form) giveUp() Reply {
	f.gaveUp = true
	q := f.questions[f.at]
	return f.reply(Reply{Parts: []string{f.says.GaveUp}, Expect: q.expect(), End: true})
}

// afterLast replies to a turn when no question is left.
func (f *Form) afterLast(in Input) Reply {
	if in.Kind == InputAnew {
		in.Kind = InputRepeat
	}
	if (in.Kind == InputRepeat || in.Interrupted) && len(f.once) > 0 && f.interrupted < interruptions {
		f.interrupted++
		return f.ask()
	}
	if in.Kind == InputRepeat && f.interrupted < interruptions {
		f.interrupted++
		f.once = []string{f.script.Opening, f.optOutWords()}
		return f.ask()
	}
	return f.reply(Reply{Parts: []string{f.goodbye()}, End: true})
}

// goodbye ends a talk that went as it should.
func (f *Form) goodbye() string {
	if last := f.closing(); last != "" {
		return last
	}
	return f.says.Goodbye
}

// optOutWords say how to end all calls.
func (f *Form) optOutWords() string {
	if f.ears != nil {
		return f.says.OptOut
	}
	return f.says.OptOutKeys
}
