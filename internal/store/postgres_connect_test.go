package store

import (
	"testing"

	"nacre/internal/store/storetest"
)

// TestPostgresEndsWhatIsAbandoned: PostgreSQL is told how long to wait for a client that may have gone without a word.
func TestPostgresEndsWhatIsAbandoned(t *testing.T) {
	t.Parallel()
	s, err := OpenPostgres(t.Context(), storetest.StartProxy(t, storetest.StartPostgres(t)).URL(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		err := s.backend.read(t.Context(), func(q session) error {
			value, err := one(q, scanText[string], "SELECT current_setting(?1)", name)
			if value != "1min" {
				t.Errorf("%s is %q", name, value)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
