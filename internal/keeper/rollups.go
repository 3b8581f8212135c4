package keeper

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	rollupRest  = 100 * time.Millisecond // between two transactions, as rest
	rollupEvery = time.Minute            // when there is nothing to do
)

// keepRollups sums up calls for analytics, from the start until ctx ends.
func keepRollups(ctx context.Context, rollUp func(context.Context) (more bool, err error), log *slog.Logger) {
	timer := time.NewTimer(rollupRest)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		more, err := rollUp(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			log.Error("roll up calls", "error", err) // they are counted one by one meanwhile
		}
		if more {
			timer.Reset(rollupRest)
		} else {
			timer.Reset(rollupEvery)
		}
	}
}
