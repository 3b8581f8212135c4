package engine_test

import (
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/report"
)

// TestRollUp: a bucket is rolled up half an hour after its end, and again when a call of it ends later or is deleted.
func TestRollUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	due := func() (found []engine.DueRollup) {
		t.Helper()
		err := w.store.Update(w.ctx, func(tx engine.Tx) (err error) {
			found, err = tx.DueRollups(w.clock.Now().Add(time.Hour), 100)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	rollUp := func(at time.Duration, left int) {
		t.Helper()
		w.clock.Set(tuesday.Add(at))
		if more, err := w.e.RollUp(w.ctx); err != nil || more {
			t.Fatalf("more to do: %v, %v", more, err)
		}
		if buckets := due(); len(buckets) != left {
			t.Errorf("after %v %v are due, want %d", at, buckets, left)
		}
	}
	counts := func(calls, answered int) {
		t.Helper()
		tally := report.NewTally(time.UTC)
		if err := w.store.TallyCalls(w.ctx, w.account, w.pearl, tuesday, tuesday.Add(24*time.Hour), tally); err != nil {
			t.Fatal(err)
		}
		if o := tally.Report(nil).Overview; o.TotalCalls != calls || o.AnsweredCalls != answered {
			t.Errorf("%d calls, %d answered; want %d and %d", o.TotalCalls, o.AnsweredCalls, calls, answered)
		}
	}
	short, long := w.talkTo(fictional(1)), w.talkTo(fictional(2))
	w.finish(short, call.Success)
	if buckets := due(); len(buckets) != 1 || !buckets[0].Bucket.Equal(tuesday) || buckets[0].Pearl != w.pearl {
		t.Errorf("due are %v", buckets)
	}
	counts(2, 1)
	rollUp(45*time.Minute, 1)
	rollUp(45*time.Minute+time.Millisecond, 0)
	counts(2, 1)
	w.clock.Set(tuesday.Add(50 * time.Minute))
	w.finish(long, call.Success)
	if buckets := due(); len(buckets) != 1 {
		t.Errorf("due are %v after a call of the bucket has ended", buckets)
	}
	counts(2, 2)
	rollUp(51*time.Minute, 0)
	counts(2, 2)
	if _, err := w.e.DeleteCalls(w.ctx, w.actor, []id.ID{short.Call.ID}); err != nil {
		t.Fatal(err)
	}
	counts(1, 1)
	rollUp(52*time.Minute, 0)
	counts(1, 1)
}

// TestRollUpIsBounded: one transaction rolls up a few buckets, or many calls, and says that there is more to do.
func TestRollUpIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	add := func(calls int, start func(n int) time.Time) {
		err := w.store.Update(w.ctx, func(tx engine.Tx) error {
			for n := range calls {
				at := start(n)
				err := tx.InsertCall(call.Call{
					ID: w.e.IDs.New(at), Account: w.account, Pearl: w.pearl, To: fictional(n), Start: at, Ended: at, Finished: at, Status: call.Busy,
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	turns := func() (n int) {
		for {
			n++
			if more, err := w.e.RollUp(w.ctx); err != nil {
				t.Fatal(err)
			} else if !more {
				return n
			}
		}
	}
	add(40, func(n int) time.Time { return tuesday.Add(time.Duration(-n-4) * report.Bucket) })
	if n := turns(); n != 3 {
		t.Errorf("40 buckets took %d turns", n)
	}
	add(3000, func(n int) time.Time { return tuesday.Add(time.Duration(-n%3-4) * report.Bucket) })
	if n := turns(); n != 3 {
		t.Errorf("3 buckets of a thousand calls took %d turns", n)
	}
}
