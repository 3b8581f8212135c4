package campaign

import (
	"encoding/json"
	"strings"
	"testing"

	"nacre/internal/call"
)

func TestFill(t *testing.T) {
	t.Parallel()
	values := map[string]string{"firstName": "Joe", "car-license": "90-929-82", "Straße 1": "Hauptstraße", "empty": "", strings.Repeat("k", 128): "long"}
	for text, want := range map[string]string{
		"Hello {firstName}.":                           "Hello Joe.",
		"{firstName}{firstName}":                       "JoeJoe",
		"Hello {missing}!":                             "Hello !",
		"{empty}{" + strings.Repeat("x", 64) + "}.":    ".",
		"Car {car-license} in {Straße 1}":              "Car 90-929-82 in Hauptstraße", // keys of callData that no variable could have
		"{" + strings.Repeat("k", 128) + "}":           "long",
		"{FirstName}":                                  "", // keys are case-sensitive
		"{not a variable at all} {} { {firstName} } {": "{not a variable at all} {} { Joe } {",
		"{{firstName}}":                                "{Joe}",
	} {
		if got := Fill(text, values); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := Fill("{a}", map[string]string{"a": "{b}", "b": "x"}); got != "{b}" {
		t.Errorf("a value was filled in: %q", got)
	}
}

// talking is a campaign whose texts name variables of every source.
func talking() Pearl {
	outbound := DefaultOutbound()
	outbound.VoiceMail = "{firstName}, call {companyName} about {order-id}. {gone}"
	outbound.ScreeningAnswer = " {agentName} of {companyName} for {firstName}. "
	return Pearl{
		Type: OutboundPearl, Outbound: &outbound,
		Definition: Definition{
			Agents: []Agent{{Name: "Nora", VoiceID: "v1"}}, CompanyName: "Roses", SuccessDescription: "wanted",
			OpeningSentence: "Hello {firstName} {lastName}, {agentName} of {companyName} here, calling {phoneNumber} in call {callId}, {emailAddress}. {count} {member} {nobody}",
		},
		Variables: []Variable{
			{ID: "street", Name: "Street", Group: PreCall},
			{ID: "bunches", Name: "the number of bunches", Group: InCall, Type: call.Int, Description: "How many for {street}?"},
			{ID: "colour", Name: "", Group: InCall, Description: "the colour"},
		},
	}
}

// TestScript: variables stand in for what is known before the call, whether declared or not, and built-in ones win.
func TestScript(t *testing.T) {
	t.Parallel()
	p := talking()
	p.Complete()
	c := call.Call{ID: "650000000000000000000001", To: "+14155550101", CallData: json.RawMessage(
		`{"firstName":"Joe","lastName":"Doe","emailAddress":"joe@example.com","street":"Main St","count":1.50,"member":true,"order-id":"A 7","gone":null,
		"phoneNumber":"theirs","callId":"theirs","agentName":"theirs","companyName":"theirs"}`)}
	script := p.Script(c)
	if want := "Hello Joe Doe, Nora of Roses here, calling +14155550101 in call 650000000000000000000001, joe@example.com. 1.50 yes "; script.Opening != want {
		t.Errorf("opening %q, want %q", script.Opening, want)
	}
	if want := "Joe, call Roses about A 7. "; script.VoiceMail != want {
		t.Errorf("voicemail %q, want %q", script.VoiceMail, want)
	}
	if want := "Nora of Roses for Joe."; script.ScreeningAnswer != want {
		t.Errorf("answer to a screening assistant %q, want %q", script.ScreeningAnswer, want)
	}
	if len(script.Questions) != 2 || !script.SuccessDefined || script.AgentName != "Nora" || script.VoiceID != "v1" {
		t.Fatalf("script %+v", script)
	}
	if q := script.Questions[0]; q.ID != "bunches" || q.Type != call.Int || q.Ask != "How many for Main St?" {
		t.Errorf("first question %+v", q)
	}
	if q := script.Questions[1]; q.ID != "colour" || q.Type != call.String || q.Ask != "Please give colour." {
		t.Errorf("second question %+v", q)
	}

	p.Definition.OpeningSentence = ""
	p.Definition.Nodes = []Node{{NodeID: "end", NodeType: NodeEndCall, Script: "Bye"}, {NodeID: "open", NodeType: NodeOpeningSentence, Script: "Hi {firstName}"}}
	if got := p.Script(c).Opening; got != "Hi Joe" {
		t.Errorf("opening of nodes %q", got)
	}
	c.CallData = nil
	if got := p.Script(c).Opening; got != "Hi " {
		t.Errorf("opening without data %q", got)
	}
}
