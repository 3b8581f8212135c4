package telephony

import (
	"context"
	"reflect"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// RegistrationState is the state of a trunk's registration (contract 12.1).
type RegistrationState string

const (
	Registered   RegistrationState = "ok"
	Refused      RegistrationState = "unauthorized" // our credentials were refused
	Unregistered RegistrationState = "unreachable"  // no response, or another refusal
)

// Registrar keeps trunks registered: it refreshes a registration before it expires, retries 30 s after a failure, and ends
// the registrations of trunks that were removed.
type Registrar struct {
	e      *Endpoint
	report func(trunk id.ID, state RegistrationState, detail string)

	mu            sync.Mutex
	registrations map[id.ID]*registration
	leaving       map[id.ID]chan struct{} // trunks whose registration is being ended; closed when it is
	closed        bool
	loops         sync.WaitGroup
}

// registration is one trunk that the Registrar keeps registered.
type registration struct {
	trunk call.Trunk
	stop  context.CancelFunc
	done  chan struct{}
}

// NewRegistrar returns a Registrar without trunks. report is called after every attempt, in order for each trunk.
func (e *Endpoint) NewRegistrar(report func(trunk id.ID, state RegistrationState, detail string)) *Registrar {
	return &Registrar{e: e, report: report, registrations: map[id.ID]*registration{}, leaving: map[id.ID]chan struct{}{}}
}

// SetTrunks replaces the set of registered trunks; those without Registers are ignored. An unchanged trunk keeps its
// registration. A changed one is registered again only after its old registration was ended: both have the same contact,
// and an Expires of 0 that arrives last would leave the trunk unregistered.
func (r *Registrar) SetTrunks(trunks []call.Trunk) {
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
	for key, k := range r.registrations {
		if trunk, ok := wanted[key]; ok && reflect.DeepEqual(trunk, k.trunk) {
			delete(wanted, key)
			continue
		}
		k.stop()
		delete(r.registrations, key)
		r.leaving[key] = k.done
	}
	for key, trunk := range wanted {
		ctx, stop := context.WithCancel(context.Background())
		k, before := &registration{trunk, stop, make(chan struct{})}, r.leaving[key]
		r.registrations[key] = k
		r.loops.Go(func() {
			defer r.left(key, k.done)
			defer r.e.survive("registration", nil)
			if before != nil {
				<-before
			}
			r.maintain(ctx, trunk)
		})
	}
}

// left records that the registration of a trunk was ended.
func (r *Registrar) left(key id.ID, done chan struct{}) {
	close(done)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leaving[key] == done {
		delete(r.leaving, key)
	}
}

// Close ends all registrations and waits until that is done, or ctx is (its error is returned then).
func (r *Registrar) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	for key, k := range r.registrations {
		k.stop()
		delete(r.registrations, key)
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

// maintain keeps one trunk registered until ctx is done. After a failure the address is resolved again.
func (r *Registrar) maintain(ctx context.Context, trunk call.Trunk) {
	var series *probe
	for ctx.Err() == nil {
		result := call.ProbeResult{}
		var err error
		if series == nil {
			series, err = r.e.probe(ctx, trunk)
		}
		if err == nil {
			attempt, cancel := context.WithTimeout(ctx, r.e.timers.NoResponse)
			result = series.register(attempt, registrationTime)
			cancel()
		} else {
			result.Detail = err.Error()
		}
		if ctx.Err() != nil {
			break // the trunk was removed: report nothing
		}
		pause := r.e.timers.Backoff
		switch {
		case result.OK:
			r.report(trunk.ID, Registered, result.Detail)
			pause = refreshAfter(result.Expires, r.e.timers.Refresh)
		case result.Unauthorized:
			r.report(trunk.ID, Refused, result.Detail)
			series = nil
		default:
			r.report(trunk.ID, Unregistered, result.Detail)
			series = nil
		}
		wait(pause, ctx.Done())
	}
	if series != nil {
		farewell, cancel := context.WithTimeout(context.Background(), r.e.timers.Bye)
		defer cancel()
		if result := series.register(farewell, 0); !result.OK {
			r.e.log.Info("a registration could not be ended", "trunk", trunk.ID, "detail", result.Detail)
		}
	}
}

// refreshAfter returns when to register again: early enough for one failed attempt, but not before least. Otherwise a peer
// that grants a second could make us register every second.
func refreshAfter(granted, least time.Duration) time.Duration {
	return max(granted-min(granted/4, time.Minute), least)
}
