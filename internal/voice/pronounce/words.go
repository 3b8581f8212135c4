package pronounce

import (
	"strings"
)

// address reads an e-mail or web address: names as words, short endings and what is no word letter by letter.
func (r *reader) address(m []string) (string, bool) {
	text := m[0]
	for _, scheme := range []string{"https://", "http://"} {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			text = text[len(scheme):]
		}
	}
	text = strings.TrimSuffix(text, "/")
	var words []string
	for text != "" {
		n := 0
		for n < len(text) && (isLetter(text[n]) == isLetter(text[0])) && (isLetter(text[n]) || isDigit(text[n])) {
			n++
		}
		switch {
		case n == 0:
			if word, ok := r.addresses[rune(text[0])]; ok {
				words = append(words, word)
			}
			n = 1
		case isDigit(text[0]) && n > 2:
			words = append(words, r.digits(text[:n]))
		case isDigit(text[0]):
			words = append(words, r.plain(text[:n]))
		default:
			words = append(words, r.addressPart(strings.ToLower(text[:n]), n == len(text)))
		}
		text = text[n:]
	}
	return strings.Join(words, " "), true
}

func (r *reader) addressPart(part string, last bool) string {
	if last && r.lists["endings"][part] {
		if r.lists["spelledendings"][part] {
			return spell(part)
		}
		return part
	}
	switch {
	case part == "www":
		return "W W W"
	case len(part) > 1 && (r.lists["addresswords"][part] || r.known(part)):
		return part
	case len(part) <= 3 || !strings.ContainsAny(part, "aeiouy"):
		return spell(part)
	}
	// Two words written as one: "pearlfitness".
	for i := len(part) - 3; i >= 3; i-- {
		if r.known(part[:i]) && r.known(part[i:]) {
			return part[:i] + " " + part[i:]
		}
	}
	return part
}

// bareAddress reads example.com, and leaves alone what only looks like an address.
func (r *reader) bareAddress(m []string) (string, bool) {
	if !r.lists["endings"][m[1]] || !strings.ContainsFunc(m[0], func(c rune) bool { return c >= 'a' && c <= 'z' }) {
		return "", false
	}
	if first, _, _ := strings.Cut(m[0], "."); len(first) < 2 || strings.Trim(first, "0123456789") == "" {
		return "", false
	}
	// "Call me.it is late": a word as ending, without www, is taken for one only where the word is no sentence's.
	if ending := m[1]; (ending == "it" || ending == "me" || ending == "be" || ending == "at" || ending == "in" || ending == "us" || ending == "no") && !strings.Contains(m[0], "/") {
		first, _, _ := strings.Cut(m[0], ".")
		if r.known(strings.ToLower(first)) && len(first) < 5 {
			return "", false
		}
	}
	return r.address(m)
}

// spell returns letters one by one, as capitals, and digits as words.
func spell(s string) string {
	var out []string
	for i := range len(s) {
		if isLetter(s[i]) {
			out = append(out, strings.ToUpper(s[i:i+1]))
		}
	}
	return strings.Join(out, " ")
}

// middle reports whether something of the same sentence was read.
func (r *reader) middle() bool { return len(r.out) > 0 && strength[r.out[len(r.out)-1]] == 0 }

// initials reads U.S. and J.R., as letters.
func (r *reader) initials(m []string) (string, bool) {
	if known, ok := r.abbreviated(m[0]); ok {
		return known, true
	}
	words := spell(m[0])
	if r.sentenceEnds(len(m[0])) && r.rest[len(m[0]):] == "" {
		words += " ."
	}
	return words, true
}

// short reads abbreviations. A full stop that may also end the sentence does so where a capital or nothing follows.
func (r *reader) short(m []string) (string, bool) {
	text := m[0]
	if strings.HasPrefix(r.rest[len(text):], "'") { // FAQ's
		return "", false
	}
	if words, ok := r.abbreviated(text); ok {
		return words, true
	}
	return "", false
}

// abbreviated returns the words of an abbreviation at the beginning of the rest.
func (r *reader) abbreviated(text string) (string, bool) {
	readings, ok := r.abbreviations[strings.ToLower(text)]
	if !ok {
		return "", false
	}
	after := r.rest[len(text):]
	next := strings.TrimLeft(after, " ")
	spaced := next != after
	for _, reading := range readings {
		fits := false
		switch reading.when {
		case "any", "else":
			fits = true
		case "name":
			fits = spaced && next != "" && isUpper(next[0]) && !(r.name && isUpper(first(r.last)) && strings.HasPrefix(reading.words, "saint"))
		case "number":
			fits = next != "" && isDigit(next[0])
		}
		if !fits || reading.when == "else" && !strings.HasSuffix(text, ".") && !isUpper(text[0]) {
			continue
		}
		if reading.when != "name" && reading.when != "number" && strings.HasSuffix(text, ".") && r.sentenceEnds(len(text)) && (next == "" || endsSentence[reading.words]) {
			return reading.words + " .", true
		}
		return reading.words, true
	}
	return "", false
}

