package knowledge

import (
	"strings"
	"unicode"
)

const (
	longestPassage = 800 // characters; a longer paragraph is several
	shortPassage   = 300 // together; shorter paragraphs under one heading are one
)

// split returns the passages of a text.
func split(text string) (passages []Passage) {
	heading, pending := "", ""
	end := func() {
		for _, part := range cut(pending) {
			passages = append(passages, Passage{Number: len(passages) + 1, Heading: heading, Text: part})
		}
		pending = ""
	}
	var paragraph []string
	endParagraph := func() {
		whole := strings.Join(paragraph, "\n")
		paragraph = paragraph[:0]
		switch {
		case whole == "":
			return
		case pending != "" && len([]rune(pending))+len([]rune(whole)) > shortPassage:
			end()
			pending = whole
		case pending != "":
			pending += "\n" + whole
		default:
			pending = whole
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			endParagraph()
		case strings.HasPrefix(line, "#"):
			endParagraph()
			end()
			heading = strings.TrimSpace(strings.Trim(line, "#"))
		default:
			paragraph = append(paragraph, line)
		}
	}
	endParagraph()
	end()
	return passages
}

// cut returns a text in parts that are no longer than a passage, ended where a sentence ends, else a word.
func cut(text string) (parts []string) {
	rest := []rune(strings.TrimSpace(text))
	for len(rest) > longestPassage {
		at := 0
		for n := longestPassage; n > longestPassage/3 && at == 0; n-- {
			if ends(rest[n-1]) && (unicode.IsSpace(rest[n]) || rest[n-1] > unicode.MaxASCII) || rest[n] == '\n' {
				at = n
			}
		}
		for n := longestPassage; n > longestPassage/3 && at == 0; n-- {
			if unicode.IsSpace(rest[n]) {
				at = n
			}
		}
		if at == 0 {
			at = longestPassage
		}
		parts = append(parts, strings.TrimSpace(string(rest[:at])))
		for rest = rest[at:]; len(rest) > 0 && unicode.IsSpace(rest[0]); {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		parts = append(parts, string(rest))
	}
	return parts
}

// ends reports whether a sentence ends with it.
func ends(r rune) bool { return strings.ContainsRune(".!?;…。！？؟।", r) }
