package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// process is a nacre that runs.
type process struct {
	command *exec.Cmd
	out     *bufio.Reader
}

func start(t *testing.T, binary string, args ...string) *process {
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
	t.Cleanup(func() { _ = command.Process.Kill() })
	return &process{command, bufio.NewReader(out)}
}

// ready waits for the line that says where it listens.
func (p *process) ready(t *testing.T, said string) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	address, found := strings.CutPrefix(strings.TrimSpace(line), said)
	if err != nil || !found {
		t.Fatalf("said %q: %v", line, err)
	}
	return address
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("a stop must end with exit code 0: %v", err)
	}
}

// pair is two servers on one database: whichever has its lock serves, the other is started again until it can.
type pair struct {
	binary, data, url string
	starts, nodes     atomic.Int64
	over              chan struct{}
	loops             sync.WaitGroup

	mu      sync.Mutex
	address string // of the one that serves
	serving *exec.Cmd
}

func newPair(t *testing.T, binary, data, url string) *pair {
	p := &pair{binary: binary, data: data, url: url, over: make(chan struct{})}
	for range 2 {
		p.loops.Go(p.keepRunning)
	}
	t.Cleanup(func() {
		select {
		case <-p.over:
		default:
			close(p.over)
		}
		p.kill()
		p.loops.Wait()
	})
	return p
}

// keepRunning is a supervisor, as systemd is: it starts a server again whenever it has ended.
func (p *pair) keepRunning() {
	for {
		select {
		case <-p.over:
			return
		case <-time.After(time.Second):
		}
		p.starts.Add(1)
		command := exec.Command(p.binary, "serve", "--data", p.data, "--database-url", p.url, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0",
			"--allow-private-webhooks", "--allow-networks", "127.0.0.0/8", "--grace", "3s", "--log-level", "error")
		var errs bytes.Buffer
		command.Stderr = &errs
		out, err := command.StdoutPipe()
		if err != nil || command.Start() != nil {
			continue
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		if address, ready := strings.CutPrefix(strings.TrimSpace(line), "listening on "); ready {
			p.nodes.Add(1)
			p.mu.Lock()
			p.address, p.serving = address, command
			p.mu.Unlock()
		}
		_ = command.Wait() // killed, without the lock, or having lost it
		if strings.Contains(errs.String(), "panic") || strings.Contains(errs.String(), "DATA RACE") {
			fmt.Fprintln(os.Stderr, errs.String())
		}
	}
}

// base is the URL of the server that serves, "" while there is none.
func (p *pair) base() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.address
}

func (p *pair) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.serving != nil {
		_ = p.serving.Process.Kill()
	}
}

// stop ends both by SIGTERM.
func (p *pair) stop() {
	close(p.over)
	done := make(chan struct{})
	go func() { p.loops.Wait(); close(done) }()
	for {
		p.mu.Lock()
		if p.serving != nil {
			_ = p.serving.Process.Signal(syscall.SIGTERM)
		}
		p.mu.Unlock()
		select {
		case <-done:
			return
		case <-time.After(10 * time.Second): // the other one may have taken over just then
		}
	}
}

type client struct {
	t    *testing.T
	base func() string
	key  string
}

// must repeats a request that may be repeated until it is answered 200.
func (c *client) must(method, path string, body, into any) {
	c.repeat(func() error { return c.once(method, path, "", body, into) })
}

// keyed does so for one that creates.
func (c *client) keyed(key, method, path string, body any) {
	c.repeat(func() error { return c.once(method, path, key, body, nil) })
}

func (c *client) repeat(try func() error) {
	for deadline := time.Now().Add(2 * time.Minute); ; pause(200 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		var refused refusal
		if errors.As(err, &refused) && refused.status < 500 && refused.status != http.StatusConflict || time.Now().After(deadline) {
			c.t.Error(err)
			return
		}
	}
}

// refusal is an answer other than 200.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return fmt.Sprint(r.status, " ", r.text) }

func (c *client) once(method, path, key string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.base()+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %w", method, path, refusal{response.StatusCode, string(answer)})
	}
	if text, ok := into.(*string); ok {
		*text = string(answer)
		return nil
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
