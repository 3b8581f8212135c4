package store

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

const leadColumns = "id, account_id, pearl_id, phone, external_id, zone, zone_key, call_data, collected, status, created, version, " +
	"attempts, due, rest, promised, claim, node, call_id, sequence, state, key_id"

// leadScan takes the columns of leadColumns.
type leadScan struct {
	lead                       lead.Lead
	callData, collected, state string
	rest                       string
	created, due               int64
}

func (s *leadScan) into() []any {
	l := &s.lead
	return []any{(*string)(&l.ID), (*string)(&l.Account), (*string)(&l.Campaign), (*string)(&l.Phone), &l.ExternalID, &l.Zone, &l.ZoneKey,
		&s.callData, &s.collected, (*int)(&l.Status), &s.created, &l.Version, &l.Attempts, &s.due, &s.rest, &l.Promised, (*string)(&l.Claim), &l.Node,
		(*string)(&l.Call), &l.Sequence, &s.state, (*string)(&l.Key)}
}

func (s *leadScan) done() (lead.Lead, error) {
	l := &s.lead
	l.CallData, l.Collected, l.Created, l.Due = rawJSON(s.callData), rawJSON(s.collected), instant(s.created), instant(s.due)
	if err := l.Rest.UnmarshalText([]byte(s.rest)); err != nil {
		return *l, err
	}
	err := decode(s.state, &l.State)
	return *l, err
}

func scanLead(r row) (lead.Lead, error) {
	var s leadScan
	if err := r.Scan(s.into()...); err != nil {
		return lead.Lead{}, err
	}
	return s.done()
}

// leadTable is every column that is written.
var leadTable = newTable("lead", leadColumns+", search, held")

func leadValues(l lead.Lead) ([]any, error) {
	state, err := stateText(l.State)
	if err != nil {
		return nil, err
	}
	return []any{
		string(l.ID), string(l.Account), string(l.Campaign), string(l.Phone), l.ExternalID, l.Zone, l.ZoneKey, string(l.CallData),
		string(l.Collected), int64(l.Status), millis(l.Created), l.Version, l.Attempts, millis(l.Due), l.Rest.String(), l.Promised, string(l.Claim), l.Node,
		string(l.Call), l.Sequence, state, string(l.Key), searchText(l.ExternalID, l.CallData), held(l),
	}, nil
}

// stateText is ” for the state of a lead that was never claimed: most leads, most of the time.
func stateText(state lead.State) (string, error) {
	text, err := encode(state)
	if text == "{}" {
		text = ""
	}
	return text, err
}

// held says whether a lead takes an agent: 20 in the queue, 40 with a call in the air, 0 otherwise.
func held(l lead.Lead) int {
	switch {
	case !l.Call.Zero():
		return int(lead.OnCall)
	case l.Status == lead.InCallQueue:
		return int(lead.InCallQueue)
	}
	return 0
}

func (t *tx) Lead(accountID, pearlID, leadID id.ID) (lead.Lead, error) {
	return t.lead(accountID, pearlID, leadID, "{for update}")
}

func (t *tx) lead(accountID, pearlID, leadID id.ID, lock string) (lead.Lead, error) {
	l, err := one(t, scanLead, "SELECT "+leadColumns+" FROM lead WHERE id = ?1 AND pearl_id = ?2 AND account_id = ?3 "+lock, leadID, pearlID, accountID)
	return l, missing(err, "LeadId")
}

// InsertLeads implements engine.Tx: many rows a statement, at once, so that reads that follow see them.
func (t *tx) InsertLeads(leads []lead.Lead) error {
	if len(leads) == 0 {
		return nil
	}
	rows := make([][]any, len(leads))
	for n, l := range leads {
		values, err := leadValues(l)
		if err != nil {
			return err
		}
		rows[n] = values
		t.count(string(l.Campaign), int(l.Status), 1)
	}
	if err := t.insert(leadTable, rows); err != nil {
		return err
	}
	return t.flush()
}

// SaveLead implements engine.Tx. It sets what differs and nothing else: every indexed column in SET costs as much as an insert.
func (t *tx) SaveLead(before, next lead.Lead) error {
	var c columnSet
	c.set(true, "version", next.Version)
	c.set(before.Phone != next.Phone, "phone", string(next.Phone))
	c.set(before.ExternalID != next.ExternalID, "external_id", next.ExternalID)
	c.set(before.Zone != next.Zone, "zone", next.Zone)
	c.set(before.ZoneKey != next.ZoneKey, "zone_key", next.ZoneKey)
	dataChanged := string(before.CallData) != string(next.CallData)
	c.set(dataChanged, "call_data", string(next.CallData))
	if dataChanged || before.ExternalID != next.ExternalID {
		c.set(true, "search", searchText(next.ExternalID, next.CallData))
	}
	c.set(string(before.Collected) != string(next.Collected), "collected", string(next.Collected))
	c.set(before.Status != next.Status, "status", int64(next.Status))
	c.set(before.Attempts != next.Attempts, "attempts", next.Attempts)
	c.set(!before.Due.Equal(next.Due), "due", millis(next.Due))
	c.set(before.Rest != next.Rest, "rest", next.Rest.String())
	c.set(before.Promised != next.Promised, "promised", next.Promised)
	c.set(before.Claim != next.Claim, "claim", string(next.Claim))
	c.set(before.Node != next.Node, "node", next.Node)
	c.set(before.Call != next.Call, "call_id", string(next.Call))
	c.set(before.Key != next.Key, "key_id", string(next.Key))
	c.set(before.Sequence != next.Sequence, "sequence", next.Sequence)
	c.set(held(before) != held(next), "held", held(next))
	if !reflect.DeepEqual(before.State, next.State) {
		state, err := stateText(next.State)
		if err != nil {
			return err
		}
		c.set(true, "state", state)
	}
	text, args := c.update("lead", "id = ?1 AND version = ?2", string(before.ID), before.Version)
	if err := t.queue(engine.ErrStale, text, args...); err != nil {
		return err
	}
	if before.Status != next.Status {
		t.count(string(before.Campaign), int(before.Status), -1)
		t.count(string(next.Campaign), int(next.Status), 1)
	}
	return nil
}

