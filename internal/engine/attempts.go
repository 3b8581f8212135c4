package engine

import (
	"sync"
	"time"

	"nacre/internal/fault"
)

// Failed attempts within a window that is counted from the first (contract 12.2). Guessing is slow from one address, and of one
// person from all addresses together.
const (
	attemptWindow      = 15 * time.Minute
	attemptsOfOne      = 10 // address, session, or person at her own address
	attemptsOfPerson   = 100
	attemptsRemembered = 50_000 // of all kinds at once
)

// attemptLimit is a counter of attempts, and how many may have failed.
type attemptLimit struct {
	name string
	most int
}

// attemptsToSignIn limits attempts with an e-mail address from an address. Those from where the person was last signed in have a
// counter of their own, so that strangers who guess cannot lock the person out, nor can others behind one address.
func attemptsToSignIn(email, address string, familiar bool) []attemptLimit {
	if familiar {
		return []attemptLimit{{"person at home " + email + " " + address, attemptsOfOne}}
	}
	return []attemptLimit{{"address " + address, attemptsOfOne}, {"person " + email, attemptsOfPerson}}
}

// attemptsWithCodes limits attempts with codes that are as good as a password.
func attemptsWithCodes(address string) []attemptLimit {
	return []attemptLimit{{"codes from " + address, attemptsOfOne}}
}

// attemptsOfSession limits proofs of a person who is signed in, of whom nobody else can use up what is left.
func attemptsOfSession(session string) []attemptLimit {
	return []attemptLimit{{"session " + session, attemptsOfOne}}
}

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
func (a *attempts) begin(limits []attemptLimit, now time.Time) (takeBack func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
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
