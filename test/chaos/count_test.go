package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nacre/test/process"
)

// callRow is a call as the database has it; instants are Unix milliseconds.
type callRow struct {
	ID, Lead, To           string
	Start, Ended, Finished int64
}

func rows[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) []T {
	t.Helper()
	found, err := conn.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowToStructByPos[T])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// settled waits until the server has told all there is to tell, and has settled the adds that failed. What it had in its hands when
// it was killed waits for its lease to end.
func settled(t *testing.T, database string) {
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	type left struct{ Deliveries, Adds int }
	for deadline := time.Now().Add(2 * time.Minute); ; pause(500 * time.Millisecond) {
		now := rows[left](t, conn, "SELECT (SELECT count(*) FROM delivery WHERE state = 'pending'), (SELECT count(*) FROM bulk)")[0]
		if now == (left{}) {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d webhooks and %d adds are pending still", now.Deliveries, now.Adds)
			return
		}
	}
}

func count(t *testing.T, database, report string, w *world, crm *process.Receiver) {
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	calls := rows[callRow](t, conn, "SELECT id, lead_id, to_number, start, ended, finished FROM call WHERE pearl_id = $1 ORDER BY start, id", w.pearl)
	countCalls(t, report, w, calls)
	countWebhooks(t, conn, w, crm)
	countAdds(t, conn, w)
	t.Logf("%d calls, %d webhooks, %d large adds, %d stops", len(calls), len(crm.Delivered()), len(w.adds), len(w.stopped))
}

// countCalls: as many INVITEs as call rows at most, one live call a number, no more live calls than agents, none after a stop.
func countCalls(t *testing.T, report string, w *world, calls []callRow) {
	raw, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	invites := map[string]int{}
	if err := json.Unmarshal(raw, &invites); err != nil {
		t.Fatal(err)
	}
	of, last := map[string]int{}, map[string]callRow{}
	for _, c := range calls {
		of[c.To]++
		if c.Finished == 0 {
			t.Errorf("call %s is not final", c.ID)
		}
		if before, again := last[c.To]; again && before.Finished > c.Start {
			t.Errorf("%s: call %s began before %s was final", c.To, c.ID, before.ID)
		}
		last[c.To] = c
		if at, stopped := w.stopped[c.Lead]; stopped && c.Start > at.UnixMilli() {
			t.Errorf("%s was called %d ms after its stop was answered", c.To, c.Start-at.UnixMilli())
		}
		live := 0
		for _, other := range calls {
			if other.Start <= c.Start && (other.Finished > c.Start || other.ID == c.ID) {
				live++
			}
		}
		if live > agents {
			t.Errorf("%d calls were live when %s began, of %d agents", live, c.ID, agents)
		}
	}
	total := 0
	for to, n := range invites {
		total += n
		if n > of[to] {
			t.Errorf("%s: %d INVITEs, %d call rows", to, n, of[to])
		}
	}
	if total == 0 {
		t.Error("the carrier was never called")
	}
	t.Logf("%d INVITEs of %d calls", total, len(calls))
}

// countWebhooks: every change is announced once, in order, and was received as it is stored; nothing was that is not.
func countWebhooks(t *testing.T, conn *pgx.Conn, w *world, crm *process.Receiver) {
	bodies := map[string]string{}
	for _, d := range crm.Delivered() {
		bodies[d.ID] = d.Body
		if d.Changed {
			t.Errorf("webhook %s was delivered with two bodies", d.ID)
		}
	}
	type delivery struct{ ID, Kind, Lead, Call, Body, State string }
	stored := rows[delivery](t, conn, "SELECT id, kind, lead_id, call_id, convert_from(body, 'UTF8'), state FROM delivery WHERE pearl_id = $1 ORDER BY lead_id, sequence", w.pearl)
	told := map[string][]int{}
	known := map[string]bool{}
	events := map[string]int{}
	for _, d := range stored {
		known[d.ID] = true
		body, received := bodies[d.ID]
		switch {
		case d.State != "delivered":
			t.Errorf("webhook %s is %s", d.ID, d.State)
		case !received:
			t.Errorf("webhook %s is stored as delivered and was not received", d.ID)
		case body != d.Body:
			t.Errorf("webhook %s was received with another body", d.ID)
		}
		var about struct{ Status int }
		if err := json.Unmarshal([]byte(d.Body), &about); err != nil {
			t.Fatal(err)
		}
		if d.Kind == "lead" {
			told[d.Lead] = append(told[d.Lead], about.Status)
		} else if event := fmt.Sprint(d.Call, " ", about.Status == 3); events[event] > 0 {
			t.Errorf("call %s has two webhooks of its begin or its end", d.Call)
		} else {
			events[event]++
		}
	}
	for id := range bodies {
		if !known[id] {
			t.Errorf("webhook %s was received, and its change is not there", id)
		}
	}
	type change struct {
		Lead string
		To   int
	}
	changed := map[string][]int{}
	for _, c := range rows[change](t, conn, "SELECT lead_id, status_to FROM history WHERE kind = 'status' ORDER BY lead_id, entry") {
		changed[c.Lead] = append(changed[c.Lead], c.To)
	}
	for _, leadID := range w.ids {
		if !slices.Equal(told[leadID], changed[leadID]) {
			t.Errorf("lead %s: changed to %v, told %v", leadID, changed[leadID], told[leadID])
		}
	}
	type number struct{ N int }
	if ended := rows[number](t, conn, "SELECT count(*) FROM call WHERE pearl_id = $1", w.pearl)[0].N; len(events) != 2*ended {
		t.Errorf("%d webhooks of begins and ends of %d calls", len(events), ended)
	}
}

// countAdds: an add is whole or not there, it is there once where it was answered, and nothing of it is left under way.
func countAdds(t *testing.T, conn *pgx.Conn, w *world) {
	type number struct{ N int }
	whole := 0
	for prefix, result := range w.adds {
		n := rows[number](t, conn, "SELECT count(*) FROM lead WHERE pearl_id = $1 AND starts_with(external_id, $2)", w.park, prefix)[0].N
		if n != addSize && (n != 0 || result == "whole") {
			t.Errorf("%d leads of the add %s, of %d (%s)", n, prefix, addSize, result)
		}
		if n == addSize {
			whole++
		}
	}
	if left := rows[number](t, conn, "SELECT count(*) FROM bulk")[0].N; left > 0 {
		t.Errorf("%d adds are left unfinished", left)
	}
	if whole == 0 {
		t.Error("no large add came through")
	}
}
