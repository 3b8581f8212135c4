package pronounce

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed data
var data embed.FS

// tables are the data files.
type tables struct {
	cardinals, ordinals map[int]string
	currencies          map[string]currency
	units               map[string][2]string // one, many
	abbreviations       map[string][]abbreviation
	months              map[string]string // by name and abbreviation
	symbols             map[rune]string
	addresses           map[rune]string
	lists               map[string]map[string]bool
	letters             map[byte]string // ARPAbet
	sounds              map[string]string
	weak                map[string][2]string // before a consonant, before a vowel
	words               map[string]string    // ARPAbet
	heteronyms          map[string][2]string // ARPAbet: noun, verb
	guesses             *guess
}

type currency struct{ one, many, cent, cents string }

// abbreviation is one reading of an abbreviation.
type abbreviation struct{ when, words string }

// loaded reads the data files once; a mistake in them is found by every test of the package.
var loaded = sync.OnceValue(func() *tables {
	t := &tables{
		cardinals: map[int]string{}, ordinals: map[int]string{}, currencies: map[string]currency{}, units: map[string][2]string{},
		abbreviations: map[string][]abbreviation{}, months: map[string]string{}, symbols: map[rune]string{}, addresses: map[rune]string{},
		lists: map[string]map[string]bool{}, letters: map[byte]string{}, sounds: map[string]string{}, weak: map[string][2]string{},
		words: map[string]string{}, heteronyms: map[string][2]string{},
	}
	each("numbers", 3, func(f []string) {
		n, err := strconv.Atoi(f[0])
		if err != nil {
			panic(err)
		}
		t.cardinals[n], t.ordinals[n] = f[1], f[2]
	})
	each("currencies", 3, func(f []string) {
		f = append(f, "", "")
		t.currencies[f[0]] = currency{f[1], f[2], f[3], f[4]}
	})
	each("units", 3, func(f []string) { t.units[f[0]] = [2]string{f[1], f[2]} })
	each("abbreviations", 3, func(f []string) {
		t.abbreviations[f[0]] = append(t.abbreviations[f[0]], abbreviation{f[1], f[2]})
	})
	each("months", 1, func(f []string) {
		for _, name := range f {
			t.months[name] = f[0]
		}
	})
	each("symbols", 2, func(f []string) { t.symbols[[]rune(f[0])[0]] = f[1] })
	each("addresses", 2, func(f []string) { t.addresses[[]rune(f[0])[0]] = f[1] })
	each("lists", 2, func(f []string) {
		list := map[string]bool{}
		for _, word := range strings.Fields(f[1]) {
			list[word] = true
		}
		t.lists[f[0]] = list
	})
	each("letters", 2, func(f []string) { t.letters[f[0][0]] = f[1] })
	each("sounds", 2, func(f []string) { t.sounds[f[0]] = f[1] })
	each("weak", 2, func(f []string) { t.weak[f[0]] = [2]string{f[1], f[len(f)-1]} })
	each("words", 2, func(f []string) { t.words[f[0]] = f[1] })
	each("heteronyms", 3, func(f []string) { t.heteronyms[f[0]] = [2]string{f[1], f[2]} })
	t.guesses = readGuess()
	return t
})

// each calls use with the fields of every line of a table that is not a comment; fewer than least fields are a mistake. A
// comment begins with "# ".
func each(name string, least int, use func(fields []string)) {
	text, err := data.ReadFile("data/" + name + ".tsv")
	if err != nil {
		panic(err)
	}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) < least || fields[0] == "" {
			panic(fmt.Sprintf("data/%s.tsv, line %d: %d fields", name, n+1, len(fields)))
		}
		use(fields)
	}
}
