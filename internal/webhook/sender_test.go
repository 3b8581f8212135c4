package webhook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// TestAnswers is the table of answers: what each does to the delivery after the first try.
func TestAnswers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		says  reply
		state engine.DeliveryState
		wait  time.Duration
	}{
		"200":                           {reply{status: 200}, engine.DeliveryDelivered, 0},
		"201":                           {reply{status: 201}, engine.DeliveryDelivered, 0},
		"204":                           {reply{status: 204}, engine.DeliveryDelivered, 0},
		"200 just in time":              {reply{status: 200, after: 14900 * time.Millisecond}, engine.DeliveryDelivered, 0},
		"200 too late":                  {reply{status: 200, after: 15100 * time.Millisecond}, engine.DeliveryPending, 5 * time.Second},
		"refused":                       {reply{}, engine.DeliveryPending, 5 * time.Second},
		"304":                           {reply{status: 304}, engine.DeliveryPending, 5 * time.Second},
		"301 without Location":          {reply{status: 301}, engine.DeliveryPending, 5 * time.Second},
		"400":                           {reply{status: 400}, engine.DeliveryPending, 5 * time.Second},
		"401":                           {reply{status: 401}, engine.DeliveryPending, 5 * time.Second},
		"404":                           {reply{status: 404}, engine.DeliveryPending, 5 * time.Second},
		"410":                           {reply{status: 410}, engine.DeliveryDead, 0},
		"429":                           {reply{status: 429}, engine.DeliveryPending, 5 * time.Second},
		"429 with Retry-After":          {reply{status: 429, header: map[string]string{"Retry-After": "77"}}, engine.DeliveryPending, 77 * time.Second},
		"429 with short Retry-After":    {reply{status: 429, header: map[string]string{"Retry-After": "2"}}, engine.DeliveryPending, 2 * time.Second},
		"503 with Retry-After too long": {reply{status: 503, header: map[string]string{"Retry-After": "900000"}}, engine.DeliveryPending, 24 * time.Hour},
		"500 with Retry-After":          {reply{status: 500, header: map[string]string{"Retry-After": "77"}}, engine.DeliveryPending, 5 * time.Second},
		"502":                           {reply{status: 502}, engine.DeliveryPending, 5 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
				r.on("a.example", func(int, string) reply { return c.says })
				outbox.add(leadDelivery("d1", leadOne))
				s := startSender(t, outbox, r)
				ended := min(c.says.after, exchangeTimeout)
				time.Sleep(ended + time.Millisecond) // virtual time
				synctest.Wait()
				got := outbox.get(t, "d1")
				if got.State != c.state || len(got.Tries) != 1 {
					t.Fatalf("state %s after %d tries, want %s after 1", got.State, len(got.Tries), c.state)
				}
				if c.state == engine.DeliveryPending {
					if wait := got.NextTry.Sub(r.began.Add(ended)); wait != c.wait {
						t.Errorf("next try in %s, want %s", wait, c.wait)
					}
				}
				if err := s.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestScheduleOfTwelveTries(t *testing.T) {
	t.Parallel()
	for _, jitter := range []float64{0, 0.5, 0.999999} {
		synctest.Test(t, func(t *testing.T) {
			outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
			r.on("a.example", always(500))
			outbox.add(leadDelivery("d1", leadOne), leadDelivery("d2", leadOne))
			startSender(t, outbox, r, func(c *Config) { c.Jitter = func() float64 { return jitter } })
			time.Sleep(10 * 24 * time.Hour)
			synctest.Wait()
			times := r.times("d1")
			want := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
				3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour}
			if len(times) != len(want)+1 {
				t.Fatalf("%d tries, want 12", len(times))
			}
			for i, wait := range want {
				exact := time.Duration(float64(wait) * (0.9 + 0.2*jitter))
				if gap := times[i+1] - times[i]; (gap - exact).Abs() > 2*time.Millisecond {
					t.Errorf("wait %d is %s, want %s", i+1, gap, exact)
				}
			}
			if d := outbox.get(t, "d1"); d.State != engine.DeliveryDead || len(d.Tries) != 12 {
				t.Errorf("first ended %s after %d tries", d.State, len(d.Tries))
			}
			if second := r.times("d2"); len(second) == 0 || second[0] < times[11] {
				t.Errorf("the later delivery of the lead was sent at %v, before the earlier one was dead", second)
			}
			for _, h := range r.heard {
				if h.Body != `{"n":"`+h.ID+`"}` {
					t.Fatalf("a try had the body %s", h.Body)
				}
			}
		})
	}
}

func TestOrderPerLead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", func(n int, deliveryID string) reply {
			if deliveryID == "d1" && n <= 2 {
				return reply{status: 500}
			}
			return reply{status: 200, after: time.Second}
		})
		outbox.add(leadDelivery("d1", leadOne), leadDelivery("d2", leadOne), leadDelivery("e1", leadTwo), leadDelivery("d3", leadOne), leadDelivery("e2", leadTwo))
		startSender(t, outbox, r)
		time.Sleep(time.Minute)
		synctest.Wait()
		var one, two []string
		for _, line := range r.order() {
			if strings.HasPrefix(line, "d") {
				one = append(one, line)
			} else {
				two = append(two, line)
			}
		}
		if diff := cmp.Diff([]string{"d1 500", "d1 500", "d1 200", "d2 200", "d3 200"}, one); diff != "" {
			t.Errorf("first lead (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"e1 200", "e2 200"}, two); diff != "" {
			t.Errorf("second lead (-want +got):\n%s", diff)
		}
		if late := r.times("e2")[0]; late > 2*time.Second {
			t.Errorf("the second lead was held up until %s by the first one's retries", late)
		}
	})
}

