package turn

import (
	"slices"
	"time"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// How the form takes answers by words.

// aside is a question of the form's own, settled before the one of the script goes on.
type aside struct {
	kind  asideKind
	value any       // asideValue: what they are thought to have said; asideHalf: nil where the day lacks
	words string    // asideValue, asideHalf: the words of a date and time so far
	day   time.Time // of the call-back, once it is known
	ends  bool      // asideOptOut: they want to end the talk anyway
	tries int
}

type asideKind int

const (
	asideValue       asideKind = iota // did you say …?
	asideHalf                         // the day, or the time, of a date and time
	asideOptOut                       // never call again?
	asideWrongNumber                  // the wrong number?
	asideWhen                         // when is the call-back?
	asideTime                         // at what time is it?
	asideCallback                     // is the call-back right?
)

// Times that an aside is asked again before it is dropped.
const asideTries = 2

// now is the instant of a turn in the zone of the person.
func (f *Form) now(in Input) time.Time {
	zone := f.script.Zone
	if zone == nil {
		zone = time.UTC
	}
	return f.script.Answered.Add(in.At).In(zone)
}

// hear replies to a turn where there are ears, unless it is one that needs none.
func (f *Form) hear(in Input) (Reply, bool) {
	if f.ears == nil {
		return Reply{}, false
	}
	if in.Kind == InputWords {
		f.chatter++
	}
	f.byKeys = f.byKeys || in.Deaf
	switch {
	case in.Kind == InputSilence && f.comes == comesNow:
		return f.greetAnew(), true
	case in.Kind != InputWords:
		f.comes = nobodyComes
	}
	if f.aside != nil {
		if reply, ok := f.hearAside(in); ok {
			return reply, true
		}
	}
	if in.Kind != InputWords || in.Words == "" {
		return Reply{}, false
	}
	f.silences = 0
	now := f.now(in)
	asked := f.ears.Request(in.Words, now)
	if f.comes != nobodyComes {
		if reply, ok := f.newcomer(asked, in); ok {
			return reply, true
		}
	}
	if f.at >= len(f.questions) {
		if reply, ok := f.changesMind(asked, in, now); ok {
			return reply, true
		}
		if f.chatter > longestChat && !sureOptOut(asked) {
			return f.leave(f.says.Goodbye), true
		}
		return f.request(asked, in)
	}
	q := f.questions[f.at]
	answer := f.understand(q, in.Words, now)
	if f.answers(asked, q, answer) {
		asked = understanding.Asked{}
	}
	if f.chatter > longestChat && !sureOptOut(asked) && (answer.Value == nil || asked.Request != understanding.NoRequest) {
		return f.giveUp(), true
	}
	if reply, ok := f.request(asked, in); ok {
		return reply, true
	}
	if reply, ok := f.corrects(in, now, answer); ok {
		return reply, true
	}
	return f.answer(in, q, answer)
}

// understand returns what words mean as an answer to a question. Of a choice the value is true or false, or the number of a way.
func (f *Form) understand(q question, words string, now time.Time) understanding.Answer {
	answer := f.ears.Answer(q.wants, words, now)
	if q.choice == nil {
		return answer
	}
	n, confidence := q.choice.Pick(words, now)
	answer.Confidence, answer.Value = confidence, nil
	switch {
	case confidence == understanding.NotUnderstood:
		return answer
	case q.choice.YesNo() && n == q.choice.Of(true):
		answer.Value = true
	case q.choice.YesNo() && n == q.choice.Of(false):
		answer.Value = false
	default:
		answer.Value = chosen(n)
	}
	answer.Unknown, answer.Refused, answer.Completeness = false, false, understanding.Complete
	return answer
}

func sureOptOut(asked understanding.Asked) bool {
	return asked.Request == understanding.NeverAgain && asked.Confidence == understanding.Sure
}

// answers reports whether what could be a request is the answer to the question: "I'm busy" to "Are you busy?".
func (f *Form) answers(asked understanding.Asked, q question, answer understanding.Answer) bool {
	switch asked.Request {
	case understanding.NotGoodTime:
		return q.Type == call.Boolean && answer.Confidence == understanding.Sure
	case understanding.Goodbye:
		return q.free()
	case understanding.Repeat, understanding.HoldOn:
		return !f.waits && !q.free() && answer.Confidence == understanding.Sure
	default:
		return false
	}
}

// free reports whether any words are an answer.
func (q question) free() bool { return q.wants.Sort == understanding.Free && q.choice == nil }

func (f *Form) answer(in Input, q question, answer understanding.Answer) (Reply, bool) {
	value, doubtful := answer.Value, answer.Confidence == understanding.Unsure || f.waits // perhaps said to somebody else
	f.waits = f.waits && value == nil
	if value != nil && !f.wasAsked(in, q, value) {
		return f.ask(), true // "okay" to words before the question
	}
	switch {
	case answer.Lacks == understanding.TheTime:
		return f.askHalf(in.Words, value, ""), true
	case answer.Lacks == understanding.TheDay && value == nil:
		return f.askHalf(in.Words, nil, f.says.NotUnderstood), true
	case value == nil && q.Type == call.Boolean && in.Spoke >= longUtterance:
		return Reply{}, false // a story, whatever it says in passing
	case answer.Refused:
		return f.settle(q, nil), true
	case answer.Unknown && (q.Type != call.Boolean || f.missed > 0):
		return f.pass(q), true
	case answer.Unknown:
		f.missed++
		return f.ask(f.says.NoMatter, f.says.YesOrNo), true
	case value == nil:
		return Reply{}, false
	case doubtful && q.Type == call.Boolean && f.doubted != f.at+1:
		f.missed++
		f.doubted = f.at + 1
		return f.reply(Reply{Parts: []string{f.says.YesOrNoAgain}, Expect: ExpectYesNo}), true
	case doubtful && q.Type != call.Boolean && q.ID != "":
		return f.confirm(q, value, in.Words), true
	default:
		return f.accept(q, value), true
	}
}

// pass goes on without an answer that they do not have.
func (f *Form) pass(q question) Reply {
	f.skipOpening()
	return f.settle(q, nil)
}

// wasAsked reports whether the question had begun when they spoke: what they say to what comes before is no answer to it.
func (f *Form) wasAsked(in Input, q question, value any) bool {
	if f.unasked {
		return false
	}
	if !in.Interrupted || f.askedAt < 0 || in.Heard > f.askedAt || f.known == f.at+1 {
		return true
	}
	if in.Heard < f.askedAt || in.Unheard {
		return false
	}
	return !q.opening || value == false // a yes within the opening sentence may be a hello
}

// confirm asks whether a doubtful answer, said in these words, was understood.
func (f *Form) confirm(q question, value any, words string) Reply {
	f.aside = &aside{kind: asideValue, value: value, words: words}
	return f.reply(Reply{Parts: []string{fill(f.says.DidYouSay, "said", f.says.spoken(q.wants, value))}, Expect: expectOf(q.Type)})
}

// corrects replies to "no, I meant five" about the question before this one.
func (f *Form) corrects(in Input, now time.Time, current understanding.Answer) (Reply, bool) {
	if f.previous < 0 || f.previous != f.at-1 || !current.Correction {
		return Reply{}, false
	}
	if current.Confidence != understanding.NotUnderstood && f.wasAsked(in, f.questions[f.at], current.Value) {
		return Reply{}, false
	}
	q := f.questions[f.previous]
	earlier := f.understand(q, in.Words, now)
	if earlier.Value == nil {
		return Reply{}, false
	}
	said := f.says.Noted
	if value := f.says.spoken(q.wants, earlier.Value); value != "" {
		said = fill(f.says.Corrected, "said", value)
	}
	f.decide(q, earlier.Value)
	if f.declines(q, earlier.Value) {
		f.note(q, earlier.Value)
		f.at, f.declined = len(f.questions), true
		return f.reply(Reply{Parts: []string{f.farewell()}, End: true}), true
	}
	if q.node != f.questions[f.at].node { // the way here may have hung on it
		f.back(f.previous)
		return f.settleAfter(q, earlier.Value, said), true
	}
	f.note(q, earlier.Value)
	return f.ask(said), true
}

// whole is how many words a yes or no to a question that is over takes to be no mere politeness.
const whole = 3

// changesMind replies to another answer to the last question, over the goodbye or after it: "no, I meant five", "wait, I do want
// it, yes". A verdict that turns is confirmed.
func (f *Form) changesMind(asked understanding.Asked, in Input, now time.Time) (Reply, bool) {
	switch asked.Request {
	case understanding.NoRequest, understanding.HoldOn:
	default:
		return Reply{}, false
	}
	if !f.changes || f.previous < 0 {
		return Reply{}, false
	}
	q := f.questions[f.previous]
	old := any(f.success) // of the opening
	if n := slices.IndexFunc(f.collected, func(v call.Value) bool { return v.ID == q.ID }); n >= 0 {
		old = f.collected[n].Value
	}
	answer := f.understand(q, in.Words, now)
	verdict := q.Type == call.Boolean
	if _, way := answer.Value.(chosen); way || q.choice != nil && !verdict {
		return Reply{}, false
	}
	if answer.Value == nil || answer.Value == old || !answer.Correction && !(verdict && len(wordsOf(in.Words)) >= whole) {
		return Reply{}, false
	}
	f.back(f.previous)
	f.changes = false
	if verdict || answer.Confidence == understanding.Unsure {
		return f.confirm(q, answer.Value, in.Words), true
	}
	reply := f.accept(q, answer.Value)
	if reply.End {
		reply.Parts = f.reply(Reply{Parts: append([]string{fill(f.says.Corrected, "said", f.says.spoken(q.wants, answer.Value))}, reply.Parts...)}).Parts
	}
	return reply, true
}

// mostThought is how often they may hesitate over a question until it is asked again, thinkWait how long each time.
const (
	mostThought = 2
	thinkWait   = 4 * time.Second
)

// misheard asks again, first in other words, then by keys.
func (f *Form) misheard(in Input) Reply {
	if f.at >= len(f.questions) {
		return f.afterLast(in)
	}
	q := f.questions[f.at]
	if f.thought < mostThought && !in.Interrupted && f.ears.Hesitates(in.Words) {
		f.thought++
		return f.reply(Reply{Expect: q.expect(), Wait: thinkWait})
	}
	if (f.waits || in.Interrupted) && f.ears.Greets(in.Words) {
		return f.begin() // somebody else has come to the telephone, or it was an assistant that put us through
	}
	if f.waits {
		return f.reply(Reply{Expect: q.expect(), Wait: heldWait}) // they talk to somebody else
	}
	if in.Interrupted && f.askedAt >= 0 && in.Heard < f.askedAt {
		if f.interrupted++; f.interrupted > interruptions {
			return f.giveUp()
		}
		return f.ask() // they spoke over what comes before the question
	}
	if q.free() && in.Words == "" {
		return f.settle(q, nil) // it is in the recording
	}
	if in.Spoke >= longUtterance {
		f.worn += wearLong
	} else {
		f.worn += wearShort
	}
	if f.worn > patience {
		return f.giveUp()
	}
	if f.missed++; q.choice != nil && f.missed > 1 {
		return f.settle(q, nil)
	}
	if f.byKeys = f.byKeys || q.choice != nil; f.missed == 1 {
		return f.ask(f.says.NotUnderstood, f.inOtherWords(q))
	}
	f.byKeys = true
	if q.text() && !q.digits() && f.missed > 2 {
		return f.settle(q, nil) // it cannot be typed
	}
	return f.repeat(f.says.StillNot)
}

// begin says the opening again before the question.
func (f *Form) begin() Reply {
	f.waits = false
	f.introduced = f.introduced && f.questions[f.at].choice == nil
	if !f.questions[f.at].opening && !slices.Contains(f.once, f.script.Opening) {
		f.once = append([]string{f.script.Opening}, f.once...)
	}
	return f.ask()
}

// inOtherWords says what kind of answer is wanted.
func (f *Form) inOtherWords(q question) string {
	p := f.says
	if q.choice != nil && !q.choice.YesNo() {
		return "" // the keys name the ways
	}
	switch q.wants.Sort {
	case understanding.YesNo:
		return p.YesOrNo
	case understanding.WholeNumber, understanding.Decimal, understanding.Money:
		return p.JustTheNumber
	case understanding.Digits, understanding.Phone, understanding.PostalCode:
		return p.DigitByDigit
	case understanding.Date:
		return p.JustTheDay
	case understanding.Time, understanding.DateTime:
		return p.JustTheTime
	case understanding.Name:
		return p.JustTheName
	case understanding.Email:
		return p.SpellIt
	default:
		return ""
	}
}

// hearAside replies to a turn while an aside is open; ok is false where the turn is one for the script's question.
func (f *Form) hearAside(in Input) (reply Reply, ok bool) {
	a := f.aside
	switch in.Kind {
	case InputRepeat:
		f.aside = nil
		return f.ask(), true
	case InputKeys:
		if a.kind == asideValue || a.kind == asideHalf {
			f.aside = nil
			return Reply{}, false // they type the answer
		}
		return f.settleAside(in, map[string]understanding.Answer{
			"1": {Confidence: understanding.Sure, Value: true}, "2": {Confidence: understanding.Sure, Value: false},
		}[in.Keys])
	case InputSilence:
		return f.silentAside(in)
	}
	switch {
	case f.chatter > longestChat:
		return f.dropAside(in), true
	case in.Words == "":
		return f.againAside(in), true
	}
	asked := f.ears.Request(in.Words, f.now(in))
	switch {
	case asked.Request == understanding.NeverAgain && a.kind == asideOptOut: // they insist
		return f.optOut(), true
	case asked.Request != understanding.NoRequest && asked.Confidence == understanding.Sure && a.overruledBy(asked):
		f.aside = nil
		return Reply{}, false
	}
	answer := f.ears.Answer(understanding.Question{Sort: understanding.YesNo, Type: call.Boolean, Offer: true}, in.Words, f.now(in))
	return f.settleAside(in, answer)
}

// overruledBy reports whether a request is one of its own, and no reply to the aside.
func (a *aside) overruledBy(asked understanding.Asked) bool {
	switch asked.Request {
	case understanding.CallBack, understanding.NotGoodTime:
		return a.kind != asideWhen && a.kind != asideTime && a.kind != asideCallback
	case understanding.Repeat, understanding.Goodbye:
		return false
	default:
		return true
	}
}

func (f *Form) settleAside(in Input, answer understanding.Answer) (Reply, bool) {
	a := f.aside
	switch a.kind {
	case asideValue:
		return f.settleValue(in, answer), true
	case asideHalf:
		return f.settleHalf(in, answer), true
	case asideOptOut, asideWrongNumber:
		yes, ok := answer.Value.(bool)
		if !ok {
			return f.againAside(in), true
		}
		f.aside = nil
		switch {
		case yes && a.kind == asideOptOut:
			return f.optOut(), true
		case yes:
			return f.wrongNumber(), true
		case a.ends:
			return f.leave(f.says.AgreedGoodbye), true
		default:
			return f.ask(f.says.Noted), true
		}
	default:
		return f.settleCallback(in, answer), true
	}
}

// settleValue takes the reply to "did you say …?".
func (f *Form) settleValue(in Input, answer understanding.Answer) Reply {
	a, q := f.aside, f.questions[f.at]
	verdictOnly := q.wants.Sort == understanding.Name || q.wants.Sort == understanding.Free // a name that is "No"
	if reply, ok := f.completes(q, in, answer.Value == true); ok {
		return reply
	}
	again := f.ears.Answer(q.wants, in.Words, f.now(in))
	if again.Value != nil && answer.Value != true && !(verdictOnly && answer.Value == false) {
		f.aside = nil
		if again.Value == a.value || again.Confidence == understanding.Sure || a.tries > 0 {
			return f.accept(q, again.Value)
		}
		reply := f.confirm(q, again.Value, in.Words)
		f.aside.tries = a.tries + 1
		return reply
	}
	switch answer.Value {
	case true:
		f.aside = nil
		return f.accept(q, a.value)
	case false:
		f.aside = nil
		f.missed++
		f.byKeys = f.missed > 1
		if f.missed > asideTries+1 {
			return f.pass(q)
		}
		return f.ask(f.inOtherWords(q))
	default:
		return f.againAside(in)
	}
}

// againAside asks an aside again, or drops it.
func (f *Form) againAside(in Input) Reply {
	a := f.aside
	if a.tries++; a.tries > asideTries {
		return f.dropAside(in)
	}
	p := f.says
	why := p.NotUnderstood
	if in.Kind == InputSilence {
		why = f.says.StillThere
	}
	switch a.kind {
	case asideValue:
		reply := f.confirm(f.questions[f.at], a.value, a.words)
		f.aside = a
		return reply
	case asideHalf:
		reply := f.askHalf(a.words, a.value, why)
		f.aside = a
		return reply
	case asideOptOut:
		return f.reply(Reply{Parts: []string{why, p.AskOptOut, f.says.YesNoKeys}, Expect: ExpectYesNo})
	case asideWrongNumber:
		return f.reply(Reply{Parts: []string{why, p.AskWrongNumber, f.says.YesNoKeys}, Expect: ExpectYesNo})
	case asideWhen:
		return f.reply(Reply{Parts: []string{why, p.JustTheTime, p.AskWhen}})
	case asideTime:
		return f.reply(Reply{Parts: []string{why, p.AskTime}})
	default:
		return f.reply(Reply{Parts: []string{why, p.IsThatRight, f.says.YesNoKeys}, Expect: ExpectYesNo})
	}
}

// silentAside replies to silence: a promise stands, a question is asked again.
func (f *Form) silentAside(in Input) (Reply, bool) {
	f.silences++
	if f.aside.kind == asideCallback || f.silences > silentRepeats {
		return f.dropAside(in), true
	}
	return f.againAside(in), true
}

// dropAside goes on without a reply to an aside. Who spoke of never being called again and does not say otherwise is not; who
// wanted to be called later is, in a day.
func (f *Form) dropAside(in Input) Reply {
	a := f.aside
	f.aside = nil
	switch a.kind {
	case asideValue, asideHalf:
		q := f.questions[f.at]
		if a.kind == asideHalf && a.value != nil {
			return f.accept(q, a.value) // the day alone
		}
		f.byKeys = true
		if q.text() && !q.digits() {
			return f.pass(q)
		}
		return f.ask()
	case asideOptOut:
		return f.optOut()
	case asideWrongNumber:
		return f.ask()
	case asideWhen:
		return f.promise(defaultHours*time.Hour, f.callbackIn(Notice{Hours: defaultHours, At: in.At}))
	case asideTime:
		now := f.now(in)
		return f.readBack(now, time.Date(a.day.Year(), a.day.Month(), a.day.Day(), now.Hour(), now.Minute(), 0, 0, now.Location()))
	default:
		return f.leave(f.says.AgreedGoodbye)
	}
}
