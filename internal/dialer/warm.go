package dialer

import (
	"context"
	"runtime/debug"
	"sync"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
)

// warmer has the agent render what the calls of a campaign have in common, in the background and one campaign after another,
// when it is first seen to run and whenever that has changed. So a call waits for what names its person, and for nothing else.
type warmer struct {
	mu      sync.Mutex
	done    map[id.ID]int64 // versions that were rendered, by campaign
	waiting []campaign.Pearl
	busy    bool
}

// warm queues the campaigns that run now, unless they were rendered as they are.
func (d *Dialer) warm(pearls []campaign.Pearl) {
	p, ok := d.Agent.(Preparer)
	if !ok {
		return
	}
	w := &d.warmer
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.done
	w.done = make(map[id.ID]int64, len(pearls)) // those that run no more are forgotten
	for _, pearl := range pearls {
		if version, ok := known[pearl.ID]; !ok || version != pearl.Version {
			w.waiting = append(w.waiting, pearl)
		}
		w.done[pearl.ID] = pearl.Version
	}
	if !w.busy && len(w.waiting) > 0 {
		w.busy = true
		d.loops.Go(func() { d.render(p) })
	}
}

// render renders the campaigns that wait.
func (d *Dialer) render(p Preparer) {
	for {
		d.warmer.mu.Lock()
		if len(d.warmer.waiting) == 0 || d.loopCtx.Err() != nil {
			d.warmer.busy = false
			d.warmer.mu.Unlock()
			return
		}
		pearl := d.warmer.waiting[0]
		d.warmer.waiting = d.warmer.waiting[1:]
		d.warmer.mu.Unlock()
		d.renderOne(d.loopCtx, p, pearl)
	}
}

func (d *Dialer) renderOne(ctx context.Context, p Preparer, pearl campaign.Pearl) {
	defer func() {
		if reason := recover(); reason != nil {
			d.Log.Error("preparing the agent panicked", "pearl", pearl.ID, "panic", reason, "stack", string(debug.Stack()))
		}
	}()
	p.Prepare(ctx, pearl.Script(call.Call{})) // a call of nobody: what stands for a person's data is empty
}