func TestEndWaitsForStart(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		startSays func(n int) int
		endAfter  time.Duration
		want      []string
		start     engine.DeliveryState
	}{
		"start delivered at once":            {func(int) int { return 200 }, 0, []string{"start 200", "end 200"}, engine.DeliveryDelivered},
		"start tried once more and accepted": {func(n int) int { return map[bool]int{true: 500, false: 200}[n == 1] }, 2 * time.Second, []string{"start 500", "start 200", "end 200"}, engine.DeliveryDelivered},
		"start superseded":                   {func(int) int { return 500 }, 2 * time.Second, []string{"start 500", "start 500", "end 200"}, engine.DeliveryDropped},
		"both due at once":                   {func(int) int { return 500 }, 0, []string{"start 500", "end 200"}, engine.DeliveryDropped},
		"start dead before the end":          {func(int) int { return 500 }, 10 * 24 * time.Hour, append(strings.Split(strings.Repeat("start 500,", 12), ",")[:12], "end 200"), engine.DeliveryDead},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				outbox, r := newMemory(pearl(pearlA, "https://a.example/hook", "")), newReceiver()
				r.on("a.example", func(n int, deliveryID string) reply {
					if deliveryID == "start" {
						return reply{status: c.startSays(n), after: 100 * time.Millisecond}
					}
					return reply{status: 200}
				})
				outbox.add(callDelivery("start", true))
				if c.endAfter == 0 {
					outbox.add(callDelivery("end", false))
				}
				s := startSender(t, outbox, r)
				if c.endAfter > 0 {
					time.Sleep(c.endAfter)
					outbox.add(callDelivery("end", false))
					s.Notify()
				}
				time.Sleep(100 * time.Hour)
				synctest.Wait()
				if diff := cmp.Diff(c.want, r.order()); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
				if got := outbox.get(t, "start").State; got != c.start {
					t.Errorf("start is %s, want %s", got, c.start)
				}
				if got := outbox.get(t, "end"); got.State != engine.DeliveryDelivered {
					t.Errorf("end is %s", got.State)
				}
			})
		})
	}
}

