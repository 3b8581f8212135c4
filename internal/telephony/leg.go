package telephony

import (
	"context"

	"nacre/internal/call"
)

// leg implements call.Leg: a confirmed dialog with its audio.
type leg struct {
	d *dialog
	// ready is closed when offer and answer are complete: for an INVITE without an offer, when its ACK has come.
	ready <-chan struct{}
}

// Serve carries audio until the call is over (call.Leg). The media ends before the BYE is sent. It panics with what other work
// of the call panicked with, and with what the party did; the call is over then.
func (l *leg) Serve(ctx context.Context, party call.Party) call.Ending {
	d := l.d
	defer d.e.closeSession(d.session)
	defer d.finish(call.SignallingLost) // without effect unless it panics
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-d.ended:
			stop()
		case <-serving.Done():
		}
	}()
	ending := call.ContextEnded
	select {
	case <-l.ready:
		ending = d.session.Serve(serving, party)
	case <-serving.Done():
	}
	d.finish(ending)
	d.mu.Lock()
	panicked := d.panicked
	d.mu.Unlock()
	if panicked != nil {
		panic(panicked)
	}
	return d.why()
}

// SendKeys queues keys to be sent (call.Leg).
func (l *leg) SendKeys(keys string) { l.d.session.SendKeys(keys) }

// HangUp ends the call by BYE (call.Leg).
func (l *leg) HangUp() {
	l.d.hangUp()
	l.d.e.closeSession(l.d.session)
}

// Stats returns the counters of the media, the messages, and when the call ended (call.Leg).
func (l *leg) Stats() call.LegStats {
	stats := l.d.session.Stats()
	if l.d.ladder != nil {
		stats.Messages = l.d.ladder.Messages()
	}
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	stats.Ended = l.d.endedAt
	return stats
}
