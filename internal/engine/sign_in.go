package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Audit events of sign-ins (contract 8): a key is what signs in.
const (
	auditSignInRefused = 1
	auditSignIn        = 2
)

// anonymous is who presented a key that is none of the account's.
const anonymous = "anonymous"

const (
	// signInLasts: the use of a key from an address is a sign-in when there was none of them for that long.
	signInLasts = 24 * time.Hour
	// refusalsEvery bounds what a flood of wrong keys can write: for an account one entry for each of a few addresses, and
	// one for all others together.
	refusalsEvery     = time.Minute
	refusalsAddresses = 5
	// What is remembered, and what waits to be written, at once. Beyond it nothing more is noted for the moment.
	maxSignIns  = 50_000
	maxWaiting  = 10_000
	maxAttacked = 10_000 // accounts
	maxSources  = 1_000  // addresses of refusals, for each account
	allSources  = 50_000 // and for all of them
	writeAtOnce = 500
)

// signIns gathers uses of keys and refusals in memory, so that no request waits for their entries in the audit log.
type signIns struct {
	mu      sync.Mutex
	seen    map[use]time.Time
	waiting map[use]*signIn
	refused map[id.ID]*refusals // by account, unknown ones too until they are written
	sources int                 // addresses in refused
}

type use struct {
	key     id.ID
	address string
}

type signIn struct {
	key   account.Key
	count int
}

type refusals struct {
	written time.Time
	count   map[string]int // by address
	beyond  int            // from more addresses than are told apart
}

func (r *refusals) none() bool { return len(r.count) == 0 && r.beyond == 0 }

func newSignIns() signIns {
	return signIns{seen: map[use]time.Time{}, waiting: map[use]*signIn{}, refused: map[id.ID]*refusals{}}
}

// KeyUsed notes that a key was used from an address. It is quick and touches memory only.
func (e *Engine) KeyUsed(key account.Key, address string) {
	if e.signIns.used(use{key.ID, address}, key, e.clock()) {
		e.tell(Signals{SignIns: true})
	}
}

// KeyRefused notes that an address came with a key that the account does not have. The account may not exist: that is found out
// later, so that an answer takes the same time.
func (e *Engine) KeyRefused(accountID id.ID, address string) {
	if e.signIns.refuse(accountID, address) {
		e.tell(Signals{SignIns: true})
	}
}

func (s *signIns) used(u use, key account.Key, now time.Time) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waits := s.waiting[u]; waits != nil {
		waits.count++
		return false
	}
	if at, known := s.seen[u]; known && now.Sub(at) < signInLasts || len(s.waiting) >= maxWaiting {
		return false
	}
	if len(s.seen) >= maxSignIns {
		for old, at := range s.seen {
			if now.Sub(at) >= signInLasts {
				delete(s.seen, old)
			}
		}
		if len(s.seen) >= maxSignIns {
			clear(s.seen) // the audit log knows them still
		}
	}
	s.seen[u], s.waiting[u] = now, &signIn{key: key, count: 1}
	return true
}

func (s *signIns) refuse(accountID id.ID, address string) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.refused[accountID]
	if r == nil {
		if len(s.refused) >= maxAttacked {
			return false
		}
		r = &refusals{count: map[string]int{}}
		s.refused[accountID] = r
	}
	switch _, known := r.count[address]; {
	case known:
		r.count[address]++
	case len(r.count) < maxSources && s.sources < allSources:
		r.count[address] = 1
		s.sources++
	default:
		r.beyond++
	}
	return true
}

// WriteSignIns writes to the audit log what was noted: the first use of a key from an address within a day, and refusals,
// of which those of an account that were written less than a minute ago wait, unless all is wanted. next is when to ask
// again, zero where nothing waits.
func (e *Engine) WriteSignIns(ctx context.Context, all bool) (next time.Time, err error) {
	now := e.clock()
	uses, refused := e.signIns.take(now, all)
	entries, err := e.signInEntries(ctx, uses, refused, now)
	if err == nil && len(entries) > 0 {
		err = e.update(ctx, func(tx Tx, _ *Signals) error { return tx.AddAudit(entries...) })
	}
	if err != nil {
		e.signIns.putBack(uses, refused)
		return now.Add(refusalsEvery), fmt.Errorf("write sign-ins: %w", err)
	}
	return e.signIns.next(now), nil
}

