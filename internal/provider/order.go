package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Order is providers of one kind in the order in which they are tried. It is safe for concurrent use.
//
// One that fails is left alone for a while, so that not every call waits for it: at 429 for as long as it asks (ten seconds
// where it does not say), with a refused key for a minute, and after three other failures in a row for half a minute; the
// next failure after that begins the same rest anew. A request that it rejects costs no rest: others may be right.
type Order[T any] struct {
	entries []*entry[T]
	log     *slog.Logger
	now     func() time.Time
}

type entry[T any] struct {
	name  string
	item  T
	local bool

	mu       sync.Mutex
	failures int // in a row
	until    time.Time
	last     error
}

const (
	limitedRest      = 10 * time.Second
	unauthorizedRest = time.Minute
	failureRest      = 30 * time.Second
	failureCount     = 3
)

// NewOrder returns an empty Order.
func NewOrder[T any](log *slog.Logger) *Order[T] { return &Order[T]{log: log, now: time.Now} }

// Add adds a provider, to be tried after those that are there. Not to be called while the order is used.
func (o *Order[T]) Add(name string, item T) {
	o.entries = append(o.entries, &entry[T]{name: name, item: item})
}

// AddLocal adds what is part of this machine: it never rests.
func (o *Order[T]) AddLocal(name string, item T) {
	o.entries = append(o.entries, &entry[T]{name: name, item: item, local: true})
}

// Len returns how many providers there are.
func (o *Order[T]) Len() int { return len(o.entries) }

// First returns the order with the named provider before the others; unknown names change nothing. Both share what they
// know of failures.
func (o *Order[T]) First(name string) *Order[T] {
	first := &Order[T]{log: o.log, now: o.now}
	for _, e := range o.entries {
		if e.name == name {
			first.entries = append(first.entries, e)
		}
	}
	for _, e := range o.entries {
		if e.name != name {
			first.entries = append(first.entries, e)
		}
	}
	return first
}

// Rests reports whether the named provider is left alone now.
func (o *Order[T]) Rests(name string) bool {
	rest, _ := o.Rest(name)
	return rest > 0
}

// Rest is for how long the named provider is left alone, and what it failed with; 0 where it is not.
func (o *Order[T]) Rest(name string) (time.Duration, error) {
	for _, e := range o.entries {
		if e.name == name {
			return e.rests(o.now())
		}
	}
	return 0, nil
}

// Try uses the providers one after another until one serves. use says whether what it brought has been used (heard, spoken):
// then a failure is returned and no other is tried. The error of all joins those of each; providers that rest are left out
// (ErrResting). When ctx ends, its error is returned and counts for nobody.
func (o *Order[T]) Try(ctx context.Context, use func(item T) (used bool, err error)) error {
	var failures []error
	for n, e := range o.entries {
		if rest, last := e.rests(o.now()); rest > 0 {
			failures = append(failures, fmt.Errorf("%s %w: %w", e.name, ErrResting, last))
			continue
		}
		used, err := use(e.item)
		if Cancelled(ctx, err) {
			return err
		}
		rest := e.report(err, o.now())
		if err == nil {
			return nil
		}
		o.log.Warn("provider failed", "provider", e.name, "kind", string(KindOf(err)), "error", err, "rest", rest, "last", n == len(o.entries)-1)
		if used {
			return err
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failures...)
}

// Ready returns an error where every provider rests, or check has one for it.
func (o *Order[T]) Ready(check func(item T) error) error {
	var failures []error
	for _, e := range o.entries {
		if rest, last := e.rests(o.now()); rest > 0 {
			failures = append(failures, fmt.Errorf("%s %w: %w", e.name, ErrResting, last))
			continue
		}
		err := check(e.item)
		if err == nil {
			return nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", e.name, err))
	}
	return errors.Join(failures...)
}

func (e *entry[T]) rests(now time.Time) (time.Duration, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return max(0, e.until.Sub(now)), e.last
}

// report counts the outcome of one use, and returns how long the provider rests.
func (e *entry[T]) report(err error, now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		e.failures, e.until, e.last = 0, time.Time{}, nil
		return 0
	}
	var failure *Error
	rest := time.Duration(0)
	switch {
	case e.local, errors.As(err, &failure) && failure.Kind == Rejected:
		return 0
	case failure != nil && failure.Kind == Limited:
		if rest = failure.RetryAfter; rest == 0 {
			rest = limitedRest
		}
	case failure != nil && failure.Kind == Unauthorized:
		rest = unauthorizedRest
	default:
		if e.failures++; e.failures >= failureCount {
			rest = failureRest
		}
		if failure != nil {
			rest = max(rest, failure.RetryAfter)
		}
	}
	e.last = err
	if until := now.Add(rest); rest > 0 && until.After(e.until) {
		e.until = until
	}
	return rest
}
