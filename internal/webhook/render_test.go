package webhook

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
)

var update = flag.Bool("update", false, "rewrite the golden bodies under testdata")

var at = time.Date(2026, 11, 23, 9, 15, 4, 250_000_000, time.UTC)

func renderer() Renderer {
	return Renderer{Link: func(callID id.ID, now time.Time) string {
		return "https://nacre.example/recordings/" + string(callID) + "?expires=" + fmt.Sprint(now.Add(7*24*time.Hour).Unix()) + "&signature=ab-c"
	}}
}

func samplePearl(version int, enums string, extras bool) campaign.Pearl {
	return campaign.Pearl{
		ID: "6650a1f2c3d4e5f60718293a", Account: accountID, Type: campaign.OutboundPearl,
		Definition: campaign.Definition{TimeZone: "Romance Standard Time"},
		Webhooks:   campaign.Webhooks{Version: version, Enums: enums, Extras: extras},
	}
}

func sampleLead() lead.Lead {
	return lead.Lead{
		ID: "665f1f77bcf86cd799439011", Account: accountID, Campaign: "6650a1f2c3d4e5f60718293a", Phone: "+14155550101",
		ExternalID: "evt1:guest7", Zone: "Pacific Standard Time", ZoneKey: "America/Los_Angeles", Status: lead.NotSuccessful,
		Created:   time.Date(2026, 11, 20, 9, 0, 0, 0, time.FixedZone("", 3600)),
		CallData:  json.RawMessage(`{ "firstName": "Zoë & <Co>", "orderNumber": 12345678901234567890, "price": 10.50, "Status": 5, "nested": {"Pearl_Id": [1, null]} }`),
		Collected: json.RawMessage(`{"interested":true,"guests":3,"notes":["a","b"]}`),
	}
}

func sampleCall() call.Call {
	return call.Call{
		ID: "665f1f77bcf86cd799439099", Account: accountID, Pearl: "6650a1f2c3d4e5f60718293a", Lead: "665f1f77bcf86cd799439011",
		From: "+14155550100", To: "+14155550101", Name: "Zoë & <Co>",
		Start: at, Answered: at.Add(6 * time.Second), Ended: at.Add(48*time.Second + time.Millisecond), Finished: at.Add(50 * time.Second),
		Answerer: call.Human, Status: call.Completed, Outcome: call.NotSuccess, Conversation: 110, CallData: json.RawMessage(`{"orderNumber":12345678901234567890,"firstName":"Zoë"}`),
		Transcript: []call.Line{
			{Role: call.Pearl, Content: "Hello Zoë, \"quick\" question?", Start: 0.42, End: 2.5},
			{Role: call.Client, Content: "לא תודה", Start: 3, End: 4.125},
			{Role: call.PlatformUser, Content: "Thanks.", Start: 5, End: 5},
		},
		Collected: []call.Value{
			{ID: "interested", Name: "Interested", Value: false}, {ID: "budget", Name: "Budget", Value: json.Number("1200.50")},
			{ID: "notes", Name: "Notes", Value: []string{"a", "b"}}, {ID: "email", Name: "E-mail"},
		},
		Tags: []string{"cold"}, Summary: "Said no.", Sentiment: 2, Transferred: true, Recording: "665f.wav",
	}
}

func started() call.Call {
	c := sampleCall()
	c.Status, c.Outcome, c.Conversation, c.Answered, c.Ended, c.Finished = call.InProgress, "", 0, time.Time{}, time.Time{}, time.Time{}
	return c
}

