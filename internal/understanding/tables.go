package understanding

import (
	"embed"
	"fmt"
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
var valued = []string{"numbers", "ordinals", "digits", "when", "letters", "signs", "domains", "amounts", "settings"}

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
