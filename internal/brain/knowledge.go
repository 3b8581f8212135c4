package brain

import (
	"strings"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/knowledge"
	"nacre/internal/turn"
)

const (
	mostPassages    = 6
	passagesLimit   = 4_000 // characters of a turn's passages
	beforeWeight    = 0.3   // of what was said before, beside the last words
	sourceBeginning = 200   // characters of a passage that the record of the call has
)

// long reports whether what a Pearl knows does not fit the prompt.
func long(text string) bool { return utf8.RuneCountInString(text) > knowledgeLimit }

// passages returns what the reply to a turn can be taken from: all that the Pearl knows, or where that is long what fits the
// words of the turn and those before.
func (b *Brain) passages(in turn.Input) (found []knowledge.Passage, isLong bool) {
	text := b.script.Brief.Knowledge
	if strings.TrimSpace(text) == "" {
		return nil, false
	}
	if b.known == nil {
		b.known = b.config.Knowledge(text)
	}
	if !long(text) {
		return b.known.Passages(), false
	}
	queries := []knowledge.Query{{Words: in.Words, Weight: 1}}
	var person, agent bool
	for n := len(in.Transcript) - 1; n >= 0 && !(person && agent); n-- {
		switch line := in.Transcript[n]; {
		case line.Role == call.Pearl && !agent:
			agent = true
			queries = append(queries, knowledge.Query{Words: line.Content, Weight: beforeWeight})
		case line.Role == call.Client && !person && line.Content != speechMark && line.Content != in.Words:
			person = true
			queries = append(queries, knowledge.Query{Words: line.Content, Weight: beforeWeight})
		}
	}
	return b.known.Search(queries, mostPassages, passagesLimit), true
}

// fitting is the end of the prompt of a turn: the beginning stays the same for all turns, so that providers keep it.
func fitting(passages []knowledge.Passage) string {
	if len(passages) == 0 {
		return "\n\n# What you know that fits their last words\nNothing."
	}
	var text strings.Builder
	text.WriteString("\n\n# What you know that fits their last words")
	for _, p := range passages {
		text.WriteString("\n\n")
		if p.Heading != "" {
			text.WriteString(line(p.Heading) + ": ")
		}
		text.WriteString(block(p.Text, textLimit))
	}
	return text.String()
}

// say has a sentence spoken, and tells the passage that it is taken from.
func (b *Brain) say(sentence string, passages []knowledge.Passage, t turn.Turn) error {
	if b.known != nil {
		if p, ok := b.known.Source(sentence, passages); ok {
			source := p.Text
			if p.Heading != "" {
				source = p.Heading + ": " + source
			}
			if err := t.Cite(flat(source, sourceBeginning)); err != nil {
				return err
			}
		}
	}
	return t.Say(sentence)
}
