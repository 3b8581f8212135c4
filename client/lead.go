package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// LeadStatus is where a lead stands (contract 8).
type LeadStatus int

// The statuses of a lead.
const (
	LeadNew              LeadStatus = 1
	LeadNeedRetry        LeadStatus = 10
	LeadInCallQueue      LeadStatus = 20
	LeadWrongCountryCode LeadStatus = 30
	LeadOnCall           LeadStatus = 40
	LeadVoiceMailLeft    LeadStatus = 70
	LeadSuccess          LeadStatus = 100
	LeadNotSuccessful    LeadStatus = 110
	LeadCompleted        LeadStatus = 130
	LeadUnreachable      LeadStatus = 150
	LeadBlacklisted      LeadStatus = 220
	LeadQueueAbandon     LeadStatus = 300
	LeadFailed           LeadStatus = 500
)

var leadStatuses = map[LeadStatus]string{
	LeadNew: "New", LeadNeedRetry: "NeedRetry", LeadInCallQueue: "InCallQueue", LeadWrongCountryCode: "WrongCountryCode", LeadOnCall: "OnCall",
	LeadVoiceMailLeft: "VoiceMailLeft", LeadSuccess: "Success", LeadNotSuccessful: "NotSuccessfull", LeadCompleted: "Completed",
	LeadUnreachable: "Unreachable", LeadBlacklisted: "Blacklisted", LeadQueueAbandon: "QueueAbandon", LeadFailed: "Error",
}

// String returns the name that the contract has for a status, "" for a number that it does not know.
func (s LeadStatus) String() string { return leadStatuses[s] }

// LeadStatuses are all statuses in the order of their numbers.
func LeadStatuses() []LeadStatus { return slices.Sorted(maps.Keys(leadStatuses)) }

// SettableStatuses are those that an update may set: LeadCompleted stops the calling, LeadSuccess says that the lead converted
// (contract 1.2).
func SettableStatuses() []LeadStatus {
	return []LeadStatus{LeadNew, LeadNeedRetry, LeadSuccess, LeadNotSuccessful, LeadCompleted}
}

// NewLead is a lead to add (contract 1.5).
type NewLead struct {
	PhoneNumber string         `json:"phoneNumber"`
	ExternalID  string         `json:"externalId,omitempty"`
	TimeZoneID  string         `json:"timeZoneId,omitempty"` // a Windows or IANA zone; "" is the campaign's
	CallData    map[string]any `json:"callData,omitempty"`   // variable id → value
}

// LeadChange is what an update changes: nil leaves a member as it is (contract 1.1).
type LeadChange struct {
	PhoneNumber *string         `json:"phoneNumber,omitempty"`
	ExternalID  *string         `json:"externalId,omitempty"` // "" clears
	TimeZoneID  *string         `json:"timeZoneId,omitempty"` // "" clears
	CallData    *map[string]any `json:"callData,omitempty"`   // replaces the whole object
	Status      *LeadStatus     `json:"status,omitempty"`     // one of SettableStatuses (contract 1.2)
	HangUp      bool            `json:"-"`                    // a stop ends a conversation too (contract 12)
}

// LeadPatch is what a patch changes (RFC 7396, contract 1.1): nil leaves a member as it is. Of CallData it changes the variables that
// are named alone; nil as the value of one removes it.
type LeadPatch struct {
	PhoneNumber *string        `json:"phoneNumber,omitempty"`
	ExternalID  *string        `json:"externalId,omitempty"` // "" clears
	TimeZoneID  *string        `json:"timeZoneId,omitempty"` // "" clears
	CallData    map[string]any `json:"callData,omitempty"`
	Status      *LeadStatus    `json:"status,omitempty"` // one of SettableStatuses
	HangUp      bool           `json:"-"`                // a stop ends a conversation too (contract 12)
}

// LeadRow is a lead as a search finds it.
type LeadRow struct {
	ID          string         `json:"id"`
	ExternalID  *string        `json:"externalId"`
	PhoneNumber string         `json:"phoneNumber"`
	TimeZone    string         `json:"timeZone"` // offset in force now, hours: "-5.0"
	Status      LeadStatus     `json:"status"`
	Created     time.Time      `json:"created"`
	CallData    map[string]any `json:"callData"` // numbers are json.Number: their digits are kept
}

// Lead is everything that is known of a lead.
type Lead struct {
	LeadRow
	TimeZoneID    *string        `json:"timeZoneId"`
	CallIDs       []string       `json:"callsId"`
	LastCall      *LastCall      `json:"lastCall"`
	CollectedData map[string]any `json:"collectedData"`
	ETag          string         `json:"-"` // of this version of the lead, for UpdateLeadIf
}

