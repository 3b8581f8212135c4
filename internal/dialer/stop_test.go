package dialer_test

import (
	"fmt"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// TestStop: begins nothing more, gives claims back, cancels what rings without counting it, and lets conversations go on
// for the grace (contract 9.6).
func TestStop(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		talks time.Duration
		takes time.Duration
		ends  string // who ended the talk, its length
	}{
		{"the talk ends within the grace", 10 * time.Second, 8 * time.Second, "person 10"},
		{"the grace ends the talk", 10 * time.Minute, 15 * time.Second, "context 17"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, false, func(t *testing.T, w *world) {
				slow := w.addTrunk("slow.example", 0.1)
				w.carrier.set(number(0), plan{talks: test.talks})
				w.carrier.set(number(1), plan{rings: time.Minute})
				talking, ringing := w.add(number(0)), w.add(number(1))
				w.d.Start()
				w.after(time.Second)
				lane := w.addPearl(func(o *campaign.OutboundSettings) { o.PhoneNumberID = slow })
				for n := range 5 {
					w.addTo(lane, number(10+n)) // one is busy at once, four wait in the lane
				}
				w.after(time.Second)
				counts, err := w.store.PearlCounts(w.ctx, lane, time.Time{})
				if err != nil || counts.Queued != 4 {
					t.Fatalf("%d leads are queued, %v", counts.Queued, err)
				}
				began := time.Now()
				w.stop(15 * time.Second)
				same(t, "it took", time.Since(began).Round(10*time.Millisecond).String(), test.takes.String())
				if counts, err = w.store.PearlCounts(w.ctx, lane, time.Time{}); err != nil || counts.Queued > 0 || counts.ByStatus[1] != 4 {
					t.Errorf("the lane's leads are %v, %v", counts.ByStatus, err)
				}
				same(t, "ringing lead", fmt.Sprint(int(w.lead(ringing).Status), w.lead(ringing).Attempts, w.lead(ringing).Call.Zero()), "1 0 true")
				same(t, "talking lead", fmt.Sprint(int(w.lead(talking).Status)), "100")
				for _, i := range w.carrier.all() {
					c := w.call(i.Call)
					switch i.To {
					case number(0):
						same(t, "talk", fmt.Sprint(i.by, " ", c.Duration()), test.ends)
					case number(1):
						same(t, "ringing call", fmt.Sprint(i.by, " ", c.Status, i.ended.Equal(began)), "cancel 8 true")
					}
					if c.Finished.IsZero() {
						t.Errorf("the call to %s is not final", i.To)
					}
				}
				calls := len(w.carrier.all())
				w.after(time.Hour)
				same(t, "calls an hour later", fmt.Sprint(len(w.carrier.all())), fmt.Sprint(calls))
			})
		})
	}
}

// TestStopWaitsForNoDeafCarrier: a CANCEL that nobody answers holds the process no longer than the grace, and the next start
// settles the call as lost, for its telephone may ring still; a conversation that ends with the grace is final before Stop returns.
func TestStopWaitsForNoDeafCarrier(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: 10 * time.Minute})
		w.carrier.set(number(1), plan{rings: time.Minute, deaf: true})
		talking, ringing := w.add(number(0)), w.add(number(1))
		w.d.Start()
		w.after(time.Second)
		began := time.Now()
		w.stop(15 * time.Second)
		same(t, "it took", time.Since(began).Round(10*time.Millisecond).String(), "15s")
		same(t, "talking lead", fmt.Sprint(int(w.lead(talking).Status), w.lead(talking).Call.Zero()), "100 true")
		if _, _, err := w.e.Rescue(w.ctx, ""); err != nil {
			t.Fatal(err)
		}
		lost := fmt.Sprint(int(lead.NeedRetry), 1, true)
		state := func() string {
			l := w.lead(ringing)
			return fmt.Sprint(int(l.Status), l.Attempts, l.Call.Zero())
		}
		same(t, "ringing lead", state(), lost)
		for _, i := range w.carrier.all() {
			if c := w.call(i.Call); i.To == number(1) && (c.Finished.IsZero() || c.Outcome != call.Lost) {
				t.Errorf("the ringing call: %+v", c)
			}
		}
		w.after(time.Minute) // what the carrier says at last changes nothing
		same(t, "ringing lead at last", state(), lost)
	})
}

