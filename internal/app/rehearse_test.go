package app

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// TestExampleRehearsal: the example's scenarios pass, and their results are JUnit too.
func TestExampleRehearsal(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "junit.xml")
	code, out, errs := typing(t, "", "rehearse", "../../examples/rehearsal/renewals.yaml", "--junit", report)
	if code != exitDone || errs != "" || !strings.HasSuffix(out, "scenarios: 9, failed: 0\n") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	raw, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var junit struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name string `xml:"name,attr"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(raw, &junit); err != nil || junit.Tests != 9 || junit.Failures != 0 || len(junit.Cases) != 9 || junit.Cases[0].Name != "renews" {
		t.Errorf("%v: %s", err, raw)
	}
}

// TestExampleOfNodes: a Pearl of nodes is rehearsed without a model, with what its APIs answer.
func TestExampleOfNodes(t *testing.T) {
	t.Parallel()
	if code, out, errs := typing(t, "", "rehearse", "../../examples/rehearsal/orders.yaml"); code != exitDone || errs != "" || !strings.HasSuffix(out, "scenarios: 8, failed: 0\n") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

const oneScenario = "\nscenarios: [{name: declines, turns: [{say: no thanks}], expect: {outcome: notSuccess}}]\n"

func TestRehearseFails(t *testing.T) {
	t.Parallel()
	pearl := writeFile(t, "pearl.yaml", renewals)
	good := writeFile(t, "good.yaml", "pearl: "+pearl+oneScenario)
	bad := writeFile(t, "bad.yaml", "pearl: "+pearl+strings.Replace(oneScenario, "notSuccess", "success", 1))
	code, out, _ := typing(t, "", "rehearse", good, bad)
	if code != exitFailed || !strings.Contains(out, "ok    declines") || !strings.Contains(out, "FAIL  declines") || !strings.HasSuffix(out, "scenarios: 2, failed: 1\n") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, _, errs := typing(t, "", "rehearse", good, "--junit", t.TempDir()); code != exitFailed || !strings.Contains(errs, "write JUnit") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// A Pearl stands in the file, beside it, or is named on the command line.
func TestRehearsePearls(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	inline := "pearl:" + strings.ReplaceAll(renewals, "\n", "\n  ")
	for name, text := range map[string]string{"pearl.yaml": renewals, "beside.yaml": "pearl: pearl.yaml" + oneScenario, "inside.yaml": inline + oneScenario, "without.yaml": oneScenario} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, args := range [][]string{{in("beside.yaml")}, {in("inside.yaml")}, {in("without.yaml"), "--pearl", in("pearl.yaml")}} {
		if code, out, errs := typing(t, "", append([]string{"rehearse"}, args...)...); code != exitDone {
			t.Errorf("%v: exit %d: %s%s", args, code, out, errs)
		}
	}
}

func TestRehearseRefuses(t *testing.T) {
	t.Parallel()
	pearl := writeFile(t, "pearl.yaml", renewals)
	for text, says := range map[string]string{
		oneScenario:                                           "pearl: an id, a name, the path of a file or a Pearl is required",
		"pearl: nothing.yaml" + oneScenario:                   "is no file, and there is no data",
		"pearl: {name: x}" + oneScenario:                      "pearl: ",
		"pearl: " + pearl + "\nzone: Mars/Base" + oneScenario: "declines: zone",
		"pearl: " + pearl + "\nat: noon" + oneScenario:        "declines: at",
		"pearl: " + pearl + "\nscenarios: [{name: a}]":        "a: expect: nothing is",
		"pearl: " + pearl + "\nperson: [1]" + oneScenario:     "cannot unmarshal",
	} {
		file := writeFile(t, "scenarios.yaml", text)
		if code, out, errs := typing(t, "", "rehearse", file); code != exitUsage || !strings.Contains(errs, says) || !strings.Contains(errs, file) && !strings.Contains(errs, "nothing.yaml") {
			t.Errorf("%q: exit %d: %s%s", text, code, out, errs)
		}
	}
	for _, args := range [][]string{{"rehearse"}, {"rehearse", "nothing.yaml"}} {
		if code, _, errs := typing(t, "", args...); code != exitUsage {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}

// TestRehearseFromCall: a stored call is written as a scenario, which passes when it is rehearsed.
func TestRehearseFromCall(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pearl, err := parsePearl([]byte(renewals))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	answered := time.Date(2026, time.November, 26, 15, 15, 0, 0, time.UTC)
	err = makingData(t.Context(), config.Database{Data: folder}, func(e *engine.Engine) error {
		var stored string
		if err := inNewAccount(t.Context(), e, pearl, &stored); err != nil {
			return err
		}
		owner, err := e.DefaultAccount(t.Context())
		if err != nil {
			return err
		}
		return e.Store.Update(t.Context(), func(tx engine.Tx) error {
			for name, outcome := range map[string]call.Outcome{"talked": call.NotSuccess, "busy": call.BusyOutcome} {
				c := call.Call{
					ID: e.IDs.New(answered), Account: owner.ID, Pearl: id.ID(stored), To: "+12125550123", Name: name, Start: answered, Answered: answered, Ended: answered.Add(time.Minute),
					Finished: answered.Add(time.Minute), Status: outcome.Status(), Outcome: outcome, CallData: []byte(`{"firstName":"Ada"}`),
					Collected: []call.Value{{ID: "renews", Name: "renewal", Value: false}},
					Transcript: []call.Line{
						{Role: call.Pearl, Content: "Hello Ada, this is Anna.", Start: 1.2, End: 4}, {Role: call.Client, Content: "no thanks", Start: 5, End: 6},
						{Role: call.Pearl, Content: "All right. Goodbye.", Start: 6.3, End: 8},
					},
				}
				ids[name] = string(c.ID)
				if err := tx.InsertCall(c); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := typing(t, "", "rehearse", "--from-call", ids["talked"], "--data", folder)
	for _, want := range []string{"firstName: Ada", "phoneNumber: \"+12125550123\"", "zone: America/New_York", "at: 2026-11-26T10:15:00", "say: no thanks", "renews: false", "outcome: notSuccess"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s", want)
		}
	}
	if code != exitDone || t.Failed() {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	if code, out, errs = typing(t, "", "rehearse", writeFile(t, "call.yaml", out), "--data", folder); code != exitDone || !strings.HasSuffix(out, "scenarios: 1, failed: 0\n") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, byName, errs := typing(t, "", "rehearse", "--from-call", "Talked", "--data", folder); code != exitDone || !strings.Contains(byName, "say: no thanks") {
		t.Errorf("by the name of the person: exit %d: %s%s", code, byName, errs)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--from-call", "+12125550123"}, exitFailed, `2 calls went to "+12125550123": name one by its id`},
		{[]string{"--from-call", ids["busy"]}, exitFailed, "was not answered"},
		{[]string{"--from-call", "0123456789abcdef01234567"}, exitFailed, "has no call"},
		{[]string{"--from-call", "x"}, exitFailed, "none to somebody of that number or name"},
		{[]string{"--from-call", "x", "file.yaml"}, exitUsage, "or --from-call"},
	} {
		if code, _, errs := typing(t, "", append([]string{"rehearse", "--data", folder}, c.args...)...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d: %s", c.args, code, errs)
		}
	}
}
