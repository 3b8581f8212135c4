package turn

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
)

// speechMark stands in the transcript for speech that was not recognised.
const speechMark = "(speech)"

// transcript collects the lines of a call, in any order.
type transcript struct {
	lines    []call.Line
	speeches []speechLine
	waiting  []speechLine // words of speech that has not ended
}

// speechLine is speech of the other side, and the words that are known of it for good.
type speechLine struct {
	line     int // in transcript.lines
	from, to time.Duration
	words    string
}

// speech adds speech that has ended, with the words that a recogniser has for it so far.
func (t *transcript) speech(from, to time.Duration, partial string) {
	s := speechLine{from: from, to: to}
	left := t.waiting[:0]
	for _, w := range t.waiting {
		if w.from < to+heardSlack {
			s.words = join(s.words, w.words)
		} else {
			left = append(left, w)
		}
	}
	t.waiting = left
	content := join(s.words, partial)
	if content == "" {
		content = speechMark
	}
	s.line = t.add(call.Client, content, from, to)
	t.speeches = append(t.speeches, s)
}

// hear takes final words of the sound between two instants.
func (t *transcript) hear(words string, from, to time.Duration) {
	if words == "" {
		return
	}
	for n := len(t.speeches) - 1; n >= 0; n-- {
		s := &t.speeches[n]
		if from < s.to+heardSlack && to > s.from-heardSlack {
			if n > 0 && s.words == "" && from < t.speeches[n-1].to { // its beginning was taken for a turn of its own
				if before := t.lines[t.speeches[n-1].line].Content; strings.HasPrefix(words, before) && words != before {
					words = strings.TrimSpace(words[len(before):])
				}
			}
			s.words = join(s.words, words)
			t.lines[s.line].Content = s.words
			return
		}
	}
	t.waiting = append(t.waiting, speechLine{from: from, to: to, words: words})
}

// say adds what was heard of our utterance, as its end tells.
func (t *transcript) say(u *utterance, end Event, now time.Duration) {
	if n := t.add(call.Pearl, spokenText(u.parts, end.Part, end.Fraction), u.started, now); n >= 0 {
		t.lines[n].Sources = u.sources(end.Part, end.Fraction)
	}
}

// add adds a line and returns its index, −1 for one without content.
func (t *transcript) add(role call.Role, content string, start, end time.Duration) int {
	if content == "" {
		return -1
	}
	t.lines = append(t.lines, call.Line{Role: role, Content: content, Start: seconds(start), End: seconds(max(start, end))})
	return len(t.lines) - 1
}

// inOrder returns a copy ordered by start.
func (t *transcript) inOrder() []call.Line {
	lines := slices.Clone(t.lines)
	for _, w := range t.waiting {
		lines = append(lines, call.Line{Role: call.Client, Content: w.words, Start: seconds(w.from), End: seconds(max(w.from, w.to))})
	}
	slices.SortStableFunc(lines, func(a, b call.Line) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		default:
			return 0
		}
	})
	return lines
}

func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// spokenText returns the text that was played of an utterance: parts whole parts, and the words of a fraction of the next
// one. The speech is assumed to be spread evenly over the text.
func spokenText(parts []string, played int, fraction float64) string {
	played = min(max(played, 0), len(parts))
	heard := slices.Clone(parts[:played])
	if played < len(parts) && fraction > 0 {
		if cut := cutWords(parts[played], fraction); cut != "" {
			heard = append(heard, cut)
		}
	}
	return strings.Join(heard, " ")
}

func cutWords(text string, fraction float64) string {
	if fraction >= 1 {
		return text
	}
	total := utf8.RuneCountInString(text)
	limit := int(fraction * float64(total))
	end, runes := 0, 0
	for at, r := range text {
		if r == ' ' && runes <= limit {
			end = at
		}
		runes++
	}
	return strings.TrimSpace(text[:end])
}
