package turn

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// What the form does when people ask for something instead of answering.

// Tags of calls that ended by a request.
const (
	TagWrongNumber = "wrong number"
	TagWantsPerson = "wants a person"
)

// What a wrong number, and the wish for a person, leave in the record.
var (
	markWrongNumber = []Tool{{Kind: ToolTag, Text: TagWrongNumber}, {Kind: ToolNote, Text: "It was a wrong number."}}
	markWantsPerson = []Tool{{Kind: ToolTag, Text: TagWantsPerson}, {Kind: ToolNote, Text: "They want to speak to a person."}}
)

const (
	holdWait      = time.Minute      // how long we wait for somebody who asked us to
	heldWait      = 10 * time.Second // the same after they have been heard again, perhaps with somebody else
	longestReason = 240              // letters of the company's description that are spoken
	soonest       = 2 * time.Minute  // a call-back
)

// Asked returns what these words ask for (Listener).
func (f *Form) Asked(words string, at time.Duration) understanding.Asked {
	return understanding.For(f.script.Language).Request(words, f.now(Input{At: at}))
}

// OptsOut reports whether these words ask never to be called again (Listener).
func (f *Form) OptsOut(words string) bool {
	return sureOptOut(f.Asked(words, 0))
}

// MayOptOut reports whether these words ask never to be called again, also in doubt (Listener).
func (f *Form) MayOptOut(words string) bool {
	switch understanding.For(f.script.Language).Request(words, f.script.Answered).Request {
	case understanding.NeverAgain, understanding.Stop:
		return true
	default:
		return false
	}
}

// Presses reports whether these words ask for what cannot wait (Listener).
func (f *Form) Presses(words string) bool {
	switch understanding.For(f.script.Language).Request(words, f.script.Answered).Request {
	case understanding.NeverAgain, understanding.Stop, understanding.WrongNumber, understanding.Goodbye:
		return true
	default:
		return false
	}
}

// Judge reports whether words are complete as a reply to what was said last (Listener).
func (f *Form) Judge(expect Expect, words string, at time.Duration) understanding.Completeness {
	ears := f.ears
	if ears == nil {
		ears = understanding.For(f.script.Language)
	}
	now := f.now(Input{At: at})
	var wants understanding.Question
	switch {
	case f.spoke == nil: // a brain talks
		if expect == ExpectYesNo {
			wants = understanding.Question{Sort: understanding.YesNo, Type: call.Boolean}
		}
	case f.aside != nil && f.aside.kind != asideWhen && f.aside.kind != asideTime && f.aside.kind != asideHalf:
		wants = understanding.Question{Sort: understanding.YesNo, Type: call.Boolean}
	case f.aside != nil:
		wants = understanding.Question{Sort: understanding.DateTime}
	case f.at < len(f.questions):
		wants = f.questions[f.at].wants
	}
	answer := ears.Answer(wants, words, now)
	if f.aside == nil && f.spoke != nil && f.at < len(f.questions) && f.ears != nil {
		answer = f.understand(f.questions[f.at], words, now)
	}
	if wants.Sort == understanding.Free && answer.Completeness == understanding.Complete {
		answer.Completeness = understanding.MayGoOn // whoever tells something may have more to tell
	}
	if answer.Completeness != understanding.Complete {
		switch asked := ears.Request(words, now); {
		case answer.Completeness == understanding.Unfinished && !asksUs(asked): // "what is it about" ends as if it went on
		case asked.Request == understanding.NoRequest, asked.Request == understanding.NotGoodTime:
		case asked.Request == understanding.CallBack && asked.When == (understanding.When{}): // "call me back …" when?
		default:
			return understanding.Complete
		}
	}
	return answer.Completeness
}

// asksUs reports whether a request is a whole question to us.
func asksUs(asked understanding.Asked) bool {
	switch asked.Request {
	case understanding.WhoIsThis, understanding.WhyCall, understanding.AreYouARobot, understanding.WhereFrom:
		return asked.Confidence == understanding.Sure
	default:
		return false
	}
}

