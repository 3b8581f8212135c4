package engine

import "time"

// UsageTx keeps what calls over trunks have used of a day.
type UsageTx interface {
	// Used is what calls over trunks that began on a day have used of it until now, and what is claimed.
	Used(asker Asker, day, now time.Time) (Usage, error)
	// AddUsage adds to the day of one key (zero: of calls that no key asked for).
	AddUsage(asker Asker, day time.Time, calls, minutes int) error
	DeleteUsage(before time.Time, limit int) (deleted int, err error) // of days before
}
