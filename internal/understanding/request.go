package understanding

import "time"

// Request is what a person may ask for at any time, whatever was asked of them.
type Request int

const (
	NoRequest     Request = iota
	NeverAgain            // never call again
	CallBack              // call later; Asked.When says when
	WrongNumber           // this is not the number, or not the person
	Person                // a human being is wanted
	AreYouARobot          // is this a machine
	WhoIsThis             // who calls
	WhyCall               // what is it about
	Repeat                // say that again
	HoldOn                // wait a moment
	Goodbye               // the person ends the call
	Stop                  // a bare "stop": of the talk or of all calls, which is to be asked
	NotGoodTime           // busy, driving: a call-back may be offered
	WhereFrom             // where they got the number from
	HandOver              // somebody else comes to the telephone
	requestsCount         // how many there are
)

func (r Request) String() string {
	return [...]string{
		"none", "never again", "call back", "wrong number", "person", "robot", "who", "why", "repeat", "hold", "goodbye", "stop",
		"not now", "where from", "hand over",
	}[r]
}

// Asked is a Request that was found.
type Asked struct {
	Request    Request
	Confidence Confidence
	When       When // of a call-back; zero = not said
}

// requests are the sections of each request in order of precedence. A match that one of "… except" covers
// is none; one that "… doubt" covers, and one of "… unsure", is to be confirmed.
var requests = []struct {
	request Request
	section string
}{
	{NeverAgain, "never again"}, {WrongNumber, "wrong number"}, {Person, "person"}, {AreYouARobot, "robot"},
	{CallBack, "call back"}, {NotGoodTime, "not now"}, {WhoIsThis, "who"}, {WhyCall, "why"}, {WhereFrom, "where from"}, {HandOver, "hand over"},
	{HoldOn, "hold"}, {Repeat, "repeat"}, {Goodbye, "goodbye"}, {Stop, "stop"},
}

// Request returns what a person asks for in a turn. "Never call again" is looked for in all languages that have words for it.
// now is the instant of the turn in the zone of the person.
func (l *Language) Request(text string, now time.Time) Asked {
	words := l.turn(text)
	if asked := l.request(words, now); asked.Request != NoRequest {
		return asked
	}
	for tag, other := range languages() {
		if tag != l.tag && other.optOut(text) {
			return Asked{Request: NeverAgain, Confidence: Sure}
		}
	}
	if mended, changed := l.mend(words); changed {
		if asked := l.request(mended, now); asked.Request != NoRequest {
			asked.Confidence = Unsure
			return asked
		}
	}
	return Asked{}
}

// Greets reports whether a turn is a greeting and nothing else: "Hello, speaking."
func (l *Language) Greets(text string) bool { return l.is(l.turn(text), "greeting") }

// BeginsInGreeting reports whether the first word of a turn greets: "Hello, this is Maria."
func (l *Language) BeginsInGreeting(text string) bool {
	words := l.turn(text)
	return len(words) > 0 && l.is(words[:1], "greeting")
}

// Hesitates reports whether a turn is nothing but a hesitation: "um", "let me see".
func (l *Language) Hesitates(text string) bool {
	words := l.turn(text)
	return len(words) > 0 && l.onlyHesitates(words)
}

// EndsInGreeting reports whether the last words of a turn greet: "… I am putting you through. Hello?"
func (l *Language) EndsInGreeting(text string) bool {
	words := l.turn(text)
	return len(words) > 0 && l.is(words[len(words)-1:], "greeting")
}

func (l *Language) optOut(text string) bool {
	return l.judge(l.read(text), "never again") == Sure
}

func (l *Language) request(words []word, now time.Time) Asked {
	if len(words) == 0 {
		return Asked{}
	}
	for _, r := range requests {
		confidence := l.judge(words, r.section)
		if confidence == NotUnderstood && r.request == CallBack {
			if when, ok := l.callWhen(words, now); ok {
				return Asked{Request: CallBack, Confidence: Sure, When: when}
			}
		}
		if confidence == NotUnderstood {
			continue
		}
		if r.request == NeverAgain && confidence == Unsure { // "don't call me tomorrow, call me on Friday"
			if when, _ := l.callWhen(words, now); when != (When{}) {
				return Asked{Request: CallBack, Confidence: Sure, When: when}
			}
		}
		asked := Asked{Request: r.request, Confidence: confidence}
		if r.request == CallBack || r.request == NotGoodTime {
			asked.When = l.when(words, now, false, false).ahead(now)
			if asked.When != (When{}) {
				asked.Request = CallBack
			}
		}
		return asked
	}
	return Asked{}
}

// callWhen finds "call me tomorrow", which is a call-back only by its instant; when is zero where that was not understood.
func (l *Language) callWhen(words []word, now time.Time) (when When, ok bool) {
	for _, found := range l.kept(words, "call me", "call me except") {
		if w, at := l.whenSpan(words[found.to:], now, false, false); w != (When{}) && at.from < 4 {
			return w.ahead(now), true
		}
	}
	for _, found := range l.find(words, "call back from") { // "never call me back before noon" is a call-back at noon
		if w, at := l.whenSpan(words[found.to-1:], now, false, false); w.HasTime && at.from == 0 {
			return w.ahead(now), true
		}
	}
	return When{}, false
}

// judge returns how certainly words ask for what a section is about. "… whole" is of phrases that need a turn of their own.
func (l *Language) judge(words []word, section string) Confidence {
	if len(l.kept(words, section, section+" except", section+" doubt")) > 0 {
		return Sure
	}
	for _, clause := range clauses(words, period) {
		if l.is(clause, section+" whole") && len(l.kept(words, section+" whole", section+" except", section+" doubt")) > 0 {
			return Sure
		}
	}
	if len(l.kept(words, section, section+" except"))+len(l.kept(words, section+" unsure", section+" except")) > 0 {
		return Unsure
	}
	return NotUnderstood
}

// kept returns the matches of a section that no exception covers.
func (l *Language) kept(words []word, section string, exceptSections ...string) []span {
	found := l.all(words, section)
	if len(found) == 0 {
		return nil
	}
	var exceptions []span
	for _, name := range exceptSections {
		exceptions = append(exceptions, l.all(words, name)...)
	}
	var out []span
	for _, f := range found {
		covered := false
		for _, e := range exceptions {
			covered = covered || e.from <= f.from && e.to > f.from || e.from < f.to && e.to >= f.to
		}
		if !covered {
			out = append(out, f)
		}
	}
	return out
}
