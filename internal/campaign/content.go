package campaign

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"nacre/internal/fault"
	"nacre/internal/secret"
)

// Content returns what a version of the Pearl is made of: its settings, with their secrets. The secrets that its webhooks are signed
// with, and whether a 410 disabled an URL, belong to no version.
func (p Pearl) Content() Pearl { return p.content().Clone() }

// content is Content, sharing with the Pearl.
func (p Pearl) content() Pearl {
	w := p.Webhooks
	w.Secret, w.OldSecret, w.OldSecretUntil, w.CallDisabled, w.LeadDisabled = "", "", time.Time{}, false, false
	return Pearl{Type: p.Type, Name: p.Name, Definition: p.Definition, Variables: p.Variables, Inbound: p.Inbound, Outbound: p.Outbound, Webhooks: w}
}

// SetContent puts a content in the place of the Pearl's. An URL that is another than before is asked again.
func (p *Pearl) SetContent(content Pearl) {
	content, was := content.Clone(), p.Webhooks
	p.Name, p.Definition, p.Variables, p.Inbound, p.Outbound, p.Webhooks = content.Name, content.Definition, content.Variables, content.Inbound, content.Outbound, content.Webhooks
	w := &p.Webhooks
	w.Secret, w.OldSecret, w.OldSecretUntil = was.Secret, was.OldSecret, was.OldSecretUntil
	w.CallDisabled, w.LeadDisabled = was.CallDisabled && was.CallURL == w.CallURL, was.LeadDisabled && was.LeadURL == w.LeadURL
}

// SameContent reports whether the settings of two Pearls are the same, their secrets too.
func (p Pearl) SameContent(other Pearl) bool {
	raw := func(of Pearl) []byte {
		text, err := json.Marshal(of.content())
		if err != nil {
			panic("write content of pearl: " + err.Error()) // plain data: a failure is a programming error
		}
		return text
	}
	return bytes.Equal(raw(p), raw(other))
}

// RestoreSecrets gives the Pearl, whose settings are those of an earlier version, the secrets of the stored one: versions keep none.
// A secret belongs to its destination (contract 2.4). It returns the paths of those that are missing now: they would go elsewhere
// than today, or there are none any more.
func (p *Pearl) RestoreSecrets(stored Pearl) (missing []string) {
	var had []string
	for _, s := range p.Secrets() {
		if s.Readable {
			continue
		}
		if s.Value != "" {
			had = append(had, s.Path)
		}
		s.Set(secret.Masked) // so that all are withheld, also one that this version did not have
	}
	p.WithholdSecrets()
	missing = p.SettleSecrets(stored, new(fault.List)) // nothing was sent that could be at fault
	for _, s := range p.Secrets() {
		if s.Value == "" && slices.Contains(had, s.Path) && !slices.Contains(missing, s.Path) {
			missing = append(missing, s.Path)
		}
	}
	return missing
}
