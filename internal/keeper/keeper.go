// Package keeper decides when what has outlived its time goes (at the start, every hour, and when an account changes how long
// it keeps its calls), when sign-ins are written, and when calls are rolled up for analytics. What goes, what is written and
// what is rolled up is the engine's decision; recordings without a call are found here. It refuses to know SQL and HTTP.
package keeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/recording"
)

const (
	every = time.Hour
	// rest between two transactions of a sweep: others have nearly all of the writer's time.
	rest = 50 * time.Millisecond
	// safeAge of a recording without a call. While a call is in the air its row is there; the age is for what nobody thought of.
	safeAge   = 24 * time.Hour
	gather    = time.Second     // sign-ins of that long share a transaction
	lastWrite = 5 * time.Second // what waits at the end has that long
)

// installationSecret names what tells installations apart (engine.InstallationQueries).
const installationSecret = "installation"

// Queries is what the keeper reads. Implemented by store; engine.InstallationQueries and engine.RetentionQueries say what is meant.
type Queries interface {
	Secret(ctx context.Context, name string) ([]byte, error)
	NeedRecording(ctx context.Context, callIDs []id.ID) ([]id.ID, error)
}

// Config is what a keeper is made of.
type Config struct {
	Engine     *engine.Engine
	Queries    Queries
	Recordings recording.Folder
	Now        func() time.Time
	Log        *slog.Logger
}

// Keeper sweeps and rolls up. Start and Stop are called once each.
type Keeper struct {
	Config
	wanted  chan struct{} // a sweep
	signIns chan struct{} // to be written
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New makes a keeper.
func New(config Config) *Keeper {
	return &Keeper{Config: config, wanted: make(chan struct{}, 1), signIns: make(chan struct{}, 1)}
}

// Committed implements engine.Listener.
func (k *Keeper) Committed(s engine.Signals) {
	if s.Retention {
		tell(k.wanted)
	}
	if s.SignIns {
		tell(k.signIns)
	}
}

func tell(heard chan struct{}) {
	select {
	case heard <- struct{}{}:
	default:
	}
}

// Start begins with a sweep.
func (k *Keeper) Start() {
	ctx, stop := context.WithCancel(context.Background())
	k.stop = stop
	k.running.Go(func() { k.run(ctx) })
	k.running.Go(func() { k.record(ctx) })
	k.running.Go(func() { keepRollups(ctx, k.Engine.RollUp, k.Log) })
}

// Stop ends a sweep and a rollup between two of their transactions, and has written what waits.
func (k *Keeper) Stop() {
	k.stop()
	k.running.Wait()
}

func (k *Keeper) run(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		k.sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-k.wanted:
		}
	}
}

// record writes sign-ins a second after there are some, so that many share a transaction, and later those that had to wait.
func (k *Keeper) record(ctx context.Context) {
	var due time.Time
	timer := time.NewTimer(every)
	defer timer.Stop()
	write := func(ctx context.Context, all bool) {
		var err error
		if due, err = k.Engine.WriteSignIns(ctx, all); err != nil {
			k.Log.Error("write sign-ins", "error", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			write(ctx, true)
			return
		case <-k.signIns:
			if soon := k.Now().Add(gather); due.IsZero() || soon.Before(due) {
				due = soon
			}
		case <-timer.C:
			write(ctx, false)
		}
		if due.IsZero() {
			timer.Stop()
			continue
		}
		timer.Reset(max(due.Sub(k.Now()), 0))
	}
}

func (k *Keeper) sweep(ctx context.Context) {
	swept, err := k.Engine.Sweep(ctx, k.discard, pause)
	orphans := 0
	if err == nil || ctx.Err() == nil {
		var failed error
		orphans, failed = k.orphans(ctx)
		err = errors.Join(err, failed)
	}
	if swept.Any() || orphans > 0 {
		k.Log.Info("removed what has outlived its time", "calls", swept.Calls, "callRequests", swept.Requests, "deliveries", swept.Deliveries,
			"rememberedAnswers", swept.Answers, "signIns", swept.SignIns, "recordingsWithoutCall", orphans)
	}
	if err != nil && ctx.Err() == nil {
		k.Log.Error("sweep", "error", err)
	}
}

// pause is shortened by the end of ctx, whose error it answers.
func pause(ctx context.Context) error {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// discard deletes recordings; one that stays behind is an orphan for the next sweep.
func (k *Keeper) discard(names []string) {
	if err := k.Recordings.Remove(names); err != nil {
		k.Log.Error("cannot delete recordings", "error", err)
	}
}

// orphans deletes recordings that no call names: of calls that were deleted while the file could not be, and of calls
// that were lost in the air.
func (k *Keeper) orphans(ctx context.Context) (removed int, err error) {
	mark, err := k.Queries.Secret(ctx, installationSecret)
	if err != nil {
		return 0, fmt.Errorf("read the installation's mark: %w", err)
	}
	ours, err := k.Recordings.BelongsTo(mark)
	if err != nil {
		return 0, err
	}
	if !ours {
		k.Log.Warn("the recordings in the data folder are another database's: those without a call are not removed")
		return 0, nil
	}
	err = k.Recordings.Older(k.Now().Add(-safeAge), func(callIDs []id.ID) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		needed, err := k.Queries.NeedRecording(ctx, callIDs)
		if err != nil {
			return fmt.Errorf("look for calls of recordings: %w", err)
		}
		keep := make(map[id.ID]bool, len(needed))
		for _, callID := range needed {
			keep[callID] = true
		}
		var names []string
		for _, callID := range callIDs {
			if !keep[callID] {
				names = append(names, recording.FileName(callID))
			}
		}
		if len(names) == 0 {
			return nil
		}
		removed += len(names)
		return k.Recordings.Remove(names)
	})
	return removed, err
}
