package understanding

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// A table has sections. In the section [replace] a line is "word = words"; in [define] "name = pattern", for {name} in
// patterns; sections of values ([numbers], [when], …) have "words = value"; all others have one pattern a line.
//
//	word    this word          a b|c   these phrases, one of them        (…)    a pattern in its place
//	word?   perhaps            (…)?    perhaps                           {name} what was defined
//	*       up to three words  _       any one word
//
//go:embed words/*.txt
var tables embed.FS

// valued are the sections of "words = value".
var valued = []string{"numbers", "ordinals", "digits", "when", "letters", "signs", "domains", "settings"}

// languages has all tables by the primary language subtag.
var languages = sync.OnceValue(func() map[string]*Language {
	all := map[string]*Language{}
	entries, err := tables.ReadDir("words")
	if err != nil {
		panic("read tables: " + err.Error()) // embedded: a failure is a programming error
	}
	for _, entry := range entries {
		raw, err := tables.ReadFile(path.Join("words", entry.Name()))
		if err != nil {
			panic("read table: " + err.Error())
		}
		tag := strings.TrimSuffix(entry.Name(), ".txt")
		l, err := load(tag, string(raw))
		if err != nil {
			panic(fmt.Sprintf("table %s: %v", entry.Name(), err))
		}
		all[tag] = l
	}
	return all
})

func load(tag, table string) (*Language, error) {
	l := &Language{
		tag: tag, replace: map[string][]string{}, numbers: map[string]numeral{}, values: map[string]map[string]string{},
		phrases: map[string]*patterns{}, isKnown: map[string]bool{}, known: map[int][]string{}, decimal: '.',
	}
	defined := map[string][]pattern{}
	section := ""
	number := 0
	for line := range strings.Lines(table) {
		number++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		if err := l.line(section, line, defined); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if l.values["settings"]["decimal"] == "comma" {
		l.decimal = ','
	}
	for key := range l.values["when"] {
		l.longest = max(l.longest, 1+strings.Count(key, " "))
		l.know(strings.Fields(key))
	}
	for _, words := range []map[string]string{l.values["letters"], l.values["signs"], l.values["digits"]} {
		for key := range words {
			l.know(strings.Fields(key))
		}
	}
	for key := range l.numbers {
		l.know([]string{key})
	}
	for w := range l.isKnown {
		if _, number := l.numbers[w]; len(w) >= 5 || number && len(w) == 4 {
			l.known[len(w)] = append(l.known[len(w)], w)
		}
	}
	for _, words := range l.known {
		slices.Sort(words)
	}
	return l, nil
}

func (l *Language) know(words []string) {
	for _, w := range words {
		l.isKnown[w] = true
	}
}

func (l *Language) line(section, line string, defined map[string][]pattern) error {
	key, value, valuedLine := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case section == "":
		return fmt.Errorf("%q is in no section", line)
	case section == "replace":
		if !valuedLine {
			return fmt.Errorf("%q has no replacement", line)
		}
		l.replace[fold(key)] = strings.Fields(fold(value))
	case section == "define":
		elements, err := l.pattern(value, defined)
		if err != nil {
			return err
		}
		defined[key] = []pattern{elements}
	case slices.Contains(valued, section):
		if !valuedLine {
			return fmt.Errorf("%q has no value", line)
		}
		return l.value(section, texts(l.read(key)), value)
	default:
		elements, err := l.pattern(line, defined)
		if err != nil {
			return err
		}
		p := l.phrases[section]
		if p == nil {
			p = &patterns{byFirst: map[string][]pattern{}}
			l.phrases[section] = p
		}
		p.add(elements)
		elements.words(func(w string) { l.isKnown[w] = true })
	}
	return nil
}

func (l *Language) value(section, key, value string) error {
	if section == "numbers" || section == "ordinals" {
		n, err := parseNumeral(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		n.ordinal = section == "ordinals"
		l.numbers[key] = n
		return nil
	}
	if l.values[section] == nil {
		l.values[section] = map[string]string{}
	}
	l.values[section][key] = value
	return nil
}

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
