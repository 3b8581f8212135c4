package dialer

import (
	"cmp"
	"context"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
)

// lane sends the claims of one trunk to the wire one after another, at least 1/callsPerSecond apart (contract 9.7).
// The gate (begin) is passed right before the INVITE, not while a claim waits here.
type lane struct {
	d       *Dialer
	mu      sync.Mutex
	queue   []engine.Work
	running bool
	next    time.Time // not before then, by the pace of the trunk as the last call went over it
}

func (d *Dialer) lane(trunk call.Trunk) *lane {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, ok := d.lanes[trunk.ID]
	if !ok {
		l = &lane{d: d}
		d.lanes[trunk.ID] = l
	}
	return l
}

func (l *lane) push(w engine.Work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, w)
	if !l.running {
		l.running = true
		go l.run()
	}
}

func (l *lane) run() {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		w := l.queue[0]
		l.queue = l.queue[1:]
		next := l.next
		l.mu.Unlock()
		if !l.d.waitUntil(next) {
			l.d.giveBack(w, 0)
			continue
		}
		if begun := l.d.begin(w); begun != nil {
			l.mu.Lock()
			l.next = time.Now().Add(gap(begun.Invite.Trunk.CallsPerSecond))
			l.mu.Unlock()
		}
	}
}

// gap between two INVITEs; a fiftieth more than asked for, since the send itself is not timed. 0 calls a second is no limit.
func gap(callsPerSecond float64) time.Duration {
	if callsPerSecond <= 0 {
		return 0
	}
	return time.Duration(1.02*float64(time.Second)/callsPerSecond) + time.Millisecond
}

// waitUntil is false where the dialer stops meanwhile.
func (d *Dialer) waitUntil(at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return !d.stopping()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-d.stop:
		return false
	case <-timer.C:
		return true
	}
}

// giveBack may fail: then settle does it.
func (d *Dialer) giveBack(w engine.Work, wait time.Duration) {
	defer d.letGo(cmp.Or(w.Lead, w.Request))
	if err := d.Engine.Release(context.Background(), w, wait); err != nil {
		d.Log.Error("give claim back", "lead", w.Lead, "request", w.Request, "error", err)
	}
}

// begin passes the last gate and has the call dialled; nil where nothing goes out.
func (d *Dialer) begin(w engine.Work) *engine.Begun {
	d.beginning()
	begun, err := d.Engine.Begin(context.Background(), w, newTrace())
	if err != nil {
		d.grounded()
		d.Log.Error("begin call", "lead", w.Lead, "request", w.Request, "error", err)
		d.giveBack(w, beginAgain)
		return nil
	}
	if begun == nil {
		d.grounded()
		d.letGo(cmp.Or(w.Lead, w.Request))
		return nil
	}
	if begun.Invite.Trunk.ID.Zero() {
		begun.Invite.Trunk = d.Sandbox()
		if _, told := d.onSandbox.LoadOrStore(begun.Call.Pearl, true); !told {
			d.Log.Warn("the campaign runs on the sandbox carrier: its people are simulated, its results are not real", "pearl", begun.Call.Pearl)
		}
	}
	ctx := d.airborne(begun.Call)
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

// landed forgets a call that is final.
func (d *Dialer) landed(final call.Call) {
	d.mu.Lock()
	current := d.air[final.ID]
	delete(d.air, final.ID)
	d.mu.Unlock()
	if current != nil {
		current.cancel(nil)
	}
	d.letGo(cmp.Or(final.Lead, final.Request))
	select {
	case d.landings <- struct{}{}:
	default:
	}
}
