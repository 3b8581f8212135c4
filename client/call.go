package client

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"
)

// CallStatus is what became of a call on the line (contract 8).
type CallStatus int

// The statuses of a call.
const (
	CallInProgress CallStatus = 3
	CallCompleted  CallStatus = 4 // answered
	CallBusy       CallStatus = 5
	CallFailed     CallStatus = 6
	CallNoAnswer   CallStatus = 7
	CallCanceled   CallStatus = 8
)

// String returns the name that the contract has for a status, "" for a number that it does not know.
func (s CallStatus) String() string {
	return map[CallStatus]string{
		CallInProgress: "InProgress", CallCompleted: "Completed", CallBusy: "Busy", CallFailed: "Failed", CallNoAnswer: "NoAnswer", CallCanceled: "Canceled",
	}[s]
}

// Line is one line of a transcript; times are seconds since the answer.
type Line struct {
	Role      int     `json:"role"` // 2 Pearl, 3 the person called, 4 a person of the account
	Content   string  `json:"content"`
	StartTime float64 `json:"startTime"`
	EndTime   float64 `json:"endTime"`
	// Sources are the beginnings of the passages of the Pearl's knowledge that the words were taken from.
	Sources []string `json:"sources,omitempty"`
}

// Value is a collected value.
type Value struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// CallRow is a call as a search finds it.
type CallRow struct {
	CallHead
	Cost      float64 `json:"cost"`      // in units of the account's currency
	LatencyMS *int    `json:"latencyMs"` // from the end of a turn of the person to the answer, the median of the call; nil where nothing was answered
}

// CallHead is what is told of a call everywhere.
type CallHead struct {
	ID                 string     `json:"id"`
	StartTime          time.Time  `json:"startTime"`
	ConversationStatus LeadStatus `json:"conversationStatus"` // what it means for the lead
	Status             CallStatus `json:"status"`
	From               string     `json:"from"`
	To                 string     `json:"to"`
	Name               *string    `json:"name"`
	Duration           int        `json:"duration"` // seconds
	Tags               []string   `json:"tags"`
	CollectedInfo      []Value    `json:"collectedInfo"`
}

// Call is everything that is known of a call.
type Call struct {
	BulkCall
	PearlVersion *int64 `json:"pearlVersion"` // of the Pearl's settings that it was begun with
}

// BulkCall is a call that was read with many others: with what the search's Fields name.
type BulkCall struct {
	CallHead
	PearlID          string  `json:"pearlId"`
	RelatedID        string  `json:"relatedId"`
	LeadID           *string `json:"leadId"`
	Transferred      bool    `json:"isCallTransferred"`
	Recording        *string `json:"recording"` // address, signed
	Transcript       []Line  `json:"transcript"`
	Summary          *string `json:"summary"`
	OverallSentiment int     `json:"overallSentiment"` // 0 not judged, 1 negative to 5 positive

	Answerer         *string    `json:"answerer"` // who picked up (contract 3.2)
	AnswererEvidence []Evidence `json:"answererEvidence"`
}

// Evidence is one thing that tells who picked up. The weights for one answerer add up; 4 are enough.
type Evidence struct {
	At       float64 `json:"at"`     // seconds since the answer
	Source   string  `json:"source"` // words, cadence, beep, tones, keys, quiet
	Answerer string  `json:"answerer"`
	Weight   int     `json:"weight"`
	Detail   string  `json:"detail"`
}

// SIPMessage is one message of a call's signalling.
type SIPMessage struct {
	At     time.Time `json:"at"`
	Sent   bool      `json:"sent"`   // by nacre; false: by the carrier
	Line   string    `json:"line"`   // start line (RFC 3261 7.1, 7.2)
	Method string    `json:"method"` // of the request that it is, or answers
	Detail string    `json:"detail"` // Reason, Warning and the like; SDP where it carries a description
}

// Act is an action that a call had done besides talking.
type Act struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"` // request, sms, email
	AfterCall bool       `json:"afterCall"`
	State     string     `json:"state"` // pending, done, failed, unneeded
	Tries     int        `json:"tries"`
	Error     *string    `json:"error"`
	At        *time.Time `json:"at"` // when it was settled, after the call
}

// CallSearch selects calls that began from From to To (contract 3.3), the newest first.
type CallSearch struct {
	From                 time.Time    `json:"fromDate"`
	To                   time.Time    `json:"toDate"`
	ConversationStatuses []LeadStatus `json:"conversationStatuses,omitempty"`
	Text                 string       `json:"searchInput,omitempty"`
	Tags                 []string     `json:"tags,omitempty"`
	Sort                 string       `json:"sortProp,omitempty"`
	Ascending            bool         `json:"isAscending,omitempty"`
	Skip                 int          `json:"skip,omitempty"`
	Limit                int          `json:"limit,omitempty"` // of one page, at most 100; 0 is 100
	IsReviewed           *bool        `json:"isReviewed,omitempty"`
	PearlVersions        []int        `json:"pearlVersions,omitempty"` // of the settings that calls were begun with
}

