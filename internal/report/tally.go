// Package report decides what the analytics of a Pearl say (contract 4): it is shown the calls of a range of time, one
// after another or summed up in rollups, and adds them up to totals, rates and time lines. It refuses to know where calls
// and rollups are kept and who asks.
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
	SMS, Emails  int // sent
	Duration     int // seconds
	Cost         int64
	Tags         []string
}

// talked reports whether a person was on the line: not a machine, and not one that was cancelled while it rang.
func (c *Call) talked() bool {
	return c.Outcome == call.Success || c.Outcome == call.NotSuccess || c.Outcome == call.Answered
}

// shown is what may be seen of a call already.
func (c Call) shown() Call {
	if c.Final {
		return c
	}
	return Call{Start: c.Start, Lead: c.Lead, Status: call.InProgress, Conversation: int(lead.OnCall)}
}

// A figure is a number that calls are added up to.
type figure int

// The order is that of rollups as they are stored.
const (
	totalCalls figure = iota
	needRetry
	needFollowUp
	voiceMailLeft
	successful
	unsuccessful
	wrongNumber
	completed
	unreachable
	failed
	answered
	seconds // of answered calls
	cost    // hundredths
	negative
	slightlyNegative
	neutral
	slightlyPositive
	positive
	transferred
	smsSent
	emailsSent

	figures // how many there are
)

// sums are the figures of some calls.
type sums [figures]int64

func (s *sums) add(c *Call) {
	s[totalCalls]++
	s[cost] += c.Cost
	if c.Status == call.Completed {
		s[answered]++
		s[seconds] += int64(c.Duration)
	}
	switch lead.Status(c.Conversation) {
	case lead.NeedRetry:
		s[needRetry]++
	case lead.VoiceMailLeft:
		s[voiceMailLeft]++
	case lead.Success:
		s[successful]++
	case lead.NotSuccessful:
		s[unsuccessful]++
	case lead.Completed:
		s[completed]++
	case lead.Unreachable:
		s[unreachable]++
	case lead.Error:
		s[failed]++
	}
	if c.Callback {
		s[needFollowUp]++
	}
	if c.Outcome == call.NotAllocated {
		s[wrongNumber]++
	}
	if c.Transferred {
		s[transferred]++
	}
	s[smsSent] += int64(c.SMS)
	s[emailsSent] += int64(c.Emails)
	if c.Sentiment >= 1 && c.Sentiment <= 5 {
		s[negative+figure(c.Sentiment-1)]++
	}
}

func (s *sums) addAll(other *sums) {
	for n := range s {
		s[n] += other[n]
	}
}

// Tally adds up what it is shown: calls, wrong codes and rollups, each in the order of time. It is used by one goroutine.
type Tally struct {
	location   *time.Location  // days and hours are those of its wall
	days       map[int64]*sums // by days since 1970-01-01
	last       *sums           // the one that was added to last, of this number
	lastNumber int64
	hours      [7 * 24]hour // of the week, from Sunday 00:00
	tags       map[string]*int64
	leads      leadSet
	wrongCodes leadSet
	talked     leadSet
	rolled     rolled // reused from rollup to rollup
}

// hour is how many calls began in an hour of the week, and how many of them were answered.
type hour struct{ calls, answered int64 }

// NewTally makes one for a Pearl whose zone has this location.
func NewTally(location *time.Location) *Tally {
	return &Tally{location: location, days: map[int64]*sums{}, tags: map[string]*int64{}}
}

// wall is the hour on the wall, counted from 1970-01-01 00:00 there.
func (t *Tally) wall(at time.Time) int64 {
	_, east := at.In(t.location).Zone()
	return floor(at.Unix()+int64(east), 3600)
}

// floor is n / by, rounded down.
func floor(n, by int64) int64 {
	if n < 0 {
		n -= by - 1 // division rounds towards zero
	}
	return n / by
}

func (t *Tally) day(number int64) *sums {
	if t.last != nil && t.lastNumber == number {
		return t.last
	}
	if t.days[number] == nil {
		t.days[number] = &sums{}
	}
	t.last, t.lastNumber = t.days[number], number
	return t.last
}

// begin adds up calls that began in an hour of the wall, for its day and for that hour of the week.
func (t *Tally) begin(wall int64, counted *sums) (day int64) {
	ofWeek := &t.hours[((wall+4*24)%(7*24)+7*24)%(7*24)] // 1970-01-01 was a Thursday
	ofWeek.calls += counted[totalCalls]
	ofWeek.answered += counted[answered]
	day = floor(wall, 24)
	t.day(day).addAll(counted)
	return day
}

// Add counts a call.
func (t *Tally) Add(c Call) {
	c = c.shown()
	var one sums
	one.add(&c)
	number := t.begin(t.wall(c.Start), &one)
	for _, tag := range c.Tags {
		t.tag([]byte(tag), 1)
	}
	if key, ok := keyOf(c.Lead); ok {
		t.leads.add(number, key)
		if c.talked() {
			t.talked.add(number, key)
		}
	}
}

func (t *Tally) tag(name []byte, count int64) {
	known := t.tags[string(name)]
	if known == nil {
		known = new(int64)
		t.tags[string(name)] = known
	}
	*known += count
}

// WrongCode counts a lead that became WrongCountryCode.
func (t *Tally) WrongCode(leadID id.ID, at time.Time) {
	if key, ok := keyOf(leadID); ok {
		t.wrongCodes.add(floor(t.wall(at), 24), key)
	}
}
