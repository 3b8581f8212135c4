package telephony

import (
	"context"

	"nacre/internal/call"
)

// leg is a confirmed dialog with its audio: the call.Leg that others hold.
type leg struct {
	d *dialog
	// ready is closed when the session description is complete; an INVITE without one is completed by its ACK.
	ready <-chan struct{}
}

// Serve carries audio until the call is over (call.Leg). The media ends before the BYE is sent.
func (l *leg) Serve(ctx context.Context, party call.Party) call.Ending {
	d := l.d
	defer d.e.closeSession(d.session)
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
	return d.why()
}

// SendKeys queues keys (call.Leg).
func (l *leg) SendKeys(keys string) { l.d.session.SendKeys(keys) }

// HangUp ends the call by BYE (call.Leg).
func (l *leg) HangUp() {
	l.d.hangUp()
	l.d.e.closeSession(l.d.session)
}

// Stats are the figures of the media (call.Leg).
func (l *leg) Stats() call.LegStats { return l.d.session.Stats() }
