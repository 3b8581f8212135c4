package dialer

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const (
	// probeEvery is how often a trunk is asked by OPTIONS (contract 9.7), and the trunks of all accounts are listed at least.
	probeEvery = 30 * time.Second
	// probeEarly is by how much a trunk is asked too early where others are due: those that were added at different times are
	// listed in a few rounds then, however many they are.
	probeEarly = 5 * time.Second
	// listGap is the shortest time between two lists of the trunks of all accounts, whoever changes his.
	listGap = time.Second
)

// probeTrunks keeps the state of active trunks: at once after a change of one, then every 30 s.
func (d *Dialer) probeTrunks() {
	asked := map[id.ID]probed{}
	for {
		listed := time.Now() // monotonic: a clock that is set back must not silence the questions
		timer := time.NewTimer(d.probeRound(asked, listed))
		select {
		case <-d.loopCtx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-d.trunkChanges:
			timer.Reset(time.Until(listed.Add(listGap)))
			select {
			case <-d.loopCtx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}
}

// probed is when a trunk was asked last, and as what it was known then.
type probed struct {
	at    time.Time
	trunk call.Trunk
}

// samePeer reports whether two settings of a trunk lead to the same peer.
func samePeer(a, b call.Trunk) bool {
	return a.Host == b.Host && a.Port == b.Port && a.Transport == b.Transport
}

// probeRound lists the trunks, asks those that are due and returns how long it is until the next one is.
func (d *Dialer) probeRound(asked map[id.ID]probed, now time.Time) time.Duration {
	trunks, err := d.Queries.Trunks(d.loopCtx, "")
	if err != nil {
		if d.loopCtx.Err() == nil {
			d.Log.Error("list trunks", "error", err)
		}
		return listGap
	}
	owners := make(map[id.ID]id.ID, len(trunks))
	var active []call.Trunk
	for _, t := range trunks {
		owners[t.ID] = t.Account
		if t.Active {
			active = append(active, t.Trunk)
		}
	}
	d.mu.Lock()
	d.trunkOwners = owners
	d.mu.Unlock()
	d.Active(active)
	for trunkID := range asked {
		if _, exists := owners[trunkID]; !exists {
			delete(asked, trunkID)
		}
	}
	wait := probeEvery
	for _, t := range trunks {
		if !t.Active || t.Registers || t.State == account.TrunkUnauthorized {
			continue
		}
		last, known := asked[t.ID]
		if left := last.at.Add(probeEvery).Sub(now); known && samePeer(last.trunk, t.Trunk) && left > probeEarly {
			wait = min(wait, left)
			continue
		}
		asked[t.ID] = probed{at: now, trunk: t.Trunk}
		go d.probe(t)
	}
	return wait
}

// probe asks one trunk by OPTIONS.
func (d *Dialer) probe(t account.Trunk) {
	defer d.survive(d.Log, "probing a trunk")
	ctx, cancel := context.WithTimeout(d.loopCtx, 10*time.Second)
	defer cancel()
	answer := d.Prober.Options(ctx, t.Trunk)
	if d.loopCtx.Err() != nil {
		return
	}
	state := account.TrunkOK
	if !answer.OK {
		state = account.TrunkUnreachable
	}
	d.report(t.Account, t.ID, state, answer.Detail, func(now account.Trunk) bool {
		switch {
		case !now.Active || now.Registers || !samePeer(now.Trunk, t.Trunk):
			return false // changed meanwhile: that was somebody else's answer
		case now.State == state || now.State == account.TrunkUnauthorized:
			return false
		}
		// Waiting after a fault that a call met: OPTIONS do not prove that calls work.
		return state != account.TrunkOK || now.State != account.TrunkUnknown || !d.Now().Before(now.Until)
	})
}

// Registered records how the registration of a trunk stands.
func (d *Dialer) Registered(trunkID id.ID, state account.TrunkState, detail string) {
	d.mu.Lock()
	owner, known := d.trunkOwners[trunkID]
	d.mu.Unlock()
	if !known {
		return // nobody has asked for its registration
	}
	d.report(owner, trunkID, state, detail, func(now account.Trunk) bool { return now.State != state || now.Detail != detail })
}

// report records the state of a trunk where that is news of the trunk as it is now. It costs one read of one trunk, however
// many there are.
func (d *Dialer) report(accountID, trunkID id.ID, state account.TrunkState, detail string, isNews func(now account.Trunk) bool) {
	trunk, err := d.Queries.ReadTrunk(d.loopCtx, accountID, trunkID)
	if err == nil && isNews(trunk) {
		err = d.Engine.TrunkMet(d.loopCtx, accountID, trunkID, state, detail)
	}
	if err != nil && !fault.Is(err, fault.NotFound) && d.loopCtx.Err() == nil {
		d.Log.Error("record trunk state", "trunk", trunkID, "error", err)
	}
}
