package engine

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/zone"
)

// plan is what a campaign's settings mean for the clock, compiled.
type plan struct {
	source   planSource
	schedule hours.Schedule
	zone     *time.Location // of leads without one of their own; nil where the embedded rules do not know it
	ringFor  time.Duration
}

// planSource is the settings that a plan is compiled from.
type planSource struct {
	windows      []hours.Window
	holidays     []hours.Holiday
	zone         string
	ringDuration int
}

func (s planSource) equal(other planSource) bool {
	return s.zone == other.zone && s.ringDuration == other.ringDuration && slices.Equal(s.windows, other.windows) && slices.Equal(s.holidays, other.holidays)
}

// plans holds the plans of campaigns, each as long as the settings are those it was compiled from. They are compared, not told
// by the version of the Pearl: a version that a transaction has read may never be committed, and come again with other settings.
type plans struct {
	mu   sync.Mutex
	byID map[id.ID]plan
}

func (p *plans) of(pearl campaign.Pearl) (plan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	source := planSource{pearl.Outbound.CallingHours, pearl.Outbound.Holidays, pearl.LeadZone(), pearl.Outbound.RingDuration}
	if known, ok := p.byID[pearl.ID]; ok && known.source.equal(source) {
		return known, nil
	}
	made, err := compile(source)
	if err != nil {
		return plan{}, err
	}
	if p.byID == nil {
		p.byID = map[id.ID]plan{}
	}
	p.byID[pearl.ID] = made
	return made, nil
}

func compile(source planSource) (plan, error) {
	week, err := hours.ParseWeek(source.windows, "CallingHours")
	if err != nil {
		return plan{}, fmt.Errorf("compile calling hours: %w", err)
	}
	holidays, err := hours.ParseHolidays(source.holidays, "Holidays")
	if err != nil {
		return plan{}, fmt.Errorf("compile holidays: %w", err)
	}
	made := plan{
		source: source, schedule: hours.Schedule{Week: week, Holidays: holidays},
		zone: time.UTC, ringFor: time.Duration(source.ringDuration) * time.Second,
	}
	if source.zone != "" {
		made.zone = locationOf(source.zone)
	}
	return made, nil
}

// locationOf is nil for a zone that the embedded rules do not know, as one that was stored by a version with other rules.
func locationOf(name string) *time.Location {
	z, _ := zone.Parse(name)
	return z.Location()
}

// location is the zone of a lead by its key, "" = the campaign's; nil where it is not known.
func (p plan) location(zoneKey string) *time.Location {
	if zoneKey == "" {
		return p.zone
	}
	return locationOf(zoneKey)
}

// script is what the agent needs to hold a call to a lead of a zone.
func (p plan) script(pearl campaign.Pearl, c call.Call, zoneKey string) call.Script {
	script := pearl.Script(c)
	script.Zone = p.location(zoneKey)
	script.Reopens = func(wanted time.Time) time.Time {
		if at, ok := p.nextOpen(zoneKey, wanted); ok {
			return at
		}
		return wanted
	}
	return script
}

// ScriptFor is what the agent needs to hold a call of a campaign to a lead whose zone has this key, "" = the campaign's.
func ScriptFor(pearl campaign.Pearl, c call.Call, zoneKey string) (call.Script, error) {
	p, err := new(plans).of(pearl)
	if err != nil {
		return call.Script{}, err
	}
	return p.script(pearl, c, zoneKey), nil
}

// open reports whether a call may begin now and ring out inside its window. In a zone that is not known no hour is open.
func (p plan) open(zoneKey string, now time.Time) bool {
	location := p.location(zoneKey)
	return location != nil && p.schedule.OpenFor(now, p.ringFor, location)
}

// nextOpen is the first instant from then on at which open is true; ok is false where there is none.
func (p plan) nextOpen(zoneKey string, from time.Time) (at time.Time, ok bool) {
	location := p.location(zoneKey)
	if location == nil {
		return time.Time{}, false
	}
	return p.schedule.NextOpen(from, p.ringFor, location)
}

// closes is when the window that holds now ends; windows that never end close last.
func (p plan) closes(zoneKey string, now time.Time) time.Time {
	if at, ok := p.schedule.ClosesAt(now, p.location(zoneKey)); ok { // of a zone that is open, so that it is known
		return at
	}
	return now.AddDate(100, 0, 0)
}

// offset is the UTC offset of a zone in hours; of one that is not known, that of UTC.
func (p plan) offset(zoneKey string, at time.Time) string {
	location := p.location(zoneKey)
	if location == nil {
		location = time.UTC
	}
	return zone.Offset(location, at)
}
