// Package leads decides how the lead routes of both versions work: they differ in their paths and in the look of the full
// lead, which the versions bring along. It refuses to know what an update does to calling.
package leads

import (
	"fmt"
	"strings"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/zone"
)

// Handlers answer lead routes; Full is the version's full lead.
type Handlers[Full any] struct {
	route.Services
	Render func(r *route.Request, view engine.LeadView) Full

	files reading
}

// Add adds one lead.
func (h *Handlers[Full]) Add(r *route.Request, in wire.LeadToAdd) (wire.LeadAdded, error) {
	pearlID, err := r.PearlID()
	if err != nil {
		return wire.LeadAdded{}, err
	}
	remember := route.Remember(r, func(leadID id.ID) any { return wire.LeadAdded{LeadID: leadID} })
	leadID, err := h.Engine.AddLead(r.Context(), r.Actor, pearlID, in.NewLead(), remember)
	return wire.LeadAdded{LeadID: leadID}, err
}

// AddMany adds many leads, all or none. It answers true, or the ids where they are asked for.
func (h *Handlers[Full]) AddMany(r *route.Request, in wire.LeadsToAdd) (AddedMany, error) {
	pearlID, err := r.PearlID()
	if err != nil {
		return AddedMany{}, err
	}
	returnIDs, err := r.Flag("returnIds")
	if err != nil {
		return AddedMany{}, err
	}
	answer := func(ids []id.ID) AddedMany { return AddedMany{ids: wire.List(ids), wanted: returnIDs} }
	remember := route.Remember(r, func(ids []id.ID) any { return answer(ids) })
	ids, err := h.Engine.AddLeads(r.Context(), r.Actor, pearlID, in.NewLeads(), remember)
	return answer(ids), err
}

// AddedMany is true, or {"leadIds": […]}.
type AddedMany struct {
	ids    []id.ID
	wanted bool
}

// MarshalJSON writes the form that was asked for.
func (a AddedMany) MarshalJSON() ([]byte, error) {
	if !a.wanted {
		return []byte("true"), nil
	}
	_, text, err := route.Encode(wire.LeadsAdded{LeadIDs: a.ids})
	return text, err
}

// Forms are what the answer may be, for the document.
func (AddedMany) Forms() []any { return []any{true, wire.LeadsAdded{}} }

// Update is Update Lead by PUT.
func (h *Handlers[Full]) Update(r *route.Request, in wire.LeadUpdate) (Full, error) {
	return h.update(r, in.Update())
}

// Patch is Update Lead by PATCH.
func (h *Handlers[Full]) Patch(r *route.Request, in wire.LeadPatch) (Full, error) {
	return h.update(r, in.Update())
}

func (h *Handlers[Full]) update(r *route.Request, update engine.LeadUpdate) (full Full, err error) {
	pearlID, leadID, err := named(r)
	if err != nil {
		return full, err
	}
	if update.HangUp, err = r.Flag("hangUp"); err != nil {
		return full, err
	}
	update.IfMatch = r.IfMatch()
	view, err := h.Engine.UpdateLead(r.Context(), r.Actor, pearlID, leadID, update)
	if err != nil {
		return full, err
	}
	r.SetVersion(view.Lead.Version)
	return h.Render(r, view), nil
}

// Get answers a lead by its id.
func (h *Handlers[Full]) Get(r *route.Request, _ route.None) (full Full, err error) {
	pearlID, leadID, err := named(r)
	if err != nil {
		return full, err
	}
	return h.view(r, pearlID, leadID, "LeadId")
}

// named are the ids of the path.
func named(r *route.Request) (pearlID, leadID id.ID, err error) {
	if pearlID, err = r.PearlID(); err == nil {
		leadID, err = r.ID("leadId")
	}
	return pearlID, leadID, err
}

// ByExternalID answers the newest lead with an external id. A slash at the end may belong to it, or be the one that paths
// are forgiven.
func (h *Handlers[Full]) ByExternalID(r *route.Request, _ route.None) (full Full, err error) {
	pearlID, err := r.PearlID()
	if err != nil {
		return full, err
	}
	externalID, err := r.Text("externalId")
	if err != nil {
		return full, err
	}
	found, err := h.Queries.LeadByExternalID(r.Context(), r.Actor.Account, pearlID, externalID)
	if shorter, slash := strings.CutSuffix(externalID, "/"); slash && fault.Is(err, fault.NotFound) {
		found, err = h.Queries.LeadByExternalID(r.Context(), r.Actor.Account, pearlID, shorter)
	}
	if err != nil {
		return full, missing(err, "ExternalId")
	}
	return h.view(r, found.Campaign, found.ID, "ExternalId")
}

