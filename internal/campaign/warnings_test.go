package campaign

import (
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
	for _, w := range p.Warnings() {
		got[w.Member] += w.Text + "\n"
	}
	for member, parts := range map[string][]string{
		"Pearl.OpeningSentence":    {"{frstName} is neither", "mean {firstName}?", "{plna} is neither", "mean {plan}?"},
		"Outbound.VoiceMail":       {"{code} is neither"},
		"Variables[1].Description": {"{title} is neither"},
		"Pearl.KnowledgeBase":      {"no effect"},
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
	if got := p.Warnings(); len(got) != 0 {
		t.Errorf("warnings about a plain Pearl: %v", got)
	}
}
