package moonshine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// readPieces reads the text of the tokens, one a line. Tokens beyond the list are marks without text.
func readPieces(file string) ([]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read pieces: %w", err)
	}
	pieces := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	for id, piece := range pieces {
		switch {
		case id < 3: // unknown, beginning, end
			pieces[id] = ""
		case strings.HasPrefix(piece, "<0x") && len(piece) == len("<0x00>"):
			value, err := strconv.ParseUint(piece[3:5], 16, 8)
			if err != nil {
				return nil, fmt.Errorf("read pieces: line %d: %w", id+1, err)
			}
			pieces[id] = string([]byte{byte(value)})
		default:
			pieces[id] = strings.ReplaceAll(piece, "▁", " ")
		}
	}
	return pieces, nil
}

// text returns the text of tokens.
func (r *Recognizer) text(tokens []int64) string {
	var text strings.Builder
	for _, token := range tokens {
		if int(token) < len(r.pieces) {
			text.WriteString(r.pieces[token])
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(text.String(), ""))
}

// shortestWord is how long a word takes at least, in seconds, where it is said again and again.
const shortestWord = 0.22

// settle drops repetitions that speech of that length cannot hold: a short sound comes out as "Yes, yes, yes" now and then.
func settle(text string, seconds float64) string {
	words := strings.Fields(text)
	for size := 1; size <= len(words)/2; size++ {
		words = dropRepeats(words, size, seconds)
	}
	return strings.Join(words, " ")
}

// dropRepeats drops the repeats at the end of the words, of so many words each, until the rest fits.
func dropRepeats(words []string, size int, seconds float64) []string {
	for len(words) >= 2*size && float64(len(words))*shortestWord > seconds {
		last, before := words[len(words)-size:], words[len(words)-2*size:len(words)-size]
		for i := range last {
			if bare(last[i]) != bare(before[i]) {
				return words
			}
		}
		end := last[size-1] // with its full stop
		words = words[:len(words)-size]
		words[len(words)-1] = strings.TrimRight(words[len(words)-1], ",.!? ") + punctuation(end)
	}
	return words
}

func bare(word string) string { return strings.ToLower(strings.Trim(word, ",.!?-… ")) }

func punctuation(word string) string {
	return word[len(strings.TrimRight(word, ",.!?")):]
}
