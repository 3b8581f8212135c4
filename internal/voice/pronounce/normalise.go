package pronounce

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxText bounds the text that is read at once, in bytes: some five minutes of speech. What follows is left out.
const maxText = 8000

// maxMatch bounds what a rule looks at, in bytes, so that the time for a text grows with its length and no faster.
const maxMatch = 160

// latin maps letters that do not lose their accents by decomposition, and typographic marks, to what is read.
var latin = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", ",", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "‐", "-", "‑", "-", "−", "-", "…", "...", "–", " – ", "—", " — ",
	"½", " ½", "¼", " ¼", "¾", " ¾", "№", "No. ", "Wi-Fi", "wifi", "wi-fi", "wifi", "Wi-fi", "wifi",
	"ß", "ss", "æ", "ae", "Æ", "Ae", "œ", "oe", "Œ", "Oe", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "ð", "d", "þ", "th", "ı", "i",
)

// reader turns text into words from its beginning to its end.
type reader struct {
	*tables
	known func(word string) bool // a word of the dictionary, in lower case
	rest  string                 // what is still to be read
	out   []string               // words, and pauses as single marks
	last  string                 // what was read last, as it is written
	prior string                 // what was read before it
	glued bool                   // no space stands before the rest
	name  bool                   // the word before last began with a capital
	shout bool                   // the text is all in capitals
}

// clean returns text in which only marks, ASCII and the symbols of the tables are left. lost is set if letters or digits of
// other scripts were removed.
func (t *tables) clean(text string) (cleaned string, lost bool) {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text = latin.Replace(strings.ToValidUTF8(text, " "))
	var out strings.Builder
	for _, r := range text {
		if _, known := t.symbols[r]; known {
			out.WriteRune(r)
			continue
		}
		if _, known := t.currencies[string(r)]; known || r == '–' || r == '—' {
			out.WriteRune(r)
			continue
		}
		for _, d := range norm.NFKD.String(string(r)) {
			switch {
			case d == '\n' || d > ' ' && d < 0x7F:
				out.WriteRune(d)
			case unicode.Is(unicode.Mn, d): // a decomposed accent
			case d == '⁄':
				out.WriteByte('/')
			case unicode.IsLetter(d) || unicode.IsDigit(d):
				lost = true
				fallthrough
			default:
				out.WriteByte(' ')
			}
		}
	}
	return out.String(), lost
}

// normalise returns text as words and pauses (one of , ; : . ! ? —). known says which words the dictionary has.
func (t *tables) normalise(text string, known func(string) bool) []string {
	text, _ = t.clean(text)
	r := &reader{tables: t, known: known, rest: text}
	r.shout = shouts(text)
	for r.skip(); r.rest != ""; r.skip() {
		before := len(r.rest)
		r.next()
		if len(r.rest) == before {
			r.rest = r.rest[1:] // never reached: every character has a rule
		}
	}
	return joinPauses(r.out)
}

// shouts reports whether a text of several words has no small letters.
func shouts(text string) bool {
	return len(strings.Fields(text)) >= 3 && strings.ContainsFunc(text, unicode.IsUpper) && !strings.ContainsFunc(text, unicode.IsLower)
}

// skip skips spaces; the end of a line ends a sentence.
func (r *reader) skip() {
	trimmed := strings.TrimLeft(r.rest, " \n\t")
	if space := r.rest[:len(r.rest)-len(trimmed)]; strings.Contains(space, "\n") && trimmed != "" {
		r.pause('.')
	}
	r.glued = len(trimmed) == len(r.rest) && len(r.out) > 0
	r.rest = trimmed
}

// next reads one thing.
func (r *reader) next() {
	for i := range rules {
		rule := &rules[i]
		m := rule.pattern.FindStringSubmatch(r.rest[:min(len(r.rest), maxMatch)])
		if m == nil || rule.whole && !ends(r.rest[len(m[0]):]) {
			continue
		}
		if words, ok := rule.say(r, m); ok {
			r.take(len(m[0]), words)
			return
		}
	}
	r.mark()
}

// ends reports whether a word may end before rest.
func ends(rest string) bool {
	return rest == "" || !(isLetter(rest[0]) || isDigit(rest[0]))
}

// take consumes n bytes, which are read as words; commas in them are pauses.
func (r *reader) take(n int, words string) {
	r.name = r.last != "" && r.last[0] >= 'A' && r.last[0] <= 'Z'
	r.prior, r.last, r.rest = r.last, r.rest[:n], r.rest[n:]
	for _, word := range strings.Fields(words) {
		bare := strings.TrimRight(word, ",")
		if bare != "" {
			r.out = append(r.out, bare)
		}
		if bare != word {
			r.pause(',')
		}
	}
}

// mark reads one character that is no part of a word.
func (r *reader) mark() {
	c := []rune(r.rest)[0]
	size := len(string(c))
	after := r.rest[size:]
	switch c {
	case '.', '!', '?', ',', ';', ':':
		r.pause(c)
	case '–', '—':
		r.pause('—')
	case '-':
		if r.glued && after != "" && isDigit(after[0]) && isDigit(first(r.last)) { // 9:00-17:00
			r.out = append(r.out, "to")
		} else if strings.HasPrefix(after, "-") || strings.HasPrefix(after, " ") && len(r.out) > 0 {
			r.pause('—')
		}
	case '(', ')', '[', ']', '{', '}', '|':
		r.pause(',')
	case '/':
		if r.last == "and" && strings.HasPrefix(after, "or") { // and/or
			break
		}
		if after != "" && isLetter(after[0]) && len(r.out) > 0 {
			r.out = append(r.out, "or")
		}
	case '#':
		if after != "" && isDigit(after[0]) {
			r.take(size, "number")
			return
		}
	case '~':
		if after != "" && isDigit(after[0]) {
			r.out = append(r.out, "about")
		}
	case '\'', '"', '*', '_', '`', '^', '\\':
	default:
		if words, ok := r.symbols[c]; ok {
			r.out = append(r.out, strings.Fields(words)...)
		} else if money, ok := r.currencies[string(c)]; ok {
			r.out = append(r.out, strings.Fields(money.many)...)
		}
	}
	r.rest = after
}

// strength orders pauses.
var strength = map[string]int{",": 1, ":": 2, ";": 2, "—": 2, ".": 3, "!": 4, "?": 5}

func (r *reader) pause(mark rune) { r.out = append(r.out, string(mark)) }

// joinPauses leaves the strongest of pauses that follow one another, and none at the beginning.
func joinPauses(in []string) []string {
	out := in[:0]
	for _, word := range in {
		now := strength[word]
		switch {
		case now == 0:
			out = append(out, word)
		case len(out) == 0:
		case strength[out[len(out)-1]] == 0:
			out = append(out, word)
		case now > strength[out[len(out)-1]]:
			out[len(out)-1] = word
		}
	}
	return out
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isUpper(c byte) bool  { return c >= 'A' && c <= 'Z' }
