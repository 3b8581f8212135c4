package turn

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// answererFiles hold what those say who pick up by themselves, one file a language.
//
//go:embed answerers
var answererFiles embed.FS

// speaker is who says such words, as far as words tell.
type speaker int

const (
	somebody     speaker = iota // nothing says that it is no person
	mailbox                     // an answering machine
	screener                    // an assistant that asks who calls before it lets anybody through
	outOfService                // the network: there is no such number
	menu                        // a telephone menu
)

// certainMenu is how many of a menu's choices make one certain.
const certainMenu = 2

// longestGap is for how many words a "*" stands at most.
const longestGap = 8

// pattern is a phrase: words with their alternatives; nil is a gap.
type pattern [][]string

// answererPhrases are the phrases of one language by section.
type answererPhrases map[string][]pattern

var allAnswerers = sync.OnceValue(func() map[string]answererPhrases {
	files, err := answererFiles.ReadDir("answerers")
	if err != nil {
		panic(err) // embedded
	}
	all := map[string]answererPhrases{}
	for _, file := range files {
		text, err := answererFiles.ReadFile("answerers/" + file.Name())
		if err != nil {
			panic(err)
		}
		phrases, section := answererPhrases{}, ""
		for line := range strings.Lines(string(text)) {
			switch line = strings.TrimSpace(line); {
			case line == "" || line[0] == '#':
			case line[0] == '[':
				section = strings.Trim(line, "[]")
			default:
				phrases[section] = append(phrases[section], patternOf(line))
			}
		}
		all[strings.TrimSuffix(file.Name(), ".txt")] = phrases
	}
	return all
})

func patternOf(line string) pattern {
	var p pattern
	for _, field := range strings.Fields(line) {
		if field == "*" {
			p = append(p, nil)
		} else {
			p = append(p, strings.Split(field, "|"))
		}
	}
	return p
}

// answerersIn returns the phrases of a BCP 47 tag; of a language without any those of English.
func answerersIn(tag string) answererPhrases {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if phrases, ok := allAnswerers()[primary]; ok {
		return phrases
	}
	return allAnswerers()["en"]
}

// who tells from the words of one turn who says them. A voicemail greeting is one whatever else it asks for, and is no menu,
// whatever keys it names; a menu that has a key for leaving a message is one.
func (a answererPhrases) who(text string) speaker {
	words := answererWords(text)
	chooses := a.choices(text) >= certainMenu
	if chooses {
		words = a.drop(words, "mailbox offered")
	}
	switch {
	case a.has(words, "mailbox"):
		return mailbox
	case a.has(words, "screening"):
		return screener
	case a.has(words, "mailbox perhaps"):
		return mailbox
	case a.has(words, "not in service") && !a.has(words, "not in service except"):
		return outOfService
	case chooses:
		return menu
	default:
		return somebody
	}
}

// certainMailbox reports whether a text has words that only a mailbox says.
func (a answererPhrases) certainMailbox(text string) bool {
	return a.has(answererWords(text), "mailbox")
}

// temporary reports whether a text says that a number is out of service for a while.
func (a answererPhrases) temporary(text string) bool {
	return a.has(answererWords(text), "not in service except")
}

// told returns the words of a text that tell who says it. What stands in a gap is left out: it is anybody's.
func (a answererPhrases) told(who speaker, text string) string {
	words := answererWords(text)
	for _, section := range map[speaker][]string{
		mailbox: {"mailbox", "mailbox perhaps"}, screener: {"screening"}, outOfService: {"not in service"}, menu: {"menu"},
	}[who] {
		for at := range words {
			for _, p := range a[section] {
				if n := p.match(words[at:]); n > 0 {
					return p.without(words[at : at+n])
				}
			}
		}
	}
	return ""
}

// waits reports whether an assistant says that it is putting us through, and nobody has come to the telephone after that.
func (a answererPhrases) waits(text string) bool {
	words := answererWords(text)
	end := a.lastEnd(words, "waiting")
	return end > 0 && !a.has(words[end:], "somebody")
}

// greets reports whether a text has words of a person in it who has picked up.
func (a answererPhrases) greets(text string) bool { return a.has(answererWords(text), "somebody") }

// choices counts the choices of a menu in a text.
func (a answererPhrases) choices(text string) int {
	words := answererWords(text)
	count := 0
	for at := 0; at < len(words); {
		n := a.at(words[at:], "menu")
		if n > 0 {
			count++
		}
		at += max(n, 1)
	}
	return count
}

// names reports whether a menu's choices in a text have a key in them.
func (a answererPhrases) names(text, key string) bool {
	words := answererWords(text)
	for at := range words {
		for _, p := range a["menu"] {
			if n := p.match(words[at:]); n > 0 && keyOf(p, words[at+n-1]) == key {
				return true
			}
		}
	}
	return false
}

// keyOf returns the key that the last word of a menu's choice names: these are the ten digits, and then their names.
func keyOf(p pattern, word string) string {
	return strconv.Itoa(slices.Index(p[len(p)-1], word) % 10)
}

// drop returns words without the phrases of a section.
func (a answererPhrases) drop(words []string, section string) (kept []string) {
	for len(words) > 0 {
		n := a.at(words, section)
		if n == 0 {
			kept, n = append(kept, words[0]), 1
		}
		words = words[n:]
	}
	return kept
}

func answererWords(text string) []string { return wordsOf(strings.ReplaceAll(text, "’", "'")) }

func (a answererPhrases) has(words []string, section string) bool {
	return a.lastEnd(words, section) > 0
}

// lastEnd returns how many words there are up to the end of the last phrase of a section, 0 = there is none.
func (a answererPhrases) lastEnd(words []string, section string) int {
	for at := len(words) - 1; at >= 0; at-- {
		if n := a.at(words[at:], section); n > 0 {
			return at + n
		}
	}
	return 0
}

// at returns how many words the longest phrase of a section takes that the words begin with, 0 = there is none.
func (a answererPhrases) at(words []string, section string) int {
	longest := 0
	for _, p := range a[section] {
		longest = max(longest, p.match(words))
	}
	return longest
}

// without returns words that a pattern matches, with an ellipsis for what stands in its gaps.
func (p pattern) without(words []string) string {
	var kept []string
	for n, alternatives := range p {
		if alternatives != nil {
			kept, words = append(kept, words[0]), words[1:]
			continue
		}
		gap := 0
		for p[n+1:].match(words[gap:]) == 0 {
			gap++
		}
		if gap > 0 {
			kept, words = append(kept, "…"), words[gap:]
		}
	}
	return strings.Join(kept, " ")
}

// match returns how many words the pattern takes at the beginning of words, 0 = it is not there.
func (p pattern) match(words []string) int {
	for n, alternatives := range p {
		if alternatives == nil {
			for gap := 0; gap <= min(longestGap, len(words)-n); gap++ {
				if rest := p[n+1:].match(words[n+gap:]); rest > 0 {
					return n + gap + rest
				}
			}
			return 0
		}
		if n >= len(words) || !slices.Contains(alternatives, words[n]) {
			return 0
		}
	}
	return len(p)
}
