package wire

import (
	"slices"
	"strings"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/zone"
)

// PearlTotals are the live figures of a Pearl (contract 2.2).
type PearlTotals struct {
	PhoneNumber         *string `json:"phoneNumber"`
	TotalAgents         int     `json:"totalAgents" doc:"calls it may hold at once"`
	Created             Time    `json:"created"`
	BudgetConsumed      int64   `json:"budgetConsumed" doc:"cost of all calls so far, whole units"`
	TotalTodayCalls     int     `json:"totalTodayCalls" doc:"begun since midnight in its zone"`
	TotalOngoingCalls   int     `json:"totalOngoingCalls" doc:"in the air, ringing ones included"`
	TotalOnQueue        *int    `json:"totalOnQueue" doc:"inbound only"`
	TotalLeads          *int    `json:"totalLeads" doc:"outbound only"`
	TotalLeadsCompleted *int    `json:"totalLeadsCompleted" doc:"outbound only, in a final status"`
	TotalLeadsSuccess   *int    `json:"totalLeadsSuccess" doc:"outbound only"`
	BudgetTotal         *int    `json:"budgetTotal" doc:"outbound only, null = no limit"`
}

// Midnight is when the Pearl's day began.
func Midnight(p campaign.Pearl, now time.Time) time.Time {
	loc := time.UTC
	if z, ok := zone.Parse(p.Definition.TimeZone); ok { // the Pearl's own zone; that of its settings is its leads'
		loc = z.Location()
	}
	year, month, day := now.In(loc).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, loc).UTC()
}

// NewPearlTotals renders the figures; number is the Pearl's phone number, "" = none.
func NewPearlTotals(p campaign.Pearl, counts engine.PearlCounts, number string) PearlTotals {
	t := PearlTotals{
		PhoneNumber: Text(number), TotalAgents: p.TotalAgents(), Created: Time(p.Created), BudgetConsumed: p.Spent / 100,
		TotalTodayCalls: counts.TodayCalls, TotalOngoingCalls: counts.OngoingCalls,
	}
	if p.Type == campaign.OutboundPearl {
		t.TotalLeads, t.TotalLeadsCompleted, t.TotalLeadsSuccess = &counts.Leads, &counts.Completed, &counts.Success
		t.BudgetTotal = p.Outbound.BudgetTotal
	} else {
		t.TotalOnQueue = &counts.Queued
	}
	return t
}

// NumberOf is the text of the Pearl's phone number among those of its account, "" = none.
func NumberOf(p campaign.Pearl, numbers map[id.ID]string) string {
	switch {
	case p.Outbound != nil:
		return numbers[p.Outbound.PhoneNumberID]
	case p.Inbound != nil:
		return numbers[p.Inbound.PhoneNumberID]
	}
	return ""
}

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
	Agents                    body.Optional[[]campaign.Agent]        `json:"agents"`
	AgentPersonality          body.Optional[string]                  `json:"agentPersonality"`
	CompanyName               body.Optional[string]                  `json:"companyName"`
	KnowledgeBase             body.Optional[string]                  `json:"knowledgeBase"`
	CompanyDescription        body.Optional[string]                  `json:"companyDescription" doc:"required"`
	TimeZone                  body.Optional[string]                  `json:"timeZone" doc:"required; Windows or IANA name"`
	ModelType                 body.Optional[int]                     `json:"modelType"`
	Memory                    body.Optional[bool]                    `json:"memory"`
	SpeechRecognitionKeywords body.Optional[[]campaign.Keyword]      `json:"speechRecognitionKeywords"`
	OpeningSentence           body.Optional[string]                  `json:"openingSentence" doc:"required without nodes"`
	FlowScript                body.Optional[string]                  `json:"flowScript"`
	Nodes                     body.Optional[[]campaign.Node]         `json:"nodes" doc:"POST /v2/Pearl/Voice"`
	TransferCallSettings      body.Optional[[]campaign.Transfer]     `json:"transferCallSettings"`
	SMSSettings               body.Optional[[]campaign.SMS]          `json:"smsSettings"`
	EmailSettings             body.Optional[[]campaign.Email]        `json:"emailSettings"`
	SMTPSettings              body.Optional[campaign.SMTP]           `json:"smtpSettings"`
	APISettings               body.Optional[[]campaign.API]          `json:"apiSettings"`
	SuccessDescription        body.Optional[string]                  `json:"successDescription"`
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

