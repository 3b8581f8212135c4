package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nacre/internal/engine"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

// nodeDatabase is a database that several processes open.
type nodeDatabase struct {
	open func(options store.Options) (*store.Store, error)
	lose func(t *testing.T) // takes the node's lock away, as its process does not notice at once
	// empty drops all tables beside whoever has the database open: what a program of no version at all left.
	empty func(t *testing.T)
}

func nodeDatabases(t *testing.T, test func(t *testing.T, db nodeDatabase)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		test(t, nodeDatabase{
			open: func(options store.Options) (*store.Store, error) { return store.Open(t.Context(), folder, "", options) },
			lose: func(t *testing.T) {
				if err := os.Remove(filepath.Join(folder, "nacre.lock")); err != nil {
					t.Fatal(err)
				}
			},
			empty: func(t *testing.T) {
				db, err := sql.Open("sqlite", filepath.Join(folder, store.FileName))
				if err != nil {
					t.Fatal(err)
				}
				_, err = db.ExecContext(t.Context(), "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema; PRAGMA writable_schema = RESET; VACUUM")
				if err := errors.Join(err, db.Close()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := storetest.StartPostgres(t)
		change := func(t *testing.T, query string) {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			_, err = conn.Exec(t.Context(), query)
			if err := errors.Join(err, conn.Close(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		test(t, nodeDatabase{
			open: func(options store.Options) (*store.Store, error) { return store.Open(t.Context(), "", url, options) },
			lose: func(t *testing.T) {
				change(t, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
			},
			empty: func(t *testing.T) {
				change(t, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
			},
		})
	})
}

func (db nodeDatabase) node(t *testing.T) *store.Store {
	t.Helper()
	s, err := db.open(store.Options{Node: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestOneNode: one node holds a database, until it closes; who is none works beside it.
func TestOneNode(t *testing.T) {
	t.Parallel()
	nodeDatabases(t, func(t *testing.T, db nodeDatabase) {
		first := db.node(t)
		if second, err := db.open(store.Options{Node: true}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
			t.Errorf("second node on a database: %v, %v", second, err)
		}
		beside, err := db.open(store.Options{})
		if err != nil {
			t.Fatalf("short command beside a node: %v", err)
		}
		if err := beside.Close(); err != nil {
			t.Error(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		db.node(t)
	})
}

// TestNodeIsLost: whose lock goes away is told, and what only the node may write is refused once there is another.
func TestNodeIsLost(t *testing.T) {
	t.Parallel()
	hold := func(s *store.Store) error {
		return s.Update(context.Background(), func(tx engine.Tx) error { return tx.HoldNode() })
	}
	nodeDatabases(t, func(t *testing.T, db nodeDatabase) {
		first := db.node(t)
		if err := hold(first); err != nil {
			t.Errorf("the node does not hold its database: %v", err)
		}
		db.lose(t)
		var second *store.Store
		for deadline := time.Now().Add(30 * time.Second); second == nil; {
			var err error
			if second, err = db.open(store.Options{Node: true}); err != nil && time.Now().After(deadline) {
				t.Fatalf("second node after the first one's lock was lost: %v", err)
			}
		}
		defer second.Close()
		if err := hold(first); !errors.Is(err, engine.ErrNotNode) {
			t.Errorf("the first node writes beside the second: %v", err)
		}
		if err := hold(second); err != nil {
			t.Errorf("the second node does not hold the database: %v", err)
		}
		select {
		case err := <-first.NodeLost():
			t.Log(err)
		case <-time.After(30 * time.Second):
			t.Error("the first node was not told")
		}
	})
}

// TestTablesAreNotChangedUnderANode: a newer program's short command leaves the tables of a running server alone.
// Those it finds are of no version: every migration is pending, whichever is the last.
func TestTablesAreNotChangedUnderANode(t *testing.T) {
	t.Parallel()
	nodeDatabases(t, func(t *testing.T, db nodeDatabase) {
		node := db.node(t)
		db.empty(t)
		if beside, err := db.open(store.Options{}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
			t.Errorf("opened beside a node of another version: %v, %v", beside, err)
		}
		if err := node.Close(); err != nil {
			t.Fatal(err)
		}
		alone, err := db.open(store.Options{})
		if err != nil {
			t.Fatalf("without a node the tables are brought up to date: %v", err)
		}
		if _, err := alone.CountLeads(t.Context(), "a"); err != nil {
			t.Errorf("the tables after that: %v", err)
		}
		if err := alone.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
