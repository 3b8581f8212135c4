package dialer

import (
	"context"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/id"
)

// probeEvery is how often a trunk is asked by OPTIONS (contract 9.7).
const probeEvery = 30 * time.Second

// probeTrunks keeps the state of active trunks: at once after a change, then every 30 s.
func (d *Dialer) probeTrunks() {
	asked := map[id.ID]probed{}
	for {
		d.probeRound(asked)
		timer := time.NewTimer(probeEvery)
		select {
		case <-d.loopCtx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-d.probeWake:
			timer.Stop()
		}
	}
}

// probed is when a trunk was asked last, and as what it was known then.
type probed struct {
	at    time.Time
	trunk call.Trunk
}

func (d *Dialer) probeRound(asked map[id.ID]probed) {
	trunks, err := d.Queries.Trunks(d.loopCtx, "")
	if err != nil {
		if d.loopCtx.Err() == nil {
			d.Log.Error("list trunks", "error", err)
		}
		return
	}
	owners := make(map[id.ID]id.ID, len(trunks))
	for _, t := range trunks {
		owners[t.ID] = t.Account
	}
	d.mu.Lock()
	d.trunkOwners = owners
	d.mu.Unlock()
	now := time.Now() // monotonic: a clock that is set back must not silence the questions
	var active []call.Trunk
	for _, t := range trunks {
		if t.Active {
			active = append(active, t.Trunk)
		}
	}
	d.Keep(active)
	for _, t := range trunks {
		last, known := asked[t.ID]
		same := known && last.trunk.Host == t.Host && last.trunk.Port == t.Port && last.trunk.Transport == t.Transport
		// A second short of the interval, so that the timer's own round is never too early for it.
		if !t.Active || t.Registers || t.State == account.TrunkUnauthorized || same && now.Sub(last.at) < probeEvery-time.Second {
			continue
		}
		asked[t.ID] = probed{at: now, trunk: t.Trunk}
		go d.probe(t)
	}
}

func (d *Dialer) probe(t account.Trunk) {
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
	if state == t.State {
		return
	}
	if state == account.TrunkOK && t.State == account.TrunkUnknown && d.Now().Before(t.Until) {
		return // waiting after a fault that a call met: OPTIONS does not prove that calls work
	}
	if err := d.Engine.TrunkMet(d.loopCtx, t.Account, t.ID, state, answer.Detail); err != nil {
		d.Log.Error("record trunk state", "trunk", t.ID, "error", err)
	}
}

// Registered records how the registration of a trunk stands.
func (d *Dialer) Registered(trunkID id.ID, state account.TrunkState, detail string) {
	d.mu.Lock()
	owner, known := d.trunkOwners[trunkID]
	d.mu.Unlock()
	if !known {
		return // nobody has asked for its registration
	}
	trunks, err := d.Queries.Trunks(d.loopCtx, owner) // of one account: a report must not cost more with every other account
	if err != nil {
		if d.loopCtx.Err() == nil {
			d.Log.Error("list trunks", "error", err)
		}
		return
	}
	for _, t := range trunks {
		if t.ID != trunkID || t.State == state && t.Detail == detail {
			continue
		}
		if err := d.Engine.TrunkMet(d.loopCtx, t.Account, trunkID, state, detail); err != nil && d.loopCtx.Err() == nil {
			d.Log.Error("record registration", "trunk", trunkID, "error", err)
		}
	}
}
