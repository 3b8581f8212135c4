package dialer_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// soon is the longest from the moment something may be called to its INVITE.
const soon = 20 * time.Millisecond

// TestPacing: INVITEs of a trunk are at least 1/callsPerSecond apart, without bursts; trunks do not wait for each other.
func TestPacing(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		slow, quick := w.addTrunk("slow.example", 2), w.addTrunk("quick.example", 10)
		w.d.Start()
		w.after(time.Second) // both peers have answered OPTIONS
		pearls := map[string]id.ID{
			"slow.example":  w.addPearl(func(o *campaign.OutboundSettings) { o.PhoneNumberID = slow }),
			"quick.example": w.addPearl(func(o *campaign.OutboundSettings) { o.PhoneNumberID = quick }),
		}
		n := 0
		for _, pearlID := range pearls {
			for range 8 {
				w.addTo(pearlID, number(n))
				n++
			}
		}
		w.after(30 * time.Second) // a pause earns no burst
		for _, pearlID := range pearls {
			for range 4 {
				w.addTo(pearlID, number(n))
				n++
			}
		}
		w.after(30 * time.Second)
		last, count := map[string]time.Time{}, map[string]int{}
		shortest := map[string]time.Duration{"slow.example": time.Hour, "quick.example": time.Hour}
		for _, i := range w.carrier.all() {
			if before, known := last[i.Trunk.Host]; known {
				shortest[i.Trunk.Host] = min(shortest[i.Trunk.Host], i.at.Sub(before))
			}
			last[i.Trunk.Host] = i.at
			count[i.Trunk.Host]++
		}
		same(t, "calls", fmt.Sprint(count), "map[quick.example:12 slow.example:12]")
		if gap := shortest["slow.example"]; gap < 500*time.Millisecond || gap > 550*time.Millisecond {
			t.Errorf("INVITEs at 2 a second are %s apart", gap)
		}
		if gap := shortest["quick.example"]; gap < 100*time.Millisecond || gap > 120*time.Millisecond {
			t.Errorf("INVITEs at 10 a second are %s apart", gap)
		}
	})
}

// TestAgentsAreTheLimit: never more calls than agents, and the end of one is the beginning of the next.
func TestAgentsAreTheLimit(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.settings(func(o *campaign.OutboundSettings) { o.TotalAgents = 3 })
		for n := range 12 {
			w.carrier.set(number(n), plan{rings: 5 * time.Second, talks: 20 * time.Second})
			w.add(number(n))
		}
		w.d.Start()
		w.after(4*25*time.Second + time.Second)
		same(t, "calls, at once", fmt.Sprint(len(w.carrier.all()), w.carrier.most), "12 3")
		for n, i := range w.carrier.all() {
			if late := i.at.Sub(w.carrier.all()[n/3*3].at); late > soon {
				t.Errorf("call %d of its three began %s late", n, late)
			}
			if c := w.call(i.Call); c.Status != call.Completed || c.Duration() != 20 {
				t.Errorf("call %d ended as %+v", n, c)
			}
		}
		same(t, "observed", fmt.Sprint(w.observer.begun, w.observer.outcomes), "12 map[success:12]")
	})
}

