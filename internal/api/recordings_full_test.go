package api_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
)

// TestWarningOfRecordingsWithoutRoom: a Pearl whose calls are not recorded, because its account's recordings take what they may,
// is warned of.
func TestWarningOfRecordingsWithoutRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	warned := func() bool {
		t.Helper()
		response := w.ask(t, "GET /v2/Pearl/{pearl}/Warnings")
		defer response.Body.Close()
		var rows []struct{ Member, Text string }
		if err := json.NewDecoder(response.Body).Decode(&rows); err != nil || response.StatusCode != 200 {
			t.Fatal(response.Status, err)
		}
		return slices.ContainsFunc(rows, func(row struct{ Member, Text string }) bool { return row.Member == "recordingTrack" })
	}
	if warned() {
		t.Error("warned of without a limit")
	}
	w.engine.Limits.Recordings = 1
	calls, err := w.store.UnfinishedCalls(t.Context(), "")
	if err != nil || len(calls) == 0 {
		t.Fatalf("no call to record: %v", err)
	}
	for _, c := range calls {
		if err := w.engine.Finish(t.Context(), c, engine.Ending{Outcome: call.Success, Ended: w.clock().Add(time.Second), Recording: "x.wav", RecordingBytes: 1000}); err != nil {
			t.Fatal(err)
		}
	}
	w.tick(2 * time.Minute)
	if !warned() {
		t.Error("not warned of")
	}
}
