package lead

import (
	"encoding/json"
	"testing"
	"time"

	"nacre/internal/call"
)

// TestAnalysed: a verdict that comes after the call turns 110 into 100 where the lead stands as that call left it, and nothing else.
func TestAnalysed(t *testing.T) {
	t.Parallel()
	fresh := Add(Lead{ID: "000000000000000000000001", Phone: old}, start)
	talking := must(Step(must(Step(must(Step(fresh, Claimed{Claim: claimID, Node: "a"}, rules, now)), Began{Claim: claimID, Call: callID}, rules, now)), Answered{Call: callID}, rules, now))
	first, second := json.RawMessage(`{"a":1}`), json.RawMessage(`{"a":1,"b":2}`)
	ended := func(outcome call.Outcome, callback time.Time) Lead {
		return must(Step(talking, Finished{Call: callID, Outcome: outcome, Ended: now, Callback: callback, Collected: first}, rules, now))
	}
	edited := func(l Lead, status Status) Lead {
		return must(Step(l, Edited{Patch: Patch{Status: &status}}, rules, now))
	}
	notReached := ended(call.NotSuccess, time.Time{})
	again := edited(notReached, New)
	again = must(Step(again, Claimed{Claim: claimID, Node: "a"}, rules, now))
	inAir := must(Step(again, Began{Claim: claimID, Call: "0000000000000000000000d2"}, rules, now))
	other := notReached
	other.State.Judged, other.State.Told = "0000000000000000000000d2", "0000000000000000000000d2"
	for _, c := range []struct {
		name      string
		lead      Lead
		want      Status
		collected json.RawMessage
	}{
		{"not reached", notReached, Success, second},
		{"promised", ended(call.NotSuccess, now.Add(time.Hour)), NeedRetry, second},
		{"no definition", ended(call.Answered, time.Time{}), Completed, second},
		{"broke", ended(call.Broke, time.Time{}), Error, second},
		{"set by hand to what it was", edited(notReached, NotSuccessful), NotSuccessful, second},
		{"stopped by hand", edited(notReached, Completed), Completed, second},
		{"to be called again by hand", edited(notReached, NeedRetry), NeedRetry, second},
		{"called again", inAir, OnCall, second},
		{"after a later call", other, NotSuccessful, first},
	} {
		after, effects, err := Step(c.lead, Analysed{Call: callID, Success: true, Collected: second}, rules, now)
		if err != nil || after.Status != c.want || string(after.Collected) != string(c.collected) {
			t.Errorf("%s: %d, %s, %v; want %d, %s", c.name, after.Status, after.Collected, err, c.want, c.collected)
		}
		if !after.Due.Equal(c.lead.Due) || after.Call != c.lead.Call || effects.Cancel != call.NotCancelled || effects.HangUp {
			t.Errorf("%s: it changed calling: %+v", c.name, after)
		}
		if after, _, err = Step(c.lead, Analysed{Call: callID}, rules, now); err != nil || after.Status != c.lead.Status || string(after.Collected) != string(c.lead.Collected) {
			t.Errorf("%s without a verdict: %d, %v", c.name, after.Status, err)
		}
	}
}
