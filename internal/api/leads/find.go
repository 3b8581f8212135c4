package leads

import (
	"fmt"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// maxFoundPage is the largest page of leads of any campaign.
const maxFoundPage = 100

// LeadSought says in one of three ways which leads of any campaign are looked for.
type LeadSought struct {
	SearchInput body.Optional[string] `json:"searchInput" api:"maxlen=100" doc:"a whole phone number in any spelling, or what numbers or external ids begin with"`
	PhoneNumber body.Optional[string] `json:"phoneNumber" api:"maxlen=64" doc:"a whole number in any spelling"`
	ExternalID  body.Optional[string] `json:"externalId" api:"maxlen=512" doc:"a whole external id"`
	Skip        body.Optional[int]    `json:"skip" api:"min=0" doc:"rows left out; absent = 0"`
	Limit       body.Optional[int]    `json:"limit" api:"min=0" doc:"rows at most; absent, null or 0 = 100"`
}

// TableRules are what the table allows; it has one order.
func (LeadSought) TableRules() (most int, columns []string) { return maxFoundPage, []string{""} }

// Check judges the page, and that one way is taken.
func (s *LeadSought) Check(faults *fault.List) {
	most, columns := s.TableRules()
	s.table().CheckTable(faults, most, columns)
	ways := 0
	for _, way := range []body.Optional[string]{s.SearchInput, s.PhoneNumber, s.ExternalID} {
		if way.Value != "" {
			ways++
		}
	}
	if ways != 1 && len(faults.Fields) == 0 {
		faults.Add("validation", "Exactly one of searchInput, phoneNumber and externalId is required.")
	}
}

func (s LeadSought) table() wire.Table { return wire.Table{Skip: s.Skip, Limit: s.Limit} }

// sought is what the store looks for.
func (s LeadSought) sought(homes []phone.Home) (engine.SoughtLeads, error) {
	var err error
	sought := engine.SoughtLeads{ExternalID: s.ExternalID.Value}
	switch {
	case s.PhoneNumber.Value != "":
		if sought.Numbers, err = phone.Sought(s.PhoneNumber.Value, homes); err != nil {
			return sought, fault.Bad("PhoneNumber", "%s", err)
		}
	case s.SearchInput.Value != "":
		text := s.SearchInput.Value
		sought.Numbers, _ = phone.Sought(text, homes) // what is no number is looked for as text alone
		sought.NumberStarts = phone.Beginnings(text, homes)
		sought.ExternalID, sought.ExternalIDStart = text, text
	}
	return sought, nil
}

// LeadFound is a lead with the campaign that it is of.
type LeadFound struct {
	wire.LeadRow
	PearlID   id.ID  `json:"pearlId"`
	PearlName string `json:"pearlName"`
}

// Everywhere finds leads in all campaigns of the account by their numbers and external ids.
func (h *Handlers[Full]) Everywhere(r *route.Request, in LeadSought) (wire.Page[LeadFound], error) {
	pearls, err := h.Queries.Pearls(r.Context(), r.Actor.Account)
	if err != nil {
		return wire.Page[LeadFound]{}, fmt.Errorf("list campaigns: %w", err)
	}
	homes := make([]phone.Home, len(pearls))
	campaigns := make(map[id.ID]campaign.Pearl, len(pearls))
	for n, pearl := range pearls {
		homes[n], campaigns[pearl.ID] = pearl.Home(), pearl
	}
	sought, err := in.sought(homes)
	if err != nil {
		return wire.Page[LeadFound]{}, err
	}
	count, found, err := h.Queries.FindLeads(r.Context(), r.Actor.Account, sought, in.table().Page(in.TableRules()))
	if err != nil {
		return wire.Page[LeadFound]{}, fmt.Errorf("find leads: %w", err)
	}
	rows := make([]LeadFound, 0, len(found))
	for _, one := range found {
		pearl, known := campaigns[one.Campaign]
		if !known { // archived
			if pearl, err = h.Queries.ReadPearl(r.Context(), r.Actor.Account, one.Campaign); err != nil {
				return wire.Page[LeadFound]{}, fmt.Errorf("read campaign: %w", err)
			}
			campaigns[pearl.ID] = pearl
		}
		row := wire.LeadRows([]lead.Lead{one}, pearl, r.Now)[0]
		rows = append(rows, LeadFound{LeadRow: row, PearlID: pearl.ID, PearlName: pearl.Name})
	}
	return wire.Page[LeadFound]{Count: count, Results: rows}, nil
}
