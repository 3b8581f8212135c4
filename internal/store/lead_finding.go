package store

import (
	"context"
	"slices"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// These find leads in all campaigns of an account: whole keys the newest first, beginnings in the order of the index.
const (
	leadsOfNumber      = "SELECT id FROM lead WHERE account_id = ?1 AND phone = ?2 ORDER BY id DESC LIMIT ?3"
	leadsOfExternalID  = "SELECT id FROM lead WHERE account_id = ?1 AND external_id = ?2 AND external_id <> '' ORDER BY id DESC LIMIT ?3"
	leadsByNumber      = "SELECT id FROM lead WHERE account_id = ?1 AND phone >= ?2 AND phone < ?4 ORDER BY phone, id LIMIT ?3"
	leadsByExternalID  = "SELECT id FROM lead WHERE account_id = ?1 AND external_id >= ?2 AND external_id < ?4 AND external_id <> '' ORDER BY external_id, id LIMIT ?3"
	afterAllCharacters = "\U0010ffff" // no character comes after it, in the order of bytes either
)

// FindLeads implements engine.Queries. However many leads match, it looks at engine.MostFound entries of each index at most, so that it
// takes no turn among searches that read much.
func (s *Store) FindLeads(ctx context.Context, accountID id.ID, sought engine.SoughtLeads, page engine.Page) (count int, rows []lead.Lead, err error) {
	err = s.backend.snapshot(ctx, func(q session) error {
		ids, err := soughtIDs(q, accountID, sought)
		if err != nil {
			return err
		}
		var found []lead.Lead
		wanted := ids[min(page.Skip, len(ids)):min(page.Skip+page.Limit, len(ids))]
		for part := range slices.Chunk(wanted, idsAtOnce) {
			args := make([]any, len(part))
			for n, one := range part {
				args[n] = one
			}
			read, err := list(q, scanLead, "SELECT "+leadColumns+" FROM lead WHERE id IN ("+placeholders(1, len(args))+")", args...)
			if err != nil {
				return err
			}
			found = append(found, read...)
		}
		count, rows = len(ids), inOrder(wanted, found)
		return nil
	})
	return count, rows, wrap("find leads", err)
}

// soughtIDs are the ids of the leads that match, each once, whole keys first.
func soughtIDs(q session, accountID id.ID, sought engine.SoughtLeads) (ids []id.ID, err error) {
	seen := map[id.ID]bool{}
	add := func(text, key string, more ...any) {
		if err != nil || key == "" || len(ids) == engine.MostFound {
			return
		}
		var found []id.ID
		found, err = list(q, scanText[id.ID], text, append([]any{accountID, key, engine.MostFound}, more...)...)
		for _, one := range found {
			if !seen[one] && len(ids) < engine.MostFound {
				seen[one] = true
				ids = append(ids, one)
			}
		}
	}
	for _, number := range sought.Numbers {
		add(leadsOfNumber, string(number))
	}
	add(leadsOfExternalID, sought.ExternalID)
	for _, start := range sought.NumberStarts {
		add(leadsByNumber, start, start+afterAllCharacters)
	}
	add(leadsByExternalID, sought.ExternalIDStart, sought.ExternalIDStart+afterAllCharacters)
	return ids, err
}
