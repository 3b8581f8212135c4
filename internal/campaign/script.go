package campaign

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nacre/internal/call"
)

// Fill replaces {variableId} by its value (call.Fill).
func Fill(text string, values map[string]string) string {
	return call.Fill(text, func(id string) (string, bool) {
		value, known := values[id]
		return value, known
	})
}

// fillSpoken is Fill for a text that is said (call.FillSpoken).
func fillSpoken(text string, values map[string]string) string {
	return strings.TrimSpace(call.FillSpoken(text, func(id string) (string, bool) {
		value, known := values[id]
		return value, known
	}))
}

// known are all variables known before a call, as JSON has them: callData, and the built-in ones that do not come from it.
func (p Pearl) known(c call.Call) map[string]any {
	values := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(c.CallData)))
	decoder.UseNumber() // numbers keep their digits
	if decoder.Decode(&values) != nil || values == nil {
		values = map[string]any{}
	}
	values["phoneNumber"], values["callId"], values["companyName"] = c.To, string(c.ID), p.Definition.CompanyName
	if agents := p.Definition.Agents; len(agents) > 0 {
		values["agentName"] = agents[0].Name
	}
	return values
}

// PreCallValues are the texts of all variables known before a call.
func (p Pearl) PreCallValues(c call.Call) map[string]string {
	values := map[string]string{}
	for id, value := range p.known(c) {
		values[id] = call.Spoken(value)
	}
	return values
}

// Opening is the opening sentence: of a node Pearl the script of its OpeningSentence node.
func (d Definition) Opening() string {
	for _, n := range d.Nodes {
		if n.NodeType == NodeOpeningSentence {
			return n.Script
		}
	}
	return d.OpeningSentence
}

// closing is the script of a node Pearl's EndCall node.
func (d Definition) closing() string {
	for _, n := range d.Nodes {
		if n.NodeType == NodeEndCall {
			return strings.TrimSpace(n.Script)
		}
	}
	return ""
}

// With returns the call as if callData had held these values too: what requests before the dial brought.
func With(c call.Call, values []call.Value) (call.Call, error) {
	data := map[string]json.RawMessage{}
	if len(c.CallData) > 0 {
		if err := json.Unmarshal(c.CallData, &data); err != nil {
			return c, fmt.Errorf("read callData: %w", err)
		}
	}
	for _, v := range values {
		raw, err := json.Marshal(v.Value)
		if err != nil {
			return c, fmt.Errorf("write %s: %w", v.ID, err)
		}
		if data == nil {
			data = map[string]json.RawMessage{}
		}
		data[v.ID] = raw
	}
	var err error
	if c.CallData, err = json.Marshal(data); err != nil {
		return c, fmt.Errorf("write callData: %w", err)
	}
	return c, nil
}

// Script is what the agent needs to hold one call of a campaign, variables filled in.
func (p Pearl) Script(c call.Call) call.Script {
	values := p.PreCallValues(c)
	actions, ofNode := p.actions()
	script := call.Script{
		Call: c.ID, Trace: c.Trace, AgentName: values["agentName"],
		Opening: fillSpoken(p.Definition.Opening(), values), SuccessDefined: strings.TrimSpace(p.Definition.SuccessDescription) != "",
		AskAll:    p.Definition.AskAllQuestions,
		VoiceMail: fillSpoken(p.Outbound.VoiceMail, values), ScreeningAnswer: fillSpoken(p.Outbound.ScreeningAnswer, values), MenuKeys: p.Outbound.MenuKeys, Recording: p.Outbound.RecordingTrack,
		Timeout: time.Duration(p.Outbound.CallTimeout) * time.Minute,
		Brief:   p.brief(values), Actions: actions, Before: p.before(), After: p.after(), Closing: fillSpoken(p.Definition.closing(), values), Known: p.known(c),
	}
	if agents := p.Definition.Agents; len(agents) > 0 {
		script.VoiceID = agents[0].VoiceID
	}
	for _, v := range p.Variables {
		if v.Group != InCall {
			continue
		}
		kind := v.Type
		if kind == "" {
			kind = call.String
		}
		script.Questions = append(script.Questions, call.Question{ID: v.ID, Name: v.Name, Type: kind, Ask: question(v, values), Hint: Fill(strings.TrimSpace(v.Description), values)})
	}
	script.Nodes = p.walk(script, ofNode)
	return script
}

// question is the description where that is a question, else none.
func question(v Variable, values map[string]string) string {
	if description := strings.TrimSpace(v.Description); strings.HasSuffix(description, "?") {
		return fillSpoken(description, values)
	}
	return ""
}
