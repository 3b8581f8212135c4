package wire

import (
	"encoding/json"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/zone"
)

// LeadToAdd is a lead as a client adds it (contract 1.5).
type LeadToAdd struct {
	PhoneNumber string                `json:"phoneNumber" api:"required,maxlen=64" doc:"in any common spelling"`
	ExternalID  body.Optional[string] `json:"externalId" api:"maxlen=512" doc:"the caller's own id"`
	TimeZoneID  body.Optional[string] `json:"timeZoneId" doc:"Windows or IANA name; the campaign's where absent"`
	CallData    body.Object           `json:"callData" doc:"variable id → value; at most 32 KiB, 256 keys of 128 characters"`
}

// CheckWith completes the list of faults.
func (l *LeadToAdd) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	checkLead("", pearl, faults, l.PhoneNumber, l.TimeZoneID.Value)
}

// NewLead is the lead as the engine takes it.
func (l LeadToAdd) NewLead() engine.NewLead {
	return engine.NewLead{Phone: l.PhoneNumber, ExternalID: l.ExternalID.Value, Zone: l.TimeZoneID.Value, CallData: l.CallData}
}

// LeadsToAdd is the body of Leads/Add.
type LeadsToAdd struct {
	Leads []LeadToAdd `json:"leads" api:"required,maxitems=50000"`
}

// CheckWith completes the list of faults.
func (l *LeadsToAdd) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	for n, one := range l.Leads {
		checkLead(Element("Leads", n)+".", pearl, faults, one.PhoneNumber, one.TimeZoneID.Value)
	}
}

// NewLeads are the leads as the engine takes them.
func (l LeadsToAdd) NewLeads() []engine.NewLead {
	leads := make([]engine.NewLead, len(l.Leads))
	for n, one := range l.Leads {
		leads[n] = one.NewLead()
	}
	return leads
}

// LeadUpdate is the body of Update Lead: absent and null mean unchanged (contract 1.1).
type LeadUpdate struct {
	PhoneNumber body.Optional[string] `json:"phoneNumber" api:"maxlen=64" doc:"in any common spelling; null = unchanged"`
	ExternalID  body.Optional[string] `json:"externalId" api:"maxlen=512" doc:"\"\" clears, null = unchanged"`
	TimeZoneID  body.Optional[string] `json:"timeZoneId" doc:"Windows or IANA name; \"\" clears, null = unchanged"`
	CallData    body.Object           `json:"callData" doc:"replaces the whole object; {} empties it, null = unchanged; at most 32 KiB, 256 keys of 128 characters"`
	Status      body.Optional[int]    `json:"status" api:"enum=1|10|100|110|130" schema:"table=LeadStatus"`
}

// Check adds a fault where the number is removed: it may only be replaced.
func (l *LeadUpdate) Check(faults *fault.List) { checkNumberGiven(l.PhoneNumber, faults) }

// CheckWith completes the list of faults.
func (l *LeadUpdate) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	checkLead("", pearl, faults, l.PhoneNumber.Value, l.TimeZoneID.Value)
}

// Update is the change as the engine takes it.
func (l LeadUpdate) Update() engine.LeadUpdate {
	return engine.LeadUpdate{
		Phone: l.PhoneNumber.Pointer(), ExternalID: l.ExternalID.Pointer(), Zone: l.TimeZoneID.Pointer(),
		CallData: l.CallData, Status: l.Status.Pointer(),
	}
}

// LeadPatch is the body of PATCH: a JSON merge patch of the lead (contract 1.1, RFC 7396).
type LeadPatch struct {
	PhoneNumber body.Optional[string]      `json:"phoneNumber" api:"maxlen=64" schema:"notnull" doc:"in any common spelling"`
	ExternalID  body.Optional[string]      `json:"externalId" api:"maxlen=512" doc:"null clears"`
	TimeZoneID  body.Optional[string]      `json:"timeZoneId" doc:"null clears"`
	CallData    body.Optional[body.Object] `json:"callData" doc:"merged key by key, null removes a key; null empties it"`
	Status      body.Optional[int]         `json:"status" api:"enum=1|10|100|110|130" schema:"table=LeadStatus,notnull"`
}

// Check adds a fault for each member that is null and cannot be removed.
func (l *LeadPatch) Check(faults *fault.List) {
	if l.PhoneNumber.State == body.Null {
		faults.Add("PhoneNumber", "The value null is not valid; a lead has a number.")
	}
	if l.Status.State == body.Null {
		faults.Add("Status", "The value null is not valid; a lead has a status.")
	}
	checkNumberGiven(l.PhoneNumber, faults)
}