// ByPhone answers the newest lead with a number.
func (h *Handlers[Full]) ByPhone(r *route.Request, _ route.None) (full Full, err error) {
	text, err := r.Text("phoneNumber")
	if err != nil {
		return full, err
	}
	number, err := phone.ParseStored(text, r.Pearl.Home())
	if err != nil {
		return full, &fault.Error{Kind: fault.NotFound, What: "PhoneNumber", Detail: err.Error()}
	}
	found, err := h.Queries.LeadByPhone(r.Context(), r.Actor.Account, r.Pearl.ID, number)
	if err != nil {
		return full, missing(err, "PhoneNumber")
	}
	return h.view(r, found.Campaign, found.ID, "PhoneNumber")
}

// view answers a lead; what is the word of the route for one that is not there.
func (h *Handlers[Full]) view(r *route.Request, pearlID, leadID id.ID, what string) (full Full, err error) {
	view, err := h.Engine.ViewLead(r.Context(), r.Actor.Account, pearlID, leadID)
	if err != nil {
		return full, missing(err, what)
	}
	r.SetVersion(view.Lead.Version)
	return h.Render(r, view), nil
}

// Wanted selects leads in every search.
type Wanted struct {
	Statuses    []int                 `json:"statuses" schema:"table=LeadStatus" doc:"null or empty does not filter"`
	SearchInput body.Optional[string] `json:"searchInput" api:"maxlen=100" doc:"part of phone number, externalId or a callData value"`
}

func (w Wanted) filter(pearl campaign.Pearl) engine.LeadFilter {
	return engine.LeadFilter{Statuses: w.Statuses, Search: w.SearchInput.Value, Number: wire.Whole(w.SearchInput.Value, pearl)}
}

// Narrowed is what version 2 selects by besides.
type Narrowed struct {
	Wanted
	Attempts    []int    `json:"attempts" api:"maxitems=100" doc:"calls begun so far, one of these; null or empty does not filter"`
	TimeZoneIDs []string `json:"timeZoneIds" api:"maxitems=100" doc:"the lead's own zone, one of these; \"\" = none of its own; null or empty does not filter"`
}

// checkZones judges the names of zones.
func (n Narrowed) checkZones(faults *fault.List) {
	for _, name := range n.TimeZoneIDs {
		if _, known := zone.Parse(name); !known && name != "" {
			faults.Add("TimeZoneIds", "The value '%.60s' is no time zone: use a Windows time zone id, an IANA name, or \"\" for none.", name)
		}
	}
}

func (n Narrowed) filter(pearl campaign.Pearl) engine.LeadFilter {
	f := n.Wanted.filter(pearl)
	f.Attempts = n.Attempts
	for _, name := range n.TimeZoneIDs {
		key := ""
		if z, known := zone.Parse(name); known {
			key = z.IANA()
		}
		f.Zones = append(f.Zones, key)
	}
	return f
}

// LeadFilter is the body of a lead search of version 1, which takes a single status besides.
type LeadFilter struct {
	wire.Table
	Wanted
}

// TableRules are what the table of leads allows.
func (LeadFilter) TableRules() (most int, columns []string) {
	return wire.MaxLeadPage, wire.LeadColumns()
}

// Check judges the page.
func (s *LeadFilter) Check(faults *fault.List) {
	most, columns := s.TableRules()
	s.CheckTable(faults, most, columns)
}

// Find carries out a search; more are further statuses.
func (h *Handlers[Full]) Find(r *route.Request, in LeadFilter, more ...int) (wire.Page[wire.LeadRow], error) {
	filter := in.filter(r.Pearl)
	filter.Statuses = append(filter.Statuses, more...)
	return h.find(r, filter, in.Page(in.TableRules()))
}

// LeadSearch is the body of a lead search of version 2.
type LeadSearch struct {
	wire.Table
	Narrowed
}

// TableRules are what the table of leads allows.
func (LeadSearch) TableRules() (most int, columns []string) { return LeadFilter{}.TableRules() }

// Check judges the page and the zones.
func (s *LeadSearch) Check(faults *fault.List) {
	most, columns := s.TableRules()
	s.CheckTable(faults, most, columns)
	s.checkZones(faults)
}

// Search carries out a search of version 2.
func (h *Handlers[Full]) Search(r *route.Request, in LeadSearch) (wire.Page[wire.LeadRow], error) {
	return h.find(r, in.filter(r.Pearl), in.Page(in.TableRules()))
}

func (h *Handlers[Full]) find(r *route.Request, filter engine.LeadFilter, page engine.Page) (wire.Page[wire.LeadRow], error) {
	count, rows, err := h.Queries.SearchLeads(r.Context(), r.Actor.Account, r.Pearl.ID, filter, page)
	if err != nil {
		return wire.Page[wire.LeadRow]{}, fmt.Errorf("search leads: %w", err)
	}
	return wire.Page[wire.LeadRow]{Count: count, Results: wire.LeadRows(rows, r.Pearl, r.Now)}, nil
}

// Delete removes leads by id.
func (h *Handlers[Full]) Delete(r *route.Request, in wire.LeadIDs) (bool, error) {
	err := h.Engine.DeleteLeads(r.Context(), r.Actor, r.Pearl.ID, in.IDs())
	return err == nil, err
}