// keep writes a member that was given; null changes nothing.
func keep[T any](into *T, member body.Optional[T]) {
	if member.Set() {
		*into = member.Value
	}
}

func (in DefinitionInput) apply(d *campaign.Definition) {
	keep(&d.Agents, in.Agents)
	d.Agents = slices.Clone(d.Agents)
	for n := range d.Agents {
		if voice, ok := id.Parse(d.Agents[n].VoiceID); ok {
			d.Agents[n].VoiceID = string(voice) // ids are accepted in either case
		}
	}
	keep(&d.AgentPersonality, in.AgentPersonality)
	keep(&d.CompanyName, in.CompanyName)
	keep(&d.KnowledgeBase, in.KnowledgeBase)
	keep(&d.CompanyDescription, in.CompanyDescription)
	keep(&d.TimeZone, in.TimeZone)
	keep(&d.ModelType, in.ModelType)
	keep(&d.Memory, in.Memory)
	keep(&d.SpeechRecognitionKeywords, in.SpeechRecognitionKeywords)
	keep(&d.OpeningSentence, in.OpeningSentence)
	keep(&d.FlowScript, in.FlowScript)
	keep(&d.Nodes, in.Nodes)
	switch {
	case len(d.Nodes) == 0:
		d.Nodes = nil
	case in.Nodes.Set(): // nodes come in place of the two
		d.OpeningSentence, d.FlowScript = in.OpeningSentence.Value, in.FlowScript.Value
	}
	keep(&d.TransferCallSettings, in.TransferCallSettings)
	keep(&d.SMSSettings, in.SMSSettings)
	keep(&d.EmailSettings, in.EmailSettings)
	switch in.SMTPSettings.State {
	case body.Given:
		d.SMTPSettings = &in.SMTPSettings.Value
	case body.Null:
		d.SMTPSettings = nil
	}
	keep(&d.APISettings, in.APISettings)
	keep(&d.SuccessDescription, in.SuccessDescription)
	keep(&d.IndicatorTags, in.IndicatorTags)
	keep(&d.Notifications, in.Notifications)
}

// OutboundInput are the outbound settings (contract 2.6): absent = unchanged; null clears a nullable member and leaves any other unchanged.
type OutboundInput struct {
	PhoneNumberID              body.Optional[string]           `json:"phoneNumberId" doc:"null = none yet"`
	TotalAgents                body.Optional[int]              `json:"totalAgents"`
	RecordingTrack             body.Optional[int]              `json:"recordingTrack" doc:"1 agent, 2 lead, 3 both, 4 none"`
	StopRecordingAfterTransfer body.Optional[bool]             `json:"isStopRecordingAfterTransferCall"`
	TranscriptOptions          body.Optional[int]              `json:"transcriptOptions"`
	BudgetTotal                body.Optional[int]              `json:"budgetTotal" doc:"null = no limit"`
	TimeZone                   body.Optional[string]           `json:"timeZone" doc:"null = the Pearl's"`
	MaximumCallAttempts        body.Optional[int]              `json:"maximumCallAttempts" doc:"1 to 11"`
	MinimumRetryIntervalHours  body.Optional[int]              `json:"minimumRetryIntervalHours" doc:"enum 1 to 6, no number of hours"`
	RingDuration               body.Optional[int]              `json:"ringDuration" doc:"seconds, 10 to 50"`
	CallTimeout                body.Optional[int]              `json:"callTimeout" doc:"minutes, 1 to 120"`
	VoiceMail                  body.Optional[string]           `json:"voiceMail"`
	CallingHours               body.Optional[[]hours.Window]   `json:"callingHours"`
	CallWebhookURL             body.Optional[string]           `json:"callWebhookUrl"`
	LeadWebhookURL             body.Optional[string]           `json:"leadWebhookUrl"`
	WebhookVersion             body.Optional[int]              `json:"webhookVersion"`
	WebhookCredential          body.Optional[string]           `json:"webhookCredential"`
	WebhookCredentialHeader    body.Optional[string]           `json:"webhookCredentialHeader"`
	WebhookEnums               body.Optional[string]           `json:"webhookEnums"`
	WebhookExtras              body.Optional[bool]             `json:"webhookExtras"`
	RetryPolicy                body.Optional[lead.RetryPolicy] `json:"retryPolicy"`
	Holidays                   body.Optional[[]hours.Holiday]  `json:"holidays"`
	DefaultRegion              body.Optional[string]           `json:"defaultRegion"`
	DuplicatePolicy            body.Optional[string]           `json:"duplicatePolicy"`
	CallRequestMaxWaitMinutes  body.Optional[int]              `json:"callRequestMaxWaitMinutes"`
}

