package turn

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
)

// Phrases are the sentences of the form that come from no script.
type Phrases struct {
	OptOutKeys   string // the first words say how to end all calls
	YesNoKeys    string
	DigitsKeys   string
	DecimalKeys  string
	TextKeys     string // a text that is made of digits, such as a postal code
	SpokenText   string // any other text: it cannot be typed, and stands in the recording
	OtherKeys    string // said once, with the first repetition
	OnlyKeys     string // they spoke
	StillThere   string // they were silent
	WrongKey     string
	Thanks       string // between two questions
	Goodbye      string
	Declined     string
	GaveUp       string
	OptedOut     string
	CallbackHour string // in one hour
	Callback     string // with %d hours
	Failure      string
	Filler       string // while a reply takes its time
}

// English are the phrases in use.
func English() Phrases {
	return Phrases{
		OptOutKeys:   "Press star nine to never be called again.",
		YesNoKeys:    "Press 1 for yes, 2 for no.",
		DigitsKeys:   "Type the number, then press the hash key.",
		DecimalKeys:  "Type the number, with star star for the decimal point, then press the hash key.",
		TextKeys:     "Type your answer in digits, or just press the hash key to skip.",
		SpokenText:   "Say your answer, or just press the hash key to skip.",
		OtherKeys:    "Press star one to hear this again, or star two to be called later.",
		OnlyKeys:     "I am sorry, I only understand the keys of your phone.",
		StillThere:   "Are you still there?",
		WrongKey:     "That key is not an answer.",
		Thanks:       "Thank you.",
		Goodbye:      "Thank you. Goodbye.",
		Declined:     "All right. Goodbye.",
		GaveUp:       "I could not get your answer. Goodbye.",
		OptedOut:     "You will not be called again. Goodbye.",
		CallbackHour: "You will be called again in one hour. Goodbye.",
		Callback:     "You will be called again in %d hours. Goodbye.",
		Failure:      "I am sorry, I cannot go on. Goodbye.",
		Filler:       "One moment.",
	}
}

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
	interruptions = 20 // a question that was not heard to its end cannot have been answered
	lastWait      = 2 * time.Second
)

// question is one step of the form.
type question struct {
	call.Question
	opening bool // the opening sentence itself, asked as yes or no; nothing is collected
	decides bool // its answer decides success
}

// Form is Rules without a model: it speaks the opening sentence, then asks one question per variable, in order, and takes
// the answers by keys. Success is a yes to the first boolean question; if the script defines success and has no boolean
// question, the opening sentence is asked as yes or no. A no to the question that decides success ends the conversation,
// unless Script.AskAll is set.
type Form struct {
	script    call.Script
	phrases   Phrases
	questions []question
	at        int

	once  []string // sentences that must be played to their end once: the opening, and the opt-out key
	spoke []string // parts of the last reply

	introduced bool // the opening has been heard to its end
	hinted     bool // the other keys have been explained
	gaveUp     bool

	silences, wrong, worn, interrupted int

	collected []call.Value
	success   bool
}

// NewForm returns the Form of one conversation.
func NewForm(script call.Script, phrases Phrases) *Form {
	f := &Form{script: script, phrases: phrases}
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
		f.questions = append(f.questions, question{Question: q, decides: i == deciding})
	}
	f.once = append(f.once, phrases.OptOutKeys)
	return f
}

// Open returns the opening sentence, the opt-out key, and the first question.
func (f *Form) Open() Reply { return f.ask() }

// Next returns the reply to one turn.
func (f *Form) Next(in Input) Reply {
	f.markHeard(in.Heard)
	f.gaveUp = false
	if f.at >= len(f.questions) {
		return f.afterLast(in)
	}
	switch in.Kind {
	case InputKeys:
		f.silences = 0
		return f.take(in.Keys)
	case InputRepeat:
		f.silences = 0
		return f.ask()
	case InputWords:
		f.silences = 0
		return f.notUnderstood(in)
	default:
		f.silences++
		if f.silences > silentRepeats {
			return f.giveUp()
		}
		return f.repeat(f.phrases.StillThere)
	}
}

// TakeOver goes on with the questions that have no value yet, as if the opening had been heard.
func (f *Form) TakeOver(collected []call.Value) {
	f.introduced, f.once = true, nil
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
	if !f.gaveUp || f.questions[f.at].opening {
		return f.collected, f.success
	}
	q := f.questions[f.at]
	return append(f.collected[:len(f.collected):len(f.collected)], call.Value{ID: q.ID, Name: q.Name}), f.success
}

// Phrase returns the sentence of a notice.
func (f *Form) Phrase(n Notice) string {
	switch {
	case n.Kind == NoticeOptOut:
		return f.phrases.OptedOut
	case n.Kind == NoticeFailure:
		return f.phrases.Failure
	case n.Kind == NoticeFiller:
		return f.phrases.Filler
	case n.Hours == 1:
		return f.phrases.CallbackHour
	default:
		return fmt.Sprintf(f.phrases.Callback, n.Hours)
	}
}

// Vocabulary returns all sentences that the form may say, in the order of likely use, so that they can be synthesised while
// the phone rings. Only call-backs in other than 1 or 24 hours are missing.
func (f *Form) Vocabulary() []string {
	all := []string{f.script.Opening, f.phrases.OptOutKeys}
	for _, q := range f.questions {
		all = append(all, q.Ask, f.keys(q))
	}
	p := f.phrases
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
	p := f.phrases
	return []string{p.Filler, p.OptedOut, p.Failure, p.CallbackHour, f.Phrase(Notice{Kind: NoticeCallback, Hours: defaultHours})}
}

