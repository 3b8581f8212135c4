package campaign

import (
	"slices"
	"strings"
	"testing"

	"nacre/internal/call"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	outbound.VoiceMail = "Call us back, {lastName}. Your code is {code}. {not a variable}"
	p := Pearl{
		Type: OutboundPearl, Outbound: &outbound,
		Definition: Definition{OpeningSentence: "Hello {frstName}, this is {agentName} of {companyName} about {plna}.", KnowledgeBase: "Gyms."},
		Variables: []Variable{
			{ID: "plan", Name: "plan", Group: PreCall},
			{ID: "renews", Name: "renewal", Group: InCall, Type: call.Boolean, Description: "Renew {plan}, {title}?"},
		},
	}
	p.Complete()
	got := map[string]string{}
	for _, w := range p.Warnings(Abilities{}) {
		got[w.Member] += w.Text + "\n"
	}
	for member, parts := range map[string][]string{
		"Pearl.OpeningSentence":    {"{frstName} is neither", "mean {firstName}?", "{plna} is neither", "mean {plan}?", "{agentName} is spoken as nothing, because agents names nobody", "{companyName} is spoken as nothing"},
		"Outbound.VoiceMail":       {"{code} is neither"},
		"Variables[1].Description": {"{title} is neither"},
		"Pearl.KnowledgeBase":      {"no effect", "none is configured"},
	} {
		for _, part := range parts {
			if !strings.Contains(got[member], part) {
				t.Errorf("%s: %q does not say %q", member, got[member], part)
			}
		}
		delete(got, member)
	}
	for member, text := range got {
		t.Errorf("unexpected: %s: %s", member, text)
	}
	if strings.Contains(got["Outbound.VoiceMail"], "not a variable") {
		t.Error("text between braces that can be no variable is warned about")
	}
}

func TestWithoutWarnings(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	p := Pearl{Type: OutboundPearl, Outbound: &outbound, Definition: Definition{OpeningSentence: "Hello {firstName}."}}
	p.Complete()
	if got := p.Warnings(Abilities{}); len(got) != 0 {
		t.Errorf("warnings about a plain Pearl: %v", got)
	}
}

// TestWarningsOfModels: what only a language model is told has no effect without one, or where it would hear nothing; what nothing
// acts on has none either way.
func TestWarningsOfModels(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	form := Pearl{Type: OutboundPearl, Outbound: &outbound, Definition: Definition{
		OpeningSentence: "Hello.", AgentPersonality: "Kind.", KnowledgeBase: "Gyms.", ModelType: 2, FlowScript: "Ask.",
		IndicatorTags: []Tag{{Name: "hurried"}}, SpeechRecognitionKeywords: []Keyword{{Word: "gym"}}, Memory: true,
	}}
	nodes := Pearl{Type: OutboundPearl, Outbound: &outbound, Definition: Definition{
		Nodes: []Node{{NodeType: NodeOpeningSentence, Script: "Hello."}, {NodeType: NodeDialogue, Instructions: "Be kind."}, {NodeType: NodePostCallActions}, {NodeType: NodeAPI, Instructions: "Ask for the {order}."}, {NodeType: NodePreCallAPI}, {NodeType: NodeEndCall}},
	}}
	for _, test := range []struct {
		pearl     Pearl
		forModels []string
		never     []string
	}{
		{form, []string{"Pearl.AgentPersonality", "Pearl.FlowScript", "Pearl.IndicatorTags", "Pearl.KnowledgeBase", "Pearl.ModelType"}, []string{"Pearl.Memory", "Pearl.SpeechRecognitionKeywords"}},
		{nodes, []string{"Pearl.Nodes[1].Instructions"}, []string{"Pearl.Nodes[2]"}},
	} {
		for server, text := range map[Abilities]string{{}: "none is configured", {Hears: true}: "none is configured", {Thinks: true}: "nothing does", {Hears: true, Thinks: true}: ""} {
			var forModels, never []string
			for _, w := range test.pearl.Warnings(server) {
				switch {
				case text != "" && strings.Contains(w.Text, text):
					forModels = append(forModels, w.Member)
				case strings.Contains(w.Text, "no effect on calls yet"):
					never = append(never, w.Member)
				default:
					t.Errorf("%+v: unexpected: %s: %s", server, w.Member, w.Text)
				}
			}
			slices.Sort(forModels)
			slices.Sort(never)
			want := test.forModels
			if text == "" {
				want = nil
			}
			if !slices.Equal(forModels, want) || !slices.Equal(never, test.never) {
				t.Errorf("%+v: for models %v, want %v; without effect %v, want %v", server, forModels, want, never, test.never)
			}
		}
	}
}
