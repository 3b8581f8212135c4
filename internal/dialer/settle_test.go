package dialer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nacre/internal/lead"
)

// TestWhatWasNotConfirmedIsGivenBack: a database that goes away leaves claims and records of which the dialer knows
// nothing. They hold their leads until it looks, within half a minute; then each is called, once.
func TestWhatWasNotConfirmedIsGivenBack(t *testing.T) {
	t.Parallel()
	once := func() func() error {
		done := false
		return func() error {
			if done {
				return nil
			}
			done = true
			return errors.New("connection reset")
		}
	}
	for name, faults := range map[string]*faulty{
		"a claim whose answer was lost":        {claimed: once()},
		"a record whose answer was lost":       {began: once()},
		"a claim that could not be given back": {begin: once(), release: once()},
		"all of them, one after another":       {claimed: once(), begin: once(), release: once(), began: once()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, faults, false, func(t *testing.T, w *world) {
				w.carrier.set(number(0), plan{talks: time.Second})
				w.carrier.set(number(1), plan{talks: time.Hour})
				leadID, talking := w.add(number(0)), w.add(number(1))
				w.d.Start()
				w.after(5 * time.Minute)
				calls := map[string]int{}
				for _, i := range w.carrier.all() {
					calls[i.To]++
				}
				l := w.lead(leadID)
				same(t, "lead, attempts, calls", fmt.Sprint(int(l.Status), l.Attempts, calls[number(0)]), "100 1 1")
				// One that is under way is known, and stays.
				same(t, "the other", fmt.Sprint(int(w.lead(talking).Status), calls[number(1)]), fmt.Sprint(int(lead.OnCall), 1))
			})
		})
	}
}

// TestCease: the first half of a stop begins nothing more while the rest waits for others.
func TestCease(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		w.carrier.set(number(0), plan{talks: 20 * time.Second})
		w.carrier.set(number(1), plan{rings: time.Minute})
		talking, ringing := w.add(number(0)), w.add(number(1))
		w.d.Start()
		w.after(time.Second)
		w.d.Cease(context.Background())
		w.add(number(2))
		w.after(10 * time.Second)
		same(t, "ringing lead, talking lead, calls", fmt.Sprint(int(w.lead(ringing).Status), int(w.lead(talking).Status), len(w.carrier.all())), "1 40 2")
		w.stop(15 * time.Second)
		same(t, "the talk", fmt.Sprint(int(w.lead(talking).Status)), "100")
	})
}