// TestDueInstantsWake: retries, call-backs, opening hours and expiring requests need no change to be seen, and no polling.
func TestDueInstantsWake(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.settings(func(o *campaign.OutboundSettings) {
			o.RetryPolicy = lead.RetryPolicy{call.BusyOutcome: {Delays: []int{61, 3607}}}
		})
		w.add(number(0)) // busy, always
		w.carrier.set(number(1), plan{talks: time.Second, callback: 2 * time.Hour})
		w.add(number(1))
		closed := w.addPearl(func(o *campaign.OutboundSettings) {
			o.CallingHours = nil
			for day := range 7 {
				o.CallingHours = append(o.CallingHours, hours.Window{Day: day, Start: "06:00", End: "07:00"})
			}
			o.CallRequestMaxWaitMinutes = 24 * 60
		})
		w.addTo(closed, number(2))
		if _, err := w.e.MakeCall(w.ctx, w.actor, closed, number(3), nil, nil); err != nil {
			t.Fatal(err)
		}
		paused := w.addPearl(func(o *campaign.OutboundSettings) { o.CallRequestMaxWaitMinutes = 100 })
		receipt, err := w.e.MakeCall(w.ctx, w.actor, paused, number(4), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.setActive(paused, false)
		midnight := time.Now() // a bubble begins at midnight UTC
		w.d.Start()
		w.after(100*time.Minute + soon)
		if r, err := w.store.ReadRequest(w.ctx, w.account, receipt.ID); err != nil || r.Status != engine.RequestError {
			t.Errorf("a request of a paused campaign that waited too long is %+v, %v", r, err)
		}
		w.after(5 * time.Hour)
		began := map[string][]time.Duration{}
		for _, i := range w.carrier.all() {
			began[i.To] = append(began[i.To], i.at.Sub(midnight))
		}
		for to, want := range map[string][]time.Duration{
			number(0): {0, 61 * time.Second, 61*time.Second + 3607*time.Second},
			number(1): {0, 2*time.Hour + time.Second, 4*time.Hour + 2*time.Second},
			number(2): {6 * time.Hour},
			number(3): {6 * time.Hour},
		} {
			if len(began[to]) != len(want) {
				t.Errorf("%s was called at %v, want %v", to, began[to], want)
				continue
			}
			for n := range want {
				if late := began[to][n] - want[n]; late < 0 || late > time.Duration(len(want))*soon {
					t.Errorf("%s was called at %v, want %v", to, began[to], want)
				}
			}
		}
	})
}

// TestStopSignals: an update reaches a ringing call at once, and within two seconds where the signal is lost.
func TestStopSignals(t *testing.T) {
	t.Parallel()
	for _, deaf := range []bool{false, true} {
		t.Run(fmt.Sprintf("deaf %v", deaf), func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, deaf, func(t *testing.T, w *world) {
				w.carrier.set(number(0), plan{rings: time.Minute})
				w.carrier.set(number(1), plan{talks: time.Minute})
				ringing, talking := w.add(number(0)), w.add(number(1))
				w.d.Start()
				w.after(3300 * time.Millisecond)
				stopped := time.Now()
				w.update(ringing, engine.LeadUpdate{Status: ptr(130)})
				w.update(talking, engine.LeadUpdate{Status: ptr(130), HangUp: true})
				w.after(1500 * time.Millisecond)
				limit := time.Duration(0)
				if deaf {
					limit = time.Second
				}
				for _, i := range w.carrier.all() {
					if i.ended.IsZero() || i.ended.Sub(stopped) > limit {
						t.Errorf("the call to %s ended %s after the update", i.To, i.ended.Sub(stopped))
					}
					c, want := w.call(i.Call), "8 0"
					if i.To == number(1) {
						want = fmt.Sprintf("4 %d", int((i.ended.Sub(i.at)+time.Second-1)/time.Second))
					}
					same(t, i.To, fmt.Sprintf("%d %d", c.Status, c.Duration()), want)
				}
				same(t, "leads", fmt.Sprint(int(w.lead(ringing).Status), int(w.lead(talking).Status)), "130 130")
			})
		})
	}
}

// TestAnswerAfterCancel: a 200 that crosses the cancel is ended at once, nothing is spoken.
func TestAnswerAfterCancel(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{rings: 5 * time.Second, crosses: true, talks: time.Minute})
		leadID := w.add(number(0))
		w.d.Start()
		w.after(3 * time.Second)
		w.update(leadID, engine.LeadUpdate{Status: ptr(130)})
		w.after(3 * time.Second)
		i := w.carrier.all()[0]
		c := w.call(i.Call)
		same(t, "call, ended by, talks", fmt.Sprint(c.Status, c.Duration(), i.by, w.agent.talks), fmt.Sprint(8, 0, "hang up", 0))
	})
}

// TestAnswerThatCannotBeCommitted: what cannot be recorded is not spoken.
func TestAnswerThatCannotBeCommitted(t *testing.T) {
	t.Parallel()
	faults := &faulty{answer: func() error { return errors.New("no database") }}
	inBubble(t, faults, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: time.Minute})
		leadID := w.add(number(0))
		w.d.Start()
		w.after(time.Second)
		i := w.carrier.all()[0]
		same(t, "ended by, talks, call, lead", fmt.Sprint(i.by, w.agent.talks, w.call(i.Call).Status, int(w.lead(leadID).Status)), fmt.Sprint("hang up", 0, 6, 10))
	})
}

