package dialer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
)

// run carries one begun call to its end. Whatever happens in between, Finish is committed exactly once, by us or by the rescue.
func (d *Dialer) run(ctx context.Context, begun *engine.Begun) {
	defer d.callOver(begun.Call)
	log := d.Log.With("call", begun.Call.ID, "pearl", begun.Call.Pearl, "lead", begun.Call.Lead, "trace", begun.Call.Trace)
	var leg call.Leg
	defer func() {
		if reason := recover(); reason != nil {
			d.endBroken(log, begun, leg, reason)
		}
	}()
	meter := &call.Meter{}
	ctx = call.WithMeter(ctx, meter)
	if !d.before(ctx, log, begun) && ctx.Err() == nil {
		log.Info("not dialled: a request before the dial failed, and the Pearl ends the call then")
		d.finish(begun, engine.Ending{Outcome: call.SetupFailed, Ended: d.Now(), Charges: meter.Charges()})
		d.Observe.CallEnded(call.SetupFailed, 0, call.LegStats{})
		return
	}
	d.waitFor(ctx, d.prepare(ctx, log, begun.Script))
	log.Debug("dial")
	leg, failure := d.Dial.Dial(ctx, begun.Invite)
	if failure != nil {
		ended := d.Now() // before what the database takes
		// The reason is in the carrier's words, and some of them name the number.
		log.Info("call not answered", "cause", failure.Cause, "by", notAnsweredBy(ctx, failure.Cause), "code", failure.Code,
			slog.Group("pii", "reason", failure.Reason))
		d.trunkMet(ctx, begun, failure)
		outcome := call.OutcomeOf(failure.Cause)
		d.finish(begun, engine.Ending{Outcome: outcome, Ended: ended, Charges: meter.Charges(), Messages: failure.Messages})
		d.Observe.CallEnded(outcome, 0, call.LegStats{})
		return
	}
	var met sync.WaitGroup
	met.Go(func() { // beside: somebody is on the line
		defer d.survive(log, "recording the state of a trunk")
		d.trunkMet(ctx, begun, nil)
	})
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
		d.finish(begun, engine.Ending{Outcome: outcome, Ended: d.endOf(leg), Charges: meter.Charges(), Messages: leg.Stats().Messages})
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
	over := d.endOf(leg)
	ending := d.Judge(begun.Script, talk, begun.TranscriptOptions)
	ending.Ended = over
	by := hungUpBy(ctx, ended, begun.Script, over.Sub(answered))
	if by == string(byGrace) {
		ending.CutOff()
	}
	ending.Recording, ending.RecordingBytes = d.saved(log, begun, talk, ending)
	ending.Charges, ending.Messages = meter.Charges(), leg.Stats().Messages
	d.finish(begun, ending)
	stats := leg.Stats()
	d.Observe.CallEnded(ending.Outcome, over.Sub(answered), stats)
	for _, ms := range talk.TurnLatencyMS {
		d.Observe.TurnTook(time.Duration(ms) * time.Millisecond)
	}
	log.Info("call ended", "outcome", ending.Outcome, "by", by, "how", ended, "answerer", talk.Answerer, "broke", talk.Broke,
		"seconds", over.Sub(answered).Seconds(), "codec", stats.Codec, "sent", stats.Sent, "received", stats.Received, "lost", stats.Lost, "late", stats.Late, "jitterMs", stats.JitterMS,
		"turnsMs", talk.TurnLatencyMS)
}

// endOf is when a call was over on the wire, to which the work after it does not count: bills are made of it.
func (d *Dialer) endOf(leg call.Leg) time.Time {
	if ended := leg.Stats().Ended; !ended.IsZero() {
		return ended.UTC().Truncate(time.Millisecond)
	}
	return d.Now()
}

// placeWait is how long a call that is over keeps its agent and its number while its recording goes to disk.
const placeWait = 250 * time.Millisecond

// saved waits until the recording of a call is on disk, because the end of the call, which names it, is committed afterwards.
// A disk that is slow holds nobody's place: what the call held is given back meanwhile.
func (d *Dialer) saved(log *slog.Logger, begun *engine.Begun, talk call.Talk, ending engine.Ending) (name string, bytes int64) {
	if talk.Recording == nil {
		return "", 0
	}
	given := make(chan struct{})
	late := time.AfterFunc(placeWait, func() {
		defer close(given)
		defer d.survive(log, "giving back the place of a call")
		if err := d.Engine.Over(context.Background(), begun.Call, ending); err != nil {
			log.Error("give back the place of a call", "error", err) // its end does so
		}
	})
	name, bytes = talk.Recording.Saved()
	if !late.Stop() {
		<-given
	}
	return name, bytes
}

