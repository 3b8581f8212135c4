package engine

import (
	"context"
	"fmt"

	"nacre/internal/account"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// entriesAtOnce is how many blacklist entries one transaction adds or removes: others have the writer in between.
const entriesAtOnce = 500

// Suppress adds blacklist entries (contract 5). When it returns nil they are in force: nothing begins to a covered number,
// ringing calls to one are cancelled. A list is judged as a whole before any of it is added; where adding fails half way, what
// was added stays in force, and the same request adds the rest: to have too many people left in peace for a while harms less
// than to call one.
func (e *Engine) Suppress(ctx context.Context, actor Actor, entries []string, source string, remember *Remember[bool]) error {
	normal, err := e.blacklistEntries(ctx, actor.Account, entries, phone.ParseEntry)
	if err != nil {
		return err
	}
	covers := coveredBy(normal)
	for from, more := 0, true; more; from += entriesAtOnce {
		part := normal[from:min(from+entriesAtOnce, len(normal))]
		more = from+entriesAtOnce < len(normal)
		err := e.updatePart(ctx, from == 0, func(tx Tx, s *Signals) error {
			if err := e.addEntries(tx, actor, part, source); err != nil || more {
				return err
			}
			// After the last entry, for all of them: a request that is repeated finds its entries there.
			if err := e.suppressHeld(tx, s, actor, covers, e.clock()); err != nil {
				return err
			}
			return rememberAnswer(e, tx, s, remember, true)
		})
		if err != nil {
			return err
		}
	}
	return e.suppressWaiting(ctx, actor.Account, covers)
}

func (e *Engine) addEntries(tx Tx, actor Actor, entries []string, source string) error {
	now := e.clock()
	if _, err := tx.Account(actor.Account, Exclusive); err != nil {
		return err
	}
	var added []string
	for _, entry := range entries {
		fresh, err := tx.AddSuppression(account.Suppression{ID: e.IDs.New(now), Account: actor.Account, Entry: entry, Source: source, Created: now})
		if err != nil {
			return fmt.Errorf("add blacklist entry: %w", err)
		}
		if fresh {
			added = append(added, entry)
		}
	}
	if len(added) == 0 {
		return nil
	}
	return e.audit(tx, actor, auditBlacklist, now, map[string]any{"added": added, "source": source})
}

// Unsuppress removes entries, in parts as Suppress adds them; leads that ended at 220 stay there.
func (e *Engine) Unsuppress(ctx context.Context, actor Actor, entries []string) error {
	normal, err := e.blacklistEntries(ctx, actor.Account, entries, phone.ParseStoredEntry)
	if err != nil {
		return err
	}
	for from := 0; from < len(normal); from += entriesAtOnce {
		part := normal[from:min(from+entriesAtOnce, len(normal))]
		err := e.updatePart(ctx, from == 0, func(tx Tx, _ *Signals) error { return e.removeEntries(tx, actor, part) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) removeEntries(tx Tx, actor Actor, entries []string) error {
	var removed []string
	for _, entry := range entries {
		known, err := tx.RemoveSuppression(actor.Account, entry)
		if err != nil {
			return fmt.Errorf("remove blacklist entry: %w", err)
		}
		if known {
			removed = append(removed, entry)
		}
	}
	if len(removed) == 0 {
		return nil
	}
	return e.audit(tx, actor, auditBlacklist, e.clock(), map[string]any{"removed": removed})
}

// blacklistEntries normalises a list of entries by parse, in the account's region.
func (e *Engine) blacklistEntries(ctx context.Context, accountID id.ID, entries []string, parse func(string, phone.Home) (string, error)) ([]string, error) {
	home, err := e.accountHome(ctx, accountID)
	if err != nil {
		return nil, err
	}
	var faults fault.List
	if len(entries) > MaxLeads {
		faults.Add("PhoneNumbers", "The list holds %d entries; at most %d are allowed in one request.", len(entries), MaxLeads)
		return nil, faults.Err()
	}
	seen := map[string]int{}
	normal := make([]string, 0, len(entries))
	for n, entry := range entries {
		path := fmt.Sprintf("PhoneNumbers[%d]", n)
		text, err := parse(entry, home)
		if err != nil {
			faults.Add(path, "%s", err)
			continue
		}
		if first, twice := seen[text]; twice {
			faults.Add(path, "The entry '%s' is in the list already (PhoneNumbers[%d]).", text, first)
			continue
		}
		seen[text] = n
		normal = append(normal, text)
	}
	return normal, faults.Err()
}
