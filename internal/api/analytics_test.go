package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// TestAnalyticsAgreeWithSearch: for any range, every figure that has a status of its own is what a call search over the
// same range counts (contract 4), and the days add up to the whole; before calls are rolled up and after, and when some
// are deleted.
func TestAnalyticsAgreeWithSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	begin := time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC) // in the Pearl's zone the clocks go back on November 1
	outcomes := []struct {
		status       call.Status
		outcome      call.Outcome
		conversation int
	}{
		{call.Completed, call.Success, 100}, {call.Completed, call.NotSuccess, 110}, {call.Completed, call.Answered, 130}, {call.Completed, call.Voicemail, 70},
		{call.Busy, call.BusyOutcome, 10}, {call.NoAnswer, call.RangOut, 150}, {call.Failed, call.NotAllocated, 150}, {call.Canceled, call.Cancelled, 10},
		{call.Completed, call.Broke, 500}, {call.InProgress, "", 40},
	}
	err := w.store.Update(t.Context(), func(tx engine.Tx) error {
		for n := range 150 {
			o := outcomes[n*n%len(outcomes)]
			c := w.finished(id.ID(w.names["pearl"]), id.ID(fmt.Sprintf("%024x", n%40)), fmt.Sprint("analysed", n), 0)
			c.Start = begin.Add(time.Duration(n) * 37 * time.Minute)
			c.To, c.Status, c.Outcome, c.Conversation = string(phone.Number(fmt.Sprintf("+1%03d55501%02d", 300+n/100, n%100))), o.status, o.outcome, o.conversation
			c.Answered, c.Ended, c.Finished = c.Start, c.Start.Add(time.Minute), c.Start.Add(time.Minute)
			if o.status == call.InProgress {
				c.Answered, c.Ended, c.Finished = time.Time{}, time.Time{}, time.Time{}
			}
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	agree(t, w, begin, 150)
	rollUp := func() {
		for more := true; more; {
			if more, err = w.engine.RollUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	rollUp()
	agree(t, w, begin, 150)
	_, calls, err := w.store.SearchCalls(t.Context(), w.actor.Account, id.ID(w.names["pearl"]), engine.CallFilter{From: begin, To: begin.Add(96 * time.Hour)}, engine.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var deleted []string
	for _, c := range calls {
		if !c.Finished.IsZero() && len(deleted) < 30 {
			deleted = append(deleted, string(c.ID))
		}
	}
	list, err := json.Marshal(map[string]any{"callIds": deleted})
	if err != nil {
		t.Fatal(err)
	}
	if text := read(t, w.ask(t, "DELETE /v2/Call\n\n"+string(list))); text != "true" {
		t.Fatal(text)
	}
	agree(t, w, begin, 120)
	rollUp()
	agree(t, w, begin, 120)
}

// agree asks for analytics and searches over some ranges. total calls began within 96 hours from begin on.
func agree(t *testing.T, w *world, begin time.Time, total int) {
	t.Helper()
	keys := map[string][]int{"totalCalls": nil, "needRetry": {10}, "voiceMailLeft": {70}, "successful": {100}, "unsuccessful": {110}, "completed": {130}, "unreachable": {150}, "error": {500}}
	const layout = "2006-01-02T15:04:05.000Z"
	for _, span := range [][2]time.Duration{{0, 96 * time.Hour}, {30 * time.Hour, 31 * time.Hour}, {0, 0}, {37 * time.Minute, 74 * time.Minute}, {95 * time.Hour, 96 * time.Hour}} {
		from, to := begin.Add(span[0]).Format(layout), begin.Add(span[1]).Format(layout)
		var found struct {
			CallsStatusOverview map[string]int
			CallsStatusTimeLine []map[string]any
		}
		text := read(t, w.ask(t, fmt.Sprintf("POST /v2/Pearl/{pearl}/Analytics\n\n{\"from\":%q,\"to\":%q}", from, to)))
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for key, statuses := range keys {
			filter, err := json.Marshal(slices.Concat([]int{}, statuses))
			if err != nil {
				t.Fatal(err)
			}
			var searched struct{ Count int }
			text := read(t, w.ask(t, fmt.Sprintf("POST /v1/Outbound/{pearl}/Calls\n\n{\"fromDate\":%q,\"toDate\":%q,\"statuses\":%s,\"limit\":1}", from, to, filter)))
			if err := json.Unmarshal([]byte(text), &searched); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			days := 0
			for _, day := range found.CallsStatusTimeLine {
				days += int(day[key].(float64))
			}
			if whole := found.CallsStatusOverview[key]; whole != searched.Count || whole != days {
				t.Errorf("%s from %s to %s: %d, a search counts %d, the days %d", key, from, to, whole, searched.Count, days)
			}
		}
		if span[1] > 95*time.Hour && span[0] == 0 && found.CallsStatusOverview["totalCalls"] != total {
			t.Errorf("%d calls in all", found.CallsStatusOverview["totalCalls"])
		}
	}
}
