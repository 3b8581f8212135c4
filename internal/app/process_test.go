package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the tests of this file run the program as scripts do: a process with arguments, streams and signals.
func TestMain(m *testing.M) {
	if os.Getenv("NACRE_TEST_IS_PROGRAM") == "" {
		os.Exit(m.Run())
	}
	ctx, cancel := Signals(context.Background())
	code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	os.Exit(code)
}

type process struct {
	t       *testing.T
	command *exec.Cmd
	out     *bufio.Reader
}

func begin(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, command: exec.Command(os.Args[0], args...)}
	p.command.Env = append(os.Environ(), "NACRE_TEST_IS_PROGRAM=1")
	p.command.Stderr = t.Output()
	pipe, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(pipe)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	return p
}

// line is the next line of stdout, which begins with ready; answered is what follows.
func (p *process) line(ready string) string {
	p.t.Helper()
	text, err := p.out.ReadString('\n')
	rest, found := strings.CutPrefix(strings.TrimSuffix(text, "\n"), ready)
	if err != nil || !found {
		p.t.Fatalf("stdout says %q (%v), want %q", text, err, ready)
	}
	return rest
}

func (p *process) signal(which os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(which); err != nil {
		p.t.Fatal(err)
	}
}

// end stops the process; there must be nothing more on stdout and the exit code must be 0.
func (p *process) end() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if more, _ := p.out.ReadString(0); more != "" {
		p.t.Errorf("stdout goes on: %q", more)
	}
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("a stop ends with exit code 0: %v", err)
	}
}

// The one line of serve on stdout, and its end by a signal.
func TestServeAsAProcess(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := begin(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0", "--log-level", "error")
	address, err := netip.ParseAddrPort(p.line("listening on http://"))
	if err != nil || address.Port() == 0 {
		t.Fatalf("%v %v", address, err)
	}
	second := begin(t, "serve", "--data", data, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0", "--log-level", "error")
	if err := second.command.Wait(); second.command.ProcessState.ExitCode() != exitFailed {
		t.Errorf("a second server on the folder: %v", err)
	}
	p.end()
	if conn, err := net.DialTimeout("tcp", address.String(), time.Second); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
}

// The sandbox carrier as a process: its line, and the report of new INVITE transactions on SIGUSR1 and SIGTERM.
func TestSandboxAsAProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("with the embedded voice the people rehearse for seconds")
	}
	report := filepath.Join(t.TempDir(), "report.json")
	p := begin(t, "sandbox", "--listen", "127.0.0.1:0", "--report", report, "--log-level", "error")
	carrier := p.line("sandbox on ")
	p.signal(syscall.SIGUSR1) // at once: whoever has read the line may ask
	read := func() map[string]int {
		var counts map[string]int
		raw, err := os.ReadFile(report)
		if err == nil {
			err = json.Unmarshal(raw, &counts)
		}
		if err != nil {
			return nil
		}
		return counts
	}
	waitFor(t, "the first report", func() bool { return read() != nil })

	conn, err := net.Dial("udp", carrier)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	invite := func(branch, to string) {
		t.Helper()
		if _, err := fmt.Fprintf(conn, "INVITE sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:x@127.0.0.1>;tag=x\r\n"+
			"To: <sip:%s@127.0.0.1>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <sip:x@%s>\r\nContent-Length: 0\r\n\r\n",
			to, carrier, conn.LocalAddr(), branch, to, branch, conn.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer := make([]byte, 2048)
		for !strings.HasPrefix(string(answer), "SIP/2.0 404") {
			if _, err := conn.Read(answer); err != nil {
				t.Fatalf("no answer to the INVITE: %v", err)
			}
		}
	}
	invite("a", "+14155550140")
	invite("a", "+14155550140") // a retransmission
	invite("b", "+14155550140")
	invite("c", "+14155550141")
	p.signal(syscall.SIGUSR1)
	want := map[string]int{"+14155550140": 2, "+14155550141": 1}
	waitFor(t, "the second report", func() bool { return fmt.Sprint(read()) == fmt.Sprint(want) })
	if err := os.Remove(report); err != nil {
		t.Fatal(err)
	}
	p.end()
	if got := read(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("report at the end: %v, want %v", got, want)
	}
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); !holds(); <-tick.C {
		if time.Since(begun) > time.Minute {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
