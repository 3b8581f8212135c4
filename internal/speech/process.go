package speech

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

const (
	// startTimeout is how long the process may take to load its models: seconds, but it has a low priority and the disk may be cold.
	startTimeout = 3 * time.Minute
	// closeTimeout is how long it may take to end.
	closeTimeout = 5 * time.Second
	// hearTimeout and sayTimeout are how long it may work on one order before it is taken for hung and killed.
	hearTimeout = 15 * time.Second
	sayTimeout  = 2 * time.Minute

	firstPause  = 100 * time.Millisecond // before it is started again; doubled each time …
	longPause   = 30 * time.Second       // … up to this,
	steadyAfter = 30 * time.Second       // until it has run for so long
)

// process is a running speech process.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	encoder *gob.Encoder
	stderr  limitedBuffer
	orders  chan Order      // to be written; large enough that nobody waits: each order is followed by one Cancel at most
	asked   map[uint64]*job // guarded by Client.mu
	ended   chan struct{}
}

// supervise keeps a process running until Close.
func (c *Client) supervise() {
	defer close(c.ended)
	first := true
	for pause := firstPause; ; {
		began := time.Now()
		p, decoder, err := c.start()
		switch {
		case err == nil:
			c.begin(p)
		case errors.Is(err, ErrClosed): // nobody wants it any longer
		default:
			c.log.Error("a speech process could not be started: meanwhile keys alone are heard, or embedded voices alone speak", "process", c.config.Task, "error", err, "again_in", pause)
			c.mu.Lock()
			c.failure = fmt.Errorf("the speech process could not be started: %w", err)
			c.mu.Unlock()
		}
		if first {
			close(c.started)
			first = false
		}
		if err == nil {
			go c.write(p)
			go c.watch(p)
			c.read(p, decoder)
			c.end(p)
		}
		if time.Since(began) > steadyAfter {
			pause = firstPause
		}
		select {
		case <-c.closing:
			return
		case <-time.After(pause):
			pause = min(2*pause, longPause)
		}
	}
}

// start starts a process and waits until its model is loaded.
func (c *Client) start() (p *process, decoder *gob.Decoder, err error) {
	cmd, err := c.config.Command()
	if err != nil {
		return nil, nil, err
	}
	p = &process{
		cmd: cmd, orders: make(chan Order, 4*c.config.Workers), asked: map[uint64]*job{}, ended: make(chan struct{}),
	}
	cmd.Stderr = &p.stderr
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, err
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	var greeting Greeting
	p.encoder, decoder = gob.NewEncoder(p.in), gob.NewDecoder(bufio.NewReader(answers))
	slow := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer slow.Stop()
	greeted := make(chan error, 1)
	go func() {
		err := p.encoder.Encode(Setup{Folder: c.config.Folder, Task: c.config.Task, Ears: c.config.Ears, Workers: c.config.Workers})
		if err == nil {
			err = decoder.Decode(&greeting)
		}
		greeted <- err
	}()
	select {
	case err = <-greeted:
	case <-c.closing:
		_ = cmd.Process.Kill()
		<-greeted
		err = ErrClosed
	}
	if err == nil && greeting.Err == "" {
		return p, decoder, nil
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if greeting.Err != "" {
		return nil, nil, errors.New(greeting.Err)
	}
	return nil, nil, fmt.Errorf("%w: %s: %s", err, cmd.ProcessState, p.stderr.text())
}

// begin makes a process the one that gets work.
func (c *Client) begin(p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process, c.failure, c.free = p, nil, c.config.Workers
	c.log.Info("speech process ready", "process", c.config.Task, "pid", p.cmd.Process.Pid)
	c.dispatch()
}

// write passes orders to the process.
func (c *Client) write(p *process) {
	for {
		select {
		case order := <-p.orders:
			if p.encoder.Encode(order) != nil {
				_ = p.cmd.Process.Kill() // it reads no more
				return
			}
		case <-p.ended:
			return
		case <-c.closing:
			_ = p.in.Close() // it ends by itself
			slow := time.AfterFunc(closeTimeout, func() { _ = p.cmd.Process.Kill() })
			<-p.ended
			slow.Stop()
			return
		}
	}
}

// watch kills a process that hangs over an order.
func (c *Client) watch(p *process) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return
		case now := <-tick.C:
			if c.hangs(p, now) {
				c.log.Error("a speech process hangs and is killed", "process", c.config.Task, "pid", p.cmd.Process.Pid)
				_ = p.cmd.Process.Kill()
				return
			}
		}
	}
}

func (c *Client) hangs(p *process, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	limit := hearTimeout
	if c.config.Task == Saying {
		limit = sayTimeout
	}
	for _, j := range p.asked {
		if now.Sub(j.sent) > limit {
			return true
		}
	}
	return false
}

// read takes answers until the process ends, or writes something that is none.
func (c *Client) read(p *process, decoder *gob.Decoder) {
	for {
		var answer Answer
		if decoder.Decode(&answer) != nil {
			break
		}
		c.answered(p, answer)
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // how it ended is in ProcessState
	close(p.ended)
}

// end takes the work of a process that ended back, for the next one: what two processes ended over fails.
func (c *Client) end(p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process, c.failure = nil, fmt.Errorf("%w and is being started again", ErrEnded)
	if !c.closed {
		c.figures.Restarts++
		c.log.Error("a speech process ended and is started again", "process", c.config.Task, "state", p.cmd.ProcessState.String(), "stderr", p.stderr.text(), "orders", len(p.asked))
	}
	for _, j := range p.asked {
		switch {
		case j.canceled: // nobody waits
		case c.closed:
			j.end(Answer{}, ErrClosed)
		case j.tries > 1:
			j.end(Answer{}, ErrEnded)
		default:
			c.queue.insert(j)
		}
	}
	p.asked = nil
}

// limitedBuffer keeps the first bytes of what is written to it. It is read when the writer has ended.
type limitedBuffer struct{ bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(0, 2000-b.Len()))])
	return len(p), nil
}

func (b *limitedBuffer) text() string { return strings.TrimSpace(b.String()) }