func TestGoneDisablesTheURL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "https://a.example/call", "https://a.example/lead")), newReceiver()
		r.on("a.example", always(410))
		outbox.add(leadDelivery("d1", leadOne), leadDelivery("d2", leadOne), leadDelivery("e1", leadTwo))
		s := startSender(t, outbox, r)
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, deliveryID := range []id.ID{"d1", "d2", "e1"} {
			if got := outbox.get(t, deliveryID).State; got != engine.DeliveryDead {
				t.Errorf("%s is %s, want dead", deliveryID, got)
			}
		}
		hooks := outbox.pearls[pearlA].Webhooks
		if !hooks.LeadDisabled || hooks.CallDisabled {
			t.Errorf("disabled: lead %t, call %t; want only lead", hooks.LeadDisabled, hooks.CallDisabled)
		}
		// What is queued while the URL is off, and comes after it was set again.
		outbox.add(leadDelivery("d3", leadOne))
		s.Notify()
		synctest.Wait()
		if got := outbox.get(t, "d3"); got.State != engine.DeliveryDead || len(got.Tries) != 0 {
			t.Errorf("delivery to a disabled URL is %s after %d tries", got.State, len(got.Tries))
		}
		r.on("a.example", always(200))
		outbox.change(pearlA, func(h *campaign.Webhooks) { h.LeadDisabled = false })
		outbox.add(leadDelivery("d4", leadOne))
		s.Notify()
		synctest.Wait()
		if got := outbox.get(t, "d4").State; got != engine.DeliveryDelivered {
			t.Errorf("delivery after the URL was set again is %s", got)
		}
	})
}

// TestGoneDisablesOneURLForBothKinds: the URL is what is gone, not the kind of delivery that met it.
func TestGoneDisablesOneURLForBothKinds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "https://a.example/hook", "https://a.example/hook")), newReceiver()
		r.on("a.example", always(410))
		outbox.add(leadDelivery("d1", leadOne))
		s := startSender(t, outbox, r)
		synctest.Wait()
		outbox.add(callDelivery("start", true))
		s.Notify()
		synctest.Wait()
		if hooks := outbox.pearls[pearlA].Webhooks; !hooks.LeadDisabled || !hooks.CallDisabled {
			t.Errorf("disabled: lead %t, call %t; want both", hooks.LeadDisabled, hooks.CallDisabled)
		}
		if got := outbox.get(t, "start"); got.State != engine.DeliveryDead || len(got.Tries) != 0 {
			t.Errorf("the start is %s after %d tries", got.State, len(got.Tries))
		}
	})
}

func TestURLIsReadAtEachTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://wrong.example/hook")), newReceiver()
		r.on("wrong.example", always(404))
		r.on("right.example", always(200))
		outbox.add(leadDelivery("d1", leadOne))
		startSender(t, outbox, r)
		time.Sleep(time.Second)
		outbox.change(pearlA, func(h *campaign.Webhooks) { h.LeadURL = "https://right.example/hook" })
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := outbox.get(t, "d1").State; got != engine.DeliveryDelivered {
			t.Fatalf("delivery is %s", got)
		}
		outbox.change(pearlA, func(h *campaign.Webhooks) { h.LeadURL = "" })
		outbox.add(leadDelivery("d2", leadOne))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := outbox.get(t, "d2"); got.State != engine.DeliveryDropped || len(got.Tries) != 0 {
			t.Errorf("without a URL the delivery is %s after %d tries", got.State, len(got.Tries))
		}
		lost := leadDelivery("d3", leadTwo)
		lost.Pearl = pearlB // no such Pearl
		outbox.add(lost)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := outbox.get(t, "d3").State; got != engine.DeliveryDropped {
			t.Errorf("delivery of a Pearl that is gone is %s", got)
		}
	})
}

