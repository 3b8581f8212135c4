package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
)

// What a node Pearl's talk goes along: transitions by number, questions where they are named, requests by number, and everything
// that is no step of the talk is the end.
func TestWalk(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	one, two := 1, 2
	p := Pearl{
		Type: OutboundPearl, Outbound: &outbound,
		Variables: []Variable{
			{ID: "street", Name: "street", Group: PreCall}, {ID: "name", Name: "name", Group: InCall}, {ID: "order", Name: "order", Group: InCall},
			{ID: "state", Name: "state", Group: InCall}, {ID: "mood", Name: "mood", Group: InCall}, {ID: "rooms", Name: "rooms", Group: InCall, Type: call.Int},
		},
		Definition: Definition{Nodes: []Node{
			{NodeID: "e", Name: "end", NodeType: NodeEndCall, Script: "Bye {name}."},
			{NodeID: "d", Name: "dialogue", NodeType: NodeDialogue, Script: "Hello {name} of {street}. How many? {rooms}", Instructions: "Then find out the {order} and the {state}.",
				Transitions: []Transition{{Name: "Look", ToNodeID: "a"}, {Name: "Later", ToNodeID: "p"}}},
			{NodeID: "o", Name: "opening", NodeType: NodeOpeningSentence, Script: "Hi {firstName}.", Transitions: []Transition{{Name: "on", ToNodeID: "d"}}},
			{NodeID: "a", Name: "ask", NodeType: NodeAPI, APISettings: &API{Method: 1, EndpointURL: "https://a.example/{order}", OutputBody: []APIOutput{{Key: "s", VariableID: "state"}}},
				Transitions: []Transition{{Name: "ok", ToNodeID: "e", APIResult: &one}, {Name: "bad", ToNodeID: "d", APIResult: &two}}},
			{NodeID: "p", Name: "after", NodeType: NodePostCallActions},
		}},
	}
	want := []call.Node{
		{Name: "opening", Say: "Hi {x}.", Ways: []call.Way{{Name: "on", To: 2}}},
		{Name: "end", Say: "Bye {name}.", Needs: []int{3}, Ends: true},
		{Name: "dialogue", Say: "Hello {name} of {street}. How many?", Needs: []int{0}, Asks: []int{4, 1}, Ways: []call.Way{{Name: "Look", To: 3}, {Name: "Later", To: 1}}},
		{Name: "ask", Action: 1, Needs: []int{1}, Ways: []call.Way{{Name: "ok", To: 1, After: call.ActionDone}, {Name: "bad", To: 2, After: call.ActionFailed}}},
	}
	if diff := cmp.Diff(want, p.Script(call.Call{CallData: []byte(`{"firstName":"{x}"}`)}).Nodes); diff != "" {
		t.Error(diff)
	}
}
