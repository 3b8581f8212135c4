package lead

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

var update = flag.Bool("update", false, "rewrite docs/state-machine.md")

var (
	start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	now   = start.Add(time.Hour)
	rules = Rules{MaximumAttempts: 3, Interval: 24 * time.Hour, RingFor: 30 * time.Second}
)

const (
	claimID  = id.ID("0000000000000000000000c1")
	callID   = id.ID("0000000000000000000000d1")
	changeID = id.ID("0000000000000000000000e1")
	old      = phone.Number("+14155550101")
	other    = phone.Number("+14155550102")
)

func ptr[T any](v T) *T { return &v }

// states are the situations that the table tells apart.
func states() []struct {
	name string
	lead Lead
} {
	fresh := Lead{ID: "000000000000000000000001", Phone: old, Status: New, Created: start, Due: start, Version: 1}
	retry := fresh
	retry.Status, retry.Attempts, retry.State.Spent = NeedRetry, 1, map[call.Outcome]int{call.BusyOutcome: 1}
	exhausted := retry
	exhausted.Attempts = 3
	queued := must(Step(retry, Claimed{Claim: claimID, Node: "a"}, rules, now))
	ringing := must(Step(queued, Began{Claim: claimID, Call: callID}, rules, now))
	talking := must(Step(ringing, Answered{Call: callID}, rules, now))
	last := ringing
	last.Attempts = 3
	stopped := must(Step(ringing, Edited{Patch: Patch{Status: ptr(Completed)}}, rules, now))
	again := must(Step(talking, Edited{Patch: Patch{Status: ptr(NeedRetry)}}, rules, now))
	ofMany := must(Step(retry, Edited{Patch: Patch{Status: ptr(Completed)}, Change: changeID}, rules, now))
	final := retry
	final.Status, final.Due = Success, time.Time{}
	return []struct {
		name string
		lead Lead
	}{
		{"New, due", fresh}, {"NeedRetry, due", retry}, {"NeedRetry, attempts used up", exhausted}, {"InCallQueue", queued}, {"OnCall, ringing", ringing},
		{"OnCall, ringing, last attempt", last}, {"OnCall, talking", talking}, {"130 by hand, call being cancelled", stopped},
		{"10 by hand, call talking", again}, {"130 by a change of many", ofMany}, {"Success", final},
	}
}

func must(l Lead, _ Effects, err error) Lead {
	if err != nil {
		panic(err)
	}
	return l
}

// events are those of the table, each with every id that could fit.
func events() []struct {
	name  string
	event Event
} {
	finished := func(o call.Outcome) Finished { return Finished{Call: callID, Outcome: o, Ended: now} }
	return []struct {
		name  string
		event Event
	}{
		{"Claimed", Claimed{Claim: claimID, Node: "a"}},
		{"Claimed, blacklisted", Claimed{Claim: claimID, Blacklisted: true}},
		{"Claimed, wrong country", Claimed{Claim: claimID, WrongCountry: true}},
		{"Postponed", Postponed{Until: now.Add(time.Minute)}},
		{"Began", Began{Claim: claimID, Call: callID}},
		{"Answered", Answered{Call: callID}},
		{"Released (claim)", Released{Claim: claimID}},
		{"Released (call)", Released{Call: callID}},
		{"Finished success", finished(call.Success)},
		{"Finished notSuccess", finished(call.NotSuccess)},
		{"Finished answered", finished(call.Answered)},
		{"Finished answered, call-back promised", Finished{Call: callID, Outcome: call.NotSuccess, Ended: now, Callback: now.Add(2 * time.Hour)}},
		{"Finished voicemail", finished(call.Voicemail)},
		{"Finished machine", finished(call.Machine)},
		{"Finished busy", finished(call.BusyOutcome)},
		{"Finished noAnswer", finished(call.RangOut)},
		{"Finished failed", finished(call.SetupFailed)},
		{"Finished notAllocated", finished(call.NotAllocated)},
		{"Finished neverRang", finished(call.NeverRang)},
		{"Finished broke", finished(call.Broke)},
		{"Finished cancelled by a person", Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.ByPerson, Ended: now}},
		{"Finished cancelled by the blacklist", Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.BySuppression, Ended: now}},
		{"Finished cancelled by shutdown", Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.ByShutdown, Ended: now}},
		{"Lost", Lost{Claim: claimID, Call: ""}},
		{"Lost (call)", Lost{Call: callID}},
		{"Edited to 100", Edited{Patch: Patch{Status: ptr(Success)}}},
		{"Edited to 130, hangUp", Edited{Patch: Patch{Status: ptr(Completed)}, HangUp: true}},
		{"Edited to 1", Edited{Patch: Patch{Status: ptr(New)}}},
		{"Edited to 10", Edited{Patch: Patch{Status: ptr(NeedRetry)}}},
		{"Edited, new number", Edited{Patch: Patch{Phone: ptr(other)}}},
		{"Edited, new number and 10", Edited{Patch: Patch{Phone: ptr(other), Status: ptr(NeedRetry)}}},
		{"Edited, hours closed", Edited{Patch: Patch{Zone: ptr("Europe/Rome"), ZoneKey: "Europe/Rome"}, Closed: true}},
		{"HungUp by a person", HungUp{Call: callID, Why: call.ByPerson}},
		{"HungUp by shutdown", HungUp{Call: callID, Why: call.ByShutdown}},
		{"TakenBack", TakenBack{Change: changeID}},
		{"Suppressed", Suppressed{}},
		{"Deleted", Deleted{}},
	}
}

