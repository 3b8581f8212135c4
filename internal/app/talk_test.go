package app

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/provider/providertest"
	"nacre/internal/rehearsal"
)

const renewals = `
name: Renewals
pearl:
  agents: [{name: Anna}]
  companyName: Example Corporation
  companyDescription: Example Corporation delivers flowers.
  timeZone: America/New_York
  openingSentence: "Hello {firstName}, this is Anna."
  successDescription: They renew.
variables:
  - {id: renews, name: renewal, group: 2, type: boolean, description: "Would you like to renew?"}
outbound: {totalAgents: 1}
`

// typing runs a command line with something typed.
func typing(t *testing.T, typed string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{In: strings.NewReader(typed), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTalkWithAFile(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "pearl.yaml", renewals)
	code, out, errs := typing(t, "yes please\n", "talk", file, "--set", "firstName=Ada")
	for _, want := range []string{"agent: Hello Ada, this is Anna.", "you: yes please\nagent: Thank you. Goodbye.", "outcome     success", "collected   renews = true"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	if code != exitDone || errs != "" || t.Failed() {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	code, out, errs = typing(t, "call me back tomorrow at five\n/silence\n", "talk", file, "--json", "--at", "2026-11-26T10:15", "--set", "firstName=Ada")
	var r rehearsal.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	if r.CallBack == nil || r.CallBack.Format("2006-01-02T15:04") != "2026-11-27T17:00" || !strings.Contains(errs, "agent: Hello Ada") || len(r.Transcript) < 3 {
		t.Errorf("%+v, %s", r, errs)
	}
	if code, out, _ = typing(t, "/keys 2\n", "talk", file, "--keys"); code != exitDone || !strings.Contains(out, "Press 1 for yes") || !strings.Contains(out, "outcome     notSuccess (ended by the agent") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, out, _ = typing(t, "/quit\n", "talk", file); code != exitDone || strings.Contains(out, "outcome") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, out, _ = typing(t, "/hang up\n", "talk", file); code != exitDone || !strings.Contains(out, "ended by the person") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestTalkRefuses(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "pearl.yaml", renewals)
	empty := t.TempDir()
	for _, c := range []struct {
		typed string
		args  []string
		code  int
		says  string
	}{
		{"", []string{"talk", "nothing.yaml"}, exitUsage, "is no file, and there is no data"},
		{"", []string{"talk"}, exitUsage, "expected"},
		{"/keys x\n", []string{"talk", file}, exitUsage, "are no keys"},
		{"/shout\n", []string{"talk", file}, exitUsage, "is no command"},
		{"", []string{"talk", file, "--zone", "Mars/Base"}, exitUsage, "is no time zone"},
		{"", []string{"talk", file, "--at", "noon"}, exitUsage, "is no local time"},
		{"", []string{"talk", file, "--set", "firstName"}, exitUsage, "set"},
		{"", []string{"talk", writeFile(t, "p.yaml", "name: [")}, exitUsage, "p.yaml"},
		{"", []string{"talk", writeFile(t, "p.json", `{"name": "x", "pearl": {"openingSentence": "Hi {who}", "timeZone": "Nowhere"}, "outbound": {}}`)}, exitUsage, "Pearl.TimeZone"},
		{"", []string{"talk", writeFile(t, "p.yaml", strings.Replace(renewals, "outbound: {totalAgents: 1}", "inbound: {waitingSentence: Wait, totalAgents: 1}", 1))}, exitUsage, "inbound"},
		{"", []string{"talk", "0123456789abcdef01234567", "--data", empty}, exitFailed, "there is no data"},
	} {
		code, out, errs := typing(t, c.typed, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, %q, %q", c.args, code, out, errs)
		}
	}
}

func TestTalkWithAStoredPearl(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pearl, err := parsePearl([]byte(renewals))
	if err != nil {
		t.Fatal(err)
	}
	var stored string
	err = makingData(t.Context(), config.Database{Data: folder}, func(e *engine.Engine) error {
		return inNewAccount(t.Context(), e, pearl, &stored)
	})
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := typing(t, "no\n", "talk", stored, "--data", folder, "--set", "firstName=Ada")
	if code != exitDone || !strings.Contains(out, "Hello Ada") || !strings.Contains(out, "outcome     notSuccess") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	// By its name too, until another has it.
	if code, out, errs = typing(t, "no\n", "talk", pearl.Name, "--data", folder); code != exitDone || !strings.Contains(out, "outcome     notSuccess") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs = typing(t, "", "pearl", "set", pearl.Name, "--status", "3", "--data", folder); code != exitDone {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, out, _ = typing(t, "", "pearl", "list", "--data", folder); !strings.Contains(out, "status 3") {
		t.Errorf("pearl set by name: %s", out)
	}
	file := writeFile(t, "scenarios.yaml", "pearl: "+pearl.Name+"\nscenarios: [{name: declines, turns: [{say: no}], expect: {outcome: notSuccess}}]")
	if code, out, errs = typing(t, "", "rehearse", file, "--data", folder); code != exitDone {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs = typing(t, "", "talk", "nothing.yaml", "--data", folder); code != exitUsage || !strings.Contains(errs, `"nothing.yaml" is no file, and the account`) {
		t.Errorf("exit %d: %s", code, errs)
	}
	err = makingData(t.Context(), config.Database{Data: folder}, func(e *engine.Engine) error {
		return inNewAccount(t.Context(), e, pearl, new(string))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"talk", pearl.Name}, {"pearl", "set", pearl.Name, "--status", "2"}} {
		if code, _, errs = typing(t, "", append(args, "--data", folder)...); code == exitDone || !strings.Contains(errs, "2 Pearls are called") || !strings.Contains(errs, stored) {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
	code, _, errs = typing(t, "", "talk", "0123456789abcdef01234567", "--data", folder)
	if code != exitFailed || !strings.Contains(errs, "has no Pearl 0123456789abcdef01234567") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func inNewAccount(ctx context.Context, e *engine.Engine, pearl campaign.Pearl, stored *string) error {
	owner, err := e.DefaultAccount(ctx)
	if err != nil {
		return err
	}
	pearlID, err := e.CreatePearl(ctx, engine.Actor{Account: owner.ID, By: "test"}, pearl, nil)
	*stored = string(pearlID)
	return err
}

// TestTalkWithAModel: a Pearl thinks with the models of the providers file, as in a call.
func TestTalkWithAModel(t *testing.T) {
	t.Parallel()
	model := providertest.Serve(t, chatAnswer("I am a model. Goodbye."))
	providers := providersFile(t, "models: [{name: first, kind: openai, address: '%s/v1', model: m1, key-file: $KEY}]\n", model.URL)
	pearl := writeFile(t, "pearl.yaml", renewals)
	code, out, errs := typing(t, "what are you\n", "talk", pearl, "--providers", providers)
	if code != exitDone || !strings.Contains(out, "I am a model.") || !strings.Contains(out, "ended by the agent") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	file := writeFile(t, "scenarios.yaml", "pearl: "+pearl+"\nscenarios: [{name: asks, turns: [{say: what are you}], expect: {said: [I am a model], endedBy: agent}}]")
	if code, out, errs = typing(t, "", "rehearse", file, "--providers", providers); code != exitDone {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs = typing(t, "", "talk", pearl, "--providers", "nothing.yaml"); code != exitFailed || !strings.Contains(errs, "read providers") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
