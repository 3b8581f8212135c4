package rehearsal

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nacre/internal/brain"
	"nacre/internal/call"
	"nacre/internal/scenario"
)

// personaPrompt tells a model how to play a person; %s is who that is.
//
//go:embed persona.txt
var personaPrompt string

// mostImprovised bounds the turns of a person whom a model plays: two models may go on for ever.
const mostImprovised = 60

// errNoModel is the error of a scenario with a persona where there is nobody to play it.
var errNoModel = errors.New("a persona is played by a model: --providers names a file with one")

// Improviser is a person whom a model plays. It is used by one goroutine.
type Improviser struct {
	ctx      context.Context
	model    brain.Model
	messages []brain.Message
	turns    int
	err      error
}

// Improvise returns the person of a scenario with a persona.
func Improvise(ctx context.Context, s scenario.Scenario, model brain.Model) (*Improviser, error) {
	if model == nil {
		return nil, errNoModel
	}
	system := fmt.Sprintf(strings.TrimSpace(personaPrompt), strings.TrimSpace(s.Persona))
	return &Improviser{ctx: ctx, model: model, messages: []brain.Message{{Role: brain.System, Content: system}}}, nil
}

// Hear has the person hear words of the agent.
func (p *Improviser) Hear(words string) {
	if last := &p.messages[len(p.messages)-1]; last.Role == brain.User {
		last.Content += " " + words
		return
	}
	p.messages = append(p.messages, brain.Message{Role: brain.User, Content: words})
}

// Next returns what the person does. said is the talk so far, where it is not told by Hear. more is false where they do nothing
// any more: Err says why.
func (p *Improviser) Next(said []call.Line) (act scenario.Act, more bool) {
	if said != nil {
		p.messages = p.messages[:1]
		for _, line := range said {
			if line.Role == call.Pearl {
				p.Hear(line.Content)
			} else {
				p.messages = append(p.messages, brain.Message{Role: brain.Assistant, Content: line.Content})
			}
		}
	}
	if p.turns++; p.turns > mostImprovised {
		p.err = fmt.Errorf("the persona has not come to an end in %d turns", mostImprovised)
		return scenario.Act{Do: scenario.DoLeave}, true
	}
	if p.messages[len(p.messages)-1].Role != brain.User {
		p.messages = append(p.messages, brain.Message{Role: brain.User, Content: "(silence)"})
	}
	answer, err := p.model.Stream(p.ctx, slices.Clone(p.messages), nil, func(string) {})
	if err == nil && strings.TrimSpace(answer.Text) == "" {
		err = errors.New("it said nothing")
	}
	if err != nil {
		p.err = fmt.Errorf("play the persona: %w", err)
		return scenario.Act{Do: scenario.DoLeave}, true
	}
	act = improvised(answer.Text)
	p.messages = append(p.messages, brain.Message{Role: brain.Assistant, Content: strings.TrimSpace(answer.Text)})
	return act, true
}

// Err returns why the person could not go on.
func (p *Improviser) Err() error { return p.err }

// improvised reads what a model has a person do: words, or one of [hang up], [silence] and [keys 12#], of which what is said
// beside it is not done.
func improvised(text string) scenario.Act {
	text = strings.Join(strings.Fields(text), " ")
	open := strings.IndexByte(text, '[')
	end := strings.IndexByte(text, ']')
	if open >= 0 && end > open {
		what := strings.ToLower(strings.TrimSpace(text[open+1 : end]))
		keys, isKeys := strings.CutPrefix(what, "keys")
		keys = strings.ReplaceAll(keys, " ", "")
		words := strings.TrimSpace(text[:open] + text[end+1:])
		switch {
		case what == "hang up" && words == "":
			return scenario.Act{Do: scenario.DoHangUp}
		case what == "silence" && words == "":
			return scenario.Act{Do: scenario.DoSilence}
		case isKeys && scenario.ValidKeys(keys):
			return scenario.Act{Do: scenario.DoKeys, Words: scenario.Choice{keys}}
		case words != "":
			text = words // a stage direction
		}
	}
	return scenario.Act{Do: scenario.DoSay, Words: scenario.Choice{strings.Trim(text, `"`)}}
}

// improvise has a model play the person to the end of the call, and returns why it could not.
func (c *Conversation) improvise(ctx context.Context, s scenario.Scenario) error {
	person, err := Improvise(ctx, s, c.config.Model)
	if err != nil {
		return err
	}
	for c.Listen() {
		act, _ := person.Next(c.machine.Talk().Transcript)
		c.perform(act)
	}
	return person.Err()
}