// bodies renders everything that has a golden file.
func bodies(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	must := func(name string, body []byte, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = body
	}
	for _, version := range []int{1, 2} {
		for _, enums := range []string{"numbers", "names"} {
			p, l := samplePearl(version, enums, false), sampleLead()
			suffix := fmt.Sprintf("v%d-%s", version, enums)
			body, err := renderer().CallBody(started(), p, &l, at)
			must("start-"+suffix, body, err)
			body, err = renderer().CallBody(sampleCall(), p, &l, at)
			must("end-"+suffix, body, err)
			body, err = renderer().LeadBody(l, p, []id.ID{"665f1f77bcf86cd799439098", "665f1f77bcf86cd799439099"}, at)
			must("lead-"+suffix, body, err)
		}
		l := sampleLead()
		extras := samplePearl(version, "numbers", true)
		body, err := renderer().CallBody(sampleCall(), extras, &l, at)
		must(fmt.Sprintf("end-v%d-extras", version), body, err)
		body, err = renderer().CallBody(started(), extras, &l, at)
		must(fmt.Sprintf("start-v%d-extras", version), body, err)

		made := call.Call{ID: "665f1f77bcf86cd799439099", Pearl: extras.ID, From: "611", To: "+14155550125", Start: at, Ended: at.Add(time.Second), Status: call.Busy, Conversation: 150}
		body, err = renderer().CallBody(made, extras, nil, at)
		must(fmt.Sprintf("end-v%d-made-call-bare", version), body, err)
		bare := lead.Lead{ID: l.ID, Campaign: extras.ID, Phone: l.Phone, Status: lead.New, Created: at}
		body, err = renderer().LeadBody(bare, extras, nil, at)
		must(fmt.Sprintf("lead-v%d-bare", version), body, err)
	}
	return out
}

