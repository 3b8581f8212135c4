package understanding

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
)

// answer reads words by the question's sort, once "I don't know", refusals and corrections are taken apart.
func (l *Language) answer(q Question, text string, words []word, now time.Time) Answer {
	if l.onlyHesitates(words) && (q.Sort != YesNo || !l.has(words, "plain no")) { // "uh-uh" is a no
		return Answer{Completeness: Unfinished}
	}
	kept, corrected := l.corrected(q, words)
	var out Answer
	if q.Sort != Free {
		out = l.typed(q, kept, now)
		if corrected && (q.Sort == Digits || q.Sort == Phone) {
			out = l.endCorrected(q, words, kept, out)
		}
		if out.Confidence == NotUnderstood && corrected && !(q.Sort == YesNo && l.has(words, "meant")) { // the no of "no, I meant five"
			if out = l.typed(q, words, now); out.Confidence == Sure {
				out.Confidence = Unsure
			}
		}
	}
	out.Correction = corrected || l.has(words, "meant")
	if (q.Sort == WholeNumber || q.Sort == Decimal) && out.Confidence == Sure && slices.ContainsFunc(words, func(w word) bool { return l.hasWord("currency", w.text) }) {
		out.Confidence = Unsure // "for a thousand dollars" is no number of rooms
	}
	if out.Confidence != NotUnderstood && q.Sort != YesNo {
		return out
	}
	unknown := l.find(words, "unknown")
	switch {
	case l.has(words, "refuse"):
		return Answer{Confidence: Sure, Refused: true}
	case len(unknown) > 0 && l.uncovered(words, unknown) <= narration:
		if out.Confidence == NotUnderstood || l.is(words, "unknown") {
			return Answer{Confidence: Sure, Unknown: true}
		}
	case q.mayLack() && l.is(words, "has none"):
		return Answer{Confidence: Sure, Unknown: true}
	case q.Sort == Free:
		return Answer{Confidence: Sure, Value: strings.TrimSpace(text), Correction: corrected}
	}
	return out
}

// mayLack reports whether q asks for something that people may not have: a number, an address.
func (q Question) mayLack() bool {
	return q.Sort == Digits || q.Sort == Phone || q.Sort == Email || q.Sort == PostalCode
}

func (l *Language) onlyHesitates(words []word) bool {
	n := 0
	for _, s := range l.find(words, "hesitation") {
		n += s.to - s.from
	}
	return n == len(words)
}

// corrected returns the part of a turn that holds: what follows the last "no, I meant".
func (l *Language) corrected(q Question, words []word) (kept []word, corrected bool) {
	kept = words
	if q.Sort == YesNo || q.Sort == Free {
		found := l.find(words, "correction")
		if len(found) == 0 {
			return words, false
		}
		if last := found[len(found)-1]; last.to < len(words) {
			return words[last.to:], true
		}
		return words, false
	}
	found := append(l.find(words, "correction"), l.find(words, "correction number")...)
	if len(found) > 0 {
		last := slices.MaxFunc(found, func(a, b span) int { return a.to - b.to })
		before, after := words[:last.from], words[last.to:]
		switch {
		case len(after) > 0 && l.holds(q, after):
			kept, corrected = after, true
		case len(before) > 0 && l.holds(q, before):
			kept = before
		}
	}
	return kept, corrected
}

// numberAt returns where the number at word i ends, as one that answers q; i = there is none.
func (l *Language) numberAt(q Question, words []word) func(i int) int {
	return func(i int) int {
		switch q.Sort {
		case WholeNumber, Decimal, Money:
			if n, ok := l.decimals(words, i); ok {
				return n.to
			}
		default:
			if run, ok := l.runAt(words, i); ok && !run.unsure {
				return max(run.to, i)
			}
		}
		return i
	}
}

