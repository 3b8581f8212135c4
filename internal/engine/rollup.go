package engine

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/report"
)

const (
	// rollupWait is how long a bucket is left alone after its end: nearly all of its calls are over by then, so that few
	// buckets are rolled up twice.
	rollupWait = 30 * time.Minute
	// rollupBuckets and rollupCalls bound one transaction: the writer must not stand still for long.
	rollupBuckets = 16
	rollupCalls   = 1000
)

// RollUp sums some due buckets of calls up, by which analytics are quick. It reports whether there may be more to do.
// Nothing depends on its being done: what is due is counted call by call.
func (e *Engine) RollUp(ctx context.Context) (more bool, err error) {
	err = e.Store.Update(ctx, func(tx Tx) error {
		due, err := tx.DueRollups(e.clock().Add(-rollupWait-report.Bucket), rollupBuckets)
		if err != nil {
			return fmt.Errorf("list due rollups: %w", err)
		}
		more = len(due) == rollupBuckets
		calls := 0
		for n, d := range due {
			counted, err := tx.RollUp(d)
			if err != nil {
				return fmt.Errorf("roll up calls of %s from %s: %w", d.Pearl, d.Bucket.Format(time.RFC3339), err)
			}
			if calls += counted; calls >= rollupCalls {
				more = more || n+1 < len(due)
				break
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("roll up calls: %w", err)
	}
	return more, nil
}
