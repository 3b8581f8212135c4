package call

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// What is said, or written, to people where a variable has no value: no text with a hole in it.

//go:embed holes.txt
var holesFile string

// besides are the words of holes.txt by section.
var besides = sync.OnceValue(func() map[string]map[string]bool {
	sections, section := map[string]map[string]bool{}, ""
	for line := range strings.Lines(holesFile) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
			sections[section] = map[string]bool{}
		default:
			for word := range strings.FieldsSeq(line) {
				sections[section][word] = true
			}
		}
	}
	return sections
})

// hole stands for a variable without a value while a text is mended. It is no character of texts.
const hole = "\uFFFC"

// FillSpoken is Fill for a text that people hear or read. Where a variable has no value, words that go with it are left out, the
// clause where it makes no sense without, and the sentence where nothing is left of it: "Hello {firstName}, this is {agentName} from
// Acme." is "Hello, this is Acme." A text without anything else is what Fill makes of it, without the blanks and marks that belong to
// nothing. Without such a variable the text is that of Fill.
func FillSpoken(text string, value func(id string) (string, bool)) string {
	missing := false
	marked := Fill(text, func(id string) (string, bool) {
		filled, known := value(id)
		if known && strings.TrimSpace(filled) != "" {
			return filled, true
		}
		if !known && !variableShape.MatchString(id) {
			return "", false
		}
		missing = true
		return hole, true
	})
	if !missing {
		return marked
	}
	lines := strings.Split(marked, "\n")
	for n, line := range lines {
		if strings.Contains(line, hole) {
			lines[n] = mendLine(line)
		}
	}
	mended := strings.Join(lines, "\n")
	if wordless(mended) {
		return tidy(strings.ReplaceAll(marked, hole, ""))
	}
	return mended
}

func wordless(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// sentenceMark ends a sentence, clauseMark a clause.
var (
	sentenceMark = regexp.MustCompile(`[.!?…。！？]+["”»)]*(\s+|$)`)
	clauseMark   = regexp.MustCompile(`(,|;|:|،|，|\s[–—-])(\s+|$)`)
)

// mendLine mends the sentences of a line that has a hole in it.
func mendLine(line string) string {
	var kept []string
	for _, sentence := range sentences(line) {
		if strings.Contains(sentence, hole) {
			sentence = mendSentence(sentence)
		}
		if sentence = strings.TrimSpace(sentence); sentence != "" {
			kept = append(kept, sentence)
		}
	}
	return strings.Join(kept, " ")
}

// sentences cuts a line after each of its sentences. "Mr. " ends none.
func sentences(line string) (all []string) {
	for from, at := 0, 0; ; {
		end := sentenceMark.FindStringIndex(line[at:])
		if end == nil {
			return append(all, line[from:])
		}
		words := strings.Fields(line[from : at+end[0]])
		at += end[1]
		if at < len(line) && len(words) > 0 && besides()["with it"][plain(words[len(words)-1])] {
			continue
		}
		if all, from = append(all, line[from:at]), at; from == len(line) {
			return all
		}
	}
}

// mendSentence mends the clauses of a sentence; "" is a sentence of which nothing is left.
func mendSentence(sentence string) string {
	body, mark := sentence, ""
	if end := sentenceMark.FindStringIndex(sentence); end != nil {
		ends := sentenceMark.FindAllStringIndex(sentence, -1)
		if last := ends[len(ends)-1]; last[1] == len(sentence) {
			body, mark = sentence[:last[0]], strings.TrimSpace(sentence[last[0]:])
		}
	}
	var said strings.Builder
	cut, before := false, ""
	for from := 0; from <= len(body); {
		clause, separator := body[from:], ""
		if end := clauseMark.FindStringIndex(clause); end != nil {
			clause, separator = clause[:end[0]], clause[end[0]:end[1]]
		}
		from += len(clause) + len(separator)
		empty := strings.TrimSpace(clause) == ""
		if strings.Contains(clause, hole) {
			clause = mendClause(clause)
		}
		switch clause = strings.TrimSpace(clause); {
		case wordless(clause):
			cut = cut || said.Len() == 0
		case said.Len() == 0:
			said.WriteString(clause)
		default:
			said.WriteString(before + clause)
		}
		if !wordless(clause) {
			before = separator
		}
		if separator == "" {
			if empty { // the sentence ends in a mark of clauses
				said.WriteString(strings.TrimSpace(before))
			}
			break
		}
	}
	if said.Len() == 0 {
		return ""
	}
	text := said.String() + mark
	if cut {
		first, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	return text
}

// plain is a word as it stands in holes.txt.
func plain(word string) string {
	return strings.ToLower(strings.Trim(strings.ReplaceAll(word, "’", "'"), `.,;:!?"“”«»()`))
}

// mendClause closes the holes of a clause; "" = it is left out.
func mendClause(clause string) string {
	with, of, needs := besides()["with it"], besides()["of it"], besides()["needs more"]
	words := strings.Fields(clause)
	for {
		at := slices.IndexFunc(words, func(word string) bool { return strings.Contains(word, hole) })
		if at < 0 {
			return strings.Join(words, " ")
		}
		left, right := words[:at:at], words[at+1:]
		for len(right) > 1 && with[plain(right[0])] && strings.Contains(right[1], hole) { // "{agentName} from {companyName}"
			right = right[2:]
		}
		for len(right) > 0 && strings.Contains(right[0], hole) {
			right = right[1:]
		}
		ends := len(right) == 0
		last := func() string {
			if len(left) == 0 {
				return ""
			}
			return plain(left[len(left)-1])
		}
		switch {
		case of[last()] && len(left) > 1 && with[plain(left[len(left)-2])] && ends: // "about your {plan}"
			left = left[:len(left)-2]
		case (last() == "" || needs[last()]) && !ends && len(right) > 1 && with[plain(right[0])]: // "this is {agentName} from Acme"
			words = append(left, right[1:]...)
			continue
		}
		for with[last()] {
			left = left[:len(left)-1]
		}
		if len(left) == 0 || of[last()] || needs[last()] {
			return ""
		}
		words = append(left, right...)
	}
}

var (
	blanks = regexp.MustCompile(`[ \t]+`)
	orphan = regexp.MustCompile(`\s+([,;:.!?])`)
	twice  = regexp.MustCompile(`[,;:]+\s*([,;:.!?])`)
)

// tidy leaves out the blanks and marks of a text that belong to nothing.
func tidy(text string) string {
	if wordless(text) {
		return ""
	}
	text = orphan.ReplaceAllString(blanks.ReplaceAllString(text, " "), "$1")
	return strings.TrimLeft(strings.TrimSpace(twice.ReplaceAllString(text, "$1")), ",;:.!? ")
}
