// Package understanding finds what recognised words mean, without a model: answers to a question of a known sort (yes and no,
// numbers, money, digits, dates, e-mail, names), and requests that may come at any time ("never call me again"). It follows
// tables of words, one file per language in words/, and it is pure: the same words at the same instant mean the same.
//
// A recogniser writes numbers as words or as digits, drops punctuation, and mishears; so a meaning comes with a Confidence,
// and one that hangs on a corrected word is never better than Unsure.
package understanding

import (
	"strings"
	"time"

	"nacre/internal/call"
)

// Confidence is how certain a meaning is.
type Confidence int

const (
	NotUnderstood Confidence = iota
	Unsure                   // to be confirmed before anything follows from it
	Sure
)

func (c Confidence) String() string { return [...]string{"not understood", "unsure", "sure"}[c] }

// Completeness is whether the person has finished, judged by the words alone; turn taking waits accordingly.
type Completeness int

const (
	Complete   Completeness = iota // nothing is missing
	MayGoOn                        // digits of a number of unknown length, or nothing that was understood
	Unfinished                     // "um", "let me see", "my number is", a telephone number without its end
)

func (c Completeness) String() string { return [...]string{"complete", "may go on", "unfinished"}[c] }

// Sort is what kind of answer a question wants.
type Sort int

const (
	Free        Sort = iota // any words
	YesNo                   // bool
	WholeNumber             // int64
	Decimal                 // float64
	Money                   // an amount in units of a currency; typed as its variable is
	Digits                  // a number that is a name: account, code, extension
	Phone                   // digits, with a leading + where it was said
	PostalCode              // letters and digits
	Date                    // 2006-01-02
	Time                    // 15:04
	DateTime                // 2006-01-02T15:04, or without the part that was not said
	Email                   // name@example.com
	Name                    // of a person or a company
)

// Question is what an answer is read against.
type Question struct {
	Sort Sort
	Type call.VariableType // of the value; "" = string
	// Negative: a plain assent means no ("Do you mind if …?" – "Sure, go ahead").
	Negative bool
	// Offer: "no, that's fine" is a no ("Would you like …?").
	Offer bool
	// Past: a date lies in the past (of birth).
	Past bool
}

// Answer is what words mean as an answer to a Question. Value is nil unless Confidence is Unsure or Sure and neither Unknown
// nor Refused is set; it is a bool, int64, float64 or string as Question.Type wants.
type Answer struct {
	Confidence   Confidence
	Completeness Completeness
	Value        any
	Unknown      bool // "I don't know"
	Refused      bool // "I'd rather not say"
	Correction   bool // "no, I meant …": of this answer, or of the one before
	Lacks        Part // of a DateTime, what was not said, or not understood
}

// Part is a part of a DateTime.
type Part int

const (
	NoPart Part = iota
	TheDay
	TheTime
)

// Language understands one language. It is safe for concurrent use.
type Language struct {
	tag     string
	replace map[string][]string
	numbers map[string]numeral
	values  map[string]map[string]string // the sections of "word = value" lines that code reads itself
	phrases map[string]*patterns
	known   map[int][]string // words of five letters and more by their length in bytes, for mending
	isKnown map[string]bool  // all words of the tables
	decimal rune             // between whole and fraction in digits
	longest int              // words of the longest key of values
}

// longestText bounds the words that are read of one turn, so that its time is bounded.
const longestText = 100

// For returns the understanding of a language by its BCP 47 tag; English for one that has no tables.
func For(tag string) *Language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if l, ok := languages()[primary]; ok && l.whole() {
		return l
	}
	return languages()["en"]
}

// Tag is the language's BCP 47 tag.
func (l *Language) Tag() string { return l.tag }

// whole reports whether the tables hold more than the opt-out.
func (l *Language) whole() bool { return l.phrases["yes"] != nil }

// Question returns how an answer to q is read. What a text is of follows from its question, name and id.
func (l *Language) Question(q call.Question) Question {
	asked := l.read(q.Ask)
	out := Question{Type: q.Type, Negative: l.has(asked, "asks negative"), Offer: l.has(asked, "asks offer")}
	about := l.read(q.Ask + " . " + q.Name + " . " + apart(q.ID))
	out.Past = l.has(about, "asks past")
	switch q.Type {
	case call.Boolean:
		out.Sort = YesNo
		return out
	case call.Int, call.Float:
		out.Sort = WholeNumber
		if q.Type == call.Float {
			out.Sort = Decimal
		}
		if l.has(about, "asks money") {
			out.Sort = Money
		}
		return out
	}
	for _, s := range []struct {
		section string
		sort    Sort
	}{
		{"asks email", Email}, {"asks phone", Phone}, {"asks postal", PostalCode}, {"asks datetime", DateTime},
		{"asks date", Date}, {"asks time", Time}, {"asks digits", Digits}, {"asks money", Money}, {"asks number", WholeNumber},
		{"asks name", Name},
	} {
		if l.has(about, s.section) {
			out.Sort = s.sort
			return out
		}
	}
	return out
}

// apart separates the words of an id such as zip_code or dateOfBirth.
func apart(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case r == '_' || r == '-':
			r = ' '
		case r >= 'A' && r <= 'Z' && lower:
			b.WriteByte(' ')
		}
		lower = r >= 'a' && r <= 'z'
		b.WriteRune(r)
	}
	return b.String()
}

// Answer returns what text means as an answer to q. now is the instant of the answer in the zone of the person.
func (l *Language) Answer(q Question, text string, now time.Time) Answer {
	words := l.turn(text)
	answer := l.answer(q, text, words, now)
	if answer.Confidence == NotUnderstood && len(words) > 0 {
		if mended, changed := l.mend(words); changed {
			if second := l.answer(q, text, mended, now); second.Confidence != NotUnderstood {
				second.Confidence = Unsure
				answer = second
			}
		}
	}
	if answer.Completeness != Unfinished && l.trailsOff(words) {
		answer.Completeness = Unfinished
	}
	return answer
}
