package dialer

import (
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
)

// trunkQueue begins the calls of one trunk one after another, at least 1/callsPerSecond apart (contract 9.7).
// The gate (begin) is passed right before the INVITE, not while a claim waits here.
type trunkQueue struct {
	d       *Dialer
	mu      sync.Mutex
	works   []engine.Work
	running bool
	next    time.Time // not before then, by the pace of the trunk as the last call went over it
}

func (d *Dialer) trunkQueue(trunk call.Trunk) *trunkQueue {
	d.mu.Lock()
	defer d.mu.Unlock()
	q, ok := d.queues[trunk.ID]
	if !ok {
		q = &trunkQueue{d: d}
		d.queues[trunk.ID] = q
	}
	return q
}

func (q *trunkQueue) push(w engine.Work) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.works = append(q.works, w)
	if !q.running {
		q.running = true
		go q.run()
	}
}

func (q *trunkQueue) run() {
	for {
		q.mu.Lock()
		if len(q.works) == 0 {
			q.running = false
			q.mu.Unlock()
			return
		}
		w := q.works[0]
		q.works = q.works[1:]
		next := q.next
		q.mu.Unlock()
		if !q.d.waitUntil(next) {
			q.d.giveBack(w, 0)
			continue
		}
		if begun := q.d.begin(w); begun != nil {
			q.mu.Lock()
			q.next = time.Now().Add(gap(begun.Invite.Trunk.CallsPerSecond))
			q.mu.Unlock()
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