// TestDisabledURLIsNotTried: what is pending still when the URL was disabled, since a crash came before all of it was made dead
// letters, becomes one when it is due.
func TestDisabledURLIsNotTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", always(200))
		outbox.change(pearlA, func(h *campaign.Webhooks) { h.LeadDisabled = true })
		outbox.add(leadDelivery("d1", leadOne))
		startSender(t, outbox, r)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := outbox.get(t, "d1"); got.State != engine.DeliveryDead || len(got.Tries) != 0 || len(r.times("d1")) != 0 {
			t.Errorf("the delivery is %s after %d tries, sent %d times", got.State, len(got.Tries), len(r.times("d1")))
		}
	})
}

// TestSlowReceiverDelaysNobody: one URL of a campaign swallows thousands of deliveries without an answer; the
// campaign's other URL, and other campaigns, notice nothing.
func TestSlowReceiverDelaysNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "https://quick.example/", "https://hole.example/"), pearl(pearlB, "", "https://other.example/")), newReceiver()
		r.on("hole.example", func(int, string) reply { return reply{status: 200, after: time.Hour} })
		r.on("quick.example", always(200))
		r.on("other.example", always(200))
		for n := range 600 {
			outbox.add(leadDelivery(id.ID(fmt.Sprintf("hole%04d", n)), id.ID(fmt.Sprintf("lead%d", n))))
		}
		s := startSender(t, outbox, r)
		for minute := range 3 {
			time.Sleep(time.Minute)
			own, others := callDelivery(id.ID(fmt.Sprintf("own%d", minute)), true), leadDelivery(id.ID(fmt.Sprintf("others%d", minute)), leadTwo)
			own.Call, others.Pearl = own.ID, pearlB
			outbox.add(own, others)
			s.Notify()
			began := time.Since(r.began)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			for _, d := range []id.ID{own.ID, others.ID} {
				if times := r.times(d); len(times) != 1 || times[0]-began > stuckAfter+overduePause {
					t.Errorf("%s was sent at %v, due at %s", d, times, began)
				}
			}
		}
		if n := s.InFlight(); n > silentLimit {
			t.Errorf("%d exchanges with a receiver that never answers", n)
		}
	})
}

func TestFirstCallsPassABlackHoleWithinSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "https://quick.example/", "https://hole.example/")), newReceiver()
		r.on("hole.example", func(int, string) reply { return reply{status: 200, after: time.Hour} })
		r.on("quick.example", always(200))
		for n := range 500 {
			outbox.add(leadDelivery(id.ID(fmt.Sprintf("hole%04d", n)), id.ID(fmt.Sprintf("lead%d", n))))
		}
		outbox.add(callDelivery("start", true))
		startSender(t, outbox, r)
		time.Sleep(stuckAfter + 2*overduePause)
		synctest.Wait()
		if got := outbox.get(t, "start").State; got != engine.DeliveryDelivered {
			t.Errorf("the call's start is %s while nothing is known yet of the other URL", got)
		}
	})
}

// TestManyDeadReceivers: places are shared out so that no number of silent campaigns takes all of them.
func TestManyDeadReceivers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlB, "", "https://other.example/")), newReceiver()
		r.on("hole.example", func(int, string) reply { return reply{status: 200, after: time.Hour} })
		r.on("other.example", always(200))
		for p := range 30 {
			hole := pearl(id.ID(fmt.Sprintf("pearl%d", p)), "", "https://hole.example/")
			outbox.pearls[hole.ID] = hole
			for n := range 40 {
				d := leadDelivery(id.ID(fmt.Sprintf("hole%d-%d", p, n)), id.ID(fmt.Sprintf("lead%d-%d", p, n)))
				d.Pearl = hole.ID
				outbox.add(d)
			}
		}
		s := startSender(t, outbox, r, func(c *Config) { c.InFlight = 64 })
		time.Sleep(2 * time.Minute)
		other := leadDelivery("other", leadTwo)
		other.Pearl = pearlB
		outbox.add(other)
		s.Notify()
		began := time.Since(r.began)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if times := r.times("other"); len(times) != 1 || times[0]-began > time.Second {
			t.Errorf("sent at %v, due at %s", times, began)
		}
	})
}