// endCorrected returns out, the answer of kept, as the whole number where fewer digits were corrected than had been said before:
// "415 555 0132, no sorry, 0133".
func (l *Language) endCorrected(q Question, words, kept []word, out Answer) Answer {
	digits := func(words []word) (all string) {
		for _, run := range l.runs(words) {
			all += run.digits
		}
		return all
	}
	before, end := digits(words[:len(words)-len(kept)]), digits(kept)
	if len(end) == 0 || len(end) >= len(before) {
		return out
	}
	whole := l.dialled(q, []word{{text: before[:len(before)-len(end)] + end}})
	if whole.Confidence == Sure {
		whole.Confidence = Unsure
	}
	return whole
}

// holds reports whether words may hold an answer to q: a number where one is asked for.
func (l *Language) holds(q Question, words []word) bool {
	switch q.Sort {
	case WholeNumber, Decimal, Money, Digits, Phone, PostalCode:
		return len(l.amounts(words)) > 0 || len(l.runs(words)) > 0
	default:
		return l.uncovered(words, nil) > 0
	}
}

// typed reads words by the question's sort. What is denied is no answer; what is left where something was, of a date, is doubtful.
func (l *Language) typed(q Question, words []word, now time.Time) Answer {
	switch q.Sort {
	case WholeNumber, Decimal, Money, Digits, Phone, PostalCode:
		kept, _, unsure := l.affirmed(words, l.numberAt(q, words))
		out := l.affirmedAnswer(q, kept, now)
		if unsure && out.Confidence == Sure {
			out.Confidence = Unsure
		}
		return out
	default:
		return l.affirmedAnswer(q, words, now)
	}
}

func (l *Language) affirmedAnswer(q Question, words []word, now time.Time) Answer {
	switch q.Sort {
	case YesNo:
		yes, confidence := l.yesNo(q, words)
		if confidence == NotUnderstood {
			return Answer{Completeness: MayGoOn}
		}
		return Answer{Confidence: confidence, Value: yes}
	case WholeNumber, Decimal, Money:
		return l.amount(q, words)
	case Digits, Phone:
		return l.dialled(q, words)
	case Date, Time, DateTime:
		return l.instant(q, words, now)
	}
	var text string
	var confidence Confidence
	var open bool
	switch q.Sort {
	case PostalCode:
		text, confidence, open = l.postal(words)
	case Email:
		text, confidence, open = l.email(words)
	case Name:
		text, confidence, open = l.name(words)
	}
	out := Answer{Confidence: confidence}
	if confidence != NotUnderstood {
		out.Value = text
	}
	if open {
		out.Completeness = Unfinished
	} else if confidence == NotUnderstood {
		out.Completeness = MayGoOn
	}
	return out
}

// amount reads a number, or an amount of money.
func (l *Language) amount(q Question, words []word) Answer {
	found := l.amounts(words)
	if q.Sort == Money {
		found = l.cents(words, found)
	}
	if len(found) == 0 {
		if value, ok := l.soundsLikeDigit(words); ok {
			return l.valued(q, value, Unsure)
		}
		if value, ok := l.inWords(words); ok {
			return l.valued(q, value, Unsure)
		}
		return Answer{Completeness: MayGoOn}
	}
	if slices.ContainsFunc(found, func(n number) bool { return l.cutShort(words, n) }) || l.isRange(words, found) {
		return Answer{Completeness: MayGoOn}
	}
	found = withoutOrdinals(found)
	first := found[0]
	switch {
	case first.ordinal: // "the third floor", but "just a second" as well
		return l.valued(q, first.value, Unsure)
	case len(found) == 1:
		return l.valued(q, first.value, Sure)
	}
	same, apart, single, whole := true, false, true, true
	for _, n := range found {
		same = same && n.value == first.value
		apart = apart || words[n.to-1].stop != none && n.to < len(words)
		single = single && len(n.digits) == 1
		whole = whole && !n.decimal && n.value >= 0
	}
	switch run, ok := l.runAt(words, first.from); {
	case same && (!single || apart || len(found) == 2): // said twice, or a recogniser that stutters
		return l.valued(q, first.value, Unsure)
	case ok && whole && !run.skipped && run.to >= found[len(found)-1].to && len(run.digits) <= 15: // "one oh five", "nineteen eighty-four"
		value, err := strconv.ParseFloat(run.digits, 64)
		if err == nil {
			confidence := Unsure
			if run.groups > 2 && single && !run.unsure {
				confidence = Sure
			}
			return l.valued(q, value, confidence)
		}
	}
	return l.valued(q, found[len(found)-1].value, Unsure)
}

