// Package speech recognises and synthesises speech with models on this machine. Each model runs in a process of its own
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
	Task    Task                      // what the process does
	Ears    *folder.Recognizer        // an operator's, that hears in place of the folder's own; nil: none
	Command func() (*exec.Cmd, error) // starts the process; nil: the program in the folder
	Workers int                       // utterances or clauses worked on at a time; 0: Hearers, or one: a clause, or an utterance by an operator's recogniser, which spreads over the processors itself
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
	free    int           // workers without work
	failure error         // why process is nil
	started chan struct{} // closed when the first start has succeeded or failed
	closed  bool
	figures Figures
}

// Figures counts what a Client has done since it was opened.
type Figures struct {
	Up       bool // the process runs
	Waiting  [urgencies]int
	Done     uint64        // utterances recognised, partials included, or clauses spoken
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
	if config.Workers <= 0 {
		config.Workers = 1
		if config.Task == Hearing && config.Ears == nil {
			config.Workers = Hearers()
		}
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

// Workers returns how many utterances or clauses are worked on at a time.
func (c *Client) Workers() int { return c.config.Workers }

// Languages returns what is heard, by primary subtags (BCP 47).
func (c *Client) Languages() []string {
	if c.config.Ears != nil {
		return c.config.Ears.Languages
	}
	return []string{"en"}
}

// Hear recognises one utterance of 8 kHz samples, of half a minute at most, in a language (BCP 47, "" = unknown).
func (c *Client) Hear(ctx context.Context, samples []int16, language string, urgency Urgency) (Heard, error) {
	answer, err := c.ask(ctx, urgency, Order{Hear: &Hear{Samples: Bytes(samples), Language: language}})
	if err != nil {
		return Heard{}, fmt.Errorf("hear: %w", err)
	}
	return answer.Heard, nil
}

// Say makes the speech of one clause.
func (c *Client) Say(ctx context.Context, say Say, urgency Urgency) (Said, error) {
	answer, err := c.ask(ctx, urgency, Order{Say: &say})
	if err != nil {
		return Said{}, fmt.Errorf("say: %w", err)
	}
	return answer.Said, nil
}

// Ready returns nil if the process runs and has loaded its model.
func (c *Client) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// Figures returns the counts so far.
func (c *Client) Figures() Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.figures
	f.Up = c.process != nil
	for _, j := range c.queue {
		f.Waiting[j.urgency]++
	}
	return f
}

// Close ends the process; work that waits fails.
func (c *Client) Close() error {
	c.mu.Lock()
	already := c.closed
	c.closed = true
	for _, j := range c.queue.drain() {
		j.end(Answer{}, ErrClosed)
	}
	c.mu.Unlock()
	if !already {
		close(c.closing)
	}
	<-c.ended
	return nil
}

// ask queues an order and waits for its answer.
func (c *Client) ask(ctx context.Context, urgency Urgency, order Order) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	j := &job{order: order, urgency: urgency, since: time.Now(), done: make(chan result, 1)}
	c.mu.Lock()
	switch {
	case c.closed:
		c.mu.Unlock()
		return Answer{}, ErrClosed
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
	for c.process != nil && c.free > 0 {
		j := c.queue.next()
		if j == nil {
			return
		}
		c.free--
		j.tries++
		j.sent = time.Now()
		c.process.asked[j.order.Number] = j
		c.process.orders <- j.order
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
	c.free++
	c.figures.Worked += answer.Took
	switch {
	case answer.Err != "":
		j.end(Answer{}, errors.New(answer.Err))
	default:
		c.figures.Done++
		j.end(answer, nil)
	}
	c.dispatch()
}