// cell describes what an event does to a state, in few words.
func cell(l Lead, event Event) string {
	next, effects, err := Step(l, event, rules, now)
	if fault.Is(err, fault.Conflict) {
		return "–"
	}
	if err != nil {
		return err.Error()
	}
	parts := []string{fmt.Sprintf("%d", next.Status)}
	if next.Attempts != l.Attempts {
		parts = append(parts, fmt.Sprintf("attempts %d→%d", l.Attempts, next.Attempts))
	}
	switch {
	case next.Due.IsZero() && !l.Due.IsZero():
		parts = append(parts, "not due")
	case !next.Rest.Zero() && next.Rest != l.Rest:
		parts = append(parts, "rests after "+string(next.Rest.After))
	case !next.Due.IsZero() && !next.DueAt(rules).Equal(l.Due):
		switch wait := next.DueAt(rules).Sub(now); {
		case wait == 0:
			parts = append(parts, "due now")
		case wait < 0:
			parts = append(parts, "due as before the claim")
		default:
			parts = append(parts, "due in "+strings.TrimSuffix(strings.TrimSuffix(wait.String(), "0s"), "0m"))
		}
	}
	if next.Promised {
		parts = append(parts, "promised")
	}
	if next.State.Granted && !l.State.Granted {
		parts = append(parts, "one attempt granted")
	}
	if effects.Cancel != call.NotCancelled {
		parts = append(parts, "cancel ("+string(effects.Cancel)+")")
	}
	if effects.HangUp {
		parts = append(parts, "hang up")
	}
	if next.Call != l.Call {
		if next.Call.Zero() {
			parts = append(parts, "call cleared")
		} else {
			parts = append(parts, "call set")
		}
	}
	return strings.Join(parts, ", ")
}

// TestStateMachineDocument holds docs/state-machine.md to what Step does: the document is printed from code.
func TestStateMachineDocument(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("# The state machine of a lead\n\nPrinted from `internal/lead` (`go test ./internal/lead -run StateMachineDocument -update`); do not edit.\n")
	b.WriteString("Each cell is the status after the event and what else changes; “–” is a conflict that\nchanges nothing. Three attempts are allowed, the retry interval is 24 h, the ring time 30 s.\n")
	for _, s := range states() {
		fmt.Fprintf(&b, "\n## From: %s (%d, attempts %d)\n\n| event | after it |\n|---|---|\n", s.name, s.lead.Status, s.lead.Attempts)
		for _, e := range events() {
			fmt.Fprintf(&b, "| %s | %s |\n", e.name, cell(s.lead, e.event))
		}
	}
	const path = "../../docs/state-machine.md"
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("docs/state-machine.md is not what Step does (-document +code):\n%s", diff)
	}
}

