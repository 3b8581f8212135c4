package engine_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// testRecordingsHaveALimit: an account whose recordings take what they may goes on calling without, is warned, and records again
// when calls were deleted; others record.
func testRecordingsHaveALimit(t *testing.T, s engine.Store) {
	var log bytes.Buffer
	w := newWorld(t, s, func(c *engine.Config) {
		c.Limits.Recordings = 2000
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	n := 0
	record := func(of *world, bytes int64) (call.Track, id.ID) {
		t.Helper()
		n++
		begun := of.talkTo(fictional(n))
		of.clock.Add(time.Second)
		ending := engine.Ending{Outcome: call.Success, Ended: of.clock.Now()}
		if begun.Script.Recording != call.TrackNone {
			ending.Recording, ending.RecordingBytes = "x.wav", bytes
		}
		of.finishWith(begun, ending)
		return begun.Script.Recording, begun.Call.ID
	}
	var first id.ID
	var tracks []call.Track
	for i := range 4 {
		track, callID := record(w, 1000)
		tracks = append(tracks, track)
		if i == 0 {
			first = callID
		}
	}
	same(t, "tracks of calls of 1,000 bytes where 2,000 are allowed", fmt.Sprint(tracks), "[3 3 4 4]")
	full, err := w.e.RecordingsFull(w.ctx, w.account)
	if err != nil || !strings.Contains(full, "--recordings-per-account") {
		t.Errorf("the account is told %q, %v", full, err)
	}
	if told := strings.Count(log.String(), "calls are not recorded"); told != 1 {
		t.Errorf("the log says so %d times: %s", told, &log)
	}
	other := newWorld(t, s)
	other.e = w.e // one server
	track, _ := record(other, 1000)
	same(t, "of another account", fmt.Sprint(track), "3")

	if _, err := w.e.DeleteCalls(w.ctx, w.actor, []id.ID{first}); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(2 * time.Minute)
	track, _ = record(w, 1000)
	same(t, "when a call was deleted", fmt.Sprint(track), "3")
}
