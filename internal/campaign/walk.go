package campaign

import (
	"regexp"
	"slices"
	"strings"

	"nacre/internal/call"
)

// walk is the graph of a node Pearl as a talk goes along it without a model: OpeningSentence, Dialogue and API nodes, and EndCall,
// to which whatever leads elsewhere leads. It is nil for other Pearls.
func (p Pearl) walk(script call.Script, actions map[string]int) []call.Node {
	var steps []Node
	for _, n := range p.Definition.Nodes {
		switch {
		case n.NodeType == NodeOpeningSentence:
			steps = append([]Node{n}, steps...)
		case n.talks(), n.NodeType == NodeAPI && actions[n.NodeID] > 0:
			steps = append(steps, n)
		}
	}
	number := map[string]int{}
	end := -1
	for at, n := range steps {
		number[n.NodeID] = at
		if n.NodeType == NodeEndCall {
			end = at
		}
	}
	if end < 0 || steps[0].NodeType != NodeOpeningSentence {
		return nil
	}
	brought := p.brought()
	asked := func(ids []string) []int {
		return questionsOf(script.Questions, slices.DeleteFunc(ids, func(id string) bool { return brought[id] }))
	}
	var nodes []call.Node
	for _, n := range steps {
		text, marked := collecting(strings.TrimSpace(n.Script))
		node := call.Node{Name: n.Name, Say: text, Action: actions[n.NodeID], Ends: n.NodeType == NodeEndCall}
		needed := call.Variables(text)
		if n.NodeType == NodeOpeningSentence {
			node.Say, needed = script.Opening, nil // it is filled in already, and may tell nothing that is collected
		}
		if node.Action > 0 {
			needed = append(needed, script.Actions[node.Action-1].Request.Needs()...)
		}
		if !node.Ends {
			node.Needs = asked(needed)
			for _, q := range asked(append(marked, call.Variables(n.Instructions)...)) {
				if !slices.Contains(node.Needs, q) {
					node.Asks = append(node.Asks, q)
				}
			}
		}
		for _, t := range n.Transitions {
			way := call.Way{Name: t.Name, To: end}
			if to, ok := number[t.ToNodeID]; ok {
				way.To = to
			}
			way.After = resultOf(t.APIResult)
			node.Ways = append(node.Ways, way)
		}
		nodes = append(nodes, node)
	}
	nodes[end].Needs = unnamed(script.Questions, nodes, brought)
	return nodes
}

// atEnd matches variables after the last sentence of a script: they stand for the answer, and are not said.
var atEnd = regexp.MustCompile(`(?s)^(.*[.?!…:])((?:\s*\{[A-Za-z0-9_]{1,64}\})+)[.?!\s]*$`)

// collecting parts a node's script from the variables at its end, which are collected with it: "What is your name? {name}".
func collecting(script string) (text string, ids []string) {
	if found := atEnd.FindStringSubmatch(script); found != nil {
		return found[1], call.Variables(found[2])
	}
	return script, nil
}

// questionsOf are the numbers of the questions for variables, in the order of these.
func questionsOf(questions []call.Question, ids []string) (numbers []int) {
	for _, id := range ids {
		n := slices.IndexFunc(questions, func(q call.Question) bool { return q.ID == id })
		if n >= 0 && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// brought are the variables that requests of nodes bring: nobody is asked for them.
func (p Pearl) brought() map[string]bool {
	ids := map[string]bool{}
	for _, n := range p.Definition.Nodes {
		if n.APISettings != nil {
			for _, out := range n.APISettings.OutputBody {
				ids[out.VariableID] = true
			}
		}
	}
	return ids
}

// unnamed are the questions that no node asks: they come before the end.
func unnamed(questions []call.Question, nodes []call.Node, brought map[string]bool) (numbers []int) {
	for number, q := range questions {
		named := slices.ContainsFunc(nodes, func(n call.Node) bool { return slices.Contains(n.Needs, number) || slices.Contains(n.Asks, number) })
		if !named && !brought[q.ID] {
			numbers = append(numbers, number)
		}
	}
	return numbers
}