// CheckWith completes the list of faults.
func (l *LeadPatch) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	checkLead("", pearl, faults, l.PhoneNumber.Value, l.TimeZoneID.Value)
}

// Update is the change as the engine takes it.
func (l LeadPatch) Update() engine.LeadUpdate {
	update := engine.LeadUpdate{
		Phone: l.PhoneNumber.Pointer(), ExternalID: cleared(l.ExternalID), Zone: cleared(l.TimeZoneID), Status: l.Status.Pointer(),
	}
	switch l.CallData.State {
	case body.Null:
		update.CallData = []byte("{}")
	case body.Given:
		update.CallDataMerge = l.CallData.Value
	}
	return update
}

// cleared turns null into the text that clears.
func cleared(text body.Optional[string]) *string {
	if text.State == body.Null {
		return new(string)
	}
	return text.Pointer()
}

func checkNumberGiven(number body.Optional[string], faults *fault.List) {
	if number.Set() && number.Value == "" {
		faults.Add("PhoneNumber", "The value is empty; a lead has a number.")
	}
}

// checkLead adds what only the campaign can tell; empty members are judged elsewhere.
func checkLead(prefix string, pearl campaign.Pearl, faults *fault.List, number, zoneName string) {
	if number != "" {
		if _, err := phone.Parse(number, pearl.Home()); err != nil {
			faults.Add(prefix+"PhoneNumber", "%s", err)
		}
	}
	if zoneName != "" {
		if _, ok := zone.Parse(zoneName); !ok {
			faults.Add(prefix+"TimeZoneId", "The value '%.60s' is no time zone: use a Windows time zone id or an IANA name.", zoneName)
		}
	}
}

// Whole is the number that a search for text means in the campaign, "" where it means none (contract 1.3).
func Whole(text string, pearl campaign.Pearl) phone.Number {
	number, _ := phone.Parse(text, pearl.Home()) // what is no number is searched for as text alone
	return number
}

// LeadAdded answers an add.
type LeadAdded struct {
	LeadID id.ID `json:"leadId"`
}

// LeadsAdded answers Leads/Add?returnIds=true.
type LeadsAdded struct {
	LeadIDs []id.ID `json:"leadIds" doc:"in the order sent"`
}

// LeadIDs names leads to delete.
type LeadIDs struct {
	LeadIDs []string `json:"leadIds" api:"required,maxitems=50000" doc:"ids that name nothing are ignored"`
}

// IDs are those that can name a lead.
func (l LeadIDs) IDs() []id.ID {
	ids := make([]id.ID, 0, len(l.LeadIDs))
	for _, text := range l.LeadIDs {
		if one, ok := id.Parse(text); ok {
			ids = append(ids, one)
		}
	}
	return ids
}

// LeadExternalIDs names leads to delete by the caller's own ids.
type LeadExternalIDs struct {
	LeadExternalIDs []string `json:"leadExternalIds" api:"required,maxitems=50000"`
}

// LeadRow is a lead in a search (contract 1.2).
type LeadRow struct {
	ID          id.ID           `json:"id"`
	ExternalID  *string         `json:"externalId"`
	PhoneNumber phone.Number    `json:"phoneNumber"`
	TimeZone    string          `json:"timeZone" schema:"offset" doc:"current UTC offset in hours"`
	Status      lead.Status     `json:"status"`
	Created     Time            `json:"created"`
	CallData    json.RawMessage `json:"callData"`
}

// LeadColumns are what leads can be sorted by, the default first.
func LeadColumns() []string { return []string{"created", "phoneNumber", "externalId", "status", "id"} }

// MaxLeadPage is the largest page of leads.
const MaxLeadPage = 1000

// LeadRows renders a page of leads of a campaign.
func LeadRows(leads []lead.Lead, pearl campaign.Pearl, now time.Time) []LeadRow {
	offsets := map[string]string{}
	rows := make([]LeadRow, len(leads))
	for n, l := range leads {
		name := l.Zone
		if name == "" {
			name = pearl.LeadZone()
		}
		offset, known := offsets[name]
		if !known {
			location := time.UTC
			if z, ok := zone.Parse(name); ok {
				location = z.Location()
			}
			offset = zone.Offset(location, now)
			offsets[name] = offset
		}
		rows[n] = LeadRow{
			ID: l.ID, ExternalID: Text(l.ExternalID), PhoneNumber: l.Phone, TimeZone: offset,
			Status: l.Status, Created: Time(l.Created), CallData: Object(l.CallData),
		}
	}
	return rows
}
