package hours

import "time"

// Schedule is a week less its holidays. The zero value is never open. It is read-only and safe to share.
type Schedule struct {
	Week
	Holidays
}

// horizon is how far ahead an opening or a closing is looked for, in seconds: two years, so that every yearly holiday
// and every clock change lies within.
const horizon = 2 * 366 * day

// Open reports whether calls may begin at t by the wall clock of location.
func (s Schedule) Open(t time.Time, location *time.Location) bool {
	_, offset := t.In(location).Zone()
	open, _ := s.atWall(t.Unix() + int64(offset))
	return open
}

// OpenFor reports whether the schedule is open during the whole of [t, t+d): d is how long a call may ring, so that
// none rings beyond the end of its window. With d of zero or less it is Open.
func (s Schedule) OpenFor(t time.Time, d time.Duration, location *time.Location) bool {
	open, until := s.at(t.Unix(), location)
	for open && until < forever && time.Unix(until, 0).Sub(t) < d {
		open, until = s.at(until, location)
	}
	return open
}

// NextOpen is the earliest instant not before t at which OpenFor(instant, d) holds, in UTC. ok is false when there is
// none in the next two years.
func (s Schedule) NextOpen(t time.Time, d time.Duration, location *time.Location) (instant time.Time, ok bool) {
	second := t.Unix()
	limit := second + horizon
	for first := t; second <= limit; first = time.Unix(second, 0) {
		open, until := s.at(second, location)
		if !open {
			second = until
			continue
		}
		for open { // to the end of the stretch, or as far as d needs
			if until == forever || time.Unix(until, 0).Sub(first) >= d {
				return first.UTC(), true
			}
			second = until
			open, until = s.at(second, location)
		}
	}
	return time.Time{}, false
}

// ClosesAt is the first instant after t that is not open any more, in UTC: the end of the window that contains t, once
// those that adjoin it are joined. ok is false when t is not open, or nothing closes in the next two years.
func (s Schedule) ClosesAt(t time.Time, location *time.Location) (instant time.Time, ok bool) {
	second := t.Unix()
	limit := second + horizon
	open, until := s.at(second, location)
	if !open {
		return time.Time{}, false
	}
	for open {
		if until > limit {
			return time.Time{}, false
		}
		second = until
		open, until = s.at(second, location)
	}
	return time.Unix(second, 0).UTC(), true
}

// Narrow is open when both schedules are, for rules that may only take hours away.
func (s Schedule) Narrow(by Schedule) Schedule {
	closed := make([]span, 0, len(s.closed)+len(by.closed))
	return Schedule{
		Week:     Week{open: intersect(s.open, by.open)},
		Holidays: Holidays{closed: merge(append(append(closed, s.closed...), by.closed...))},
	}
}

// at judges an instant, in seconds of Unix time, and tells until when the answer surely holds; what comes then may be
// the same again. Between two clock changes wall clock and Unix time run alike, so an end in the one is an end in the
// other; at a clock change it is judged anew.
func (s Schedule) at(second int64, location *time.Location) (open bool, until int64) {
	t := time.Unix(second, 0).In(location)
	_, offset := t.Zone()
	wall := second + int64(offset)
	open, untilWall := s.atWall(wall)
	until = forever
	if untilWall < forever {
		until = second + (untilWall - wall)
	}
	_, change := t.ZoneBounds()
	switch {
	case change.IsZero():
	case change.Unix() > second:
		until = min(until, change.Unix())
	default:
		// Package time ends a year of recurring rules after 365 days, so that on the last of a leap year the bound is
		// not ahead. The offset holds until the year is over in UTC.
		until = min(until, second-second%day+day)
	}
	return open, until
}

// atWall judges a wall-clock second, and tells until which one the answer surely holds.
func (s Schedule) atWall(wall int64) (open bool, until int64) {
	closed, untilHoliday := find(s.closed, wall)
	if closed {
		return false, untilHoliday
	}
	if len(s.open) == 0 {
		return false, forever
	}
	if s.open[0] == (span{0, week}) {
		return true, untilHoliday
	}
	const thursday = 4 * day // 1970-01-01 was one; a week begins on Sunday
	second := (wall + thursday) % week
	if second < 0 {
		second += week
	}
	open, untilWeek := find(s.open, second)
	until = wall + min(untilWeek, week) - second
	if open {
		until = min(until, untilHoliday)
	}
	return open, until
}
