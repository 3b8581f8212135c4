package chaos

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nacre/test/process"
)

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
		command := exec.Command(p.binary, process.Serving("--data", p.data, "--database-url", p.url, "--grace", "3s", "--log-level", "error")...)
		var errs bytes.Buffer
		command.Stderr = &errs
		out, err := command.StdoutPipe()
		if err != nil || command.Start() != nil {
			continue
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		if address, ready := strings.CutPrefix(strings.TrimSpace(line), process.ServerReady); ready {
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

// client is a client of whichever server serves.
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
		var refused process.Refusal
		if errors.As(err, &refused) && refused.Status < 500 && refused.Status != http.StatusConflict || time.Now().After(deadline) {
			c.t.Error(err)
			return
		}
	}
}

func (c *client) once(method, path, key string, body, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return process.Client{Base: c.base(), Key: c.key}.Keyed(ctx, key, method, path, body, into)
}
