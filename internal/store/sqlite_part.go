package store

import (
	"context"
	"sync"
)

// partPages is how long the log may be, in pages, for a part of a long list to be written while the log is being copied. Parts that come
// then wait: otherwise the log would be at its limit before it is copied, and the writer would copy the rest while everybody waits.
const partPages = walPages * 3 / 4

// parts lets one part of a long list at a time to the writer. The writer tells it how long the log is.
type parts struct {
	turn    chan struct{} // held by the one whose turn it is
	mu      sync.Mutex
	pages   int           // of the log
	copying chan struct{} // closed when the checkpoint that runs has ended, nil where none does
}

func newParts() *parts { return &parts{turn: make(chan struct{}, 1)} }

func (p *parts) await(ctx context.Context) (done func(), err error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		p.mu.Lock()
		copying := p.copying
		if p.pages < partPages {
			copying = nil
		}
		p.mu.Unlock()
		if copying == nil {
			return func() { <-p.turn }, nil
		}
		select {
		case <-copying:
		case <-ctx.Done():
			<-p.turn
			return nil, ctx.Err()
		}
	}
}

// note is told by the writer how long the log is, and whether a checkpoint runs.
func (p *parts) note(pages int, copying bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages = pages
	switch {
	case copying && p.copying == nil:
		p.copying = make(chan struct{})
	case !copying && p.copying != nil:
		close(p.copying)
		p.copying = nil
	}
}

func (b *sqliteBackend) awaitPart(ctx context.Context) (done func(), err error) {
	return b.parts.await(ctx)
}
