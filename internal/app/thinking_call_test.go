package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/provider/providertest"
)

// talkingServer is a whole server with a scripted model, and ears that hear one text after another, the last one again and again,
// whatever is said, on the sandbox carrier.
func talkingServer(t *testing.T, chat http.HandlerFunc, heard ...string) (*server, engine.Actor) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the embedded voice and real time")
	}
	var utterances atomic.Int64
	services := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/audio/transcriptions") {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"text":%q}`, heard[min(int(utterances.Add(1)), len(heard))-1])
			return
		}
		chat(w, r)
	}))
	t.Cleanup(func() { services.CloseClientConnections(); services.Close() })
	var log syncBuffer
	settings := config.Serve{
		Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", Grace: time.Second, Speech: config.Speech{Folder: "none"},
		AllowPrivateWebhooks: true,
		Providers: providersFile(t, `models: [{kind: openai, address: "%[1]s/v1", model: m, key-file: $KEY}]
ears: [{kind: openai, address: "%[1]s/v1", model: w, key-file: $KEY}]
sms: [{kind: http, address: "%[1]s/sms", from: Roses}]
`, services.URL),
	}
	running, err := start(t.Context(), settings, newLog(&log, config.Log{LogLevel: "debug"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		running.Close()
		if t.Failed() {
			_, _ = os.Stderr.WriteString(log.String())
		}
		if strings.Contains(log.String(), providertest.Secret) {
			t.Error("a key is in the log")
		}
	})
	owner, err := running.engine.CreateAccount(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	<-running.rehearsed
	return running, engine.Actor{Account: owner.ID, By: "test"}
}

// callOne has a running campaign of the definition call one number, and returns the call when it is final.
func callOne(t *testing.T, s *server, actor engine.Actor, definition campaign.Definition, variables []campaign.Variable, number, callData string) call.Call {
	t.Helper()
	ctx, e := t.Context(), s.engine
	numbers, err := e.Store.Numbers(ctx, actor.Account)
	if err != nil || len(numbers) != 1 {
		t.Fatalf("numbers: %v %v", numbers, err)
	}
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.MaximumCallAttempts, outbound.MenuKeys = numbers[0].ID, 1, "1"
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	definition.TimeZone, definition.CompanyDescription = "UTC", "x"
	pearlID, err := e.CreatePearl(ctx, actor, campaign.Pearl{Type: campaign.OutboundPearl, Name: "test", Outbound: &outbound, Definition: definition, Variables: variables}, nil)
	if err != nil {
		t.Fatal(err)
	}
	leadID, err := e.AddLead(ctx, actor, pearlID, engine.NewLead{Phone: number, CallData: []byte(callData)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SetActive(ctx, actor, pearlID, true, false); err != nil {
		t.Fatal(err)
	}
	return finalCall(ctx, t, s, leadID)
}

func finalCall(ctx context.Context, t *testing.T, s *server, leadID id.ID) call.Call {
	t.Helper()
	deadline := time.After(90 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-deadline:
			t.Fatal("the call does not end")
		case <-tick.C:
		}
		_, last, err := s.engine.Store.LeadCalls(ctx, leadID)
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && !last.Finished.IsZero() {
			return *last
		}
	}
}

// answerChat writes an answer of a model as it streams: words, then calls of tools by name and arguments, in turn.
func answerChat(w http.ResponseWriter, words string, calls ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", words)
	for n := 0; n+1 < len(calls); n += 2 {
		fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%d,\"id\":\"c%d\",\"function\":{\"name\":%q,\"arguments\":%q}}]}}]}\n\n", n/2, n/2, calls[n], calls[n+1])
	}
	_, _ = io.WriteString(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

func saidBy(c call.Call, role call.Role) string {
	var all []string
	for _, line := range c.Transcript {
		if line.Role == role {
			all = append(all, line.Content)
		}
	}
	return strings.Join(all, " ")
}

// A model talks over real SIP and RTP: a telephone menu answers first, whose key is pressed; then it is refused a tool that the Pearl
// does not have, collects a value, sends a text message, and puts the person through by REFER; NOTIFY tells that somebody has picked
// up, and the call ends. What the Pearl has done after its calls is done once each, with the values of the talk.
func TestModelPutsThrough(t *testing.T) {
	asked := 0
	var mu sync.Mutex
	taken := map[string][]string{} // bodies by path
	after := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		taken[r.URL.Path] = append(taken[r.URL.Path], string(body))
		fmt.Fprint(w, `{"ticket":"T-7"}`)
	}))
	t.Cleanup(after.Close)
	port, mails := providertest.MailServer(t, nil)
	s, actor := talkingServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/sms":
			mu.Lock()
			defer mu.Unlock()
			taken["/sms"] = append(taken["/sms"], string(body))
			fmt.Fprint(w, "{}")
		case strings.Contains(string(body), "Something is done after the call"):
			answerChat(w, fmt.Sprintf(`{"applies": %t}`, strings.Contains(string(body), "They want roses.")))
		case !strings.Contains(string(body), `"tools"`): // the analysis of the call, after it
			answerChat(w, "{}")
		default:
			if asked++; asked == 1 {
				answerChat(w, "I will put you through to sales.", "wire_money", `{"to":"+19005550123"}`, "collect", `{"id":"interest","value":"roses"}`, "send_sms", `{"name":"sms_1"}`, "transfer", `{"to":"transfer_1"}`)
				return
			}
			answerChat(w, "Goodbye.", "end_call", "{}")
		}
	}, "for sales press one, for support press two", "hello, sales", "tell me more about the roses")
	request := func(name, path, trigger string) *campaign.API {
		return &campaign.API{Name: name, Method: 2, EndpointURL: after.URL + path, TriggerDescription: trigger, Body: []campaign.APIField{{Key: "interest", VariableID: "interest"}}}
	}
	c := callOne(t, s, actor, campaign.Definition{
		OpeningSentence: "Hello {firstName}.", TransferCallSettings: []campaign.Transfer{{PhoneNumber: "+1 415 555 0101", TriggerDescription: "They want roses."}},
		SMSSettings:  []campaign.SMS{{Body: "Your {interest}, {firstName}.", TriggerDescription: "They want roses."}},
		SMTPSettings: &campaign.SMTP{SMTPServer: "127.0.0.1", Port: port, SenderEmail: "nora@example.com"},
		Notifications: []campaign.Notification{
			{APISettings: request("crm", "/crm", ""), EmailTemplate: &campaign.EmailTemplate{Subject: "About {interest}", Body: "Dear {firstName} {lastName},\nwe call about {interest}.", TriggerDescription: "They want roses."}},
			{APISettings: request("complaint", "/complaint", "They complain.")},
		},
	}, []campaign.Variable{{ID: "interest", Name: "interest", Group: campaign.InCall}}, "+14155550174", `{"firstName":"Ada","emailAddress":"ada@example.com"}`)
	if !c.Transferred || c.Outcome != call.Answered || !strings.Contains(c.Summary, "put through to a person") || !strings.Contains(c.Summary, "1 was pressed") || asked != 1 {
		t.Errorf("transferred %v, %s, %q after %d requests: %+v", c.Transferred, c.Outcome, c.Summary, asked, c.Transcript)
	}
	if len(c.Collected) != 1 || c.Collected[0].Value != "roses" {
		t.Errorf("%+v", c.Collected)
	}
	if said := saidBy(c, call.Pearl); !strings.Contains(said, "Hello Ada.") || !strings.HasSuffix(said, "put you through to sales.") {
		t.Errorf("%q", said)
	}
	tick, late := time.NewTicker(50*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	states := actsOf(c)
	for strings.Contains(states, "pending") {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("what follows the call is not done: %s", states)
		}
		after, err := s.engine.Store.ReadCall(t.Context(), actor.Account, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		states = actsOf(after)
	}
	if states != "sms_1 done; crm done; email_1 done; complaint unneeded; " {
		t.Errorf("what was done besides talking: %s", states)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(taken); got != `map[/crm:[{"interest":"roses"}] /sms:[{"from":"Roses","text":"Your roses, Ada.","to":"+14155550174"}]]` {
		t.Errorf("taken: %s", got)
	}
	select {
	case told := <-mails:
		if !strings.Contains(told, "RCPT TO:<ada@example.com>") || !strings.Contains(told, "Subject: About roses") || !strings.Contains(told, "Dear Ada,") || strings.Count(told, "RCPT") != 1 {
			t.Errorf("the e-mail: %s", told)
		}
	case <-time.After(5 * time.Second):
		t.Error("no e-mail came")
	}
	if len(mails) > 0 {
		t.Error("the e-mail came twice")
	}
}

func actsOf(c call.Call) (states string) {
	for _, a := range c.Acts {
		states += fmt.Sprintf("%s %s; ", a.Name, a.State)
	}
	return states
}

// Whoever interrupts a model's answer has it stopped on the wire and its request closed; the model hears how far it was heard, and
// the words that stopped it, which it answers. The person asks something, speaks over the answer, and agrees.
func TestModelIsInterrupted(t *testing.T) {
	closed := make(chan struct{})
	told := make(chan []chatMessage, 8)
	asked := 0
	s, actor := talkingServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"tools"`) { // the analysis of the call, after it
			answerChat(w, "{}")
			return
		}
		var request struct{ Messages []chatMessage }
		if err := json.Unmarshal(body, &request); err != nil {
			t.Errorf("request: %v", err)
		}
		told <- request.Messages
		switch asked++; asked {
		case 1:
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", "Roses are flowers of many colours, and we bring them to every town and every little village of the whole wide country, in summer and in winter, in rain and in snow, on every day of every week. And ")
			w.(http.Flusher).Flush()
			select { // the answer is not whole when they interrupt
			case <-r.Context().Done():
				close(closed)
			case <-time.After(30 * time.Second):
			}
		case 2:
			answerChat(w, "This is Nora of Roses.")
		default:
			answerChat(w, "Thank you. Goodbye.", "end_call", "{}")
		}
	}, "hello", "why are you calling", "sorry who is this", "yes please")
	c := callOne(t, s, actor, campaign.Definition{OpeningSentence: "Hello."}, nil, "+14155550199", `{}`)
	select {
	case <-closed:
	default:
		t.Error("the request of the interrupted answer was not closed")
	}
	if said := saidBy(c, call.Pearl); !strings.Contains(said, "Roses are") || strings.Contains(said, "every week") || !strings.Contains(said, "This is Nora of Roses.") {
		t.Errorf("said %q", said)
	}
	close(told)
	var all [][]chatMessage
	for messages := range told {
		all = append(all, messages)
	}
	if len(all) != 3 {
		t.Fatalf("%d requests: %+v", len(all), all)
	}
	last := func(messages []chatMessage) string { return messages[len(messages)-1].Content }
	if got := last(all[0]); got != "why are you calling" {
		t.Errorf("it is asked first: %q", got)
	}
	if got := last(all[1]); got != "sorry who is this" {
		t.Errorf("it is asked after it was interrupted: %q", got)
	}
	for n, messages := range all[1:] {
		heard := ""
		for _, m := range messages {
			if m.Role == "assistant" && strings.HasPrefix(m.Content, "Roses") {
				heard = m.Content
			}
			if m.Role == "assistant" && (strings.Contains(m.Content, "every week") || strings.Contains(m.Content, "And")) {
				t.Errorf("request %d has what nobody heard: %q", n+2, m.Content)
			}
		}
		if !strings.HasPrefix(heard, "Roses are flowers") || n == 0 && !strings.HasSuffix(heard, "…") {
			t.Errorf("request %d has of the answer %q", n+2, heard)
		}
	}
}

// chatMessage is one of a request to a chat model.
type chatMessage struct{ Role, Content string }
