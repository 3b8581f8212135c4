package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/api"
	"nacre/internal/api/route"
	v2 "nacre/internal/api/v2"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/destination"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/live"
	"nacre/internal/trial"
	"nacre/internal/webhook"
)

// peer stands in for a carrier: it is there, and refuses to register anybody.
type peer struct{}

func (peer) Options(context.Context, call.Trunk) call.ProbeResult {
	return call.ProbeResult{OK: true, Detail: "SIP/2.0 200 OK"}
}

func (peer) Register(context.Context, call.Trunk) call.ProbeResult {
	return call.ProbeResult{Unauthorized: true, Detail: "SIP/2.0 403 Forbidden"}
}

// briefly is a watcher whose streams end once they have told which calls are in the air.
type briefly struct{ *live.Hub }

func (b briefly) Watch(ctx context.Context, accountID id.ID, after int64, write func([]byte) error, beat func() error) error {
	return b.Hub.Watch(ctx, accountID, after, func(text []byte) error {
		if err := write(text); err != nil || !bytes.Contains(text, []byte("event: presence")) {
			return err
		}
		return io.EOF
	}, beat)
}

// equip gives the API what other rooms bring along.
func (w *world) equip(config *api.Config) {
	config.Prober = peer{}
	config.Networks = destination.Networks{netip.MustParsePrefix("127.0.0.0/8")}
	config.Judges = campaign.Judges{
		URL:    func(raw string) error { return webhook.CheckURL(raw, false) },
		Header: webhook.CheckCredentialHeader,
	}
	config.Voices = []route.Voice{
		{ID: "0000000000000000000000a1", Name: "Nora", Language: "en-US", Tags: []string{"female"}, Sample: "http://nacre.test/samples/0000000000000000000000a1"},
		{ID: "0000000000000000000000a2", Name: "Bob", Language: "en-US"},
		{ID: "0000000000000000000000b1", Name: "Ada", Language: "en-GB", Sample: "http://nacre.test/samples/0000000000000000000000b1"},
	}
	config.VoiceSample = func(_ context.Context, voiceID string) ([]byte, error) {
		if voiceID != config.Voices[0].ID {
			return nil, errors.New("the voice is hoarse")
		}
		return []byte("RIFF"), nil
	}
	config.Watcher = briefly{live.New(live.Config{Queries: config.Queries, Texts: v2.StreamTexts, Log: slog.New(slog.DiscardHandler)})}
	config.Trials = trial.New(trial.Config{IDs: w.engine.IDs, Now: w.clock, Agent: patient{}, Hears: func(string) error { return errors.New("the ears are away") }})
	config.Providers = []route.Provider{
		{Kind: "ears", Name: "embedded", Service: "local", State: func() error { return errors.New("it cannot keep up") }, Try: func(context.Context) (string, error) { return "", errors.New("it heard nothing") }},
		{Kind: "model", Name: "quick", Service: "openai", Model: "small", Host: "models.example.com", Price: map[string]float64{"millionInputTokens": 0.5}, State: func() error { return nil },
			Try: func(context.Context) (string, error) { return `It answered "ready".`, nil }},
		{Kind: "sms", Name: "gateway", Service: "http", Host: "sms.example.com"},
	}
	config.Listen = func(callID id.ID) (<-chan call.Sound, func(), bool) {
		frames := make(chan call.Sound, 7)
		for n := range int16(cap(frames)) {
			frames <- call.Sound{Said: call.Frame{n, 256}, Heard: call.Frame{-n}}
		}
		close(frames)
		return frames, func() {}, string(callID) != w.names["call"] && string(callID) != w.names["busyCall"]
	}
	config.TestAction = func(_ context.Context, r call.Request, values map[string]any) call.Tested {
		if values["order"] == nil {
			return call.Tested{Took: 3 * time.Millisecond, Failure: "the value of order is not known yet: it is needed"}
		}
		const answer = `{"left":3}`
		return call.Tested{Status: 200, Took: 84 * time.Millisecond, Body: answer, Brought: r.Read([]byte(answer))}
	}
	config.TestWebhook = func(_ context.Context, _ campaign.Pearl, kind engine.DeliveryKind) engine.Try {
		if kind == engine.LeadDelivery {
			return engine.Try{At: w.clock(), LatencyMS: 15000, Error: "no complete answer within 15 seconds"}
		}
		return engine.Try{At: w.clock(), Status: 200, LatencyMS: 12, Answer: "thanks"}
	}
}

// patient is an agent that says nothing, and waits until somebody ends the call. It implements call.Agent.
type patient struct{}

func (patient) Ready() error { return nil }

