package dialer_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/dialer"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// TestNoInviteAfterAnAnsweredStop: a stop that is committed and answered between the record of a call and its INVITE is
// told before the dialer knows the call (contract 1.1).
func TestNoInviteAfterAnAnsweredStop(t *testing.T) {
	t.Parallel()
	faults := &faulty{}
	var w *world
	var leadID id.ID
	stopped := false
	faults.began = func() error {
		if !stopped {
			stopped = true
			w.update(leadID, engine.LeadUpdate{Status: ptr(130)})
		}
		return nil
	}
	inBubble(t, faults, false, func(t *testing.T, made *world) {
		w = made
		w.carrier.set(number(0), plan{rings: time.Minute})
		leadID = w.add(number(0))
		w.d.Start()
		w.after(5 * time.Second)
		same(t, "INVITEs, lead", fmt.Sprint(len(w.carrier.all()), int(w.lead(leadID).Status), w.lead(leadID).Call.Zero()), "0 130 true")
		w.carrier.set(number(1), plan{talks: time.Second}) // what was remembered stops nobody else
		other := w.add(number(1))
		w.after(5 * time.Second)
		same(t, "the next lead", fmt.Sprint(int(w.lead(other).Status)), "100")
	})
}

// TestPanicEndsOneCall: what panics in one call ends it at 500, with the stack in the log; the others go on.
func TestPanicEndsOneCall(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{panics: "dial"})
		w.carrier.set(number(1), plan{panics: "talk"})
		w.carrier.set(number(2), plan{talks: time.Minute})
		inDial, inTalk, other := w.add(number(0)), w.add(number(1)), w.add(number(2))
		w.d.Start()
		w.after(2 * time.Second)
		same(t, "leads", fmt.Sprint(int(w.lead(inDial).Status), int(w.lead(inTalk).Status), int(w.lead(other).Status)), "500 500 40")
		for _, i := range w.carrier.all() {
			if c := w.call(i.Call); i.To != number(2) && (c.Outcome != call.Broke || c.Conversation != 500 || c.Finished.IsZero()) {
				t.Errorf("the call to %s: %+v", i.To, c)
			}
			if i.To == number(1) && i.by != "hang up" {
				t.Errorf("the broken conversation was ended by %q", i.by)
			}
		}
		if stacks := w.log.of("call panicked", "stack"); len(stacks) != 2 || !strings.Contains(stacks[0], "dialer") {
			t.Errorf("stacks in the log: %v", stacks)
		}
		// The call that was not answered may ring: its number is taken for the ring time and half a minute.
		again := w.add(number(0))
		w.carrier.set(number(0), plan{talks: time.Second})
		w.after(57 * time.Second)
		same(t, "another lead with the number, while it may ring", fmt.Sprint(int(w.lead(again).Status)), "1")
		w.after(10 * time.Second)
		same(t, "the leads later", fmt.Sprint(int(w.lead(again).Status), int(w.lead(other).Status)), "100 100")
	})
}

// TestPanicBesideACall: what panics where a call begins, or beside it, ends no process; the call is tried again, or goes on.
func TestPanicBesideACall(t *testing.T) {
	t.Parallel()
	begins := 0
	faults := &faulty{began: func() error {
		if begins++; begins == 1 {
			panic("the engine is broken")
		}
		return nil
	}}
	inBubble(t, faults, false, func(t *testing.T, w *world) {
		w.d.Prober = brokenProber{w.carrier}
		w.d.Engine = brokenOver{w.d.Engine}
		w.addTrunk("sip.example", 1)
		w.carrier.set(number(0), plan{talks: time.Second, disk: time.Second})
		leadID := w.add(number(0))
		w.d.Start()
		w.after(2 * time.Minute)
		same(t, "lead, calls", fmt.Sprint(int(w.lead(leadID).Status), len(w.carrier.all())), "100 1")
		if whats := w.log.of("work beside calls panicked", "what"); !slices.Contains(whats, "probing a trunk") || !slices.Contains(whats, "giving back the place of a call") {
			t.Errorf("panics in the log: %q", whats)
		}
	})
}

type brokenProber struct{ *carrier }

func (brokenProber) Options(context.Context, call.Trunk) call.ProbeResult {
	panic("the prober is broken")
}

type brokenOver struct{ dialer.Engine }

func (brokenOver) Over(context.Context, call.Call, engine.Ending) error {
	panic("the engine is broken")
}