// TestTrunks: a fault of a trunk that a call meets makes it wait, the attempt does not count, and OPTIONS bring it back.
func TestTrunks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		failure call.Failure
		second  time.Duration // when the second call begins
	}{
		// The wait of 30 s ends in unknown, where one call may try.
		{"our credentials are refused", call.Failure{Cause: call.CauseUnauthorized, Code: 403, Reason: "Forbidden"}, 30 * time.Second},
		// OPTIONS are sent every 30 s, counted from the first look.
		{"nothing can have rung", call.Failure{Cause: call.CauseUnreachable, Reason: "connection refused"}, 29 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, false, func(t *testing.T, w *world) {
				numberID := w.addTrunk("sip.example", 100)
				w.d.Start()
				w.after(time.Second)
				w.pearl = w.addPearl(func(o *campaign.OutboundSettings) { o.PhoneNumberID = numberID })
				w.carrier.set(number(0), plan{failure: &test.failure})
				leadID := w.add(number(0))
				w.after(time.Second)
				first := w.carrier.all()
				if len(first) != 1 {
					t.Fatalf("%d calls within a second", len(first))
				}
				l, c := w.lead(leadID), w.call(first[0].Call)
				same(t, "lead, call", fmt.Sprint(int(l.Status), l.Attempts, c.Status, c.Conversation), "1 0 6 10")
				w.carrier.set(number(0), plan{talks: time.Second})
				w.after(time.Minute)
				all := w.carrier.all()
				if len(all) != 2 {
					t.Fatalf("%d calls a minute later", len(all))
				}
				if late := all[1].at.Sub(all[0].at) - test.second; late < -soon || late > time.Second+soon {
					t.Errorf("the second call began %s after the first, want %s", all[1].at.Sub(all[0].at), test.second)
				}
				trunks, err := w.store.Trunks(w.ctx, w.account)
				if err != nil || trunks[0].State != account.TrunkOK {
					t.Errorf("the trunk is %+v, %v", trunks, err)
				}
			})
		})
	}
}

// TestSandboxFault: the sandbox carrier has no trunk, and waits all the same.
func TestSandboxFault(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{failure: &call.Failure{Cause: call.CauseUnreachable, Reason: "no local port"}})
		w.add(number(0))
		w.d.Start()
		w.after(20 * time.Second)
		w.d.Wake() // the next look by the safety net is half a minute from here
		w.after(9 * time.Second)
		same(t, "calls before the wait is over", fmt.Sprint(len(w.carrier.all())), "1")
		w.after(time.Second + soon)
		same(t, "calls when it is over", fmt.Sprint(len(w.carrier.all())), "2")
	})
}

// TestProbes: trunks are asked by OPTIONS at once and every 30 s; those that register are left to their registration.
func TestProbes(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		numberID := w.addTrunk("sip.example", 100)
		w.carrier.mu.Lock()
		w.carrier.peers["sip.example"] = call.ProbeResult{Detail: "no answer"}
		w.carrier.mu.Unlock()
		w.d.Start()
		w.after(time.Second)
		pearlID := w.addPearl(func(o *campaign.OutboundSettings) { o.PhoneNumberID = numberID })
		w.addTo(pearlID, number(0))
		w.after(20 * time.Second)
		same(t, "calls over an unreachable trunk, probes", fmt.Sprint(len(w.carrier.all()), w.carrier.probed()), "0 1")
		w.carrier.mu.Lock()
		w.carrier.peers["sip.example"] = call.ProbeResult{OK: true}
		w.carrier.mu.Unlock()
		w.after(11 * time.Second)
		same(t, "calls once it answers, probes", fmt.Sprint(len(w.carrier.all()), w.carrier.probed()), "1 2")

		trunkID := w.kept[0].ID
		if _, err := w.e.UpdateTrunk(w.ctx, w.actor, trunkID, func(t *account.Trunk) error { t.Registers, t.Host = true, "reg.example"; return nil }); err != nil {
			t.Fatal(err)
		}
		w.after(time.Minute)
		same(t, "probes of a trunk that registers", fmt.Sprint(w.carrier.probed(), w.kept[0].Registers), "2 true")
		w.d.Registered(trunkID, account.TrunkUnauthorized, "403 Forbidden")
		w.after(time.Second)
		state := func() account.TrunkState {
			trunks, err := w.store.Trunks(w.ctx, w.account)
			if err != nil {
				t.Fatal(err)
			}
			return trunks[0].State
		}
		same(t, "state after a refused registration", string(state()), "unauthorized")
		w.d.Registered(trunkID, account.TrunkOK, "")
		w.after(time.Second)
		same(t, "state after a registration", string(state()), "ok")
		if _, err := w.e.UpdateTrunk(w.ctx, w.actor, trunkID, func(t *account.Trunk) error { t.Active = false; return nil }); err != nil {
			t.Fatal(err)
		}
		w.after(time.Second)
		same(t, "trunks kept registered when it is off", fmt.Sprint(len(w.kept)), "0")
	})
}

// TestMadeCallsGoThroughTheSameDoor: a request is dialled, answered and completed.
func TestMadeCallsGoThroughTheSameDoor(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{rings: time.Second, talks: 2 * time.Second})
		w.d.Start()
		w.after(time.Second)
		receipt, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, number(0), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.after(4 * time.Second)
		r, err := w.store.ReadRequest(w.ctx, w.account, receipt.ID)
		if err != nil || r.Status != engine.RequestCompleted {
			t.Fatalf("request %+v, %v", r, err)
		}
		c, i := w.call(r.Call), w.carrier.all()[0]
		same(t, "call", fmt.Sprint(c.Status, c.Duration(), c.To == i.To, i.Trunk.Host, c.Lead == id.ID("")), fmt.Sprint(4, 2, true, "sandbox.example", true))
	})
}
