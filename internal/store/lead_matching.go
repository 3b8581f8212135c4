package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// idsAtOnce is how many ids one statement names.
const idsAtOnce = 500

// matchedAtOnce is how many leads one search finds: a campaign of any size is gone through in searches that are short each.
const matchedAtOnce = 50_000

// matched is what MatchingLeads reads of a lead.
type matched struct {
	engine.MatchingLead
	held    int
	due     int64 // 0: not due
	created int64
}

func scanMatched(r row) (m matched, err error) {
	err = r.Scan((*string)(&m.ID), (*int)(&m.Status), &m.held, &m.due, &m.created)
	m.OnCall = m.held == int(lead.OnCall)
	return m, err
}

// MatchingLeads implements engine.Queries.
func (s *Store) MatchingLeads(ctx context.Context, accountID, pearlID id.ID, wanted engine.LeadFilter, ids []id.ID, stoppedBy id.ID) ([]engine.MatchingLead, error) {
	var found []matched
	var err error
	if ids == nil {
		found, err = s.filtered(ctx, accountID, pearlID, wanted, stoppedBy)
	} else {
		found, err = s.named(ctx, accountID, pearlID, ids)
	}
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

// scanOwn runs a part of a search over a campaign of the account.
func (s *Store) scanOwn(ctx context.Context, accountID, pearlID id.ID, part func(q session) error) error {
	return s.scan(ctx, accountID, func(q session) error {
		switch owned, err := owns(q, accountID, pearlID); {
		case err != nil:
			return err
		case !owned:
			return fault.Missing("PearlId")
		}
		return part(q)
	})
}

// searchOwn is scanOwn of a part that finds leads.
func (s *Store) searchOwn(ctx context.Context, accountID, pearlID id.ID, part func(q session) ([]matched, error)) (found []matched, err error) {
	err = s.scanOwn(ctx, accountID, pearlID, func(q session) (err error) {
		found, err = part(q)
		return err
	})
	return found, err
}

// CountMatching implements engine.Queries. Few leads have a call: an index has these alone.
func (s *Store) CountMatching(ctx context.Context, accountID, pearlID id.ID, wanted engine.LeadFilter) (all, onCall int, err error) {
	err = s.scanOwn(ctx, accountID, pearlID, func(q session) (err error) {
		if all, err = countMatching(q, pearlID, wanted); err != nil {
			return err
		}
		f := leadFilter(pearlID, wanted, "status")
		f.add(onCallOf, accountID)
		onCall, err = f.count(q, "lead")
		return err
	})
	return all, onCall, wrap("count matching leads", err)
}

// onCallOf narrows a filter to leads of an account with a call in the air, by the index lead_held.
var onCallOf = "account_id = ?%d AND held > 0 AND held = " + strconv.Itoa(int(lead.OnCall))

// filtered goes through the leads that match by age, which both lead_created and, of one status, lead_status are ordered by.
func (s *Store) filtered(ctx context.Context, accountID, pearlID id.ID, wanted engine.LeadFilter, stoppedBy id.ID) (found []matched, err error) {
	if !stoppedBy.Zero() {
		wanted.Statuses = []int{int(lead.Success), int(lead.NotSuccessful), int(lead.Completed)} // those that a stop sets
	}
	for {
		part, err := s.searchOwn(ctx, accountID, pearlID, func(q session) ([]matched, error) {
			column, err := statusColumn(q, pearlID, wanted.Statuses)
			if err != nil {
				return nil, err
			}
			f := leadFilter(pearlID, wanted, column)
			if !stoppedBy.Zero() {
				f.add("{contains}(state, ?%d) > 0", string(stoppedBy))
			}
			if len(found) > 0 {
				last := found[len(found)-1]
				f.add("(created, id) > (?%d, ?%d)", last.created, last.ID)
			}
			return list(q, scanMatched, "SELECT id, status, held, due, created FROM lead"+f.where()+" ORDER BY created, id LIMIT "+strconv.Itoa(s.matches), f.args...)
		})
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
		if len(part) < s.matches {
			return found, nil
		}
	}
}

// named are the leads that have one of the ids.
func (s *Store) named(ctx context.Context, accountID, pearlID id.ID, ids []id.ID) ([]matched, error) {
	return s.searchOwn(ctx, accountID, pearlID, func(q session) (found []matched, err error) {
		for part := range slices.Chunk(ids, idsAtOnce) {
			f := leadsNamed(pearlID, part)
			more, err := list(q, scanMatched, "SELECT id, status, held, due, created FROM lead"+f.where(), f.args...)
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
		return found, nil
	})
}

// leadsNamed are the leads of a campaign that have one of the ids.
func leadsNamed(pearlID id.ID, ids []id.ID) (f filter) {
	args := make([]any, len(ids))
	for n, one := range ids {
		args[n] = string(one)
	}
	f.add("pearl_id || '' = ?%d", pearlID) // by the ids, not by the campaign's index
	f.conditions = append(f.conditions, "id IN ("+placeholders(2, len(args))+")")
	f.args = append(f.args, args...)
	return f
}

// ReadLeads implements engine.Queries.
func (s *Store) ReadLeads(ctx context.Context, accountID, pearlID id.ID, ids []id.ID) (leads []lead.Lead, err error) {
	var found []lead.Lead
	for part := range slices.Chunk(ids, idsAtOnce) {
		err := s.backend.read(ctx, func(q session) error {
			f := leadsNamed(pearlID, part)
			f.add("account_id = ?%d", accountID)
			read, err := list(q, scanLead, "SELECT "+leadColumns+" FROM lead"+f.where(), f.args...)
			found = append(found, read...)
			return err
		})
		if err != nil {
			return nil, wrap("read leads", err)
		}
	}
	return inOrder(ids, found), nil
}

// inOrder are the leads that were found, in the order of ids.
func inOrder(ids []id.ID, found []lead.Lead) (leads []lead.Lead) {
	byID := make(map[id.ID]lead.Lead, len(found))
	for _, l := range found {
		byID[l.ID] = l
	}
	for _, one := range ids {
		if l, known := byID[one]; known {
			leads = append(leads, l)
		}
	}
	return leads
}
