package campaign

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/lead"
)

// judges refuse the voice "unknown", URLs with "private" in them, and the header Host.
var judges = Judges{
	KnownVoice: func(voiceID string) bool { return voiceID != "unknown" },
	URL: func(url string) error {
		if strings.Contains(url, "private") {
			return fmt.Errorf("Invalid Webhook URL %q: %w", url, errors.New("it is private"))
		}
		return nil
	},
	Header: func(name string) error {
		if name == "Host" {
			return errors.New("taken")
		}
		return nil
	},
}

func form() Pearl {
	settings := DefaultOutbound()
	p := Pearl{
		Type: OutboundPearl, Name: "Spring", Outbound: &settings,
		Definition: Definition{CompanyDescription: "A florist", TimeZone: "Europe/Rome", OpeningSentence: "Hello {firstName}"},
		Variables:  []Variable{{ID: "street", Name: "Street", Group: PreCall}, {ID: "bunches", Name: "Bunches", Group: InCall, Type: call.Int}},
	}
	p.Complete()
	return p
}

func desk() Pearl {
	p, settings := form(), DefaultInbound()
	settings.WaitingSentence = "One moment"
	p.Type, p.Outbound, p.Inbound = InboundPearl, nil, &settings
	return p
}

func nodes() Pearl {
	p, yes, no := form(), 1, 2
	p.Definition.OpeningSentence = ""
	p.Definition.Nodes = []Node{
		{NodeID: "open", Name: "Open", NodeType: NodeOpeningSentence, Script: "Hello {street}", Transitions: []Transition{{Name: "go", ToNodeID: "api"}}},
		{NodeID: "api", Name: "Stock", NodeType: NodeAPI, APISettings: &API{Name: "s", Method: 1, EndpointURL: "https://example.com"},
			Transitions: []Transition{{Name: "ok", ToNodeID: "end", APIResult: &yes}, {Name: "no", ToNodeID: "end", APIResult: &no}}},
		{NodeID: "end", Name: "End", NodeType: NodeEndCall},
	}
	return p
}

