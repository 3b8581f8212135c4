package followup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"

	"nacre/internal/call"
	"nacre/internal/engine"
)

// Why actions with a trigger are not done.
const (
	noJudge      = "there is no language model that could judge its trigger"
	noTranscript = "its trigger cannot be judged: no transcript is kept of the call"
	notApplied   = "its trigger does not apply"
)

// do does one action after a call, and has what came of it committed.
func (a *Worker) do(job engine.FollowUpJob) {
	log := a.Log.With("call", job.Call, "pearl", job.Record.Pearl, "trace", job.Record.Trace, "action", job.Act.Action.Name, "try", job.Tries)
	meter := &call.Meter{}
	var result engine.ActResult
	err := a.act(call.WithMeter(a.ctx, meter), job, &result)
	result.Charges = meter.Charges()
	result.Stopped, result.Failed, result.RetryAfter = a.failed(err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), settleTimeout)
	defer cancel()
	state, settled := a.Jobs.SettleAct(ctx, job, result)
	switch {
	case settled != nil:
		log.Error("record an action after a call", "error", settled) // it is tried again when its lease is over
	case result.Stopped:
	case state == call.ActGivenUp:
		log.Error("an action after a call is given up", "error", err)
	case state == call.ActPending:
		log.Warn("do an action after a call", "error", err)
	default:
		log.Debug("an action after a call is settled", "state", state)
	}
}

// act judges the trigger and does the action. It recovers what panics, as ask does.
func (a *Worker) act(ctx context.Context, job engine.FollowUpJob, result *engine.ActResult) (err error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil {
			a.Log.Error("an action after a call panicked", "call", job.Call, "panic", reason, "stack", string(debug.Stack()))
			err = errors.New("internal error")
		}
	}()
	task := job.Act
	if task.Trigger != "" {
		switch {
		case a.Applies == nil:
			result.Unneeded = noJudge
		case len(job.Record.Transcript) == 0:
			result.Unneeded = noTranscript
		default:
			applies, err := a.Applies(ctx, task, job.Record.Transcript)
			if err != nil {
				return err
			}
			if result.Judged = applies; !applies {
				result.Unneeded = notApplied
			}
		}
		if result.Unneeded != "" {
			return nil
		}
	}
	values, err := task.Values(job.Record.Collected)
	if err != nil {
		return err
	}
	done, err := a.Act(ctx, once(task.Action, job), job.Record.To, values)
	result.Values = done.Values
	return err
}

// once has a request say which one it is, so that whoever gets it twice can tell.
func once(action call.Action, job engine.FollowUpJob) call.Action {
	if action.Request == nil {
		return action
	}
	request := *action.Request
	request.Headers = maps.Clone(request.Headers)
	if request.Headers == nil {
		request.Headers = map[string]string{}
	}
	if _, own := request.Headers["Idempotency-Key"]; !own {
		request.Headers["Idempotency-Key"] = fmt.Sprintf("%s-%d", job.Call, job.Number)
	}
	action.Request = &request
	return action
}