func TestStepTable(t *testing.T) {
	t.Parallel()
	byName := map[string]Lead{}
	for _, s := range states() {
		byName[s.name] = s.lead
	}
	limit := 2
	tests := []struct {
		name   string
		from   string
		event  Event
		rules  func(Rules) Rules
		want   string
		effect string
	}{
		{"a hand-set stop wins over a ringing call", "OnCall, ringing", Edited{Patch: Patch{Status: ptr(Completed)}}, nil, "130 attempts=2 due=never", "cancel=stop"},
		{"a stop leaves a conversation alone", "OnCall, talking", Edited{Patch: Patch{Status: ptr(Completed)}}, nil, "130 attempts=2 due=never", ""},
		{"unless it is asked to hang up", "OnCall, talking", Edited{Patch: Patch{Status: ptr(Completed)}, HangUp: true}, nil, "130 attempts=2 due=never", "hangUp"},
		{"hangUp has no effect on 1 and 10", "OnCall, talking", Edited{Patch: Patch{Status: ptr(NeedRetry)}, HangUp: true}, nil, "10 attempts=2 due=never", ""},
		{"the result of a call does not undo a hand-set status", "130 by hand, call being cancelled", Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.ByStop, Ended: now}, nil, "130 attempts=2 due=never", ""},
		{"a lead set to 10 in a call is due after it", "10 by hand, call talking", Finished{Call: callID, Outcome: call.Success, Ended: now}, nil, "10 attempts=2 due=0s", ""},
		{"10 grants one attempt where all are used", "NeedRetry, attempts used up", Edited{Patch: Patch{Status: ptr(NeedRetry)}}, nil, "10 attempts=3 due=0s", "granted"},
		{"a number changed while ringing is no attempt", "OnCall, ringing", Edited{Patch: Patch{Phone: ptr(other)}}, nil, "10 attempts=1 due=never", "cancel=number"},
		{"busy waits for the interval", "OnCall, ringing", Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now}, nil, "10 attempts=2 due=24h0m0s", ""},
		{"busy on the last attempt", "OnCall, ringing, last attempt", Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now}, nil, "150 attempts=3 due=never", ""},
		{"a policy's delays replace the interval, the last repeats", "OnCall, ringing", Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now},
			func(r Rules) Rules {
				r.Retry = RetryPolicy{call.BusyOutcome: {Delays: []int{900, 3600}}}
				return r
			}, "10 attempts=2 due=1h0m0s", ""},
		{"a delay beyond all bounds is a long one", "OnCall, ringing", Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now},
			func(r Rules) Rules { r.Retry = RetryPolicy{call.BusyOutcome: {Delays: []int{1 << 60}}}; return r }, "10 attempts=2 due=87600h0m0s", ""},
		{"a policy caps attempts that end with an outcome", "OnCall, ringing", Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now},
			func(r Rules) Rules {
				r.Retry = RetryPolicy{call.BusyOutcome: {MaximumAttempts: &limit}}
				return r
			}, "150 attempts=2 due=never", ""},
		{"voicemail is final", "OnCall, talking", Finished{Call: callID, Outcome: call.Voicemail, Ended: now}, nil, "70 attempts=2 due=never", ""},
		{"unless the policy gives another attempt", "OnCall, talking", Finished{Call: callID, Outcome: call.Voicemail, Ended: now},
			func(r Rules) Rules { r.Retry = RetryPolicy{call.Voicemail: {Delays: []int{60}}}; return r }, "10 attempts=2 due=1m0s", ""},
		{"a promised call-back", "OnCall, talking", Finished{Call: callID, Outcome: call.NotSuccess, Ended: now, Callback: now.Add(time.Hour)}, nil, "10 attempts=2 due=1h0m0s promised", ""},
		{"a lost call is not redialled before it must have stopped ringing", "OnCall, ringing", Lost{Call: callID},
			func(r Rules) Rules { r.Retry = RetryPolicy{call.Lost: {Delays: []int{1}}}; return r }, "10 attempts=2 due=1m0s", ""},
		{"nothing can have rung", "OnCall, ringing", Finished{Call: callID, Outcome: call.NeverRang, Ended: now}, nil, "10 attempts=1 due=-1h0m0s", ""},
		{"the process stops while it rings", "OnCall, ringing", Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.ByShutdown, Ended: now}, nil, "10 attempts=1 due=-1h0m0s", ""},
		{"a person hangs up while it rings: the attempt counts", "OnCall, ringing", Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.ByPerson, Ended: now}, nil, "10 attempts=2 due=24h0m0s", ""},
		{"the blacklist takes a queued lead at once", "InCallQueue", Suppressed{}, nil, "220 attempts=1 due=never", ""},
		{"a stop of many that is taken back leaves no trace", "130 by a change of many", TakenBack{Change: changeID}, nil, "10 attempts=1 due=-1h0m0s", ""},
		{"and cancels a ringing one", "OnCall, ringing", Suppressed{}, nil, "40 attempts=2 due=never", "cancel=suppress"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := rules
			if test.rules != nil {
				r = test.rules(r)
			}
			from, ok := byName[test.from]
			if !ok {
				t.Fatalf("no state %q", test.from)
			}
			next, effects, err := Step(from, test.event, r, now)
			if err != nil {
				t.Fatal(err)
			}
			due := "never"
			if !next.Due.IsZero() {
				due = next.DueAt(r).Sub(now).String()
			}
			got := fmt.Sprintf("%d attempts=%d due=%s", next.Status, next.Attempts, due)
			if next.Promised {
				got += " promised"
			}
			if got != test.want {
				t.Errorf("lead: got %q, want %q", got, test.want)
			}
			effect := ""
			switch {
			case effects.Cancel != call.NotCancelled:
				effect = "cancel=" + string(effects.Cancel)
			case effects.HangUp:
				effect = "hangUp"
			case next.State.Granted:
				effect = "granted"
			}
			if effect != test.effect {
				t.Errorf("effect: got %q, want %q", effect, test.effect)
			}
		})
	}
}

