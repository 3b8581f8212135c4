package campaign

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nacre/internal/call"
)

// brief is what a model is told of the Pearl and of the person, variables filled in.
func (p Pearl) brief(values map[string]string) call.Brief {
	d := p.Definition
	inFlow := maps.Clone(values)
	for _, v := range p.Variables {
		if v.Group == InCall {
			inFlow[v.ID] = "[" + v.ID + "]"
		}
	}
	b := call.Brief{
		Company: d.CompanyName, Description: d.CompanyDescription, Personality: d.AgentPersonality, Knowledge: d.KnowledgeBase,
		Flow: Fill(d.flow(), inFlow), Success: Fill(d.SuccessDescription, inFlow), ModelType: d.ModelType,
	}
	names := map[string]string{}
	for _, v := range p.Variables {
		names[v.ID] = v.Name
	}
	for _, id := range slices.Sorted(maps.Keys(values)) {
		if values[id] == "" || id == "callId" || id == "agentName" || id == "companyName" {
			continue
		}
		name := id
		if names[id] != "" && names[id] != id {
			name = id + " (" + names[id] + ")"
		}
		b.Known = append(b.Known, call.Fact{Name: name, Text: values[id]})
	}
	for _, tag := range d.IndicatorTags {
		b.Tags = append(b.Tags, call.Fact{Name: tag.Name, Text: tag.Description})
	}
	return b
}

// flow is the flow script: of a node Pearl its dialogue, node by node. What nodes do besides talking is left out.
func (d Definition) flow() string {
	if len(d.Nodes) == 0 {
		return d.FlowScript
	}
	named := map[string]string{}
	for _, n := range d.Nodes {
		named[n.NodeID] = n.Name
	}
	var b strings.Builder
	for _, n := range d.Nodes {
		if !n.talks() && n.NodeType != NodeAPI {
			continue
		}
		fmt.Fprintf(&b, "Step \"%s\".", n.Name)
		if n.NodeType == NodeEndCall {
			b.WriteString(" The call ends here.")
		}
		if n.NodeType == NodeAPI {
			fmt.Fprintf(&b, " Use call_api for \"%s\", and go on by what came of it.", n.Name)
		}
		if script := strings.TrimSpace(n.Script); script != "" {
			fmt.Fprintf(&b, " Say: %s", script)
		}
		if instructions := strings.TrimSpace(n.Instructions); instructions != "" {
			fmt.Fprintf(&b, " Instructions: %s", instructions)
		}
		for _, t := range n.Transitions {
			if t.APIResult != nil {
				result := map[int]string{apiSuccess: "success", apiFailure: "failure"}[*t.APIResult]
				fmt.Fprintf(&b, "\n- %s (%s): go to \"%s\"", t.Name, result, named[t.ToNodeID])
				continue
			}
			fmt.Fprintf(&b, "\n- %s: go to \"%s\"", t.Name, named[t.ToNodeID])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// talks reports whether the node is a step of the dialogue, of which a model is told.
func (n Node) talks() bool {
	return n.NodeType == NodeOpeningSentence || n.NodeType == NodeDialogue || n.NodeType == NodeEndCall
}
