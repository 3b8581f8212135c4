package sandbox

import (
	"strings"
	"time"
)

// Refer connects the person of a call to another number in place of the caller, as whoever has that number picks up, and tells how
// that goes: at last by a final status. over is closed when the call is over. The person and whoever picks up are simulated, so
// that nothing is carried between them.
func (c *Carrier) Refer(to string, over <-chan struct{}, tell func(code int, reason string)) {
	who := calleeOf("+"+strings.TrimPrefix(to, "+"), 1)
	ring := func(d time.Duration) bool {
		timer := time.NewTimer(max(d, 0))
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-over:
		case <-c.alive.Done():
		}
		return false
	}
	if who.rings {
		tell(180, "Ringing")
	}
	wait := c.opts.Ring + who.lingers
	if who.ringsOut {
		wait = c.opts.RingOut
	}
	switch {
	case !ring(wait):
	case who.rejects != nil:
		tell(who.rejects.code, who.rejects.reason)
	case who.ringsOut:
		tell(480, "Temporarily Unavailable")
	default:
		tell(200, "OK")
	}
}
