package understanding

import (
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
)

// Choices are several things of which people mean one, by their names: "Yes", "Wants an offer", "Otherwise". The names are those
// of the ways on in a script, so that they may speak of the person as somebody else.
type Choices struct {
	language     *Language
	own          []map[string]float64 // of each name: the words that tell it from the others, and how much
	yes, no, any int                  // the one that stands for it, -1 = none
}

// Choices reads the names. The sections are:
//
//	choice no      a name with such a word is that of a no: "Not interested", "Declines"
//	choice yes     beside a no, that of a yes: "Wants an offer"
//	choice any     that of everything else: "Otherwise"
//	choice little  words that tell nothing: "the", "customer"
func (l *Language) Choices(names []string) Choices {
	c := Choices{language: l, yes: -1, no: -1, any: -1}
	words := make([][]word, len(names))
	having := map[string]int{} // in how many names a word is
	var yes, mild, no []int
	for n, name := range names {
		words[n] = l.read(name)
		for _, text := range slices.Compact(slices.Sorted(slices.Values(wordTexts(words[n])))) {
			having[text]++
		}
		plain := l.answer(Question{Sort: YesNo, Type: call.Boolean}, name, words[n], time.Time{})
		switch {
		case l.has(words[n], "choice any"):
			c.any = n
		case plain.Value == false || l.has(words[n], "choice no"):
			no = append(no, n)
		case plain.Value == true && plain.Confidence == Sure:
			yes = append(yes, n)
		case l.has(words[n], "choice yes"):
			mild = append(mild, n)
		}
	}
	c.no = only(l, words, no, "plain no")
	if c.yes = only(l, words, yes, "plain yes"); c.yes < 0 && len(yes) == 0 && c.no >= 0 {
		c.yes = only(l, words, mild, "plain yes")
	}
	if c.yes < 0 && c.no >= 0 && len(names) == 2 && c.any < 0 {
		c.yes = 1 - c.no
	}
	for _, all := range words {
		own := map[string]float64{}
		for _, w := range all {
			if having[w.text] < max(2, len(names)) && !l.has([]word{w}, "choice little") {
				own[w.text] = 1 / float64(having[w.text])
			}
		}
		c.own = append(c.own, own)
	}
	return c
}

func wordTexts(words []word) (out []string) {
	for _, w := range words {
		out = append(out, w.text)
	}
	return out
}

// only returns the one of several names, or the one of them that is nothing but a phrase of a section; -1 without one.
func only(l *Language, words [][]word, of []int, section string) int {
	if len(of) == 1 {
		return of[0]
	}
	found := -1
	for _, n := range of {
		if l.is(words[n], section) {
			if found >= 0 {
				return -1
			}
			found = n
		}
	}
	return found
}

// YesNo reports whether it is a matter of yes and no: there is one that stands for either.
func (c Choices) YesNo() bool { return c.Of(true) >= 0 && c.Of(false) >= 0 }

// Of returns the one that stands for a yes, or a no; where there is but the other one, that for everything else; -1 = none.
func (c Choices) Of(yes bool) int {
	side, other := c.yes, c.no
	if !yes {
		side, other = other, side
	}
	if side < 0 && other >= 0 {
		return c.any
	}
	return side
}

// Rest returns the one for everything else, -1 = none.
func (c Choices) Rest() int { return c.any }

// Undecided returns the one to take where nothing tells: that for everything else, else the no, so that nobody is held to a yes
// that they have not said, else the first.
func (c Choices) Undecided() int {
	switch {
	case c.any >= 0:
		return c.any
	case c.YesNo():
		return c.no
	default:
		return 0
	}
}

// Pick returns which one words mean; it is Sure by its own words or by a plain yes or no, Unsure by a doubtful one.
func (c Choices) Pick(text string, now time.Time) (n int, confidence Confidence) {
	words := c.language.turn(text)
	sided := []int{c.yes, c.no}
	if n = c.byWords(words, sided, 1); n >= 0 {
		return n, Sure
	}
	if c.YesNo() {
		answer := c.language.Answer(Question{Sort: YesNo, Type: call.Boolean, Offer: true}, text, now)
		if yes, ok := answer.Value.(bool); ok {
			return c.Of(yes), answer.Confidence
		}
	}
	if n = c.byWords(words, nil, 0.5); n >= 0 {
		return n, Sure
	}
	return -1, NotUnderstood
}

// byWords returns the one of whose words more were said than of any other, and not denied; -1 = none. Of those left out nothing
// is read.
func (c Choices) byWords(words []word, without []int, least float64) int {
	scores := make([]float64, len(c.own))
	for _, clause := range clauses(words, comma) {
		if c.language.has(clause, "choice no") {
			continue
		}
		for n, own := range c.own {
			for text, weight := range own {
				if !slices.Contains(without, n) && slices.ContainsFunc(clause, func(w word) bool { return sameWord(w.text, text) }) {
					scores[n] += weight
				}
			}
		}
	}
	best, second := -1, 0.0
	for n, score := range scores {
		switch {
		case best < 0 || score > scores[best]:
			if best >= 0 {
				second = scores[best]
			}
			best = n
		default:
			second = max(second, score)
		}
	}
	if best < 0 || scores[best] < least || scores[best] == second {
		return -1
	}
	return best
}

// ending is how many letters at their ends two forms of one word differ by: price and prices, book and booking.
const ending = 3

// sameWord reports whether two words are forms of one.
func sameWord(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= 4 && len(b)-len(a) <= ending && strings.HasPrefix(b, a)
}