// CallRequest is a call that was asked for without a lead (contract 3.5).
type CallRequest struct {
	ID         string    `json:"id"`
	Status     int       `json:"status"` // 1 in the queue, 2 on call, 10 completed, 20 blacklisted, 100 error
	OutboundID string    `json:"outboundId"`
	Created    time.Time `json:"created"`
	Errors     []string  `json:"errors"`
	CallID     *string   `json:"callId"`
}

// Receipt is the answer to a call that was asked for.
type Receipt struct {
	ID            string `json:"id"` // of the call request
	From          string `json:"from"`
	To            string `json:"to"`
	QueuePosition int    `json:"queuePosition"` // requests before this one
}

// GetCall returns a call by its id.
func (c *Client) GetCall(ctx context.Context, callID string) (*Call, error) {
	call := new(Call)
	if _, err := c.do(ctx, request{method: http.MethodGet, path: v2("Call", callID)}, call); err != nil {
		return nil, err
	}
	return call, nil
}

// Actions returns what a call had done besides talking, in it and after it; nothing until the call is final.
func (c *Client) Actions(ctx context.Context, callID string) ([]Act, error) {
	var acts []Act
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Call", callID, "Actions")}, &acts)
	return acts, err
}

// Signalling returns the SIP messages of a call in the order in which they passed; none until the call is final.
func (c *Client) Signalling(ctx context.Context, callID string) ([]SIPMessage, error) {
	var messages []SIPMessage
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Call", callID, "Signalling")}, &messages)
	return messages, err
}

// SearchCalls returns one page of a Pearl's calls.
func (c *Client) SearchCalls(ctx context.Context, pearlID string, search CallSearch) (Page[CallRow], error) {
	var page Page[CallRow]
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Calls"), body: search}, &page)
	return page, err
}

// Calls returns every call that a search selects, page by page; the sequence ends after an error.
func (c *Client) Calls(ctx context.Context, pearlID string, search CallSearch) iter.Seq2[CallRow, error] {
	return pages(search.Skip, func(skip int) (Page[CallRow], error) {
		search.Skip = skip
		return c.SearchCalls(ctx, pearlID, search)
	})
}

// RequestCall asks for a call by a campaign to a number that is no lead. The call begins when the campaign may make it.
func (c *Client) RequestCall(ctx context.Context, pearlID, to string, callData map[string]any) (Receipt, error) {
	var receipt Receipt
	body := struct {
		To       string         `json:"to"`
		CallData map[string]any `json:"callData,omitempty"`
	}{to, callData}
	// Version 2 has no such route.
	path := join("/v1", []string{"Outbound", pearlID, "Call"})
	_, err := c.do(ctx, request{method: http.MethodPost, path: path, body: body, key: newKey()}, &receipt)
	return receipt, err
}

// GetCallRequest returns how far a call is that was asked for.
func (c *Client) GetCallRequest(ctx context.Context, requestID string) (CallRequest, error) {
	var r CallRequest
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("CallRequest", requestID)}, &r)
	return r, err
}

// CancelCallRequest withdraws a call that was asked for and still waits.
func (c *Client) CancelCallRequest(ctx context.Context, requestID string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("CallRequest", requestID, "Cancel"), again: true}, nil)
	return err
}

// CallRequestSearch selects calls that were asked for (contract 3.5), the newest first.
type CallRequestSearch struct {
	From      time.Time `json:"fromDate"`
	To        time.Time `json:"toDate"`
	Sort      string    `json:"sortProp,omitempty"` // created, status, id
	Ascending bool      `json:"isAscending,omitempty"`
	Skip      int       `json:"skip,omitempty"`
	Limit     int       `json:"limit,omitempty"` // of one page, at most 100; 0 is 100
}

// SearchCallRequests returns one page of the calls that were asked for.
func (c *Client) SearchCallRequests(ctx context.Context, pearlID string, search CallRequestSearch) (Page[CallRequest], error) {
	var page Page[CallRequest]
	// Version 2 has no such route.
	path := join("/v1", []string{"Outbound", pearlID, "CallRequest"})
	_, err := c.do(ctx, request{method: http.MethodPost, path: path, body: search}, &page)
	return page, err
}

