package understanding

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nacre/internal/spelling"
)

// word is one word of a turn in normal form: lower case without accents, digits as digits.
type word struct {
	text string
	stop mark // what follows it
	// glued: digits that follow letters without a space, as in "A5" and "1e400".
	glued bool
}

// mark is the punctuation after a word.
type mark int

const (
	none mark = iota
	comma
	period
)

// address matches an e-mail address that the recogniser has written as one.
var address = regexp.MustCompile(`[\pL\pN._%+\-]+@[\pL\pN\-]+(?:\.[\pL\pN\-]+)+`)

// fold returns text in lower case without accents, vowel points and ligatures.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\u05f3', r == '\u05f4', r == '\u0640': // marks; geresh, gershayim; tatweel
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ł' || r == 'Ł':
			b.WriteByte('l')
		case r == '’' || r == '‘' || r == 'ʼ' || r == '`':
			b.WriteByte('\'')
		case r == '–' || r == '—' || r == '−' || r == '‐' || r == '‑' || r == '\u05be':
			b.WriteByte('-')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// read returns the words of a text, at most longestText.
func (l *Language) read(text string) []word {
	if len(text) > 8*longestText {
		text = strings.ToValidUTF8(text[:8*longestText], "")
	}
	s := scanner{language: l}
	at := 0
	for _, span := range address.FindAllStringIndex(text, -1) {
		s.scan([]rune(fold(text[at:span[0]])))
		s.out = append(s.out, word{text: strings.ToLower(text[span[0]:span[1]])})
		at = span[1]
	}
	s.scan([]rune(fold(text[at:])))
	return s.out[:min(len(s.out), longestText)]
}

// scanner splits folded text into words.
type scanner struct {
	language *Language
	out      []word
	currency string // said before its amount: $5
}

var currencies = map[rune]string{'$': "dollars", '€': "euros", '£': "pounds", '₪': "shekels"}

func (s *scanner) scan(runes []rune) {
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	for i := 0; i < len(runes); {
		r := runes[i]
		switch {
		case unicode.Is(unicode.Han, r):
			s.add(string(r))
			i++
		case unicode.IsDigit(r):
			end := s.number(runes, i)
			i = end
		case unicode.IsLetter(r):
			j := i + 1
			for unicode.IsLetter(at(j)) && !unicode.Is(unicode.Han, at(j)) || at(j) == '\'' && unicode.IsLetter(at(j+1)) {
				j++
			}
			if j == i+1 && at(j) == '.' { // an initial, a.m., J. O. H. N.
				for unicode.IsLetter(at(j+1)) && at(j+2) == '.' {
					runes[j] = runes[j+1]
					copy(runes[j+1:], runes[j+3:])
					runes = runes[:len(runes)-2]
					j++
				}
				s.add(string(runes[i:j]))
				if i = j; at(i) == '.' && !unicode.IsLetter(at(i+1)) {
					i++
				}
				continue
			}
			s.add(string(runes[i:j]))
			i = j
		default:
			s.punctuation(r, at(i-1), at(i+1))
			i++
		}
	}
}

func (s *scanner) punctuation(r, before, after rune) {
	joined := unicode.IsLetter(before) || unicode.IsDigit(before)
	switch {
	case currencies[r] != "":
		if unicode.IsDigit(before) {
			s.add(currencies[r])
		} else {
			s.currency = currencies[r]
		}
	case r == '%':
		s.add("percent")
	case r == '@':
		s.add("at")
	case r == '_':
		s.add("underscore")
	case r == '+' && unicode.IsDigit(after):
		s.add("plus")
	case r == '-' && unicode.IsDigit(after) && !joined:
		s.add("minus")
	case r == '.' && joined && unicode.IsLetter(after):
		s.add("dot")
	case r == ',', r == '،', r == '、', r == '，', r == ':':
		s.mark(comma)
	case r == '.', r == '?', r == '!', r == ';', r == '…', r == '。', r == '？', r == '！', r == '؟':
		s.mark(period)
	}
}

func (s *scanner) mark(m mark) {
	if n := len(s.out); n > 0 {
		s.out[n-1].stop = max(s.out[n-1].stop, m)
	}
}

