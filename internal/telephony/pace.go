package telephony

import (
	"context"
	"time"

	"nacre/internal/call"
)

// pace limits the rate of INVITEs of one trunk (contract 9.7, callsPerSecond). The dialer spaces calls too, but resolving
// and connecting come after it and take one call longer than the next.
type pace struct {
	turn chan struct{} // semaphore of size 1: held while sending or waiting to send
	last time.Time     // when the last INVITE was sent
}

// paced calls send when the trunk's rate allows the next INVITE, and returns its error, or that of ctx when ctx ends first.
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