// cutShort reports whether a number is part of something longer that is none: "a hundred thousand million", "1e400".
func (l *Language) cutShort(words []word, n number) bool {
	if n.to < len(words) && words[n.to-1].stop == none {
		if next, _, ok := l.numeral(words, n.to); ok && next.scale {
			return true
		}
	}
	return words[n.from].glued
}

// isRange reports whether two numbers are the ends of a range: "twenty to thirty". Single digits may be digits: "five to five".
func (l *Language) isRange(words []word, found []number) bool {
	if len(found) != 2 || found[0].value < 10 && found[1].value < 10 {
		return false
	}
	between := words[found[0].to:found[1].from]
	return len(between) == 1 && l.hasWord("range", between[0].text)
}

// inWords reads a turn that is a number without a number word: "nobody", "it's only me", "a couple".
func (l *Language) inWords(words []word) (float64, bool) {
	for i := range words {
		for end := min(i+4, len(words)); end > i; end-- {
			if value, ok := l.values["amounts"][texts(words[i:end])]; ok && l.uncovered(words, append(l.find(words, "amount lead"), span{i, end})) == 0 {
				amount, err := strconv.ParseFloat(value, 64)
				return amount, err == nil
			}
		}
	}
	return 0, false
}

// withoutOrdinals drops ordinals beside other numbers: "the first of five".
func withoutOrdinals(found []number) []number {
	var kept []number
	for _, n := range found {
		if !n.ordinal {
			kept = append(kept, n)
		}
	}
	if len(kept) == 0 {
		return found
	}
	return kept
}

// soundsLikeDigit reads a turn that is one word which sounds like a digit: "to", "for".
func (l *Language) soundsLikeDigit(words []word) (float64, bool) {
	for i := range words {
		digit, ok := l.values["digits"][words[i].text]
		if ok && l.uncovered(words, []span{{i, i + 1}}) == 0 {
			value, err := strconv.ParseFloat(strings.TrimPrefix(digit, "~"), 64)
			return value, err == nil
		}
	}
	return 0, false
}

// cents adds "fifty cents" to the dollars before it, and reads "two fifty" as 2.50 where no currency was said.
func (l *Language) cents(words []word, found []number) []number {
	var out []number
	for i := 0; i < len(found); i++ {
		n := found[i]
		if n.to < len(words) && l.hasWord("cents", words[n.to].text) {
			n.value /= 100
			if len(out) > 0 {
				out[len(out)-1].value += n.value
				continue
			}
		} else if n.to < len(words) && l.hasWord("currency", words[n.to].text) && i+1 < len(found) {
			next := found[i+1]
			bare := next.to == len(words) || !l.hasWord("cents", words[next.to].text) && !l.hasWord("currency", words[next.to].text)
			if bare && next.value < 100 && next.from-n.to <= 2 && !next.decimal { // five dollars fifty
				n.value += next.value / 100
				i++
			}
		}
		out = append(out, n)
	}
	return out
}

// valued returns a number as the type of the question.
func (l *Language) valued(q Question, value float64, confidence Confidence) Answer {
	if math.IsInf(value, 0) || math.IsNaN(value) || math.Abs(value) >= 1<<53 {
		return Answer{}
	}
	whole := value == math.Trunc(value)
	switch {
	case q.Type == call.Int && whole, q.Sort == WholeNumber && whole && q.Type != call.Float && q.Type != call.String && q.Type != "":
		return Answer{Confidence: confidence, Value: int64(value)}
	case q.Type == call.Int:
		return Answer{}
	case q.Type == call.Float:
		return Answer{Confidence: confidence, Value: value}
	case q.Sort == Money && !whole:
		return Answer{Confidence: confidence, Value: strconv.FormatFloat(value, 'f', 2, 64)}
	default:
		return Answer{Confidence: confidence, Value: strconv.FormatFloat(value, 'f', -1, 64)}
	}
}

