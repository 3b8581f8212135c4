package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"nacre/internal/engine"
	"nacre/internal/report"
	"nacre/internal/store/storetest"
)

// TestCallsFromBeforeRollups: calls that were there before rollups came are counted as ever, and then rolled up.
func TestCallsFromBeforeRollups(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	before(t, path, 7, func(db *sql.DB) error {
		_, err := db.Exec(`INSERT INTO pearl (id, account_id, type, name, activity, archived, created, version, revision, phone_number_id, settings, webhooks, spent)
			VALUES (?, ?, 2, '', 0, 0, 0, 1, '', '', '{}', '{}', 0)`, string(planPearl), string(planAccount))
		for n := range 100 {
			_, failed := db.Exec(`INSERT INTO call (id, account_id, pearl_id, lead_id, request_id, node, trunk_id, trace, from_number, to_number, name, search, start,
				answered, ended, finished, cancel, hang_up, status, outcome, conversation, duration, tags, sentiment, transferred, callback_promised, recording,
				cost, sequence, summary, call_data, collected, transcript)
				VALUES (?, ?, ?, ?, '', '', '', '', '', '', '', '', ?, 0, 1, 1, '', 0, 5, 'busy', 10, 0, '', 0, 0, 0, '', 0, 0, '', '', '', '')`,
				fmt.Sprintf("%024x", n), string(planAccount), string(planPearl), fmt.Sprintf("%024x", n%7), storetest.Noon.Add(time.Duration(n)*time.Minute).UnixMilli())
			err = errors.Join(err, failed)
		}
		return err
	})
	s, err := OpenSQLite(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	look := func() {
		t.Helper()
		tally := report.NewTally(time.UTC)
		if err := s.TallyCalls(t.Context(), planAccount, planPearl, storetest.Noon, storetest.Noon.Add(24*time.Hour), tally); err != nil {
			t.Fatal(err)
		}
		if o := tally.Report(nil).Overview; o.TotalCalls != 100 || o.TotalLeads != 7 || o.NeedRetry != 100 {
			t.Errorf("%+v", o)
		}
	}
	look()
	err = s.Update(t.Context(), func(tx engine.Tx) error {
		due, err := tx.DueRollups(storetest.Noon.Add(24*time.Hour), 100)
		if len(due) != 7 {
			t.Errorf("%d buckets are due", len(due))
		}
		for _, d := range due {
			_, failed := tx.RollUp(d)
			err = errors.Join(err, failed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	look()
}

// before makes a database as it was before a migration, and has it filled.
func before(t *testing.T, path string, version int64, fill func(*sql.DB) error) {
	t.Helper()
	dsn, err := sqliteDSN(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(database.DialectSQLite3, db, files)
	if err != nil {
		t.Fatal(err)
	}
	_, err = provider.UpTo(t.Context(), version-1)
	if err = errors.Join(err, fill(db), db.Close()); err != nil {
		t.Fatal(err)
	}
}