// BulkSearch selects calls that are read whole (contract 3.3), the newest first.
type BulkSearch struct {
	From     time.Time    `json:"fromDate"`
	To       time.Time    `json:"toDate"`
	Statuses []LeadStatus `json:"statuses,omitempty"`
	Tags     []string     `json:"tags,omitempty"`
	Fields   []string     `json:"fields,omitempty"` // Transcript, CollectedInfo, Summary, OverallSentiment, Recording; what is not named is not answered
	Skip     int          `json:"skip,omitempty"`
	Limit    int          `json:"limit,omitempty"` // of one page, at most 100; 0 is 100
}

// BulkCalls returns one page of a Pearl's calls with what Fields name.
func (c *Client) BulkCalls(ctx context.Context, pearlID string, search BulkSearch) (Page[BulkCall], error) {
	var page Page[BulkCall]
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Calls", "Bulk"), body: search}, &page)
	return page, err
}

// DeleteCalls deletes calls with their recordings; one that is in progress has nothing deleted.
func (c *Client) DeleteCalls(ctx context.Context, callIDs []string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Call"), body: map[string]any{"callIds": append([]string{}, callIDs...)}}, nil)
	return err
}

// RecordingLink is where a recording can be fetched without a key.
type RecordingLink struct {
	Recording *string    `json:"recording"` // address, signed; nil where there is none
	ExpiresAt *time.Time `json:"expiresAt"`
}

// Recording returns a fresh address of a call's recording.
func (c *Client) Recording(ctx context.Context, callID string) (RecordingLink, error) {
	var link RecordingLink
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Call", callID, "Recording")}, &link)
	return link, err
}

// Audio writes a conversation that goes on, as it is heard from now to its end or that of ctx: WAV whose length is not known, 8 kHz,
// 16 bits, stereo, the agent left. Where nobody talks the server answers 400.
func (c *Client) Audio(ctx context.Context, callID string, to io.Writer) error {
	return c.audio(ctx, v2("Call", callID, "Audio"), to)
}

func (c *Client) audio(ctx context.Context, path string, to io.Writer) error {
	r := request{method: http.MethodGet, path: path}
	r.lines = func(body io.Reader) error {
		if _, err := io.Copy(to, body); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		return nil
	}
	_, err := c.do(ctx, r, nil)
	return err
}

// Charge is what a call took of one outside service.
type Charge struct {
	Kind         string  `json:"kind"` // ears, voice, model
	Provider     string  `json:"provider"`
	Model        string  `json:"model"`
	Seconds      float64 `json:"seconds"`
	Characters   int     `json:"characters"`
	InputTokens  int     `json:"inputTokens"`
	CachedTokens int     `json:"cachedTokens"`
	OutputTokens int     `json:"outputTokens"`
	Cost         float64 `json:"cost"` // by the operator's price table, in its unit
}

// Charges returns what a call took of outside services; nothing until it is final.
func (c *Client) Charges(ctx context.Context, callID string) ([]Charge, error) {
	var charges []Charge
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Call", callID, "Charges")}, &charges)
	return charges, err
}

// Analysis is how far the analysis of a call by a model is.
type Analysis struct {
	State *string    `json:"state"` // pending, done, failed; nil where there is none
	Tries int        `json:"tries"`
	Error *string    `json:"error"` // of the last try
	At    *time.Time `json:"at"`
}

// Analysis returns how far the analysis of a call is.
func (c *Client) Analysis(ctx context.Context, callID string) (Analysis, error) {
	var analysis Analysis
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Call", callID, "Analysis")}, &analysis)
	return analysis, err
}

// Review is what a person noted of a call.
type Review struct {
	IsReviewed bool       `json:"isReviewed"`
	ReviewedAt *time.Time `json:"reviewedAt"`
	Comment    string     `json:"comment"`
	ChangedAt  *time.Time `json:"changedAt"`
	ChangedBy  *string    `json:"changedBy"`
}

// ReviewChange is what is noted of a call: nil leaves a member as it is.
type ReviewChange struct {
	IsReviewed *bool   `json:"isReviewed,omitempty"`
	Comment    *string `json:"comment,omitempty"` // at most 4,000 characters
}

// GetReview returns what a person noted of a call.
func (c *Client) GetReview(ctx context.Context, callID string) (Review, error) {
	return c.review(ctx, request{method: http.MethodGet, path: v2("Call", callID, "Review")})
}

// SetReview notes something of a call, of which it changes nothing.
func (c *Client) SetReview(ctx context.Context, callID string, change ReviewChange) (Review, error) {
	return c.review(ctx, request{method: http.MethodPut, path: v2("Call", callID, "Review"), body: change})
}

func (c *Client) review(ctx context.Context, r request) (Review, error) {
	var review Review
	_, err := c.do(ctx, r, &review)
	return review, err
}

// HangUp ends a call that rings or talks.
func (c *Client) HangUp(ctx context.Context, callID string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Call", callID, "HangUp")}, nil)
	return err
}
