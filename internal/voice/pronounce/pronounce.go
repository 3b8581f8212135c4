// Package pronounce turns English text into the sounds that the neural voice reads: numbers, money, dates, addresses and
// abbreviations into words as people read them, and words into phonemes by CMUdict, its endings, and guesses by letters. Its
// tables are the files in data. It is pure but for the dictionary, which it is given.
package pronounce

import (
	"strings"
)

// Words returns text as the words in which it is read, with the pauses that are left: "It is 5%." is "it is five percent.".
func (l *Lexicon) Words(text string) string {
	var out strings.Builder
	for _, word := range l.normalise(text, l.known) {
		if strength[word] == 0 && out.Len() > 0 {
			out.WriteByte(' ')
		} else if word == "—" {
			out.WriteByte(' ')
		}
		out.WriteString(word)
	}
	return out.String()
}

// Letters returns text in the letters of the voice's alphabet (IPA with capitals for diphthongs), with marks for stress and
// pauses. lost is set if letters or digits of scripts that cannot be read were left out.
func (l *Lexicon) Letters(text string) (letters string, lost bool) {
	_, lost = l.clean(text)
	words := l.normalise(text, l.known)
	var out strings.Builder
	for i, word := range words {
		switch {
		case word == "—":
			out.WriteString(" —")
			continue
		case strength[word] > 0:
			out.WriteString(word)
			continue
		case out.Len() > 0:
			out.WriteByte(' ')
		}
		out.WriteString(l.letters1(words, i))
	}
	return out.String(), lost
}

// letters1 returns the voice's letters of words[i].
func (l *Lexicon) letters1(words []string, i int) string {
	word := words[i]
	if isUpper(word[0]) && (len(word) == 1 || len(word) == 2 && word[1] == 's') { // a letter by its name, or several of them
		sounds := l.tables.letters[word[0]]
		if len(word) == 2 {
			sounds += " " + sibilant(lastSound(sounds))
		}
		if i+1 < len(words) && isUpper(words[i+1][0]) { // only the last of a row has the main stress
			sounds = strings.ReplaceAll(sounds, "1", "2")
		}
		return l.voiced(strings.Fields(sounds))
	}
	word = strings.ToLower(word)
	if forms, ok := l.weak[word]; ok {
		if i+1 < len(words) && l.startsWithVowel(words, i+1) {
			return forms[1]
		}
		return forms[0]
	}
	if forms, ok := l.heteronyms[word]; ok {
		if i > 0 && l.lists["verb"][strings.ToLower(words[i-1])] {
			return l.voiced(strings.Fields(forms[1]))
		}
		return l.voiced(strings.Fields(forms[0]))
	}
	return l.voiced(strings.Fields(l.sounds(word)))
}

// startsWithVowel reports whether words[i] begins with the sound of a vowel.
func (l *Lexicon) startsWithVowel(words []string, i int) bool {
	word := words[i]
	if strength[word] > 0 {
		return false
	}
	sounds := ""
	if isUpper(word[0]) {
		sounds = l.tables.letters[word[0]]
	} else {
		sounds = l.sounds(word)
	}
	first, _, _ := strings.Cut(sounds, " ")
	return isVowel(first)
}

func isVowel(sound string) bool {
	return sound != "" && sound[len(sound)-1] >= '0' && sound[len(sound)-1] <= '9'
}

// voiced returns ARPAbet sounds in the voice's letters, as American English has them: the t of "better" is a tap, and the
// last vowels of "little" and "button" are hardly there.
func (l *Lexicon) voiced(sounds []string) string {
	var out strings.Builder
	for i, sound := range sounds {
		next, before := "", ""
		if i+1 < len(sounds) {
			next = sounds[i+1]
		}
		if i > 0 {
			before = sounds[i-1]
		}
		switch {
		case sound == "T" && (isVowel(before) || before == "R") && isVowel(next) && strings.HasSuffix(next, "0") && !(next == "AH0" && i+2 < len(sounds) && sounds[i+2] == "N"):
			out.WriteString("T")
		case sound == "AH0" && next == "L" && i+2 == len(sounds) && i > 0 && !isVowel(before):
			out.WriteString("ᵊ")
		case isVowel(sound):
			base, stress := sound[:len(sound)-1], sound[len(sound)-1]
			if stress == '1' {
				out.WriteString("ˈ")
			} else if stress == '2' {
				out.WriteString("ˌ")
			}
			letter := l.tables.sounds[base]
			if weak, ok := l.tables.sounds[sound]; ok {
				letter = weak
			}
			out.WriteString(letter)
		default:
			out.WriteString(l.tables.sounds[sound])
		}
	}
	return out.String()
}
