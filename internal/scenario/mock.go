package scenario

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Mock is what comes of an action of the Pearl when it is done.
type Mock struct {
	Fails bool
	Why   string          // it failed
	Body  json.RawMessage // what an API answers; nil = nothing that anybody reads
}

// Mocks are what comes of an action the first time, the second, and so on; the last one again and again.
type Mocks []Mock

// Of returns what comes of it when it was done so many times before.
func (m Mocks) Of(before int) Mock {
	if len(m) == 0 {
		return Mock{}
	}
	return m[min(before, len(m)-1)]
}

// UnmarshalYAML reads ok, fails, {fails: why} or {answers: anything}, or a list of these.
func (m *Mocks) UnmarshalYAML(node *yaml.Node) error {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	*m = nil
	for _, one := range nodes {
		mock, err := mockOf(one)
		if err != nil {
			return err
		}
		*m = append(*m, mock)
	}
	if len(*m) == 0 {
		return fmt.Errorf("line %d: the list is empty", node.Line)
	}
	return nil
}

func mockOf(node *yaml.Node) (Mock, error) {
	bad := fmt.Errorf("line %d: an action is ok, fails, {fails: why} or {answers: what the API does}", node.Line)
	switch {
	case node.Kind == yaml.ScalarNode && node.Value == "ok":
		return Mock{}, nil
	case node.Kind == yaml.ScalarNode && node.Value == "fails":
		return Mock{Fails: true}, nil
	case node.Kind != yaml.MappingNode || len(node.Content) != 2:
		return Mock{}, bad
	}
	switch value := node.Content[1]; node.Content[0].Value {
	case "fails":
		return Mock{Fails: true, Why: value.Value}, nil
	case "answers":
		var answer any
		if err := value.Decode(&answer); err != nil {
			return Mock{}, fmt.Errorf("line %d: %w", value.Line, err)
		}
		body, err := json.Marshal(answer)
		if err != nil {
			return Mock{}, fmt.Errorf("line %d: what the API answers cannot be written as JSON: %w", value.Line, err)
		}
		return Mock{Body: body}, nil
	default:
		return Mock{}, bad
	}
}