// TestAccountsShareThePlaces: an account with more Pearls than there are places, whose receivers all are silent, leaves room
// for the first delivery of another account at once, and so do several such accounts.
func TestAccountsShareThePlaces(t *testing.T) {
	t.Parallel()
	for _, accounts := range []int{1, 5} {
		synctest.Test(t, func(t *testing.T) {
			theirs := pearl(pearlB, "", "https://other.example/")
			theirs.Account = "other"
			outbox, r := newMemory(theirs), newReceiver()
			r.on("hole.example", func(int, string) reply { return reply{status: 200, after: time.Hour} })
			r.on("other.example", always(200))
			for p := range 40 * accounts {
				hole := pearl(id.ID(fmt.Sprintf("pearl%d", p)), "", "https://hole.example/")
				hole.Account = id.ID(fmt.Sprintf("account%d", p%accounts))
				outbox.pearls[hole.ID] = hole
				for n := range 2 {
					d := leadDelivery(id.ID(fmt.Sprintf("hole%d-%d", p, n)), id.ID(fmt.Sprintf("lead%d-%d", p, n)))
					d.Account, d.Pearl = hole.Account, hole.ID
					outbox.add(d)
				}
			}
			s := startSender(t, outbox, r, func(c *Config) { c.InFlight = 32 })
			for minute := range 3 {
				other := leadDelivery(id.ID(fmt.Sprintf("other%d", minute)), leadTwo)
				other.Account, other.Pearl = theirs.Account, pearlB
				outbox.add(other)
				s.Notify()
				began := time.Since(r.began)
				time.Sleep(time.Minute) // virtual time
				synctest.Wait()
				if times := r.times(other.ID); len(times) != 1 || times[0]-began > overduePause {
					t.Errorf("with %d silent accounts: sent at %v, due at %s", accounts, times, began)
				}
			}
		})
	}
}

func TestCrashRepeatsAfterTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", always(200))
		outbox.add(leadDelivery("d1", leadOne))
		// A sender that died with the delivery leased.
		if taken, err := outbox.NextDeliveries(t.Context(), time.Now(), leaseTime, 10, engine.DeliveryRoom{Others: 10}); err != nil || len(taken) != 1 {
			t.Fatal(taken, err)
		}
		startSender(t, outbox, r)
		time.Sleep(leaseTime - time.Second)
		synctest.Wait()
		if n := len(r.times("d1")); n != 0 {
			t.Fatalf("sent %d times while another sender held it", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := outbox.get(t, "d1").State; got != engine.DeliveryDelivered {
			t.Errorf("delivery is %s after the lease", got)
		}
	})
}

// TestClockThatStepsForward: a lease that is over by a clock that was set forward (NTP, a resumed machine) has nothing sent
// a second time beside the first.
func TestClockThatStepsForward(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", func(int, string) reply { return reply{status: 200, after: 10 * time.Second} })
		outbox.add(leadDelivery("d1", leadOne))
		var step atomic.Int64
		s := startSender(t, outbox, r, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(time.Duration(step.Load())) } })
		time.Sleep(time.Second) // virtual time
		step.Store(int64(time.Minute))
		s.Notify()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if times := r.times("d1"); len(times) != 1 || outbox.get(t, "d1").State != engine.DeliveryDelivered {
			t.Errorf("sent at %v, then %s; want it sent once and delivered", times, outbox.get(t, "d1").State)
		}
	})
}

