package engine

import (
	"fmt"
	"sync"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/zone"
)

// plan is what a campaign's settings mean for the clock: compiled once per version.
type plan struct {
	version  int64
	schedule hours.Schedule
	zone     *time.Location // of leads without one of their own
	ringFor  time.Duration
}

// plans keeps the compiled settings of Pearls; a plan of another version is compiled anew.
type plans struct {
	mu   sync.Mutex
	byID map[id.ID]plan
}

func (p *plans) of(pearl campaign.Pearl) (plan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.byID[pearl.ID]; ok && known.version == pearl.Version {
		return known, nil
	}
	made, err := compile(pearl)
	if err != nil {
		return plan{}, err
	}
	if p.byID == nil {
		p.byID = map[id.ID]plan{}
	}
	p.byID[pearl.ID] = made
	return made, nil
}

func compile(pearl campaign.Pearl) (plan, error) {
	week, err := hours.ParseWeek(pearl.Outbound.CallingHours, "CallingHours")
	if err != nil {
		return plan{}, fmt.Errorf("compile calling hours: %w", err)
	}
	holidays, err := hours.ParseHolidays(pearl.Outbound.Holidays, "Holidays")
	if err != nil {
		return plan{}, fmt.Errorf("compile holidays: %w", err)
	}
	made := plan{
		version: pearl.Version, schedule: hours.Schedule{Week: week, Holidays: holidays},
		zone: time.UTC, ringFor: time.Duration(pearl.Outbound.RingDuration) * time.Second,
	}
	if z, ok := zone.Parse(pearl.LeadZone()); ok {
		made.zone = z.Location()
	}
	return made, nil
}

// location is the zone of a lead by its key, "" = the campaign's.
func (p plan) location(zoneKey string) *time.Location {
	if zoneKey == "" {
		return p.zone
	}
	if z, ok := zone.Parse(zoneKey); ok {
		return z.Location()
	}
	return p.zone
}

// open reports whether a call may begin now and ring out inside its window.
func (p plan) open(zoneKey string, now time.Time) bool {
	return p.schedule.OpenFor(now, p.ringFor, p.location(zoneKey))
}

func (p plan) nextOpen(zoneKey string, from time.Time) (time.Time, bool) {
	return p.schedule.NextOpen(from, p.ringFor, p.location(zoneKey))
}

// closes is when the window that holds now ends; windows that never end close last.
func (p plan) closes(zoneKey string, now time.Time) time.Time {
	if at, ok := p.schedule.ClosesAt(now, p.location(zoneKey)); ok {
		return at
	}
	return now.AddDate(100, 0, 0)
}
