// Package browser holds the dashboard against a real browser: Debian's Chromium, driven by playwright-core, uses the binary and
// its sandbox carrier as a person would. It knows the server only by its command line and the network.
package browser

import (
	"bufio"
	"bytes"
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

// limit is for one file of tests; the calls in it take a minute.
const limit = 8 * time.Minute

func TestDashboard(t *testing.T) { use(t, "dashboard.test.mjs") }

func TestSettings(t *testing.T) { use(t, "settings.test.mjs") }

func TestManyLeads(t *testing.T) { use(t, "leads.test.mjs") }

// speech is the folder of what hears (make builds it).
var speech = filepath.Join("..", "..", "bin", "speech")

func TestPearls(t *testing.T) {
	use(t, "pearls.test.mjs", "--speech", speech, "--voice-cache", "0")
}

// use has a person, whom a file of web/test plays, use the dashboard of a server of its own, with more flags.
func use(t *testing.T, file string, flags ...string) {
	t.Helper()
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
	base, code := serve(t, binary, append(flags, "--data", data))
	if answer, err := http.Get(base + "/leads"); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the binary has no dashboard (make builds it): %v %v", answer, err)
	}
	key := process.CreateKey(t, binary, "--data", data, "--name", "browser")

	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	run := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", filepath.Join("..", "..", "web", "test", file))
	run.Env = append(os.Environ(), "NACRE_URL="+base, "NACRE_KEY="+key, "NACRE_CODE="+code, "NACRE_BINARY="+binary)
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the dashboard did not do what it should: %v", err)
	}
}

// serve starts the server, and stops it when the test ends; it returns its base URL and the code of the first start, which is
// told on stderr.
func serve(t *testing.T, binary string, flags []string) (base, code string) {
	t.Helper()
	command := exec.Command(binary, process.Serving(append(flags, "--log-level", "warn", "--grace", "1s")...)...)
	codes := make(chan string, 1)
	command.Stderr = &watcher{mark: " with the code ", found: codes}
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
	line, err := bufio.NewReader(out).ReadString('\n')
	base, found := strings.CutPrefix(strings.TrimSpace(line), process.ServerReady)
	if err != nil || !found {
		t.Fatalf("the server said %q: %v", line, err)
	}
	select {
	case code = <-codes:
	case <-time.After(time.Minute):
		t.Fatal("the server told no code of the first start")
	}
	return base, code
}

// watcher passes on what a process writes, and finds what follows a mark in one of its lines.
type watcher struct {
	mark  string
	found chan<- string
	line  []byte
}

// Write implements io.Writer.
func (w *watcher) Write(text []byte) (int, error) {
	w.line = append(w.line, text...)
	for {
		before, after, whole := bytes.Cut(w.line, []byte("\n"))
		if !whole {
			return os.Stderr.Write(text)
		}
		if _, code, is := bytes.Cut(before, []byte(w.mark)); is {
			w.found <- strings.TrimSpace(string(code))
		}
		w.line = bytes.Clone(after)
	}
}
