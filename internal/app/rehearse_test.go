package app

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExampleRehearsal: the example's scenarios pass, and their results are JUnit too.
func TestExampleRehearsal(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "junit.xml")
	code, out, errs := typing(t, "", "rehearse", "../../examples/rehearsal/renewals.yaml", "--junit", report)
	if code != exitDone || errs != "" || !strings.HasSuffix(out, "9 scenarios, 0 failed\n") {
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

const oneScenario = "\nscenarios: [{name: declines, turns: [{say: no thanks}], expect: {outcome: notSuccess}}]\n"

func TestRehearseFails(t *testing.T) {
	t.Parallel()
	pearl := writeFile(t, "pearl.yaml", renewals)
	good := writeFile(t, "good.yaml", "pearl: "+pearl+oneScenario)
	bad := writeFile(t, "bad.yaml", "pearl: "+pearl+strings.Replace(oneScenario, "notSuccess", "success", 1))
	code, out, _ := typing(t, "", "rehearse", good, bad)
	if code != exitFailed || !strings.Contains(out, "ok    declines") || !strings.Contains(out, "FAIL  declines") || !strings.HasSuffix(out, "2 scenarios, 1 failed\n") {
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
		oneScenario:                                           "pearl: an id, the path of a file or a Pearl is required",
		"pearl: nothing.yaml" + oneScenario:                   "neither the id of a Pearl",
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
