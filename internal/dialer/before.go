package dialer

import (
	"context"
	"log/slog"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
)

// beforeLimit is how long the requests before a dial may take together. Other calls do not wait for them; the end of the calling
// hours is in the INVITE as an instant.
const beforeLimit = 15 * time.Second

// before makes the requests that a script wants made before the dial, and fills what they bring into it. dial: the call is to be
// dialled.
func (d *Dialer) before(ctx context.Context, log *slog.Logger, begun *engine.Begun) (dial bool) {
	steps := begun.Script.Before
	if len(steps) == 0 {
		return true
	}
	limited, cancel := context.WithTimeout(ctx, beforeLimit)
	defer cancel()
	k := desk{d: d, begun: begun}
	brought, dial := call.MakeBefore(steps, func(action call.Action, brought []call.Value) (call.Done, error) {
		done, err := k.Act(limited, action, brought)
		if err != nil {
			log.Warn("a request before the dial failed", "action", action.Name, "error", err)
		}
		return done, err
	})
	if len(brought) > 0 {
		script, err := begun.Refill(brought)
		if err != nil {
			log.Error("fill in what requests before the dial brought", "error", err)
		} else {
			script.Recording = begun.Script.Recording
			begun.Script = script
		}
	}
	return dial
}
