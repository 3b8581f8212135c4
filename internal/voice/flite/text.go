package flite

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// sentenceRunes bounds the text given to Flite at once: 20 seconds of speech.
const sentenceRunes = 300

// spelt maps characters to their equivalent in ASCII. Letters lose their accents by decomposition.
var spelt = strings.NewReplacer(
	"‘", "'", "’", "'", "‚", ",", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`,
	"–", ", ", "—", ", ", "…", "... ", "€", " euros ", "£", " pounds ", "°", " degrees ", "×", " times ", "÷", " divided by ",
	"ß", "ss", "æ", "ae", "Æ", "Ae", "œ", "oe", "Œ", "Oe", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "ð", "d", "þ", "th", "ı", "i",
)

// clean reduces text to the printable ASCII that Flite reads, with single spaces. lost is set if letters or digits of other
// scripts were removed.
func clean(text string) (cleaned string, lost bool) {
	text = norm.NFKD.String(spelt.Replace(strings.ToValidUTF8(text, " ")))
	var out strings.Builder
	space := true
	for _, r := range text {
		switch {
		case r > ' ' && r < 0x7F:
			out.WriteRune(r)
			space = false
		case unicode.Is(unicode.Mn, r): // a decomposed accent
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			lost = true
			fallthrough
		default:
			if !space {
				out.WriteByte(' ')
			}
			space = true
		}
	}
	return strings.TrimSuffix(out.String(), " "), lost
}

// speakable reports whether cleaned text has anything to say.
func speakable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// sentences splits cleaned text after sentence ends, and longer sentences at commas or spaces. Pieces without anything to
// say are left out.
func sentences(text string) []string {
	var out []string
	for text != "" {
		end := sentenceEnd(text)
		if piece := strings.TrimSpace(text[:end]); speakable(piece) {
			out = append(out, piece)
		}
		text = text[end:]
	}
	return out
}

// sentenceEnd returns the length of the first piece of text, at most sentenceRunes.
func sentenceEnd(text string) int {
	limit := min(len(text), sentenceRunes)
	for i := 0; i < limit; i++ {
		// "3.5" and "e.g." within a sentence: a full stop ends one before a space and a capital letter only.
		if strings.IndexByte(".!?", text[i]) >= 0 && i+2 < len(text) && text[i+1] == ' ' && startsSentence(text[i+2]) && !abbreviation(text[:i+1]) {
			return i + 1
		}
	}
	if len(text) <= sentenceRunes {
		return len(text)
	}
	for _, marks := range []string{";:", ",", " "} {
		if i := strings.LastIndexAny(text[:limit], marks); i > 0 {
			return i + 1
		}
	}
	return limit
}

func startsSentence(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '"' || c == '\'' || c == '('
}

// abbreviation reports whether the full stop at the end of text belongs to a title or an initial before a name.
func abbreviation(text string) bool {
	word := strings.TrimSuffix(text[strings.LastIndexByte(text, ' ')+1:], ".")
	switch word {
	case "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Jr", "No", "Nr":
		return true
	}
	return len(word) == 1 && word[0] >= 'A' && word[0] <= 'Z' && word != "I"
}
