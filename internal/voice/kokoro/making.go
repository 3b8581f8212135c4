package kokoro

import (
	"context"
	"errors"
	"sync"

	"nacre/internal/speech"
)

// making makes each clause once, however many ask for it, and gives one up that nobody waits for any longer.
type making struct {
	make func(ctx context.Context, urgency speech.Urgency, c clause) ([]int16, error)

	mu      sync.Mutex
	flights map[string]*flight
}

// flight is a clause that is being made. samples and err are set when done is closed.
type flight struct {
	done    chan struct{}
	samples []int16
	err     error

	waiting int
	urgency speech.Urgency
	ctx     context.Context
	cancel  context.CancelFunc
	trying  int // orders under way
}

// get returns the speech of a clause. Where it was ordered ahead and is now waited for, it is ordered once more, and the
// first of the two to be done ends the other: the queue gives the urgent one out first, unless the other is being worked on.
func (m *making) get(ctx context.Context, urgency speech.Urgency, c clause) ([]int16, error) {
	m.mu.Lock()
	f := m.flights[c.key]
	switch {
	case f == nil:
		f = &flight{done: make(chan struct{}), urgency: urgency}
		f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		m.flights[c.key] = f
		m.try(f, urgency, c)
	case urgency < f.urgency:
		f.urgency = urgency
		m.try(f, urgency, c)
	}
	f.waiting++
	m.mu.Unlock()
	select {
	case <-f.done:
		return f.samples, f.err
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.waiting--; f.waiting == 0 && m.flights[c.key] == f {
		delete(m.flights, c.key) // whoever asks from now on starts anew
		f.cancel()
	}
	return nil, ctx.Err()
}

// try makes the clause in another goroutine. m.mu is held.
func (m *making) try(f *flight, urgency speech.Urgency, c clause) {
	f.trying++
	go func() {
		samples, err := m.make(f.ctx, urgency, c)
		m.mu.Lock()
		defer m.mu.Unlock()
		f.trying--
		select {
		case <-f.done: // the other order was first
			return
		default:
		}
		if err != nil && f.trying > 0 && !errors.Is(err, speech.ErrClosed) {
			return // the other may succeed
		}
		f.samples, f.err = samples, err
		if m.flights[c.key] == f {
			delete(m.flights, c.key)
		}
		close(f.done)
		f.cancel()
	}()
}