// Apply writes the settings into a campaign; a malformed phone number id is a fault under prefix+"PhoneNumberId".
func (in OutboundInput) Apply(p *campaign.Pearl, faults *fault.List) {
	o := p.Outbound
	applyNumber(&o.PhoneNumberID, in.PhoneNumberID, "Outbound.PhoneNumberId", faults)
	keep(&o.TotalAgents, in.TotalAgents)
	if in.RecordingTrack.Set() {
		o.RecordingTrack = call.Track(in.RecordingTrack.Value)
	}
	setPointer(&o.StopRecordingAfterTransfer, in.StopRecordingAfterTransfer)
	keep(&o.TranscriptOptions, in.TranscriptOptions)
	setPointer(&o.BudgetTotal, in.BudgetTotal)
	set(&o.TimeZone, in.TimeZone)
	keep(&o.MaximumCallAttempts, in.MaximumCallAttempts)
	keep(&o.MinimumRetryIntervalHours, in.MinimumRetryIntervalHours)
	keep(&o.RingDuration, in.RingDuration)
	keep(&o.CallTimeout, in.CallTimeout)
	set(&o.VoiceMail, in.VoiceMail)
	set(&o.CallingHours, in.CallingHours)
	in.ApplyWebhooks(&p.Webhooks)
	set(&o.RetryPolicy, in.RetryPolicy)
	o.RetryPolicy = canonical(o.RetryPolicy)
	keep(&o.Holidays, in.Holidays)
	set(&o.DefaultRegion, in.DefaultRegion)
	o.DefaultRegion = strings.ToUpper(o.DefaultRegion)
	keep(&o.DuplicatePolicy, in.DuplicatePolicy)
	keep(&o.CallRequestMaxWaitMinutes, in.CallRequestMaxWaitMinutes)
}

// ApplyWebhooks writes the members about webhooks.
func (in OutboundInput) ApplyWebhooks(w *campaign.Webhooks) {
	applyURL(&w.CallURL, &w.CallDisabled, in.CallWebhookURL)
	applyURL(&w.LeadURL, &w.LeadDisabled, in.LeadWebhookURL)
	keep(&w.Version, in.WebhookVersion)
	set(&w.Credential, in.WebhookCredential)
	set(&w.CredentialHeader, in.WebhookCredentialHeader)
	keep(&w.Enums, in.WebhookEnums)
	keep(&w.Extras, in.WebhookExtras)
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
	TotalAgents                body.Optional[int]    `json:"totalAgents"`
	RecordingOptions           body.Optional[bool]   `json:"recordingOptions"`
	StopRecordingAfterTransfer body.Optional[bool]   `json:"isStopRecordingAfterTransferCall"`
	TranscriptOptions          body.Optional[int]    `json:"transcriptOptions"`
	CallWebhookURL             body.Optional[string] `json:"callWebhookUrl"`
	WaitingSentence            body.Optional[string] `json:"waitingSentence" doc:"required"`
	SayQueueDetails            body.Optional[bool]   `json:"isSayQueueDetails"`
}

