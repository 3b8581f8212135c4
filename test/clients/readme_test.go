package clients

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/test/process"
)

// TestReadmeRunsAsWritten: the commands of "Use the API" end on a call with its outcome, transcript and recording.
func TestReadmeRunsAsWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the embedded voice, curl and half a minute of a real call")
	}
	// Not parallel: talks run in real time, and their people hear by ear.
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("the commands of the README need %s: %v", program, err)
		}
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "\n## Use the API\n")
	_, section, opened := strings.Cut(section, "```bash\n")
	script, _, closed := strings.Cut(section, "```\n")
	if !found || !opened || !closed {
		t.Fatal("the README has no commands under \"Use the API\"")
	}
	folder := t.TempDir()
	binary, data := process.Build(t), filepath.Join(folder, "data")
	base := serve(t, binary, data)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	shell.Dir = folder
	shell.Env = append(os.Environ(), "API="+base, "KEY="+process.CreateKey(t, binary, "--data", data, "--name", "readme"))
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("the commands fail: %v\n%s", err, out)
	}
	for _, part := range []string{`"conversationStatus":100`, `"content":"Hello Ada, this is Pearl Fitness.`, `[pressed 1]`, `"name":"renewal","value":true`, `"status":130`} {
		if !strings.Contains(string(out), part) {
			t.Errorf("the commands do not print %s:\n%s", part, out)
		}
	}
	sound, err := os.ReadFile(filepath.Join(folder, "call.wav"))
	if err != nil || len(sound) < 16000 || string(sound[:4]) != "RIFF" {
		t.Errorf("the recording: %d bytes, %v", len(sound), err)
	}
}