// take returns what is to be written now, and forgets accounts that nobody attacks any more.
func (s *signIns) take(now time.Time, all bool) (map[use]*signIn, map[id.ID]*refusals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uses := map[use]*signIn{}
	for u, waits := range s.waiting {
		if len(uses) == writeAtOnce {
			break
		}
		uses[u] = waits
		delete(s.waiting, u)
	}
	refused := map[id.ID]*refusals{}
	for accountID, r := range s.refused {
		switch rested := now.Sub(r.written) >= refusalsEvery; {
		case !rested && !all || len(refused) == writeAtOnce:
		case r.none():
			delete(s.refused, accountID)
		default:
			refused[accountID] = r
			s.sources -= len(r.count)
			s.refused[accountID] = &refusals{written: now, count: map[string]int{}}
		}
	}
	return uses, refused
}

// putBack has what could not be written wait again.
func (s *signIns) putBack(uses map[use]*signIn, refused map[id.ID]*refusals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for u, failed := range uses {
		if waits := s.waiting[u]; waits != nil {
			failed.count += waits.count
		}
		s.waiting[u] = failed
	}
	for accountID, failed := range refused {
		if since := s.refused[accountID]; since != nil {
			s.sources -= len(since.count)
			for address, count := range since.count {
				failed.count[address] += count
			}
			failed.beyond += since.beyond
		}
		s.sources += len(failed.count)
		s.refused[accountID] = failed
	}
}

func (s *signIns) next(now time.Time) (next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) > 0 {
		return now
	}
	for _, r := range s.refused {
		if at := r.written.Add(refusalsEvery); !r.none() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// signInEntries leaves out sign-ins that the log has already (an earlier process wrote them) and accounts that do not exist.
func (e *Engine) signInEntries(ctx context.Context, uses map[use]*signIn, refused map[id.ID]*refusals, now time.Time) (entries []Audit, err error) {
	for u, s := range uses {
		actor := Actor{Account: s.key.Account, By: KeyPrefix + string(s.key.ID), Name: s.key.Name}
		earlier, err := e.Store.AuditLog(ctx, actor.Account, now.Add(-signInLasts), now, auditSignIn, []string{actor.By}, maxSources)
		if err != nil {
			return nil, fmt.Errorf("read audit log: %w", err)
		}
		if slices.ContainsFunc(earlier, func(a Audit) bool { return addressOf(a) == u.address }) {
			continue
		}
		entry, err := auditEntry(actor, auditSignIn, now, map[string]any{"address": u.address, "count": s.count})
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	for accountID, r := range refused {
		if _, err := e.Store.ReadAccount(ctx, accountID); fault.Is(err, fault.NotFound) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("read account: %w", err)
		}
		for _, data := range r.summary() {
			entry, err := auditEntry(Actor{Account: accountID, By: anonymous}, auditSignInRefused, now, data)
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func addressOf(entry Audit) string {
	var data struct{ Address string }
	_ = json.Unmarshal(entry.Data, &data) // written by signInEntries
	return data.Address
}

// summary is an entry for each of the busiest addresses, and one for all others.
func (r *refusals) summary() []map[string]any {
	var addresses []string
	for address := range r.count {
		addresses = append(addresses, address)
	}
	slices.SortFunc(addresses, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.count[b], r.count[a]), cmp.Compare(a, b))
	})
	var entries []map[string]any
	others := r.beyond
	for n, address := range addresses {
		if n < refusalsAddresses {
			entries = append(entries, map[string]any{"address": address, "count": r.count[address]})
			continue
		}
		others += r.count[address]
	}
	if others > 0 {
		entries = append(entries, map[string]any{"address": nil, "addresses": max(len(addresses)-refusalsAddresses, 0), "count": others})
	}
	return entries
}
