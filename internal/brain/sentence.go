package brain

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitter cuts text that comes in pieces into sentences, as soon as each is whole.
type splitter struct {
	text     string
	language string // two letters
}

// longestSentence is where a sentence without end is cut, in bytes.
const longestSentence = 300

// push adds text and returns the sentences that are whole.
func (s *splitter) push(text string) (sentences []string) {
	s.text += text
	for {
		end := s.end()
		if end < 0 {
			return sentences
		}
		sentences = add(sentences, s.text[:end])
		s.text = strings.TrimLeft(s.text[end:], " \t\r\n")
	}
}

// rest returns what is left at the end.
func (s *splitter) rest() (sentences []string) {
	sentences = add(nil, s.text)
	s.text = ""
	return sentences
}

func add(sentences []string, text string) []string {
	if text = spoken(text); text != "" {
		return append(sentences, text)
	}
	return sentences
}

// end returns where the first sentence ends, −1 while that is not known.
func (s *splitter) end() int {
	for at, r := range s.text {
		switch {
		case r == '\n':
			return at + 1
		case at > longestSentence:
			return cut(s.text[:at])
		case !strings.ContainsRune(".!?…。！？؟", r):
			continue
		}
		after := at + utf8.RuneLen(r)
		for after < len(s.text) { // what belongs to the end: "?!", closing quotes and brackets
			next, size := utf8.DecodeRuneInString(s.text[after:])
			if !strings.ContainsRune(".!?…。！？؟\"'”’»)]", next) {
				break
			}
			after += size
		}
		next, _ := utf8.DecodeRuneInString(s.text[after:])
		switch {
		case after == len(s.text):
			return -1 // "3." may become "3.5", and "Mr." is followed by a name
		case strings.ContainsRune("。！？", r):
			return after
		case !unicode.IsSpace(next):
			continue
		case r == '.' && s.abbreviated(s.text[:at], s.text[after:]):
			continue
		}
		return after
	}
	return -1
}

// cut returns where to cut a text without an end: after a comma or a dash, else a space.
func cut(text string) int {
	for _, mark := range []string{", ", "; ", ": ", " – ", " "} {
		if at := strings.LastIndex(text, mark); at > longestSentence/4 {
			return at + len(mark)
		}
	}
	return len(text)
}

// abbreviations that a sentence goes on after; those that may end one too ("a.m.", "etc.") are followed by a small letter then.
var abbreviations = map[string]bool{}

func init() {
	for word := range strings.FieldsSeq("mr mrs ms dr prof sr jr st mt no vs fig approx dept est ext gen hon lt col capt sgt rev gov sen rep e.g i.e cf " +
		"hr fr frl nr str ca bzw z.b d.h evtl inkl tel " + // German
		"sr sra srta dra ud uds av pág núm " + // Spanish
		"m mme mlle mm av bd") { // French
		abbreviations[word] = true
	}
}

// abbreviated reports whether the full stop after before ends no sentence.
func (s *splitter) abbreviated(before, after string) bool {
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, " \t\"'“„«("))
	if next == utf8.RuneError {
		return true // not known yet
	}
	if unicode.IsLower(next) {
		return true // "at 5 p.m. tomorrow"
	}
	word := strings.ToLower(before[strings.LastIndexAny(before, " \t\n(\"“„")+1:])
	letters := []rune(word)
	switch {
	case abbreviations[word]:
		return true
	case len(letters) == 1 && unicode.IsLetter(letters[0]) && word != "i" && word != "a":
		return true // an initial
	case s.language == "de" && len(word) <= 2 && strings.Trim(word, "0123456789") == "" && word != "":
		return true // "am 3. Mai"
	case word != "" && strings.Trim(word, "0123456789") == "" && strings.TrimSpace(before) == word:
		return true // the number of a list
	}
	return false
}

// link is one of Markdown: its text is said.
var link = regexp.MustCompile(`!?\[([^\]]*)\]\([^)\s]*\)`)

// spoken returns text as it is said: without the marks of Markdown, emoji and what stands in angle brackets. An underscore within
// a word is none of them (CommonMark 6.2).
func spoken(text string) string {
	var b strings.Builder
	inTag := false
	all := []rune(link.ReplaceAllString(strings.TrimLeft(strings.TrimSpace(text), "-•*#> "), "$1"))
	inWord := func(n int) bool {
		return n >= 0 && n < len(all) && (unicode.IsLetter(all[n]) || unicode.IsNumber(all[n]))
	}
	for n, r := range all {
		switch {
		case r == '_' && !inTag && inWord(n-1) && inWord(n+1):
			b.WriteRune(r)
		case r == '<':
			inTag = true
		case r == '>' && inTag:
			inTag = false
		case inTag || strings.ContainsRune("*#`_~|", r):
		case r >= 0x1F000 || r >= 0x2600 && r <= 0x27BF || r == 0xFE0F || r == 0x200D:
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	text = strings.Join(strings.Fields(b.String()), " ")
	if strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
		return ""
	}
	return text
}
