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

// countedQueries counts lists of all trunks and reads of one, countedEngine what is written of trunks.
type countedQueries struct {
	dialer.Queries
	lists, reads atomic.Int64
}

func (c *countedQueries) Trunks(ctx context.Context, accountID id.ID) ([]account.Trunk, error) {
	c.lists.Add(1)
	return c.Queries.Trunks(ctx, accountID)
}

func (c *countedQueries) ReadTrunk(ctx context.Context, accountID, trunkID id.ID) (account.Trunk, error) {
	c.reads.Add(1)
	return c.Queries.ReadTrunk(ctx, accountID, trunkID)
}

type countedEngine struct {
	dialer.Engine
	writes atomic.Int64
}

func (c *countedEngine) TrunkMet(ctx context.Context, accountID, trunkID id.ID, state account.TrunkState, detail string) error {
	c.writes.Add(1)
	return c.Engine.TrunkMet(ctx, accountID, trunkID, state, detail)
}

// TestWhatAReportOfARegistrationCosts: one read of one trunk, however many there are, and a write only where the state has
// changed. Registrations come every twenty seconds a trunk at most (telephony), trunks are limited.
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
			queries.lists.Store(0)
			counted.writes.Store(0)
			for n := range reports {
				w.d.Registered(trunks[n%2], state(n), "")
			}
			return fmt.Sprint(queries.reads.Load(), queries.lists.Load(), counted.writes.Load())
		}
		ok := func(int) account.TrunkState { return account.TrunkOK }
		same(t, "reads, lists and writes of the first two reports", cost(2, ok), "2 0 2")
		w.after(time.Second)
		same(t, "of ten that say the same", cost(10, ok), "10 0 0")
	})
}

// TestWakesListNoTrunks: what wakes the dialer all day, calls that end and leads that come, reads no trunks of all accounts; a
// change of one does, at once, and probes that are due do, together.
func TestWakesListNoTrunks(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		queries := &countedQueries{Queries: w.d.Queries}
		w.d.Queries = queries
		add := func(host string) {
			if _, err := w.e.CreateTrunk(w.ctx, w.actor, account.Trunk{Active: true, Name: host, Trunk: call.Trunk{
				Host: host, Transport: "udp", MaxCalls: 1, CallsPerSecond: 1,
			}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		add("first.example")
		w.d.Start()
		w.after(2 * time.Second)
		queries.lists.Store(0)
		for n := range 20 {
			w.carrier.set(number(n), plan{talks: time.Second})
			w.add(number(n))
			w.after(time.Second)
		}
		same(t, "lists while 20 leads were called", fmt.Sprint(len(w.carrier.all()), queries.lists.Load()), "20 0")
		probes := w.carrier.probed()
		add("second.example") // 8 s before the first is due
		w.after(time.Second)
		same(t, "lists, probes after another trunk came", fmt.Sprint(queries.lists.Load(), w.carrier.probed()-probes), "1 1")
		for n := range 25 { // 25 s in which one comes every second: the others are asked with them, or soon
			add(fmt.Sprintf("%d.example", n))
			w.after(time.Second)
		}
		w.after(30 * time.Second)
		queries.lists.Store(0)
		probes = w.carrier.probed()
		w.after(10 * time.Minute)
		if lists, asked := queries.lists.Load(), w.carrier.probed()-probes; lists > 10*2*7 || asked < 10*2*27 || asked > 10*2*27*5/4 {
			t.Errorf("27 trunks were listed %d times and asked %d times in 10 minutes", lists, asked)
		}
	})
}

// TestProbeOfWhatATrunkWas: the answer of a peer that a trunk has left is nothing of the trunk.
func TestProbeOfWhatATrunkWas(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		slow := make(chan struct{})
		w.d.Prober = slowPeer{w.carrier, slow}
		w.addTrunk("slow.example", 1)
		w.d.Start()
		w.after(time.Second)
		trunks, err := w.store.Trunks(w.ctx, w.account)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.e.UpdateTrunk(w.ctx, w.actor, trunks[0].ID, func(t *account.Trunk) error { t.Host = "silent.example"; return nil }); err != nil {
			t.Fatal(err)
		}
		w.after(2 * time.Second)
		close(slow)
		w.after(time.Second)
		if trunks, err = w.store.Trunks(w.ctx, w.account); err != nil {
			t.Fatal(err)
		}
		same(t, "state", string(trunks[0].State), string(account.TrunkUnreachable))
	})
}

// slowPeer answers the probes of slow.example when it is told to.
type slowPeer struct {
	*carrier
	answers <-chan struct{}
}

func (p slowPeer) Options(ctx context.Context, trunk call.Trunk) call.ProbeResult {
	if trunk.Host == "slow.example" {
		<-p.answers
	}
	return p.carrier.Options(ctx, trunk)
}