// TestCutOffIsNoVerdict: a conversation that the end of the grace cuts off is lost and called again, unless a verdict was
// reached by then (contract 9.6).
func TestCutOffIsNoVerdict(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: time.Hour, fails: true})
		w.carrier.set(number(1), plan{talks: time.Hour})
		w.carrier.set(number(2), plan{talks: time.Hour, callback: 2 * time.Hour})
		w.carrier.set(number(3), plan{talks: time.Hour, fails: true, optsOut: true})
		var leads []id.ID
		for n := range 4 {
			leads = append(leads, w.add(number(n)))
		}
		w.d.Start()
		w.after(time.Minute)
		w.stop(15 * time.Second)
		got := ""
		for _, leadID := range leads {
			got += fmt.Sprint(int(w.lead(leadID).Status), " ")
		}
		same(t, "leads", got, "10 100 10 110 ")
		for _, i := range w.carrier.all() {
			if i.To != number(0) {
				continue
			}
			c := w.call(i.Call)
			same(t, "the call that was cut off", fmt.Sprint(c.Outcome, c.Status, c.Conversation, c.Duration()), "lost6 10 75")
			if c.Answered.IsZero() || c.Summary == "" {
				t.Errorf("what was said is not kept: %+v", c)
			}
		}
		rest := time.Until(w.lead(leads[0]).DueAt(w.rules()))
		same(t, "called again in", rest.Round(time.Second).String(), "24h0m0s")
	})
}

// TestSlowDisk: a call lasts until its hang-up, whatever comes after it; a recording that the disk takes seconds for holds neither
// the agent nor the number meanwhile, and is on disk before the call's end tells of it.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.settings(func(o *campaign.OutboundSettings) { o.TotalAgents = 1 })
		for n, disk := range []time.Duration{4 * time.Second, 50 * time.Millisecond, 0} {
			w.carrier.set(number(n), plan{talks: 59 * time.Second, disk: disk, after: 3 * time.Second})
			w.add(number(n))
		}
		overs := 0
		w.d.Engine = overCounter{w.d.Engine, &overs}
		w.d.Start()
		w.after(64 * time.Second) // hung up after 59 s; the agent is done after 62
		all := w.carrier.all()
		if len(all) != 2 {
			t.Fatalf("%d calls with one agent, while the first one's recording goes to disk", len(all))
		}
		if took := all[1].at.Sub(all[0].ended); took > 3*time.Second+300*time.Millisecond {
			t.Errorf("the agent was free %s after the hang-up", took)
		}
		first := w.call(all[0].Call)
		same(t, "the first call meanwhile", fmt.Sprint(first.Status, first.Recording, first.Finished.IsZero(), first.Ended.Equal(all[0].ended)), "3true true")
		w.after(3 * time.Second)
		first = w.call(all[0].Call)
		same(t, "the first call", fmt.Sprint(first.Status, first.Recording, first.Duration()), "4saved.wav59")
		w.after(3 * time.Minute)
		for _, i := range w.carrier.all() {
			if c := w.call(i.Call); c.Duration() != 59 || !c.Ended.Equal(i.ended) {
				t.Errorf("the call to %s lasted %d s", i.To, c.Duration())
			}
		}
		same(t, "calls, of which were over before they were final", fmt.Sprint(len(w.carrier.all()), overs), "3 1")
	})
}

// overCounter counts the calls that are over before they are final.
type overCounter struct {
	dialer.Engine
	overs *int
}

func (o overCounter) Over(ctx context.Context, begun call.Call, ending engine.Ending) error {
	*o.overs++
	return o.Engine.Over(ctx, begun, ending)
}

// TestWhoHungUp: the log says who ended a call.
func TestWhoHungUp(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: time.Second})
		w.carrier.set(number(1), plan{talks: time.Hour})
		w.carrier.set(number(2), plan{rings: time.Hour})
		w.carrier.set(number(3), plan{talks: 10 * time.Minute})
		ends := func(n int) string {
			w.add(number(n))
			w.after(2 * time.Second)
			return w.carrier.all()[n].To
		}
		w.d.Start()
		_, hung, rung, _ := ends(0), ends(1), ends(2), ends(3)
		for _, i := range w.carrier.all() {
			if i.To == hung || i.To == rung {
				if err := w.e.HangUpCall(w.ctx, w.actor, i.Call); err != nil {
					t.Fatal(err)
				}
				w.after(time.Second)
			}
		}
		w.add(number(9)) // busy
		w.after(time.Second)
		w.stop(time.Second)
		same(t, "ended", fmt.Sprint(w.log.of("call ended", "by")), "[callee key:test shutdown]")
		same(t, "not answered", fmt.Sprint(w.log.of("call not answered", "by")), "[key:test carrier]")
	})
}

// TestChargesOfACall: what is paid for before the dial and in the talk is on the call, also where nobody answered.
func TestChargesOfACall(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{rings: time.Second, talks: time.Second})
		w.carrier.set(number(1), plan{rings: time.Second, failure: &call.Failure{Cause: call.CauseBusy, Code: 486}})
		w.add(number(0))
		w.add(number(1))
		w.d.Start()
		w.after(10 * time.Second)
		charges := map[string]string{}
		for _, i := range w.carrier.all() {
			charges[i.To] = fmt.Sprint(w.call(i.Call).Charges)
		}
		same(t, "answered", charges[number(0)], "[{voice p  0 10 0 0 0 1} {model q  0 0 0 0 5 2}]")
		same(t, "busy", charges[number(1)], "[{voice p  0 10 0 0 0 1}]")
	})
}