// TestFinishIsNotGivenUp: no outcome is lost while the database is away.
func TestFinishIsNotGivenUp(t *testing.T) {
	t.Parallel()
	failures := 0
	faults := &faulty{finish: func() error {
		if failures++; failures <= 5 {
			return errors.New("no database")
		}
		return nil
	}}
	inBubble(t, faults, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: 10 * time.Second})
		leadID := w.add(number(0))
		w.d.Start()
		w.after(11 * time.Second)
		same(t, "lead while it fails", fmt.Sprint(int(w.lead(leadID).Status)), "40")
		w.after(10 * time.Second)
		c := w.call(w.carrier.all()[0].Call)
		same(t, "lead, call", fmt.Sprint(int(w.lead(leadID).Status), c.Duration(), failures), "100 10 6")
	})
}

// TestOneCampaignsErrorStopsNoOther: neither does a claim that fails.
func TestOneCampaignsErrorStopsNoOther(t *testing.T) {
	t.Parallel()
	var broken id.ID
	var healed atomic.Bool
	faults := &faulty{claim: func(pearlID id.ID) error {
		if pearlID == broken && !healed.Load() {
			return errors.New("broken")
		}
		return nil
	}}
	inBubble(t, faults, false, func(t *testing.T, w *world) {
		broken = w.pearl
		w.add(number(0))
		other := w.addPearl(nil)
		w.addTo(other, number(1))
		w.d.Start()
		w.after(soon)
		if calls := w.carrier.all(); len(calls) != 1 || calls[0].To != number(1) {
			t.Errorf("called %v, want the other campaign's lead", calls)
		}
		healed.Store(true)
		w.after(1100 * time.Millisecond) // it is tried again within a second
		if calls := w.carrier.all(); len(calls) != 2 {
			t.Errorf("%d calls once it works again", len(calls))
		}
	})
}

// TestBeginThatFails: the claim is given back and rests, so that it is not tried without end.
func TestBeginThatFails(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32 // the next try is ordered after our look only by the clock, which the race detector does not count
	faults := &faulty{begin: func() error {
		if tries.Add(1) <= 2 {
			return errors.New("no database")
		}
		return nil
	}}
	inBubble(t, faults, false, func(t *testing.T, w *world) {
		leadID := w.add(number(0))
		w.d.Start()
		w.after(time.Second)
		same(t, "tries, lead", fmt.Sprint(tries.Load(), int(w.lead(leadID).Status), w.lead(leadID).Attempts), "1 1 0")
		w.after(10 * time.Second)
		same(t, "tries, calls", fmt.Sprint(tries.Load(), len(w.carrier.all())), "3 1")
	})
}

// TestLeadsWithoutACallHoldNothingUp: a campaign whose next leads end without a call gets to the others in one round.
func TestLeadsWithoutACallHoldNothingUp(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.settings(func(o *campaign.OutboundSettings) { o.TotalAgents = 1 })
		w.setActive(w.pearl, false)
		for n := range 60 {
			w.add(fmt.Sprintf("+210555501%02d", n)) // of no country
		}
		w.add(number(0))
		w.d.Start()
		w.setActive(w.pearl, true)
		w.after(soon)
		if calls := w.carrier.all(); len(calls) != 1 {
			t.Errorf("%d calls after 60 leads at 30", len(calls))
		}
	})
}

// TestOptOut: the blacklist is written before the talk ends.
func TestOptOut(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: 10 * time.Second, optsOut: true})
		w.add(number(0))
		w.d.Start()
		w.after(time.Second)
		if suppressed, err := w.store.IsSuppressed(w.ctx, w.account, "+12015550100"); err != nil || !suppressed {
			t.Errorf("blacklisted while the talk goes on: %v, %v", suppressed, err)
		}
		w.after(10 * time.Second)
		if i := w.carrier.all()[0]; i.by != "person" || w.call(i.Call).Duration() != 10 {
			t.Errorf("the talk was ended by %s", i.by)
		}
	})
}
