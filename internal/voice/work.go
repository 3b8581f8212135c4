package voice

import (
	"context"
	"errors"
	"time"

	"nacre/internal/call"
	"nacre/internal/turn"
)

// lastWorkWait is how long the end of a call waits for what was being done: its record tells what came of it.
const lastWorkWait = 2 * time.Second

// workLimit is how long an action may take; whoever does it has less.
const workLimit = 15 * time.Second

// takeWorks steps what came of actions since the last frame.
func (s *session) takeWorks() {
	for {
		select {
		case event := <-s.works:
			s.working--
			s.step(event)
		default:
			return
		}
	}
}

// lastWorks waits for actions that are being done when the call is over.
func (s *session) lastWorks() {
	late := time.NewTimer(lastWorkWait)
	defer late.Stop()
	for s.working > 0 {
		select {
		case event := <-s.works:
			s.working--
			s.step(event)
		case <-late.C:
			return
		}
	}
}

// work does an action of the script beside the talk (turn.Work).
func (s *session) work(action turn.Action) {
	done := turn.Event{Kind: turn.Worked, Work: action.Work}
	defer func() { s.works <- done }()
	defer survive(func(err error) {
		s.log.Error("do action", "error", err)
		done.Failed, done.Text = true, "it failed"
	})
	what := s.script.Actions[action.Number]
	var err error
	if what.Kind == call.ActTransfer {
		err = s.transfer(what.Number)
	} else { // what has begun is done to its end, also after the call
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), workLimit)
		defer cancel()
		var did call.Done
		did, err = s.desk.Act(ctx, what, action.Values)
		done.Text, done.Values = did.Text, did.Values
	}
	if err != nil {
		s.log.Warn("action failed", "action", what.Name, "error", err)
		done.Failed, done.Text = true, err.Error()
	}
}

// transfer puts the person through, where the account's rules allow it.
func (s *session) transfer(number string) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.limit)
	err := s.desk.MayTransfer(ctx, number)
	cancel()
	if err != nil {
		return err
	}
	err = s.leg.Transfer(s.ctx, number)
	var failed *call.TransferError
	if errors.As(err, &failed) {
		return errors.New(reached(failed))
	}
	return err
}

// reached says in words why somebody was not reached.
func reached(failed *call.TransferError) string {
	if failed.Code == 0 {
		return failed.Reason
	}
	switch call.CauseOf(failed.Code) {
	case call.CauseBusy:
		return "the line is busy"
	case call.CauseNoAnswer:
		return "nobody answered"
	default:
		return "the line cannot be reached"
	}
}