// add adds one word, or what it is replaced by.
func (s *scanner) add(text string) {
	if better, ok := s.language.replace[text]; ok {
		for _, w := range better {
			s.out = append(s.out, word{text: w})
		}
		return
	}
	for _, part := range strings.Split(text, "'") {
		if better, ok := s.language.replace[part]; ok {
			for _, w := range better {
				s.out = append(s.out, word{text: w})
			}
		} else if part != "" {
			s.out = append(s.out, word{text: part})
		}
	}
}

// number reads digits from i on: 1,000 and 2.5 and 5:30 and 3/4/2026 and 3rd; it returns where they end.
func (s *scanner) number(runes []rune, i int) int {
	digits := func(from int) int {
		for from < len(runes) && unicode.IsDigit(runes[from]) {
			from++
		}
		return from
	}
	var b strings.Builder
	write := func(from, to int) {
		for _, r := range runes[from:to] {
			if r >= '0' && r <= '9' {
				b.WriteRune(r)
			}
		}
	}
	j := digits(i)
	write(i, j)
	short := j-i <= 3 // the digits before the first separator of thousands
	group := ','
	if s.language.decimal == ',' {
		group = '.'
	}
	for j < len(runes)-1 && unicode.IsDigit(runes[j+1]) {
		end := digits(j + 1)
		next := end - j - 1
		switch r := runes[j]; {
		case r == group && next == 3 && short && !strings.ContainsAny(b.String(), ".:/"):
		case r == s.language.decimal && !strings.ContainsAny(b.String(), ".:/"):
			b.WriteByte('.')
		case r == '.' && strings.Count(b.String(), "/") < 2 && s.language.decimal == ',':
			b.WriteByte('/') // 3.4.2026
		case r == ':' && next == 2, r == 'h' && next == 2:
			b.WriteByte(':')
		case r == '/':
			b.WriteByte('/')
		case r == '-' && (strings.Contains(b.String(), "/") || j-i == 4 && next == 2 && end < len(runes) && runes[end] == '-'):
			b.WriteByte('/') // 2026-03-04
		default:
			end = 0
		}
		if end == 0 {
			break
		}
		write(j+1, end)
		j = end
	}
	letters := j
	for letters < len(runes) && unicode.IsLetter(runes[letters]) {
		letters++
	}
	if suffix := string(runes[j:letters]); suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th" {
		b.WriteString("th")
		j = letters
	}
	if european.MatchString(string(runes[i:j]) + string(separated(runes, j))) { // 1.234,56
		end := j + len(separated(runes, j))
		text := strings.ReplaceAll(string(runes[i:end]), ".", "")
		s.out = append(s.out, word{text: strings.Replace(text, ",", ".", 1)})
		return end
	}
	s.out = append(s.out, word{text: b.String(), glued: i > 0 && unicode.IsLetter(runes[i-1])})
	if s.currency != "" {
		s.out = append(s.out, word{text: s.currency})
		s.currency = ""
	}
	return j
}

// european matches an amount that is written with points between thousands and a comma before its fraction.
var european = regexp.MustCompile(`^[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+$`)

// separated returns the comma at i and the digits after it.
func separated(runes []rune, i int) []rune {
	if i >= len(runes) || runes[i] != ',' {
		return nil
	}
	end := i + 1
	for end < len(runes) && unicode.IsDigit(runes[end]) {
		end++
	}
	return runes[i:end]
}

// longestMended bounds the words of a turn that is mended: what hangs on one misheard word is short.
const longestMended = 12

// mend replaces words that no table has by the one word of a table that is one letter away.
func (l *Language) mend(words []word) (mended []word, changed bool) {
	if len(words) > longestMended {
		return words, false
	}
	mended = append([]word(nil), words...)
	for i, w := range mended {
		if len(w.text) < 3 || len(w.text) > 20 || l.isKnown[w.text] || strings.ContainsAny(w.text, "@0123456789") {
			continue
		}
		close := slices.Concat(l.known[len(w.text)], l.known[len(w.text)-1], l.known[len(w.text)+1])
		if near := spelling.Nearest(w.text, close, 1); near != "" {
			mended[i].text, changed = near, true
		}
	}
	return mended, changed
}

// texts joins words by spaces.
func texts(words []word) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = w.text
	}
	return strings.Join(parts, " ")
}

// clauses splits words at their punctuation.
func clauses(words []word, at mark) [][]word {
	var out [][]word
	from := 0
	for i, w := range words {
		if w.stop >= at || i == len(words)-1 {
			out = append(out, words[from:i+1])
			from = i + 1
		}
	}
	return out
}
