package rehearsal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"nacre/internal/call"
	"nacre/internal/scenario"
)

// The transcript of package turn.
const (
	speechMark  = "(speech)"
	pressedFrom = "[pressed "
	pressedTo   = "]"
)

// silentFor is how long nobody has spoken before the agent does so again.
const silentFor = 4 * time.Second

// FromCall writes a call that is over as a file of one scenario, whose expectations are what came of the call. person has its
// variables and zone. unheard is how many utterances are left out, because what was said is not known.
func FromCall(c call.Call, person scenario.Person) (file []byte, unheard int, err error) {
	s := scenario.Scenario{Name: "call " + string(c.ID), Expect: scenario.Expect{Outcome: c.Outcome, Tags: &c.Tags}}
	if !slices.Contains(scenario.Outcomes, c.Outcome) {
		return nil, 0, fmt.Errorf("the call was not answered, or is not over (outcome %q)", c.Outcome)
	}
	if len(c.Transcript) == 0 {
		return nil, 0, fmt.Errorf("the call has no transcript")
	}
	s.Turns, unheard = turnsOf(c.Transcript)
	s.Expect.Collected = map[string]yaml.Node{}
	for _, v := range c.Collected {
		var node yaml.Node
		if err := node.Encode(v.Value); err != nil {
			return nil, 0, fmt.Errorf("write %s: %w", v.ID, err)
		}
		s.Expect.Collected[v.ID] = node
	}
	promised := scenario.NoCallBack
	if c.CallbackPromised {
		promised = scenario.AnyCallBack
	}
	s.Expect.CallBack = &promised
	var pearl yaml.Node
	if err := pearl.Encode(string(c.Pearl)); err != nil {
		return nil, 0, fmt.Errorf("write Pearl: %w", err)
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(scenario.File{Pearl: pearl, Person: person, Scenarios: []scenario.Scenario{s}}); err != nil {
		return nil, 0, fmt.Errorf("write scenario: %w", err)
	}
	return b.Bytes(), unheard, nil
}

// turnsOf are what the person did in a call.
func turnsOf(lines []call.Line) (turns []scenario.Act, unheard int) {
	agentEnd, quietFrom, begun := 0.0, 0.0, false
	for _, line := range lines {
		keys, pressed := strings.CutPrefix(line.Content, pressedFrom)
		switch {
		case line.Role != call.Client:
			if begun && line.Start-quietFrom >= silentFor.Seconds() {
				turns = append(turns, scenario.Act{Do: scenario.DoSilence})
			}
			agentEnd, begun = max(agentEnd, line.End), true
		case line.Content == speechMark:
			unheard++
		case pressed:
			turns = append(turns, scenario.Act{Do: scenario.DoKeys, Words: scenario.Choice{strings.TrimSuffix(keys, pressedTo)}})
		case !begun:
			turns = append(turns, scenario.Act{Do: scenario.DoHello, Words: scenario.Choice{line.Content}})
		case line.Start < agentEnd:
			turns = append(turns, scenario.Act{Do: scenario.DoInterrupt, Words: scenario.Choice{line.Content}})
		default:
			turns = append(turns, scenario.Act{Do: scenario.DoSay, Words: scenario.Choice{line.Content}})
		}
		quietFrom = max(quietFrom, line.End)
	}
	if len(lines) > 0 && lines[len(lines)-1].Role == call.Client {
		turns = append(turns, scenario.Act{Do: scenario.DoHangUp})
	}
	return turns, unheard
}
