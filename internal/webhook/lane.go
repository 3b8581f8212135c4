package webhook

import (
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
)

const (
	laneLimit   = 16              // exchanges with one receiver at once
	silentLimit = 4               // the same, while it does not answer, and for all when it is crowded
	stuckAfter  = 2 * time.Second // without any exchange coming to an end
)

// laneKey names a receiver: the call URL or the lead URL of a Pearl. The two may be different machines, so that neither
// may take the other's place.
type laneKey struct {
	pearl id.ID
	kind  engine.DeliveryKind
}

// lane is what is in flight to one receiver, and what is known of it.
type lane struct {
	account  id.ID
	inFlight int
	progress time.Time // when an exchange last came to an end, or the first of these began
	known    bool      // it has been tried since this process started
	silent   bool      // the last exchange had no answer
	paired   bool      // the Pearl's other URL is set too
}

// lanes keeps receivers and accounts from taking one another's places. Not safe for concurrent use.
type lanes struct {
	limit     int // over all lanes
	inFlight  int
	byKey     map[laneKey]*lane
	byAccount map[id.ID]int // exchanges under way; an account without any is not in it
}

func newLanes(limit int) *lanes {
	return &lanes{limit: limit, byKey: map[laneKey]*lane{}, byAccount: map[id.ID]int{}}
}

// accountShare is how many times as many exchanges as there are free places an account may have: the dynamic threshold of
// shared-memory switches (Choudhury and Hahne, 1998). One account alone gets three quarters of the places, two get three
// sevenths each, and however many there are, some places are free for one that has nothing under way.
const accountShare = 3

// roomFor is how many more exchanges an account with so many under way may begin.
func (l *lanes) roomFor(underWay int) int {
	return max(0, (accountShare*l.free()-underWay+accountShare)/(accountShare+1))
}

// crowded: the account has taken more than a third of what it can have, so that the rest is shared out with care among its
// receivers.
func (l *lanes) crowded(accountID id.ID) bool {
	underWay := l.byAccount[accountID]
	return underWay > (underWay+l.roomFor(underWay))/3
}

// limitOf is how many exchanges the lane may have. It narrows for a receiver that does not answer, since each of its
// exchanges holds a place for 15 seconds, and for everybody when it is crowded.
func (l *lanes) limitOf(one *lane) int {
	crowded := l.crowded(one.account)
	switch {
	case crowded && (one.silent || !one.known):
		return 1
	case one.silent || crowded:
		return silentLimit
	default:
		return laneLimit
	}
}

func (l *lanes) full(one *lane) bool { return one != nil && one.inFlight >= l.limitOf(one) }

// stuck: a full lane will not have room soon, as far as can be told.
func (l *lanes) stuck(one *lane, now time.Time) bool {
	return one.silent || !one.known && l.crowded(one.account) || now.Sub(one.progress) >= stuckAfter
}

// free is how many more exchanges may begin.
func (l *lanes) free() int { return max(0, l.limit-l.inFlight) }

// room is what the next claim may take.
func (l *lanes) room(now time.Time) engine.DeliveryRoom {
	room := engine.DeliveryRoom{BusyPearls: l.busy(now), Accounts: make(map[id.ID]int, len(l.byAccount)), Others: l.roomFor(0)}
	for accountID, underWay := range l.byAccount {
		room.Accounts[accountID] = l.roomFor(underWay)
	}
	return room
}

// busy returns the Pearls whose deliveries are to be passed over: those with a full lane. A Pearl whose full lane is
// stuck is not among them while its other receiver is in use and has room, for the sake of that one.
func (l *lanes) busy(now time.Time) []id.ID {
	var busy []id.ID
	for key, one := range l.byKey {
		if !l.full(one) {
			continue
		}
		sibling := laneKey{key.pearl, engine.CallDelivery}
		if key.kind == engine.CallDelivery {
			sibling.kind = engine.LeadDelivery
		}
		if one.paired && l.stuck(one, now) && !l.full(l.byKey[sibling]) {
			continue
		}
		busy = append(busy, key.pearl)
	}
	return busy
}

// anyFull reports whether some lane is at its limit, so that time alone may change what busy returns.
func (l *lanes) anyFull() bool {
	for _, one := range l.byKey {
		if l.full(one) {
			return true
		}
	}
	return false
}

// enter takes a place for an exchange. A full lane refuses while it is stuck; while it answers, the few deliveries of a
// batch that are too many for it are let in, since they are leased already and it will soon have room.
func (l *lanes) enter(key laneKey, accountID id.ID, now time.Time) bool {
	one := l.byKey[key]
	if one == nil {
		one = &lane{account: accountID, progress: now}
		l.byKey[key] = one
	}
	if l.full(one) && l.stuck(one, now) {
		return false
	}
	if one.inFlight == 0 {
		one.progress = now
	}
	one.inFlight++
	l.inFlight++
	l.byAccount[accountID]++
	return true
}

// heard notes how an exchange of the lane ended.
func (l *lanes) heard(key laneKey, now time.Time, answered bool) {
	one := l.byKey[key]
	one.progress, one.known, one.silent = now, true, !answered
}

// leave gives the place back. What is known of the receiver is kept: there are no more lanes than Pearls have URLs.
func (l *lanes) leave(key laneKey) {
	one := l.byKey[key]
	one.inFlight--
	l.inFlight--
	if l.byAccount[one.account]--; l.byAccount[one.account] == 0 {
		delete(l.byAccount, one.account)
	}
}
