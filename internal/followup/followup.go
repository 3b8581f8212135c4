// Package followup does what follows calls that are over: it has a language model analyse them, and has the actions of their
// Pearls done. It claims them from the engine, and has the engine commit what came of it. It decides when and how many at once, and
// neither what is to be done nor what becomes of it.
package followup

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/provider"
)

const (
	defaultPlaces = 8
	askFor        = 2 * time.Minute // longest time of a try, all models of the order together
	leaseTime     = askFor + time.Minute
	longestPause  = 30 * time.Second // another node may have added something without a hint
	settleTimeout = 10 * time.Second
)

// Jobs are what follows calls. Implemented by engine.Engine.
type Jobs interface {
	NextFollowUps(ctx context.Context, lease time.Duration, free int, running map[id.ID]int) ([]engine.FollowUpJob, error)
	NextFollowUpTime(ctx context.Context) (time.Time, error)
	SettleAnalysis(ctx context.Context, job engine.FollowUpJob, result engine.AnalysisResult) (call.AnalysisState, error)
	SettleAct(ctx context.Context, job engine.FollowUpJob, result engine.ActResult) (call.ActState, error)
}

// Config is what a Worker is made of.
type Config struct {
	Jobs Jobs
	// Ask has a model find what a call amounted to; nil = there is none. What that costs goes to the Meter of ctx. Errors say nothing
	// of what was said.
	Ask func(ctx context.Context, task call.AnalysisTask, transcript []call.Line) (call.Findings, error)
	// Applies has a model judge whether the trigger of an action applies to a call; nil = there is none.
	Applies func(ctx context.Context, task call.ActTask, transcript []call.Line) (bool, error)
	// Act does an action for the person of a number.
	Act    func(ctx context.Context, action call.Action, to string, values map[string]any) (call.Done, error)
	Now    func() time.Time
	Log    *slog.Logger
	Places int                            // at once; 0 = 8
	Tried  func(state call.AnalysisState) // how far an analysis is after a try; nil = nobody is told
}

// Worker does what follows calls.
type Worker struct {
	Config
	wake chan struct{} // capacity 1: something may be due, or a place is free
	stop context.CancelFunc
	ctx  context.Context
	loop sync.WaitGroup
	runs sync.WaitGroup

	mu      sync.Mutex
	running map[id.ID]int // tries under way, by account
	taken   int
}

// New makes a Worker; it does nothing before Start.
func New(config Config) *Worker {
	if config.Places <= 0 {
		config.Places = defaultPlaces
	}
	if config.Tried == nil {
		config.Tried = func(call.AnalysisState) {}
	}
	a := &Worker{Config: config, wake: make(chan struct{}, 1), running: map[id.ID]int{}}
	a.ctx, a.stop = context.WithCancel(context.Background())
	return a
}

// Start begins.
func (a *Worker) Start() { a.loop.Go(a.run) }

// Stop ends tries under way, which the next process begins anew, and returns when that is done.
func (a *Worker) Stop() {
	a.stop()
	a.loop.Wait()
	a.runs.Wait()
}

// Committed implements engine.Listener.
func (a *Worker) Committed(told engine.Signals) {
	if told.FollowUps {
		a.notify()
	}
}

func (a *Worker) notify() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *Worker) run() {
	for a.ctx.Err() == nil {
		taken, err := a.take()
		if taken > 0 {
			continue
		}
		pause := longestPause
		if err == nil {
			pause, err = a.pause()
		}
		if err != nil && a.ctx.Err() == nil {
			a.Log.Error("look for what follows calls", "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-a.ctx.Done():
		case <-a.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take begins what is due, as far as there are places.
func (a *Worker) take() (taken int, err error) {
	a.mu.Lock()
	free, running := a.Places-a.taken, maps.Clone(a.running)
	a.mu.Unlock()
	if free == 0 {
		return 0, nil
	}
	jobs, err := a.Jobs.NextFollowUps(a.ctx, leaseTime, free, running)
	for _, job := range jobs {
		a.mu.Lock()
		a.running[job.Account]++
		a.taken++
		a.mu.Unlock()
		a.runs.Go(func() {
			defer a.leave(job.Account)
			if job.Number == 0 {
				a.try(job)
			} else {
				a.do(job)
			}
		})
	}
	return len(jobs), err
}

func (a *Worker) leave(accountID id.ID) {
	a.mu.Lock()
	defer a.notify()
	defer a.mu.Unlock()
	a.taken--
	if a.running[accountID]--; a.running[accountID] == 0 {
		delete(a.running, accountID)
	}
}

// pause is how long nothing is to be done unless somebody wakes the loop.
func (a *Worker) pause() (time.Duration, error) {
	next, err := a.Jobs.NextFollowUpTime(a.ctx)
	switch wait := next.Sub(a.Now()); {
	case err != nil || next.IsZero():
		return longestPause, err
	case wait <= 0: // there is no place for it now, or another process is at it
		return time.Second, nil
	default:
		return min(wait, longestPause), nil
	}
}

// try asks about one call and has what came of it committed.
func (a *Worker) try(job engine.FollowUpJob) {
	log := a.Log.With("call", job.Call, "pearl", job.Record.Pearl, "trace", job.Record.Trace, "try", job.Tries)
	meter := &call.Meter{}
	var result engine.AnalysisResult
	err := a.ask(call.WithMeter(a.ctx, meter), job, &result.Findings)
	result.Charges = meter.Charges()
	result.Stopped, result.Failed, result.RetryAfter = a.failed(err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), settleTimeout)
	defer cancel()
	state, settled := a.Jobs.SettleAnalysis(ctx, job, result)
	if settled != nil {
		log.Error("record analysis of a call", "error", settled) // it is tried again when its lease is over
		return
	}
	if result.Stopped {
		return
	}
	a.Tried(state)
	switch state {
	case call.AnalysisFailed:
		log.Error("analysis of a call is given up", "error", err)
	case call.AnalysisPending:
		log.Warn("analyse call", "error", err)
	case call.AnalysisDone:
		log.Debug("call is analysed")
	}
}

// ask recovers what panics: one call's words must not end the server.
func (a *Worker) ask(ctx context.Context, job engine.FollowUpJob, found *call.Findings) (err error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if a.Ask == nil {
		return errors.New("no language model is configured")
	}
	defer func() {
		if reason := recover(); reason != nil {
			a.Log.Error("analysis panicked", "call", job.Call, "panic", reason, "stack", string(debug.Stack()))
			err = errors.New("internal error")
		}
	}()
	*found, err = a.Ask(ctx, job.Task, job.Record.Transcript)
	return err
}

// failed says what an error means for the next try: whether it is only that the server stops, else why it failed, and for how long
// whoever was asked wants to be left alone.
func (a *Worker) failed(err error) (stopped bool, why string, retryAfter time.Duration) {
	if err == nil || a.ctx.Err() != nil {
		return err != nil, "", 0
	}
	var failure *provider.Error
	if errors.As(err, &failure) {
		retryAfter = failure.RetryAfter
	}
	return false, reason(err), retryAfter
}

// longestReason bounds what is kept of an error, in bytes.
const longestReason = 500

func reason(err error) string {
	if text := err.Error(); len(text) > longestReason {
		return text[:longestReason]
	} else {
		return text
	}
}
