// Package calls decides how the call routes of both versions work: they differ in their paths only. It refuses to know
// how a call is placed, and what its ending does to a lead.
package calls

import (
	"fmt"
	"math"

	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// Handlers answer call routes. RequestRoute is where the version reads call requests, for whoever mistakes the id of one
// for that of a call.
type Handlers struct {
	route.Services
	RequestRoute string
}

// Head are the members that a call has in every form.
type Head struct {
	ID                 id.ID       `json:"id"`
	StartTime          wire.Time   `json:"startTime" doc:"when processing began, before it rings"`
	ConversationStatus int         `json:"conversationStatus" schema:"table=ConversationStatus"`
	Status             call.Status `json:"status"`
	From               string      `json:"from" doc:"the campaign's number, which may be a short one"`
	To                 string      `json:"to"`
	Name               *string     `json:"name" doc:"callData.name, else firstName and lastName"`
	Duration           int         `json:"duration" schema:"min=0" doc:"seconds from answer to end, rounded up"`
	Tags               []string    `json:"tags"`
}

// Light is a call without its heavy members.
type Light struct {
	Head
	PearlID           id.ID   `json:"pearlId"`
	RelatedID         id.ID   `json:"relatedId" doc:"repeats pearlId"`
	LeadID            *string `json:"leadId" doc:"null for a made call"`
	IsCallTransferred bool    `json:"isCallTransferred"`
}

// Told is a call as webhooks tell it (contract 6.2).
type Told struct {
	Light
	Recording        *string      `json:"recording" doc:"signed link"`
	Transcript       []call.Line  `json:"transcript"`
	Summary          *string      `json:"summary"`
	CollectedInfo    []call.Value `json:"collectedInfo"`
	OverallSentiment int          `json:"overallSentiment" schema:"table=Sentiment"`
}

// Call is a call in full (contract 3.2).
type Call struct {
	Told
	Picked
	AnswererEvidence []Evidence `json:"answererEvidence" doc:"what tells who picked up, in the order of time"`
	PearlVersion     *int64     `json:"pearlVersion" doc:"number of the Pearl's version that the call was begun with; null in calls from before versions were kept"`
}

// Picked is who picked up.
type Picked struct {
	Answerer *string `json:"answerer" schema:"values=unknown|human|machine|screening|menu|announcement" doc:"who picked up; unknown is treated as a person; null where nobody did, and in calls before nacre kept it"`
}

// Evidence is one piece of what tells who picked up.
type Evidence struct {
	At       float64 `json:"at" doc:"seconds from the answer"`
	Source   string  `json:"source" schema:"values=words|cadence|beep|tones|keys|quiet"`
	Answerer string  `json:"answerer" schema:"values=human|machine|screening|menu|announcement" doc:"whom it speaks for"`
	Weight   int     `json:"weight" doc:"the weights of an answerer add up; 4 are enough"`
	Detail   string  `json:"detail"`
}

func evidenceOf(c call.Call) []Evidence {
	list := []Evidence{}
	for _, e := range c.Evidence {
		list = append(list, Evidence{At: e.At, Source: string(e.Source), Answerer: string(e.Answerer), Weight: e.Weight, Detail: e.Detail})
	}
	return list
}

// settled is the call as everyone is to see it: in progress until everything of it is in place (contract 3.2).
func settled(c call.Call) call.Call {
	if !c.Finished.IsZero() {
		return c
	}
	return call.Call{
		ID: c.ID, Account: c.Account, Pearl: c.Pearl, Version: c.Version, Lead: c.Lead, Request: c.Request, From: c.From, To: c.To, Name: c.Name,
		Start: c.Start, Status: call.InProgress, Conversation: int(lead.OnCall),
	}
}

func headOf(c call.Call) Head {
	return Head{
		ID: c.ID, StartTime: wire.Time(c.Start), ConversationStatus: c.Conversation, Status: c.Status, From: c.From, To: c.To,
		Name: wire.Text(c.Name), Duration: c.Duration(), Tags: wire.List(c.Tags),
	}
}

func (h *Handlers) full(r *route.Request, c call.Call) Call {
	c = settled(c)
	var version *int64
	if c.Version > 0 {
		version = &c.Version
	}
	return Call{
		Told: Told{
			Light: Light{
				Head: headOf(c), PearlID: c.Pearl, RelatedID: c.Pearl, LeadID: wire.Text(string(c.Lead)), IsCallTransferred: c.Transferred,
			},
			Recording: wire.Recording(c, r.RecordingLink), Transcript: wire.List(c.Transcript), Summary: wire.Text(c.Summary),
			CollectedInfo: wire.List(c.Collected), OverallSentiment: c.Sentiment,
		},
		Picked: Picked{Answerer: wire.Text(string(c.Answerer))}, AnswererEvidence: evidenceOf(c), PearlVersion: version,
	}
}

// read finds the call of the path. The id of a call request gets a hint.
func (h *Handlers) read(r *route.Request) (call.Call, error) {
	callID, err := r.ID("callId")
	if err != nil {
		return call.Call{}, err
	}
	found, err := h.Queries.ReadCall(r.Context(), r.Actor.Account, callID)
	switch {
	case err == nil:
		return found, nil
	case !fault.Is(err, fault.NotFound):
		return call.Call{}, fmt.Errorf("read call: %w", err)
	}
	miss := fault.Missing("CallId")
	if _, err := h.Queries.ReadRequest(r.Context(), r.Actor.Account, callID); err == nil {
		miss.Detail = "This is the id of a call request, not of a call. Read it by " + h.RequestRoute + "; its callId is set from the moment the call begins."
	}
	return call.Call{}, miss
}

// Get answers a call.
func (h *Handlers) Get(r *route.Request, _ route.None) (Call, error) {
	found, err := h.read(r)
	if err != nil {
		return Call{}, err
	}
	return h.full(r, found), nil
}

// Link is where a recording can be fetched, and until when.
type Link struct {
	Recording *string    `json:"recording" doc:"signed link, null without a recording"`
	ExpiresAt *wire.Time `json:"expiresAt"`
}

// Recording answers a fresh link.
func (h *Handlers) Recording(r *route.Request, _ route.None) (Link, error) {
	found, err := h.read(r)
	if err != nil || found.Recording == "" || found.Finished.IsZero() {
		return Link{}, err
	}
	link, expires := r.RecordingLink(found.ID)
	return Link{Recording: &link, ExpiresAt: wire.At(expires)}, nil
}

// Charge is what a call took of one model of an outside service.
type Charge struct {
	Kind         string  `json:"kind" doc:"ears, voice or model"`
	Provider     string  `json:"provider" doc:"as the operator calls it"`
	Model        string  `json:"model"`
	Seconds      float64 `json:"seconds" doc:"heard"`
	Characters   int64   `json:"characters" doc:"spoken; what was spoken before costs nothing"`
	InputTokens  int64   `json:"inputTokens" doc:"cached ones included"`
	CachedTokens int64   `json:"cachedTokens"`
	OutputTokens int64   `json:"outputTokens"`
	Cost         float64 `json:"cost" doc:"by the operator's price table, in its unit; 0 without a price"`
}

// Charges answers what a call took of outside services, once it is final.
func (h *Handlers) Charges(r *route.Request, _ route.None) ([]Charge, error) {
	found, err := h.read(r)
	if err != nil {
		return nil, err
	}
	list := []Charge{}
	for _, c := range settled(found).Charges {
		told := Charge(c)
		told.Cost = math.Round(c.Cost*1e6) / 1e6 // a sum of parts: what is left at the end is of their binary fractions
		list = append(list, told)
	}
	return list, nil
}

// Analysis is how far the analysis of a call by a language model is.
type Analysis struct {
	State *string    `json:"state" schema:"values=pending|done|failed" doc:"null: none; pending: to be tried, again where tries is more than 0; failed: given up"`
	Tries int        `json:"tries" schema:"min=0"`
	Error *string    `json:"error" doc:"of the last try, where that failed"`
	At    *wire.Time `json:"at" doc:"when it was done or given up"`
}

// Analysis answers how far the analysis of a call is, once the call is final.
func (h *Handlers) Analysis(r *route.Request, _ route.None) (Analysis, error) {
	found, err := h.read(r)
	if err != nil {
		return Analysis{}, err
	}
	a := settled(found).Analysis
	return Analysis{State: wire.Text(string(a.State)), Tries: a.Tries, Error: wire.Text(a.Error), At: wire.At(a.At)}, nil
}

// SIPMessage is one message of a call's signalling.
type SIPMessage struct {
	At     *wire.Time `json:"at"`
	Sent   bool       `json:"sent" doc:"by nacre; false: by the carrier"`
	Line   string     `json:"line" doc:"start line (RFC 3261 7.1, 7.2)"`
	Method string     `json:"method" doc:"of the request that it is, or answers"`
	Detail string     `json:"detail" doc:"Reason, Warning, Retry-After and the like; SDP where it carries a description"`
}

// Signalling answers the SIP messages of a call, in the order in which they passed, once the call is final.
func (h *Handlers) Signalling(r *route.Request, _ route.None) ([]SIPMessage, error) {
	found, err := h.read(r)
	if err != nil {
		return nil, err
	}
	list := []SIPMessage{}
	for _, m := range settled(found).Messages {
		list = append(list, SIPMessage{At: wire.At(m.At), Sent: m.Sent, Line: m.Line, Method: m.Method, Detail: m.Detail})
	}
	return list, nil
}

// Act is an action that a call had done.
type Act struct {
	Name      string     `json:"name" doc:"of an API action or a node, else sms_1, email_1, notification_1, …"`
	Kind      string     `json:"kind" schema:"values=request|sms|email"`
	AfterCall bool       `json:"afterCall" doc:"false: in the talk"`
	State     string     `json:"state" schema:"values=pending|done|failed|unneeded" doc:"pending: to be tried, again where tries is more than 0; failed: given up; unneeded: its trigger does not apply, or nobody could judge it"`
	Tries     int        `json:"tries" schema:"min=0" doc:"after the call"`
	Error     *string    `json:"error" doc:"of the last try, where that failed, or why it was not needed"`
	At        *wire.Time `json:"at" doc:"when it was settled, after the call"`
}

// Acts answers what a call had done besides talking, once the call is final.
func (h *Handlers) Acts(r *route.Request, _ route.None) ([]Act, error) {
	found, err := h.read(r)
	if err != nil {
		return nil, err
	}
	list := []Act{}
	for _, a := range settled(found).Acts {
		list = append(list, Act{Name: a.Name, Kind: string(a.Kind), AfterCall: a.Number > 0, State: string(a.State), Tries: a.Tries, Error: wire.Text(a.Error), At: wire.At(a.At)})
	}
	return list, nil
}

// CallIDs names calls to delete.
type CallIDs struct {
	CallIDs []string `json:"callIds" api:"required,maxitems=50000" doc:"ids that name nothing are ignored"`
}

// Delete removes calls with everything that belongs to them (contract 3.4). The files go after the commit: until then a
// link to them must work, and after it none does, whatever becomes of the file.
func (h *Handlers) Delete(r *route.Request, in CallIDs) (bool, error) {
	ids := make([]id.ID, len(in.CallIDs))
	for n, text := range in.CallIDs {
		ids[n], _ = id.Parse(text) // the zero id names nothing, and faults keep their index
	}
	files, err := h.Engine.DeleteCalls(r.Context(), r.Actor, ids)
	if h.RemoveRecordings != nil && len(files) > 0 {
		h.RemoveRecordings(files)
	}
	return err == nil, err
}

// HangUp ends a call: a ringing one is cancelled.
func (h *Handlers) HangUp(r *route.Request, _ route.None) (bool, error) {
	found, err := h.read(r)
	if err != nil {
		return false, err
	}
	err = h.Engine.HangUpCall(r.Context(), r.Actor, found.ID)
	return err == nil, err
}

// filterOf is what search and bulk read have in common.
func filterOf(in Range, tags []string, heavy bool, statuses ...int) engine.CallFilter {
	return engine.CallFilter{From: in.FromDate, To: in.ToDate, Conversations: statuses, Tags: tags, Heavy: heavy}
}
