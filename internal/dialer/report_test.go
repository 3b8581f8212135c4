package dialer_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/dialer"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// countedQueries counts reads of trunks and the rows they return, countedEngine what is written of trunks.
type countedQueries struct {
	dialer.Queries
	reads, rows atomic.Int64
}

func (c *countedQueries) Trunks(ctx context.Context, accountID id.ID) ([]account.Trunk, error) {
	trunks, err := c.Queries.Trunks(ctx, accountID)
	if !accountID.Zero() { // rounds of probes list those of all accounts, however many reports there were
		c.reads.Add(1)
		c.rows.Add(int64(len(trunks)))
	}
	return trunks, err
}

type countedEngine struct {
	dialer.Engine
	writes atomic.Int64
}

func (c *countedEngine) TrunkMet(ctx context.Context, accountID, trunkID id.ID, state account.TrunkState, detail string) error {
	c.writes.Add(1)
	return c.Engine.TrunkMet(ctx, accountID, trunkID, state, detail)
}

// TestWhatAReportOfARegistrationCosts: one read of the trunks of its own account, however many others have, and a write only
// where the state has changed. Registrations come every twenty seconds a trunk at most (telephony), trunks are limited.
func TestWhatAReportOfARegistrationCosts(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		register := func(actor engine.Actor, n int) id.ID {
			trunkID, err := w.e.CreateTrunk(w.ctx, actor, account.Trunk{Active: true, Name: fmt.Sprint(n), Trunk: call.Trunk{
				Host: "reg.example", Transport: "udp", MaxCalls: 1, CallsPerSecond: 1, Registers: true,
			}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return trunkID
		}
		other, err := w.e.CreateAccount(w.ctx, "Other")
		if err != nil {
			t.Fatal(err)
		}
		trunks := []id.ID{register(w.actor, 0), register(w.actor, 1)}
		for n := range 100 {
			register(engine.Actor{Account: other.ID, By: "key:other"}, n)
		}
		queries, counted := &countedQueries{Queries: w.d.Queries}, &countedEngine{Engine: w.d.Engine}
		w.d.Queries, w.d.Engine = queries, counted
		w.d.Start()
		w.after(time.Second)
		cost := func(reports int, state func(n int) account.TrunkState) string {
			queries.reads.Store(0)
			queries.rows.Store(0)
			counted.writes.Store(0)
			for n := range reports {
				w.d.Registered(trunks[n%2], state(n), "")
			}
			return fmt.Sprint(queries.reads.Load(), queries.rows.Load(), counted.writes.Load())
		}
		ok := func(int) account.TrunkState { return account.TrunkOK }
		same(t, "reads, rows and writes of the first two reports", cost(2, ok), "2 4 2")
		w.after(time.Second)
		same(t, "of ten that say the same", cost(10, ok), "10 20 0")
	})
}
