// Package browser holds the dashboard against a real browser: Debian's Chromium, driven by playwright-core, uses the binary and
// its sandbox carrier as a person would. It knows the server only by its command line and the network.
package browser

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nacre/test/process"
)

// limit is for all of it; the calls in it take a minute.
const limit = 8 * time.Minute

func TestDashboard(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the built dashboard, Chromium, Node and minutes of real calls")
	}
	// Not parallel: calls run in real time.
	for _, program := range []string{"node", "chromium"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("the browser tests need %s: %v", program, err)
		}
	}
	binary, data := process.Build(t), filepath.Join(t.TempDir(), "data")
	base, code := serve(t, binary, data)
	if answer, err := http.Get(base + "/leads"); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the binary has no dashboard (make builds it): %v %v", answer, err)
	}
	key := process.CreateKey(t, binary, "--data", data, "--name", "browser")

	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	run := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", filepath.Join("..", "..", "web", "test", "dashboard.test.mjs"))
	run.Env = append(os.Environ(), "NACRE_URL="+base, "NACRE_KEY="+key, "NACRE_CODE="+code)
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the dashboard did not do what it should: %v", err)
	}
}

// serve starts the server, and stops it when the test ends; it returns its base URL and the code of the first start.
func serve(t *testing.T, binary, data string) (base, code string) {
	t.Helper()
	command := exec.Command(binary, process.Serving("--data", data, "--log-level", "warn", "--grace", "1s")...)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("a stop must end with exit code 0: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for code == "" && lines.Scan() {
		if address, found := strings.CutPrefix(lines.Text(), process.ServerReady); found {
			base = address
		}
		if _, after, found := strings.Cut(lines.Text(), " with the code "); found {
			code = strings.TrimSpace(after)
		}
	}
	if base == "" || code == "" {
		t.Fatalf("the server said neither where it listens nor the code of the first start: %q, %q, %v", base, code, lines.Err())
	}
	go func() { // nobody may wait for a reader
		for lines.Scan() {
		}
	}()
	return base, code
}
