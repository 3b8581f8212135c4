// Package hours decides when calls may begin: a week of windows in the wall clock of a zone, less holidays, exact
// across daylight saving (contract 9.3). It refuses to know leads, campaigns and what the time is: instants and
// locations come in.
//
// Everything is judged by the wall clock of an instant. From that the rules of daylight saving follow by themselves: a
// wall-clock time that occurs twice is inside both times, and a window whose start is skipped begins with the first
// time that exists.
package hours

import (
	"fmt"

	"nacre/internal/fault"
)

// Window is one stretch of a week as it is written on the wire. Day is 0–6, Sunday = 0, and 7 is Sunday too. Start and
// End are "HH:mm" or "HH:mm:ss", End also "24:00". An End before Start lies on the next day.
type Window struct {
	Day   int    `json:"day"`
	Start string `json:"start"`
	End   string `json:"end"`
}

// Week says which times of a week are open. The zero value is never open; ParseWeek makes others.
type Week struct {
	open []span // seconds since Sunday 00:00 in wall clock; sorted, apart, within one week
}

const (
	day  = 24 * 60 * 60 // seconds of wall clock
	week = 7 * day
)

// ParseWeek reads calling hours. Windows that adjoin or overlap become one, also over midnight and the week's end.
// No windows at all mean Monday to Friday, 09:00 to 18:00. The error is an Invalid *fault.Error with every fault
// found, under keys like path[2].Start.
func ParseWeek(windows []Window, path string) (Week, error) {
	if len(windows) == 0 {
		windows = usual[:]
	}
	var faults fault.List
	spans := make([]span, 0, len(windows)+1)
	for i, window := range windows {
		at := fmt.Sprintf("%s[%d].", path, i)
		if window.Day < 0 || window.Day > 7 {
			faults.Add(at+"Day", "%s; allowed are 0 (Sunday) to 6 (Saturday), and 7 for Sunday", dayFault(window.Day))
		}
		start, end, ok := parseTimes(window.Start, window.End, at, &faults)
		if !ok || window.Day < 0 || window.Day > 7 {
			continue
		}
		midnight := int64(window.Day%7) * day
		spans = append(spans, span{midnight + start, midnight + end})
	}
	if err := faults.Err(); err != nil {
		return Week{}, err
	}
	return Week{open: merge(wrap(spans))}, nil
}

// OpenAtNight reports whether any hours are before 08:00 or after 21:00, when people are called in few countries (in the United
// States by 47 CFR 64.1200(c)(1) never).
func (w Week) OpenAtNight() bool {
	const morning, evening = 8 * 60 * 60, 21 * 60 * 60
	for _, s := range w.open {
		if from, to := s.from%day, s.from%day+s.to-s.from; from < morning || to > evening {
			return true
		}
	}
	return false
}

// usual is what no calling hours at all mean (contract 2.6).
var usual = [...]Window{
	{1, "09:00", "18:00"}, {2, "09:00", "18:00"}, {3, "09:00", "18:00"}, {4, "09:00", "18:00"}, {5, "09:00", "18:00"},
}

// wrap moves what runs beyond the week's end to its beginning.
func wrap(spans []span) []span {
	for i, s := range spans {
		if s.to > week {
			spans[i].to = week
			spans = append(spans, span{0, s.to - week})
		}
	}
	return spans
}

// unreadable is the Day of a window whose day is absent or no whole number (see json.go).
const unreadable = -1

func dayFault(day int) string {
	if day == unreadable {
		return "The day is missing or no whole number"
	}
	return fmt.Sprintf("%d is no day", day)
}

// parseTimes reads two ends as seconds after midnight; an end before its start gets a day more.
func parseTimes(start, end, path string, faults *fault.List) (from, to int64, ok bool) {
	from, fromOK := parseTime(start)
	if !fromOK || from == day {
		faults.Add(path+"Start", "%.80q is no time of day; allowed are HH:mm and HH:mm:ss, 00:00 to 23:59:59", start)
		fromOK = false
	}
	to, toOK := parseTime(end)
	if !toOK {
		faults.Add(path+"End", "%.80q is no time of day; allowed are HH:mm and HH:mm:ss, 00:00 to 24:00", end)
	}
	if !fromOK || !toOK {
		return 0, 0, false
	}
	if from == to {
		faults.Add(path+"End", "%q is also the start; a whole day is 00:00 to 24:00", end)
		return 0, 0, false
	}
	if to < from {
		to += day
	}
	return from, to, true
}

// parseTime reads "HH:mm" or "HH:mm:ss" as seconds after midnight, 24:00 included.
func parseTime(text string) (seconds int64, ok bool) {
	if len(text) != len("HH:mm") && len(text) != len("HH:mm:ss") {
		return 0, false
	}
	for i := 0; i < len(text); i += 3 {
		if i > 0 && text[i-1] != ':' || !digit(text[i]) || !digit(text[i+1]) {
			return 0, false
		}
		part := int64(text[i]-'0')*10 + int64(text[i+1]-'0')
		if i > 0 && part > 59 {
			return 0, false
		}
		seconds = seconds*60 + part
	}
	if len(text) == len("HH:mm") {
		seconds *= 60
	}
	return seconds, seconds <= day
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
