package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nacre/internal/fault"
	"nacre/internal/id"
)

const (
	// scans is how many searches, exports and reports read at once, of different accounts. They have connections of their own, so that
	// nothing else waits for one: look-ups of keys and leads, the dialer, updates.
	scans = 4
	// scanTime is how long one may wait for its turn and read.
	scanTime = 10 * time.Second
)

// scan runs a read whose cost grows with what the account has stored. All statements of fn see the same state. Scans of one account
// wait for each other; what takes longer than scanTime is interrupted and fault.Unavailable.
func (s *Store) scan(ctx context.Context, accountID id.ID, fn func(session) error) error {
	limited, cancel := context.WithTimeout(ctx, s.scanTime)
	defer cancel()
	done, err := s.turns.take(limited, accountID)
	if err == nil {
		err = s.backend.scan(limited, fn)
		done()
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return &fault.Error{
			Kind: fault.Unavailable, RetryAfter: s.scanTime, Err: err,
			Detail: fmt.Sprintf("Searches and reports may take %s, those of the same account before this one included. Narrow it, or repeat it later.", s.scanTime),
		}
	}
	return err
}

// turns lets a number of accounts in at once, each once.
type turns struct {
	places   chan struct{}
	mu       sync.Mutex
	accounts map[id.ID]*turn
}

// turn is that of an account whose scans run or wait.
type turn struct {
	taken chan struct{}
	users int
}

func newTurns(places int) *turns {
	return &turns{places: make(chan struct{}, places), accounts: map[id.ID]*turn{}}
}

// take waits for the account's turn and then for a place, so that what waits for its own account takes no place from others.
func (t *turns) take(ctx context.Context, accountID id.ID) (done func(), err error) {
	t.mu.Lock()
	own := t.accounts[accountID]
	if own == nil {
		own = &turn{taken: make(chan struct{}, 1)}
		t.accounts[accountID] = own
	}
	own.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if own.users--; own.users == 0 {
			delete(t.accounts, accountID)
		}
	}
	select {
	case own.taken <- struct{}{}:
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
	select {
	case t.places <- struct{}{}:
	case <-ctx.Done():
		<-own.taken
		leave()
		return nil, ctx.Err()
	}
	return func() {
		<-t.places
		<-own.taken
		leave()
	}, nil
}
