package engine

import (
	"sync"
	"time"

	"nacre/internal/fault"
)

// Failed sign-ins within a window that is counted from the first (contract 12.2). Guessing is slow from one address, and of one
// person from all addresses together.
const (
	attemptWindow      = 15 * time.Minute
	attemptsOfAddress  = 10
	attemptsOfPerson   = 100
	attemptsRemembered = 50_000 // addresses and persons at once
)

// attempts counts attempts to sign in. An attempt counts as failed from its beginning until it is taken back, so that many at
// once are no more than one after another.
type attempts struct {
	mu   sync.Mutex
	seen map[string]*attempt
}

type attempt struct {
	until time.Time
	count int
}

// begin counts an attempt, or refuses it. takeBack is for an attempt that did not fail.
func (a *attempts) begin(address, person string, now time.Time) (takeBack func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	type limited struct {
		name string
		most int
	}
	limits := []limited{{"address " + address, attemptsOfAddress}}
	if person != "" {
		limits = append(limits, limited{"person " + person, attemptsOfPerson})
	}
	for _, l := range limits {
		if one := a.seen[l.name]; one != nil && now.Before(one.until) && one.count >= l.most {
			return nil, &fault.Error{Kind: fault.TooMany, Detail: "Too many attempts to sign in have failed.", RetryAfter: one.until.Sub(now)}
		}
	}
	var counted []*attempt
	for _, l := range limits {
		one := a.seen[l.name]
		if one == nil || !now.Before(one.until) {
			one = &attempt{until: now.Add(attemptWindow)}
			a.remember(l.name, one, now)
		}
		one.count++
		counted = append(counted, one)
	}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, one := range counted {
			one.count--
		}
	}, nil
}

// remember keeps an attempt. Where there is no room, windows that are over are forgotten; where none is, all are.
func (a *attempts) remember(name string, one *attempt, now time.Time) {
	if len(a.seen) >= attemptsRemembered {
		for old, other := range a.seen {
			if !now.Before(other.until) {
				delete(a.seen, old)
			}
		}
	}
	if a.seen == nil || len(a.seen) >= attemptsRemembered {
		a.seen = map[string]*attempt{}
	}
	a.seen[name] = one
}
