package rehearsal

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"nacre/internal/scenario"
)

// one returns the one scenario of a file, whose turns and expect are given.
func one(t *testing.T, turns, expect string) scenario.Scenario {
	t.Helper()
	f, err := scenario.Parse([]byte("scenarios: [{name: one, turns: [" + turns + "], expect: {" + expect + "}}]"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Scenarios[0]
}

// Each expectation is met by the talk that meets it, and told when it is not.
func TestExpectations(t *testing.T) {
	t.Parallel()
	const agrees, declines = "{say: sure}, {say: five}", "{say: no thanks}"
	later := "{say: call me back tomorrow at five}, {say: 'yes'}"
	for _, c := range []struct{ turns, expect, fault string }{
		{agrees, "outcome: success, endedBy: agent, answerer: human, optOut: false, tags: [], callBack: none", ""},
		{agrees, "collected: {renews: true, bunches: 5}, said: ['HELLO ada,   this is'], neverSaid: [again tomorrow]", ""},
		{declines, "outcome: success", "outcome is notSuccess, expected success"},
		{declines, "answerer: machine", "answerer is human, expected machine"},
		{declines, "endedBy: person", "ended by the agent, expected person"},
		{declines + ", {say: wait}", "endedBy: agent", "the call was over before turn 2 (say: wait)"},
		{declines, "collected: {renews: true}", "renews is false, expected true"},
		{declines, "collected: {renews: 'false'}", "renews is false, expected false"},
		{declines, "collected: {bunches: 5}", "bunches is not collected, expected 5"},
		{declines, "collected: {bunches: null}", ""},
		{declines, "collected: {rooms: null}", "the Pearl has no variable rooms that is collected"},
		{agrees, "collected: {bunches: 6}", "bunches is 5, expected 6"},
		{agrees, "collected: {bunches: 5.0}", ""},
		{agrees, "collected: {bunches: null}", "bunches is 5, expected null"},
		{"{say: sure}, {say: I don't know}", "collected: {bunches: 5}", "bunches is null, expected 5"},
		{declines, "said: [How many bunches]", `the agent did not say "How many bunches"`},
		{"{interrupt: never call me again}", "said: [Would you like to renew]", "did not say"},
		{agrees, "neverSaid: [how many bunches]", `the agent said "how many bunches"`},
		{declines, "optOut: true", "optOut is false, expected true"},
		{"{say: wrong number}", "tags: [wrong number]", ""},
		{"{say: wrong number}", "tags: []", `tags are ["wrong number"], expected []`},
		{later, "callBack: 2026-11-27T17:00", ""},
		{later, "callBack: any", ""},
		{later, "callBack: none", "a call-back was promised for 2026-11-27T17:00, expected none"},
		{later, "callBack: 2026-11-27T18:00", "a call-back was promised for 2026-11-27T17:00, expected 2026-11-27T18:00"},
		{declines, "callBack: any", "no call-back was promised, expected any"},
		{"hang up", "endedBy: person", ""},
		{"silence, silence, {keys: '1'}, {wait: 30}", "endedBy: agent, collected: {renews: true}", ""},
	} {
		v := Run(t.Context(), one(t, c.turns, c.expect), Config{Script: script(t)})
		all := strings.Join(v.Faults, "; ")
		if c.fault == "" && all != "" || !strings.Contains(all, c.fault) {
			t.Errorf("%s expecting %s: %q, want %q\n%+v", c.turns, c.expect, all, c.fault, v.Result)
		}
	}
}

// A conversation is the same whenever it is rehearsed.
func TestRehearsalsRepeat(t *testing.T) {
	t.Parallel()
	s := one(t, "{say: hold on}, silence, {interrupt: who is this}, {say: sure}, {say: five}", "outcome: success")
	var transcripts []string
	for range 3 {
		var b bytes.Buffer
		v := Run(t.Context(), s, Config{Script: script(t)})
		if v.Result.WriteTranscript(&b, ""); len(v.Faults) > 0 {
			t.Errorf("%q\n%s", v.Faults, b.String())
		}
		transcripts = append(transcripts, b.String())
	}
	if transcripts[0] != transcripts[1] || transcripts[1] != transcripts[2] {
		t.Errorf("%s\n%s\n%s", transcripts[0], transcripts[1], transcripts[2])
	}
}

// What failed is told with its reasons and the talk, on the terminal and as JUnit.
func TestReports(t *testing.T) {
	t.Parallel()
	suite := Suite{Name: "file.yaml"}
	for _, expect := range []string{"outcome: notSuccess", "outcome: success, said: ['<roses>']"} {
		suite.Verdicts = append(suite.Verdicts, Run(t.Context(), one(t, "{say: no thanks}", expect), Config{Script: script(t)}))
	}
	var text, junit bytes.Buffer
	for _, v := range suite.Verdicts {
		v.Write(&text)
	}
	for _, want := range []string{"ok    one", "FAIL  one\n      - outcome is notSuccess, expected success\n", "person  no thanks", "agent   Hello Ada", "outcome notSuccess, ended by the agent"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if err := WriteJUnit(&junit, []Suite{suite}); err != nil {
		t.Fatal(err)
	}
	var read junitSuites
	if err := xml.Unmarshal(junit.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if read.Tests != 2 || read.Failures != 1 || len(read.Suites) != 1 || read.Suites[0].Cases[0].Failure != nil {
		t.Fatalf("%s", junit.String())
	}
	if failure := read.Suites[0].Cases[1].Failure; failure == nil || !strings.Contains(failure.Message, "<roses>") || !strings.Contains(failure.Text, "no thanks") {
		t.Errorf("%s", junit.String())
	}
}
