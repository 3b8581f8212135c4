package campaign

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"nacre/internal/fault"
	"nacre/internal/secret"
)

// guarded is a Pearl with a secret in every place that may hold one.
func guarded() Pearl {
	p := form()
	smtp := func(server, password string) *SMTP {
		return &SMTP{SMTPServer: server, SenderEmail: "a@example.com", SenderPassword: password}
	}
	api := func(name, key string) *API {
		return &API{Name: name, Method: 1, EndpointURL: "https://example.com", Headers: map[string]string{"X-Api-Key": key}}
	}
	d := &p.Definition
	d.SMTPSettings = smtp("main", "secret-1")
	d.EmailSettings = []Email{{SMTPSettings: smtp("first", "secret-2")}, {SMTPSettings: smtp("second", "secret-3")}, {}}
	d.APISettings = []API{*api("one", "secret-4"), *api("two", "secret-5"), *api("", "secret-6")}
	d.Nodes = []Node{{NodeID: "a", APISettings: api("", "secret-7")}, {NodeID: "b"}}
	d.Notifications = []Notification{{}, {APISettings: api("n", "secret-8"), EmailTemplate: &EmailTemplate{SMTPSettings: smtp("third", "secret-9")}}}
	p.Webhooks.Credential, p.Webhooks.Secret, p.Webhooks.OldSecret = "secret-10", "secret-11", "secret-12"
	return p
}

