package keeper

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeepRollups: one bounded step after another while there is something to do, then a look a minute; a failure ends nothing.
func TestKeepRollups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		keepRollups(ctx, func(context.Context) (bool, error) {
			at = append(at, time.Since(begin))
			switch len(at) {
			case 1, 2:
				return true, nil
			case 3:
				return false, errors.New("the database does not answer")
			case 5:
				cancel()
			}
			return false, nil
		}, slog.New(slog.DiscardHandler))
		want := []time.Duration{rollupRest, 2 * rollupRest, 3 * rollupRest, 3*rollupRest + rollupEvery, 3*rollupRest + 2*rollupEvery}
		for n := range want {
			if len(at) != len(want) || at[n] != want[n] {
				t.Fatalf("steps at %v, want %v", at, want)
			}
		}
	})
}
