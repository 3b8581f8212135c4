package telephony

import (
	"context"
	"reflect"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// RegistrationState is how a trunk's registration stands.
type RegistrationState string

const (
	Registered   RegistrationState = "ok"
	Refused      RegistrationState = "unauthorized" // our credentials were refused
	Unregistered RegistrationState = "unreachable"  // no answer, or one that is neither
)

// Registrar keeps trunks registered: it refreshes before a registration runs out, tries again 30 s after a failure,
// and ends the registrations of trunks that are no longer wanted.
type Registrar struct {
	e      *Endpoint
	report func(trunk id.ID, state RegistrationState, detail string)

	mu      sync.Mutex
	kept    map[id.ID]*kept
	leaving map[id.ID]chan struct{} // trunks whose registration is being ended; closed when it is
	closed  bool
	loops   sync.WaitGroup
}

// kept is one trunk under the registrar's care.
type kept struct {
	trunk call.Trunk
	stop  context.CancelFunc
	done  chan struct{}
}

// NewRegistrar makes a registrar without trunks. report is called after every attempt, for one trunk at a time in order.
func (e *Endpoint) NewRegistrar(report func(trunk id.ID, state RegistrationState, detail string)) *Registrar {
	return &Registrar{e: e, report: report, kept: map[id.ID]*kept{}, leaving: map[id.ID]chan struct{}{}}
}

// Keep says which trunks are to be registered from now on; those that do not register are passed over. A trunk that is
// as it was is left alone, a changed one is registered anew as soon as its old registration is ended: both name the same
// contact, and a farewell that arrives last would leave the trunk unregistered.
func (r *Registrar) Keep(trunks []call.Trunk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	wanted := map[id.ID]call.Trunk{}
	for _, trunk := range trunks {
		if trunk.Registers {
			wanted[trunk.ID] = trunk
		}
	}
	for key, k := range r.kept {
		if trunk, ok := wanted[key]; ok && reflect.DeepEqual(trunk, k.trunk) {
			delete(wanted, key)
			continue
		}
		k.stop()
		delete(r.kept, key)
		r.leaving[key] = k.done
	}
	for key, trunk := range wanted {
		ctx, stop := context.WithCancel(context.Background())
		k, before := &kept{trunk, stop, make(chan struct{})}, r.leaving[key]
		r.kept[key] = k
		r.loops.Go(func() {
			defer r.left(key, k.done)
			if before != nil {
				<-before
			}
			r.keep(ctx, trunk)
		})
	}
}

// left notes that a trunk is registered no more.
func (r *Registrar) left(key id.ID, done chan struct{}) {
	close(done)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leaving[key] == done {
		delete(r.leaving, key)
	}
}

// Close ends all registrations and waits until that is done or ctx is.
func (r *Registrar) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	for key, k := range r.kept {
		k.stop()
		delete(r.kept, key)
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() { r.loops.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keep registers one trunk until ctx is done. The address is resolved anew for every attempt that follows a failure.
func (r *Registrar) keep(ctx context.Context, trunk call.Trunk) {
	var series *probe
	for ctx.Err() == nil {
		answer := call.Answer{}
		var err error
		if series == nil {
			series, err = r.e.probe(ctx, trunk)
		}
		if err == nil {
			attempt, cancel := context.WithTimeout(ctx, r.e.timers.NoResponse)
			answer = series.register(attempt, registrationTime)
			cancel()
		} else {
			answer.Detail = err.Error()
		}
		if ctx.Err() != nil {
			break // the trunk is no longer ours to report on
		}
		pause := r.e.timers.Backoff
		switch {
		case answer.OK:
			r.report(trunk.ID, Registered, answer.Detail)
			pause = refreshAfter(answer.Expires, r.e.timers.Refresh)
		case answer.Unauthorized:
			r.report(trunk.ID, Refused, answer.Detail)
			series = nil
		default:
			r.report(trunk.ID, Unregistered, answer.Detail)
			series = nil
		}
		wait(pause, ctx.Done())
	}
	if series != nil {
		farewell, cancel := context.WithTimeout(context.Background(), r.e.timers.Bye)
		defer cancel()
		if answer := series.register(farewell, 0); !answer.OK {
			r.e.log.Info("a registration could not be ended", "trunk", trunk.ID, "detail", answer.Detail)
		}
	}
}

// refreshAfter is when to register again: in time for one failed attempt, never more often than least,
// whatever the peer grants: it could keep us busy with a registration a second for every trunk.
func refreshAfter(granted, least time.Duration) time.Duration {
	return max(granted-min(granted/4, time.Minute), least)
}