// TestCheck changes one thing of a good Pearl and expects the paths of the faults, all of them.
func TestCheck(t *testing.T) {
	t.Parallel()
	three := 3
	minus := -1
	cases := []struct {
		name   string
		pearl  Pearl
		change func(*Pearl)
		want   []string
	}{
		{"form", form(), func(*Pearl) {}, nil},
		{"nodes", nodes(), func(*Pearl) {}, nil},
		{"inbound", desk(), func(*Pearl) {}, nil},
		{"no name", form(), func(p *Pearl) { p.Name = " " }, []string{"Name"}},
		{"no description", form(), func(p *Pearl) { p.Definition.CompanyDescription = "" }, []string{"Pearl.CompanyDescription"}},
		{"no zone", form(), func(p *Pearl) { p.Definition.TimeZone = "" }, []string{"Pearl.TimeZone"}},
		{"Windows zone", form(), func(p *Pearl) { p.Definition.TimeZone = "türkiye standard time" }, nil},
		{"display name of a zone", form(), func(p *Pearl) { p.Definition.TimeZone = "(UTC+01:00) Rome" }, []string{"Pearl.TimeZone"}},
		{"no opening", form(), func(p *Pearl) { p.Definition.OpeningSentence = "" }, []string{"Pearl.OpeningSentence"}},
		{"opening asks what is not known yet", form(), func(p *Pearl) { p.Definition.OpeningSentence = "{bunches}" }, []string{"Pearl.OpeningSentence"}},
		{"opening with undeclared variable", form(), func(p *Pearl) { p.Definition.OpeningSentence = "Hello {nickName}" }, nil},
		{"script may name what is collected", form(), func(p *Pearl) { p.Definition.FlowScript = "{bunches}" }, nil},
		{"voice", form(), func(p *Pearl) { p.Definition.Agents = []Agent{{}, {VoiceID: "unknown"}} }, []string{"Pearl.Agents[1].VoiceId"}},
		{"API", form(), func(p *Pearl) {
			p.Definition.APISettings = []API{{Method: 1, EndpointURL: "https://example.com/{street}"}, {Method: 6, EndpointURL: "http://private"}, {Headers: map[string]string{"a b": "c", "X": "a\r\nb"}}}
		}, []string{"Pearl.ApiSettings[1].EndpointUrl", "Pearl.ApiSettings[1].Method", "Pearl.ApiSettings[2].EndpointUrl", "Pearl.ApiSettings[2].Headers", "Pearl.ApiSettings[2].Headers.X", "Pearl.ApiSettings[2].Method"}},
		{"notification", form(), func(p *Pearl) {
			p.Definition.Notifications = []Notification{{}, {APISettings: &API{Method: 2, EndpointURL: "http://private"}}}
		}, []string{"Pearl.Notifications[1].ApiSettings.EndpointUrl"}},
		{"tags", form(), func(p *Pearl) { p.Definition.IndicatorTags = []Tag{{Name: "roses"}, {}, {Name: "a\nb"}} }, []string{"Pearl.IndicatorTags[1].Name", "Pearl.IndicatorTags[2].Name"}},

		{"variables", form(), func(p *Pearl) {
			p.Variables = []Variable{
				{ID: "a", Name: "A", Group: 1}, {ID: "a", Name: "A", Group: 2}, {ID: "A", Name: "A", Group: 2}, {ID: "agentName", Name: "x", Group: 1}, {ID: "email", Name: "x", Group: 1},
				{ID: "ä", Name: "x", Group: 1}, {ID: strings.Repeat("x", 65), Name: "x", Group: 1}, {ID: strings.Repeat("x", 64), Group: 1}, {Name: "x", Group: 3, Type: "date"},
			}
		}, []string{"Variables[1].Id", "Variables[3].Id", "Variables[4].Id", "Variables[5].Id", "Variables[6].Id", "Variables[7].Name", "Variables[8].Group", "Variables[8].Id", "Variables[8].Type"}},

		{"nodes without variables", nodes(), func(p *Pearl) { p.Variables = nil }, []string{"Variables"}},
		{"no nodes at all", nodes(), func(p *Pearl) { p.Definition.Nodes = []Node{} }, []string{"Pearl.Nodes", "Pearl.Nodes"}},
		{"nodes and opening", nodes(), func(p *Pearl) { p.Definition.OpeningSentence, p.Definition.FlowScript = "a", "b" }, []string{"Pearl.FlowScript", "Pearl.OpeningSentence"}},
		{"node ids", nodes(), func(p *Pearl) {
			p.Definition.Nodes[1].NodeID, p.Definition.Nodes[2].NodeID = "open", strings.Repeat("e", 21)
		}, []string{"Pearl.Nodes[0].Transitions[0].ToNodeId", "Pearl.Nodes[1].NodeId", "Pearl.Nodes[1].Transitions[0].ToNodeId", "Pearl.Nodes[1].Transitions[1].ToNodeId", "Pearl.Nodes[2].NodeId"}},
		{"node names", nodes(), func(p *Pearl) { p.Definition.Nodes[1].Name = "" }, []string{"Pearl.Nodes[1].Name"}},
		{"twenty characters are not too many", nodes(), func(p *Pearl) {
			long := strings.Repeat("é", 20)
			p.Definition.Nodes[1].NodeID, p.Definition.Nodes[0].Transitions[0].ToNodeID = long, long
		}, nil},
		{"instructions", nodes(), func(p *Pearl) { p.Definition.Nodes[2].Instructions = strings.Repeat("x", 2001) }, []string{"Pearl.Nodes[2].Instructions"}},
		{"node types", nodes(), func(p *Pearl) { p.Definition.Nodes[2].NodeType = 7 }, []string{"Pearl.Nodes", "Pearl.Nodes[2].NodeType"}},
		{"two openings", nodes(), func(p *Pearl) { p.Definition.Nodes[2].NodeType = NodeOpeningSentence }, []string{"Pearl.Nodes", "Pearl.Nodes"}},
		{"opening node", nodes(), func(p *Pearl) { p.Definition.Nodes[0].Script = "{bunches}" }, []string{"Pearl.Nodes[0].Script"}},
		{"API node without API", nodes(), func(p *Pearl) { p.Definition.Nodes[1].APISettings = nil }, []string{"Pearl.Nodes[1].ApiSettings"}},
		{"API node to a private address", nodes(), func(p *Pearl) { p.Definition.Nodes[1].APISettings.EndpointURL = "http://private" }, []string{"Pearl.Nodes[1].ApiSettings.EndpointUrl"}},
		{"transitions", nodes(), func(p *Pearl) {
			p.Definition.Nodes[0].Transitions = []Transition{{Name: "a", ToNodeID: "end"}, {Name: "a", ToNodeID: "nowhere"}, {}, {Name: "b", ToNodeID: "end", APIResult: &three}}
			p.Definition.Nodes[1].Transitions[0].APIResult, p.Definition.Nodes[1].Transitions[1].APIResult = nil, &three
		}, []string{
			"Pearl.Nodes[0].Transitions[1].Name", "Pearl.Nodes[0].Transitions[1].ToNodeId", "Pearl.Nodes[0].Transitions[2].Name", "Pearl.Nodes[0].Transitions[2].ToNodeId",
			"Pearl.Nodes[0].Transitions[3].ApiResult", "Pearl.Nodes[1].Transitions[0].ApiResult", "Pearl.Nodes[1].Transitions[1].ApiResult",
		}},

		{"least", form(), func(p *Pearl) {
			o := p.Outbound
			o.TotalAgents, o.RecordingTrack, o.TranscriptOptions, o.MaximumCallAttempts, o.MinimumRetryIntervalHours, o.RingDuration, o.CallTimeout, o.CallRequestMaxWaitMinutes = 1, 1, 1, 1, 1, 10, 1, 1
			o.BudgetTotal = new(int)
		}, nil},
		{"most", form(), func(p *Pearl) {
			o := p.Outbound
			o.RecordingTrack, o.TranscriptOptions, o.MaximumCallAttempts, o.MinimumRetryIntervalHours, o.RingDuration, o.CallTimeout, o.VoiceMail = 4, 3, 11, 6, 50, 120, strings.Repeat("ü", 500)
			o.ScreeningAnswer, o.MenuKeys = strings.Repeat("ü", 300), "0123456#"
		}, nil},
		{"below", form(), func(p *Pearl) { *p.Outbound = OutboundSettings{BudgetTotal: &minus} }, []string{
			"Outbound.BudgetTotal", "Outbound.CallRequestMaxWaitMinutes", "Outbound.CallTimeout", "Outbound.DuplicatePolicy", "Outbound.MaximumCallAttempts", "Outbound.MinimumRetryIntervalHours",
			"Outbound.RecordingTrack", "Outbound.RingDuration", "Outbound.TotalAgents", "Outbound.TranscriptOptions",
		}},
		{"above", form(), func(p *Pearl) {
			o := p.Outbound
			o.RecordingTrack, o.TranscriptOptions, o.MaximumCallAttempts, o.MinimumRetryIntervalHours, o.RingDuration, o.CallTimeout, o.VoiceMail = 5, 4, 12, 7, 51, 121, strings.Repeat("x", 501)
			o.ScreeningAnswer, o.MenuKeys = strings.Repeat("x", 301), "123456789"
		}, []string{
			"Outbound.CallTimeout", "Outbound.MaximumCallAttempts", "Outbound.MenuKeys", "Outbound.MinimumRetryIntervalHours", "Outbound.RecordingTrack", "Outbound.RingDuration", "Outbound.ScreeningAnswer", "Outbound.TranscriptOptions", "Outbound.VoiceMail",
		}},
		{"keys that no telephone has", form(), func(p *Pearl) { p.Outbound.MenuKeys = "1A" }, []string{"Outbound.MenuKeys"}},
		{"voicemail asks what is not known yet", form(), func(p *Pearl) { p.Outbound.VoiceMail = "{street} {bunches} {bunches}" }, []string{"Outbound.VoiceMail"}},
		{"the answer to a screening assistant asks what is not known yet", form(), func(p *Pearl) { p.Outbound.ScreeningAnswer = "{bunches}" }, []string{"Outbound.ScreeningAnswer"}},
		{"zone of leads", form(), func(p *Pearl) { p.Outbound.TimeZone = "+02:00" }, []string{"Outbound.TimeZone"}},
		{"hours", form(), func(p *Pearl) {
			p.Outbound.CallingHours = []hours.Window{{Day: 7, Start: "22:00", End: "02:00"}, {Day: 1, Start: "9", End: "9"}}
			p.Outbound.Holidays = []hours.Holiday{{Date: "2026-12-25"}, {Date: "25.12.2026"}}
		}, []string{"Outbound.CallingHours[1].End", "Outbound.CallingHours[1].Start", "Outbound.Holidays[1].Date"}},
		{"lists without end", form(), func(p *Pearl) {
			for range 501 {
				p.Outbound.CallingHours = append(p.Outbound.CallingHours, hours.Window{Day: 1, Start: "09:00", End: "10:00"})
			}
			for range 1001 {
				p.Outbound.Holidays = append(p.Outbound.Holidays, hours.Holiday{Date: "2026-12-25"})
			}
			p.Outbound.RetryPolicy = lead.RetryPolicy{"busy": {Delays: make([]int, 101)}}
		}, []string{"Outbound.CallingHours", "Outbound.Holidays", "Outbound.RetryPolicy.Busy.Delays"}},
		{"region", form(), func(p *Pearl) { p.Outbound.DefaultRegion = "Europe" }, []string{"Outbound.DefaultRegion"}},
		{"duplicates", form(), func(p *Pearl) { p.Outbound.DuplicatePolicy = "merge" }, []string{"Outbound.DuplicatePolicy"}},
		{"retry policy", form(), func(p *Pearl) {
			p.Outbound.RetryPolicy = lead.RetryPolicy{call.BusyOutcome: {Delays: []int{0, -1}, MaximumAttempts: &minus}, "success": {}, call.Lost: {}, call.Voicemail: {MaximumAttempts: &three}}
		}, []string{"Outbound.RetryPolicy", "Outbound.RetryPolicy.Busy.Delays[1]", "Outbound.RetryPolicy.Busy.MaximumAttempts"}},
		{"webhooks", form(), func(p *Pearl) {
			p.Webhooks = Webhooks{CallURL: "http://private/", LeadURL: "http://private/", Version: 3, Enums: "words", Credential: "a\nb", CredentialHeader: "Host"}
		}, []string{
			"Outbound.CallWebhookUrl", "Outbound.LeadWebhookUrl", "Outbound.WebhookCredential", "Outbound.WebhookCredentialHeader", "Outbound.WebhookEnums", "Outbound.WebhookVersion",
		}},

		{"inbound settings", desk(), func(p *Pearl) {
			p.Inbound.TotalAgents, p.Inbound.TranscriptOptions, p.Inbound.WaitingSentence, p.Webhooks.CallURL = 0, 0, strings.Repeat("x", 301), "http://private"
		}, []string{"Inbound.CallWebhookUrl", "Inbound.TotalAgents", "Inbound.TranscriptOptions", "Inbound.WaitingSentence"}},
		{"no waiting sentence", desk(), func(p *Pearl) { p.Inbound.WaitingSentence = "" }, []string{"Inbound.WaitingSentence"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.change(&c.pearl)
			if got := paths(t, c.pearl.Check(judges)); !slices.Equal(got, c.want) {
				t.Errorf("faults at\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestCheckSettings: settings are judged without the rest of the Pearl.
func TestCheckSettings(t *testing.T) {
	t.Parallel()
	p := form()
	p.Name, p.Outbound.RingDuration = "", 9
	if got := paths(t, p.CheckSettings(judges)); !slices.Equal(got, []string{"Outbound.RingDuration"}) {
		t.Errorf("faults at %q", got)
	}
	p.Webhooks.Version = 0
	if got := paths(t, p.Webhooks.Check(judges)); !slices.Equal(got, []string{"WebhookVersion"}) {
		t.Errorf("faults at %q", got)
	}
}

// TestCheckTexts: the texts that clients search for, and the ones that say what is allowed.
func TestCheckTexts(t *testing.T) {
	t.Parallel()
	p := form()
	p.Webhooks.CallURL = "http://private/"
	p.Definition.APISettings = []API{{Method: 1, EndpointURL: "http://private/"}}
	p.Outbound.MinimumRetryIntervalHours = 24
	text := fmt.Sprint(p.Check(judges))
	for _, want := range []string{`Invalid Webhook URL "http://private/": it is private`, "The URL 'http://private/' is not allowed: it is private.", "no number of hours"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}

// paths are the member paths of an Invalid error, sorted.
func paths(t *testing.T, err error) (all []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *fault.Error
	if !errors.As(err, &invalid) || invalid.Kind != fault.Invalid {
		t.Fatalf("not a fault of the request: %v", err)
	}
	for _, f := range invalid.Fields {
		all = append(all, f.Path)
	}
	slices.Sort(all)
	return all
}

// TestComplete: what a Pearl has without being told; no list of an answer is null.
func TestComplete(t *testing.T) {
	t.Parallel()
	p := Pearl{Outbound: &OutboundSettings{}, Variables: []Variable{{ID: "a"}}, Definition: Definition{
		SpeechRecognitionKeywords: []Keyword{{}}, APISettings: []API{{}}, Nodes: []Node{{APISettings: &API{}}, {}}, Notifications: []Notification{{}, {APISettings: &API{}, EmailTemplate: &EmailTemplate{}}},
	}}
	p.Complete()
	if len(p.Definition.Agents) != 1 || p.Variables[0].Type != call.String || p.Webhooks.Version != 2 || p.Webhooks.Enums != "numbers" {
		t.Errorf("not complete: %+v", p)
	}
	raw, err := json.Marshal(struct {
		Definition Definition
		Variables  []Variable
	}{p.Definition, p.Variables})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"agents", "speechRecognitionKeywords", "pronunciations", "transferCallSettings", "smsSettings", "emailSettings", "indicatorTags", "body", "transitions", "notifications", "to", "cc", "headers"} {
		if strings.Contains(string(raw), `"`+list+`":null`) {
			t.Errorf("%s is null in %s", list, raw)
		}
	}
	given := form()
	given.Definition.Agents = []Agent{{Name: "Nora"}, {Name: "Bob"}}
	before := given.Clone()
	given.Complete()
	if fmt.Sprintf("%+v", given.Definition) != fmt.Sprintf("%+v", before.Definition) {
		t.Errorf("what was given has changed:\n%+v\n%+v", before.Definition, given.Definition)
	}
}
