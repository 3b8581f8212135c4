package hours

import (
	"fmt"
	"time"

	"nacre/internal/fault"
)

// Holiday is a day, or a part of one, without calls, as it is written on the wire: a bare date ("2026-12-25") or
// {date, start, end}. Start and End are as in a Window, both or neither; neither is the whole day.
type Holiday struct {
	Date  string `json:"date"` // YYYY-MM-DD
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// Holidays says which times are closed whatever the week says. The zero value closes none.
type Holidays struct {
	closed []span // wall clock, as seconds since 1970-01-01 00:00 of the wall clock; merged
}

// ParseHolidays reads holidays. The error is an Invalid *fault.Error with every fault found, under keys like
// path[1].Date.
func ParseHolidays(holidays []Holiday, path string) (Holidays, error) {
	var faults fault.List
	spans := make([]span, 0, len(holidays))
	for i, holiday := range holidays {
		at := fmt.Sprintf("%s[%d].", path, i)
		date, err := time.Parse(time.DateOnly, holiday.Date)
		if err != nil {
			faults.Add(at+"Date", "%.80q is no date; allowed is YYYY-MM-DD", holiday.Date)
		}
		from, to := int64(0), int64(day)
		if holiday.Start != "" || holiday.End != "" {
			var ok bool
			if from, to, ok = parseTimes(holiday.Start, holiday.End, at, &faults); !ok {
				continue
			}
		}
		// UTC has no daylight saving, so its seconds serve as seconds of any wall clock.
		midnight := date.Unix()
		spans = append(spans, span{midnight + from, midnight + to})
	}
	if err := faults.Err(); err != nil {
		return Holidays{}, err
	}
	return Holidays{closed: merge(spans)}, nil
}
