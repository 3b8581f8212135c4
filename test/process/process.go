// Package process runs nacre as its own processes for tests that know it only by its command line and the network: the binary,
// servers and carriers, a client of the API, a receiver of webhooks.
package process

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Build builds the binary and returns its path.
func Build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nacre")
	if out, err := exec.Command("go", "build", "-o", binary, "nacre/cmd/nacre").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// CreateKey runs "key create" with more arguments and returns the key.
func CreateKey(t *testing.T, binary string, args ...string) string {
	t.Helper()
	out, err := exec.Command(binary, append([]string{"key", "create"}, args...)...).Output()
	if err != nil {
		t.Fatalf("create a key: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// Serving are the arguments that a server takes in every test: on loopback, at a port that is free, with peers and receivers there.
func Serving(args ...string) []string {
	return append([]string{
		"serve", "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0", "--allow-private-webhooks", "--allow-networks", "127.0.0.0/8",
	}, args...)
}

// What a process says when it is ready; its address follows.
const (
	ServerReady  = "listening on "
	CarrierReady = "sandbox on "
)

// Process is a nacre that runs.
type Process struct {
	*exec.Cmd
	Address string // of a server its URL, of a carrier host and port
}

// Start runs the binary until the test ends at the latest, and waits for the line that says where it listens.
func Start(t *testing.T, binary, ready string, args ...string) *Process {
	t.Helper()
	command := exec.Command(binary, args...)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() }) // most have ended by then
	line, err := bufio.NewReader(out).ReadString('\n')
	address, found := strings.CutPrefix(strings.TrimSpace(line), ready)
	if err != nil || !found {
		t.Fatalf("%s said %q: %v", args[0], line, err)
	}
	return &Process{command, address}
}

// Stop ends the process as an operator does.
func (p *Process) Stop(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("a stop must end with exit code 0: %v", err)
	}
}

// Kill ends it at once, as a crash does.
func (p *Process) Kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // it was killed: its error says just that
}
