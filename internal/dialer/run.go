package dialer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
)

// run carries one begun call to its end. Whatever happens in between, Finish is committed exactly once, by us or by the rescue.
func (d *Dialer) run(ctx context.Context, begun *engine.Begun) {
	defer d.landed(begun.Call)
	log := d.Log.With("call", begun.Call.ID, "pearl", begun.Call.Pearl, "lead", begun.Call.Lead, "trace", begun.Call.Trace)
	if p, ok := d.Agent.(Preparer); ok {
		go p.Prepare(ctx, begun.Script)
	}
	log.Debug("dial")
	leg, failure := d.Dial.Dial(ctx, begun.Invite)
	if failure != nil {
		// The reason is in the carrier's words, and some of them name the number.
		log.Info("call not answered", "cause", failure.Cause, "code", failure.Code, slog.Group("pii", "reason", failure.Reason))
		d.trunkMet(ctx, begun, failure)
		outcome := call.OutcomeOf(failure.Cause)
		d.finish(begun, engine.Ending{Outcome: outcome, Ended: d.Now()})
		d.Observe.CallEnded(outcome, 0, call.LegStats{})
		return
	}
	var met sync.WaitGroup
	met.Go(func() { d.trunkMet(ctx, begun, nil) }) // beside: somebody is on the line
	defer met.Wait()
	holds, err := d.Engine.Answer(context.WithoutCancel(ctx), begun.Call)
	if err != nil || !holds {
		if err != nil {
			// Without the commit nobody may speak: what cannot be recorded is not begun.
			log.Error("commit answer", "error", err)
		}
		leg.HangUp()
		outcome := call.Cancelled
		if err != nil {
			outcome = call.SetupFailed
		}
		d.finish(begun, engine.Ending{Outcome: outcome, Ended: d.Now()})
		d.Observe.CallEnded(outcome, 0, leg.Stats())
		return
	}
	d.mu.Lock()
	if current := d.air[begun.Call.ID]; current != nil {
		current.talks = true
	}
	d.mu.Unlock()
	answered := d.Now()
	talk, ended := d.Agent.Hold(ctx, leg, begun.Script, desk{d: d, begun: begun})
	over := d.Now()
	ending := d.Judge(begun.Script, talk, begun.TranscriptOptions)
	ending.Ended = over
	d.finish(begun, ending)
	stats := leg.Stats()
	d.Observe.CallEnded(ending.Outcome, over.Sub(answered), stats)
	for _, ms := range talk.TurnLatencyMS {
		d.Observe.TurnTook(time.Duration(ms) * time.Millisecond)
	}
	log.Info("call ended", "outcome", ending.Outcome, "by", ended, "answerer", talk.Answerer, "broke", talk.Broke,
		"seconds", over.Sub(answered).Seconds(), "sent", stats.Sent, "received", stats.Received, "lost", stats.Lost, "late", stats.Late, "jitterMs", stats.JitterMS,
		"turnsMs", talk.TurnLatencyMS)
}

// finish commits the end of a call and does not give up while the database is away: no outcome is lost.
func (d *Dialer) finish(begun *engine.Begun, ending engine.Ending) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := d.Engine.Finish(context.Background(), begun.Call, ending)
		if err == nil {
			return
		}
		d.Log.Error("finish call", "call", begun.Call.ID, "error", err)
		if errors.Is(err, engine.ErrNotNode) {
			return // another process has settled it as lost
		}
		select {
		case <-d.calls.Done():
			return // stopping: the next start settles it
		case <-time.After(wait):
		}
	}
}

// trunkMet keeps the trunk's state by what calls meet; failure is nil for an answered call.
func (d *Dialer) trunkMet(ctx context.Context, begun *engine.Begun, failure *call.Failure) {
	state, detail := account.TrunkOK, ""
	switch {
	case failure == nil:
	case failure.Cause == call.CauseUnauthorized:
		state, detail = account.TrunkUnauthorized, fmt.Sprintf("our credentials were refused: %d %s", failure.Code, failure.Reason)
	case failure.Cause == call.CauseUnreachable:
		state, detail = account.TrunkUnreachable, failure.Reason
	case failure.Code == 0:
		return // nothing was heard: neither good nor bad news
	}
	if err := d.Engine.TrunkMet(context.WithoutCancel(ctx), begun.Call.Account, begun.Call.Trunk, state, detail); err != nil {
		d.Log.Error("record trunk state", "trunk", begun.Call.Trunk, "error", err)
	}
}

// desk has things done for the agent while its call is up.
type desk struct {
	d     *Dialer
	begun *engine.Begun
}

func (k desk) OptOut(ctx context.Context) error { return k.d.Engine.OptOut(ctx, k.begun.Call) }
