package store

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/store/storetest"
)

// TestLatenciesOfOlderCalls: calls from before latencies had a column are sorted by theirs, too.
func TestLatenciesOfOlderCalls(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	turns := []string{"", "[900,300,500,400]", "[120]", "[700,600,650]"}
	before(t, path, 7, func(db *sql.DB) error {
		_, err := db.Exec(`INSERT INTO pearl (id, account_id, type, name, activity, archived, created, version, revision, phone_number_id, settings, webhooks, spent)
			VALUES (?, ?, 2, '', 0, 0, 0, 1, '', '', '{}', '{}', 0)`, string(planPearl), string(planAccount))
		for n, latencies := range turns {
			_, failed := db.Exec(`INSERT INTO call (id, account_id, pearl_id, lead_id, request_id, node, trunk_id, trace, from_number, to_number, name, search, start,
				answered, ended, finished, cancel, hang_up, status, outcome, conversation, duration, tags, sentiment, transferred, callback_promised, recording,
				cost, sequence, summary, call_data, collected, transcript, turn_ms)
				VALUES (?, ?, ?, '', '', '', '', '', '', '', '', '', ?, 0, 1, 1, '', 0, 5, 'busy', 10, 0, '', 0, 0, 0, '', 0, 0, '', '', '', '', ?)`,
				fmt.Sprintf("%024x", n), string(planAccount), string(planPearl), storetest.Noon.UnixMilli(), latencies)
			err = errors.Join(err, failed)
		}
		return err
	})
	s, err := OpenSQLite(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	within := engine.CallFilter{From: storetest.Noon, To: storetest.Noon.Add(time.Hour)}
	_, found, err := s.SearchCalls(t.Context(), planAccount, planPearl, within, engine.Page{Limit: 10, Sort: "latencyMs", Ascending: true})
	if err != nil {
		t.Fatal(err)
	}
	var order string
	for _, c := range found {
		order += string(c.ID[len(c.ID)-1])
	}
	if order != "0213" { // none, 120, 400, 650 ms
		t.Errorf("sorted by latency: %s", order)
	}
}
