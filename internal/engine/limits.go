package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nacre/internal/fault"
	"nacre/internal/id"
)

// Limits bound what one account owns, so that none costs the others their speed or the disk; 0 = no limit.
type Limits struct {
	Trunks            int
	Numbers           int
	Pearls            int // archived ones too
	OpenRequests      int // made calls that wait or are on a call
	Leads             int
	RememberedAnswers int64 // bytes of answers to requests with an Idempotency-Key
	Recordings        int64 // bytes of recordings; beyond it calls are not recorded
}

// Owned is a kind of things that Tx.CountOwned counts.
type Owned int

const (
	OwnedTrunks Owned = iota
	OwnedNumbers
	OwnedPearls
)

// within refuses one more of what an account has enough of.
func within(tx AccountTx, accountID id.ID, owned Owned, limit int) error {
	if limit <= 0 {
		return nil
	}
	count, err := tx.CountOwned(accountID, owned)
	if err != nil {
		return fmt.Errorf("count what the account owns: %w", err)
	}
	if count < limit {
		return nil
	}
	switch owned {
	case OwnedTrunks:
		return fault.Refused("The account has %d trunks; this server allows %d (--trunks-per-account).", count, limit)
	case OwnedNumbers:
		return fault.Refused("The account has %d phone numbers; this server allows %d (--numbers-per-account).", count, limit)
	default:
		return fault.Refused("The account has %d Pearls, archived ones included; this server allows %d (--pearls-per-account).", count, limit)
	}
}

// admitRequest refuses one more open call request than an account may have. It counts outside of the transaction, so that
// what one account has piled up costs the writer nothing; requests at the same moment may exceed the limit by their number.
func (e *Engine) admitRequest(ctx context.Context, accountID id.ID) error {
	limit := e.Limits.OpenRequests
	if limit <= 0 {
		return nil
	}
	count, err := e.Store.OpenRequests(ctx, accountID)
	if err != nil {
		return fmt.Errorf("count open requests: %w", err)
	}
	if count < limit {
		return nil
	}
	return &fault.Error{Kind: fault.TooMany, RetryAfter: time.Minute, Detail: fmt.Sprintf(
		"The account has %d open call requests; this server allows %d (--requests-per-account). Send the request again when some are over.", count, limit)}
}

// recountAfter is how old a count of leads must be before it is made anew: leads may have been deleted.
const recountAfter = time.Minute

// leadCounts are upper bounds of how many leads accounts have: counted once, then added to, so that an add does not wait for a
// count, and adds at the same moment see each other.
type leadCounts struct {
	mu        sync.Mutex
	byAccount map[id.ID]leadCount
}

type leadCount struct {
	stored  int       // as counted, with what was added since
	pending int       // of adds under way
	added   int       // by all adds that are over
	at      time.Time // when they were counted, zero: not yet
}

// admitLeads refuses more leads than the account may have. What it admits is taken until over is called, which says what became
// of the add.
func (e *Engine) admitLeads(ctx context.Context, accountID id.ID, adding int) (over func(added bool), err error) {
	limit := e.Limits.Leads
	if limit <= 0 {
		return func(bool) {}, nil
	}
	for {
		admitted, known := e.leadCounts.take(accountID, adding, limit)
		if admitted {
			return func(added bool) { e.leadCounts.give(accountID, adding, added) }, nil
		}
		now := e.clock()
		if !known.at.IsZero() && now.Sub(known.at) < recountAfter {
			return nil, fault.Refused("The account has %d leads and would have %d more; this server allows %d (--leads-per-account).", known.stored+known.pending, adding, limit)
		}
		stored, err := e.Store.CountLeads(ctx, accountID)
		if err != nil {
			return nil, fmt.Errorf("count leads: %w", err)
		}
		e.leadCounts.set(accountID, stored, known.added, now)
	}
}

// take admits an add where its leads fit.
func (c *leadCounts) take(accountID id.ID, adding, limit int) (admitted bool, known leadCount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known = c.byAccount[accountID]
	if known.at.IsZero() || known.stored+known.pending+adding > limit {
		return false, known
	}
	known.pending += adding
	c.byAccount[accountID] = known
	return true, known
}

// give ends an add that take admitted.
func (c *leadCounts) give(accountID id.ID, adding int, added bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.byAccount[accountID]
	known.pending -= adding
	if added {
		known.stored += adding
		known.added += adding
	}
	c.byAccount[accountID] = known
}

// set notes a count. Adds that ended since it was begun, when added was what adds had added, may not be in it.
func (c *leadCounts) set(accountID id.ID, stored, added int, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byAccount == nil {
		c.byAccount = map[id.ID]leadCount{}
	}
	known := c.byAccount[accountID]
	known.stored, known.at = stored+known.added-added, at
	c.byAccount[accountID] = known
}

// rememberedAnswers are upper bounds of how many bytes of answers are remembered for accounts: summed up once, then added to.
type rememberedAnswers struct {
	mu        sync.Mutex
	byAccount map[id.ID]rememberedBytes
}

type rememberedBytes struct {
	bytes int64
	at    time.Time // when they were summed up
}

// answerBytes is how much an answer that a transaction saves will take.
type answerBytes struct {
	account id.ID
	bytes   int64
}

// add notes an answer that is remembered from now on.
func (r *rememberedAnswers) add(saved answerBytes) {
	if saved.bytes == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, summed := r.byAccount[saved.account]; summed {
		known.bytes += saved.bytes
		r.byAccount[saved.account] = known
	}
}

// admitAnswer refuses a request with an Idempotency-Key that has not come before, where as much is remembered for its account as may be:
// what was accepted is remembered as long as was promised (contract 0.9).
func (e *Engine) admitAnswer(ctx context.Context, accountID id.ID) error {
	limit := e.Limits.RememberedAnswers
	if limit <= 0 {
		return nil
	}
	e.rememberedAnswers.mu.Lock()
	known, summed := e.rememberedAnswers.byAccount[accountID]
	e.rememberedAnswers.mu.Unlock()
	now := e.clock()
	if summed && known.bytes < limit {
		return nil
	}
	wait := recountAfter
	if !summed || now.Sub(known.at) >= recountAfter {
		bytes, oldest, err := e.Store.RememberedAnswers(ctx, accountID, now.Add(-RememberFor))
		if err != nil {
			return fmt.Errorf("sum up remembered answers: %w", err)
		}
		e.rememberedAnswers.mu.Lock()
		if e.rememberedAnswers.byAccount == nil {
			e.rememberedAnswers.byAccount = map[id.ID]rememberedBytes{}
		}
		e.rememberedAnswers.byAccount[accountID] = rememberedBytes{bytes: bytes, at: now}
		e.rememberedAnswers.mu.Unlock()
		if bytes < limit {
			return nil
		}
		wait = max(oldest.Add(RememberFor).Sub(now), recountAfter)
	}
	return &fault.Error{Kind: fault.TooMany, RetryAfter: wait, Detail: fmt.Sprintf(
		"Answers to earlier requests with an Idempotency-Key take as much room as this server allows an account (%d MiB, --answers-per-account). "+
			"They are remembered for 24 hours; requests without a key are taken.", limit>>20)}
}
