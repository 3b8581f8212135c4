// Package clients holds the API against clients as others have written them: a walk in Python, with nothing but its
// standard library, takes every method of both versions the way SDKs do, makes real calls to simulated people, and fails on
// any deviation from what is documented. It knows the server only by its command line and the network.
package clients

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"nacre/test/process"
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
	binary, data := process.Build(t), filepath.Join(t.TempDir(), "data")
	base := serve(t, binary, data)
	key := func(name string, more ...string) string {
		return process.CreateKey(t, binary, append([]string{"--data", data, "--name", name}, more...)...)
	}

	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	walk := exec.CommandContext(ctx, python, "-B", filepath.Join("walk", "walk.py"), base, key("walk"), key("other", "--account", "Other"))
	walk.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	out, err := walk.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the walk found deviations: %v", err)
	}
}

// serve starts the server, and stops it when the test ends; it returns its base URL.
func serve(t *testing.T, binary, data string) string {
	t.Helper()
	server := process.Start(t, binary, process.ServerReady, process.Serving("--data", data, "--log-level", "warn")...)
	t.Cleanup(func() { server.Stop(t) })
	return server.Address
}
