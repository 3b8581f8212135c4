package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/store/storetest"
)

// onBoth runs a test on a database of either kind, with as few connections as there can be.
func onBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{Connections: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		test(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s, err := OpenPostgres(t.Context(), storetest.StartPostgres(t), Options{Connections: scans + 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		test(t, s)
	})
}

// TestScansHoldUpNobody: while as many accounts search as may, and more of each wait, look-ups and updates go on; of one account one
// search runs at a time, and other accounts do not wait for it.
func TestScansHoldUpNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *Store) {
		begun, release := make(chan id.ID), make(chan struct{})
		ended := make(chan error)
		scan := func(accountID id.ID) {
			go func() {
				ended <- s.scan(t.Context(), accountID, func(q session) error {
					if _, err := one(q, scanInt, "SELECT count(*) FROM lead"); err != nil {
						return err
					}
					begun <- accountID
					<-release
					return nil
				})
			}()
		}
		accounts := []id.ID{"aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccc", "dddddddddddddddddddddddd"}
		for _, accountID := range accounts[:scans] {
			for n := range 3 {
				scan(accountID)
				if n == 0 {
					if first := <-begun; first != accountID {
						t.Errorf("the search of %s has begun, want %s", first, accountID)
					}
				}
			}
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("a look-up meanwhile: %v", err)
		}
		if _, err := s.Key(t.Context(), accounts[0], []byte{1}); fault.Of(err) != fault.Unauthenticated {
			t.Errorf("a look-up of a key meanwhile: %v", err)
		}
		if err := s.Update(t.Context(), func(tx engine.Tx) error { _, err := tx.Bulk("none"); return err }); err != nil {
			t.Errorf("an update meanwhile: %v", err)
		}
		limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		for n, judge := range []func() error{
			func() error { _, err := s.CountLeads(limited, accounts[0]); return err },
			func() error { _, _, err := s.RememberedAnswers(limited, accounts[0], time.Now()); return err },
		} {
			if err := judge(); err != nil {
				t.Errorf("limit %d of an add of the account that searches: %v", n+1, err)
			}
		}
		select {
		case second := <-begun:
			t.Errorf("two searches of %s at once", second)
		default:
		}
		close(release)
		for later, over := 2*scans, 3*scans; later+over > 0; {
			select {
			case <-begun:
				later--
			case err := <-ended:
				over--
				if err != nil {
					t.Error(err)
				}
			}
		}
		if len(s.turns.accounts) != 0 || len(s.turns.places) != 0 {
			t.Errorf("%d accounts and %d places are still held", len(s.turns.accounts), len(s.turns.places))
		}
	})
}

// TestScanIsLimited: what takes too long, its wait for the account's turn included, is interrupted and told so that the client can
// come again; when the client has gone it is not our fault.
func TestScanIsLimited(t *testing.T) {
	t.Parallel()
	const account = id.ID("aaaaaaaaaaaaaaaaaaaaaaaa")
	endless := func(q session) error {
		_, err := one(q, scanInt, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 3 - x FROM n) SELECT count(*) FROM n")
		return err
	}
	onBoth(t, func(t *testing.T, s *Store) {
		s.scanTime = 200 * time.Millisecond
		var told *fault.Error
		if err := s.scan(t.Context(), account, endless); !errors.As(err, &told) || told.Kind != fault.Unavailable || told.RetryAfter < time.Millisecond || told.Detail == "" {
			t.Errorf("an endless query: %v", err)
		}
		s.scanTime = time.Minute
		ctx, leave := context.WithCancel(t.Context())
		err := s.scan(ctx, account, func(q session) error {
			limited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := s.turns.take(limited, account); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("waiting behind a search of the same account: %v", err)
			}
			leave()
			return endless(q)
		})
		if !errors.Is(err, context.Canceled) || fault.Of(err) != fault.Internal {
			t.Errorf("the client has gone: %v", err)
		}
		if err := s.scan(t.Context(), account, func(q session) error { _, err := one(q, scanInt, "SELECT 1"); return err }); err != nil {
			t.Errorf("the next search: %v", err)
		}
	})
}
