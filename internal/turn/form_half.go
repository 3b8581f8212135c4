package turn

import "nacre/internal/understanding"

// How the form puts a date and time together whose halves are said one after the other.

// askHalf asks for the half that a date and time lacks: the day where there is no value yet, else the time.
func (f *Form) askHalf(words string, value any, why string) Reply {
	f.aside = &aside{kind: asideHalf, value: value, words: words}
	if value == nil {
		return f.reply(Reply{Parts: []string{why, f.says.JustTheDay}})
	}
	return f.reply(Reply{Parts: []string{why, f.says.AskTime}})
}

// completes replies where what they say now makes a whole of the half that they said before: "half past four" – "tomorrow".
// agreed is that they say yes besides, to what was read back without it.
func (f *Form) completes(q question, in Input, agreed bool) (Reply, bool) {
	a, now := f.aside, f.now(in)
	if q.wants.Sort != understanding.DateTime || a.words == "" {
		return Reply{}, false
	}
	said, words := f.ears.Answer(q.wants, in.Words, now), in.Words
	if said.Lacks != understanding.NoPart { // by itself
		words = a.words + ", " + in.Words
		said = f.ears.Answer(q.wants, words, now)
	}
	switch {
	case said.Value == nil || said.Lacks != understanding.NoPart || said.Value == a.value:
		return Reply{}, false
	case said.Confidence == understanding.Unsure || agreed && a.kind == asideValue:
		reply := f.confirm(q, said.Value, words)
		f.aside.tries = a.tries + 1
		return reply, true
	default:
		f.aside = nil
		return f.accept(q, said.Value), true
	}
}

// settleHalf takes the reply to the question for the half that lacked.
func (f *Form) settleHalf(in Input, answer understanding.Answer) Reply {
	a, q := f.aside, f.questions[f.at]
	if reply, ok := f.completes(q, in, answer.Value == true); ok {
		return reply
	}
	if said := f.ears.Answer(q.wants, in.Words, f.now(in)); said.Unknown || said.Refused || answer.Value == false {
		f.aside = nil
		if a.value != nil {
			return f.accept(q, a.value)
		}
		return f.pass(q)
	}
	return f.againAside(in)
}
