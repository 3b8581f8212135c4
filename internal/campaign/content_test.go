package campaign

import (
	"slices"
	"testing"

	"nacre/internal/secret"
)

// TestRestoreSecrets: an earlier version gets today's secrets where they go to the same destination, and what is missing is told
// (contract 2.4).
func TestRestoreSecrets(t *testing.T) {
	t.Parallel()
	outbound := DefaultOutbound()
	stored := Pearl{Type: OutboundPearl, Name: "Today", Outbound: &outbound, Definition: Definition{APISettings: []API{
		{Name: "stock", EndpointURL: "https://api.example.com/v2", Headers: map[string]string{"X-Key": "k1"}},
		{Name: "moved", EndpointURL: "https://new.example.com/", Headers: map[string]string{"X-Key": "k2"}},
	}}, Webhooks: Webhooks{CallURL: "https://crm.example.com/c", Credential: "c1", Secret: "whsec_x", CallDisabled: true}}
	then := stored.Clone()
	then.Name, then.Webhooks.Secret = "Then", "whsec_old"
	then.Definition.APISettings[0].EndpointURL = "https://api.example.com/v1"
	then.Definition.APISettings[1].EndpointURL = "https://old.example.com/"
	then.Definition.SMTPSettings = &SMTP{SMTPServer: "mail.example.com", SenderEmail: "a@example.com", SenderPassword: "gone"}
	then.Webhooks.Credential = "" // came later
	version := then.Content().Redacted()
	if text := version.Definition.APISettings[0].Headers["X-Key"]; text != secret.Masked || version.Webhooks.Secret != "" {
		t.Fatalf("a version keeps %q, %q", text, version.Webhooks.Secret)
	}
	after := stored.Clone()
	after.SetContent(version)
	missing := after.RestoreSecrets(stored)
	if want := []string{"Pearl.ApiSettings[1].Headers.X-Key", "Pearl.SmtpSettings.SenderPassword"}; !slices.Equal(missing, want) {
		t.Errorf("missing %v, want %v", missing, want)
	}
	apis := after.Definition.APISettings
	if after.Name != "Then" || apis[0].Headers["X-Key"] != "k1" || apis[1].Headers["X-Key"] != "" || after.Webhooks.Credential != "c1" || after.Webhooks.Secret != "whsec_x" || !after.Webhooks.CallDisabled {
		t.Errorf("restored %+v, webhooks %+v", apis, after.Webhooks)
	}
	if !stored.SameContent(stored.Clone()) || stored.SameContent(after) {
		t.Error("SameContent is wrong")
	}
	elsewhere := stored.Clone()
	elsewhere.SetContent(Pearl{Outbound: &outbound, Webhooks: Webhooks{CallURL: "https://other.example.com/"}})
	if elsewhere.Webhooks.CallDisabled {
		t.Error("another URL is still disabled")
	}
	if missing := elsewhere.RestoreSecrets(stored); !slices.Equal(missing, []string{"Outbound.WebhookCredential"}) || elsewhere.Webhooks.Credential != "" {
		t.Errorf("the credential goes elsewhere: %v, %q", missing, elsewhere.Webhooks.Credential)
	}
}