// ask returns the given words, the sentences of once that were not played yet, and the question with its keys.
func (f *Form) ask(before ...string) Reply {
	parts := append([]string(nil), before...)
	if f.at >= len(f.questions) {
		return f.reply(Reply{Parts: append(parts, f.once...), Wait: lastWait})
	}
	q := f.questions[f.at]
	if q.opening {
		parts = append(parts, q.Ask, f.keys(q))
		parts = append(parts, f.once...)
	} else {
		parts = append(parts, f.once...)
		parts = append(parts, q.Ask, f.keys(q))
	}
	return f.reply(Reply{Parts: parts, Expect: expectOf(q.Type)})
}

// repeat asks again, after words that say why; these are left out until the opening was played.
func (f *Form) repeat(why string) Reply {
	if !f.introduced {
		return f.ask()
	}
	if !f.hinted {
		f.hinted = true
		return f.ask(why, f.phrases.OtherKeys)
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
	return r
}

// markHeard removes from once what was played to its end.
func (f *Form) markHeard(parts int) {
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

func (f *Form) keys(q question) string {
	switch q.Type {
	case call.Boolean:
		return f.phrases.YesNoKeys
	case call.Int:
		return f.phrases.DigitsKeys
	case call.Float:
		return f.phrases.DecimalKeys
	default:
		if q.digits() {
			return f.phrases.TextKeys
		}
		return f.phrases.SpokenText
	}
}

// text reports whether the answer to the question is any text.
func (q question) text() bool {
	return q.Type != call.Boolean && q.Type != call.Int && q.Type != call.Float
}

// madeOfDigits matches questions for a text that can be typed in digits.
var madeOfDigits = regexp.MustCompile(`(?i)\b(numbers?|digits?|codes?|zip|postcode|phone|telephone|mobile|fax|pin|extension|account|dates?|birthday|year|age|amount|how (many|much|old))\b`)

// digits reports whether the answer to a text question can be typed in digits.
func (q question) digits() bool {
	return madeOfDigits.MatchString(q.Ask) || madeOfDigits.MatchString(q.Name) || madeOfDigits.MatchString(strings.ReplaceAll(q.ID, "_", " "))
}

func (f *Form) take(keys string) Reply {
	q := f.questions[f.at]
	value, ok := valueOf(q.Type, keys)
	if !ok {
		f.wrong++
		if f.wrong > wrongKeys {
			return f.giveUp()
		}
		return f.repeat(f.phrases.WrongKey)
	}
	f.skipOpening() // an answer means that it was understood
	if q.decides {
		f.success = value == true
	}
	if q.decides && value == false && f.script.SuccessDefined && (q.opening || !f.script.AskAll) {
		f.note(q, value)
		f.at = len(f.questions)
		return f.reply(Reply{Parts: []string{f.phrases.Declined}, End: true})
	}
	return f.settle(q, value)
}

func (f *Form) skipOpening() {
	f.introduced = true
	if len(f.once) > 0 && f.once[0] == f.script.Opening {
		f.once = f.once[1:]
	}
}

func (f *Form) note(q question, value any) {
	if !q.opening {
		f.collected = append(f.collected, call.Value{ID: q.ID, Name: q.Name, Value: value})
	}
}

// settle stores the value and goes on to the next question, or to the end.
func (f *Form) settle(q question, value any) Reply {
	f.note(q, value)
	f.at++
	f.silences, f.wrong, f.worn, f.interrupted = 0, 0, 0, 0
	if f.at < len(f.questions) {
		return f.ask(f.phrases.Thanks)
	}
	last := f.phrases.Goodbye
	if q.Type == call.Boolean && value == false {
		last = f.phrases.Declined
	}
	return f.reply(Reply{Parts: []string{last}, End: true})
}

func (f *Form) notUnderstood(in Input) Reply {
	q := f.questions[f.at]
	if in.Interrupted {
		if f.interrupted++; f.interrupted > interruptions {
			return f.giveUp()
		}
		return f.repeat(f.phrases.OnlyKeys)
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
	return f.repeat(f.phrases.OnlyKeys)
}

// giveUp says goodbye, and still accepts an answer meanwhile.
func (f *Form) giveUp() Reply {
	f.gaveUp = true
	q := f.questions[f.at]
	return f.reply(Reply{Parts: []string{f.phrases.GaveUp}, Expect: expectOf(q.Type), End: true})
}

// afterLast replies to a turn when no question is left.
func (f *Form) afterLast(in Input) Reply {
	if (in.Kind == InputRepeat || in.Interrupted) && len(f.once) > 0 && f.interrupted < interruptions {
		f.interrupted++
		return f.ask()
	}
	if in.Kind == InputRepeat && f.interrupted < interruptions {
		f.interrupted++
		f.once = []string{f.script.Opening, f.phrases.OptOutKeys}
		return f.ask()
	}
	return f.reply(Reply{Parts: []string{f.phrases.Goodbye}, End: true})
}

// valueOf converts typed keys to a value of the type; nothing typed (# alone) is nil, except for a yes or no.
func valueOf(kind call.VariableType, keys string) (value any, ok bool) {
	switch kind {
	case call.Boolean:
		return keys == "1", keys == "1" || keys == "2"
	case call.Int:
		if keys == "" {
			return nil, true
		}
		n, err := strconv.ParseInt(keys, 10, 64)
		return n, err == nil
	case call.Float:
		if keys == "" {
			return nil, true
		}
		x, err := strconv.ParseFloat(keys, 64)
		return x, err == nil
	default:
		if keys == "" {
			return nil, true
		}
		return keys, true
	}
}
