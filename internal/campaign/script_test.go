package campaign

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nacre/internal/call"
	"nacre/internal/fault"
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
	if want := "Hello Joe Doe, Nora of Roses here, calling +14155550101 in call 650000000000000000000001, joe@example.com. 1.50 yes"; script.Opening != want {
		t.Errorf("opening %q, want %q", script.Opening, want)
	}
	if want := "Joe, call Roses about A 7."; script.VoiceMail != want {
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
	if q := script.Questions[1]; q.ID != "colour" || q.Type != call.String || q.Ask != "" {
		t.Errorf("second question %+v", q)
	}

	p.Definition.OpeningSentence = ""
	p.Definition.Nodes = []Node{{NodeID: "end", NodeType: NodeEndCall, Script: "Bye"}, {NodeID: "open", NodeType: NodeOpeningSentence, Script: "Hi {firstName}"}}
	if got := p.Script(c).Opening; got != "Hi Joe" {
		t.Errorf("opening of nodes %q", got)
	}
	c.CallData = nil
	if got := p.Script(c).Opening; got != "Hi" {
		t.Errorf("opening without data %q", got)
	}
}

// What a Pearl has done besides talking is in the script, each by a name of its own; requests before the dial come first by which
// leads to which.
func TestActionsOfAScript(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	one, two := 1, 2
	api := func(url string) *API {
		return &API{Method: 2, EndpointURL: url, Headers: map[string]string{"X-Key": "s"}, OutputBody: []APIOutput{{Key: "a.b", VariableID: "size"}}}
	}
	p := Pearl{
		Type: OutboundPearl, Outbound: &outbound, Variables: []Variable{{ID: "size", Name: "size", Group: InCall, Type: call.Int}},
		Definition: Definition{
			TransferCallSettings: []Transfer{{PhoneNumber: "no number"}, {PhoneNumber: "+1 (212) 555-0199", TriggerDescription: "They are angry."}},
			APISettings:          []API{{Name: "look up", Method: 1, EndpointURL: "https://a.example/"}, {Name: "look up", Method: 5}},
			SMSSettings:          []SMS{{Body: "Hi"}}, SMTPSettings: &SMTP{SMTPServer: "mail.example", SenderEmail: "a@b.example", EnableSSL: true},
			EmailSettings: []Email{{Subject: "x"}},
			Nodes: []Node{
				{NodeID: "o", NodeType: NodeOpeningSentence, Script: "Hello."},
				{NodeID: "b", Name: "second", NodeType: NodePreCallAPI, APISettings: api("https://b.example/"), Transitions: []Transition{{ToNodeID: "e", APIResult: &two}}},
				{NodeID: "a", Name: "first", NodeType: NodePreCallAPI, APISettings: api("https://a.example/"), Transitions: []Transition{{ToNodeID: "b", APIResult: &one}, {ToNodeID: "o", APIResult: &two}}},
				{NodeID: "n", Name: "stock", NodeType: NodeAPI, APISettings: api("https://n.example/")},
				{NodeID: "e", Name: "end", NodeType: NodeEndCall, Script: " Bye {firstName}. "},
			},
		},
	}
	script := p.Script(call.Call{CallData: []byte(`{"firstName":"Ada","n":1.50}`)})
	names := ""
	for _, a := range script.Actions {
		names += string(a.Kind) + " " + a.Name + " " + a.Number + ";"
	}
	if names != "transfer transfer_2 +12125550199;request look up ;request api_2 ;request stock ;sms sms_1 ;email email_1 ;" {
		t.Errorf("%s", names)
	}
	if len(script.Before) != 2 || script.Before[0].Action.Name != "first" || script.Before[0].OnSuccess != 1 || script.Before[0].OnFailure != call.Dial ||
		script.Before[1].OnSuccess != call.Dial || script.Before[1].OnFailure != call.DoNotDial {
		t.Errorf("%+v", script.Before)
	}
	if out := script.Before[0].Action.Request.Outputs; len(out) != 1 || out[0].Type != call.Int {
		t.Errorf("%+v", out)
	}
	if script.Closing != "Bye Ada." || script.Known["n"] != json.Number("1.50") {
		t.Errorf("%q, %v", script.Closing, script.Known)
	}
	if flow := script.Brief.Flow; !strings.Contains(flow, `Use call_api for "stock"`) || strings.Contains(flow, "first") {
		t.Errorf("%s", flow)
	}
	with, err := With(call.Call{CallData: []byte(`{"firstName":"Ada"}`)}, []call.Value{{ID: "firstName", Value: "Eve"}, {ID: "size", Value: int64(3)}})
	if err != nil || string(with.CallData) != `{"firstName":"Eve","size":3}` {
		t.Errorf("%s, %v", with.CallData, err)
	}
}

// What cannot be done is refused when it is stored: a number that nobody can dial, a host that a variable chooses.
func TestActionsThatCannotRun(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	p := Pearl{Name: "x", Type: OutboundPearl, Outbound: &outbound, Definition: Definition{
		TimeZone: "UTC", CompanyDescription: "x", OpeningSentence: "Hello.", TransferCallSettings: []Transfer{{PhoneNumber: "12"}, {}},
		APISettings: []API{{Method: 1, EndpointURL: "https://{host}.example/x"}, {Method: 1, EndpointURL: "https://a.example/{id}?q={name}"}},
	}}
	p.Complete()
	err := p.Check(Judges{})
	for _, member := range []string{"Pearl.TransferCallSettings[0].TransferCallPhoneNumber", "Pearl.TransferCallSettings[1].TransferCallPhoneNumber", "Pearl.ApiSettings[0].EndpointUrl"} {
		if err == nil || !strings.Contains(fmt.Sprintf("%+v", err.(*fault.Error).Fields), member) {
			t.Errorf("%s is not refused: %v", member, err)
		}
	}
	if err != nil && len(err.(*fault.Error).Fields) != 3 {
		t.Errorf("%+v", err)
	}
}
