package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// analysisWaits are the waits after tries that failed; after one more try an analysis is given up.
var analysisWaits = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// AnalysisJob is an Analysis that was claimed, with the call as it is.
type AnalysisJob struct {
	Analysis
	Record call.Call
}

// NextAnalyses claims analyses that are due, for lease: until then nobody else gets them, and afterwards, where SettleAnalysis was
// not called, anybody. There are free places; running are those that accounts have taken. The account that has taken the fewest
// comes first, and none takes more than it leaves free, so that whoever comes finds a place.
func (e *Engine) NextAnalyses(ctx context.Context, lease time.Duration, free int, running map[id.ID]int) ([]AnalysisJob, error) {
	var claimed []Analysis
	err := e.update(ctx, func(tx Tx, _ *Signals) error {
		claimed = nil
		now := e.clock()
		queues, err := tx.AnalysisQueues()
		if err != nil {
			return err
		}
		type own struct {
			taken int
			due   []Analysis
		}
		var accounts []*own
		for _, q := range queues {
			if taken := running[q.Account]; !q.NextTry.After(now) && taken < free {
				due, err := tx.DueAnalyses(q.Account, now, free)
				if err != nil {
					return err
				}
				if len(due) > 0 {
					accounts = append(accounts, &own{taken: taken, due: due})
				}
			}
		}
		for left := free; len(accounts) > 0; left-- {
			least := slices.MinFunc(accounts, func(a, b *own) int { return a.taken - b.taken })
			if least.taken >= left {
				break
			}
			a := least.due[0]
			a.Tries++
			a.Lease = now.Add(lease)
			a.NextTry = a.Lease
			if err := tx.SaveAnalysis(a); err != nil {
				return err
			}
			claimed = append(claimed, a)
			least.taken++
			if least.due = least.due[1:]; len(least.due) == 0 {
				accounts = slices.DeleteFunc(accounts, func(o *own) bool { return o == least })
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim analyses: %w", err)
	}
	jobs := make([]AnalysisJob, 0, len(claimed))
	for _, a := range claimed {
		record, err := e.Store.ReadCall(ctx, a.Account, a.Call)
		if fault.Is(err, fault.NotFound) {
			continue // deleted meanwhile, and the analysis with it
		}
		if err != nil {
			return jobs, fmt.Errorf("read call to analyse: %w", err) // the others are claimed again when their lease is over
		}
		job := AnalysisJob{Analysis: a, Record: record}
		if a.Tries > len(analysisWaits)+1 { // the last try was never settled: it may be what ends the process
			if _, err := e.SettleAnalysis(ctx, job, AnalysisResult{Failed: "every try ended with the server"}); err != nil {
				return jobs, err
			}
			continue
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// NextAnalysisTime is the earliest instant at which NextAnalyses may find something; zero where there is nothing.
func (e *Engine) NextAnalysisTime(ctx context.Context) (next time.Time, err error) {
	queues, err := e.Store.ReadAnalysisQueues(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("find next analysis: %w", err)
	}
	for _, q := range queues {
		if next.IsZero() || q.NextTry.Before(next) {
			next = q.NextTry
		}
	}
	return next, nil
}

// AnalysisResult is what came of a try.
type AnalysisResult struct {
	Findings   call.Findings
	Failed     string        // why there are none; "" = there are
	RetryAfter time.Duration // a failed try: not before
	Stopped    bool          // the try was ended by the end of this process, and counts for nothing
	Charges    []call.Charge // also of a try that failed
}

// SettleAnalysis commits what came of a try with the call, its lead and their deliveries, in one transaction, and returns how far
// the analysis is. NoAnalysis: the claim had ended, and nothing was changed.
func (e *Engine) SettleAnalysis(ctx context.Context, job AnalysisJob, result AnalysisResult) (state call.AnalysisState, err error) {
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		state = call.NoAnalysis
		now := e.clock()
		pearl, err := tx.Pearl(job.Account, job.Record.Pearl, Unlocked)
		if err != nil {
			return fmt.Errorf("read pearl: %w", err)
		}
		l, err := leadOf(tx, job.Account, job.Record.Pearl, job.Record.Lead)
		if err != nil {
			return err
		}
		current, err := tx.Call(job.Account, job.Call)
		if err != nil {
			return ignoreMissing(err) // deleted meanwhile
		}
		claimed, err := tx.Analysis(job.Call)
		if err != nil {
			return ignoreMissing(err)
		}
		if claimed.Tries != job.Tries {
			return nil // somebody else has claimed it since
		}
		for _, c := range result.Charges {
			current.Charges = call.AddCharge(current.Charges, c)
		}
		if result.Stopped {
			state = call.AnalysisPending
			claimed.Tries--
			claimed.NextTry, claimed.Lease = now, time.Time{}
			if err := tx.SaveAnalysis(claimed); err != nil {
				return err
			}
			return tx.SaveCall(current) // for its charges
		}
		current.Analysis = call.Analysis{State: call.AnalysisPending, Tries: claimed.Tries, Error: result.Failed}
		if result.Failed != "" && claimed.Tries <= len(analysisWaits) {
			state = call.AnalysisPending
			claimed.NextTry, claimed.Lease = now.Add(max(analysisWaits[claimed.Tries-1], result.RetryAfter)), time.Time{}
			if err := tx.SaveAnalysis(claimed); err != nil {
				return err
			}
			return tx.SaveCall(current)
		}
		if err := tx.DeleteAnalysis(job.Call); err != nil {
			return err
		}
		current.Analysis.At = now
		if result.Failed != "" {
			state, current.Analysis.State = call.AnalysisFailed, call.AnalysisFailed
			return tx.SaveCall(current)
		}
		state, current.Analysis.State = call.AnalysisDone, call.AnalysisDone
		event := found(&current, result.Findings)
		if event.Collected, err = collectedObject(current.Collected); err != nil {
			return err
		}
		announces := pearl.Webhooks.Analysis
		if l == nil {
			if announces && pearl.Webhooks.CallURL != "" {
				current.Sequence++
			}
			if err := tx.SaveCall(current); err != nil || !announces {
				return err
			}
			return e.madeCallDelivery(tx, s, pearl, current, now)
		}
		if err := tx.SaveCall(current); err != nil {
			return err
		}
		c := e.change(tx, pearl, *l, Actor{Account: current.Account, By: "analysis", Trace: current.Trace}, now, s)
		if _, err := c.step(event); err != nil {
			return err
		}
		for n := range c.history {
			c.history[n].Call = current.ID
		}
		if announces {
			if err := c.callDelivery(current); err != nil {
				return err
			}
		}
		return c.commit()
	})
	if err != nil {
		return call.NoAnalysis, fmt.Errorf("settle analysis: %w", err)
	}
	return state, nil
}

func ignoreMissing(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// found writes findings into the record of a call. What was collected, tagged and judged in the talk stands.
func found(current *call.Call, f call.Findings) (event lead.Analysed) {
	event = lead.Analysed{Call: current.ID}
	current.Summary, current.Sentiment = f.Summary, f.Sentiment
	current.Tags = slices.Clone(current.Tags)
	for _, tag := range f.Tags {
		if !slices.Contains(current.Tags, tag) {
			current.Tags = append(current.Tags, tag)
		}
	}
	current.Collected = slices.Clone(current.Collected)
	for _, v := range f.Values {
		n := slices.IndexFunc(current.Collected, func(known call.Value) bool { return known.ID == v.ID })
		switch {
		case n < 0:
			current.Collected = append(current.Collected, v)
		case current.Collected[n].Value == nil:
			current.Collected[n] = v
		}
	}
	if f.Success && current.Outcome == call.NotSuccess && !current.CallbackPromised {
		event.Success = true
		current.Outcome, current.Conversation = call.Success, int(lead.Success)
	}
	return event
}

// addAnalysis has a call that becomes final analysed.
func addAnalysis(tx AnalysisTx, current *call.Call, task *call.AnalysisTask, now time.Time) error {
	if task == nil || current.Status != call.Completed {
		return nil
	}
	current.Analysis = call.Analysis{State: call.AnalysisPending}
	if err := tx.AddAnalysis(Analysis{Call: current.ID, Account: current.Account, Task: *task, NextTry: now}); err != nil {
		return fmt.Errorf("add analysis: %w", err)
	}
	return nil
}
