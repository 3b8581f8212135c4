package pronounce

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Lexicon knows how words sound. It is safe for concurrent use.
type Lexicon struct {
	*tables
	entries map[string]string // ARPAbet by word
}

// errNoEntries is returned by New for what is no dictionary.
var errNoEntries = errors.New("no entries of CMUdict were found")

// New reads CMUdict: lines of a word in small letters, two spaces and its sounds. Of several readings of a word, numbered
// as in "read(2)", the first is used.
func New(dictionary io.Reader) (*Lexicon, error) {
	l := &Lexicon{tables: loaded(), entries: make(map[string]string, 140_000)}
	lines := bufio.NewScanner(dictionary)
	for lines.Scan() {
		word, sounds, ok := strings.Cut(lines.Text(), "  ")
		if !ok || word == "" || strings.HasSuffix(word, ")") {
			continue
		}
		sounds, _, _ = strings.Cut(sounds, " #") // where the word is from
		l.entries[word] = strings.Clone(sounds)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read dictionary: %w", err)
	}
	if len(l.entries) == 0 {
		return nil, fmt.Errorf("read dictionary: %w", errNoEntries)
	}
	return l, nil
}

// known reports whether the sounds of a word are known and not guessed.
func (l *Lexicon) known(word string) bool {
	_, ok := l.find(word)
	return ok
}

// sounds returns the ARPAbet sounds of a word in small letters.
func (l *Lexicon) sounds(word string) string {
	if sounds, ok := l.find(word); ok {
		return sounds
	}
	// Two known words written as one; the longer first part wins, as in "snowboardshop".
	for i := len(word) - 3; i >= 3; i-- {
		if a, ok := l.entry(word[:i]); ok {
			if b, ok := l.entry(word[i:]); ok {
				return a + " " + strings.ReplaceAll(b, "1", "2")
			}
		}
	}
	return l.guesses.sounds(word)
}

func (l *Lexicon) entry(word string) (string, bool) {
	if sounds, ok := l.words[word]; ok {
		return sounds, true
	}
	sounds, ok := l.entries[word]
	return sounds, ok
}

// find returns the sounds of a word that the dictionary has, or has without its ending.
func (l *Lexicon) find(word string) (string, bool) {
	if sounds, ok := l.entry(word); ok {
		return sounds, true
	}
	for _, ending := range endings {
		stem, ok := strings.CutSuffix(word, ending.letters)
		if !ok || len(stem) < 2 {
			continue
		}
		for _, instead := range ending.stems {
			candidate := stem + instead
			if instead == "double" { // running: run
				if len(stem) < 4 || stem[len(stem)-1] != stem[len(stem)-2] {
					continue
				}
				candidate = stem[:len(stem)-1]
			}
			if sounds, ok := l.entry(candidate); ok {
				return sounds + " " + ending.sounds(lastSound(sounds)), true
			}
		}
	}
	return "", false
}

// endings are tried in order: how they are written, what stands in the dictionary in their place, and how they sound after
// a sound.
var endings = []struct {
	letters string
	stems   []string
	sounds  func(after string) string
}{
	{"'s", []string{""}, sibilant},
	{"s'", []string{"", "s"}, sibilant},
	{"ies", []string{"y"}, sibilant},
	{"es", []string{"e", ""}, sibilant},
	{"s", []string{""}, sibilant},
	{"ied", []string{"y"}, dental},
	{"ed", []string{"", "e", "double"}, dental},
	{"ing", []string{"", "e", "double"}, func(string) string { return "IH0 NG" }},
	{"in'", []string{"", "e", "double"}, func(string) string { return "IH0 N" }},
	{"er", []string{"", "e", "double"}, func(string) string { return "ER0" }},
	{"ers", []string{"", "e", "double"}, func(string) string { return "ER0 Z" }},
	{"ly", []string{""}, func(string) string { return "L IY0" }},
	{"ness", []string{""}, func(string) string { return "N AH0 S" }},
	{"less", []string{""}, func(string) string { return "L AH0 S" }},
	{"ful", []string{""}, func(string) string { return "F AH0 L" }},
	{"able", []string{"", "e"}, func(string) string { return "AH0 B AH0 L" }},
	{"n't", []string{""}, func(string) string { return "AH0 N T" }},
	{"'ll", []string{""}, func(string) string { return "AH0 L" }},
	{"'d", []string{""}, dental},
	{"'ve", []string{""}, func(string) string { return "AH0 V" }},
	{"'re", []string{""}, func(string) string { return "ER0" }},
}

// sibilant is how a plural or possessive sounds.
func sibilant(after string) string {
	switch after {
	case "S", "Z", "SH", "ZH", "CH", "JH":
		return "IH0 Z"
	case "P", "T", "K", "F", "TH":
		return "S"
	}
	return "Z"
}

// dental is how a past tense sounds.
func dental(after string) string {
	switch after {
	case "T", "D":
		return "IH0 D"
	case "P", "K", "F", "TH", "S", "SH", "CH":
		return "T"
	}
	return "D"
}

func lastSound(sounds string) string { return sounds[strings.LastIndexByte(sounds, ' ')+1:] }
