package campaign

import (
	"fmt"
	"strings"

	"nacre/internal/fault"
	"nacre/internal/secret"
)

// Secrets are all secrets of the Pearl, empty ones too, each with where it is sent.
func (p *Pearl) Secrets() []secret.Held {
	var all []secret.Held
	smtp := func(path string, s *SMTP) {
		if s == nil {
			return
		}
		owner := "smtp id " + s.ID
		if s.ID == "" {
			owner = "smtp " + strings.ToLower(s.SMTPServer+" "+s.SenderEmail)
		}
		scheme := "smtp"
		if s.EnableSSL {
			scheme = "smtps"
		}
		all = append(all, secret.Held{
			Path: path + ".SenderPassword", Owner: owner, Destinations: []string{secret.Address(scheme, s.SMTPServer, s.Port)},
			Value: s.SenderPassword, Set: func(text string) { s.SenderPassword = text },
		})
	}
	api := func(path, owner string, a *API) {
		if a == nil {
			return
		}
		for name, value := range a.Headers {
			of := ""
			if owner != "" {
				of = owner + " " + strings.ToLower(name)
			}
			all = append(all, secret.Held{
				Path: path + ".Headers." + name, Owner: of, Destinations: []string{secret.Origin(a.EndpointURL)},
				Value: value, Set: func(text string) { a.Headers[name] = text },
			})
		}
	}
	named := func(kind, name string) string {
		if name == "" {
			return ""
		}
		return kind + " " + name
	}
	d := &p.Definition
	smtp("Pearl.SmtpSettings", d.SMTPSettings)
	for n := range d.EmailSettings {
		smtp(fmt.Sprintf("Pearl.EmailSettings[%d].SmtpSettings", n), d.EmailSettings[n].SMTPSettings)
	}
	for n := range d.APISettings {
		api(fmt.Sprintf("Pearl.ApiSettings[%d]", n), named("api", d.APISettings[n].Name), &d.APISettings[n])
	}
	for n := range d.Nodes {
		api(fmt.Sprintf("Pearl.Nodes[%d].ApiSettings", n), named("node", d.Nodes[n].NodeID), d.Nodes[n].APISettings)
	}
	for n := range d.Notifications {
		path := fmt.Sprintf("Pearl.Notifications[%d]", n)
		if a := d.Notifications[n].APISettings; a != nil {
			api(path+".ApiSettings", named("notification", a.Name), a)
		}
		if template := d.Notifications[n].EmailTemplate; template != nil {
			smtp(path+".EmailTemplate.SmtpSettings", template.SMTPSettings)
		}
	}
	w := &p.Webhooks
	var receivers []string
	for _, url := range []string{w.CallURL, w.LeadURL} {
		if url != "" {
			receivers = append(receivers, secret.Origin(url))
		}
	}
	// Signing secrets are sent to nobody, and shown by GET …/Webhooks.
	return append(all,
		secret.Held{Path: "Outbound.WebhookCredential", Destinations: receivers, Value: w.Credential, Set: func(text string) { w.Credential = text }},
		secret.Held{Path: "secret", Readable: true, Value: w.Secret, Set: func(text string) { w.Secret = text }},
		secret.Held{Path: "oldSecret", Readable: true, Value: w.OldSecret, Set: func(text string) { w.OldSecret = text }})
}

// Redacted is a copy in which every secret is replaced by asterisks: for answers, the audit log and logs.
func (p Pearl) Redacted() Pearl {
	p = p.Clone()
	for _, s := range p.Secrets() {
		if s.Value != "" {
			s.Set(secret.Masked)
		}
	}
	return p
}

// WithholdSecrets prepares a Pearl for a change that SettleSecrets ends.
func (p *Pearl) WithholdSecrets() { secret.Withhold(p.Secrets()) }

// SettleSecrets puts the secrets of the stored Pearl into the changed one, as secret.Settle says; it returns the paths of those
// that were cleared. A new Pearl is settled with the zero Pearl.
func (p *Pearl) SettleSecrets(stored Pearl, faults *fault.List) (cleared []string) {
	return secret.Settle(p.Secrets(), stored.Secrets(), faults)
}