// LastCall is the newest call to a lead.
type LastCall struct {
	ID            string        `json:"id"`
	StartTime     time.Time     `json:"startTime"`
	PearlID       string        `json:"pearlId"`
	Status        CallStatus    `json:"status"`
	From          string        `json:"from"`
	Name          *string       `json:"name"`
	CollectedData LastCollected `json:"collectedData"`
	Summary       *string       `json:"summary"`
	Duration      int           `json:"duration"` // seconds
	Recording     *string       `json:"recording"`
	Tags          []string      `json:"tags"`
}

// LastCollected is what the newest call brought.
type LastCollected struct {
	Transcript     []Line  `json:"transcript"`
	CollectedInfos []Value `json:"collectedInfos"`
}

// LeadFilter narrows leads (contract 1.5, 12); the zero value selects all.
type LeadFilter struct {
	Text        string       `json:"searchInput,omitempty"` // part of number, external id or a value of callData
	Statuses    []LeadStatus `json:"statuses,omitempty"`
	Attempts    []int        `json:"attempts,omitempty"`    // how many calls were begun
	TimeZoneIDs []string     `json:"timeZoneIds,omitempty"` // zones of their own; "" is none
}

// LeadSearch selects leads; the zero value selects all, the newest first.
type LeadSearch struct {
	LeadFilter
	Sort      string `json:"sortProp,omitempty"` // created, phoneNumber, externalId, status, id
	Ascending bool   `json:"isAscending,omitempty"`
	Skip      int    `json:"skip,omitempty"`
	Limit     int    `json:"limit,omitempty"` // of one page, at most 1,000; 0 is 100
}

// Page is one page of a search; Count is the number of all matches.
type Page[T any] struct {
	Count   int `json:"count"`
	Results []T `json:"results"`
}

// LeadEvent is one line of a lead's history (contract 12).
type LeadEvent struct {
	At     time.Time   `json:"at"`
	Kind   string      `json:"kind"`
	From   *LeadStatus `json:"from"`
	To     *LeadStatus `json:"to"`
	CallID *string     `json:"callId"`
	By     string      `json:"by"`
	Note   *string     `json:"note"`
}

// NextCall says whether a lead may be called now, and why not (contract 12).
type NextCall struct {
	Callable bool       `json:"callable"`
	Attempts int        `json:"attempts"`
	DueAt    *time.Time `json:"dueAt"`
	Reason   string     `json:"reason"`
	Detail   string     `json:"detail"`
}

// AddLead adds one lead and returns its id.
func (c *Client) AddLead(ctx context.Context, pearlID string, lead NewLead) (leadID string, err error) {
	var added struct {
		LeadID string `json:"leadId"`
	}
	_, err = c.do(ctx, request{method: http.MethodPost, path: v2("Outbound", pearlID, "Lead"), body: lead, key: newKey()}, &added)
	return added.LeadID, err
}

// AddLeads adds up to 50,000 leads, all or none, and returns their ids in the order given.
func (c *Client) AddLeads(ctx context.Context, pearlID string, leads []NewLead) (leadIDs []string, err error) {
	var added struct {
		LeadIDs []string `json:"leadIds"`
	}
	_, err = c.do(ctx, request{
		method: http.MethodPost, path: v2("Outbound", pearlID, "Leads", "Add"), query: url.Values{"returnIds": {"true"}},
		body: map[string]any{"leads": append([]NewLead{}, leads...)}, key: newKey(),
	}, &added)
	return added.LeadIDs, err
}

// GetLead returns a lead by its id.
func (c *Client) GetLead(ctx context.Context, pearlID, leadID string) (*Lead, error) {
	return c.lead(ctx, request{method: http.MethodGet, path: v2("Outbound", pearlID, "Lead", leadID)})
}

// GetLeadByExternalID returns the newest lead with an external id.
func (c *Client) GetLeadByExternalID(ctx context.Context, pearlID, externalID string) (*Lead, error) {
	return c.lead(ctx, request{method: http.MethodGet, path: v2("Outbound", pearlID, "Lead", "External", externalID)})
}

// GetLeadByPhoneNumber returns the newest lead with a number, as E.164.
func (c *Client) GetLeadByPhoneNumber(ctx context.Context, pearlID, number string) (*Lead, error) {
	return c.lead(ctx, request{method: http.MethodGet, path: v2("Outbound", pearlID, "Lead", "PhoneNumber", number)})
}

// UpdateLead changes a lead. When it returns, the campaign acts on the change: after LeadCompleted no call begins, and one that
// rings is cancelled.
func (c *Client) UpdateLead(ctx context.Context, pearlID, leadID string, change LeadChange) (*Lead, error) {
	return c.UpdateLeadIf(ctx, pearlID, leadID, "", change)
}

