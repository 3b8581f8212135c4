package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nacre/internal/id"
)

// recorded are upper bounds of what the recordings of accounts take: summed up once, then added to.
type recorded struct {
	mu        sync.Mutex
	byAccount map[id.ID]recordedBytes
}

type recordedBytes struct {
	bytes int64
	at    time.Time // when they were summed up
	full  bool      // as they were then, and the log says so
}

// add notes a recording.
func (r *recorded) add(accountID id.ID, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, summed := r.byAccount[accountID]; summed {
		known.bytes += bytes
		r.byAccount[accountID] = known
	}
}

// mayRecord reports whether the recordings of an account take less than they may. Where they do not, calls go on without (ADR
// 30): recordings are removed by retention, or by deleting their calls, and never to make room.
func (e *Engine) mayRecord(ctx context.Context, accountID id.ID) (bool, error) {
	limit := e.Limits.Recordings
	if limit <= 0 {
		return true, nil
	}
	e.recorded.mu.Lock()
	known, summed := e.recorded.byAccount[accountID]
	e.recorded.mu.Unlock()
	now := e.clock()
	switch {
	case summed && known.bytes < limit:
		return true, nil
	case known.full && now.Sub(known.at) < recountAfter:
		return false, nil
	}
	bytes, err := e.Store.Recorded(ctx, accountID)
	if err != nil {
		return false, fmt.Errorf("sum up recordings: %w", err)
	}
	full := bytes >= limit
	e.recorded.mu.Lock()
	if e.recorded.byAccount == nil {
		e.recorded.byAccount = map[id.ID]recordedBytes{}
	}
	known = e.recorded.byAccount[accountID]
	tell := full && !known.full
	e.recorded.byAccount[accountID] = recordedBytes{bytes: bytes, at: now, full: full}
	e.recorded.mu.Unlock()
	if tell {
		e.Log.Warn("calls are not recorded: the recordings of the account take as much room as it may have (--recordings-per-account)",
			"account", accountID, "bytes", bytes, "limit", limit)
	}
	return !full, nil
}

// RecordingsFull is in words why calls of an account are not recorded at the moment, "" where they are.
func (e *Engine) RecordingsFull(ctx context.Context, accountID id.ID) (string, error) {
	room, err := e.mayRecord(ctx, accountID)
	if err != nil || room {
		return "", err
	}
	return fmt.Sprintf("Calls are made and not recorded: the account's recordings take the %d MiB that this server allows it (--recordings-per-account). "+
		"Deleted calls and a shorter retention (retentionDays) make room.", e.Limits.Recordings>>20), nil
}
