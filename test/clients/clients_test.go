// Package clients holds the API against clients as others have written them: a walk in Python, with nothing but its
// standard library, takes every method of both versions the way SDKs do, makes real calls to simulated people, and fails on
// any deviation from what is documented. It knows the server only by its command line and the network.
package clients

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is for the whole walk; the calls in it take half a minute.
const limit = 6 * time.Minute

func TestEveryMethodAsClientsCallIt(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the embedded voice, Python 3 and a minute of real calls")
	}
	// Not parallel: talks run in real time, and their people hear by ear.
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("the walk needs Python 3: %v", err)
	}
	folder := t.TempDir()
	binary, data := filepath.Join(folder, "nacre"), filepath.Join(folder, "data")
	if out, err := exec.Command("go", "build", "-o", binary, "nacre/cmd/nacre").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	base := serve(t, binary, data)

	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	walk := exec.CommandContext(ctx, python, "-B", filepath.Join("walk", "walk.py"), base, key(t, binary, data, "--name", "walk"), key(t, binary, data, "--name", "other", "--account", "Other"))
	walk.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	out, err := walk.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the walk found deviations: %v", err)
	}
}

// serve starts the server on loopback, waits until it is ready, and stops it when the test ends; it answers its base URL.
func serve(t *testing.T, binary, data string) string {
	t.Helper()
	server := exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0", "--allow-private-webhooks", "--allow-networks", "127.0.0.0/8", "--log-level", "warn")
	var log bytes.Buffer
	server.Stderr = &log
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stop the server: %v", err)
		}
		if err := server.Wait(); err != nil {
			t.Errorf("the server did not stop well: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the server:\n%s", log.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	base, ready := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ready {
		t.Fatalf("the server says %q: %v", line, err)
	}
	return base
}

// key makes a key beside the running server.
func key(t *testing.T, binary, data string, more ...string) string {
	t.Helper()
	out, err := exec.Command(binary, append([]string{"key", "create", "--data", data}, more...)...).Output()
	if err != nil {
		t.Fatalf("create a key: %v", err)
	}
	return strings.TrimSpace(string(out))
}
