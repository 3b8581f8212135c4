package campaign

import "nacre/internal/call"

// Complete fills in what a Pearl has without being told: one agent, the type of variables; and makes empty lists of
// absent ones, so that answers have no null where a list is documented. It changes nothing that is given.
func (p *Pearl) Complete() {
	d := &p.Definition
	if len(d.Agents) == 0 {
		d.Agents = []Agent{{}}
	}
	filled(&d.SpeechRecognitionKeywords)
	for n := range d.SpeechRecognitionKeywords {
		filled(&d.SpeechRecognitionKeywords[n].Pronunciations)
	}
	filled(&d.TransferCallSettings)
	filled(&d.SMSSettings)
	filled(&d.EmailSettings)
	filled(&d.IndicatorTags)
	filled(&d.APISettings)
	for n := range d.APISettings {
		d.APISettings[n].complete()
	}
	for n := range d.Nodes {
		filled(&d.Nodes[n].Transitions)
		d.Nodes[n].APISettings.complete()
	}
	filled(&d.Notifications)
	for n := range d.Notifications {
		d.Notifications[n].APISettings.complete()
		if template := d.Notifications[n].EmailTemplate; template != nil {
			filled(&template.To)
			filled(&template.CC)
		}
	}
	filled(&p.Variables)
	for n := range p.Variables {
		if p.Variables[n].Type == "" {
			p.Variables[n].Type = call.String
		}
	}
	if p.Webhooks.Version == 0 {
		p.Webhooks.Version = 2
	}
	if p.Webhooks.Enums == "" {
		p.Webhooks.Enums = "numbers"
	}
	if p.Outbound != nil {
		filled(&p.Outbound.CallingHours)
		filled(&p.Outbound.Holidays)
	}
}

func (a *API) complete() {
	if a == nil {
		return
	}
	filled(&a.Body)
	if a.Headers == nil {
		a.Headers = map[string]string{}
	}
}

func filled[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
