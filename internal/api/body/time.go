package body

import (
	"errors"
	"strings"
	"time"
)

var errTime = errors.New("a date-time is year-month-dayThour:minute:second with Z, an offset or neither")

// ParseTime reads a date-time (contract 0.2): ISO 8601 with Z or an offset, with or without a fraction of any length;
// without an offset it is UTC; a bare date is its midnight, UTC. The answer is UTC.
func ParseTime(text string) (time.Time, error) {
	if len(text) < len("2006-01-02") {
		return time.Time{}, errTime
	}
	if len(text) == len("2006-01-02") {
		return time.Parse("2006-01-02", text)
	}
	if c := text[10]; c != 'T' && c != 't' && c != ' ' {
		return time.Time{}, errTime
	}
	clock, zone := text[11:], ""
	if at := strings.IndexAny(clock, "Zz+-"); at >= 0 {
		clock, zone = clock[:at], strings.ToUpper(clock[at:])
	}
	layout := "2006-01-02T15:04:05"
	if len(clock) == len("15:04") {
		layout = "2006-01-02T15:04"
	}
	switch zone {
	case "", "Z":
	default:
		switch len(zone) {
		case len("+07"):
			layout += "-07"
		case len("+0700"):
			layout += "-0700"
		default:
			layout += "-07:00"
		}
	}
	// time.Parse takes a fraction after the seconds although the layout names none.
	at, err := time.Parse(layout, text[:10]+"T"+clock+strings.TrimPrefix(zone, "Z"))
	if err != nil {
		return time.Time{}, errTime
	}
	return at.UTC(), nil
}
