package webhook

import (
	"context"
	"encoding/json"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// Test sends a sample to the Pearl's call URL, or to its lead URL where that is the only one, and returns what the
// receiver said (contract 12). Nothing is recorded or repeated, and a 410 disables nothing.
func (s *Sender) Test(ctx context.Context, pearl campaign.Pearl) engine.Try {
	kind := engine.CallDelivery
	if pearl.Webhooks.CallURL == "" && pearl.Webhooks.LeadURL != "" {
		kind = engine.LeadDelivery
	}
	return s.TestKind(ctx, pearl, kind)
}

// TestKind is Test for one of the two URLs. An absent URL, and a ctx that ended, are said in Try.Error.
func (s *Sender) TestKind(ctx context.Context, pearl campaign.Pearl, kind engine.DeliveryKind) engine.Try {
	now := s.Now().UTC().Truncate(time.Millisecond)
	if urlOf(pearl.Webhooks, kind) == "" {
		return engine.Try{At: now, Error: "no webhook URL is set"}
	}
	body, err := s.sample(pearl, kind, now)
	if err != nil {
		return engine.Try{At: now, Error: err.Error()}
	}
	result := s.poster.exchange(ctx, pearl.Webhooks, engine.Delivery{ID: s.IDs.New(now), Kind: kind, Sequence: 1, Body: body})
	if result.aborted {
		result.try.Error = "the test was given up before there was an answer"
	}
	return result.try
}

// sample is the body of a made-up successful call, or of the lead it was made to.
func (s *Sender) sample(pearl campaign.Pearl, kind engine.DeliveryKind, now time.Time) ([]byte, error) {
	callID := s.IDs.New(now)
	callee := lead.Lead{
		ID: s.IDs.New(now), Campaign: pearl.ID, Phone: "+14155550101", ExternalID: "sample", Status: lead.Success, Created: now.Add(-time.Hour),
		CallData: json.RawMessage(`{"name":"Sample Lead"}`), Collected: json.RawMessage(`{"interested":true}`),
	}
	if kind == engine.LeadDelivery {
		return s.Renderer.LeadBody(callee, pearl, []id.ID{callID}, now)
	}
	made := call.Call{
		ID: callID, Pearl: pearl.ID, Lead: callee.ID, From: "+14155550100", To: string(callee.Phone), Name: "Sample Lead", CallData: callee.CallData,
		Start: now.Add(-time.Minute), Answered: now.Add(-50 * time.Second), Ended: now.Add(-8 * time.Second), Finished: now,
		Status: call.Completed, Outcome: call.Success, Conversation: int(lead.Success), Sentiment: 4,
		Transcript: []call.Line{
			{Role: call.Pearl, Content: "Hello, this is a sample. Are you interested?", Start: 0.4, End: 3.2},
			{Role: call.Client, Content: "Yes.", Start: 4.1, End: 4.6},
		},
		Collected: []call.Value{{ID: "interested", Name: "Interested", Value: true}},
		Summary:   "A sample, sent to test this webhook. No call was made.",
	}
	return s.Renderer.CallBody(made, pearl, &callee, now)
}
