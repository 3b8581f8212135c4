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

// followUpWaits are the waits after tries that failed; after one more try it is given up.
var followUpWaits = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// FollowUpJob is a FollowUp that was claimed, with the call as it is.
type FollowUpJob struct {
	FollowUp
	Record call.Call
}

// NextFollowUps claims what is due after calls, for lease: until then nobody else gets them, and afterwards, where SettleAnalysis was
// not called, anybody. There are free places; running are those that accounts have taken. The account that has taken the fewest
// comes first, and none takes more than it leaves free, so that whoever comes finds a place.
func (e *Engine) NextFollowUps(ctx context.Context, lease time.Duration, free int, running map[id.ID]int) ([]FollowUpJob, error) {
	var claimed []FollowUp
	err := e.update(ctx, func(tx Tx, _ *Signals) error {
		claimed = nil
		now := e.clock()
		queues, err := tx.FollowUpQueues()
		if err != nil {
			return err
		}
		type own struct {
			taken int
			due   []FollowUp
		}
		var accounts []*own
		for _, q := range queues {
			if taken := running[q.Account]; !q.NextTry.After(now) && taken < free {
				due, err := tx.DueFollowUps(q.Account, now, free)
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
			if err := tx.SaveFollowUp(a); err != nil {
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
		return nil, fmt.Errorf("claim follow-ups: %w", err)
	}
	jobs := make([]FollowUpJob, 0, len(claimed))
	for _, a := range claimed {
		record, err := e.Store.ReadCall(ctx, a.Account, a.Call)
		if fault.Is(err, fault.NotFound) {
			continue // deleted meanwhile, and what follows it
		}
		if err != nil {
			return jobs, fmt.Errorf("read call of a follow-up: %w", err) // the others are claimed again when their lease is over
		}
		job := FollowUpJob{FollowUp: a, Record: record}
		if a.Tries > len(followUpWaits)+1 { // the last try was never settled: it may be what ends the process
			const why = "every try ended with the server"
			if job.Number == 0 {
				_, err = e.SettleAnalysis(ctx, job, AnalysisResult{Failed: why})
			} else {
				_, err = e.SettleAct(ctx, job, ActResult{Failed: why})
			}
			if err != nil {
				return jobs, err
			}
			continue
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// NextFollowUpTime is the earliest instant at which NextFollowUps may find something; zero where there is nothing.
func (e *Engine) NextFollowUpTime(ctx context.Context) (next time.Time, err error) {
	queues, err := e.Store.ReadFollowUpQueues(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("find next follow-up: %w", err)
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
func (e *Engine) SettleAnalysis(ctx context.Context, job FollowUpJob, result AnalysisResult) (state call.AnalysisState, err error) {
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
		claimed, err := tx.FollowUp(job.Call, job.Number)
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
			if err := tx.SaveFollowUp(claimed); err != nil {
				return err
			}
			return tx.SaveCall(current) // for its charges
		}
		current.Analysis = call.Analysis{State: call.AnalysisPending, Tries: claimed.Tries, Error: result.Failed}
		if result.Failed != "" && claimed.Tries <= len(followUpWaits) {
			state = call.AnalysisPending
			claimed.NextTry, claimed.Lease = now.Add(max(followUpWaits[claimed.Tries-1], result.RetryAfter)), time.Time{}
			if err := tx.SaveFollowUp(claimed); err != nil {
				return err
			}
			return tx.SaveCall(current)
		}
		if err := tx.DeleteFollowUp(job.Call, job.Number); err != nil {
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

// addFollowUps has what follows a call that becomes final done: where it was answered.
func addFollowUps(tx FollowUpTx, current *call.Call, ending Ending, now time.Time) (any bool, err error) {
	if current.Status != call.Completed {
		return false, nil
	}
	f := FollowUp{Call: current.ID, Account: current.Account, NextTry: now}
	if ending.Analysis != nil {
		current.Analysis = call.Analysis{State: call.AnalysisPending}
		f.Task = *ending.Analysis
		if err := tx.AddFollowUp(f); err != nil {
			return false, fmt.Errorf("add analysis: %w", err)
		}
	}
	for n, task := range ending.After {
		f.Number, f.Act, f.NextTry = n+1, task, now
		if task.Led {
			f.NextTry = ledLater
		}
		current.Acts = append(current.Acts, call.Act{Number: f.Number, Name: task.Action.Name, Kind: task.Action.Kind, State: call.ActPending})
		if err := tx.AddFollowUp(f); err != nil {
			return false, fmt.Errorf("add action after a call: %w", err)
		}
	}
	return ending.Analysis != nil || len(ending.After) > 0, nil
}

// ledLater is when an action is due that waits for another one.
var ledLater = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// notLed is why an action is not done that others lead to.
const notLed = "nothing that was done leads to it"

// leadOn makes due what follows an action that is over, with what that has brought, and gives up what nothing leads to any more.
func leadOn(tx FollowUpTx, current *call.Call, over FollowUp, values []call.Value, now time.Time) (any bool, err error) {
	waiting, due := map[int]FollowUp{}, []int{}
	state := call.NoAct
	for _, a := range current.Acts {
		if a.Number == over.Number {
			state = a.State
		}
		if a.Number == 0 || a.Number == over.Number || a.State != call.ActPending {
			continue
		}
		f, err := tx.FollowUp(current.ID, a.Number)
		if err != nil {
			return false, fmt.Errorf("read action after a call: %w", err)
		}
		if waiting[a.Number] = f; !f.Act.Led {
			due = append(due, a.Number)
		}
	}
	for _, number := range over.Act.Follows(state) {
		f, ok := waiting[number]
		if !ok || !f.Act.Led {
			continue
		}
		f.NextTry = now
		if f.Act, err = f.Act.LedBy(over.Act, values); err != nil {
			return false, fmt.Errorf("begin action after a call: %w", err)
		}
		if err := tx.SaveFollowUp(f); err != nil {
			return false, fmt.Errorf("begin action after a call: %w", err)
		}
		any, waiting[number] = true, f
		due = append(due, number)
	}
	reached := map[int]bool{}
	for len(due) > 0 {
		number := due[0]
		if due = due[1:]; reached[number] {
			continue
		}
		reached[number] = true
		for _, next := range waiting[number].Act.Next {
			due = append(due, next.Number)
		}
	}
	for n := range current.Acts {
		a := &current.Acts[n]
		if f, ok := waiting[a.Number]; ok && f.Act.Led && !reached[a.Number] {
			a.State, a.Error, a.At = call.ActUnneeded, notLed, now
			if err := tx.DeleteFollowUp(current.ID, a.Number); err != nil {
				return false, fmt.Errorf("give up action after a call: %w", err)
			}
		}
	}
	return any, nil
}

// ActResult is what came of a try to do an action after a call. The zero value: it is done.
type ActResult struct {
	Unneeded   string        // why it is not to be done; "" = it is
	Failed     string        // why it is not done
	RetryAfter time.Duration // a failed try: not before
	Judged     bool          // its trigger applies: that is not asked again
	Values     []call.Value  // that it has brought, for what follows it
	Stopped    bool          // the try was ended by the end of this process, and counts for nothing
	Charges    []call.Charge
}

// SettleAct commits what came of a try with its call, and returns how far the action is. NoAct: the claim had ended, and nothing was
// changed. Who did it before that was not told: whatever was sent may be sent twice, and is not lost.
func (e *Engine) SettleAct(ctx context.Context, job FollowUpJob, result ActResult) (state call.ActState, err error) {
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		state = call.NoAct
		now := e.clock()
		current, err := tx.Call(job.Account, job.Call)
		if err != nil {
			return ignoreMissing(err) // deleted meanwhile
		}
		claimed, err := tx.FollowUp(job.Call, job.Number)
		if err != nil {
			return ignoreMissing(err)
		}
		n := slices.IndexFunc(current.Acts, func(a call.Act) bool { return a.Number == job.Number })
		if claimed.Tries != job.Tries || n < 0 {
			return nil // somebody else has claimed it since
		}
		for _, c := range result.Charges {
			current.Charges = call.AddCharge(current.Charges, c)
		}
		if result.Judged {
			claimed.Act.Trigger = ""
		}
		current.Acts = slices.Clone(current.Acts)
		act := &current.Acts[n]
		retried := result.Failed != "" && claimed.Tries <= len(followUpWaits)
		switch {
		case result.Stopped:
			claimed.Tries--
			claimed.NextTry, retried = now, true
		case retried:
			act.Tries, act.Error = claimed.Tries, result.Failed
			claimed.NextTry = now.Add(max(followUpWaits[claimed.Tries-1], result.RetryAfter))
		case result.Failed != "":
			act.Tries, act.State, act.Error, act.At = claimed.Tries, call.ActGivenUp, result.Failed, now
		case result.Unneeded != "":
			act.Tries, act.State, act.Error, act.At = claimed.Tries, call.ActUnneeded, result.Unneeded, now
		default:
			act.Tries, act.State, act.Error, act.At = claimed.Tries, call.ActDone, "", now
		}
		if state = act.State; retried {
			claimed.Lease = time.Time{}
			err = tx.SaveFollowUp(claimed)
		} else {
			err = tx.DeleteFollowUp(job.Call, job.Number)
		}
		if err == nil && !retried {
			s.FollowUps, err = leadOn(tx, &current, claimed, result.Values, now)
		}
		if err != nil {
			return err
		}
		return tx.SaveCall(current)
	})
	if err != nil {
		return call.NoAct, fmt.Errorf("settle action after a call: %w", err)
	}
	return state, nil
}