// DeleteLead implements engine.Tx: the history goes with the lead, its calls and deliveries stay.
func (t *tx) DeleteLead(leadID id.ID) error {
	type place struct {
		pearl  string
		status int
	}
	p, err := one(t, func(r row) (p place, err error) {
		return p, r.Scan(&p.pearl, &p.status)
	}, "SELECT pearl_id, status FROM lead WHERE id = ?1 {for update}", leadID)
	if errors.Is(err, errNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	t.count(p.pearl, p.status, -1)
	if err := t.flush(); err != nil { // history of this lead that still waits to be inserted
		return err
	}
	if err := t.queue(nil, "DELETE FROM history WHERE lead_id = ?1", leadID); err != nil {
		return err
	}
	return t.queue(nil, "DELETE FROM lead WHERE id = ?1", leadID)
}

// LeadsByExternalID and the other look-ups sort by +created: without the plus SQLite, which has no statistics, may walk the
// whole campaign by age to spare itself the sort of a few rows.
func (t *tx) LeadsByExternalID(accountID, pearlID id.ID, externalID string, limit int) ([]lead.Lead, error) {
	return list(t, scanLead, "SELECT "+leadColumns+` FROM lead WHERE pearl_id = ?1 AND external_id = ?2 AND account_id || '' = ?3
		ORDER BY +created DESC, id DESC LIMIT ?4 {for update}`, pearlID, externalID, accountID, limit)
}

func (t *tx) LeadsByPhone(accountID, pearlID id.ID, number phone.Number, limit int) ([]lead.Lead, error) {
	return list(t, scanLead, "SELECT "+leadColumns+` FROM lead WHERE pearl_id = ?1 AND phone = ?2 AND account_id || '' = ?3
		ORDER BY +created DESC, id DESC LIMIT ?4 {for update}`, pearlID, number, accountID, limit)
}

func (t *tx) HeldLeads(accountID, pearlID id.ID) ([]lead.Lead, error) {
	if pearlID.Zero() {
		return list(t, scanLead, "SELECT "+leadColumns+" FROM lead WHERE account_id = ?1 AND held > 0 ORDER BY id || '' {for update}", accountID)
	}
	return list(t, scanLead, "SELECT "+leadColumns+" FROM lead WHERE account_id = ?1 AND pearl_id = ?2 AND held > 0 ORDER BY id || '' {for update}",
		accountID, pearlID)
}

func (t *tx) LeadCallIDs(leadID id.ID) ([]id.ID, error) {
	return list(t, scanText[id.ID], "SELECT id FROM call WHERE lead_id = ?1 AND lead_id <> '' ORDER BY start, id", leadID)
}

// dueLeads must keep an equality on every column of the index lead_due before its range.
const dueLeads = "SELECT " + leadColumns + ` FROM lead
	WHERE pearl_id = ?1 AND zone_key = ?2 AND promised = ?3 AND rest = ?4 AND due > 0 AND due <= ?5 ORDER BY due, id LIMIT ?6 {skip locked}`

// dueKeys finds the same in the index alone.
const dueKeys = `SELECT due, id FROM lead WHERE pearl_id = ?1 AND zone_key = ?2 AND promised = ?3 AND rest = ?4 AND due > 0 AND due <= ?5
	ORDER BY due, id LIMIT ?6`

const dueLead = "SELECT " + leadColumns + " FROM lead WHERE id = ?1 AND rest = ?2 AND due > 0 AND due <= ?3 {skip locked}"

// spareKeys take the place of leads that somebody else holds.
const spareKeys = 16

// DueLeads implements engine.Tx. Of several queues the index tells which leads are due longest, and only those are read and
// locked: a row that is not taken costs as much as one that is.
func (t *tx) DueLeads(pearlID id.ID, queues []engine.DueQueue, rules lead.Rules, now time.Time, limit int) ([]lead.Lead, error) {
	since := func(q engine.DueQueue) int64 { return millis(now.Add(-rules.Length(q.Rest))) }
	if len(queues) == 1 {
		q := queues[0]
		return list(t, scanLead, dueLeads, pearlID, q.ZoneKey, q.Promised, q.Rest.String(), since(q), limit)
	}
	type key struct {
		due   int64
		id    id.ID
		queue engine.DueQueue
	}
	var keys []key
	for _, q := range queues {
		rest := rules.Length(q.Rest).Milliseconds()
		more, err := list(t, func(r row) (key, error) {
			k := key{queue: q}
			err := r.Scan(&k.due, (*string)(&k.id))
			k.due += rest
			return k, err
		}, dueKeys, pearlID, q.ZoneKey, q.Promised, q.Rest.String(), since(q), limit+spareKeys)
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id)) })
	var due []lead.Lead
	for _, k := range keys {
		if len(due) == limit {
			break
		}
		l, err := one(t, scanLead, dueLead, k.id, k.queue.Rest.String(), since(k.queue))
		if errors.Is(err, errNoRow) {
			continue
		}
		if err != nil {
			return nil, err
		}
		due = append(due, l)
	}
	return due, nil
}