// hungUpBy says who ended an answered call: callee, agent, timeout, carrier, shutdown, or who asked for it (engine.Actor.By).
func hungUpBy(ctx context.Context, ended call.Ending, script call.Script, lasted time.Duration) string {
	var by stoppedBy
	switch {
	case ended == call.PeerHungUp:
		return "callee"
	case ended == call.ContextEnded && errors.As(context.Cause(ctx), &by):
		return string(by)
	case ended == call.ContextEnded, ended == call.PartyHungUp && script.Timeout > 0 && lasted >= script.Timeout:
		return "timeout" // callTimeout, said by the agent or held by its guard
	case ended == call.PartyHungUp:
		return "agent"
	}
	return "carrier" // no audio, or no dialog, any more
}

// notAnsweredBy says who ended a call before its answer: carrier, or who cancelled it (engine.Actor.By).
func notAnsweredBy(ctx context.Context, cause call.Cause) string {
	var by stoppedBy
	if cause == call.CauseCancelled && errors.As(context.Cause(ctx), &by) {
		return string(by)
	}
	return "carrier"
}

// waitFor gives the agent a while for its phrases before the INVITE leaves; then they are rendered on while it rings. The end
// of the calling hours is in the INVITE as an instant, so that waiting moves no ringing out of them.
func (d *Dialer) waitFor(ctx context.Context, prepared <-chan struct{}) {
	if d.PrepareFor <= 0 {
		return
	}
	limit := time.NewTimer(d.PrepareFor)
	defer limit.Stop()
	select {
	case <-prepared:
	case <-ctx.Done():
	case <-limit.C:
	}
}

// prepare has the agent render its phrases beside, and closes what it returns when that is done; that it cannot shows again
// when the call is held.
func (d *Dialer) prepare(ctx context.Context, log *slog.Logger, script call.Script) <-chan struct{} {
	done := make(chan struct{})
	p, ok := d.Agent.(Preparer)
	if !ok {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		defer d.survive(log, "preparing the agent")
		p.Prepare(ctx, script)
	}()
	return done
}

// survive is deferred by what goes on beside a call, and could end the process with all of them.
func (d *Dialer) survive(log *slog.Logger, what string) {
	if reason := recover(); reason != nil {
		log.Error("work beside calls panicked", "what", what, "panic", reason, "stack", string(debug.Stack()))
	}
}

// endBroken ends a call in which our own code panicked, as broken (lead and call at 500): the others go on. leg is nil where
// the call was not answered: then it may be on the wire still.
func (d *Dialer) endBroken(log *slog.Logger, begun *engine.Begun, leg call.Leg, reason any) {
	log.Error("call panicked", "panic", reason, "stack", string(debug.Stack()))
	ended := d.Now()
	if leg != nil {
		func() {
			defer d.survive(log, "hanging up")
			leg.HangUp()
			ended = d.endOf(leg)
		}()
	}
	d.finish(begun, engine.Ending{Outcome: call.Broke, Ended: ended, OnTheWire: leg == nil})
	d.Observe.CallEnded(call.Broke, 0, call.LegStats{})
}

// finishGrace is how long the end of a call is tried again while the process stops: what was said must not be called lost for
// one failed commit.
const finishGrace = 5 * time.Second

// finish commits the end of a call and does not give up while the database is away: no outcome is lost.
func (d *Dialer) finish(begun *engine.Begun, ending engine.Ending) {
	var giveUp time.Time // while stopping
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := d.Engine.Finish(context.Background(), begun.Call, ending)
		if err == nil {
			return
		}
		d.Log.Error("finish call", "call", begun.Call.ID, "error", err)
		if errors.Is(err, engine.ErrNotNode) {
			return // another process has settled it as lost
		}
		if d.calls.Err() != nil {
			if giveUp.IsZero() {
				giveUp = time.Now().Add(finishGrace)
			}
			if wait = min(wait, time.Second); time.Now().After(giveUp) {
				return // the next start settles it as lost
			}
			<-time.After(wait)
			continue
		}
		select {
		case <-d.calls.Done(): // stopping: some more tries, without a rest before the first
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

func (k desk) MayTransfer(ctx context.Context, number string) error {
	return k.d.Engine.MayTransfer(ctx, k.begun.Call, number)
}

func (k desk) Act(ctx context.Context, action call.Action, values []call.Value) (call.Done, error) {
	if k.d.Act == nil {
		return call.Done{}, errors.New("this server cannot do that")
	}
	known := maps.Clone(k.begun.Script.Known)
	if known == nil {
		known = map[string]any{}
	}
	for _, v := range values {
		if v.Value != nil || known[v.ID] == nil {
			known[v.ID] = v.Value
		}
	}
	return k.d.Act(ctx, action, k.begun.Call.To, known)
}

func (k desk) Said(by call.Role, words string) {
	if k.d.Config.Said != nil {
		k.d.Config.Said(k.begun, by, words)
	}
}

func (k desk) OptOut(ctx context.Context) error { return k.d.Engine.OptOut(ctx, k.begun.Call) }
