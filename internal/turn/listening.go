package turn

import (
	"embed"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// phraseFiles hold what people say that is no turn of its own, one file a language.
//
//go:embed phrases
var phraseFiles embed.FS

// listening are the phrases of one language, as words separated by single spaces.
type listening struct{ backchannel, farewell map[string]bool }

var allListening = sync.OnceValue(func() map[string]listening {
	files, err := phraseFiles.ReadDir("phrases")
	if err != nil {
		panic(err) // embedded
	}
	all := map[string]listening{}
	for _, file := range files {
		text, err := phraseFiles.ReadFile("phrases/" + file.Name())
		if err != nil {
			panic(err)
		}
		l := listening{backchannel: map[string]bool{}, farewell: map[string]bool{}}
		section := l.backchannel
		for line := range strings.Lines(string(text)) {
			switch line = strings.TrimSpace(line); {
			case line == "" || line[0] == '#':
			case line == "[backchannel]":
				section = l.backchannel
			case line == "[farewell]":
				section = l.farewell
			default:
				section[strings.Join(wordsOf(line), " ")] = true
			}
		}
		all[strings.TrimSuffix(file.Name(), ".txt")] = l
	}
	return all
})

// listeningIn returns the phrases of a BCP 47 tag; of a language without any those of English.
func listeningIn(tag string) listening {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if l, ok := allListening()[primary]; ok {
		return l
	}
	return allListening()["en"]
}

// wordsOf returns the words of a text in lower case, without punctuation.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && r != '\''
	})
}

// only reports whether the words are phrases of these sets and nothing else. Words that go on may end within a phrase.
func only(words []string, goesOn bool, sets ...map[string]bool) bool {
	for len(words) > 0 {
		n := min(len(words), 5)
		for ; n > 0; n-- {
			phrase := strings.Join(words[:n], " ")
			if slices.ContainsFunc(sets, func(set map[string]bool) bool { return set[phrase] }) {
				break
			}
		}
		if n == 0 {
			return goesOn && begins(words, sets)
		}
		words = words[n:]
	}
	return true
}

// begins reports whether a phrase begins with the words.
func begins(words []string, sets []map[string]bool) bool {
	start := strings.Join(words, " ")
	for _, set := range sets {
		for phrase := range set {
			if strings.HasPrefix(phrase, start) {
				return true
			}
		}
	}
	return false
}

// joinTurn joins the words of a turn and of what follows, which may hold the turn's once more.
func joinTurn(before, after string) string {
	first, all := wordsOf(before), wordsOf(after)
	if len(all) >= len(first) && slices.Equal(all[:len(first)], first) {
		return after
	}
	return join(before, after)
}

// lettersASecond is how quickly voices speak, roughly.
const lettersASecond = 15

const (
	echoEarly = 300 * time.Millisecond // an echo may seem to begin by so much too early, as the place of a word is a guess …
	echoLate  = 600 * time.Millisecond // … and comes back so much later at most
)

// echoes reports whether words that began at an instant follow each other in what was being played then: our own voice comes
// back over many lines.
func (u *utterance) echoes(words []string, from time.Duration) bool {
	var said []string
	var at []time.Duration
	for n, part := range u.parts {
		if n > len(u.starts)-1 {
			break // not played yet
		}
		letters := 0
		for _, field := range strings.Fields(part) {
			for _, word := range wordsOf(field) {
				said, at = append(said, word), append(at, u.starts[n]+time.Duration(letters)*time.Second/lettersASecond)
			}
			letters += utf8.RuneCountInString(field) + 1
		}
	}
	for n := 0; n+len(words) <= len(said); n++ {
		if slices.Equal(said[n:n+len(words)], words) && from >= at[n]-echoEarly && from <= at[n]+echoLate {
			return true
		}
	}
	return false
}
