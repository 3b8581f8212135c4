// Package campaign decides what a Pearl is: its settings with their defaults and rules, what it needs before it may run,
// and how many calls it may begin now. It refuses to know storage and the clock.
package campaign

import (
	"encoding/json"
	"time"

	"nacre/internal/call"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// Type of a Pearl (contract 8).
type Type int

const (
	InboundPearl  Type = 1
	OutboundPearl Type = 2 // a campaign
)

// Activity is the activity status of a Pearl (contract 8.4).
type Activity int

const (
	Running     Activity = 1
	Paused      Activity = 2
	Suspended   Activity = 3  // set by the operator only
	Maintenance Activity = 10 // set by the operator only
)

// Pearl is an agent with its settings; of type 2 it is a campaign.
type Pearl struct {
	ID       id.ID
	Account  id.ID
	Type     Type
	Name     string
	Activity Activity
	Archived bool
	Created  time.Time
	Version  int64 // of the row: grows with every change, of its activity too
	// Published is the number of the version of its settings that is in force (contract 12.4); calls keep that they began with.
	// 0 = the settings have not changed since before versions were kept.
	Published  int64
	Definition Definition
	Variables  []Variable
	Inbound    *InboundSettings  // type 1
	Outbound   *OutboundSettings // type 2
	Webhooks   Webhooks
	Spent      int64 // cost of all calls so far, hundredths
	// Of its account and its phone number when it was read; they are changed there.
	AccountRegion string // two-letter country, "" = none
	Caller        string // the number as the carrier knows it, "" = none
}

// Home says how the Pearl's numbers are read that do not begin with their country calling code (contract 1.3).
func (p Pearl) Home() phone.Home {
	home := phone.Home{Region: p.AccountRegion}
	if p.Outbound != nil && p.Outbound.DefaultRegion != "" {
		home.Region = p.Outbound.DefaultRegion
	}
	if p.Caller != "" {
		home.Callers = []string{p.Caller}
	}
	return home
}

// Definition is the member `pearl` of creation and settings (contract 2.4, 2.5). JSON names are the API's; it is stored in this form.
type Definition struct {
	Agents                    []Agent        `json:"agents"`
	AgentPersonality          string         `json:"agentPersonality"`
	CompanyName               string         `json:"companyName"`
	KnowledgeBase             string         `json:"knowledgeBase"`
	CompanyDescription        string         `json:"companyDescription"`
	TimeZone                  string         `json:"timeZone"`
	ModelType                 int            `json:"modelType"`
	Memory                    bool           `json:"memory"`
	SpeechRecognitionKeywords []Keyword      `json:"speechRecognitionKeywords"`
	OpeningSentence           string         `json:"openingSentence"` // form Pearls
	FlowScript                string         `json:"flowScript"`      // form Pearls
	Nodes                     []Node         `json:"nodes,omitempty"` // node Pearls
	TransferCallSettings      []Transfer     `json:"transferCallSettings"`
	SMSSettings               []SMS          `json:"smsSettings"`
	EmailSettings             []Email        `json:"emailSettings"`
	SMTPSettings              *SMTP          `json:"smtpSettings"`
	APISettings               []API          `json:"apiSettings"`
	SuccessDescription        string         `json:"successDescription"`
	AskAllQuestions           bool           `json:"askAllQuestions" doc:"go on with the questions after a no to the one that decides success"` // ext
	IndicatorTags             []Tag          `json:"indicatorTags"`
	Notifications             []Notification `json:"notifications"`
}

type Agent struct {
	Name    string `json:"name"`
	VoiceID string `json:"voiceId"` // "" = the default voice
}

type Keyword struct {
	Word           string   `json:"word"`
	Pronunciations []string `json:"pronunciations"`
}

type Transfer struct {
	PhoneNumber         string `json:"transferCallPhoneNumber"`
	TriggerDescription  string `json:"triggerDescription"`
	WarmTransferMessage string `json:"warmTransferMessage"`
}

type SMS struct {
	Body               string `json:"body"`
	TriggerDescription string `json:"triggerDescription"`
}

type Email struct {
	Subject            string `json:"subject"`
	Body               string `json:"body"`
	TriggerDescription string `json:"triggerDescription"`
	SMTPSettings       *SMTP  `json:"smtpSettings"`
}

type SMTP struct {
	ID             string `json:"id"`
	Provider       int    `json:"provider"`
	SMTPServer     string `json:"smtpServer"`
	Port           int    `json:"port"`
	EnableSSL      bool   `json:"enableSsl"`
	SenderEmail    string `json:"senderEmail"`
	SenderPassword string `json:"senderPassword" schema:"secret" doc:"answered as asterisks"`
	DisplayName    string `json:"displayName"`
}

// API is an outgoing HTTP call of a Pearl. Node Pearls use OutputBody, form Pearls the others. Header values are secrets.
type API struct {
	Name               string            `json:"name"`
	Method             int               `json:"method" schema:"required,table=ApiMethod"`
	EndpointURL        string            `json:"endpointUrl" schema:"required"`
	Body               []APIField        `json:"body"`
	OutputBody         []APIOutput       `json:"outputBody,omitempty"`
	Headers            map[string]string `json:"headers" doc:"values are answered as asterisks"`
	TriggerDescription string            `json:"triggerDescription"`
	Description        string            `json:"description"`
}

type APIField struct {
	Key        string          `json:"key"`
	VariableID string          `json:"variableId"`
	Type       int             `json:"type"`
	Value      json.RawMessage `json:"value"` // any JSON value, kept as given
	Required   bool            `json:"required"`
}

type APIOutput struct {
	Key        string `json:"key"`
	VariableID string `json:"variableId"`
}

type Tag struct {
	ID          string `json:"id"`
	Name        string `json:"name" schema:"required"`
	Description string `json:"description"`
	Color       int    `json:"color"`
}

type Notification struct {
	APISettings   *API           `json:"apiSettings"`
	EmailTemplate *EmailTemplate `json:"emailTemplate"`
}

type EmailTemplate struct {
	To                 []string `json:"to"`
	CC                 []string `json:"cc"`
	Subject            string   `json:"subject"`
	Body               string   `json:"body"`
	TriggerDescription string   `json:"triggerDescription"`
	SMTPSettings       *SMTP    `json:"smtpSettings"`
}

// Node types (contract 8.9).
const (
	NodeOpeningSentence = 2
	NodePreCallAPI      = 3
	NodeDialogue        = 10
	NodeAPI             = 40
	NodeEndCall         = 100
	NodePostCallActions = 200
)

type Node struct {
	NodeID       string       `json:"nodeId" schema:"required,maxlen=20" doc:"unique in the Pearl"`
	Name         string       `json:"name" schema:"required"`
	NodeType     int          `json:"nodeType" schema:"required,table=NodeType" doc:"exactly one EndCall and one OpeningSentence"`
	Script       string       `json:"script" doc:"text to say, with variables"`
	Instructions string       `json:"instructions" schema:"maxlen=2000"`
	APISettings  *API         `json:"apiSettings" doc:"of nodes of type 3, 40 and 200"`
	Transitions  []Transition `json:"transitions"`
}

type Transition struct {
	Name      string `json:"name" schema:"required" doc:"unique in the node"`
	ToNodeID  string `json:"toNodeId" schema:"required"`
	APIResult *int   `json:"apiResult" schema:"table=ApiResult" doc:"after a node of type 3 or 40; of one of type 200 null = whatever came of it"`
}

// Variable groups (contract 7).
const (
	PreCall = 1
	InCall  = 2
)

// Variable is a declared variable. Type "" is string.
type Variable struct {
	ID          string            `json:"id" schema:"required,maxlen=64,pattern=^[A-Za-z0-9_]+$,example=renews" doc:"the key in callData, collectedData and collectedInfo"`
	Name        string            `json:"name" schema:"required"`
	Group       int               `json:"group" schema:"required,table=VariableGroup"`
	Type        call.VariableType `json:"type" doc:"absent = string"`
	Description string            `json:"description" doc:"guides the collection"`
}

// OutboundSettings are the settings of a campaign (contract 2.6). JSON names are the API's; it is stored in this form.
type OutboundSettings struct {
	PhoneNumberID              id.ID            `json:"phoneNumberId"`
	TotalAgents                int              `json:"totalAgents"`
	RecordingTrack             call.Track       `json:"recordingTrack"`
	StopRecordingAfterTransfer *bool            `json:"isStopRecordingAfterTransferCall"`
	TranscriptOptions          int              `json:"transcriptOptions"`
	BudgetTotal                *int             `json:"budgetTotal"`
	TimeZone                   string           `json:"timeZone"` // "" = the Pearl's
	MaximumCallAttempts        int              `json:"maximumCallAttempts"`
	MinimumRetryIntervalHours  int              `json:"minimumRetryIntervalHours"` // enum, see RetryInterval
	RingDuration               int              `json:"ringDuration"`              // seconds
	CallTimeout                int              `json:"callTimeout"`               // minutes
	VoiceMail                  string           `json:"voiceMail"`
	ScreeningAnswer            string           `json:"screeningAnswer"` // "" = made of agent and company
	MenuKeys                   string           `json:"menuKeys"`        // pressed in a telephone menu; "" = it is left
	CallingHours               []hours.Window   `json:"callingHours"`    // empty = Monday–Friday 09:00–18:00
	Holidays                   []hours.Holiday  `json:"holidays"`
	RetryPolicy                lead.RetryPolicy `json:"retryPolicy"`
	DefaultRegion              string           `json:"defaultRegion"`
	DuplicatePolicy            string           `json:"duplicatePolicy"` // allow, skip, reject
	CallRequestMaxWaitMinutes  int              `json:"callRequestMaxWaitMinutes"`
}

// Webhooks are the webhook settings of a Pearl (contract 6, 12).
type Webhooks struct {
	CallURL          string    `json:"callWebhookUrl"`
	LeadURL          string    `json:"leadWebhookUrl"`
	Version          int       `json:"webhookVersion"`    // 1 PascalCase, 2 camelCase
	Credential       string    `json:"webhookCredential"` // secret
	CredentialHeader string    `json:"webhookCredentialHeader"`
	Enums            string    `json:"webhookEnums"`        // numbers, names
	Extras           bool      `json:"webhookExtras"`       // externalId and callData in call bodies
	Analysis         bool      `json:"webhookAnalysis"`     // the call webhook goes once more when a model has analysed the call
	Secret           string    `json:"secret"`              // whsec_…
	OldSecret        string    `json:"oldSecret,omitempty"` // still signed with while a rotation lasts
	OldSecretUntil   time.Time `json:"oldSecretUntil,omitzero"`
	CallDisabled     bool      `json:"callDisabled,omitempty"` // a 410 disabled the URL
	LeadDisabled     bool      `json:"leadDisabled,omitempty"`
}

// InboundSettings (contract 2.7).
type InboundSettings struct {
	PhoneNumberID              id.ID  `json:"phoneNumberId"`
	TotalAgents                int    `json:"totalAgents"`
	RecordingOptions           bool   `json:"recordingOptions"`
	StopRecordingAfterTransfer *bool  `json:"isStopRecordingAfterTransferCall"`
	TranscriptOptions          int    `json:"transcriptOptions"`
	WaitingSentence            string `json:"waitingSentence"`
	SayQueueDetails            bool   `json:"isSayQueueDetails"`
}

// DefaultOutbound are the defaults of contract 2.6.
func DefaultOutbound() OutboundSettings {
	return OutboundSettings{
		TotalAgents: 1, RecordingTrack: call.TrackBoth, StopRecordingAfterTransfer: new(bool), TranscriptOptions: 1, MaximumCallAttempts: 3,
		MinimumRetryIntervalHours: 2, RingDuration: 30, CallTimeout: 15, DuplicatePolicy: "allow", CallRequestMaxWaitMinutes: 60,
	}
}

// RetryInterval is the time behind the enum minimumRetryIntervalHours (contract 8); ok is false outside it.
func RetryInterval(enum int) (interval time.Duration, ok bool) {
	switch enum {
	case 1:
		return 6 * time.Hour, true
	case 2:
		return 24 * time.Hour, true
	case 3:
		return 72 * time.Hour, true
	case 4:
		return 168 * time.Hour, true
	case 5:
		return 720 * time.Hour, true
	case 6:
		return 3 * time.Hour, true
	}
	return 0, false
}

// Rules are what the lead's state machine needs of a campaign.
func (o OutboundSettings) Rules() lead.Rules {
	interval, _ := RetryInterval(o.MinimumRetryIntervalHours)
	return lead.Rules{
		MaximumAttempts: o.MaximumCallAttempts, Interval: interval, Retry: o.RetryPolicy,
		RingFor: time.Duration(o.RingDuration) * time.Second,
	}
}

// RequestWait is how long a call request waits for its gates; settings may name any number of minutes, of which ten years
// are the most that count.
func (o OutboundSettings) RequestWait() time.Duration {
	return time.Duration(min(o.CallRequestMaxWaitMinutes, 10*365*24*60)) * time.Minute
}

// LeadZone is the name of the zone that leads without one of their own use.
func (p Pearl) LeadZone() string {
	if p.Outbound != nil && p.Outbound.TimeZone != "" {
		return p.Outbound.TimeZone
	}
	return p.Definition.TimeZone
}

// TotalAgents is how many calls the Pearl may hold at once.
func (p Pearl) TotalAgents() int {
	if p.Outbound != nil {
		return p.Outbound.TotalAgents
	}
	if p.Inbound != nil {
		return p.Inbound.TotalAgents
	}
	return 0
}

// Clone is a copy that shares nothing with p.
func (p Pearl) Clone() Pearl {
	raw, err := json.Marshal(p)
	if err != nil {
		panic("clone pearl: " + err.Error()) // plain data: a failure is a programming error
	}
	var copied Pearl
	if err := json.Unmarshal(raw, &copied); err != nil {
		panic("clone pearl: " + err.Error())
	}
	return copied
}

// Alike is a new Pearl of another name with all settings of this one, secrets included, and nothing of what came of it.
func (p Pearl) Alike(name string) Pearl {
	p = p.Clone()
	hooks := p.Webhooks
	hooks.Secret, hooks.OldSecret, hooks.OldSecretUntil, hooks.CallDisabled, hooks.LeadDisabled = "", "", time.Time{}, false, false
	return Pearl{
		Type: p.Type, Name: name, Definition: p.Definition, Variables: p.Variables, Inbound: p.Inbound, Outbound: p.Outbound, Webhooks: hooks,
		AccountRegion: p.AccountRegion, Caller: p.Caller,
	}
}
