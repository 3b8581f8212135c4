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

// question is one step of the form.
type question struct {
	call.Question
	opening bool // the opening sentence itself, asked as yes or no; nothing is collected
	decides bool // its answer decides success
	wants   understanding.Question
}

// Form is Rules without a model: it speaks the opening sentence, then asks one question per variable, in order, and takes
// the answers by keys, and by words where there are ears (Listen). Success is a yes to the first boolean question; if the script defines success and has no boolean
// question, the opening sentence is asked as yes or no. A no to the question that decides success ends the conversation,
// unless Script.AskAll is set.
type Form struct {
	script    call.Script
	says      *Sentences
	questions []question
	at        int

	once  []string // sentences that must be played to their end once: the opening, and the opt-out key
	spoke []string // parts of the last reply

	opened     bool // the first words were asked for
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
	f := &Form{script: script, says: SentencesIn(script.Language), askedAt: -1, previous: -1}
	deciding := -1
	for i, q := range script.Questions {
		if q.Type == call.Boolean {
			deciding = i
			break
		}
	}
	if deciding < 0 && script.SuccessDefined {
		f.questions = append(f.questions, question{
			Question: call.Question{Ask: script.Opening, Type: call.Boolean}, opening: true, decides: true,
		})
	} else {
		f.once = append(f.once, script.Opening)
	}
	for i, q := range script.Questions {
		if q.Ask == "" {
			q.Ask = fill(f.says.Give, "name", cmp.Or(q.Name, q.ID))
		}
		f.questions = append(f.questions, question{Question: q, decides: i == deciding})
	}
	f.once = append(f.once, f.says.OptOutKeys)
	tables := understanding.For(script.Language)
	for i, q := range f.questions {
		f.questions[i].wants = tables.Question(q.Question)
	}
	return f
}

// Listen makes the form understand words: there are ears that bring them. People who were told of keys before, as it is called after
// Open, are told that they can speak.
func (f *Form) Listen() {
	f.ears = understanding.For(f.script.Language)
	if n := slices.Index(f.once, f.says.OptOutKeys); n >= 0 {
		f.once[n] = f.says.OptOut
	}
	if f.opened {
		f.once = append(f.once, f.says.Hears)
	}
}

// Open returns the opening sentence, how to opt out, and the first question.
func (f *Form) Open() Reply {
	f.opened = true
	return f.ask()
}

