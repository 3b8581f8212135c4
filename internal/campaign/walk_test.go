package campaign

import (
	"fmt"
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

// What is done after calls: each by a name of its own, with its trigger; what no mail server takes is left out, and told.
func TestAfter(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	p := Pearl{Type: OutboundPearl, Outbound: &outbound, Definition: Definition{
		SMTPSettings: &SMTP{SMTPServer: "mail.example", SenderEmail: "a@b.example", EnableSSL: true},
		Notifications: []Notification{
			{APISettings: &API{Name: "crm", Method: 2, EndpointURL: "https://a.example/{order}"}, EmailTemplate: &EmailTemplate{To: []string{"x@y.example"}, CC: []string{"z@y.example"}, TriggerDescription: " They agree. "}},
			{APISettings: &API{Name: "crm", Method: 2, TriggerDescription: "They decline."}},
		},
		Nodes: []Node{
			{NodeID: "p", Name: "after", NodeType: NodePostCallActions, Instructions: "They complain.", APISettings: &API{Method: 1, EndpointURL: "https://a.example/"}},
			{NodeID: "q", Name: "nothing", NodeType: NodePostCallActions},
		},
	}}
	got := ""
	for _, a := range p.Script(call.Call{}).After {
		got += fmt.Sprintf("%s %s: %s; ", a.Kind, a.Name, a.When)
		if a.Message != nil {
			got += fmt.Sprint(a.Message.To, a.Message.CC, a.Message.SMTP.Host, "; ")
		}
	}
	if want := "request crm: ; email email_1: They agree.; [x@y.example] [z@y.example]mail.example; request notification_2: They decline.; request after: They complain.; "; got != want {
		t.Errorf("%s", got)
	}
	one, two := 1, 2
	p.Definition.Nodes = append(p.Definition.Nodes,
		Node{NodeID: "r", Name: "then", NodeType: NodePostCallActions, APISettings: &API{Method: 2}, Transitions: []Transition{{Name: "on", ToNodeID: "s"}, {Name: "itself", ToNodeID: "r"}}},
		Node{NodeID: "s", Name: "a circle", NodeType: NodePostCallActions, APISettings: &API{Method: 2}, Transitions: []Transition{{Name: "back", ToNodeID: "r", APIResult: &two}, {Name: "away", ToNodeID: "q"}}},
		Node{NodeID: "u", Name: "led to", NodeType: NodePostCallActions, APISettings: &API{Method: 2}},
	)
	p.Definition.Nodes[0].Transitions = []Transition{{Name: "done", ToNodeID: "u", APIResult: &one}}
	led := ""
	for _, a := range p.Script(call.Call{}).After[3:] {
		led += fmt.Sprint(a.Name, " ", a.Led, " ", a.Next, "; ")
	}
	if want := fmt.Sprint("after false ", []call.Next{{Number: 6, After: call.ActionDone}}, "; then false ", []call.Next{{Number: 5}}, "; a circle true ", []call.Next{{Number: 4, After: call.ActionFailed}}, "; led to true []; "); led != want {
		t.Errorf("what follows what: %s, want %s", led, want)
	}
	p.Definition.Nodes = p.Definition.Nodes[:2]
	warned := func(server Abilities) (members string) {
		for _, w := range p.Warnings(server) {
			members += w.Member + " "
		}
		return members
	}
	p.Definition.SMTPSettings = nil
	if got, want := warned(Abilities{Hears: true, Thinks: true}), "Pearl.Notifications[0].ApiSettings.EndpointUrl Pearl.Notifications[0].EmailTemplate Pearl.Nodes[1] "; got != want {
		t.Errorf("with a model: %s", got)
	}
	if got, want := warned(Abilities{Hears: true}), "Pearl.Notifications[0].ApiSettings.EndpointUrl Pearl.Notifications[0].EmailTemplate Pearl.Notifications[0].EmailTemplate.TriggerDescription "+
		"Pearl.Notifications[1].ApiSettings.TriggerDescription Pearl.Nodes[0] Pearl.Nodes[1] "; got != want {
		t.Errorf("without one: %s", got)
	}
}
