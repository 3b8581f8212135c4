package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// testEverythingAtOnce throws all use cases at a few leads from several goroutines, with dialers that claim, begin, answer
// and finish meanwhile, and holds what must be true of every lead and call afterwards.
func testEverythingAtOnce(t *testing.T, s engine.Store) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed) // orders differ between runs all the same
	w := newWorld(t, s)
	chaos := &chaos{world: w, live: map[string]id.ID{}}
	for n := range 6 {
		chaos.leads = append(chaos.leads, w.add(fictional(n%4))) // some share a number
	}
	var functions []func()
	var changing atomic.Int32
	for n := range 3 {
		changing.Add(1)
		functions = append(functions, func() {
			defer changing.Add(-1)
			chaos.change(rand.New(rand.NewPCG(seed, uint64(n))), 2*rounds())
		})
		functions = append(functions, func() { chaos.dial(rand.New(rand.NewPCG(seed, uint64(100+n))), &changing) })
	}
	race(functions...)
	unfinished, err := s.UnfinishedCalls(w.ctx, w.e.Node)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range unfinished {
		w.finish(&engine.Begun{Call: c}, call.BusyOutcome)
	}
	calls := 0
	for _, leadID := range chaos.leads {
		calls += chaos.holds(leadID)
	}
	if calls == 0 {
		t.Error("nothing was called")
	}
	t.Logf("%d calls", calls)
}

// chaos is a world in which everybody acts at once.
type chaos struct {
	*world
	leads []id.ID
	mu    sync.Mutex
	live  map[string]id.ID
}

// change acts as the users of the API do.
func (c *chaos) change(random *rand.Rand, times int) {
	for range times {
		leadID := c.leads[random.IntN(len(c.leads))]
		var err error
		switch random.IntN(24) {
		case 0:
			err = c.e.Suppress(c.ctx, c.actor, []string{fictional(random.IntN(4))}, "api", nil)
		case 1, 2, 3:
			err = c.e.Unsuppress(c.ctx, c.actor, []string{fictional(0), fictional(1), fictional(2), fictional(3)})
		case 4:
			_, err = c.e.SetActive(c.ctx, c.actor, c.pearl, false, random.IntN(2) == 0)
			_, again := c.e.SetActive(c.ctx, c.actor, c.pearl, true, false)
			if err == nil {
				err = again
			}
		case 5, 6:
			_, err = c.e.UpdateLead(c.ctx, c.actor, c.pearl, leadID, engine.LeadUpdate{Phone: ptr(fictional(random.IntN(4)))})
		case 7:
			_, err = c.e.UpdateLead(c.ctx, c.actor, c.pearl, leadID, engine.LeadUpdate{ExternalID: ptr(fmt.Sprint(random.IntN(9)))})
		case 8, 9, 10:
			c.clock.Add(time.Duration(random.IntN(10)) * time.Second)
		case 11:
			var unfinished []call.Call
			if unfinished, err = c.store.UnfinishedCalls(c.ctx, c.e.Node); err == nil && len(unfinished) > 0 {
				err = c.e.HangUpCall(c.ctx, c.actor, unfinished[0].ID)
			}
		default:
			status := []int{1, 1, 10, 10, 10, 10, 10, 130}[random.IntN(8)]
			_, err = c.e.UpdateLead(c.ctx, c.actor, c.pearl, leadID, engine.LeadUpdate{Status: &status, HangUp: random.IntN(3) == 0})
		}
		if err != nil && !fault.Is(err, fault.Conflict) {
			c.t.Errorf("change: %v", err)
		}
	}
}

// dial acts as a dialer does, until nobody changes anything.
func (c *chaos) dial(random *rand.Rand, changing *atomic.Int32) {
	for changing.Load() > 0 {
		works, _, err := c.e.Claim(c.ctx, c.account, c.pearl, 2)
		if err != nil {
			c.t.Errorf("claim: %v", err)
		}
		for _, work := range works {
			if random.IntN(8) == 0 {
				if err := c.e.Release(c.ctx, work, 0); err != nil {
					c.t.Errorf("release: %v", err)
				}
				continue
			}
			begun, err := c.e.Begin(c.ctx, work, "")
			if err != nil {
				c.t.Errorf("begin: %v", err)
			}
			if begun != nil {
				c.hold(random, begun)
			}
		}
	}
}