// TestExchangeEndsDuringAClaim: a claim finds a delivery whose lease is over, as above, and before it returns the exchange ends
// and is settled: what the claim has found is old.
func TestExchangeEndsDuringAClaim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", func(int, string) reply { return reply{status: 200, after: 10 * time.Second} })
		outbox.add(leadDelivery("d1", leadOne), leadDelivery("d2", leadTwo))
		var step atomic.Int64
		s := startSender(t, outbox, r, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(time.Duration(step.Load())) } })
		time.Sleep(time.Second) // virtual time
		outbox.mu.Lock()
		outbox.claimed = func() { time.Sleep(20 * time.Second) }
		outbox.mu.Unlock()
		step.Store(int64(time.Minute))
		s.Notify()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, deliveryID := range []id.ID{"d1", "d2"} {
			if times := r.times(deliveryID); len(times) != 1 || outbox.get(t, deliveryID).State != engine.DeliveryDelivered {
				t.Errorf("%s was sent at %v, then %s; want it sent once and delivered", deliveryID, times, outbox.get(t, deliveryID).State)
			}
		}
	})
}

func TestOutboxThatFailsToRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", always(200))
		outbox.settleFail = 3
		outbox.add(leadDelivery("d1", leadOne))
		startSender(t, outbox, r)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n := len(r.times("d1")); n != 1 {
			t.Errorf("sent %d times, although the outbox recovered within the lease", n)
		}
		if got := outbox.get(t, "d1").State; got != engine.DeliveryDelivered {
			t.Errorf("delivery is %s", got)
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	t.Run("waits for what is in flight", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
			r.on("a.example", func(int, string) reply { return reply{status: 200, after: 3 * time.Second} })
			outbox.add(leadDelivery("d1", leadOne), leadDelivery("d2", leadOne))
			s := startSender(t, outbox, r)
			time.Sleep(time.Second)
			if err := s.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := outbox.get(t, "d1").State; got != engine.DeliveryDelivered {
				t.Errorf("delivery in flight is %s", got)
			}
			if got := outbox.get(t, "d2"); got.State != engine.DeliveryPending || len(got.Tries) != 0 {
				t.Errorf("delivery after it is %s", got.State)
			}
		})
	})
	t.Run("gives back when it may wait no longer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
			r.on("a.example", func(int, string) reply { return reply{status: 200, after: time.Hour} })
			outbox.add(leadDelivery("d1", leadOne))
			s := startSender(t, outbox, r)
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("stop answered %v", err)
			}
			got := outbox.get(t, "d1")
			if got.State != engine.DeliveryPending || got.NextTry.After(time.Now()) || len(got.Tries) != 0 || !outbox.rows[0].leased.IsZero() {
				t.Errorf("delivery was not given back: %+v", got)
			}
		})
	})
}

// TestIdleSenderDoesNotPoll counts queries of an idle hour.
func TestIdleSenderDoesNotPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", always(500))
		outbox.add(leadDelivery("d1", leadOne), leadDelivery("d2", leadOne))
		startSender(t, outbox, r)
		time.Sleep(time.Hour)
		synctest.Wait()
		if limit := int(time.Hour/longestPause) + 40; outbox.queries > limit {
			t.Errorf("%d queries in an hour, want at most %d", outbox.queries, limit)
		}
	})
}

type counted struct {
	mu      sync.Mutex
	tried   map[int]int
	settled map[engine.DeliveryState]int
}

func (c *counted) Tried(_ engine.DeliveryKind, status int, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tried[status]++
}

func (c *counted) Settled(_ engine.DeliveryKind, state engine.DeliveryState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled[state]++
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outbox, r := newMemory(pearl(pearlA, "", "https://a.example/hook")), newReceiver()
		r.on("a.example", func(n int, _ string) reply { return reply{status: []int{0, 503, 200}[n-1]} })
		outbox.add(leadDelivery("d1", leadOne))
		counts := &counted{tried: map[int]int{}, settled: map[engine.DeliveryState]int{}}
		startSender(t, outbox, r, func(c *Config) { c.Metrics = counts })
		time.Sleep(time.Minute)
		synctest.Wait()
		if diff := cmp.Diff(map[int]int{0: 1, 503: 1, 200: 1}, counts.tried); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[engine.DeliveryState]int{engine.DeliveryPending: 2, engine.DeliveryDelivered: 1}, counts.settled); diff != "" {
			t.Error(diff)
		}
	})
}
