package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

// TestSilentPostgres: a firewall forgets all connections (nothing passes any more, and nobody is told): every read and every
// transaction ends, and says that the database does not answer; those that come next have new connections.
func TestSilentPostgres(t *testing.T) {
	t.Parallel()
	proxy := storetest.StartProxy(t, storetest.StartPostgres(t))
	s, err := store.OpenPostgres(t.Context(), proxy.URL(), store.Options{Node: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ctx := context.Background() // as the dialer's loops: no deadline of its own
	asked := map[string]func() error{
		"RunningPearls":      func() error { _, err := s.RunningPearls(ctx); return err },
		"CallsToStop":        func() error { _, err := s.CallsToStop(ctx, "node"); return err },
		"ReadDeliveryQueues": func() error { _, err := s.ReadDeliveryQueues(ctx); return err },
		"Ping":               func() error { return s.Ping(ctx) },
		"Update": func() error {
			return s.Update(ctx, func(tx engine.Tx) error { _, err := tx.Users("aaaaaaaaaaaaaaaaaaaaaaaa"); return err })
		},
	}
	// One connection each, open and idle.
	var warm sync.WaitGroup
	for what, ask := range asked {
		warm.Go(func() {
			if err := ask(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	warm.Wait()
	proxy.Swallow()
	var wait sync.WaitGroup
	for what, ask := range asked {
		wait.Go(func() {
			if err := ask(); err != nil && !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v, want that the database does not answer, or an answer by a new connection", what, err)
			}
		})
	}
	wait.Wait() // the test's own time limit is what would tell otherwise
	for what, ask := range asked {
		if err := ask(); err != nil {
			t.Errorf("%s after the others were given up: %v", what, err)
		}
	}
	select {
	case err := <-s.NodeLost():
		if !strings.Contains(err.Error(), "connection") {
			t.Errorf("the node is told %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the node was not told that its lock's connection is silent")
	}
}

// TestLossyCommitsAreRefused: a database or role that answers before its disk is refused, with the setting's name.
func TestLossyCommitsAreRefused(t *testing.T) {
	t.Parallel()
	address := storetest.StartPostgres(t)
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for value, fits := range map[string]bool{"off": false, "local": true, "on": true} {
		if _, err := conn.Exec(t.Context(), "ALTER ROLE nacre SET synchronous_commit = "+value); err != nil {
			t.Fatal(err)
		}
		s, err := store.OpenPostgres(t.Context(), address, store.Options{})
		if fits != (err == nil) || err != nil && !strings.Contains(err.Error(), `synchronous_commit is "off"`) {
			t.Errorf("%s: %v", value, err)
		}
		if err == nil {
			_ = s.Close()
		}
	}
}
