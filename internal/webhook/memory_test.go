package webhook

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// memory is an Outbox as the port describes it, and the Pearls.
type memory struct {
	mu         sync.Mutex
	pearls     map[id.ID]campaign.Pearl
	rows       []*row
	queries    int
	settleFail int    // so many calls of SettleDelivery fail
	claimed    func() // called between what a claim finds and its return
}

type row struct {
	engine.Delivery
	leased  time.Time
	hurried bool // a start: due at once because its end waits
}

func newMemory(pearls ...campaign.Pearl) *memory {
	m := &memory{pearls: map[id.ID]campaign.Pearl{}}
	for _, p := range pearls {
		m.pearls[p.ID] = p
	}
	return m
}

func (m *memory) add(deliveries ...engine.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range deliveries {
		d.State = engine.DeliveryPending
		if d.Created.IsZero() {
			d.Created = time.Now()
		}
		d.NextTry = d.Created
		if d.Kind == engine.CallDelivery && !d.Start {
			if start := m.startOf(d.Call); start != nil {
				start.NextTry, start.hurried = d.Created, !d.Created.Before(start.leased)
			}
		}
		m.rows = append(m.rows, &row{Delivery: d})
	}
}

// startOf answers the pending start of the call.
func (m *memory) startOf(callID id.ID) *row {
	for _, r := range m.rows {
		if r.Kind == engine.CallDelivery && r.Start && r.Call == callID && r.State == engine.DeliveryPending {
			return r
		}
	}
	return nil
}

func (m *memory) held(r *row) bool {
	if r.Kind == engine.CallDelivery {
		return !r.Start && m.startOf(r.Call) != nil
	}
	for _, earlier := range m.rows {
		if earlier == r {
			return false
		}
		if earlier.Kind == r.Kind && earlier.Lead == r.Lead && earlier.State == engine.DeliveryPending {
			return true
		}
	}
	return false
}

func (m *memory) NextDeliveries(_ context.Context, now time.Time, lease time.Duration, limit int, room engine.DeliveryRoom) ([]engine.Delivery, error) {
	m.mu.Lock()
	if m.claimed != nil {
		defer m.claimed()
	}
	defer m.mu.Unlock()
	m.queries++
	var due []*row
	for _, r := range m.rows {
		if r.State == engine.DeliveryPending && !r.NextTry.After(now) && !now.Before(r.leased) && !slices.Contains(room.BusyPearls, r.Pearl) && !room.UnderWay[r.ID] && !m.held(r) {
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, func(a, b *row) int { return a.NextTry.Compare(b.NextTry) })
	var out []engine.Delivery
	taken := map[id.ID]int{}
	for _, r := range due {
		if len(out) == limit || taken[r.Account] == room.Of(r.Account) {
			continue
		}
		taken[r.Account]++
		r.leased = now.Add(lease)
		d := r.Delivery
		d.Tries = slices.Clone(d.Tries)
		out = append(out, d)
	}
	return out, nil
}

func (m *memory) NextDeliveryTime(context.Context) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var first time.Time
	for _, r := range m.rows {
		if r.State != engine.DeliveryPending || m.held(r) {
			continue
		}
		at := r.NextTry
		if r.leased.After(at) {
			at = r.leased
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, nil
}

func (m *memory) SettleDelivery(_ context.Context, deliveryID id.ID, state engine.DeliveryState, nextTry time.Time, try engine.Try) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settleFail > 0 {
		m.settleFail--
		return errors.New("disk is full")
	}
	for _, r := range m.rows {
		if r.ID != deliveryID {
			continue
		}
		tried := !try.At.IsZero()
		if tried {
			r.Tries = append(r.Tries, try)
		}
		if r.Start && tried && state == engine.DeliveryPending && m.endWaits(r.Call) {
			if nextTry = time.Now(); r.hurried {
				state = engine.DeliveryDropped
			}
			r.hurried = true
		}
		r.State, r.NextTry, r.leased = state, nextTry, time.Time{}
		return nil
	}
	return fault.Missing("DeliveryId")
}

func (m *memory) endWaits(callID id.ID) bool {
	return slices.ContainsFunc(m.rows, func(r *row) bool {
		return r.Kind == engine.CallDelivery && !r.Start && r.Call == callID && r.State == engine.DeliveryPending
	})
}

func (m *memory) DisableURL(_ context.Context, _, pearlID id.ID, url string) (disabled []engine.DeliveryKind, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pearls[pearlID]
	if p.Webhooks.CallURL == url && !p.Webhooks.CallDisabled {
		p.Webhooks.CallDisabled = true
		disabled = append(disabled, engine.CallDelivery)
	}
	if p.Webhooks.LeadURL == url && !p.Webhooks.LeadDisabled {
		p.Webhooks.LeadDisabled = true
		disabled = append(disabled, engine.LeadDelivery)
	}
	m.pearls[pearlID] = p
	for _, r := range m.rows {
		if r.Pearl == pearlID && slices.Contains(disabled, r.Kind) && r.State == engine.DeliveryPending {
			r.State = engine.DeliveryDead
		}
	}
	return disabled, nil
}

func (m *memory) ReadPearl(_ context.Context, _, pearlID id.ID) (campaign.Pearl, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.pearls[pearlID]
	if !ok {
		return campaign.Pearl{}, fault.Missing("PearlId")
	}
	return p, nil
}

// change edits the hooks of a Pearl as a user would.
func (m *memory) change(pearlID id.ID, edit func(*campaign.Webhooks)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pearls[pearlID]
	edit(&p.Webhooks)
	m.pearls[pearlID] = p
}

func (m *memory) get(t *testing.T, deliveryID id.ID) engine.Delivery {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if r.ID == deliveryID {
			d := r.Delivery
			d.Tries = slices.Clone(d.Tries)
			return d
		}
	}
	t.Fatalf("no delivery %s", deliveryID)
	return engine.Delivery{}
}
