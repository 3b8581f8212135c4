package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nacre/internal/call"
	"nacre/internal/provider/providertest"
	"nacre/internal/rehearsal"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/voice/wav"
)

const byEar = `
person: {firstName: Ada}
scenarios:
  - name: renews
    turns: [{hello: "Hello?"}, {say: "Yes, please."}]
    expect: {outcome: success, answerer: human, said: [Would you like to renew], collected: {renews: true}}
  - name: never again
    turns: [{interrupt: "Please never call me again."}]
    expect: {outcome: notSuccess, optOut: true}
  - name: by keys
    keysOnly: true
    turns: [{keys: "2"}]
    expect: {outcome: notSuccess, collected: {renews: false}}
  - name: fails
    turns: [{say: No thanks.}]
    expect: {outcome: success}
`

// What an API answers, as a scenario says it, is heard: before the dial, and in the talk.
const actsByEar = `
scenarios:
  - name: looks up and books
    person: {firstName: Ada, phoneNumber: "+12125550123", orderNumber: "4155"}
    actions:
      look up the order: {answers: {order: {flowers: white roses}}}
      book: fails
    turns: [{hello: "Hello?"}, {say: "Yes, please."}]
    expect: {outcome: success, said: ["your order of white roses", "We will write to you"], collected: {takes: true}}
`

// Scenarios are talked through by the real ears and voices, each into a file; the exit code and JUnit tell which failed. What
// was recorded so is a caller for nacre talk.
func TestRehearseByEar(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs the embedded voice and the models")
	}
	folder := t.TempDir()
	junit, file := filepath.Join(folder, "junit.xml"), filepath.Join(folder, "scenarios.yaml")
	pearl := writeFile(t, "pearl.yaml", renewals)
	if err := os.WriteFile(file, []byte("pearl: "+pearl+byEar), 0o600); err != nil {
		t.Fatal(err)
	}
	orders, err := filepath.Abs("../../examples/rehearsal/orders-pearl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	acts := writeFile(t, "acts.yaml", "pearl: "+orders+actsByEar)
	models := foldertest.Folder(t)
	code, out, errs := typing(t, "", "rehearse", file, acts, "--audio", "--speech", models, "--voice", "slt", "--out", folder, "--junit", junit)
	if code != exitFailed || !strings.HasSuffix(out, "scenarios: 5, failed: 1\n") || !strings.Contains(out, "FAIL  fails\n      - outcome is notSuccess, expected success") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	raw, err := os.ReadFile(junit)
	if err != nil || !strings.Contains(string(raw), `tests="5" failures="1"`) {
		t.Errorf("%v: %s", err, raw)
	}
	recorded := filepath.Join(folder, "renews.wav")
	code, out, errs = typing(t, "", "talk", pearl, "--audio", recorded, "--channel", "1", "--speech", models, "--voice", "slt", "--set", "firstName=Ada", "--out", filepath.Join(folder, "talk.wav"), "--json")
	var r rehearsal.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	if !r.Success || len(r.Transcript) < 4 || !strings.Contains(errs, "person  ") {
		t.Errorf("%+v\n%s", r, errs)
	}
	both, err := os.Open(filepath.Join(folder, "talk.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	if audio, err := wav.Read(both); err != nil || audio.Channels != 2 || audio.Seconds() < 5 {
		t.Errorf("%d channels, %.1f s, %v", audio.Channels, audio.Seconds(), err)
	}
}

func TestTalkWithARecordingRefuses(t *testing.T) {
	t.Parallel()
	pearl := writeFile(t, "pearl.yaml", renewals)
	record := func(name string, channels, seconds int) string {
		path := filepath.Join(t.TempDir(), name)
		out, err := wav.Create(path, channels)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 * seconds {
			if channels == 1 {
				err = out.WriteMono(new(call.Frame))
			} else {
				err = out.WriteStereo(new(call.Frame), new(call.Frame))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stereo, text := record("stereo.wav", 2, 1), writeFile(t, "text.wav", "this is no sound")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--audio", "nothing.wav"}, "nothing.wav"},
		{[]string{"--audio", t.TempDir()}, "is a directory"},
		{[]string{"--audio", text}, "text.wav: "},
		{[]string{"--audio", stereo}, "has 2 channels: --channel says in which one the caller is"},
		{[]string{"--audio", stereo, "--channel", "3"}, "the file has 2"},
		{[]string{"--audio", record("empty.wav", 1, 0)}, "no sound in it"},
		{[]string{"--audio", record("mono.wav", 1, 1), "--speech", t.TempDir()}, "--speech"},
	} {
		code, out, errs := typing(t, "", append([]string{"talk", pearl}, c.args...)...)
		if code == exitDone || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d: %s%s", c.args, code, out, errs)
		}
	}
}

// A persona is played by the first model of the providers file that serves, while the Pearl thinks with them, too.
func TestPersonaOfAProvidersFile(t *testing.T) {
	t.Parallel()
	model := providertest.Serve(t, chatAnswer("I would rather talk about flowers."))
	providers := providersFile(t, "models: [{name: first, kind: openai, address: '%s/v1', model: m1, key-file: $KEY}]\n", model.URL)
	pearl := writeFile(t, "pearl.yaml", renewals)
	file := writeFile(t, "scenarios.yaml", "pearl: "+pearl+"\nscenarios: [{name: chats, persona: You love flowers., expect: {outcome: notSuccess}}]")
	code, out, errs := typing(t, "", "rehearse", file, "--providers", providers)
	if code != exitDone {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, out, _ = typing(t, "", "rehearse", file); code != exitFailed || !strings.Contains(out, "--providers names a file with one") {
		t.Errorf("exit %d: %s", code, out)
	}
}
