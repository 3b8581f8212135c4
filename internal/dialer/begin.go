package dialer

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
)

// giveBack gives a claim back, which rests for wait. It may fail: then settle does it.
func (d *Dialer) giveBack(w engine.Work, wait time.Duration) {
	defer d.untrack(cmp.Or(w.Lead, w.Request))
	if err := d.Engine.Release(context.Background(), w, wait); err != nil {
		d.Log.Error("give claim back", "lead", w.Lead, "request", w.Request, "error", err)
	}
}

// begin passes the last gate and has the call dialled; it returns nil where no INVITE leaves.
func (d *Dialer) begin(w engine.Work) *engine.Begun {
	d.beginStarted()
	begun, err := d.record(w)
	if err != nil {
		d.beginFailed()
		d.Log.Error("begin call", "lead", w.Lead, "request", w.Request, "error", err)
		d.giveBack(w, beginAgain)
		return nil
	}
	if begun == nil {
		d.beginFailed()
		d.untrack(cmp.Or(w.Lead, w.Request))
		return nil
	}
	if begun.Invite.Trunk.ID.Zero() {
		begun.Invite.Trunk = d.Sandbox()
		if _, told := d.onSandbox.LoadOrStore(begun.Call.Pearl, true); !told {
			d.Log.Warn("the campaign runs on the sandbox carrier: its people are simulated, its results are not real", "pearl", begun.Call.Pearl)
		}
	}
	ctx := d.beginSucceeded(begun.Call)
	if d.stopping() {
		// Stop may have listed the calls before this one was among them.
		if err := d.cancelForShutdown(context.Background(), begun.Call); err != nil {
			d.Log.Error("cancel call at shutdown", "call", begun.Call.ID, "error", err)
			d.Stopped(begun.Call.ID, string(byGrace)) // as in Cease: nothing is sent for it
		}
	}
	d.Observe.CallBegun()
	go d.run(ctx, begun)
	return begun
}

// record passes the gate and records the call. What panics there is an error: it ends no call but this one.
func (d *Dialer) record(w engine.Work) (begun *engine.Begun, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			begun, err = nil, fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	return d.Engine.Begin(context.Background(), w, newTrace())
}

// callOver forgets a call that is final.
func (d *Dialer) callOver(final call.Call) {
	d.mu.Lock()
	current := d.air[final.ID]
	delete(d.air, final.ID)
	d.mu.Unlock()
	if current != nil {
		current.cancel(nil)
	}
	d.untrack(cmp.Or(final.Lead, final.Request))
	wake(d.ended)
}
