package wire

import (
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
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

// ZoneOf is the Pearl's own zone, by which its days and hours are counted; that of its settings is its leads'.
func ZoneOf(p campaign.Pearl) zone.Zone {
	found, ok := zone.Parse(p.Definition.TimeZone)
	if !ok {
		found, _ = zone.Parse("Etc/UTC")
	}
	return found
}

// Midnight is when the Pearl's day began.
func Midnight(p campaign.Pearl, now time.Time) time.Time {
	loc := ZoneOf(p).Location()
	year, month, day := now.In(loc).Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, loc)
	if start.Day() != day { // where clocks go forward at midnight, the day begins when they do
		_, start = start.ZoneBounds()
	}
	return start.UTC()
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

// OutboundView is how outbound settings are answered (contract 2.6).
type OutboundView struct {
	PhoneNumberID              *string           `json:"phoneNumberId"`
	TotalAgents                int               `json:"totalAgents"`
	RecordingTrack             call.Track        `json:"recordingTrack"`
	StopRecordingAfterTransfer *bool             `json:"isStopRecordingAfterTransferCall" doc:"recording ends at a transfer"`
	TranscriptOptions          int               `json:"transcriptOptions" schema:"table=TranscriptOptions"`
	BudgetTotal                *int              `json:"budgetTotal" doc:"null = no limit"`
	TimeZone                   *string           `json:"timeZone" doc:"null = the Pearl's"`
	MaximumCallAttempts        int               `json:"maximumCallAttempts"`
	MinimumRetryIntervalHours  int               `json:"minimumRetryIntervalHours" schema:"table=RetryInterval"`
	RingDuration               int               `json:"ringDuration" doc:"seconds"`
	CallTimeout                int               `json:"callTimeout" doc:"minutes"`
	VoiceMail                  *string           `json:"voiceMail"`
	ScreeningAnswer            *string           `json:"screeningAnswer" doc:"null = made of agent and company"`
	MenuKeys                   *string           `json:"menuKeys" doc:"null = a telephone menu is left"`
	CallingHours               []hours.Window    `json:"callingHours" doc:"empty = Monday to Friday, 09:00 to 18:00"`
	CallWebhookURL             *string           `json:"callWebhookUrl"`
	LeadWebhookURL             *string           `json:"leadWebhookUrl"`
	WebhookVersion             int               `json:"webhookVersion" schema:"table=WebhookVersion"`
	WebhookCredential          *string           `json:"webhookCredential" doc:"asterisks"`
	WebhookCredentialHeader    *string           `json:"webhookCredentialHeader"`
	WebhookEnums               string            `json:"webhookEnums" schema:"values=numbers|names"`
	WebhookExtras              bool              `json:"webhookExtras"`
	WebhookAnalysis            bool              `json:"webhookAnalysis"`
	RetryPolicy                *lead.RetryPolicy `json:"retryPolicy"`
	Holidays                   []hours.Holiday   `json:"holidays"`
	DefaultRegion              *string           `json:"defaultRegion"`
	DuplicatePolicy            string            `json:"duplicatePolicy" schema:"values=allow|skip|reject"`
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
		VoiceMail: Text(o.VoiceMail), ScreeningAnswer: Text(o.ScreeningAnswer), MenuKeys: Text(o.MenuKeys), CallingHours: List(o.CallingHours), CallWebhookURL: Text(w.CallURL), LeadWebhookURL: Text(w.LeadURL), WebhookVersion: w.Version,
		WebhookCredential: Text(w.Credential), WebhookCredentialHeader: Text(w.CredentialHeader), WebhookEnums: w.Enums, WebhookExtras: w.Extras, WebhookAnalysis: w.Analysis,
		RetryPolicy: retry, Holidays: List(o.Holidays), DefaultRegion: Text(o.DefaultRegion), DuplicatePolicy: o.DuplicatePolicy,
		CallRequestMaxWaitMinutes: o.CallRequestMaxWaitMinutes,
	}
}

// InboundView is how inbound settings are answered.
type InboundView struct {
	PhoneNumberID              *string `json:"phoneNumberId"`
	TotalAgents                int     `json:"totalAgents"`
	RecordingOptions           bool    `json:"recordingOptions"`
	StopRecordingAfterTransfer *bool   `json:"isStopRecordingAfterTransferCall" doc:"recording ends at a transfer"`
	TranscriptOptions          int     `json:"transcriptOptions" schema:"table=TranscriptOptions"`
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