// Lengths of telephone numbers in digits.
const (
	shortestPhone = 7
	northAmerican = 10
	longestPhone  = 15
)

// dialled reads digits in groups.
func (l *Language) dialled(q Question, words []word) Answer {
	if q.Sort == Digits {
		if code, ok := l.lettered(words); ok {
			return Answer{Confidence: Unsure, Value: code, Completeness: MayGoOn}
		}
	}
	runs := l.runs(words)
	if len(runs) == 0 {
		return Answer{Completeness: MayGoOn}
	}
	digits, plus, unsure, open := "", false, false, false
	for i, run := range runs {
		if i > 0 && runs[i-1].digits == run.digits && len(run.digits) > 3 {
			continue // said twice
		}
		digits += run.digits
		plus = plus || run.plus && i == 0
		unsure = unsure || run.unsure
		open = run.open
	}
	if half := len(digits) / 2; len(runs) == 1 && runs[0].skipped && half >= 4 && digits[:half] == digits[half:] {
		digits, unsure = digits[:half], true // said twice
	}
	out := Answer{Confidence: Sure, Value: digits}
	if len(runs) > 2 || unsure {
		out.Confidence = Unsure
	}
	if q.Sort == Phone {
		out.Confidence = Unsure
		switch n := len(digits); {
		case n < shortestPhone:
			return Answer{Completeness: Unfinished}
		case n > longestPhone:
			return Answer{}
		case n < northAmerican:
			out.Completeness = MayGoOn
		case n == northAmerican && !plus || n == northAmerican+1 && digits[0] == '1':
			if !unsure && len(runs) == 1 {
				out.Confidence = Sure
			}
		}
		if plus {
			digits = "+" + digits
			out.Value = digits
		}
	} else {
		out.Completeness = MayGoOn
		if len(digits) > 4 {
			out.Confidence = Unsure
		}
	}
	if open {
		out.Completeness = Unfinished
	}
	return out
}

// instant reads a date, a time or both.
func (l *Language) instant(q Question, words []word, now time.Time) Answer {
	w := l.when(words, now, q.Past, q.Sort != Date)
	missing := Answer{Completeness: Unfinished}
	confidence := Sure
	if w.Doubtful {
		confidence = Unsure
	}
	value := func(layout string) Answer {
		return Answer{Confidence: confidence, Value: w.At.Format(layout)}
	}
	switch {
	case !w.HasDate && !w.HasTime:
		return Answer{Completeness: MayGoOn}
	case q.Sort == Time:
		if !w.HasTime {
			return missing
		}
		return value("15:04")
	case q.Sort == Date:
		if !w.HasDate || q.Past && !w.HasYear && !w.Span {
			return missing
		}
		return value(time.DateOnly)
	case w.HasDate && w.HasTime:
		return value("2006-01-02T15:04")
	case w.HasDate:
		out := value(time.DateOnly)
		out.Completeness, out.Lacks = MayGoOn, TheTime
		return out
	case w.Unread:
		return Answer{Completeness: MayGoOn, Lacks: TheDay}
	default:
		confidence = Unsure
		out := value("2006-01-02T15:04")
		out.Lacks = TheDay
		return out
	}
}

// trailsOff reports whether a turn ends in the middle: in a filler that thinks, or in a word that wants another.
func (l *Language) trailsOff(words []word) bool {
	for i := max(0, len(words)-4); i < len(words); i++ {
		if p := l.phrases["trails off"]; p != nil && p.at(words, i) == len(words) {
			return true
		}
	}
	return false
}