// endsSentence are the abbreviations whose full stop before a capital is mostly that of a sentence too.
var endsSentence = map[string]bool{"et cetera": true, "A M": true, "P M": true, "incorporated": true, "limited": true, "drive": true, "street": true, "avenue": true, "road": true, "junior": true, "senior": true}

func first(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// capitals reads a word in capitals: a Roman numeral, an acronym that is read or spelled, or a word that is shouted.
func (r *reader) capitals(m []string) (string, bool) {
	text, ending := m[1], strings.TrimPrefix(m[2], "'")
	after := r.rest[len(m[0]):]
	if len(after) > 1 && after[0] == '\'' && isLetter(after[1]) { // O'Brien, I'm
		return "", false
	}
	if text == "A" && ending == "" && r.middle() && !(len(after) > 1 && after[0] == ' ' && isLetter(after[1]) && (isUpper(after[1]) || !isUpper(first(r.last)))) {
		return text, true // Plan A
	}
	if len(text) == 1 && (text != "A" || ending != "") && !(text == "I") {
		if value := roman(text); value > 0 && isUpper(first(r.last)) && r.lists["part"][r.after()] {
			return r.cardinal(value), true
		}
		if m[2] != "" {
			return text + "s", true
		}
		return text, true
	}
	if words, ok := r.romanNumeral(text); ok && ending == "" {
		return words, true
	}
	if len(text) == 1 {
		return "", false
	}
	lower := strings.ToLower(text)
	spelled := r.lists["spelled"][text]
	if r.lists["spoken"][text] || r.shout && r.known(lower) && (len(text) == 2 || !spelled) {
		return lower + ending, true
	}
	if spelled || len(text) <= 3 && !r.shout || !strings.ContainsAny(text, "AEIOUY") {
		return spell(text) + ending, true
	}
	if r.known(lower) || len(text) > 5 || r.shout {
		return "", false // read as a word
	}
	return spell(text) + ending, true
}

// romanNumeral reads Roman numerals where what stands before says that it is one.
func (r *reader) romanNumeral(text string) (string, bool) {
	value := roman(text)
	before := r.after()
	switch {
	case value == 0 || before == "":
		return "", false
	case r.lists["part"][before] && (len(text) > 1 || isUpper(first(r.last))):
		return r.cardinal(value), true
	case len(text) == 1 || !isUpper(first(r.last)) || r.last == strings.ToUpper(r.last):
		return "", false
	case r.lists["ruler"][before] || r.name && value <= 5: // Henry VIII; John Smith III
		return "the " + r.ordinal(value), true
	}
	return r.cardinal(value), true
}

// word reads a word, in lower case. Words that are written together in capitals (PayPal) are taken apart where the
// dictionary does not have them.
func (r *reader) word(m []string) (string, bool) {
	text := strings.TrimSuffix(m[0], "'")
	lower := strings.ToLower(text)
	if text == "I" || strings.HasPrefix(text, "I'") {
		return lower, true
	}
	if len(lower) == 1 && lower != "a" && lower != "i" {
		return strings.ToUpper(lower), true
	}
	if r.known(lower) {
		return lower, true
	}
	for i := 1; i < len(text); i++ {
		if isUpper(text[i]) && !isUpper(text[i-1]) && isLetter(text[i-1]) && i > 2 {
			return lower[:i] + " " + lower[i:], true
		}
	}
	if !strings.ContainsAny(lower, "aeiouy") && len(lower) > 1 && !strings.Contains(lower, "'") && soundless(lower) {
		return spell(text), true
	}
	return lower, true
}

// soundless reports whether a word without vowels is no interjection such as "hmm".
func soundless(word string) bool { return strings.Trim(word, "hmszr") != "" }

// mixed reads letters and digits that are written together: words and capitals as they are, numbers as numbers; a code
// that changes often is read sign by sign.
func (r *reader) mixed(m []string) (string, bool) {
	text := m[0]
	var runs []string
	for start, i := 0, 1; i <= len(text); i++ {
		if i == len(text) || isDigit(text[i]) != isDigit(text[start]) {
			runs = append(runs, text[start:i])
			start = i
		}
	}
	code := len(runs) > 3
	var words []string
	for _, run := range runs {
		lower := strings.ToLower(run)
		switch {
		case isDigit(run[0]) && (code || len(run) > 4 || run[0] == '0'):
			words = append(words, r.digits(run))
		case isDigit(run[0]):
			words = append(words, r.whole(run))
		case code || len(run) <= 2 || run == strings.ToUpper(run) && !r.lists["spoken"][run] && len(run) <= 4:
			words = append(words, spell(run))
		default:
			words = append(words, lower)
		}
	}
	return strings.Join(words, " "), true
}