// request replies to a request; ok is false where there is none.
func (f *Form) request(asked understanding.Asked, in Input) (Reply, bool) {
	p := f.says
	waited := f.waits
	if asked.Request != understanding.HoldOn && asked.Request != understanding.NoRequest {
		f.waits = false
	}
	sure := asked.Confidence == understanding.Sure
	switch asked.Request {
	case understanding.NeverAgain:
		if sure {
			return f.optOut(), true
		}
		return f.askOptOut(false), true
	case understanding.Stop:
		return f.askOptOut(true), true
	case understanding.WrongNumber:
		if sure {
			return f.wrongNumber(), true
		}
		f.aside = &aside{kind: asideWrongNumber}
		return f.reply(Reply{Parts: []string{p.AskWrongNumber}, Expect: ExpectYesNo}), true
	case understanding.CallBack:
		return f.callBack(asked.When, in, ""), true
	case understanding.NotGoodTime:
		return f.callBack(understanding.When{}, in, p.SorryToDisturb), true
	case understanding.Person:
		reply := f.putThrough(in)
		reply.Tools = append(reply.Tools, markWantsPerson...)
		return reply, true
	case understanding.AreYouARobot:
		return f.ask(f.robot()), true
	case understanding.WhoIsThis:
		return f.ask(f.who()), true
	case understanding.WhyCall:
		return f.ask(f.whyCall()), true
	case understanding.WhereFrom:
		return f.ask(p.WhereFrom), true
	case understanding.Repeat:
		if waited && f.at < len(f.questions) && f.ears.Greets(in.Words) { // "hello?"
			return f.begin(), true
		}
		return f.sayAgain(in), true
	case understanding.HoldOn:
		if f.at < len(f.questions) && f.ears.EndsInGreeting(in.Words) { // the wait is over already
			return f.begin(), true
		}
		return f.hold(p.TakeYourTime), true
	case understanding.HandOver:
		if f.ears.EndsInGreeting(in.Words) { // they are there already
			return f.greetAnew(), true
		}
		f.comes = comesSoon
		return f.hold(p.IWait), true
	case understanding.Goodbye:
		return f.leave(f.says.Goodbye), true
	default:
		return Reply{}, false
	}
}

// hold waits patiently; a key still answers.
func (f *Form) hold(words string) Reply {
	f.waits = true
	expect := ExpectNothing
	if f.at < len(f.questions) {
		expect = f.questions[f.at].expect()
	}
	return f.reply(Reply{Parts: []string{words}, Expect: expect, Wait: holdWait})
}

// coming is whether somebody else comes to the telephone.
type coming int

const (
	nobodyComes coming = iota
	comesSoon          // they were announced
	comesNow           // somebody has spoken since
)

// newcomerWait is how long somebody who comes to the telephone is given to say hello, once there are voices.
const newcomerWait = 3 * time.Second

// newcomer replies to words after somebody was to come to the telephone: whoever says hello, or asks, is greeted anew and told
// who calls and why; others may still talk to each other. ok is false where the words are an ordinary turn.
func (f *Form) newcomer(asked understanding.Asked, in Input) (reply Reply, ok bool) {
	switch asked.Request {
	case understanding.HoldOn, understanding.HandOver:
		return Reply{}, false
	case understanding.NoRequest:
		if f.comes = comesNow; f.ears.BeginsInGreeting(in.Words) || f.ears.EndsInGreeting(in.Words) || len(wordsOf(in.Words)) <= shortReply {
			return f.greetAnew(), true
		}
		return f.reply(Reply{Wait: newcomerWait}), true
	case understanding.WhoIsThis, understanding.WhyCall, understanding.AreYouARobot, understanding.Repeat:
		return f.greetAnew(), true
	default:
		f.comes = nobodyComes
		return Reply{}, false
	}
}

// shortReply is how many words somebody who comes to the telephone may say without a greeting to be taken for it: "Yes?"
const shortReply = 2

// greetAnew greets whoever has come to the telephone: with who calls and why, as they have heard nothing yet.
func (f *Form) greetAnew() Reply {
	f.comes, f.waits, f.silences, f.missed = nobodyComes, false, 0, 0
	return f.ask(f.says.Anew, f.whyCall())
}

// transfer returns the number of the transfer that is made for who wants a person, -1 without one.
func (f *Form) transfer() int {
	return slices.IndexFunc(f.script.Actions, func(a call.Action) bool { return a.Kind == call.ActTransfer })
}

