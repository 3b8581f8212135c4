package store

import (
	"cmp"
	"context"
	"slices"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// idsAtOnce is how many ids one statement names.
const idsAtOnce = 500

// matched is what MatchingLeads reads of a lead.
type matched struct {
	engine.MatchingLead
	held int
	due  int64 // 0: not due
}

func scanMatched(r row) (m matched, err error) {
	err = r.Scan((*string)(&m.ID), &m.held, &m.due)
	m.OnCall = m.held == int(lead.OnCall)
	return m, err
}

// MatchingLeads implements engine.Queries.
func (s *Store) MatchingLeads(ctx context.Context, accountID, pearlID id.ID, wanted engine.LeadFilter, ids []id.ID, stoppedBy id.ID) ([]engine.MatchingLead, error) {
	var found []matched
	err := s.scan(ctx, accountID, func(q session) error {
		found = nil
		switch owned, err := owns(q, accountID, pearlID); {
		case err != nil:
			return err
		case !owned:
			return fault.Missing("PearlId")
		}
		if ids == nil {
			f, err := leadFilter(q, pearlID, wanted)
			if err != nil {
				return err
			}
			found, err = matching(q, f, stoppedBy)
			return err
		}
		for part := range slices.Chunk(ids, idsAtOnce) {
			more, err := matching(q, leadsNamed(pearlID, part), stoppedBy)
			if err != nil {
				return err
			}
			found = append(found, more...)
		}
		return nil
	})
	if err != nil {
		return nil, wrap("find matching leads", err)
	}
	slices.SortFunc(found, func(a, b matched) int {
		return cmp.Or(cmp.Compare(b.held, a.held), cmp.Compare(min(b.due, 1), min(a.due, 1)), cmp.Compare(a.due, b.due), cmp.Compare(a.ID, b.ID))
	})
	leads := make([]engine.MatchingLead, 0, len(found))
	for n, m := range found {
		if n == 0 || m.ID != found[n-1].ID { // a list may name one twice
			leads = append(leads, m.MatchingLead)
		}
	}
	return leads, nil
}

func matching(q session, f filter, stoppedBy id.ID) ([]matched, error) {
	if !stoppedBy.Zero() {
		f.add("{contains}(state, ?%d) > 0", string(stoppedBy))
	}
	return list(q, scanMatched, "SELECT id, held, due FROM lead"+f.where(), f.args...)
}

// leadsNamed are the leads of a campaign that have one of the ids.
func leadsNamed(pearlID id.ID, ids []id.ID) (f filter) {
	args := make([]any, len(ids))
	for n, one := range ids {
		args[n] = string(one)
	}
	f.add("+pearl_id = ?%d", pearlID) // by the ids, not by the campaign
	f.conditions = append(f.conditions, "id IN ("+placeholders(2, len(args))+")")
	f.args = append(f.args, args...)
	return f
}

// ReadLeads implements engine.Queries.
func (s *Store) ReadLeads(ctx context.Context, accountID, pearlID id.ID, ids []id.ID) (leads []lead.Lead, err error) {
	byID := make(map[id.ID]lead.Lead, len(ids))
	for part := range slices.Chunk(ids, idsAtOnce) {
		err := s.backend.read(ctx, func(q session) error {
			f := leadsNamed(pearlID, part)
			f.add("account_id = ?%d", accountID)
			read, err := list(q, scanLead, "SELECT "+leadColumns+" FROM lead"+f.where(), f.args...)
			for _, l := range read {
				byID[l.ID] = l
			}
			return err
		})
		if err != nil {
			return nil, wrap("read leads", err)
		}
	}
	for _, one := range ids {
		if l, known := byID[one]; known {
			leads = append(leads, l)
		}
	}
	return leads, nil
}
