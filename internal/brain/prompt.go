package brain

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode"

	"nacre/internal/call"
)

//go:embed prompt.txt
var promptText string

var promptTemplate = template.Must(template.New("prompt").Parse(promptText))

// Bounds of what a prompt takes of a Pearl, in characters; beyond them text is cut, and knowledge is searched.
const (
	knowledgeLimit = 20_000
	textLimit      = 8_000
	factLimit      = 500
	factCount      = 50
)

// prompt returns the first message of a conversation.
func prompt(script call.Script) (string, error) {
	zone := zoneOf(script)
	b := script.Brief
	data := struct {
		Agent, Company, Description, Personality, Knowledge, Flow, Opening, Success, Now, Zone string
		Long                                                                                   bool // the knowledge comes in passages, turn by turn
		Questions                                                                              []call.Question
		Known                                                                                  []call.Fact
	}{
		Agent: line(script.AgentName), Company: line(b.Company), Description: block(b.Description, textLimit), Personality: block(b.Personality, textLimit),
		Knowledge: block(b.Knowledge, knowledgeLimit), Long: long(b.Knowledge), Flow: block(b.Flow, textLimit), Opening: flat(script.Opening, textLimit),
		Now: script.Answered.In(zone).Format("Monday, 2 January 2006, 15:04"), Zone: zone.String(),
	}
	if script.SuccessDefined {
		data.Success = block(b.Success, textLimit)
	}
	for _, q := range script.Questions {
		q.Name, q.Hint = line(q.Name), flat(q.Hint, textLimit)
		data.Questions = append(data.Questions, q)
	}
	for _, fact := range b.Known[:min(len(b.Known), factCount)] {
		data.Known = append(data.Known, call.Fact{Name: line(fact.Name), Text: line(fact.Text)})
	}
	var out strings.Builder
	if err := promptTemplate.Execute(&out, data); err != nil {
		return "", fmt.Errorf("write prompt: %w", err)
	}
	return strings.TrimSpace(out.String()), nil
}

func zoneOf(script call.Script) *time.Location {
	if script.Zone == nil {
		return time.UTC
	}
	return script.Zone
}

// line returns text as one line: a value of a lead cannot begin a heading of the prompt.
func line(text string) string { return flat(text, factLimit) }

func flat(text string, limit int) string {
	return cutRunes(strings.Join(strings.Fields(printable(text)), " "), limit)
}

// block returns text of several lines.
func block(text string, limit int) string {
	return cutRunes(strings.TrimSpace(printable(text)), limit)
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

func cutRunes(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + " …"
	}
	return text
}
