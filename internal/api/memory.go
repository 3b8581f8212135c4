package api

import (
	"sync"

	"nacre/internal/id"
)

const (
	// freeBody is what any body may take without asking: an update that stops a call is never refused because others send
	// large bodies.
	freeBody          = 64 << 10
	defaultBodyMemory = 256 << 20
)

// bodyMemory bounds what bodies of requests take from their first byte to the answer. An account may hold as much as it
// leaves free, so that however much one sends at once, there is room for others.
type bodyMemory struct {
	limit int64 // bytes

	mu        sync.Mutex
	used      int64
	byAccount map[id.ID]int64
}

func newBodyMemory(limit int64) *bodyMemory {
	if limit <= 0 {
		limit = defaultBodyMemory
	}
	return &bodyMemory{limit: limit, byAccount: map[id.ID]int64{}}
}

// take adds to what the account holds, or reports that there is no room.
func (m *bodyMemory) take(accountID id.ID, bytes int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byAccount[accountID]+bytes > m.limit-m.used-bytes {
		return false
	}
	m.used += bytes
	m.byAccount[accountID] += bytes
	return true
}

// give takes from what the account holds.
func (m *bodyMemory) give(accountID id.ID, bytes int64) {
	if bytes == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= bytes
	if m.byAccount[accountID] -= bytes; m.byAccount[accountID] == 0 {
		delete(m.byAccount, accountID)
	}
}
