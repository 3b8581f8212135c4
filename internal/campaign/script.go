package campaign

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"nacre/internal/call"
)

// placeholder is {variableId} in a text (contract 7). Keys of callData that are not declared are usable by their name too,
// and may hold more than the id of a variable.
var placeholder = regexp.MustCompile(`\{([^{}]{1,128})\}`)

// Fill replaces {variableId} by its value; a missing value becomes empty text and never blocks a call. What is between
// braces and can be no variable stays as it is.
func Fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[1 : len(match)-1]
		value, known := values[name]
		if !known && !variableID(name) {
			return match
		}
		return value
	})
}

// PreCallValues are the texts of all variables known before a call: callData, and the built-in ones that do not come from it.
func (p Pearl) PreCallValues(c call.Call) map[string]string {
	values := map[string]string{}
	data := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(c.CallData)))
	decoder.UseNumber() // numbers keep their digits
	if decoder.Decode(&data) == nil {
		for key, value := range data {
			values[key] = spoken(value)
		}
	}
	values["phoneNumber"], values["callId"], values["companyName"] = c.To, string(c.ID), p.Definition.CompanyName
	if agents := p.Definition.Agents; len(agents) > 0 {
		values["agentName"] = agents[0].Name
	}
	return values
}

func spoken(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "yes"
		}
		return "no"
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(raw)
	}
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

// Script is what the agent needs to hold one call of a campaign, variables filled in.
func (p Pearl) Script(c call.Call) call.Script {
	values := p.PreCallValues(c)
	script := call.Script{
		Call: c.ID, Trace: c.Trace, AgentName: values["agentName"],
		Opening: Fill(p.Definition.Opening(), values), SuccessDefined: strings.TrimSpace(p.Definition.SuccessDescription) != "",
		AskAll:    p.Definition.AskAllQuestions,
		VoiceMail: Fill(p.Outbound.VoiceMail, values), ScreeningAnswer: strings.TrimSpace(Fill(p.Outbound.ScreeningAnswer, values)), Recording: p.Outbound.RecordingTrack,
		Timeout: time.Duration(p.Outbound.CallTimeout) * time.Minute,
		Brief:   p.brief(values), Actions: p.actions(),
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
	return script
}

// question is the description where that is a question, else "Please give" and the name.
func question(v Variable, values map[string]string) string {
	if description := strings.TrimSpace(v.Description); strings.HasSuffix(description, "?") {
		return Fill(description, values)
	}
	name := v.Name
	if name == "" {
		name = v.ID
	}
	return fmt.Sprintf("Please give %s.", name)
}
