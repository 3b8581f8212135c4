package engine_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

// testSenders has several senders take, fail and settle deliveries side by side while more are added: every delivery is
// delivered once, those of a lead in order, the end of a call after its start.
func testSenders(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	const leads, each, senders = 12, 5, 4
	type sent struct {
		mu       sync.Mutex
		now      time.Time
		tries    map[id.ID]int
		done     map[id.ID]bool
		last     map[id.ID]int64 // by lead
		ended    map[id.ID]bool  // by call
		problems []string
	}
	log := &sent{now: tuesday, tries: map[id.ID]int{}, done: map[id.ID]bool{}, last: map[id.ID]int64{}, ended: map[id.ID]bool{}}
	complain := func(format string, args ...any) { log.problems = append(log.problems, fmt.Sprintf(format, args...)) }
	// try judges a delivery that is being sent; every third try of a lead delivery fails, the first two of a start.
	try := func(d engine.Delivery) (engine.DeliveryState, time.Time, engine.Try) {
		log.mu.Lock()
		defer log.mu.Unlock()
		log.tries[d.ID]++
		if log.done[d.ID] {
			complain("%s is sent after it was delivered", d.ID)
		}
		made := engine.Try{At: log.now, Status: 200}
		switch {
		case d.Kind == engine.LeadDelivery && d.Sequence <= log.last[d.Lead]:
			complain("delivery %d of lead %s after %d", d.Sequence, d.Lead, log.last[d.Lead])
		case d.Kind == engine.LeadDelivery && d.Sequence != log.last[d.Lead]+1:
			complain("delivery %d of lead %s right after %d", d.Sequence, d.Lead, log.last[d.Lead])
		case d.Start && log.ended[d.Call]:
			complain("the start of call %s after its end", d.Call)
		}
		if d.Start && log.tries[d.ID] <= 2 || d.Kind == engine.LeadDelivery && (int(d.Sequence)+log.tries[d.ID])%3 == 0 {
			made.Status = 500
			return engine.DeliveryPending, log.now.Add(5 * time.Second), made
		}
		log.done[d.ID] = true
		switch {
		case d.Kind == engine.LeadDelivery:
			log.last[d.Lead] = d.Sequence
		case !d.Start:
			log.ended[d.Call] = true
		}
		return engine.DeliveryDelivered, time.Time{}, made
	}
	clock := func(ahead time.Duration) time.Time {
		log.mu.Lock()
		defer log.mu.Unlock()
		log.now = log.now.Add(ahead)
		return log.now
	}

	var wait sync.WaitGroup
	failures := make(chan error, 1000)
	adding := make(chan struct{})
	wait.Go(func() {
		defer close(adding)
		for sequence := int64(1); sequence <= each; sequence++ {
			for n := range leads {
				leadID := id.ID(fmt.Sprintf("%024x", n+1))
				callID := id.ID(fmt.Sprintf("%024x", 1000*sequence+int64(n)))
				deliveries := []engine.Delivery{w.leadDelivery(leadID, sequence), w.callDelivery(callID, true)}
				if n%2 == 0 {
					deliveries = append(deliveries, w.callDelivery(callID, false))
				}
				if err := w.store.Update(w.ctx, func(tx engine.Tx) error { return tx.AddDeliveries(deliveries...) }); err != nil {
					failures <- err
				}
			}
		}
	})
	for range senders {
		wait.Go(func() {
			for idle := 0; idle < 3; {
				claimed, err := w.e.NextDeliveries(w.ctx, clock(0), time.Hour, 3, engine.DeliveryRoom{Others: 3})
				if err != nil {
					failures <- err
					return
				}
				for _, d := range claimed {
					state, next, made := try(d)
					if err := w.e.SettleDelivery(w.ctx, d.ID, state, next, made); err != nil {
						failures <- err
						return
					}
				}
				if len(claimed) > 0 {
					idle = 0
					continue
				}
				select {
				case <-adding:
					if next, err := w.e.NextDeliveryTime(w.ctx); err != nil {
						failures <- err
					} else if next.IsZero() {
						idle = 3
					}
				default:
				}
				clock(time.Second) // never as far as a lease
			}
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	for _, problem := range log.problems {
		t.Error(problem)
	}
	counts := map[engine.DeliveryState]int{}
	for _, state := range []engine.DeliveryState{engine.DeliveryPending, engine.DeliveryDelivered, engine.DeliveryDropped, engine.DeliveryDead} {
		count, _, err := w.store.SearchDeliveries(w.ctx, w.account, w.pearl, engine.DeliveryFilter{State: state}, engine.Page{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		counts[state] = count
	}
	total := leads*each*2 + leads*each/2
	if counts[engine.DeliveryPending] != 0 || counts[engine.DeliveryDead] != 0 || counts[engine.DeliveryDelivered]+counts[engine.DeliveryDropped] != total {
		t.Errorf("of %d deliveries: %v", total, counts)
	}
	// A start whose end was ready is dropped after its second try; the others are delivered by their third.
	if counts[engine.DeliveryDropped] != leads*each/2 {
		t.Errorf("%d starts dropped, want those whose end was ready: %d", counts[engine.DeliveryDropped], leads*each/2)
	}
}