func (patient) Hold(ctx context.Context, leg call.Leg, _ call.Script, _ call.Desk) (call.Talk, call.Ending) {
	ended, end := context.WithCancel(ctx)
	end()
	leg.Serve(ended, nil) // the line is there
	<-ctx.Done()
	return call.Talk{}, call.ContextEnded
}

// seed gives the account a campaign {talk} that has called: {call} was answered and recorded, {busyCall} was not,
// {liveCall} is in the air; {delivery} is a dead letter, {pending} waits. The other account has one of everything.
func (w *world) seed(t testing.TB, other id.ID) {
	t.Helper()
	ctx := t.Context()
	numbers, err := w.store.Numbers(ctx, w.actor.Account)
	if err != nil {
		t.Fatal(err)
	}
	w.names["number"] = string(numbers[0].ID)
	settings := campaign.DefaultOutbound()
	settings.PhoneNumberID = numbers[0].ID
	pearl := campaign.Pearl{
		Type: campaign.OutboundPearl, Name: "Talk", Outbound: &settings,
		Definition: campaign.Definition{
			CompanyDescription: "A florist", TimeZone: "Pacific Standard Time", OpeningSentence: "Shall we deliver?", SuccessDescription: "A delivery",
			IndicatorTags: []campaign.Tag{{ID: "t1", Name: "roses", Color: 3}},
		},
		Webhooks: campaign.Webhooks{CallURL: "https://example.com/call", LeadURL: "https://example.com/lead", Version: 2, Enums: "numbers", Credential: "s3cret"},
	}
	pearl.Complete()
	talk, err := w.engine.CreatePearl(ctx, w.actor, pearl, nil)
	if err != nil {
		t.Fatal(err)
	}
	leadID, err := w.engine.AddLead(ctx, w.actor, talk, engine.NewLead{Phone: "+14155550101", ExternalID: "crm-1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.names["talk"], w.names["talkLead"] = string(talk), string(leadID)
	answered := w.finished(talk, leadID, "call", -time.Hour)
	answered.Charges = []call.Charge{{Kind: call.ChargeModel, Provider: "quick", Model: "small", InputTokens: 1200, CachedTokens: 800, OutputTokens: 40, Cost: 0.0125}}
	answered.Transcript[0].Sources = []string{"Delivery: We deliver daily."}
	answered.Analysis = call.Analysis{State: call.AnalysisFailed, Tries: 6, Error: "analyse call: quick: limited (429)", At: answered.Finished.Add(time.Hour)}
	answered.Acts = []call.Act{
		{Name: "sms_1", Kind: call.ActSMS, State: call.ActDone},
		{Number: 1, Name: "tell the CRM", Kind: call.ActRequest, State: call.ActGivenUp, Tries: 6, Error: "the API answered 503", At: answered.Finished.Add(time.Hour)},
	}
	answered.Messages = []call.SIPMessage{
		{At: answered.Start, Sent: true, Line: "INVITE sip:+14155550101@carrier.example:5060 SIP/2.0", Method: "INVITE", Detail: "SDP"},
		{At: answered.Answered, Line: "SIP/2.0 200 OK", Method: "INVITE", Detail: "SDP"},
	}
	answered.Answerer = call.Human
	answered.Evidence = []call.Evidence{
		{At: 1.3, Source: call.EvidenceCadence, Answerer: call.Human, Weight: 1, Detail: "0.6 s of speech at first"},
		{At: 9.1, Source: call.EvidenceWords, Answerer: call.Human, Weight: 6, Detail: "a reply to what we said"},
	}
	busy := w.finished(talk, leadID, "busyCall", -2*time.Hour)
	busy.Answered, busy.Status, busy.Outcome, busy.Conversation = time.Time{}, call.Busy, call.BusyOutcome, 10
	busy.Transcript, busy.Collected, busy.Tags, busy.Summary, busy.Sentiment, busy.Recording, busy.Cost = nil, nil, nil, "", 0, "", 0
	live := w.finished(talk, "", "liveCall", -time.Minute)
	live.Tags, live.Transcript, live.Collected, live.Summary, live.Recording, live.Cost, live.Answered = nil, nil, nil, "", "", 0, time.Time{}
	live.Charges, live.Analysis, live.Messages, live.Acts = answered.Charges, answered.Analysis, answered.Messages, answered.Acts
	live.Answerer, live.Evidence = answered.Answerer, answered.Evidence
	live.To, live.Name, live.Ended, live.Finished, live.Status, live.Outcome, live.Conversation = "+14155550109", "", time.Time{}, time.Time{}, call.InProgress, "", 40
	theirs := w.finished(id.ID(w.names["foreign"]), "", "otherCall", -time.Hour)
	theirs.Account, theirs.Pearl = other, id.ID(w.names["foreign"])
	their := engine.Request{ID: w.engine.IDs.New(w.now), Account: other, Pearl: theirs.Pearl, To: "+14155550107", Status: engine.RequestQueued, Created: w.now, Expires: w.now.Add(time.Hour)}
	w.names["otherRequest"] = string(their.ID)
	failed := []engine.Try{{At: w.now.Add(-72 * time.Hour), Status: 500, LatencyMS: 7, Answer: "no"}, {At: w.now.Add(-time.Hour), Error: "connection refused", LatencyMS: 1}}
	deliveries := []engine.Delivery{
		w.delivered("delivery", w.actor.Account, answered, engine.DeliveryDead, failed),
		w.delivered("pending", w.actor.Account, busy, engine.DeliveryPending, nil),
		w.delivered("otherDelivery", other, theirs, engine.DeliveryDead, nil),
	}
	err = w.store.Update(ctx, func(tx engine.Tx) error {
		for _, c := range []call.Call{answered, busy, live, theirs} {
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		if err := tx.AddDeliveries(deliveries...); err != nil {
			return err
		}
		return tx.InsertRequest(their)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.recorded, answered.Recording), []byte("RIFF"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.seedOther(t, engine.Actor{Account: other, By: "test"})
	for _, email := range []string{"Ada@example.com", "bob@example.com"} { // the first is the owner
		invited, code, err := w.engine.InviteUser(ctx, w.actor, email, 0)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(invited.Email, "@")
		w.names[name], w.names[name+"Code"] = string(invited.ID), code
	}
}

func (w *world) finished(pearlID, leadID id.ID, name string, ago time.Duration) call.Call {
	start := w.now.Add(ago)
	c := call.Call{
		ID: w.engine.IDs.New(start), Account: w.actor.Account, Pearl: pearlID, Lead: leadID, From: engine.SandboxNumber, To: "+14155550101", Name: "Joe Doe",
		Start: start, Answered: start.Add(5 * time.Second), Ended: start.Add(47100 * time.Millisecond), Finished: start.Add(48 * time.Second),
		Status: call.Completed, Outcome: call.Success, Conversation: 100, CallData: json.RawMessage(`{"name":"Joe Doe"}`), Sentiment: 4, Tags: []string{"roses"},
		Transcript: []call.Line{{Role: call.Pearl, Content: "Shall we deliver?", Start: 0.2, End: 1.9}, {Role: call.Client, Content: "Yes.", Start: 2.4, End: 2.8}},
		Collected:  []call.Value{{ID: "bunches", Name: "Bunches", Value: json.Number("2")}}, Summary: "Wants roses.", Cost: 125,
	}
	c.Recording = string(c.ID) + ".wav"
	w.names[name] = string(c.ID)
	return c
}

func (w *world) delivered(name string, accountID id.ID, of call.Call, state engine.DeliveryState, tries []engine.Try) engine.Delivery {
	d := engine.Delivery{
		ID: w.engine.IDs.New(w.now), Account: accountID, Pearl: of.Pearl, Kind: engine.CallDelivery, Lead: of.Lead, Call: of.ID, Sequence: 1,
		Body: bytes.Clone([]byte(`{"id":"` + string(of.ID) + `","status":4}`)), State: state, Created: w.now.Add(-72 * time.Hour), Tries: tries,
	}
	if state == engine.DeliveryPending {
		d.NextTry = w.now.Add(time.Minute)
	}
	w.names[name] = string(d.ID)
	return d
}

// seedOther gives the other account a trunk, and names what else it has.
func (w *world) seedOther(t testing.TB, actor engine.Actor) {
	t.Helper()
	trunk, err := w.engine.CreateTrunk(t.Context(), actor, account.Trunk{Name: "Theirs", Trunk: call.Trunk{Host: "127.0.0.1", Transport: "udp", MaxCalls: 1, CallsPerSecond: 1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := w.store.Numbers(t.Context(), actor.Account)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.store.Keys(t.Context(), actor.Account)
	if err != nil {
		t.Fatal(err)
	}
	lead, err := w.engine.AddLead(t.Context(), actor, id.ID(w.names["foreign"]), engine.NewLead{Phone: "+14155550107", ExternalID: "theirs"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	carol, code, err := w.engine.InviteUser(t.Context(), actor, "carol@example.com", account.Owner)
	if err != nil {
		t.Fatal(err)
	}
	w.names["otherUser"], w.names["carolCode"] = string(carol.ID), code
	if w.names["startCode"], err = w.engine.OpenFirstStart(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.names["otherTrunk"], w.names["otherNumber"], w.names["otherKeyId"] = string(trunk), string(numbers[0].ID), string(keys[0].ID)
	w.names["otherLead"] = string(lead)
}