// UpdateLeadIf changes a lead that is still as it was read: the server answers 412 where its ETag is another one.
func (c *Client) UpdateLeadIf(ctx context.Context, pearlID, leadID, etag string, change LeadChange) (*Lead, error) {
	return c.lead(ctx, request{method: http.MethodPut, path: v2("Outbound", pearlID, "Lead", leadID), query: flag("hangUp", change.HangUp), body: change, match: etag})
}

// PatchLead changes a lead as UpdateLead does, but for variables: those that the patch does not name stay as they are.
func (c *Client) PatchLead(ctx context.Context, pearlID, leadID string, patch LeadPatch) (*Lead, error) {
	return c.lead(ctx, request{method: http.MethodPatch, path: v2("Outbound", pearlID, "Lead", leadID), query: flag("hangUp", patch.HangUp), body: patch, again: true})
}

func (c *Client) lead(ctx context.Context, r request) (*Lead, error) {
	lead := new(Lead)
	a, err := c.do(ctx, r, lead)
	if err != nil {
		return nil, err
	}
	lead.ETag = a.etag
	return lead, nil
}

// SearchLeads returns one page of leads.
func (c *Client) SearchLeads(ctx context.Context, pearlID string, search LeadSearch) (Page[LeadRow], error) {
	var page Page[LeadRow]
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Outbound", pearlID, "Leads"), body: search}, &page)
	return page, err
}

// LeadsSought says which leads of any campaign are looked for: exactly one of Text, PhoneNumber and ExternalID is given.
type LeadsSought struct {
	Text        string `json:"searchInput,omitempty"` // a whole number, or what numbers or external ids begin with
	PhoneNumber string `json:"phoneNumber,omitempty"` // a whole number in any spelling
	ExternalID  string `json:"externalId,omitempty"`  // a whole external id
	Skip        int    `json:"skip,omitempty"`
	Limit       int    `json:"limit,omitempty"` // of one page, at most 100; 0 is 100
}

// FoundLead is a lead with the campaign that it is of.
type FoundLead struct {
	LeadRow
	PearlID   string `json:"pearlId"`
	PearlName string `json:"pearlName"`
}

// FindLeads returns one page of leads of all campaigns (contract 12): whole numbers and external ids first, then those that begin
// so. Count is at most 1,000: then there may be more.
func (c *Client) FindLeads(ctx context.Context, sought LeadsSought) (Page[FoundLead], error) {
	var page Page[FoundLead]
	_, err := c.do(ctx, request{method: http.MethodPost, path: v2("Leads"), body: sought}, &page)
	return page, err
}

// Leads returns every lead that a search selects, page by page; the sequence ends after an error. The order is that of the
// search; with the default order leads that are added meanwhile are not missed and none comes twice.
func (c *Client) Leads(ctx context.Context, pearlID string, search LeadSearch) iter.Seq2[LeadRow, error] {
	if search.Sort == "" {
		search.Sort, search.Ascending = "created", true
	}
	if search.Limit == 0 {
		search.Limit = 1000
	}
	return pages(search.Skip, func(skip int) (Page[LeadRow], error) {
		search.Skip = skip
		return c.SearchLeads(ctx, pearlID, search)
	})
}

// pages yields what all pages from skip on hold.
func pages[T any](skip int, read func(skip int) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := read(skip)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, one := range page.Results {
				if !yield(one, nil) {
					return
				}
			}
			skip += len(page.Results)
			if len(page.Results) == 0 || skip >= page.Count {
				return
			}
		}
	}
}

// DeleteLeads deletes leads; ids that name nothing are passed over.
func (c *Client) DeleteLeads(ctx context.Context, pearlID string, leadIDs []string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Outbound", pearlID, "Leads"), body: map[string]any{"leadIds": append([]string{}, leadIDs...)}}, nil)
	return err
}

// DeleteLeadsByExternalID deletes leads by your own ids; those that name nothing are passed over.
func (c *Client) DeleteLeadsByExternalID(ctx context.Context, pearlID string, externalIDs []string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: v2("Outbound", pearlID, "Leads", "External"), body: map[string]any{"leadExternalIds": append([]string{}, externalIDs...)}}, nil)
	return err
}

// LeadHistory returns one page of what happened to a lead, the newest first; limit is at most 1,000, 0 is 100.
func (c *Client) LeadHistory(ctx context.Context, pearlID, leadID string, skip, limit int) (Page[LeadEvent], error) {
	var page Page[LeadEvent]
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Outbound", pearlID, "Lead", leadID, "History"), query: pageQuery(skip, limit)}, &page)
	return page, err
}

// LeadNext says whether a lead may be called now, and why not.
func (c *Client) LeadNext(ctx context.Context, pearlID, leadID string) (NextCall, error) {
	var next NextCall
	_, err := c.do(ctx, request{method: http.MethodGet, path: v2("Outbound", pearlID, "Lead", leadID, "Next")}, &next)
	return next, err
}