// putThrough connects who wants a person to one, once; else they are called back.
func (f *Form) putThrough(in Input) Reply {
	to := f.transfer()
	if to < 0 || f.handed {
		return f.callBack(understanding.When{}, in, f.says.NoPerson)
	}
	f.handed, f.aside = true, nil
	return Reply{Parts: f.reply(Reply{Parts: []string{f.says.Transfer}}).Parts, Tools: []Tool{{Kind: ToolAct, Number: to}}}
}

// worked goes on after an action: who could not be put through is called back.
func (f *Form) worked(in Input) Reply {
	if in.Action < len(f.script.Actions) && f.script.Actions[in.Action].Kind != call.ActTransfer {
		return f.acted(in)
	}
	return f.callBack(understanding.When{}, in, f.says.NotConnected)
}

func (f *Form) sayAgain(in Input) Reply {
	if f.at < len(f.questions) {
		return f.ask()
	}
	in.Kind = InputRepeat
	return f.afterLast(in)
}

// optOut has them never called again; the Machine says so, and ends the call when it is written.
func (f *Form) optOut() Reply {
	f.close()
	return Reply{Tools: []Tool{{Kind: ToolOptOut}}}
}

func (f *Form) askOptOut(ends bool) Reply {
	f.aside = &aside{kind: asideOptOut, ends: ends}
	return f.reply(Reply{Parts: []string{f.says.AskOptOut}, Expect: ExpectYesNo})
}

// wrongNumber ends a call to somebody else; whatever was answered before is not theirs to give.
func (f *Form) wrongNumber() Reply {
	reply := f.leave(f.says.WrongNumber)
	f.success, f.collected = false, nil
	reply.Tools = markWrongNumber
	return reply
}

// leave ends the conversation.
func (f *Form) leave(last string) Reply {
	f.close()
	return f.reply(Reply{Parts: []string{last}, End: true})
}

// close leaves the open question without an answer.
func (f *Form) close() {
	f.aside, f.changes = nil, false
	if f.at < len(f.questions) {
		f.note(f.questions[f.at], nil)
		f.at = len(f.questions)
	}
}

// callBack promises a call-back, once its time is known.
func (f *Form) callBack(when understanding.When, in Input, before string) Reply {
	now := f.now(in)
	switch {
	case when.HasTime:
		return f.readBack(now, when.At)
	case when.HasDate && when.At.Sub(now) > longestHours*time.Hour:
		return f.tooFar()
	case when.HasDate:
		f.aside = &aside{kind: asideTime, day: when.At}
		return f.reply(Reply{Parts: []string{before, f.says.AskTime}})
	default:
		f.aside = &aside{kind: asideWhen}
		return f.reply(Reply{Parts: []string{before, f.says.AskWhen}})
	}
}

// readBack promises a call-back at an instant, says it, and asks whether it is right.
func (f *Form) readBack(now, at time.Time) Reply {
	p := f.says
	after := at.Sub(now)
	if after < soonest {
		after = soonest
		at = now.Add(after)
	}
	var outside string
	if kept, moved := f.script.CallbackAt(at); moved {
		at, after, outside = kept.In(now.Location()), kept.Sub(now), p.OutsideHours
	}
	if after > longestHours*time.Hour {
		return f.tooFar()
	}
	f.aside = &aside{kind: asideCallback, day: at}
	return f.reply(Reply{
		Parts: []string{outside, fill(p.CallbackAt, "when", p.when(now, at)), p.IsThatRight}, Expect: ExpectYesNo,
		Tools: []Tool{{Kind: ToolCallBack, After: after}}, // it holds whether they confirm it or hang up
	})
}

func (f *Form) tooFar() Reply {
	f.aside = &aside{kind: asideWhen}
	return f.reply(Reply{Parts: []string{f.says.WithinMonth, f.says.AskWhen}})
}

// promise promises a call-back and ends the call.
func (f *Form) promise(after time.Duration, last string) Reply {
	reply := f.leave(last)
	reply.Tools = []Tool{{Kind: ToolCallBack, After: after}}
	return reply
}

