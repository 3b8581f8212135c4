package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/webhook"
)

// TestDeliveriesAreAsDescribed: what is sent to receivers, in both versions, with numbers and with names, is what the
// document's webhooks say.
func TestDeliveriesAreAsDescribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	document := newAgreement(t, w)
	ended := w.finished(id.ID(w.names["talk"]), id.ID(w.names["talkLead"]), "described", -time.Hour)
	begun := ended
	begun.Status, begun.Outcome, begun.Conversation, begun.Finished, begun.Ended, begun.Answered, begun.Lead = call.InProgress, "", 40, time.Time{}, time.Time{}, time.Time{}, ""
	called := lead.Lead{
		ID: id.ID(w.names["talkLead"]), Campaign: ended.Pearl, Phone: "+14155550101", Status: lead.NotSuccessful, Created: ended.Start,
		CallData: json.RawMessage(`{"name":"Joe","n":1.50}`), Collected: json.RawMessage(`{"bunches":2}`),
	}
	renderer := webhook.Renderer{Link: func(id.ID, time.Time) string { return "http://nacre.test/recordings/x" }}
	for _, hooks := range []campaign.Webhooks{
		{Version: 2, Enums: "numbers"}, {Version: 2, Enums: "names", Extras: true}, {Version: 1, Enums: "numbers", Extras: true}, {Version: 1, Enums: "names"},
	} {
		pearl := campaign.Pearl{Webhooks: hooks, Definition: campaign.Definition{TimeZone: "Europe/Rome"}}
		suffix := ""
		if hooks.Version == 1 {
			suffix = "V1"
		}
		fits := func(schema string, text []byte, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			if err := document.valid("/components/schemas/"+schema+suffix, string(text)); err != nil {
				t.Errorf("version %d, %s: %v\n%s", hooks.Version, hooks.Enums, err, text)
			}
			other := "V1"
			if suffix == other {
				other = ""
			}
			if document.valid("/components/schemas/"+schema+other, string(text)) == nil {
				t.Errorf("a body of version %d passes for one of the other", hooks.Version)
			}
		}
		for _, c := range []call.Call{begun, ended} {
			text, err := renderer.CallBody(c, pearl, &called, w.clock())
			fits("CallWebhook", text, err)
		}
		text, err := renderer.LeadBody(called, pearl, []id.ID{ended.ID}, w.clock())
		fits("LeadWebhook", text, err)
	}
}
