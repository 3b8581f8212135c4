package dialer_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/dialer"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// TestFinishWhileStopping: the end of a call is tried again for five seconds while the process stops, so that what was said is
// not called lost for a database that was away for a moment; one that stays away holds the stop no longer.
func TestFinishWhileStopping(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		away  time.Duration // of the database, from the end of the grace
		lead  string
		stops time.Duration // at most, from the end of the grace
	}{
		"away for a moment": {3 * time.Second, "100", 4 * time.Second},
		"away for good":     {time.Hour, "40", 6500 * time.Millisecond}, // the next start settles it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var until atomic.Int64
			faults := &faulty{finish: func() error {
				if time.Now().UnixMilli() < until.Load() {
					return errors.New("no database")
				}
				return nil
			}}
			inBubble(t, faults, false, func(t *testing.T, w *world) {
				w.carrier.set(number(0), plan{talks: time.Hour})
				leadID := w.add(number(0))
				w.d.Start()
				w.after(time.Second)
				began := time.Now()
				until.Store(began.Add(2*time.Second + test.away).UnixMilli())
				w.stop(2 * time.Second)
				if took := time.Since(began) - 2*time.Second; took > test.stops {
					t.Errorf("the stop took %s after the grace", took)
				}
				same(t, "lead", fmt.Sprint(int(w.lead(leadID).Status)), test.lead)
				until.Store(0)
			})
		})
	}
}

// endless is an engine whose claims of one campaign never come to an end: its leads are all put off.
type endless struct {
	dialer.Engine
	pearl  id.ID
	claims atomic.Int64
}

func (e *endless) Claim(ctx context.Context, accountID, pearlID id.ID, limit int) ([]engine.Work, bool, error) {
	if pearlID == e.pearl {
		e.claims.Add(1)
		time.Sleep(time.Millisecond) // of the bubble
		return nil, true, nil
	}
	return e.Engine.Claim(ctx, accountID, pearlID, limit)
}

// TestEndlessCampaignKeepsNobodyWaiting: the others have their turn between its batches, and it goes on.
func TestEndlessCampaignKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		engine := &endless{Engine: w.d.Engine, pearl: w.pearl}
		w.d.Engine = engine
		w.add(number(0))
		other := w.addPearl(nil)
		w.addTo(other, number(1))
		w.d.Start()
		w.after(time.Second)
		if calls := w.carrier.all(); len(calls) != 1 || calls[0].To != number(1) {
			t.Errorf("called %v, want the other campaign's lead", calls)
		}
		first := engine.claims.Load()
		w.after(time.Second)
		if more := engine.claims.Load() - first; more < 200 {
			t.Errorf("%d batches in a second", more)
		}
	})
}
