package understanding

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wellFormed is what an e-mail address that was said must look like.
var wellFormed = regexp.MustCompile(`^[\pL\pN](?:[\pL\pN._%+\-]*[\pL\pN_])?@(?:[\pL\pN](?:[\pL\pN\-]*[\pL\pN])?\.)+\pL{2,24}$`)

// email reads an e-mail address: written as one, or said with "at" and "dot", spelled or in words.
func (l *Language) email(words []word) (address string, confidence Confidence, open bool) {
	for _, w := range words {
		if strings.Contains(w.text, "@") && wellFormed.MatchString(w.text) {
			return w.text, Unsure, false
		}
	}
	words = l.without(words, "lead in email")
	at := -1
	for i, w := range words {
		if l.values["signs"][w.text] == "@" {
			at = i
		}
	}
	if at < 1 || at == len(words)-1 {
		return "", NotUnderstood, len(words) > 0 && at != 0
	}
	local := l.joined(words[:at])
	domain := l.joined(words[at+1:])
	if known, ok := l.values["domains"][domain]; ok && !strings.Contains(domain, ".") {
		domain = known
	}
	address = local + "@" + domain
	if !wellFormed.MatchString(address) || strings.Contains(address, "..") {
		return "", NotUnderstood, !strings.Contains(domain, ".")
	}
	return address, Unsure, false
}

// joined writes words of an address without spaces: signs, spelled letters, digits, words.
func (l *Language) joined(words []word) string {
	var b strings.Builder
	for i := 0; i < len(words); {
		if end := l.phrases["letter case"].at(words, i); end > i && end < len(words) {
			if _, ok := l.letterAt(words, end); ok { // "capital a"
				i = end
				continue
			}
		}
		if sign, end := l.sign(words, i); end > i {
			b.WriteString(sign)
			i = end
			continue
		}
		if text, count, end := l.letters(words, i); count > 0 && end > i {
			b.WriteString(text)
			i = end
			continue
		}
		if run, ok := l.runAt(words, i); ok {
			b.WriteString(run.digits)
			i = max(run.to, i+1)
			continue
		}
		if !l.hasWord("filler", words[i].text) && !l.hasWord("digits between", words[i].text) {
			b.WriteString(words[i].text)
		}
		i++
	}
	return b.String()
}

func (l *Language) sign(words []word, i int) (string, int) {
	for length := min(2, len(words)-i); length > 0; length-- {
		if sign, ok := l.values["signs"][texts(words[i:i+length])]; ok && sign != "@" {
			return sign, i + length
		}
	}
	return "", i
}

// without removes what matches a section from the beginning, fillers included.
func (l *Language) without(words []word, section string) []word {
	for len(words) > 0 {
		end := -1
		for _, s := range []string{section, "filler"} {
			if p := l.phrases[s]; p != nil {
				end = max(end, p.at(words, 0))
			}
		}
		if end <= 0 {
			break
		}
		words = words[end:]
	}
	return words
}

// name reads the name of a person: "my name is John Smith", "Smith, S M I T H".
func (l *Language) name(words []word) (name string, confidence Confidence, open bool) {
	words = l.without(words, "lead in name")
	if len(words) == 0 {
		return "", NotUnderstood, true
	}
	if n, ok := l.cardinal(words, 0); ok && n.to == len(words) || l.phrases["no name"].at(words, 0) > 0 {
		return "", NotUnderstood, false
	}
	var parts []string
	spelled := false
	for i := 0; i < len(words); {
		if text, count, end := l.letters(words, i); count >= 2 && end > i && !strings.ContainsAny(text, "0123456789") {
			if n := len(parts); n > 0 && similar(parts[n-1], text) {
				parts[n-1] = text
			} else {
				parts = append(parts, text)
			}
			spelled = true
			i = end
			continue
		}
		if end := max(l.phrases["filler"].at(words, i), l.phrases["name between"].at(words, i)); end > i {
			i = end
			continue
		}
		parts = append(parts, words[i].text)
		i++
	}
	if len(parts) == 0 {
		return "", NotUnderstood, false
	}
	for i, part := range parts {
		if strings.ContainsFunc(part, unicode.IsDigit) {
			return "", NotUnderstood, false
		}
		first, size := utf8.DecodeRuneInString(part)
		parts[i] = string(unicode.ToUpper(first)) + part[size:]
	}
	confidence = Sure
	if len(parts) > 4 || l.has(words, "hardly a name") {
		confidence = Unsure
	}
	if len(parts) > 7 && !spelled {
		return "", NotUnderstood, false
	}
	return strings.Join(parts, " "), confidence, false
}

// similar reports whether what was spelled is the word before it: the same first letter, and a length close to it.
func similar(word, spelled string) bool {
	a, b := utf8.RuneCountInString(word), utf8.RuneCountInString(spelled)
	first, _ := utf8.DecodeRuneInString(word)
	second, _ := utf8.DecodeRuneInString(spelled)
	return (first == second || a == b) && a-b <= 2 && b-a <= 2
}

// postal reads a postal code: "nine four one oh three", "S W 1 A 1 A A".
func (l *Language) postal(words []word) (code string, confidence Confidence, open bool) {
	words = l.without(words, "lead in number")
	var b strings.Builder
	groups := 0
	for i := 0; i < len(words); {
		if run, ok := l.runAt(words, i); ok && run.to > i {
			b.WriteString(run.digits)
			groups++
			open = run.open
			i = run.to
			continue
		}
		if text, count, end := l.letters(words, i); count > 0 && end > i {
			b.WriteString(strings.ToUpper(text))
			groups++
			i = end
			continue
		}
		if groups > 0 && !l.hasWord("digits between", words[i].text) && !l.hasWord("filler", words[i].text) {
			break
		}
		i++
	}
	code = b.String()
	switch n := len(code); {
	case n == 0 || !strings.ContainsAny(code, "0123456789"):
		return "", NotUnderstood, n > 0
	case n > 10:
		return "", NotUnderstood, false
	case n < 3:
		return "", NotUnderstood, true
	case n == 5 || n == 9, n >= 6 && strings.ContainsFunc(code, unicode.IsLetter):
		return code, Sure, open
	default:
		return code, Unsure, open || n < 5
	}
}