// settleCallback takes the reply to a question about a call-back.
func (f *Form) settleCallback(in Input, answer understanding.Answer) Reply {
	a := f.aside
	now := f.now(in)
	when := f.ears.WhenAsked(in.Words, now)
	switch {
	case when.HasTime && !when.HasDate && !a.day.IsZero(): // of the day that was named
		return f.readBack(now, time.Date(a.day.Year(), a.day.Month(), a.day.Day(), when.At.Hour(), when.At.Minute(), 0, 0, now.Location()))
	case when.HasTime && a.kind == asideCallback && saidAgain(when, a.day):
		return f.leave(f.says.AgreedGoodbye)
	case when.HasTime:
		return f.readBack(now, when.At)
	case when.HasDate:
		return f.callBack(when, in, "")
	case a.kind == asideCallback && answer.Value == true:
		return f.leave(f.says.AgreedGoodbye)
	case a.kind == asideCallback && answer.Value == false:
		f.aside = &aside{kind: asideWhen}
		return f.reply(Reply{Parts: []string{f.says.AskWhen}})
	case a.kind == asideWhen && answer.Value == false: // "never mind", "no": they need none
		return f.leave(f.says.AgreedGoodbye)
	case a.kind != asideCallback && (answer.Unknown || f.ears.Request(in.Words, now).Request == understanding.CallBack):
		return f.dropAside(in) // "later", "I don't know"
	default:
		return f.againAside(in)
	}
}

// saidAgain reports whether an instant is the one that was read back: "in an hour" is the same one some seconds later.
func saidAgain(when understanding.When, readBack time.Time) bool {
	if when.Span {
		return when.At.Sub(readBack).Abs() < time.Minute
	}
	return when.At.Equal(readBack)
}

// robot says truthfully what speaks.
func (f *Form) robot() string {
	if f.script.Brief.Company != "" {
		return fill(f.says.RobotFor, "company", f.script.Brief.Company)
	}
	return f.says.Robot
}

// who says who calls.
func (f *Form) who() string {
	p, agent, company := f.says, f.script.AgentName, f.script.Brief.Company
	switch {
	case agent != "" && company != "":
		return fill(p.WhoFor, "agent", agent, "company", company)
	case agent != "":
		return fill(p.Who, "agent", agent)
	case company != "":
		return fill(p.CompanyOnly, "company", company)
	default:
		return p.Robot
	}
}

// whyCall says who calls and what the company says about itself.
func (f *Form) whyCall() string {
	reason := firstSentences(f.script.Brief.Description, longestReason)
	if reason == "" {
		reason = f.says.NoReason
	}
	return f.who() + " " + reason
}

// screened says in one sentence who calls and why.
func (f *Form) screened() string {
	if f.script.ScreeningAnswer != "" {
		return f.script.ScreeningAnswer
	}
	p, agent, company := f.says, f.script.AgentName, f.script.Brief.Company
	who := p.Assistant
	switch {
	case agent != "" && company != "":
		who = fill(p.AgentOf, "agent", agent, "company", company)
	case agent != "":
		who = fill(p.AgentAlone, "agent", agent)
	case company != "":
		who = fill(p.AssistantOf, "company", company)
	}
	reason := firstSentence(firstSentences(f.script.Brief.Description, longestReason))
	if reason == "" {
		reason = p.NoReason
	}
	return fill(p.Screened, "who", who, "reason", reason)
}

// sentenceEnd is the end of a sentence that another one follows: an abbreviation is short, or goes on in small letters, where a
// script has them.
var sentenceEnd = regexp.MustCompile(`^.{20,}?[.!?]( [\p{Lu}\p{Lo}¿¡])`)

func firstSentence(text string) string {
	if end := sentenceEnd.FindStringSubmatchIndex(text); end != nil {
		return text[:end[2]]
	}
	return text
}

// firstSentences returns the whole sentences at the beginning of a text that are not longer than most letters together; of a
// first sentence that is longer, its first words.
func firstSentences(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > most {
		runes := []rune(text)[:most]
		text = string(runes)
		if end := strings.LastIndexAny(text, ".!?"); end > 0 {
			text = text[:end+1]
		} else if end := strings.LastIndexByte(text, ','); end > most/2 {
			text = text[:end] + "."
		} else if end := strings.LastIndexByte(text, ' '); end > 0 {
			text = text[:end] + "."
		}
	}
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}
