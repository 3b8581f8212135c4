// Package speech recognises and synthesises speech with models on this machine. They run in a process of their own
// (cmd/nacre-speech, docs/adr/0026), which this package starts, feeds from one queue and starts again when it ends: a crash
// there costs a sentence, not a call. The package does not know calls; package folder knows the files.
package speech

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"nacre/internal/speech/folder"
)

var (
	// ErrBehind is returned for work that finds the queue full of work as urgent.
	ErrBehind = errors.New("speech on this machine cannot keep up")
	// ErrEnded is returned for work that the process ended over, twice.
	ErrEnded = errors.New("the speech process ended")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("speech is closed")
)

// Config configures a Client.
type Config struct {
	Folder  string                    // the speech folder
	Command func() (*exec.Cmd, error) // starts the process; nil: the program in the folder
	Hearers int                       // utterances recognised at a time; 0: one for each processor but one
	Sayers  int                       // clauses spoken at a time; 0: 1
	Log     *slog.Logger
}

// Client is the server's end of the process. It is safe for concurrent use; its methods wait, never longer than their context.
type Client struct {
	config  Config
	log     *slog.Logger
	closing chan struct{}
	ended   chan struct{} // the process has ended for good

	mu      sync.Mutex
	queue   queue
	process *process // nil: none is ready
	number  uint64
	free    [kinds]int // workers without work
	failure error      // why process is nil
	deaf    error      // why the process cannot recognise; nil: it can
	mute    error
	started chan struct{} // closed when the first start has succeeded or failed
	closed  bool
	figures Figures
}

// Figures counts what a Client has done since it was opened.
type Figures struct {
	Up       bool // the process runs
	Waiting  [urgencies]int
	Heard    uint64        // utterances recognised, partials included
	Said     uint64        // clauses spoken
	Restarts uint64        // of the process
	Worked   time.Duration // time of workers
}

// Hearers returns how many utterances are recognised at a time where nobody says: one processor is left for audio if there
// are two or more.
func Hearers() int { return max(1, runtime.NumCPU()-1) }

// Open starts the process, in the background: until it is ready, and while it is started again, work waits.
func Open(config Config) *Client {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Hearers <= 0 {
		config.Hearers = Hearers()
	}
	if config.Sayers <= 0 {
		config.Sayers = 1
	}
	if config.Command == nil {
		config.Command = func() (*exec.Cmd, error) { return exec.Command(filepath.Join(config.Folder, folder.Program)), nil }
	}
	c := &Client{
		config: config, log: config.Log, closing: make(chan struct{}), ended: make(chan struct{}), started: make(chan struct{}),
		failure: errors.New("the speech process is being started"),
	}
	go c.supervise()
	return c
}

// Wait returns when the first start of the process has succeeded, with nil, or failed, or ctx ends.
func (c *Client) Wait(ctx context.Context) error {
	select {
	case <-c.started:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Folder returns the speech folder.
func (c *Client) Folder() string { return c.config.Folder }

// Hear recognises one utterance of 8 kHz samples, of half a minute at most.
func (c *Client) Hear(ctx context.Context, samples []int16, urgency Urgency) (Heard, error) {
	answer, err := c.ask(ctx, hearing, urgency, Order{Hear: &Hear{Samples: Bytes(samples)}})
	if err != nil {
		return Heard{}, fmt.Errorf("hear: %w", err)
	}
	return answer.Heard, nil
}

// Say makes the speech of one clause.
func (c *Client) Say(ctx context.Context, say Say, urgency Urgency) (Said, error) {
	answer, err := c.ask(ctx, saying, urgency, Order{Say: &say})
	if err != nil {
		return Said{}, fmt.Errorf("say: %w", err)
	}
	return answer.Said, nil
}

// Hears returns nil if speech can be recognised now: the process runs.
func (c *Client) Hears() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.able(c.deaf)
}

// Says returns nil if speech can be made now.
func (c *Client) Says() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.able(c.mute)
}

// able returns failure, or why the process cannot do what it is asked for. c.mu is held.
func (c *Client) able(lacks error) error {
	if c.failure != nil {
		return c.failure
	}
	return lacks
}

// Figures returns the counts so far.
func (c *Client) Figures() Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.figures
	f.Up = c.process != nil
	for _, line := range c.queue {
		for _, j := range line {
			f.Waiting[j.urgency]++
		}
	}
	return f
}

// Close ends the process; work that waits fails.
func (c *Client) Close() error {
	c.mu.Lock()
	already := c.closed
	c.closed = true
	for k := range kinds {
		for _, j := range c.queue.drain(k) {
			j.end(Answer{}, ErrClosed)
		}
	}
	c.mu.Unlock()
	if !already {
		close(c.closing)
	}
	<-c.ended
	return nil
}

// ask queues an order and waits for its answer.
func (c *Client) ask(ctx context.Context, k kind, urgency Urgency, order Order) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	j := &job{order: order, kind: k, urgency: urgency, since: time.Now(), done: make(chan result, 1)}
	c.mu.Lock()
	lacks := c.deaf
	if k == saying {
		lacks = c.mute
	}
	switch {
	case c.closed:
		c.mu.Unlock()
		return Answer{}, ErrClosed
	case lacks != nil:
		c.mu.Unlock()
		return Answer{}, lacks
	case !c.queue.push(j):
		c.mu.Unlock()
		return Answer{}, ErrBehind
	}
	c.number++
	j.order.Number = c.number
	c.dispatch()
	c.mu.Unlock()
	select {
	case r := <-j.done:
		return r.answer, r.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.queue.remove(j) && c.process != nil && c.process.asked[j.order.Number] == j && !j.canceled {
		j.canceled = true
		c.process.orders <- Order{Number: j.order.Number, Cancel: true}
	}
	return Answer{}, ctx.Err()
}

// dispatch gives work to free workers. c.mu is held.
func (c *Client) dispatch() {
	for k := range kinds {
		for c.process != nil && c.free[k] > 0 {
			j := c.queue.next(k)
			if j == nil {
				break
			}
			c.free[k]--
			j.tries++
			j.sent = time.Now()
			c.process.asked[j.order.Number] = j
			c.process.orders <- j.order
		}
	}
}

// answered takes an answer of the process.
func (c *Client) answered(p *process, answer Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := p.asked[answer.Number]
	if j == nil || c.process != p {
		return
	}
	delete(p.asked, answer.Number)
	c.free[j.kind]++
	c.figures.Worked += answer.Took
	switch {
	case answer.Err != "":
		j.end(Answer{}, errors.New(answer.Err))
	case j.kind == hearing:
		c.figures.Heard++
		j.end(answer, nil)
	default:
		c.figures.Said++
		j.end(answer, nil)
	}
	c.dispatch()
}
