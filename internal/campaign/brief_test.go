package campaign

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
)

func TestBrief(t *testing.T) {
	t.Parallel()
	p := talking()
	p.Definition.CompanyDescription, p.Definition.AgentPersonality, p.Definition.KnowledgeBase, p.Definition.ModelType = "Flowers.", "Warm.", "12 dollars.", 3
	p.Definition.FlowScript = "Greet {firstName}, then ask for {bunches}."
	p.Definition.SuccessDescription = "{bunches} is given"
	p.Definition.IndicatorTags = []Tag{{Name: "angry", Description: "They are angry"}}
	p.Complete()
	c := call.Call{ID: "650000000000000000000001", To: "+14155550101", CallData: json.RawMessage(`{"firstName":"Joe","street":"Main St","order-id":"A 7","gone":null}`)}
	script := p.Script(c)
	want := call.Brief{
		Company: "Roses", Description: "Flowers.", Personality: "Warm.", Knowledge: "12 dollars.", ModelType: 3,
		Flow: "Greet Joe, then ask for [bunches].", Success: "[bunches] is given",
		Known: []call.Fact{{Name: "firstName", Text: "Joe"}, {Name: "order-id", Text: "A 7"}, {Name: "phoneNumber", Text: "+14155550101"}, {Name: "street (Street)", Text: "Main St"}},
		Tags:  []call.Fact{{Name: "angry", Text: "They are angry"}},
	}
	if diff := cmp.Diff(want, script.Brief); diff != "" {
		t.Errorf("%s", diff)
	}
	if script.Questions[0].Hint != "How many for Main St?" || script.Questions[1].Hint != "the colour" {
		t.Errorf("%+v", script.Questions)
	}
}

// The flow of a node Pearl is its dialogue in words.
func TestBriefOfNodes(t *testing.T) {
	t.Parallel()
	p := talking()
	p.Definition.FlowScript = "left over"
	p.Definition.Nodes = []Node{
		{NodeID: "o", Name: "Opening", NodeType: NodeOpeningSentence, Script: "Hello {firstName}.", Transitions: []Transition{{Name: "they have time", ToNodeID: "d"}}},
		{NodeID: "p", Name: "Before", NodeType: NodePreCallAPI},
		{NodeID: "d", Name: "Ask", NodeType: NodeDialogue, Instructions: "Ask for {bunches}.", Transitions: []Transition{{Name: "answered", ToNodeID: "e"}, {Name: "unclear", ToNodeID: "d"}}},
		{NodeID: "e", Name: "End", NodeType: NodeEndCall, Script: "Goodbye."},
	}
	script := p.Script(call.Call{CallData: json.RawMessage(`{"firstName":"Joe"}`)})
	want := `Step "Opening". Say: Hello Joe.
- they have time: go to "Ask"
Step "Ask". Instructions: Ask for [bunches].
- answered: go to "End"
- unclear: go to "Ask"
Step "End". The call ends here. Say: Goodbye.
`
	if diff := cmp.Diff(want, script.Brief.Flow); diff != "" {
		t.Errorf("%s", diff)
	}
}
