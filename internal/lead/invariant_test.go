package lead

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// TestInvariants throws random events at one lead and holds what must be true of every lead at every moment.
func TestInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := Rules{MaximumAttempts: rapid.IntRange(1, 4).Draw(t, "max"), Interval: time.Hour, RingFor: 30 * time.Second}
		l := Add(Lead{ID: "000000000000000000000001", Phone: old}, start)
		at, serial := start, 0
		next := func() id.ID { serial++; return id.ID(fmt.Sprintf("%024x", serial)) }
		granted := 0 // by a hand-set 10, since the lead was New
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "wait")) * time.Second)
			event := draw(t, l, at, next)
			before := l
			after, effects, err := Step(l, event, r, at)
			if fault.Is(err, fault.Conflict) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			l = after
			if _, ok := event.(Began); ok {
				if before.Attempts >= r.MaximumAttempts && !before.State.Granted {
					t.Fatalf("a call began with no attempt left: %+v", before)
				}
			}
			if edited, ok := event.(Edited); ok && edited.Patch.Status != nil {
				switch *edited.Patch.Status {
				case New:
					granted = 0
				case NeedRetry:
					granted++
				}
				if l.Status != *edited.Patch.Status {
					t.Fatalf("a hand-set status does not win: %d, want %d", l.Status, *edited.Patch.Status)
				}
			}
			if l.Attempts > r.MaximumAttempts+granted {
				t.Fatalf("%d attempts of %d, with %d granted", l.Attempts, r.MaximumAttempts, granted)
			}
			if rest, counted := restAfter(before, l, event); counted && l.DueAt(r).Before(at.Add(rest(r))) {
				t.Fatalf("due %s after the end of an attempt: %+v", l.DueAt(r).Sub(at), l)
			}
			if _, ok := event.(Analysed); ok {
				quiet := l
				quiet.Status, quiet.Collected = before.Status, before.Collected
				if diff := cmp.Diff(before, quiet); diff != "" || l.Status != before.Status && (before.Status != NotSuccessful || l.Status != Success) {
					t.Fatalf("an analysis changed more than a verdict: %d, %s", l.Status, diff)
				}
			}
			check(t, before, l, effects)
		}
	})
}

// restAfter is how long the lead must be left alone after the event, where that ended an attempt that counts and nobody set
// a status by hand or promised to call back (contract 9.4).
func restAfter(before, after Lead, event Event) (rest func(Rules) time.Duration, counted bool) {
	interval := func(r Rules) time.Duration { return r.Interval }
	switch e := event.(type) {
	case Finished:
		undone := e.Outcome == call.NeverRang || e.Outcome == call.Cancelled && e.Cancel == call.ByShutdown
		return interval, before.Status == OnCall && after.Status == NeedRetry && !after.Promised && !undone
	case Lost:
		return interval, before.Status == OnCall && after.Status == NeedRetry
	}
	return interval, false
}

func check(t *rapid.T, before, l Lead, effects Effects) {
	switch {
	case l.Status == OnCall && l.Call.Zero():
		t.Fatalf("at 40 without a call: %+v", l)
	case l.Status == InCallQueue && (l.Claim.Zero() || !l.Call.Zero()):
		t.Fatalf("at 20 without a claim, or with a call: %+v", l)
	case l.Status != InCallQueue && !l.Claim.Zero():
		t.Fatalf("a claim outside 20: %+v", l)
	case !l.Due.IsZero() && (!l.Status.Callable() || !l.Call.Zero()):
		t.Fatalf("due while it must not be called: %+v", l)
	case l.Status.Callable() && l.Call.Zero() && l.Due.IsZero():
		t.Fatalf("callable, nothing in the air, and never due: %+v", l)
	case !before.Call.Zero() && !l.Call.Zero() && before.Call != l.Call:
		t.Fatalf("a second call while one is in the air: %+v", l)
	case effects.Cancel != call.NotCancelled && (before.State.Answered || before.State.Cancelled || before.Call.Zero()):
		t.Fatalf("a cancel for a call that does not ring: %+v", before)
	case !l.Rest.Zero() && (l.Status != NeedRetry || l.Due.IsZero() || l.Promised):
		t.Fatalf("rests while it is not waiting for another attempt: %+v", l)
	case l.Attempts < 0:
		t.Fatalf("negative attempts: %+v", l)
	case l.State.Cancelled && l.State.Answered:
		t.Fatalf("cancelled and answered: %+v", l)
	}
}

// draw picks an event; ids fit the lead most of the time.
func draw(t *rapid.T, l Lead, at time.Time, next func() id.ID) Event {
	theCall, claim := l.Call, l.Claim
	if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
		theCall, claim = next(), next()
	}
	outcome := rapid.SampledFrom([]call.Outcome{
		call.Success, call.NotSuccess, call.Answered, call.Voicemail, call.Machine, call.BusyOutcome, call.RangOut,
		call.SetupFailed, call.NotAllocated, call.NeverRang, call.Cancelled, call.Broke,
	})
	switch rapid.IntRange(0, 14).Draw(t, "event") {
	case 0, 1:
		return Claimed{Claim: next(), Node: "a", Blacklisted: rapid.IntRange(0, 9).Draw(t, "black") == 0}
	case 2, 3:
		return Began{Claim: claim, Call: next()}
	case 4:
		return Answered{Call: theCall}
	case 5:
		return Released{Claim: claim}
	case 6, 7:
		f := Finished{Call: theCall, Outcome: outcome.Draw(t, "outcome"), Ended: at}
		if f.Outcome == call.Cancelled {
			f.Cancel = rapid.SampledFrom([]call.Cancel{call.ByStop, call.ByNumber, call.ByPerson, call.ByShutdown, call.BySuppression}).Draw(t, "why")
		}
		return f
	case 8:
		return Lost{Claim: claim, Call: theCall}
	case 9:
		return Suppressed{}
	case 10:
		return HungUp{Call: theCall, Why: call.ByPerson}
	case 11:
		if l.State.Judged != "" && rapid.Bool().Draw(t, "of the last call") {
			theCall = l.State.Judged
		}
		return Analysed{Call: theCall, Success: rapid.Bool().Draw(t, "success"), Collected: []byte(`{}`)}
	case 12:
		number := rapid.SampledFrom([]string{string(old), string(other)}).Draw(t, "number")
		p := old
		if number == string(other) {
			p = other
		}
		return Edited{Patch: Patch{Phone: &p}}
	case 13:
		return TakenBack{Change: changeID}
	default:
		s := rapid.SampledFrom([]Status{New, NeedRetry, Success, NotSuccessful, Completed}).Draw(t, "status")
		return Edited{Patch: Patch{Status: &s}, Change: rapid.SampledFrom([]id.ID{"", changeID}).Draw(t, "change")}
	}
}