func (c *chaos) hold(random *rand.Rand, begun *engine.Begun) {
	c.mu.Lock()
	if other, taken := c.live[begun.Call.To]; taken {
		c.t.Errorf("calls %s and %s to %s are live", other, begun.Call.ID, begun.Call.To)
	}
	c.live[begun.Call.To] = begun.Call.ID
	c.mu.Unlock()
	outcome := []call.Outcome{call.BusyOutcome, call.NeverRang, call.RangOut, call.Cancelled}[random.IntN(4)]
	if random.IntN(2) == 0 {
		holds, err := c.e.Answer(c.ctx, begun.Call)
		if err != nil {
			c.t.Errorf("answer: %v", err)
		}
		outcome = call.Cancelled
		if holds {
			outcome = []call.Outcome{call.Success, call.Machine, call.NotSuccess, call.Broke}[random.IntN(4)]
		}
	}
	c.mu.Lock()
	delete(c.live, begun.Call.To)
	c.mu.Unlock()
	if err := c.e.Finish(c.ctx, begun.Call, engine.Ending{Outcome: outcome, Ended: c.clock.Now()}); err != nil {
		c.t.Errorf("finish: %v", err)
	}
}

// holds checks one lead when everything is over, and answers how many calls it had.
func (c *chaos) holds(leadID id.ID) int {
	c.t.Helper()
	l := c.lead(leadID)
	if !l.Call.Zero() || (l.Status == lead.InCallQueue) == l.Claim.Zero() || l.Status == lead.OnCall {
		c.t.Errorf("a lead is still held: %+v", l)
	}
	if l.Status.Callable() == l.Due.IsZero() {
		c.t.Errorf("a lead at %d is due at %s", l.Status, l.Due)
	}
	rows, err := c.store.LeadHistory(c.ctx, leadID)
	if err != nil {
		c.t.Fatal(err)
	}
	at, attempts := 1, 0
	var statuses []string
	for _, h := range rows {
		switch h.Kind {
		case "status":
			if h.From != at || h.To == h.From {
				c.t.Errorf("history goes from %d to %d where the lead was at %d", h.From, h.To, at)
			}
			at = h.To
			statuses = append(statuses, fmt.Sprintf("lead %d", h.To))
		case "attempt":
			attempts++
		}
	}
	if at != int(l.Status) {
		c.t.Errorf("history ends at %d, the lead is at %d", at, l.Status)
	}
	ids, _, err := c.store.LeadCalls(c.ctx, leadID)
	if err != nil {
		c.t.Fatal(err)
	}
	if len(ids) != attempts {
		c.t.Errorf("%d calls and %d attempts in the history", len(ids), attempts)
	}
	var announced []string
	open := map[id.ID]bool{}
	for _, d := range c.deliveries(engine.DeliveryFilter{Lead: leadID}) {
		switch {
		case d.Kind == engine.LeadDelivery:
			announced = append(announced, bodyOf(c.t, d).Text)
		case d.Start:
			open[d.Call] = true
		case !open[d.Call]:
			c.t.Errorf("the end of call %s comes before its start, or twice", d.Call)
		default:
			open[d.Call] = false
		}
	}
	same(c.t, "lead deliveries and changes of status", strings.Join(announced, ", "), strings.Join(statuses, ", "))
	for _, callID := range ids {
		made := c.call(callID)
		if stillOpen, started := open[callID]; !started || stillOpen || made.Finished.IsZero() {
			c.t.Errorf("call %s: announced %v, open %v, finished %s", callID, started, stillOpen, made.Finished)
		}
		if made.Cancel != call.NotCancelled && (made.Status != call.Canceled || !made.Answered.IsZero() || made.Duration() != 0) {
			c.t.Errorf("a cancelled call ended as %+v", made)
		}
	}
	return len(ids)
}