func TestGoldenBodies(t *testing.T) {
	t.Parallel()
	for name, body := range bodies(t) {
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, append(body, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSuffix(string(want), "\n"), string(body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestMembersAreThoseOfTheContract compares names and their order with the lists of contract 6.2.
func TestMembersAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	callMembers := strings.Fields("id pearlId relatedId leadId startTime conversationStatus status from to name duration recording transcript summary collectedInfo tags isCallTransferred overallSentiment")
	leadMembers := strings.Fields("id pearlId externalId phoneNumber timeZone status created callsId callData collectedData")
	extra := []string{"externalId", "callData", "answerer"}
	pascal := func(names []string) []string {
		out := make([]string, len(names))
		for i, n := range names {
			out[i] = strings.ToUpper(n[:1]) + n[1:]
		}
		return out
	}
	for name, body := range bodies(t) {
		want := callMembers
		if strings.HasPrefix(name, "lead") {
			want = leadMembers
		} else if strings.Contains(name, "extras") || strings.Contains(name, "bare") {
			want = append(append([]string{}, callMembers...), extra...)
		}
		if strings.Contains(name, "-v1") {
			want = pascal(want)
		}
		if diff := cmp.Diff(want, memberNames(t, body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, member := range []string{"transcript", "collectedInfo", "tags", "callsId", "callData", "collectedData"} {
			if bytes.Contains(bytes.ToLower(body), []byte(`"`+strings.ToLower(member)+`":null`)) {
				t.Errorf("%s: %s is null", name, member)
			}
		}
	}
}

// memberNames are the names of the top level in their order.
func memberNames(t *testing.T, body []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func TestDataIsUntouched(t *testing.T) {
	t.Parallel()
	for _, version := range []int{1, 2} {
		body, err := renderer().LeadBody(sampleLead(), samplePearl(version, "names", true), nil, at)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"firstName":"Zoë & <Co>","orderNumber":12345678901234567890,"price":10.50,"Status":5,"nested":{"Pearl_Id":[1,null]}}`
		if !strings.Contains(string(body), `allData":`+want) {
			t.Errorf("version %d: %s", version, body)
		}
	}
}

func TestTimeZoneOffset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own, key, campaign string
		at                 time.Time
		want               string
	}{
		{"Pacific Standard Time", "America/Los_Angeles", "Europe/Rome", at, "-8.0"},
		{"Pacific Standard Time", "America/Los_Angeles", "Europe/Rome", at.AddDate(0, -4, 0), "-7.0"},
		{"", "", "Romance Standard Time", at, "1.0"},
		{"Asia/Kathmandu", "", "", at, "5.75"},
		{"", "", "", at, "0.0"},
	} {
		p, l := samplePearl(2, "", false), sampleLead()
		p.Definition.TimeZone, l.Zone, l.ZoneKey = c.campaign, c.own, c.key
		body, err := renderer().LeadBody(l, p, nil, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), `"timeZone":"`+c.want+`"`) {
			t.Errorf("%+v: %s", c, body)
		}
	}
}

func TestBrokenDataIsAnError(t *testing.T) {
	t.Parallel()
	l := sampleLead()
	l.CallData = json.RawMessage(`{"a":`)
	if _, err := renderer().LeadBody(l, samplePearl(2, "", false), nil, at); err == nil {
		t.Error("a body was made of broken JSON")
	}
}

func TestLongBodiesLoseTheirMiddle(t *testing.T) {
	t.Parallel()
	type cut struct {
		Transcript []struct{ Content string }
		Truncated  bool `json:"transcriptTruncated"`
		Summary    *string
		Overall    int `json:"overallSentiment"`
	}
	render := func(c call.Call, version int) (cut, []byte) {
		body, err := renderer().CallBody(c, samplePearl(version, "", false), nil, at)
		if err != nil {
			t.Fatal(err)
		}
		if len(utf16.Encode([]rune(string(body)))) >= maxBody || !utf8.Valid(body) {
			t.Errorf("body has %d characters", utf8.RuneCount(body))
		}
		var got cut
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		return got, body
	}
	long := sampleCall()
	long.Transcript = nil
	for n := range 20_000 {
		long.Transcript = append(long.Transcript, call.Line{Role: call.Client, Content: fmt.Sprintf("%05d שלום and so on", n), Start: float64(n), End: float64(n)})
	}
	for _, version := range []int{1, 2} {
		got, body := render(long, version)
		lines := got.Transcript
		if n := utf8.RuneCount(body); n < maxBody*99/100 {
			t.Errorf("version %d: only %d characters are left", version, n)
		}
		if !bytes.Contains(body, []byte(map[int]string{1: `"TranscriptTruncated":true`, 2: `"transcriptTruncated":true`}[version])) {
			t.Errorf("version %d does not say that it was cut", version)
		}
		if !strings.HasPrefix(lines[0].Content, "00000") || !strings.HasPrefix(lines[len(lines)-1].Content, "19999") {
			t.Errorf("version %d lost its beginning or end", version)
		}
		gaps := 0
		for i := 1; i < len(lines); i++ {
			var before, after int
			fmt.Sscanf(lines[i-1].Content, "%05d", &before)
			fmt.Sscanf(lines[i].Content, "%05d", &after)
			if after != before+1 {
				gaps++
			}
		}
		if gaps != 1 || got.Summary == nil {
			t.Errorf("version %d: %d gaps, summary kept: %t", version, gaps, got.Summary != nil)
		}
	}

	// At the limit: one character more or less decides, in any script.
	edge := sampleCall()
	body := func() []byte { _, b := render(edge, 2); return b }
	edge.Transcript = []call.Line{{Content: ""}}
	room := maxBody - 1 - characters(body())
	for _, unit := range []string{"x", "ш", "€", "x\U0001F600"} {
		units := len(utf16.Encode([]rune(unit)))
		content := strings.Repeat(unit, room/units) + strings.Repeat("x", room%units)
		edge.Transcript[0].Content = content
		if got, b := render(edge, 2); got.Truncated || len(utf16.Encode([]rune(string(b)))) != maxBody-1 {
			t.Errorf("a body of %d bytes was cut", len(b))
		}
		edge.Transcript[0].Content = content + "y"
		got, _ := render(edge, 2)
		if !got.Truncated || len(got.Transcript) != 1 || !strings.HasPrefix(got.Transcript[0].Content, unit+unit) || !strings.HasSuffix(got.Transcript[0].Content, "y") {
			t.Errorf("a body of a million characters %q was not cut in its middle", unit)
		}
	}
	// One long line does not take the first and the last with it.
	edge.Transcript = []call.Line{{Content: "first"}, {Content: strings.Repeat("\x01", 700_000)}, {Content: "middle"}, {Content: strings.Repeat("z", 700_000)}, {Content: "last"}}
	if got, _ := render(edge, 2); !got.Truncated || len(got.Transcript) != 5 || got.Transcript[0].Content != "first" || got.Transcript[4].Content != "last" {
		t.Errorf("of five lines %d are left", len(got.Transcript))
	}

	// Texts of the call that are too long by themselves.
	edge.Transcript, edge.Summary = long.Transcript[:10], strings.Repeat("x", 2_000_000)
	if got, _ := render(edge, 2); !got.Truncated || got.Summary != nil || len(got.Transcript) != 10 {
		t.Errorf("a huge summary leaves %d lines", len(got.Transcript))
	}
	if short, _ := render(sampleCall(), 2); short.Truncated {
		t.Error("a short body says that it was cut")
	}

	huge := sampleLead()
	huge.Collected = json.RawMessage(`{"x":"` + strings.Repeat("x", 1_000_000) + `"}`)
	leadText, err := renderer().LeadBody(huge, samplePearl(2, "", false), nil, at)
	if err != nil || len(leadText) >= maxBody {
		t.Errorf("lead body has %d bytes, error %v", len(leadText), err)
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	url, requests := recorder(t, status(202))
	ids, err := id.NewSource(strings.NewReader("12345678"))
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Renderer: renderer(), IDs: ids, Now: func() time.Time { return at }, AllowPrivate: true})
	p := samplePearl(2, "", true)
	if got := s.Test(t.Context(), p); got.Error == "" || got.Status != 0 {
		t.Errorf("without a URL: %+v", got)
	}
	for _, c := range []struct{ callURL, leadURL, target string }{
		{url + "/call", url + "/lead", "/call"}, {url + "/call", "", "/call"}, {"", url + "/lead", "/lead"},
	} {
		p.Webhooks.CallURL, p.Webhooks.LeadURL, p.Webhooks.Secret = c.callURL, c.leadURL, "whsec_bmFjcmU="
		if got := s.Test(t.Context(), p); got.Status != 202 || got.Error != "" {
			t.Errorf("test said %+v", got)
		}
		got := <-requests
		if got.target != c.target || got.header.Get("webhook-signature") == "" || !json.Valid([]byte(got.body)) {
			t.Errorf("heard %+v", got)
		}
		hasTo, hasPhone := strings.Contains(got.body, `"to":`), strings.Contains(got.body, `"phoneNumber":`)
		if hasTo != (c.target == "/call") || hasPhone != (c.target == "/lead") {
			t.Errorf("%s heard %s", c.target, got.body)
		}
	}
}

// TestAnalysisBody: the delivery of an analysis is the call as it is then, and says what it is.
func TestAnalysisBody(t *testing.T) {
	t.Parallel()
	c := call.Call{ID: "665f1f77bcf86cd799439099", Status: call.Completed, Conversation: 100, Summary: "They renew."}
	for version, member := range map[int]string{1: `"Analysis":true`, 2: `"analysis":true`} {
		for state, want := range map[call.AnalysisState]bool{call.NoAnalysis: false, call.AnalysisPending: false, call.AnalysisFailed: false, call.AnalysisDone: true} {
			c.Analysis.State = state
			body, err := Renderer{}.CallBody(c, campaign.Pearl{Webhooks: campaign.Webhooks{Version: version}}, nil, time.Now())
			if err != nil || strings.Contains(string(body), member) != want {
				t.Errorf("version %d, %q: %s, %v", version, state, body, err)
			}
		}
	}
}