// Next returns the reply to one turn.
func (f *Form) Next(in Input) Reply {
	f.markHeard(in.Heard)
	f.gaveUp = false
	if in.Kind == InputAnew {
		f.aside = nil
	}
	if in.Kind == InputWorked {
		return f.worked(in)
	}
	if reply, ok := f.hear(in); ok {
		return reply
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

// TakeOver goes on with the questions that have no value yet, as if the opening had been heard.
func (f *Form) TakeOver(collected []call.Value) {
	f.opened, f.introduced, f.once, f.known, f.doubted, f.unasked = true, true, nil, 0, 0, true
	left := f.questions[f.at:]
	f.questions = nil
	for _, q := range left {
		known := slices.IndexFunc(collected, func(v call.Value) bool { return v.ID == q.ID && !q.opening })
		if known < 0 {
			f.questions = append(f.questions, q)
			continue
		}
		if q.decides {
			f.success = collected[known].Value == true
		}
	}
	f.at = 0
}

// Result returns the values of the questions asked so far, in order, and whether success is reached; a question without a
// valid answer is nil.
func (f *Form) Result() ([]call.Value, bool) {
	if !f.gaveUp || f.at >= len(f.questions) || f.questions[f.at].opening {
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
	case n.Hours == 1:
		return f.says.CallbackHour
	default:
		return fill(f.says.Callback, "hours", strconv.Itoa(n.Hours))
	}
}

// Vocabulary returns all sentences that the form may say, in the order of likely use, so that they can be synthesised while
// the phone rings. Only call-backs in other than 1 or 24 hours are missing, and what repeats the person's own words.
func (f *Form) Vocabulary() []string {
	p := f.says
	all := []string{f.script.Opening, p.OptOutKeys}
	if f.ears != nil {
		all[1] = p.OptOut
	}
	for _, q := range f.questions {
		all = append(all, q.Ask)
		if f.ears == nil {
			all = append(all, f.keys(q))
		}
	}
	if f.ears != nil {
		all = append(append(all, p.fixed()...), f.screened(), f.who(), f.whyCall(), f.robot())
		for _, q := range f.questions {
			all = append(all, f.keys(q))
		}
	}
	if f.ears != nil && f.transfer() >= 0 {
		all = append(all, p.Transfer, p.NotConnected)
	}
	all = append(all, f.goodbye(), p.Goodbye, p.Thanks, p.OptedOut, p.Declined, p.OnlyKeys, p.StillThere, p.OtherKeys, p.WrongKey,
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
	all := []string{p.Filler, p.OptedOut, p.Failure, p.CallbackHour, f.Phrase(Notice{Kind: NoticeCallback, Hours: defaultHours})}
	if f.transfer() >= 0 {
		all = append(all, p.Transfer)
	}
	if f.ears != nil {
		all = append(all, f.screened())
	}
	return all
}

// ask returns the given words, the sentences of once that were not played yet, and the question with its keys.
func (f *Form) ask(before ...string) Reply {
	parts := append([]string(nil), before...)
	if f.at >= len(f.questions) {
		return f.reply(Reply{Parts: append(parts, f.once...), Wait: lastWait})
	}
	q := f.questions[f.at]
	asks := []string{q.Ask}
	if f.ears == nil || f.byKeys {
		asks = append(asks, f.keys(q))
	}
	if q.opening {
		parts = append(append(parts, asks...), f.once...)
	} else {
		parts = append(append(parts, f.once...), asks...)
	}
	reply := f.reply(Reply{Parts: parts, Expect: expectOf(q.Type)})
	f.askedAt, f.unasked = slices.Index(reply.Parts, q.Ask), false
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
	}
	f.spoke = nil
}

func (f *Form) take(keys string) Reply {
	q := f.questions[f.at]
	value, ok := valueOf(q.Type, keys)
	if !ok {
		f.wrong++
		if f.wrong > wrongKeys {
			return f.giveUp()
		}
		f.byKeys = true
		return f.repeat(f.says.WrongKey)
	}
	return f.accept(q, value)
}

// accept takes a valid answer.
func (f *Form) accept(q question, value any) Reply {
	f.skipOpening() // an answer means that it was understood
	if q.decides {
		f.success = value == true
	}
	if f.declines(q, value) {
		f.note(q, value)
		f.previous, f.changes = f.at, true
		f.at = len(f.questions)
		return f.reply(Reply{Parts: []string{f.says.Declined}, End: true})
	}
	return f.settle(q, value)
}

// declines reports whether an answer ends the conversation.
func (f *Form) declines(q question, value any) bool {
	return q.decides && value == false && f.script.SuccessDefined && (q.opening || !f.script.AskAll)
}

func (f *Form) skipOpening() {
	f.introduced = true
	if len(f.once) > 0 && f.once[0] == f.script.Opening {
		f.once = f.once[1:]
	}
}

// note keeps a value; one that is there already is kept where nothing is known instead.
func (f *Form) note(q question, value any) {
	if q.opening {
		return
	}
	n := slices.IndexFunc(f.collected, func(v call.Value) bool { return v.ID == q.ID })
	switch {
	case n < 0:
		f.collected = append(f.collected, call.Value{ID: q.ID, Name: q.Name, Value: value})
	case value != nil:
		f.collected[n].Value = value
	}
}

// settle stores the value and goes on to the next question, or to the end.
func (f *Form) settle(q question, value any) Reply {
	f.note(q, value)
	f.previous = f.at
	f.at++
	f.silences, f.wrong, f.worn, f.interrupted = 0, 0, 0, 0
	f.missed, f.chatter, f.thought, f.byKeys, f.aside = 0, 0, 0, false, nil
	f.changes = f.at == len(f.questions)
	if f.at < len(f.questions) {
		return f.ask(f.says.Thanks)
	}
	last := f.goodbye()
	if q.Type == call.Boolean && value == false {
		last = f.says.Declined
	}
	return f.reply(Reply{Parts: []string{last}, End: true})
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
	if f.worn > patience {
		return f.giveUp()
	}
	return f.repeat(f.says.OnlyKeys)
}

// giveUp says goodbye, and still accepts an answer meanwhile.
func (f *Form) giveUp() Reply {
	f.gaveUp = true
	q := f.questions[f.at]
	return f.reply(Reply{Parts: []string{f.says.GaveUp}, Expect: expectOf(q.Type), End: true})
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
	if f.script.Closing != "" {
		return f.script.Closing
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
