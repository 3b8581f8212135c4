package understanding

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// element is one place of a pattern: a word, a choice of patterns, or any words.
type element struct {
	word        string
	choice      []pattern
	least, most int // any words, so many of them
	optional    bool
}

type pattern []element

// pattern reads one pattern.
func (l *Language) pattern(text string, defined map[string][]pattern) (pattern, error) {
	p := parser{l: l, rest: text, defined: defined}
	choice, err := p.choice()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q: %w", text, err)
	case p.rest != "":
		return nil, fmt.Errorf("%q has a parenthesis too many", text)
	case len(choice) == 1:
		return choice[0], nil
	default:
		return pattern{{choice: choice}}, nil
	}
}

// parser reads patterns by recursive descent.
type parser struct {
	l       *Language
	rest    string
	defined map[string][]pattern
}

// choice reads patterns between bars, up to a closing parenthesis or the end.
func (p *parser) choice() ([]pattern, error) {
	var out []pattern
	for {
		sequence, err := p.sequence()
		if err != nil {
			return nil, err
		}
		if len(sequence) == 0 {
			return nil, errors.New("an alternative is empty")
		}
		out = append(out, sequence)
		if !strings.HasPrefix(p.rest, "|") {
			return out, nil
		}
		p.rest = p.rest[1:]
	}
}

// sequence reads elements up to a bar, a closing parenthesis or the end.
func (p *parser) sequence() (pattern, error) {
	var out pattern
	for {
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.rest == "" || p.rest[0] == '|' || p.rest[0] == ')' {
			return out, nil
		}
		elements, err := p.element()
		if err != nil {
			return nil, err
		}
		out = append(out, elements...)
	}
}

func (p *parser) element() (pattern, error) {
	var out pattern
	if p.rest[0] == '(' {
		p.rest = p.rest[1:]
		choice, err := p.choice()
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(p.rest, ")") {
			return nil, errors.New("a parenthesis is missing")
		}
		p.rest = p.rest[1:]
		out = pattern{{choice: choice}}
	} else {
		end := strings.IndexAny(p.rest, " |()?")
		if end < 0 {
			end = len(p.rest)
		}
		item := p.rest[:end]
		p.rest = p.rest[end:]
		switch {
		case item == "*":
			out = pattern{{least: 0, most: 3}}
		case item == "_":
			out = pattern{{least: 1, most: 1}}
		case strings.HasPrefix(item, "{"):
			choice := p.defined[strings.Trim(item, "{}")]
			if choice == nil {
				return nil, fmt.Errorf("%s is not defined", item)
			}
			out = pattern{{choice: choice}}
		default:
			for _, w := range p.l.read(item) {
				out = append(out, element{word: w.text})
			}
		}
	}
	if strings.HasPrefix(p.rest, "?") {
		p.rest = p.rest[1:]
		if len(out) == 1 && out[0].choice == nil {
			out[0].optional = true
		} else {
			out = pattern{{choice: []pattern{out}, optional: true}}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("an element is empty")
	}
	return out, nil
}

// patterns are those of a section, by their first word; "" has those that may begin with any.
type patterns struct {
	byFirst map[string][]pattern
}

func (p *patterns) add(elements pattern) {
	firsts := map[string]bool{}
	if elements.firsts(firsts) {
		firsts[""] = true
	}
	for _, first := range slices.Sorted(maps.Keys(firsts)) {
		p.byFirst[first] = append(p.byFirst[first], elements)
	}
}

// firsts adds the words that p can begin with; open reports that it may match without one of them.
func (p pattern) firsts(into map[string]bool) (open bool) {
	for _, e := range p {
		passes := e.optional
		switch {
		case e.word != "":
			into[e.word] = true
		case e.choice != nil:
			for _, c := range e.choice {
				passes = c.firsts(into) || passes
			}
		default:
			into[""] = true
			passes = passes || e.least == 0
		}
		if !passes {
			return false
		}
	}
	return true
}

// at returns the end of the longest match that begins at word i, or -1.
func (p *patterns) at(words []word, i int) int {
	best := -1
	if p == nil {
		return best
	}
	for _, first := range []string{words[i].text, ""} {
		for _, candidate := range p.byFirst[first] {
			for _, end := range candidate.ends(words, []int{i}) {
				best = max(best, end)
			}
		}
	}
	if best <= i {
		return -1
	}
	return best
}

// ends returns all places where a match that begins at one of from may end, each once, so that no pattern takes longer than
// its length times that of words.
func (p pattern) ends(words []word, from []int) []int {
	at := from
	for _, e := range p {
		var next []int
		add := func(i int) {
			if i <= len(words) && !slices.Contains(next, i) {
				next = append(next, i)
			}
		}
		if e.optional {
			next = append(next, at...)
		}
		for _, i := range at {
			switch {
			case e.word != "":
				if i < len(words) && words[i].text == e.word {
					add(i + 1)
				}
			case e.choice != nil:
				for _, c := range e.choice {
					for _, end := range c.ends(words, []int{i}) {
						add(end)
					}
				}
			default:
				for n := e.least; n <= e.most; n++ {
					add(i + n)
				}
			}
		}
		if len(next) == 0 {
			return nil
		}
		at = next
	}
	return at
}

// words tells the words of p.
func (p pattern) words(add func(string)) {
	for _, e := range p {
		if e.word != "" {
			add(e.word)
		}
		for _, c := range e.choice {
			c.words(add)
		}
	}
}

// span is words[from:to], which matched.
type span struct{ from, to int }

// find returns the longest matches of a section, from left to right, without overlaps.
func (l *Language) find(words []word, section string) []span {
	p := l.phrases[section]
	if p == nil {
		return nil
	}
	var out []span
	for i := 0; i < len(words); {
		end := p.at(words, i)
		if end < 0 {
			i++
			continue
		}
		out = append(out, span{i, end})
		i = end
	}
	return out
}

// all returns the longest match at every word, with overlaps.
func (l *Language) all(words []word, section string) []span {
	p := l.phrases[section]
	var out []span
	for i := range words {
		if end := p.at(words, i); end > 0 {
			out = append(out, span{i, end})
		}
	}
	return out
}

func (l *Language) has(words []word, section string) bool { return len(l.find(words, section)) > 0 }

// is reports whether a section matches all of words, apart from fillers around and between.
func (l *Language) is(words []word, section string) bool {
	found := l.find(words, section)
	return len(found) > 0 && l.uncovered(words, found) == 0
}

// uncovered counts the words outside of spans that are no fillers.
func (l *Language) uncovered(words []word, spans []span) int {
	n := 0
	fillers := l.find(words, "filler")
	inside := func(i int, in []span) bool {
		return slices.ContainsFunc(in, func(s span) bool { return i >= s.from && i < s.to })
	}
	for i := range words {
		if !inside(i, spans) && !inside(i, fillers) {
			n++
		}
	}
	return n
}