// DeleteByExternalID removes leads by external id.
func (h *Handlers[Full]) DeleteByExternalID(r *route.Request, in wire.LeadExternalIDs) (bool, error) {
	err := h.Engine.DeleteLeadsByExternalID(r.Context(), r.Actor, r.Pearl.ID, in.LeadExternalIDs)
	return err == nil, err
}

// Event is one entry of a lead's history.
type Event struct {
	At     wire.Time    `json:"at"`
	Kind   string       `json:"kind"`
	From   *lead.Status `json:"from"`
	To     *lead.Status `json:"to"`
	CallID *id.ID       `json:"callId"`
	By     string       `json:"by"`
	Note   *string      `json:"note" doc:"outcome, or the members that changed"`
}

// History answers what happened to a lead, oldest first.
func (h *Handlers[Full]) History(r *route.Request, _ route.None) (wire.Page[Event], error) {
	pearlID, leadID, err := named(r)
	if err != nil {
		return wire.Page[Event]{}, err
	}
	found, err := h.Queries.ReadLead(r.Context(), r.Actor.Account, pearlID, leadID)
	if err != nil {
		return wire.Page[Event]{}, missing(err, "LeadId")
	}
	entries, err := h.Queries.LeadHistory(r.Context(), found.ID)
	if err != nil {
		return wire.Page[Event]{}, fmt.Errorf("read history: %w", err)
	}
	events := make([]Event, len(entries))
	for n, entry := range entries {
		events[n] = Event{At: wire.Time(entry.At), Kind: entry.Kind, By: entry.By, Note: wire.Text(entry.Note)}
		if entry.From != 0 {
			events[n].From = statusOf(entry.From)
		}
		if entry.To != 0 {
			events[n].To = statusOf(entry.To)
		}
		if !entry.Call.Zero() {
			events[n].CallID = &entry.Call
		}
	}
	return wire.Page[Event]{Count: len(events), Results: events}, nil
}

func statusOf(n int) *lead.Status {
	status := lead.Status(n)
	return &status
}

// Next is when a lead is called next, or why it is not.
type Next struct {
	Callable bool       `json:"callable"`
	Attempts int        `json:"attempts"`
	DueAt    *wire.Time `json:"dueAt"`
	Reason   string     `json:"reason" schema:"values=callable|paused|hours|interval|callback|live|agents|blacklisted|countryCode|attempts|budget|account|trunk|final"`
	Detail   string     `json:"detail" doc:"in words, with the source of the rule"`
}

// NextCall answers when a lead is called next.
func (h *Handlers[Full]) NextCall(r *route.Request, _ route.None) (Next, error) {
	pearlID, leadID, err := named(r)
	if err != nil {
		return Next{}, err
	}
	next, err := h.Engine.NextCall(r.Context(), r.Actor.Account, pearlID, leadID)
	if err != nil {
		return Next{}, err
	}
	return Next{Callable: next.Callable, Attempts: next.Attempts, DueAt: wire.At(next.DueAt), Reason: next.Reason, Detail: next.Detail}, nil
}

// Zone is whether the leads of a time zone may be called now.
type Zone struct {
	TimeZoneID *string    `json:"timeZoneId" doc:"IANA name of the leads' own zone; null: leads without one, which have the campaign's"`
	IANA       string     `json:"iana" doc:"the zone that is meant; \"\" where this version does not know it"`
	TimeZone   string     `json:"timeZone" schema:"offset" doc:"current UTC offset in hours"`
	Waiting    int        `json:"waiting" schema:"min=0" doc:"leads that are to be called, now or later"`
	IsOpen     bool       `json:"isOpen" doc:"a call may begin now"`
	ClosesAt   *wire.Time `json:"closesAt" doc:"end of the window that is open; null: it has none, or is closed"`
	OpensAt    *wire.Time `json:"opensAt" doc:"where no call may begin now: when one may; null: never"`
	NextAt     *wire.Time `json:"nextAt" doc:"when the first of the leads may be called; null: never"`
}

// Zones answers which zones of a campaign may be called now, and what opens next.
func (h *Handlers[Full]) Zones(r *route.Request, _ route.None) ([]Zone, error) {
	found, err := h.Engine.Zones(r.Context(), r.Actor.Account, r.Pearl.ID)
	if err != nil {
		return nil, err
	}
	zones := make([]Zone, len(found))
	for n, z := range found {
		zones[n] = Zone{
			TimeZoneID: wire.Text(z.Key), IANA: z.Name, TimeZone: z.Offset, Waiting: z.Waiting, IsOpen: z.IsOpen,
			ClosesAt: wire.At(z.ClosesAt), OpensAt: wire.At(z.OpensAt), NextAt: wire.At(z.NextAt),
		}
	}
	return zones, nil
}

// missing gives a miss the word of the route; other errors stay.
func missing(err error, what string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.Missing(what)
	}
	return fmt.Errorf("read lead: %w", err)
}
