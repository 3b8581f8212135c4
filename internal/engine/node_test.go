package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

// otherEngine is an engine as another process has it, over s, with the clock of w.
func otherEngine(t *testing.T, w *world, s engine.Store) *engine.Engine {
	t.Helper()
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return engine.New(engine.Config{Store: s, Renderer: shortRenderer{}, IDs: ids, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler), Node: "other"})
}

// nodes opens a database as its node, and then as a second one while the first lives: its lock went away.
func nodes(t *testing.T, open func() (*store.Store, error), loseLock func()) (first, second func() *store.Store) {
	t.Helper()
	ready := func(s *store.Store) *store.Store {
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	first = func() *store.Store {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		return ready(s)
	}
	second = func() *store.Store {
		loseLock()
		for deadline := time.Now().Add(30 * time.Second); ; {
			s, err := open()
			if err == nil {
				return ready(s)
			}
			if time.Now().After(deadline) {
				t.Fatalf("open as the second node: %v", err)
			}
		}
	}
	return first, second
}

func TestLostNodeOverSQLite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, second := nodes(t, func() (*store.Store, error) { return store.Open(t.Context(), folder, "", store.Options{Node: true}) }, func() {
		if err := os.Remove(filepath.Join(folder, "nacre.lock")); err != nil {
			t.Fatal(err)
		}
	})
	testLostNode(t, first, second)
}

func TestLostNodeOverPostgres(t *testing.T) {
	t.Parallel()
	url := storetest.StartPostgres(t)
	first, second := nodes(t, func() (*store.Store, error) { return store.Open(t.Context(), "", url, store.Options{Node: true}) }, func() {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
		if err := errors.Join(err, conn.Close(context.Background())); err != nil {
			t.Fatal(err)
		}
	})
	testLostNode(t, first, second)
}

// testLostNode: the lock of a process goes away while it lives. A second one settles what the first holds; the first claims,
// begins, answers and finishes nothing any more, and adds nothing in parts. What a person said on its line binds.
func testLostNode(t *testing.T, first, second func() *store.Store) {
	w := newWorld(t, first())
	w.add(phoneA)
	talking := w.talk()
	ringing := w.add(phoneB)
	rings := w.ring()
	w.add("+14155550103")
	claimed := w.claimOne()
	after := second()
	b := otherEngine(t, w, after)
	claims, calls, err := b.Rescue(w.ctx, "")
	if err != nil || claims != 1 || calls != 2 {
		t.Errorf("the second node settled %d claims and %d calls: %v", claims, calls, err)
	}
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, engine.ErrNotNode) {
			t.Errorf("%s in the process that lost its lock: %v", what, err)
		}
	}
	_, _, err = w.e.Claim(w.ctx, w.account, w.pearl, 10)
	refused("claim", err)
	_, err = w.e.Begin(w.ctx, claimed, "")
	refused("begin", err)
	holds, err := w.e.Answer(w.ctx, rings.Call)
	refused("answer", err)
	if holds {
		t.Error("the answer holds")
	}
	refused("finish", w.e.Finish(w.ctx, talking.Call, engine.Ending{Outcome: call.Success, Ended: w.clock.Now(), OptOut: true}))
	many := make([]engine.NewLead, 1500)
	for n := range many {
		many[n] = engine.NewLead{Phone: fmt.Sprintf("+1415555%04d", n)}
	}
	_, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, many, nil)
	refused("large add", err)
	if c := w.call(talking.Call.ID); c.Outcome != call.Lost {
		t.Errorf("the call that the second node settled as lost has become %q", c.Outcome)
	}
	if covered, err := after.IsSuppressed(w.ctx, w.account, phoneA); err != nil || !covered {
		t.Errorf("who opted out on the first node's line is not on the blacklist: %v", err)
	}
	if _, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, ringing, engine.LeadUpdate{Status: ptr(130)}); err != nil {
		t.Errorf("a stop through the first node's API: %v", err)
	}
	if works, _, err := b.Claim(w.ctx, w.account, w.pearl, 10); err != nil || len(works) != 1 {
		t.Errorf("the second node claims %d leads (the one that was not called): %v", len(works), err)
	}
}
