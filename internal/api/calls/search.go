package calls

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/fault"
)

// maxPage is the largest page of calls and of call requests (contract 0.3).
const maxPage = 100

// Range is a stretch of time, both ends included.
type Range struct {
	FromDate time.Time `json:"fromDate" api:"required" doc:"inclusive, over startTime"`
	ToDate   time.Time `json:"toDate" api:"required" doc:"inclusive"`
}

func (in Range) check(faults *fault.List) {
	if !in.FromDate.IsZero() && !in.ToDate.IsZero() && in.FromDate.After(in.ToDate) {
		faults.Add("FromDate", "The value is after toDate.")
	}
}

// Search is the body of a call search (contract 3.3).
type Search struct {
	Range
	wire.Table
	Tags                 []string              `json:"tags" api:"maxitems=100" doc:"calls with any of them; null or empty does not filter"`
	Statuses             []int                 `json:"statuses" schema:"table=ConversationStatus" doc:"null or empty does not filter"`
	ConversationStatuses []int                 `json:"conversationStatuses" schema:"table=ConversationStatus" doc:"the same as statuses"`
	SearchInput          body.Optional[string] `json:"searchInput" api:"maxlen=100" doc:"part of from, to or name"`
}

// TableRules are what the table of calls allows.
func (Search) TableRules() (most int, columns []string) {
	return maxPage, []string{"startTime", "duration", "status", "conversationStatus", "from", "to", "name", "id", "cost", "latencyMs"}
}

// Check judges the range and the page.
func (in *Search) Check(faults *fault.List) {
	in.check(faults)
	most, columns := in.TableRules()
	in.CheckTable(faults, most, columns)
}

// Row is a call in a search.
type Row struct {
	Head
	CollectedInfo []call.Value `json:"collectedInfo"`
	Cost          float64      `json:"cost" schema:"min=0" doc:"in units of the account's currency"`
	LatencyMS     *int         `json:"latencyMs" doc:"milliseconds from the end of a turn of the person to our answer, the median of the call; null where nothing was answered"`
}

// NarrowedSearch is the body of a call search of version 2, which selects by more.
type NarrowedSearch struct {
	Search
	IsReviewed    body.Optional[bool] `json:"isReviewed" doc:"only calls that are marked as reviewed, or are not; null or absent does not filter"`
	PearlVersions []int               `json:"pearlVersions" api:"maxitems=100" doc:"only calls that were begun with one of these versions of the Pearl's settings; null or empty does not filter"`
}

// Check judges the range and the page.
func (in *NarrowedSearch) Check(faults *fault.List) { in.Search.Check(faults) }

// Find searches the calls of a Pearl.
func (h *Handlers) Find(r *route.Request, in Search) (wire.Page[Row], error) {
	return h.FindNarrowed(r, NarrowedSearch{Search: in})
}

// FindNarrowed searches the calls of a Pearl.
func (h *Handlers) FindNarrowed(r *route.Request, in NarrowedSearch) (wire.Page[Row], error) {
	filter := filterOf(in.Range, in.Tags, true, slices.Concat(in.Statuses, in.ConversationStatuses)...)
	filter.Reviewed, filter.Versions = in.IsReviewed.Pointer(), in.PearlVersions
	filter.Search, filter.Number = in.SearchInput.Value, wire.Whole(in.SearchInput.Value, r.Pearl)
	count, found, err := h.Queries.SearchCalls(r.Context(), r.Actor.Account, r.Pearl.ID, filter, in.Page(in.TableRules()))
	if err != nil {
		return wire.Page[Row]{}, fmt.Errorf("search calls: %w", err)
	}
	rows := make([]Row, len(found))
	for n, c := range found {
		c = settled(c)
		rows[n] = Row{Head: headOf(c), CollectedInfo: wire.List(c.Collected), Cost: float64(c.Cost) / 100}
		if median, ok := c.MedianLatency(); ok {
			rows[n].LatencyMS = &median
		}
	}
	return wire.Page[Row]{Count: count, Results: rows}, nil
}

