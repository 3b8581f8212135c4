// Package report decides what the analytics of a Pearl say (contract 4): it is shown the calls of a range of time, one
// after another, and adds them up to totals, rates and time lines. It refuses to know where calls are kept and who asks.
package report

import (
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// MaxRange is the longest stretch of time that analytics are made of (contract 0.6).
const MaxRange = 90 * 24 * time.Hour

// Call is what analytics need of a call. One that is not final counts as in progress, whatever is known of it already.
type Call struct {
	Final        bool
	Start        time.Time
	Lead         id.ID // zero for a made call
	Status       call.Status
	Outcome      call.Outcome
	Conversation int // contract 8.2
	Sentiment    int // 1–5, 0 not judged
	Callback     bool
	Transferred  bool
	Duration     int // seconds
	Cost         int64
	Tags         []string
}

// Tally adds up what it is shown, calls and wrong codes each in the order of time. It is used by one goroutine.
type Tally struct {
	location    *time.Location // days and hours are those of its wall
	all         sums
	days        map[int64]*sums // by days since 1970-01-01
	sentiments  Sentiments
	transferred int
	hours       [7 * 24]int // of the week, from Sunday 00:00
	tags        map[string]int
	leads       distinct
	wrongCodes  distinct
}

// NewTally makes one for a Pearl whose zone has this location.
func NewTally(location *time.Location) *Tally {
	return &Tally{location: location, days: map[int64]*sums{}, tags: map[string]int{}, leads: newDistinct(), wrongCodes: newDistinct()}
}

// distinct counts different leads: in all, and by day. One that comes on two days counts on both, and once in all.
type distinct struct {
	last map[id.ID]int64 // the last day of each lead
	days map[int64]int
}

func newDistinct() distinct { return distinct{last: map[id.ID]int64{}, days: map[int64]int{}} }

func (d *distinct) add(leadID id.ID, day int64) {
	if last, known := d.last[leadID]; !known || last != day {
		d.last[leadID] = day
		d.days[day]++
	}
}

// sums are the figures of one day, or of all.
type sums struct {
	overview Overview
	seconds  int // of answered calls
	cost     int64
}

func (s *sums) add(c *Call) {
	o := &s.overview
	o.TotalCalls++
	s.cost += c.Cost
	if c.Status == call.Completed {
		o.AnsweredCalls++
		s.seconds += c.Duration
	}
	switch lead.Status(c.Conversation) {
	case lead.NeedRetry:
		o.NeedRetry++
	case lead.VoiceMailLeft:
		o.VoiceMailLeft++
	case lead.Success:
		o.Successful++
	case lead.NotSuccessful:
		o.Unsuccessful++
	case lead.Completed:
		o.Completed++
	case lead.Unreachable:
		o.Unreachable++
	case lead.Error:
		o.Error++
	}
	if c.Callback {
		o.NeedFollowUp++
	}
	if c.Outcome == call.NotAllocated {
		o.WrongNumber++
	}
}

// wall is the hour on the wall, counted from 1970-01-01 00:00 there.
func (t *Tally) wall(at time.Time) int64 {
	_, east := at.In(t.location).Zone()
	seconds := at.Unix() + int64(east)
	if seconds < 0 {
		seconds -= 3599 // division rounds towards zero
	}
	return seconds / 3600
}

// Add counts a call.
func (t *Tally) Add(c Call) {
	if !c.Final {
		c = Call{Start: c.Start, Lead: c.Lead, Status: call.InProgress, Conversation: int(lead.OnCall)}
	}
	hour := t.wall(c.Start)
	day := hour / 24
	if t.days[day] == nil {
		t.days[day] = &sums{}
	}
	t.days[day].add(&c)
	t.all.add(&c)
	t.sentiments.add(c.Sentiment)
	if c.Transferred {
		t.transferred++
	}
	t.hours[(hour+4*24)%(7*24)]++ // 1970-01-01 was a Thursday
	for _, tag := range c.Tags {
		t.tags[tag]++
	}
	if !c.Lead.Zero() {
		t.leads.add(c.Lead, day)
	}
}

// WrongCode counts a lead that became WrongCountryCode.
func (t *Tally) WrongCode(leadID id.ID, at time.Time) { t.wrongCodes.add(leadID, t.wall(at)/24) }