func TestGrantedAttemptIsUsedOnceAndGivenBack(t *testing.T) {
	t.Parallel()
	l := Lead{Phone: old, Status: Unreachable, Attempts: 3}
	l = must(Step(l, Edited{Patch: Patch{Status: ptr(NeedRetry)}}, rules, now))
	l = must(Step(l, Claimed{Claim: claimID}, rules, now))
	l = must(Step(l, Began{Claim: claimID, Call: callID}, rules, now))
	if l.Attempts != 4 || l.State.Granted {
		t.Fatalf("after begin: attempts %d, granted %v", l.Attempts, l.State.Granted)
	}
	changed := must(Step(l, Edited{Patch: Patch{Phone: ptr(other)}}, rules, now))
	changed = must(Step(changed, Finished{Call: callID, Outcome: call.Cancelled, Cancel: call.ByNumber, Ended: now}, rules, now))
	if !changed.AttemptLeft(rules) || changed.Status != NeedRetry || changed.Due != now {
		t.Errorf("a new number while the granted call rang must leave that attempt: %+v", changed)
	}
	busy := must(Step(l, Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now}, rules, now))
	if busy.Status != Unreachable {
		t.Errorf("after the granted attempt: status %d, want 150", busy.Status)
	}
}

// TestNewStartForgetsTheCallInTheAir: attempts go back to 0 when a lead is set to 1, and the call that was in the air then
// neither counts towards a cap of the retry policy nor gives a granted attempt back.
func TestNewStartForgetsTheCallInTheAir(t *testing.T) {
	t.Parallel()
	l := Lead{Phone: old, Status: Unreachable, Attempts: 3}
	l = must(Step(l, Edited{Patch: Patch{Status: ptr(NeedRetry)}}, rules, now))
	l = must(Step(l, Claimed{Claim: claimID}, rules, now))
	l = must(Step(l, Began{Claim: claimID, Call: callID}, rules, now))
	l = must(Step(l, Edited{Patch: Patch{Status: ptr(New)}}, rules, now))
	for _, end := range []Event{
		Finished{Call: callID, Outcome: call.BusyOutcome, Ended: now}, Finished{Call: callID, Outcome: call.NeverRang, Ended: now}, Lost{Call: callID},
	} {
		after := must(Step(l, end, rules, now))
		if after.Status != New || after.Attempts != 0 || len(after.State.Spent) > 0 || after.State.Granted || after.State.Forgotten {
			t.Errorf("after %T: %+v", end, after)
		}
	}
}
