package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
	v1 "nacre/internal/api/v1"
	v2routes "nacre/internal/api/v2"
)

// document is the server's own description of its API.
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	Parameters  []struct{ Name, In string } `json:"parameters"`
	RequestBody *struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `json:"content"`
	} `json:"responses"`
}

// Content is the description of a JSON body.
func (o operation) Content() (media, bool) {
	if o.RequestBody == nil {
		return media{}, false
	}
	m, isJSON := o.RequestBody.Content["application/json"]
	return m, isJSON
}

type media struct {
	Example any    `json:"example"`
	Schema  schema `json:"schema"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Items      *schema           `json:"items"`
	AnyOf      []schema          `json:"anyOf"`
	OneOf      []schema          `json:"oneOf"`
	Properties map[string]schema `json:"properties"`
}

// described returns the document, and a compiler of its schemas.
func described(t *testing.T) (*document, *jsonschema.Compiler) {
	t.Helper()
	table := route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2routes.Routes(route.Services{})))
	text, err := openapi.Document(table.Routes(), "")
	if err != nil {
		t.Fatal(err)
	}
	d := new(document)
	// Answers by reference are errors, parameters by reference headers: neither is judged here.
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("file:///openapi.json", read); err != nil {
		t.Fatal(err)
	}
	return d, compiler
}

// find returns the described route that a request fits; a path with more fixed segments goes before.
func (d *document) find(method, path string) (template string, found operation, ok bool) {
	fixed := -1
	for t, methods := range d.Paths {
		pattern := "^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(t), `[^/]+`) + "$"
		o, has := methods[strings.ToLower(method)]
		if segments := strings.Count(t, "/") - strings.Count(t, "{"); has && regexp.MustCompile(pattern).MatchString(path) && segments > fixed {
			template, found, ok, fixed = t, o, true, segments
		}
	}
	return template, found, ok
}

// TestClientKeepsToTheDocument: every request is one that the document describes, with a body that its schema allows, and
// what the document answers is read whole: no member of it is lost, and none is expected that is not there.
func TestClientKeepsToTheDocument(t *testing.T) {
	t.Parallel()
	d, compiler := described(t)
	now := time.Date(2026, 11, 23, 9, 15, 0, 0, time.UTC)
	text, status, id := "x", LeadCompleted, "665f1f77bcf86cd799439011"
	data := map[string]any{"plan": "A"}
	filter := LeadFilter{Text: text, Statuses: LeadStatuses(), Attempts: []int{0}, TimeZoneIDs: []string{""}}
	settings := json.RawMessage(`{"name":"x","outbound":{"totalAgents":2}}`)
	count, yes := 2, true
	ctx := t.Context()
	calls := map[string]func(c *Client) (any, error){
		"AddLead": func(c *Client) (any, error) {
			return c.AddLead(ctx, somePearl, NewLead{PhoneNumber: "+14155550101", ExternalID: text, TimeZoneID: "Europe/Rome", CallData: data})
		},
		"AddLeads": func(c *Client) (any, error) {
			return c.AddLeads(ctx, somePearl, []NewLead{{PhoneNumber: "+14155550101"}})
		},
		"PreviewImport": func(c *Client) (any, error) { return c.PreviewImport(ctx, somePearl, []byte("+14155550101\n")) },
		"ImportLeads": func(c *Client) (any, error) {
			return nil, c.ImportLeads(ctx, somePearl, []byte("+14155550101\n"), ImportOptions{DryRun: true, Mapping: []string{"phoneNumber"}}, func(ImportPart, int) {})
		},
		"GetLead":              func(c *Client) (any, error) { return c.GetLead(ctx, somePearl, id) },
		"GetLeadByExternalID":  func(c *Client) (any, error) { return c.GetLeadByExternalID(ctx, somePearl, "crm-1") },
		"GetLeadByPhoneNumber": func(c *Client) (any, error) { return c.GetLeadByPhoneNumber(ctx, somePearl, "+14155550101") },
		"UpdateLead": func(c *Client) (any, error) {
			return c.UpdateLead(ctx, somePearl, id, LeadChange{PhoneNumber: &text, ExternalID: &text, TimeZoneID: &text, CallData: &data, Status: &status})
		},
		"SearchLeads": func(c *Client) (any, error) {
			return c.SearchLeads(ctx, somePearl, LeadSearch{LeadFilter: filter, Sort: "status", Ascending: true, Skip: 1, Limit: 1000})
		},
		"FindLeads": func(c *Client) (any, error) {
			return c.FindLeads(ctx, LeadsSought{Text: "+1415", PhoneNumber: "+14155550101", ExternalID: text, Skip: 1, Limit: 100})
		},
		"DeleteLeads": func(c *Client) (any, error) { return nil, c.DeleteLeads(ctx, somePearl, []string{id}) },
		"LeadHistory": func(c *Client) (any, error) { return c.LeadHistory(ctx, somePearl, id, 1, 1000) },
		"LeadNext":    func(c *Client) (any, error) { return c.LeadNext(ctx, somePearl, id) },
		"Pearls":      func(c *Client) (any, error) { return c.Pearls(ctx) },
		"GetPearl":    func(c *Client) (any, error) { return c.GetPearl(ctx, somePearl) },
		"CreatePearl of nodes": func(c *Client) (any, error) {
			return c.CreatePearl(ctx, json.RawMessage(`{"name":"x","variables":[],"pearl":{"companyDescription":"x","timeZone":"Europe/Rome","nodes":[{"nodeId":"a","name":"a","nodeType":2,"instructions":"x"},{"nodeId":"b","name":"b","nodeType":100}]},"outbound":{}}`))
		},
		"CreatePearl": func(c *Client) (any, error) {
			return c.CreatePearl(ctx, json.RawMessage(`{"name":"x","pearl":{"companyDescription":"x","timeZone":"Europe/Rome","openingSentence":"x"},"outbound":{}}`))
		},
		"SetRunning": func(c *Client) (any, error) { return c.SetRunning(ctx, somePearl, true) },
		"Warnings":   func(c *Client) (any, error) { return c.Warnings(ctx, somePearl) },
		"GetCall":    func(c *Client) (any, error) { return c.GetCall(ctx, id) },
		"SearchCalls": func(c *Client) (any, error) {
			return c.SearchCalls(ctx, somePearl, CallSearch{From: now, To: now, ConversationStatuses: []LeadStatus{LeadSuccess}, Text: text, Tags: []string{"hot"}, Sort: "duration", Ascending: true, Skip: 1, Limit: 100, IsReviewed: &yes, PearlVersions: []int{1}})
		},
		"RequestCall":    func(c *Client) (any, error) { return c.RequestCall(ctx, somePearl, "+14155550101", data) },
		"GetCallRequest": func(c *Client) (any, error) { return c.GetCallRequest(ctx, id) },
		"Signalling":     func(c *Client) (any, error) { return c.Signalling(ctx, id) },
		"Actions":        func(c *Client) (any, error) { return c.Actions(ctx, id) },
		"HangUp":         func(c *Client) (any, error) { return nil, c.HangUp(ctx, id) },
		"SearchDeliveries": func(c *Client) (any, error) {
			return c.SearchDeliveries(ctx, somePearl, DeliverySearch{State: Dead, LeadID: id, CallID: id, From: &now, To: &now, Skip: 1, Limit: 1000})
		},
		"GetDelivery":    func(c *Client) (any, error) { return c.GetDelivery(ctx, id) },
		"ReplayDelivery": func(c *Client) (any, error) { return nil, c.ReplayDelivery(ctx, id) },
		"ReplayDead":     func(c *Client) (any, error) { return c.ReplayDead(ctx, somePearl, &now, &now) },
		"Events":         func(c *Client) (any, error) { return c.Events(ctx, FromEnd, 1000) },
		"PatchLead": func(c *Client) (any, error) {
			return c.PatchLead(ctx, somePearl, id, LeadPatch{ExternalID: &text, CallData: map[string]any{"plan": nil}})
		},
		"TestWebhook":             func(c *Client) (any, error) { return c.TestWebhook(ctx, somePearl, "lead") },
		"DeleteLeadsByExternalID": func(c *Client) (any, error) { return nil, c.DeleteLeadsByExternalID(ctx, somePearl, []string{"crm-1"}) },
		"ChangeLeads": func(c *Client) (any, error) {
			change := LeadsChange{LeadSelection: LeadSelection{LeadFilter: filter, LeadIDs: []string{id}, All: true}, Action: SetStatus, Status: &status, ChangeID: id, DryRun: true, HangUp: true}
			changed, err := c.ChangeLeads(ctx, somePearl, change, nil)
			if changed != (LeadsChanged{ChangeID: "665f1f77bcf86cd7994390aa", Total: 204, OnCall: 3, Changed: 203, Left: 1}) {
				t.Errorf("the example was read as %+v", changed)
			}
			return nil, err
		},
		"ExportLeads": func(c *Client) (any, error) {
			return nil, c.ExportLeads(ctx, somePearl, LeadSelection{LeadFilter: filter, LeadIDs: []string{id}, All: true}, func(leads []ExportedLead, total int) error {
				if total != 1 || len(leads) != 1 || leads[0].ID != id || *leads[0].TimeZoneID != "Pacific Standard Time" {
					t.Errorf("the example was read as %+v of %d", leads, total)
				}
				return nil
			})
		},
		"Zones":           func(c *Client) (any, error) { return c.Zones(ctx, somePearl) },
		"PauseAndHangUp":  func(c *Client) (any, error) { return c.PauseAndHangUp(ctx, somePearl) },
		"Clone":           func(c *Client) (any, error) { return c.Clone(ctx, somePearl, "Spring") },
		"Archive":         func(c *Client) (any, error) { return nil, c.Archive(ctx, somePearl, true) },
		"OngoingCalls":    func(c *Client) (any, error) { return c.OngoingCalls(ctx, somePearl) },
		"ResetMemory":     func(c *Client) (any, error) { return nil, c.ResetMemory(ctx, somePearl, "+14155550101") },
		"SandboxCampaign": func(c *Client) (any, error) { return c.SandboxCampaign(ctx) },
		"DraftWarnings":   func(c *Client) (any, error) { return c.DraftWarnings(ctx, somePearl) },
		"PearlSettings":   func(c *Client) (any, error) { return c.PearlSettings(ctx, somePearl) },
		"UpdatePearl":     func(c *Client) (any, error) { return nil, c.UpdatePearl(ctx, somePearl, settings) },
		"UpdateOutbound": func(c *Client) (any, error) {
			return nil, c.UpdateOutbound(ctx, somePearl, json.RawMessage(`{"totalAgents":2}`))
		},
		"UpdateInbound": func(c *Client) (any, error) {
			return nil, c.UpdateInbound(ctx, somePearl, json.RawMessage(`{"totalAgents":2}`))
		},
		"Versions":     func(c *Client) (any, error) { return c.Versions(ctx, somePearl) },
		"GetVersion":   func(c *Client) (any, error) { return c.GetVersion(ctx, somePearl, 3) },
		"RollBack":     func(c *Client) (any, error) { return c.RollBack(ctx, somePearl, 3) },
		"GetDraft":     func(c *Client) (any, error) { return c.GetDraft(ctx, somePearl) },
		"SaveDraft":    func(c *Client) (any, error) { return c.SaveDraft(ctx, somePearl, settings) },
		"DiscardDraft": func(c *Client) (any, error) { return nil, c.DiscardDraft(ctx, somePearl) },
		"PublishDraft": func(c *Client) (any, error) { return c.PublishDraft(ctx, somePearl, 3) },
		"Analytics":    func(c *Client) (any, error) { return c.Analytics(ctx, somePearl, now, now) },
		"Try": func(c *Client) (any, error) {
			return c.Try(ctx, somePearl, true, TryPerson{CallData: data, TimeZoneID: "Europe/Rome", At: "2026-11-26T10:15", KeysOnly: true, ByEar: true})
		},
		"TestAction": func(c *Client) (any, error) {
			return c.TestAction(ctx, somePearl, true, "Pearl.ApiSettings[0]", data)
		},
		"TrySay":   func(c *Client) (any, error) { return c.TrySay(ctx, somePearl, id, []byte{0, 1}) },
		"TryAudio": func(c *Client) (any, error) { return nil, c.TryAudio(ctx, somePearl, id, io.Discard) },
		"TryOn":    func(c *Client) (any, error) { return c.TryOn(ctx, somePearl, id, Say, "yes") },
		"Rehearse": func(c *Client) (any, error) {
			told := 0
			err := c.Rehearse(ctx, somePearl, true, "scenarios: []", func(one Rehearsed, total int) { told = total })
			if told == 0 {
				t.Error("nothing of the example was told")
			}
			return nil, err
		},
		"Webhooks": func(c *Client) (any, error) { return c.Webhooks(ctx, somePearl) },
		"ChangeWebhooks": func(c *Client) (any, error) {
			return c.ChangeWebhooks(ctx, somePearl, WebhookChange{CallURL: &text, LeadURL: &text, Version: &count, CredentialHeader: &text, RotateSecret: true})
		},
		"CancelCallRequest": func(c *Client) (any, error) { return nil, c.CancelCallRequest(ctx, id) },
		"SearchCallRequests": func(c *Client) (any, error) {
			return c.SearchCallRequests(ctx, somePearl, CallRequestSearch{From: now, To: now, Sort: "created", Ascending: true, Skip: 1, Limit: 100})
		},
		"BulkCalls": func(c *Client) (any, error) {
			return c.BulkCalls(ctx, somePearl, BulkSearch{From: now, To: now, Statuses: []LeadStatus{LeadSuccess}, Tags: []string{"hot"}, Fields: []string{"Summary"}, Skip: 1, Limit: 100})
		},
		"DeleteCalls": func(c *Client) (any, error) { return nil, c.DeleteCalls(ctx, []string{id}) },
		"Recording":   func(c *Client) (any, error) { return c.Recording(ctx, id) },
		"Audio":       func(c *Client) (any, error) { return nil, c.Audio(ctx, id, io.Discard) },
		"Charges":     func(c *Client) (any, error) { return c.Charges(ctx, id) },
		"Analysis":    func(c *Client) (any, error) { return c.Analysis(ctx, id) },
		"GetReview":   func(c *Client) (any, error) { return c.GetReview(ctx, id) },
		"SetReview": func(c *Client) (any, error) {
			return c.SetReview(ctx, id, ReviewChange{IsReviewed: &yes, Comment: &text})
		},
		"GetAccount": func(c *Client) (any, error) { return c.GetAccount(ctx) },
		"Me":         func(c *Client) (any, error) { return c.Me(ctx) },
		"AuditLog": func(c *Client) (any, error) {
			return c.AuditLog(ctx, AuditSearch{From: now, To: now, EventType: &[]int{1003}[0], UserID: id})
		},
		"Voices":             func(c *Client) (any, error) { return c.Voices(ctx) },
		"GetAccountSettings": func(c *Client) (any, error) { return c.GetAccountSettings(ctx) },
		"SetAccountSettings": func(c *Client) (any, error) { return c.SetAccountSettings(ctx, AccountSettings{Name: "Gyms"}) },
		"Keys":               func(c *Client) (any, error) { return c.Keys(ctx) },
		"CreateKey": func(c *Client) (any, error) {
			_, _, err := c.CreateKey(ctx, NewKey{Name: "CRM", Scope: "leads", ExpiresAt: &now})
			return nil, err
		},
		"DeleteKey":           func(c *Client) (any, error) { return nil, c.DeleteKey(ctx, id) },
		"Users":               func(c *Client) (any, error) { return c.Users(ctx) },
		"Blacklist":           func(c *Client) (any, error) { return nil, c.Blacklist(ctx, []string{"+14155550101"}) },
		"RemoveFromBlacklist": func(c *Client) (any, error) { return nil, c.RemoveFromBlacklist(ctx, []string{"+14155550101"}) },
		"SearchBlacklist": func(c *Client) (any, error) {
			return c.SearchBlacklist(ctx, BlacklistSearch{Text: "415", Sort: "createdAt", Ascending: true, Skip: 1, Limit: 100})
		},
		"PhoneNumbers": func(c *Client) (any, error) { return c.PhoneNumbers(ctx) },
		"CreatePhoneNumber": func(c *Client) (any, error) {
			none := ""
			return c.CreatePhoneNumber(ctx, NumberSettings{Number: &text, Direction: &count, TrunkID: &none})
		},
		"UpdatePhoneNumber": func(c *Client) (any, error) {
			return nil, c.UpdatePhoneNumber(ctx, id, NumberSettings{TrunkID: &text})
		},
		"DeletePhoneNumber": func(c *Client) (any, error) { return nil, c.DeletePhoneNumber(ctx, id) },
		"Trunks":            func(c *Client) (any, error) { return c.Trunks(ctx) },
		"CreateTrunk": func(c *Client) (any, error) {
			udp, source, rate := "udp", "source", 5.0
			return c.CreateTrunk(ctx, TrunkSettings{
				Name: &text, Host: &text, Port: &count, Transport: &udp, Username: &text, Password: &text, Registers: &yes, FromDomain: &text, Codecs: []string{"PCMA"},
				MaxCalls: &count, CallsPerSecond: &rate, LockMedia: &yes, MediaTo: &source, IsActive: &yes,
			})
		},
		"UpdateTrunk":  func(c *Client) (any, error) { return nil, c.UpdateTrunk(ctx, id, TrunkSettings{MaxCalls: &count}) },
		"DeleteTrunk":  func(c *Client) (any, error) { return nil, c.DeleteTrunk(ctx, id) },
		"TestTrunk":    func(c *Client) (any, error) { return c.TestTrunk(ctx, id) },
		"Attention":    func(c *Client) (any, error) { return c.Attention(ctx) },
		"Providers":    func(c *Client) (any, error) { return c.Providers(ctx) },
		"TestProvider": func(c *Client) (any, error) { return c.TestProvider(ctx, "voice", "main") },
		"Follow": func(c *Client) (any, error) {
			for m, err := range c.Follow(ctx, "1043") {
				if err == nil && (m.Changed == nil || m.Changed.What != "leads") {
					t.Errorf("the example was read as %+v", m)
				}
				return nil, err
			}
			return nil, ctx.Err()
		},
	}
	// Walks of pages and the conditional update send what their neighbours send.
	elsewhere := []string{"Leads", "Calls", "Deliveries", "UpdateLeadIf"}
	for method := range reflect.TypeFor[*Client]().Methods() {
		if calls[method.Name] == nil && !slices.Contains(elsewhere, method.Name) {
			t.Errorf("%s is not tried", method.Name)
		}
	}
	asked := map[string]bool{}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { // not parallel: the compiler of schemas is for one at a time
			c, s, _ := scripted(t)
			c.HTTP.Transport = answering(func(r *http.Request) exchange {
				return d.judge(t, compiler, s, r)
			})
			result, err := call(c)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.asked) != 1 {
				t.Fatalf("%d requests", len(s.asked))
			}
			template, _, _ := d.find(s.asked[0].Method, strings.TrimPrefix(s.asked[0].URL.Path, "/below"))
			asked[s.asked[0].Method+" "+template] = true
			d.readWhole(t, s.asked[0], result)
		})
	}
	d.allAsked(t, asked)
}

// notAsked are the routes without a method, and why; a path that ends with * is all that begin so.
var notAsked = map[string]string{
	"* /v1/*":                         "version 2 has the same; where it has not, a method asks version 1",
	"POST /v2/Pearl/{pearlId}/Active": "is PUT under another name",
	"* /v2/FirstStart":                "the owner's account is made in a browser",
	"POST /v2/SignIn":                 "is for people",
	"POST /v2/SignOut*":               "is for people",
	"POST /v2/Join":                   "is for people",
	"* /v2/Me/*":                      "is for people",
	"POST /v2/Account/Users":          "403 to keys of every scope",
	"* /v2/Account/Users/*":           "403 to keys of every scope",
}

// allAsked fails where a route of the document has neither a method nor a reason, and where a reason is of no route.
func (d *document) allAsked(t *testing.T, asked map[string]bool) {
	t.Helper()
	used := map[string]bool{}
	excused := func(method, path string) bool {
		for route := range notAsked {
			m, p, _ := strings.Cut(route, " ")
			prefix, open := strings.CutSuffix(p, "*")
			if (m == "*" || m == method) && (p == path || open && strings.HasPrefix(path, prefix)) {
				used[route] = true
				return true
			}
		}
		return false
	}
	for path, methods := range d.Paths {
		if !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/v2/") {
			continue // for browsers, and for who runs the server
		}
		for method := range methods {
			method = strings.ToUpper(method)
			if !asked[method+" "+path] && !excused(method, path) {
				t.Errorf("no method asks %s %s", method, path)
			}
		}
	}
	for route := range notAsked {
		if !used[route] {
			t.Errorf("%s is excused, but there is no such route", route)
		}
	}
}

type answering func(*http.Request) exchange

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return (&script{answers: []exchange{a(r)}}).RoundTrip(r)
}

// judge holds a request to the document and answers with its example.
func (d *document) judge(t *testing.T, compiler *jsonschema.Compiler, s *script, r *http.Request) exchange {
	t.Helper()
	var body bytes.Buffer
	if r.Body != nil {
		if _, err := body.ReadFrom(r.Body); err != nil {
			t.Fatal(err)
		}
	}
	s.asked = append(s.asked, r)
	template, o, ok := d.find(r.Method, strings.TrimPrefix(r.URL.Path, "/below"))
	if !ok {
		t.Fatalf("there is no %s %s", r.Method, r.URL.Path)
	}
	for name := range r.URL.Query() {
		described := slices.ContainsFunc(o.Parameters, func(p struct{ Name, In string }) bool { return p.In == "query" && p.Name == name })
		shared := name == "skip" || name == "limit" // by reference
		if !described && !shared {
			t.Errorf("%s takes no parameter %s", template, name)
		}
	}
	if (o.RequestBody != nil) != (body.Len() > 0) {
		t.Errorf("%s %s was sent the body %q", r.Method, template, body.String())
	} else if _, isJSON := o.Content(); isJSON {
		at := "/paths/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(template) + "/" + strings.ToLower(r.Method) + "/requestBody/content/application~1json/schema"
		compiled, err := compiler.Compile("file:///openapi.json#" + at)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := jsonschema.UnmarshalJSON(&body)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(sent); err != nil {
			t.Errorf("the body of %s %s: %v", r.Method, template, err)
		}
		d.known(t, "the body of "+template, o.RequestBody.Content["application/json"].Schema, sent)
	}
	answer := o.Responses["200"].Content
	for _, kind := range []string{"application/x-ndjson", "text/event-stream"} {
		if lines, streamed := answer[kind]; streamed {
			return exchange{status: 200, body: fmt.Sprint(lines.Example)}
		}
	}
	if text, bare := answer["text/plain"]; bare {
		return exchange{status: 200, body: fmt.Sprint(text.Example)}
	}
	example := answer["application/json"].Example
	if r.URL.Query().Has("returnIds") {
		example = map[string]any{"leadIds": []string{somePearl}}
	}
	text, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	return exchange{status: 200, body: string(text)}
}

// resolve follows references, and what a schema is where it is not null.
func (d *document) resolve(s schema) schema {
	for {
		switch {
		case s.Ref != "":
			s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		case len(s.AnyOf) == 2:
			s = s.AnyOf[0]
		default:
			return s
		}
	}
}

// known fails where a value has a member that its schema does not describe.
func (d *document) known(t *testing.T, where string, s schema, value any) {
	t.Helper()
	s = d.resolve(s)
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if property, ok := s.Properties[name]; ok {
				d.known(t, where+"."+name, property, member)
			} else if len(s.Properties) > 0 {
				t.Errorf("%s has %s, which is not described", where, name)
			}
		}
	case []any:
		for _, one := range v {
			if s.Items != nil {
				d.known(t, where, *s.Items, one)
			}
		}
	}
}

// readWhole fails where the document describes a member of an answer that its type does not hold, or the other way round.
func (d *document) readWhole(t *testing.T, r *http.Request, result any) {
	t.Helper()
	template, o, _ := d.find(r.Method, strings.TrimPrefix(r.URL.Path, "/below"))
	content, ok := o.Responses["200"].Content["application/json"]
	if result == nil || !ok {
		return
	}
	s := d.resolve(content.Schema)
	typ := reflect.TypeOf(result)
	d.sameMembers(t, template, s, typ)
}

// spelledTwice are members whose value another member has too.
var spelledTwice = []string{"createdAt"}

func (d *document) sameMembers(t *testing.T, where string, s schema, typ reflect.Type) {
	t.Helper()
	s = d.resolve(s)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ.Kind() == reflect.Slice && s.Items != nil:
		d.sameMembers(t, where, *s.Items, typ.Elem())
	case typ.Kind() == reflect.Struct && len(s.Properties) > 0:
		members := map[string]reflect.Type{}
		jsonMembers(typ, members)
		for name, member := range members {
			property, ok := s.Properties[name]
			if !ok {
				t.Errorf("%s: %s has %s, which is not described", where, typ, name)
				continue
			}
			d.sameMembers(t, where+"."+name, property, member)
		}
		for name := range s.Properties {
			twice := slices.Contains(spelledTwice, name) && members["created"] != nil
			if members[name] == nil && !twice {
				t.Errorf("%s: %s lacks %s", where, typ, name)
			}
		}
	}
}

func jsonMembers(typ reflect.Type, members map[string]reflect.Type) {
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			jsonMembers(field.Type, members)
		case name != "" && name != "-":
			members[name] = field.Type
		}
	}
}
