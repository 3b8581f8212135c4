package campaign

import (
	"fmt"
	"strings"

	"nacre/internal/fault"
)

// masked is what a secret is shown as; sent back, it leaves the secret unchanged (contract 2.4).
const masked = "********"

// secret is one secret of a Pearl.
type secret struct {
	path  string // where it is, as error keys have it
	owner string // what it belongs to, wherever in a list that stands; "" = only its place tells
	value string
	set   func(string)
}

// secrets are all secrets of the Pearl, empty ones too.
func (p *Pearl) secrets() []secret {
	var all []secret
	smtp := func(path string, s *SMTP) {
		if s == nil {
			return
		}
		owner := "smtp id " + s.ID
		if s.ID == "" {
			owner = "smtp " + strings.ToLower(s.SMTPServer+" "+s.SenderEmail)
		}
		all = append(all, secret{path + ".SenderPassword", owner, s.SenderPassword, func(text string) { s.SenderPassword = text }})
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
			all = append(all, secret{path + ".Headers." + name, of, value, func(text string) { a.Headers[name] = text }})
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
	return append(all,
		secret{"Outbound.WebhookCredential", "", w.Credential, func(text string) { w.Credential = text }},
		secret{"secret", "", w.Secret, func(text string) { w.Secret = text }},
		secret{"oldSecret", "", w.OldSecret, func(text string) { w.OldSecret = text }})
}

// Redacted is a copy in which every secret is replaced by asterisks: for answers, the audit log and logs.
func (p Pearl) Redacted() Pearl {
	p = p.Clone()
	for _, s := range p.secrets() {
		if s.value != "" {
			s.set(masked)
		}
	}
	return p
}

// KeepSecrets puts the secrets of before in the place of asterisks that were sent back. What belongs to the same server,
// API or node is the same secret, also when the list was put in another order; else the place decides. Asterisks that
// stand for nothing are a fault.
func (p *Pearl) KeepSecrets(before Pearl, faults *fault.List) {
	known := before.secrets()
	for _, s := range p.secrets() {
		if s.value != masked {
			continue
		}
		if old := find(known, s); old != "" {
			s.set(old)
			continue
		}
		faults.Add(s.path, "The value is masked and there is none yet that it could stand for: send the secret itself.")
	}
}

func find(known []secret, wanted secret) string {
	byPlace, byOwner := "", ""
	for _, s := range known {
		if s.value == "" || s.value == masked {
			continue
		}
		sameOwner := s.owner != "" && s.owner == wanted.owner
		switch {
		case s.path == wanted.path && sameOwner:
			return s.value
		case s.path == wanted.path:
			byPlace = s.value
		case sameOwner && byOwner == "":
			byOwner = s.value
		}
	}
	if byOwner != "" {
		return byOwner
	}
	return byPlace
}