func written(t *testing.T, p Pearl) string {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestRedacted: no secret is left, and the Pearl itself keeps its own.
func TestRedacted(t *testing.T) {
	t.Parallel()
	p := guarded()
	before := written(t, p)
	shown := written(t, p.Redacted())
	if strings.Contains(shown, "secret-") {
		t.Errorf("a secret is shown: %s", shown)
	}
	if n := strings.Count(shown, secret.Masked); n != 12 {
		t.Errorf("%d secrets are masked, want 12", n)
	}
	if written(t, p) != before {
		t.Error("the Pearl itself has changed")
	}
	if strings.Contains(written(t, form().Redacted()), secret.Masked) {
		t.Error("where there is no secret, asterisks are shown")
	}
}

// TestSettleSecrets: what was read and sent back, also in another order, leaves every secret as it is.
func TestSettleSecrets(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*Pearl)
		look   func(*Pearl) []string // secrets after the update
		want   []string
		faults []string
	}{
		{"as read", func(*Pearl) {}, func(p *Pearl) []string {
			d := p.Definition
			return []string{
				d.SMTPSettings.SenderPassword, d.EmailSettings[0].SMTPSettings.SenderPassword, d.APISettings[1].Headers["X-Api-Key"], d.APISettings[2].Headers["X-Api-Key"],
				d.Nodes[0].APISettings.Headers["X-Api-Key"], d.Notifications[1].APISettings.Headers["X-Api-Key"], d.Notifications[1].EmailTemplate.SMTPSettings.SenderPassword,
				p.Webhooks.Credential, p.Webhooks.Secret, p.Webhooks.OldSecret,
			}
		}, []string{"secret-1", "secret-2", "secret-5", "secret-6", "secret-7", "secret-8", "secret-9", "secret-10", "secret-11", "secret-12"}, nil},
		{"in another order", func(p *Pearl) {
			slices.Reverse(p.Definition.EmailSettings[:2])
			slices.Reverse(p.Definition.APISettings[:2])
			slices.Reverse(p.Definition.Nodes)
		}, func(p *Pearl) []string {
			d := p.Definition
			return []string{d.EmailSettings[0].SMTPSettings.SenderPassword, d.EmailSettings[1].SMTPSettings.SenderPassword, d.APISettings[0].Headers["X-Api-Key"], d.APISettings[1].Headers["X-Api-Key"], d.Nodes[1].APISettings.Headers["X-Api-Key"]}
		}, []string{"secret-3", "secret-2", "secret-5", "secret-4", "secret-7"}, nil},
		{"the first is gone", func(p *Pearl) { p.Definition.APISettings = p.Definition.APISettings[1:2] }, func(p *Pearl) []string {
			return []string{p.Definition.APISettings[0].Headers["X-Api-Key"]}
		}, []string{"secret-5"}, nil},
		{"renamed where it stands", func(p *Pearl) { p.Definition.SMTPSettings.SenderEmail = "b@example.com" }, func(p *Pearl) []string {
			return []string{p.Definition.SMTPSettings.SenderPassword}
		}, []string{"secret-1"}, nil},
		{"sent to another path of the same host", func(p *Pearl) {
			p.Definition.APISettings[0].EndpointURL = "HTTPS://Example.com.:443/other"
		}, func(p *Pearl) []string { return []string{p.Definition.APISettings[0].Headers["X-Api-Key"]} }, []string{"secret-4"}, nil},
		{"asterisks beside another destination", func(p *Pearl) {
			d := &p.Definition
			d.SMTPSettings.SMTPServer = "mail.example.net"
			d.EmailSettings[0].SMTPSettings.Port = 2525
			d.EmailSettings[1].SMTPSettings.EnableSSL = true
			d.APISettings[0].EndpointURL = "http://example.com/"
			d.APISettings[1].EndpointURL = "https://example.com:8443/"
			d.Nodes[0].APISettings.EndpointURL = "https://example.net/"
			d.Notifications[1].APISettings.EndpointURL = "https://example.com.example.net/"
			d.Notifications[1].EmailTemplate.SMTPSettings.SMTPServer = "mail.example.net"
			p.Webhooks.CallURL = "https://example.net/"
		}, nil, nil, []string{
			"Outbound.WebhookCredential", "Pearl.ApiSettings[0].Headers.X-Api-Key", "Pearl.ApiSettings[1].Headers.X-Api-Key", "Pearl.EmailSettings[0].SmtpSettings.SenderPassword",
			"Pearl.EmailSettings[1].SmtpSettings.SenderPassword", "Pearl.Nodes[0].ApiSettings.Headers.X-Api-Key", "Pearl.Notifications[1].ApiSettings.Headers.X-Api-Key",
			"Pearl.Notifications[1].EmailTemplate.SmtpSettings.SenderPassword", "Pearl.SmtpSettings.SenderPassword",
		}},
		{"a copy of the API with another endpoint", func(p *Pearl) {
			stolen := p.Definition.APISettings[0]
			stolen.EndpointURL = "https://example.net/"
			p.Definition.APISettings = append(p.Definition.APISettings, stolen)
		}, nil, nil, []string{"Pearl.ApiSettings[3].Headers.X-Api-Key"}},
		{"a new one", func(p *Pearl) {
			p.Webhooks.Credential, p.Definition.APISettings[0].Headers["X-Api-Key"] = "new-1", "new-2"
		}, func(p *Pearl) []string {
			return []string{p.Webhooks.Credential, p.Definition.APISettings[0].Headers["X-Api-Key"]}
		}, []string{"new-1", "new-2"}, nil},
		{"cleared", func(p *Pearl) { p.Webhooks.Credential = "" }, func(p *Pearl) []string { return []string{p.Webhooks.Credential} }, []string{""}, nil},
		{"asterisks for nothing", func(p *Pearl) {
			p.Definition.APISettings[0].Headers["Authorization"] = secret.Masked
			p.Definition.EmailSettings[2].SMTPSettings = &SMTP{SMTPServer: "new", SenderPassword: secret.Masked}
		}, nil, nil, []string{"Pearl.ApiSettings[0].Headers.Authorization", "Pearl.EmailSettings[2].SmtpSettings.SenderPassword"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stored := guarded()
			sent := stored.Redacted()
			c.change(&sent)
			var faults fault.List
			sent.SettleSecrets(stored, &faults)
			if got := paths(t, faults.Err()); !slices.Equal(got, c.faults) {
				t.Errorf("faults at %q, want %q", got, c.faults)
			}
			if c.look != nil {
				if got := c.look(&sent); !slices.Equal(got, c.want) {
					t.Errorf("secrets %q, want %q", got, c.want)
				}
			}
			if written(t, stored) != written(t, guarded()) {
				t.Error("the stored Pearl has changed")
			}
		})
	}
}
