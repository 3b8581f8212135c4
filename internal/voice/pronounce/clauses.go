package pronounce

import (
	"strings"
	"time"
)

// Clause is a part of a text that is spoken as one, and the pause after it.
type Clause struct {
	Text  string
	Pause time.Duration // 0 after the last one
}

// Pauses between clauses, besides what their ends fade out.
const (
	commaPause    = 120 * time.Millisecond
	dashPause     = 180 * time.Millisecond
	sentencePause = 280 * time.Millisecond
)

// maxClause bounds a clause in bytes, so that none has more letters than the voice takes: some 15 seconds. spokenDigits is
// what a digit counts for.
const (
	maxClause    = 220
	spokenDigits = 6
)

// Clauses splits a text where people pause: after sentences, and after commas where both sides can stand alone. What texts
// have in common is then spoken once: "Hello Anna," names a person, and "this is the clinic." does not. A clause keeps the
// mark at its end, which its melody follows.
func (l *Lexicon) Clauses(text string) []Clause {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, " ")), " ")
	var out []Clause
	start := 0
	add := func(end int, pause time.Duration) {
		if piece := strings.TrimSpace(text[start:end]); piece != "" {
			out = append(out, Clause{piece, pause})
		}
		start = end
	}
	cost := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case isDigit(c):
			cost += spokenDigits
		default:
			cost++
		}
		if cost > maxClause {
			end := start + strings.LastIndexAny(text[start:i], ",; ") + 1
			if end <= start {
				end = i
				for end > start+1 && text[end]&0xC0 == 0x80 { // not within a character
					end--
				}
			}
			add(end, 0)
			i, cost = start, 0
			continue
		}
		if pause := l.pauseAfter(text, start, i); pause > 0 {
			add(i+1, pause)
			cost = 0
		}
	}
	add(len(text), 0)
	if len(out) > 0 {
		out[len(out)-1].Pause = 0
	}
	return out
}

// pauseAfter returns the pause after text[i], 0 if the clause goes on.
func (l *Lexicon) pauseAfter(text string, start, i int) time.Duration {
	if i+2 >= len(text) || text[i+1] != ' ' {
		return 0
	}
	next := text[i+2]
	switch text[i] {
	case '.', '!', '?':
		if text[i] == '.' && (next >= 'a' && next <= 'z' || l.goesOn(text[start:i+1])) {
			return 0
		}
		return sentencePause
	case ';', ':':
		return dashPause
	case ',':
		left, right := strings.Fields(text[start:i]), strings.TrimSpace(text[i+1:])
		if isDigit(next) || len(left) == 0 || len(left) == 1 && len(left[0]) < 4 {
			return 0 // a date, an address; "Hi, …"
		}
		if end := strings.IndexAny(right, ".!?,;:"); end >= 0 {
			right = right[:end]
		}
		if len(strings.Fields(right)) < 2 {
			return 0 // lists, "…, please."
		}
		return commaPause
	}
	return 0
}

// goesOn reports whether the full stop at the end of text is that of an abbreviation before a name, or of an initial.
func (l *Lexicon) goesOn(text string) bool {
	word := text[strings.LastIndexByte(text, ' ')+1:]
	if len(word) == 2 && isUpper(word[0]) && word[0] != 'I' {
		return true
	}
	for _, reading := range l.abbreviations[strings.ToLower(word)] {
		if reading.when == "name" || reading.when == "number" || !endsSentence[reading.words] {
			return true
		}
	}
	return false
}