// Apply writes the settings into an inbound Pearl.
func (in InboundInput) Apply(p *campaign.Pearl, faults *fault.List) {
	i := p.Inbound
	applyNumber(&i.PhoneNumberID, in.PhoneNumberID, "Inbound.PhoneNumberId", faults)
	keep(&i.TotalAgents, in.TotalAgents)
	keep(&i.RecordingOptions, in.RecordingOptions)
	setPointer(&i.StopRecordingAfterTransfer, in.StopRecordingAfterTransfer)
	keep(&i.TranscriptOptions, in.TranscriptOptions)
	applyURL(&p.Webhooks.CallURL, &p.Webhooks.CallDisabled, in.CallWebhookURL)
	keep(&i.WaitingSentence, in.WaitingSentence)
	keep(&i.SayQueueDetails, in.SayQueueDetails)
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

// FormInput is the body of POST /v2/Pearl, NodesInput that of POST /v2/Pearl/Voice.
type (
	FormInput  struct{ PearlInput }
	NodesInput struct{ PearlInput }
)

// CheckWith completes the list of faults; there is no Pearl yet.
func (in *FormInput) CheckWith(_ campaign.Pearl, faults *fault.List) { in.checkNew(false, faults) }

// CheckWith completes the list of faults; there is no Pearl yet.
func (in *NodesInput) CheckWith(_ campaign.Pearl, faults *fault.List) { in.checkNew(true, faults) }

func (in PearlInput) checkNew(fromNodes bool, faults *fault.List) {
	var more fault.List
	pearl := in.Create(fromNodes, &more)
	more.Join("", pearl.Check(campaign.Judges{}))
	merge(faults, more.Fields)
}

// CheckWith completes the list of faults by those of the whole Pearl.
func (in *PearlInput) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	var more fault.List
	pearl = pearl.Clone()
	in.Apply(&pearl, &more)
	pearl.Complete()
	more.Join("", pearl.Check(campaign.Judges{}))
	merge(faults, more.Fields)
}

// CheckWith completes the list of faults by those of the settings.
func (in *OutboundInput) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	if pearl.Outbound != nil {
		checkSettings(pearl, in.Apply, "Outbound.", faults)
	}
}

// CheckWith completes the list of faults by those of the settings.
func (in *InboundInput) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	if pearl.Inbound != nil {
		checkSettings(pearl, in.Apply, "Inbound.", faults)
	}
}

func checkSettings(pearl campaign.Pearl, apply func(*campaign.Pearl, *fault.List), prefix string, faults *fault.List) {
	var more fault.List
	pearl = pearl.Clone()
	apply(&pearl, &more)
	pearl.Complete()
	more.Join("", pearl.CheckSettings(campaign.Judges{}))
	for n, f := range more.Fields {
		more.Fields[n].Path = strings.TrimPrefix(f.Path, prefix)
	}
	merge(faults, more.Fields)
}

// merge adds faults of the whole to faults of members that could not be read: what such a member leads to is not told again.
func merge(faults *fault.List, more []fault.Field) {
	unread := slices.Clone(faults.Fields)
	for _, f := range more {
		if !slices.ContainsFunc(unread, func(u fault.Field) bool { return within(f.Path, u.Path) || within(u.Path, f.Path) }) {
			faults.Fields = append(faults.Fields, f)
		}
	}
}

