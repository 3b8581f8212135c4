package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// countedUpdates is a backend that counts its transactions.
type countedUpdates struct {
	backend
	updates atomic.Int64
}

func (c *countedUpdates) update(ctx context.Context, fn func(session) error) error {
	c.updates.Add(1)
	return c.backend.update(ctx, fn)
}

// TestLastUsesGoInParts: the last uses of many keys hold the writer for no more than 500 of them.
func TestLastUsesGoInParts(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const owner = id.ID("aaaaaaaaaaaaaaaaaaaaaaaa")
	key := func(n int) id.ID { return id.ID(fmt.Sprintf("%024x", n+1)) }
	const keys = 2*touchesAtOnce + 1
	used := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	err = s.Update(t.Context(), func(tx engine.Tx) error {
		for n := range keys {
			if err := tx.InsertKey(account.Key{ID: key(n), Account: owner, Scope: account.ScopeRead, Hash: []byte{byte(n), byte(n >> 8)}, Created: used}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	counted := &countedUpdates{backend: s.backend}
	beside := &Store{backend: counted, touched: map[id.ID]time.Time{}} // whose last uses nobody else writes
	for n := range keys {
		if err := beside.TouchKey(t.Context(), key(n), used); err != nil {
			t.Fatal(err)
		}
	}
	if err := beside.writeTouches(); err != nil {
		t.Fatal(err)
	}
	if n := counted.updates.Load(); n != 3 {
		t.Errorf("%d transactions, want 3", n)
	}
	found, err := s.Keys(t.Context(), owner)
	if err != nil || len(found) != keys {
		t.Fatal(len(found), err)
	}
	for _, k := range found {
		if !k.LastUsed.Equal(used) {
			t.Fatalf("key %s was last used at %s, want %s", k.ID, k.LastUsed, used)
		}
	}
}
