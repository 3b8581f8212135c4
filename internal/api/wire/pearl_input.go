package wire

import (
	"slices"
	"strings"

	"nacre/internal/api/body"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// PearlInput is the body of creation and update (contract 2.4, 2.5). Absent members keep what is there.
type PearlInput struct {
	Name      body.Optional[string]              `json:"name"`
	Pearl     body.Optional[DefinitionInput]     `json:"pearl"`
	Variables body.Optional[[]campaign.Variable] `json:"variables"`
	Inbound   body.Optional[InboundInput]        `json:"inbound"`
	Outbound  body.Optional[OutboundInput]       `json:"outbound"`
}

// DefinitionInput is the member pearl.
type DefinitionInput struct {
	Agents                    body.Optional[[]campaign.Agent]        `json:"agents" doc:"null or empty = one agent with the default voice"`
	AgentPersonality          body.Optional[string]                  `json:"agentPersonality"`
	CompanyName               body.Optional[string]                  `json:"companyName"`
	KnowledgeBase             body.Optional[string]                  `json:"knowledgeBase"`
	CompanyDescription        body.Optional[string]                  `json:"companyDescription"`
	TimeZone                  body.Optional[string]                  `json:"timeZone" doc:"Windows or IANA name"`
	ModelType                 body.Optional[int]                     `json:"modelType" doc:"chooses the language model that the operator gave the number; any other is stored and returned, and takes the first"`
	Memory                    body.Optional[bool]                    `json:"memory" doc:"remember earlier conversations per phone number"`
	SpeechRecognitionKeywords body.Optional[[]campaign.Keyword]      `json:"speechRecognitionKeywords"`
	OpeningSentence           body.Optional[string]                  `json:"openingSentence" doc:"of a simple Pearl; variables of group 1 only"`
	FlowScript                body.Optional[string]                  `json:"flowScript" doc:"of a simple Pearl"`
	Nodes                     body.Optional[[]campaign.Node]         `json:"nodes" doc:"POST /v2/Pearl/Voice"`
	TransferCallSettings      body.Optional[[]campaign.Transfer]     `json:"transferCallSettings"`
	SMSSettings               body.Optional[[]campaign.SMS]          `json:"smsSettings"`
	EmailSettings             body.Optional[[]campaign.Email]        `json:"emailSettings"`
	SMTPSettings              body.Optional[campaign.SMTP]           `json:"smtpSettings"`
	APISettings               body.Optional[[]campaign.API]          `json:"apiSettings"`
	SuccessDescription        body.Optional[string]                  `json:"successDescription" doc:"empty = no definition; answered calls then end at 130"`
	AskAllQuestions           body.Optional[bool]                    `json:"askAllQuestions" doc:"go on with the questions after a no to the one that decides success"`
	IndicatorTags             body.Optional[[]campaign.Tag]          `json:"indicatorTags"`
	Notifications             body.Optional[[]campaign.Notification] `json:"notifications"`
}

// set writes a member that was given; null is the zero value of members that may be cleared.
func set[T any](into *T, member body.Optional[T]) {
	switch member.State {
	case body.Given:
		*into = member.Value
	case body.Null:
		var zero T
		*into = zero
	}
}

// assign writes a member that was given; null changes nothing.
func assign[T any](into *T, member body.Optional[T]) {
	if member.Set() {
		*into = member.Value
	}
}

func (in DefinitionInput) apply(d *campaign.Definition) {
	assign(&d.Agents, in.Agents)
	d.Agents = slices.Clone(d.Agents)
	for n := range d.Agents {
		if voice, ok := id.Parse(d.Agents[n].VoiceID); ok {
			d.Agents[n].VoiceID = string(voice) // ids are accepted in either case
		}
	}
	assign(&d.AgentPersonality, in.AgentPersonality)
	assign(&d.CompanyName, in.CompanyName)
	assign(&d.KnowledgeBase, in.KnowledgeBase)
	assign(&d.CompanyDescription, in.CompanyDescription)
	assign(&d.TimeZone, in.TimeZone)
	assign(&d.ModelType, in.ModelType)
	assign(&d.Memory, in.Memory)
	assign(&d.SpeechRecognitionKeywords, in.SpeechRecognitionKeywords)
	assign(&d.OpeningSentence, in.OpeningSentence)
	assign(&d.FlowScript, in.FlowScript)
	assign(&d.Nodes, in.Nodes)
	switch {
	case len(d.Nodes) == 0:
		d.Nodes = nil
	case in.Nodes.Set(): // nodes come in place of the two
		d.OpeningSentence, d.FlowScript = in.OpeningSentence.Value, in.FlowScript.Value
	}
	assign(&d.TransferCallSettings, in.TransferCallSettings)
	assign(&d.SMSSettings, in.SMSSettings)
	assign(&d.EmailSettings, in.EmailSettings)
	switch in.SMTPSettings.State {
	case body.Given:
		d.SMTPSettings = &in.SMTPSettings.Value
	case body.Null:
		d.SMTPSettings = nil
	}
	assign(&d.APISettings, in.APISettings)
	assign(&d.SuccessDescription, in.SuccessDescription)
	assign(&d.AskAllQuestions, in.AskAllQuestions)
	assign(&d.IndicatorTags, in.IndicatorTags)
	assign(&d.Notifications, in.Notifications)
}

// OutboundInput are the outbound settings (contract 2.6): absent = unchanged; null clears a nullable member and leaves any other unchanged.
type OutboundInput struct {
	PhoneNumberID              body.Optional[string]           `json:"phoneNumberId" doc:"null = none yet"`
	TotalAgents                body.Optional[int]              `json:"totalAgents" schema:"min=1" doc:"calls at once"`
	RecordingTrack             body.Optional[int]              `json:"recordingTrack" schema:"table=RecordingTrack"`
	StopRecordingAfterTransfer body.Optional[bool]             `json:"isStopRecordingAfterTransferCall" doc:"recording ends at a transfer"`
	TranscriptOptions          body.Optional[int]              `json:"transcriptOptions" schema:"table=TranscriptOptions"`
	BudgetTotal                body.Optional[int]              `json:"budgetTotal" schema:"min=0" doc:"null = no limit"`
	TimeZone                   body.Optional[string]           `json:"timeZone" doc:"null = the Pearl's"`
	MaximumCallAttempts        body.Optional[int]              `json:"maximumCallAttempts" schema:"min=1,max=11"`
	MinimumRetryIntervalHours  body.Optional[int]              `json:"minimumRetryIntervalHours" schema:"table=RetryInterval" doc:"an enum, never a number of hours"`
	RingDuration               body.Optional[int]              `json:"ringDuration" schema:"min=10,max=50" doc:"seconds, counted from the INVITE"`
	CallTimeout                body.Optional[int]              `json:"callTimeout" schema:"min=1,max=120" doc:"minutes; the call is ended then"`
	VoiceMail                  body.Optional[string]           `json:"voiceMail" schema:"maxlen=500" doc:"left on an answering machine; null or empty = none; variables of group 1"`
	ScreeningAnswer            body.Optional[string]           `json:"screeningAnswer" schema:"maxlen=300" doc:"one sentence that tells a screening assistant who calls and why; null or empty = made of agent and company; variables of group 1"`
	MenuKeys                   body.Optional[string]           `json:"menuKeys" schema:"maxlen=8,pattern=^[0-9*#]*$" doc:"pressed, once, when a telephone menu answers; null or empty = the menu is left"`
	CallingHours               body.Optional[[]hours.Window]   `json:"callingHours" doc:"null or empty = Monday to Friday, 09:00 to 18:00"`
	CallWebhookURL             body.Optional[string]           `json:"callWebhookUrl" schema:"maxlen=2048" doc:"http or https, absolute; null = none"`
	LeadWebhookURL             body.Optional[string]           `json:"leadWebhookUrl" schema:"maxlen=2048" doc:"http or https, absolute; null = none"`
	WebhookVersion             body.Optional[int]              `json:"webhookVersion" api:"enum=1|2" schema:"table=WebhookVersion"`
	WebhookCredential          body.Optional[string]           `json:"webhookCredential" schema:"secret" doc:"sent as Authorization: Bearer, or as it is in webhookCredentialHeader"`
	WebhookCredentialHeader    body.Optional[string]           `json:"webhookCredentialHeader" doc:"name of the header; null = Authorization"`
	WebhookEnums               body.Optional[string]           `json:"webhookEnums" schema:"values=numbers|names"`
	WebhookExtras              body.Optional[bool]             `json:"webhookExtras" doc:"adds externalId, callData and answerer to call webhooks"`
	WebhookAnalysis            body.Optional[bool]             `json:"webhookAnalysis" doc:"the call webhook goes once more when a language model has analysed the call"`
	RetryPolicy                body.Optional[lead.RetryPolicy] `json:"retryPolicy" doc:"by outcome: busy, noAnswer, failed, blocked, machine, voicemail, lost"`
	Holidays                   body.Optional[[]hours.Holiday]  `json:"holidays" doc:"in the lead's zone"`
	DefaultRegion              body.Optional[string]           `json:"defaultRegion" schema:"pattern=^[A-Za-z][A-Za-z]$" doc:"two-letter country that national numbers are read in"`
	DuplicatePolicy            body.Optional[string]           `json:"duplicatePolicy" schema:"values=allow|skip|reject"`
	CallRequestMaxWaitMinutes  body.Optional[int]              `json:"callRequestMaxWaitMinutes" schema:"min=1" doc:"how long a made call may wait for its gates"`
}

// Apply writes the settings into a campaign; a malformed phone number id is a fault under prefix+"PhoneNumberId".
func (in OutboundInput) Apply(p *campaign.Pearl, faults *fault.List) {
	o := p.Outbound
	applyNumber(&o.PhoneNumberID, in.PhoneNumberID, "Outbound.PhoneNumberId", faults)
	assign(&o.TotalAgents, in.TotalAgents)
	if in.RecordingTrack.Set() {
		o.RecordingTrack = call.Track(in.RecordingTrack.Value)
	}
	setPointer(&o.StopRecordingAfterTransfer, in.StopRecordingAfterTransfer)
	assign(&o.TranscriptOptions, in.TranscriptOptions)
	setPointer(&o.BudgetTotal, in.BudgetTotal)
	set(&o.TimeZone, in.TimeZone)
	assign(&o.MaximumCallAttempts, in.MaximumCallAttempts)
	assign(&o.MinimumRetryIntervalHours, in.MinimumRetryIntervalHours)
	assign(&o.RingDuration, in.RingDuration)
	assign(&o.CallTimeout, in.CallTimeout)
	set(&o.VoiceMail, in.VoiceMail)
	set(&o.ScreeningAnswer, in.ScreeningAnswer)
	set(&o.MenuKeys, in.MenuKeys)
	set(&o.CallingHours, in.CallingHours)
	in.ApplyWebhooks(&p.Webhooks)
	set(&o.RetryPolicy, in.RetryPolicy)
	o.RetryPolicy = canonical(o.RetryPolicy)
	assign(&o.Holidays, in.Holidays)
	set(&o.DefaultRegion, in.DefaultRegion)
	o.DefaultRegion = strings.ToUpper(o.DefaultRegion)
	assign(&o.DuplicatePolicy, in.DuplicatePolicy)
	assign(&o.CallRequestMaxWaitMinutes, in.CallRequestMaxWaitMinutes)
}

// ApplyWebhooks writes the members about webhooks.
func (in OutboundInput) ApplyWebhooks(w *campaign.Webhooks) {
	applyURL(&w.CallURL, &w.CallDisabled, in.CallWebhookURL)
	applyURL(&w.LeadURL, &w.LeadDisabled, in.LeadWebhookURL)
	assign(&w.Version, in.WebhookVersion)
	set(&w.Credential, in.WebhookCredential)
	set(&w.CredentialHeader, in.WebhookCredentialHeader)
	assign(&w.Enums, in.WebhookEnums)
	assign(&w.Extras, in.WebhookExtras)
	assign(&w.Analysis, in.WebhookAnalysis)
}

// canonical writes the names of outcomes as they are documented: names of members are matched case-insensitively.
func canonical(policy lead.RetryPolicy) lead.RetryPolicy {
	if policy == nil {
		return nil
	}
	renamed := lead.RetryPolicy{}
	for given, retry := range policy {
		for _, outcome := range lead.RetryOutcomes() {
			if strings.EqualFold(string(given), string(outcome)) {
				given = outcome
			}
		}
		renamed[given] = retry
	}
	return renamed
}

func setPointer[T any](into **T, member body.Optional[T]) {
	switch member.State {
	case body.Given:
		*into = &member.Value
	case body.Null:
		*into = nil
	}
}

// applyURL drops the fragment; setting an URL enables it again after a 410 (contract 6.5, 6.6).
func applyURL(into *string, disabled *bool, member body.Optional[string]) {
	if member.State == body.Absent {
		return
	}
	*into, _, _ = strings.Cut(strings.TrimSpace(member.Value), "#")
	*disabled = false
}

func applyNumber(into *id.ID, member body.Optional[string], path string, faults *fault.List) {
	switch {
	case member.State == body.Null, member.Set() && member.Value == "":
		*into = ""
	case member.Set():
		parsed, ok := id.Parse(member.Value)
		if !ok {
			faults.Add(path, "The account has no phone number with the id '%.60s'.", member.Value)
			return
		}
		*into = parsed
	}
}

// InboundInput are the inbound settings (contract 2.7).
type InboundInput struct {
	PhoneNumberID              body.Optional[string] `json:"phoneNumberId"`
	TotalAgents                body.Optional[int]    `json:"totalAgents" schema:"min=1" doc:"calls at once"`
	RecordingOptions           body.Optional[bool]   `json:"recordingOptions" doc:"record or not"`
	StopRecordingAfterTransfer body.Optional[bool]   `json:"isStopRecordingAfterTransferCall" doc:"recording ends at a transfer"`
	TranscriptOptions          body.Optional[int]    `json:"transcriptOptions" schema:"table=TranscriptOptions"`
	CallWebhookURL             body.Optional[string] `json:"callWebhookUrl" schema:"maxlen=2048" doc:"http or https, absolute; null = none"`
	WaitingSentence            body.Optional[string] `json:"waitingSentence" schema:"maxlen=300"`
	SayQueueDetails            body.Optional[bool]   `json:"isSayQueueDetails"`
}

// Apply writes the settings into an inbound Pearl.
func (in InboundInput) Apply(p *campaign.Pearl, faults *fault.List) {
	i := p.Inbound
	applyNumber(&i.PhoneNumberID, in.PhoneNumberID, "Inbound.PhoneNumberId", faults)
	assign(&i.TotalAgents, in.TotalAgents)
	assign(&i.RecordingOptions, in.RecordingOptions)
	setPointer(&i.StopRecordingAfterTransfer, in.StopRecordingAfterTransfer)
	assign(&i.TranscriptOptions, in.TranscriptOptions)
	applyURL(&p.Webhooks.CallURL, &p.Webhooks.CallDisabled, in.CallWebhookURL)
	assign(&i.WaitingSentence, in.WaitingSentence)
	assign(&i.SayQueueDetails, in.SayQueueDetails)
}

// Create makes a Pearl of a body, by form or from nodes; what is wrong with it is judged by campaign.Check.
func (in PearlInput) Create(fromNodes bool, faults *fault.List) campaign.Pearl {
	p := campaign.Pearl{Webhooks: campaign.Webhooks{Version: 2, Enums: "numbers"}}
	if in.Outbound.Set() {
		settings := campaign.DefaultOutbound()
		p.Type, p.Outbound = campaign.OutboundPearl, &settings
	}
	if in.Inbound.Set() {
		settings := campaign.DefaultInbound()
		p.Type, p.Inbound = campaign.InboundPearl, &settings
	}
	if in.Inbound.Set() == in.Outbound.Set() {
		faults.Add("validation", "Exactly one of inbound and outbound is required.")
	}
	if !in.Pearl.Set() {
		faults.Add("Pearl", "The Pearl field is required.")
	}
	in.Apply(&p, faults)
	switch d := &p.Definition; {
	case fromNodes:
		d.OpeningSentence, d.FlowScript = "", ""
		if len(d.Nodes) == 0 {
			d.Nodes = []campaign.Node{} // judged as nodes, of which there are none
		}
	case len(d.Nodes) > 0:
		faults.Add("Pearl.Nodes", "A Pearl with nodes is created by POST /v2/Pearl/Voice.")
		d.Nodes = nil
	}
	p.Complete()
	return p
}

// Apply writes what was given into a Pearl.
func (in PearlInput) Apply(p *campaign.Pearl, faults *fault.List) {
	assign(&p.Name, in.Name)
	if in.Pearl.Set() {
		in.Pearl.Value.apply(&p.Definition)
	}
	assign(&p.Variables, in.Variables)
	if in.Outbound.Set() {
		if p.Outbound == nil {
			faults.Add("Outbound", "The type of a Pearl cannot change: this one is inbound.")
		} else {
			in.Outbound.Value.Apply(p, faults)
		}
	}
	if in.Inbound.Set() {
		if p.Inbound == nil {
			faults.Add("Inbound", "The type of a Pearl cannot change: this one is outbound.")
		} else {
			in.Inbound.Value.Apply(p, faults)
		}
	}
}