// within reports whether a member path is another or lies inside it.
func within(path, outer string) bool {
	rest, inside := strings.CutPrefix(path, outer)
	return inside && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Apply writes what was given into a Pearl.
func (in PearlInput) Apply(p *campaign.Pearl, faults *fault.List) {
	keep(&p.Name, in.Name)
	if in.Pearl.Set() {
		in.Pearl.Value.apply(&p.Definition)
	}
	keep(&p.Variables, in.Variables)
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

// OutboundView is how outbound settings are answered (contract 2.6).
type OutboundView struct {
	PhoneNumberID              *string           `json:"phoneNumberId"`
	TotalAgents                int               `json:"totalAgents"`
	RecordingTrack             call.Track        `json:"recordingTrack"`
	StopRecordingAfterTransfer *bool             `json:"isStopRecordingAfterTransferCall"`
	TranscriptOptions          int               `json:"transcriptOptions"`
	BudgetTotal                *int              `json:"budgetTotal"`
	TimeZone                   *string           `json:"timeZone"`
	MaximumCallAttempts        int               `json:"maximumCallAttempts"`
	MinimumRetryIntervalHours  int               `json:"minimumRetryIntervalHours"`
	RingDuration               int               `json:"ringDuration"`
	CallTimeout                int               `json:"callTimeout"`
	VoiceMail                  *string           `json:"voiceMail"`
	CallingHours               []hours.Window    `json:"callingHours"`
	CallWebhookURL             *string           `json:"callWebhookUrl"`
	LeadWebhookURL             *string           `json:"leadWebhookUrl"`
	WebhookVersion             int               `json:"webhookVersion"`
	WebhookCredential          *string           `json:"webhookCredential"`
	WebhookCredentialHeader    *string           `json:"webhookCredentialHeader"`
	WebhookEnums               string            `json:"webhookEnums"`
	WebhookExtras              bool              `json:"webhookExtras"`
	RetryPolicy                *lead.RetryPolicy `json:"retryPolicy"`
	Holidays                   []hours.Holiday   `json:"holidays"`
	DefaultRegion              *string           `json:"defaultRegion"`
	DuplicatePolicy            string            `json:"duplicatePolicy"`
	CallRequestMaxWaitMinutes  int               `json:"callRequestMaxWaitMinutes"`
}

// NewOutboundView renders the settings of a Pearl whose secrets are hidden already.
func NewOutboundView(p campaign.Pearl) *OutboundView {
	o, w := p.Outbound, p.Webhooks
	if o == nil {
		return nil
	}
	var retry *lead.RetryPolicy
	if o.RetryPolicy != nil {
		retry = &o.RetryPolicy
	}
	return &OutboundView{
		PhoneNumberID: Text(string(o.PhoneNumberID)), TotalAgents: o.TotalAgents, RecordingTrack: o.RecordingTrack,
		StopRecordingAfterTransfer: o.StopRecordingAfterTransfer, TranscriptOptions: o.TranscriptOptions, BudgetTotal: o.BudgetTotal, TimeZone: Text(o.TimeZone),
		MaximumCallAttempts: o.MaximumCallAttempts, MinimumRetryIntervalHours: o.MinimumRetryIntervalHours, RingDuration: o.RingDuration, CallTimeout: o.CallTimeout,
		VoiceMail: Text(o.VoiceMail), CallingHours: List(o.CallingHours), CallWebhookURL: Text(w.CallURL), LeadWebhookURL: Text(w.LeadURL), WebhookVersion: w.Version,
		WebhookCredential: Text(w.Credential), WebhookCredentialHeader: Text(w.CredentialHeader), WebhookEnums: w.Enums, WebhookExtras: w.Extras,
		RetryPolicy: retry, Holidays: List(o.Holidays), DefaultRegion: Text(o.DefaultRegion), DuplicatePolicy: o.DuplicatePolicy,
		CallRequestMaxWaitMinutes: o.CallRequestMaxWaitMinutes,
	}
}

// InboundView is how inbound settings are answered.
type InboundView struct {
	PhoneNumberID              *string `json:"phoneNumberId"`
	TotalAgents                int     `json:"totalAgents"`
	RecordingOptions           bool    `json:"recordingOptions"`
	StopRecordingAfterTransfer *bool   `json:"isStopRecordingAfterTransferCall"`
	TranscriptOptions          int     `json:"transcriptOptions"`
	CallWebhookURL             *string `json:"callWebhookUrl"`
	WaitingSentence            string  `json:"waitingSentence"`
	SayQueueDetails            bool    `json:"isSayQueueDetails"`
}

// NewInboundView renders the settings of an inbound Pearl, nil of another.
func NewInboundView(p campaign.Pearl) *InboundView {
	i := p.Inbound
	if i == nil {
		return nil
	}
	return &InboundView{
		PhoneNumberID: Text(string(i.PhoneNumberID)), TotalAgents: i.TotalAgents, RecordingOptions: i.RecordingOptions,
		StopRecordingAfterTransfer: i.StopRecordingAfterTransfer, TranscriptOptions: i.TranscriptOptions, CallWebhookURL: Text(p.Webhooks.CallURL),
		WaitingSentence: i.WaitingSentence, SayQueueDetails: i.SayQueueDetails,
	}
}

// Active is the body of run and pause.
type Active struct {
	IsActive *bool `json:"isActive" api:"required"`
}

// Ongoing answers OngoingCalls.
type Ongoing struct {
	TotalOngoingCalls int `json:"totalOngoingCalls"`
	TotalOnQueue      int `json:"totalOnQueue" doc:"leads at status 20 and call requests waiting"`
}
