package engine_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
)

// halting is a store in whose next transaction something happens right before a call or a trunk is written: what was
// read in that transaction must still hold.
type halting struct {
	engine.Store
	halt func()
}

func (h *halting) Update(ctx context.Context, fn func(engine.Tx) error) error {
	halt := h.halt
	if halt == nil {
		return h.Store.Update(ctx, fn)
	}
	h.halt = nil
	var once sync.Once
	return h.Store.Update(ctx, func(tx engine.Tx) error { return fn(haltingTx{tx, func() { once.Do(halt) }}) })
}

type haltingTx struct {
	engine.Tx
	halt func()
}

func (t haltingTx) InsertCall(c call.Call) error { t.halt(); return t.Tx.InsertCall(c) }

func (t haltingTx) SaveTrunk(trunk account.Trunk) error { t.halt(); return t.Tx.SaveTrunk(trunk) }

// overtakes begins a change in the middle of a transaction; answered says whether it was answered before that went on.
// Where rows are locked it cannot be, and waits for the transaction's end.
func (h *halting) overtakes(t *testing.T, change func() error) (answered *bool, done chan struct{}) {
	answered, done = new(bool), make(chan struct{})
	h.halt = func() {
		go func() {
			defer close(done)
			if err := change(); err != nil {
				t.Error(err)
			}
		}()
		select {
		case <-done:
			*answered = true
		case <-time.After(300 * time.Millisecond):
		}
	}
	return answered, done
}

// testNothingOvertakesTheGate: a trunk or number that is switched off while a call begins is answered after that call's
// record, or the call does not begin (contract 9.5, 9.7).
func testNothingOvertakesTheGate(t *testing.T, s engine.Store) {
	for name, change := range map[string]func(w *world) error{
		"the trunk is switched off": func(w *world) error {
			_, err := w.e.UpdateTrunk(w.ctx, w.actor, w.trunk, func(t *account.Trunk) error { t.Active = false; return nil })
			return err
		},
		"the number takes calls only": func(w *world) error {
			return w.e.UpdateNumber(w.ctx, w.actor, w.number, func(n *account.Number) error { n.Direction = account.Inbound; return nil })
		},
		"the account is suspended": func(w *world) error {
			_, err := w.e.UpdateAccount(w.ctx, w.actor, func(a *account.Account) error { a.Standing = account.Suspended; return nil })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			between := &halting{Store: s}
			w := newWorld(t, between)
			w.addTrunk(nil)
			w.add(phoneA)
			work := w.claimOne()
			answered, done := between.overtakes(t, func() error { return change(w) })
			begun := w.begin(work)
			<-done
			if begun == nil || *answered {
				t.Errorf("began: %v, although the change was answered before: %v", begun != nil, *answered)
			}
		})
	}
}

// testTrunkChangesAreNotLost: what a call meets on a trunk is recorded while its settings are changed.
func testTrunkChangesAreNotLost(t *testing.T, s engine.Store) {
	between := &halting{Store: s}
	w := newWorld(t, between)
	w.addTrunk(nil)
	_, done := between.overtakes(t, func() error {
		_, err := w.e.UpdateTrunk(w.ctx, w.actor, w.trunk, func(t *account.Trunk) error { t.Host = "moved.example"; return nil })
		return err
	})
	w.met(w.trunk, account.TrunkUnreachable)
	<-done
	trunks, err := s.Trunks(w.ctx, w.account)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "trunk", trunks[0].Host+" "+string(trunks[0].State), "moved.example unknown")
}