// Bulk is the body of a bulk read.
type Bulk struct {
	Range
	Fields   []string           `json:"fields" schema:"values=Transcript|CollectedInfo|Summary|OverallSentiment|Recording" doc:"members to fill, in any case; null or empty = all"`
	Skip     body.Optional[int] `json:"skip" api:"min=0" doc:"rows left out; absent = 0"`
	Limit    body.Optional[int] `json:"limit" api:"min=0" doc:"rows at most; absent, null or 0 = 100"`
	Tags     []string           `json:"tags" api:"maxitems=100" doc:"calls with any of them; null or empty does not filter"`
	Statuses []int              `json:"statuses" schema:"table=ConversationStatus" doc:"null or empty does not filter"`
}

// heavy are the members that a bulk read leaves out unless they are named.
func heavy() []string {
	return []string{"Transcript", "CollectedInfo", "Summary", "OverallSentiment", "Recording"}
}

// Check judges the range, the page and the names of members.
func (in *Bulk) Check(faults *fault.List) {
	in.check(faults)
	most, columns := in.TableRules()
	in.table().CheckTable(faults, most, columns)
	for _, field := range in.Fields {
		if !slices.ContainsFunc(heavy(), func(known string) bool { return strings.EqualFold(known, field) }) {
			faults.Add("Fields", "The value '%.60s' is not valid; it must be one of %s.", field, strings.Join(heavy(), ", "))
		}
	}
}

// TableRules are those of the search of calls.
func (Bulk) TableRules() (most int, columns []string) { return Search{}.TableRules() }

func (in Bulk) table() wire.Table { return wire.Table{Skip: in.Skip, Limit: in.Limit} }

// BulkCall is a call of a bulk read: heavy members that were not asked for are null.
type BulkCall struct {
	Light
	Picked
	Recording        *string       `json:"recording" doc:"signed link"`
	Transcript       *[]call.Line  `json:"transcript"`
	Summary          *string       `json:"summary"`
	CollectedInfo    *[]call.Value `json:"collectedInfo"`
	OverallSentiment *int          `json:"overallSentiment" schema:"table=Sentiment"`
	AnswererEvidence *[]Evidence   `json:"answererEvidence" doc:"comes with Transcript"`
}

// wants reports whether a heavy member was asked for.
func (in Bulk) wants(member string) bool {
	return len(in.Fields) == 0 || slices.ContainsFunc(in.Fields, func(field string) bool { return strings.EqualFold(member, field) })
}

// ReadMany answers a page of whole calls, newest first.
func (h *Handlers) ReadMany(r *route.Request, in Bulk) (wire.Page[BulkCall], error) {
	filter := filterOf(in.Range, in.Tags, in.wants("Transcript") || in.wants("CollectedInfo") || in.wants("Summary"), in.Statuses...)
	count, found, err := h.Queries.SearchCalls(r.Context(), r.Actor.Account, r.Pearl.ID, filter, in.table().Page(in.TableRules()))
	if err != nil {
		return wire.Page[BulkCall]{}, fmt.Errorf("read calls: %w", err)
	}
	items := make([]BulkCall, len(found))
	for n, c := range found {
		full := h.full(r, c)
		items[n] = BulkCall{
			Light: full.Light, Picked: full.Picked, Recording: only(in.wants("Recording"), full.Recording), Transcript: only(in.wants("Transcript"), &full.Transcript),
			Summary: only(in.wants("Summary"), full.Summary), CollectedInfo: only(in.wants("CollectedInfo"), &full.CollectedInfo),
			OverallSentiment: only(in.wants("OverallSentiment"), &full.OverallSentiment), AnswererEvidence: only(in.wants("Transcript"), &full.AnswererEvidence),
		}
	}
	return wire.Page[BulkCall]{Count: count, Results: items}, nil
}

func only[T any](wanted bool, member *T) *T {
	if !wanted {
		return nil
	}
	return member
}
