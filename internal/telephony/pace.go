package telephony

import (
	"context"
	"time"

	"nacre/internal/call"
)

// pace keeps the INVITEs of one trunk apart (contract 9.7, callsPerSecond). Whoever decides when to call spaces its
// calls too, but between that decision and the INVITE lie names to be resolved and connections to be opened, which take
// one call longer than the next.
type pace struct {
	turn chan struct{} // held by the one who sends, or waits to
	last time.Time     // when the last INVITE had left
}

// paced has send put an INVITE of the trunk on the wire when its time has come; the error is that of ctx where it ends
// before.
func (e *Endpoint) paced(ctx context.Context, trunk call.Trunk, send func() error) error {
	if trunk.CallsPerSecond <= 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		return send()
	}
	e.mu.Lock()
	p := e.paces[trunk.ID]
	if p == nil {
		p = &pace{turn: make(chan struct{}, 1)}
		e.paces[trunk.ID] = p
	}
	e.mu.Unlock()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	gap := time.Duration(float64(time.Second) / trunk.CallsPerSecond)
	if wait(time.Until(p.last.Add(gap)), ctx.Done()); ctx.Err() != nil {
		return ctx.Err()
	}
	defer func() { p.last = time.Now() }()
	return send()
}
