package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// ZoneState is whether the leads of a zone may be called now (contract 9.3).
type ZoneState struct {
	Key      string // IANA name of the leads' own zone, "" for leads without one
	Name     string // IANA name of the zone that is meant; "" where it is not known
	Offset   string // from UTC, in hours
	Waiting  int    // leads that are to be called, now or later
	IsOpen   bool
	ClosesAt time.Time // the end of the window that is open; zero: it has none
	OpensAt  time.Time // the next instant at which a call may begin, where none may now; zero: there is none
	NextAt   time.Time // when the first of the leads may be called; zero: never
}

// Zones are the zones of a campaign in which leads wait: first those that are open, the one that closes soonest first, then the
// others, the one that opens soonest first.
func (e *Engine) Zones(ctx context.Context, accountID, pearlID id.ID) ([]ZoneState, error) {
	pearl, err := e.Store.ReadPearl(ctx, accountID, pearlID)
	if err != nil {
		return nil, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return nil, fault.Missing("PearlId")
	}
	p, err := e.plans.of(pearl)
	if err != nil {
		return nil, err
	}
	waiting, err := e.Store.WaitingByZone(ctx, accountID, pearlID)
	if err != nil {
		return nil, fmt.Errorf("count waiting leads: %w", err)
	}
	queues, err := e.Store.DueQueues(ctx, pearlID)
	if err != nil {
		return nil, fmt.Errorf("list due queues: %w", err)
	}
	rules := pearl.Outbound.Rules()
	due := map[string]time.Time{} // the earliest
	for _, q := range queues {
		at := q.Since.Add(rules.Length(q.Rest))
		if first, known := due[q.ZoneKey]; !known || at.Before(first) {
			due[q.ZoneKey] = at
		}
	}
	now := e.clock()
	zones := make([]ZoneState, 0, len(waiting))
	for _, w := range waiting {
		z := ZoneState{Key: w.ZoneKey, Waiting: w.Leads, Offset: p.offset(w.ZoneKey, now), IsOpen: p.open(w.ZoneKey, now)}
		if location := p.location(w.ZoneKey); location != nil {
			z.Name = location.String()
			if at, ends := p.schedule.ClosesAt(now, location); ends && z.IsOpen {
				z.ClosesAt = at
			}
		}
		if !z.IsOpen {
			z.OpensAt, _ = p.nextOpen(w.ZoneKey, now)
		}
		z.NextAt, _ = p.nextOpen(w.ZoneKey, later(due[w.ZoneKey], now))
		zones = append(zones, z)
	}
	slices.SortStableFunc(zones, func(a, b ZoneState) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), later(a.ClosesAt, a.OpensAt).Compare(later(b.ClosesAt, b.OpensAt)), cmp.Compare(b.Waiting, a.Waiting))
	})
	return zones, nil
}

// rank is the order of zones: open until an instant, open without an end, closed until one, closed for good.
func (z ZoneState) rank() int {
	switch {
	case z.IsOpen && !z.ClosesAt.IsZero():
		return 0
	case z.IsOpen:
		return 1
	case !z.OpensAt.IsZero():
		return 2
	}
	return 3
}
