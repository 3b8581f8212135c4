package app

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// TestCampaignOnTheSandbox runs one lead of most rows of the sandbox table through everything there is: claim, SIP, RTP, the agent,
// the outcome. Two attempts are allowed.
func TestCampaignOnTheSandbox(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the embedded voice and real time")
	}
	// Not parallel: real audio wants the clock.
	ctx := context.Background()
	var log syncBuffer
	settings := config.Serve{
		Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", Grace: time.Second,
	}
	running, err := start(ctx, settings, newLog(&log, config.Log{LogLevel: "debug"}))
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	defer func() {
		if t.Failed() {
			_, _ = os.Stderr.WriteString(log.String())
		}
	}()
	e := running.engine
	owner, err := e.CreateAccount(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	actor := engine.Actor{Account: owner.ID, By: "test"}
	numbers, err := e.Store.Numbers(ctx, owner.ID)
	if err != nil || len(numbers) != 1 {
		t.Fatalf("numbers: %v %v", numbers, err)
	}
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents, outbound.RingDuration, outbound.MaximumCallAttempts = numbers[0].ID, 4, 30, 2
	outbound.VoiceMail = "Please call back."
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	outbound.RetryPolicy = lead.RetryPolicy{"busy": {Delays: []int{1}}, "noAnswer": {Delays: []int{1}}, "failed": {Delays: []int{1}}, "lost": {Delays: []int{1}}}
	pearlID, err := e.CreatePearl(ctx, actor, campaign.Pearl{
		Type: campaign.OutboundPearl, Name: "test", Outbound: &outbound,
		Definition: campaign.Definition{TimeZone: "UTC", CompanyDescription: "x", OpeningSentence: "Hello {firstName}.", SuccessDescription: "agrees"},
		Variables:  []campaign.Variable{{ID: "agrees", Name: "agreement", Group: campaign.InCall, Type: "boolean", Description: "Do you agree?"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[id.ID]lead.Status{}
	for number, status := range map[string]lead.Status{
		"+14155550101": lead.Success, "+14155550120": lead.Unreachable, "+14155550130": lead.VoiceMailLeft, "+14155550135": lead.NotSuccessful,
		"+14155550140": lead.Unreachable, "+14155550145": lead.Unreachable, "+14155550150": lead.NeedRetry, "+14155550155": lead.NotSuccessful,
		"+14155550160": lead.Success, "+14155550165": lead.NotSuccessful, "+14155550175": lead.Unreachable, "+14155550180": lead.Success, "+14155550190": lead.Success,
	} {
		leadID, err := e.AddLead(ctx, actor, pearlID, engine.NewLead{Phone: number, CallData: []byte(`{"firstName":"Ada"}`)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want[leadID] = status
	}
	<-running.rehearsed
	if _, err := e.SetActive(ctx, actor, pearlID, true, false); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for open := len(want); open > 0; {
		select {
		case <-deadline:
			open = 0
		case <-tick.C:
			open = 0
			for leadID := range want {
				l, err := e.Store.ReadLead(ctx, owner.ID, pearlID, leadID)
				if err != nil {
					t.Fatal(err)
				}
				if !l.Status.Final() && (l.Status != lead.NeedRetry || l.Rest.Zero() && l.Due.Before(time.Now().Add(time.Minute))) {
					open++
				}
			}
		}
	}
	for leadID, status := range want {
		l, err := e.Store.ReadLead(ctx, owner.ID, pearlID, leadID)
		if err != nil {
			t.Fatal(err)
		}
		if l.Status != status {
			t.Errorf("%s ended at %d, want %d", l.Phone, l.Status, status)
		}
		_, last, err := e.Store.LeadCalls(ctx, leadID)
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && last.Status == call.Completed && status == lead.Success && len(last.TurnLatencyMS) == 0 {
			t.Errorf("%s: how long the person waited for our answers is not stored", l.Phone)
		}
		if last != nil {
			t.Logf("%s: lead %d, call %d/%d, %d s, %q %v", l.Phone, l.Status, last.Status, last.Conversation, last.Duration(), last.Summary, last.Transcript)
		}
	}
	for _, personal := range []string{"555010", "55501", "Hello Ada", "[pressed"} { // numbers in any spelling, and what was said
		if text := log.String(); strings.Contains(text, personal) {
			at := strings.Index(text, personal)
			t.Errorf("personal data in the log: …%s…", text[max(0, at-200):min(len(text), at+100)])
		}
	}
	if !strings.Contains(log.String(), "call ended") {
		t.Error("calls are not in the log")
	}
	if covered, err := e.Store.IsSuppressed(ctx, owner.ID, "+14155550155"); err != nil || !covered {
		t.Errorf("who asked never to be called again must be on the blacklist: %v %v", covered, err)
	}
}
