package rehearsal

import (
	"strings"
	"testing"

	"nacre/internal/call"
	"nacre/internal/scenario"
)

// A call that is written as a scenario goes the same way when it is rehearsed.
func TestFromCall(t *testing.T) {
	t.Parallel()
	for _, turns := range []string{
		"{hello: 'Hello?'}, {say: sure}, {say: 'yes, five'}",
		"silence, {keys: '1'}, {keys: '12#'}",
		"{interrupt: who is this}, {say: no thanks}",
		"{say: call me back tomorrow at five}, {say: 'yes'}",
		"{say: I don't know}, {say: you have the wrong number}",
	} {
		first := Run(t.Context(), one(t, turns, "endedBy: agent"), Config{Script: script(t)})
		r := first.Result
		over := call.Call{
			ID: "000000000000000000000001", Pearl: "000000000000000000000002", Outcome: r.Outcome, Transcript: r.Transcript, Collected: r.Collected, Tags: r.Tags,
			CallbackPromised: r.CallBack != nil,
		}
		text, unheard, err := FromCall(over, scenario.Person{Variables: map[string]any{"firstName": "Ada"}, Zone: "America/New_York", At: "2026-11-26T10:15"})
		if err != nil || unheard != 0 || len(first.Faults) > 0 {
			t.Fatalf("%s: %v, %d not heard, %q", turns, err, unheard, first.Faults)
		}
		file, err := scenario.Parse(text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if p := file.Scenarios[0].Person; file.Pearl.Value != string(over.Pearl) || p.Variables["firstName"] != "Ada" || p.At != "2026-11-26T10:15" || p.Zone != "America/New_York" {
			t.Errorf("%s", text)
		}
		again := Run(t.Context(), file.Scenarios[0], Config{Script: script(t)})
		if len(again.Faults) > 0 || len(again.Result.Transcript) != len(r.Transcript) {
			t.Errorf("%s: %q\n%s%+v", turns, again.Faults, text, again.Result.Transcript)
		}
	}
}

func TestFromCallRefuses(t *testing.T) {
	t.Parallel()
	said := []call.Line{{Role: call.Pearl, Content: "Hello.", Start: 1, End: 2}, {Role: call.Client, Content: speechMark, Start: 3, End: 4}}
	if _, _, err := FromCall(call.Call{Outcome: call.BusyOutcome, Transcript: said}, scenario.Person{}); err == nil || !strings.Contains(err.Error(), "not answered") {
		t.Errorf("%v", err)
	}
	if _, _, err := FromCall(call.Call{Outcome: call.Success}, scenario.Person{}); err == nil || !strings.Contains(err.Error(), "no transcript") {
		t.Errorf("%v", err)
	}
	if _, unheard, err := FromCall(call.Call{Outcome: call.Success, Transcript: said}, scenario.Person{}); err != nil || unheard != 1 {
		t.Errorf("%d, %v", unheard, err)
	}
}
