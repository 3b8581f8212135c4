package hours_test

import (
	"testing"
	"time"

	"nacre/internal/hours"
	"nacre/internal/zone"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	z, ok := zone.Parse(name)
	if !ok {
		t.Fatalf("no zone %s", name)
	}
	return z.Location()
}

func schedule(t testing.TB, windows []hours.Window, holidays []hours.Holiday) hours.Schedule {
	t.Helper()
	week, err := hours.ParseWeek(windows, "CallingHours")
	if err != nil {
		t.Fatal(err)
	}
	days, err := hours.ParseHolidays(holidays, "Holidays")
	if err != nil {
		t.Fatal(err)
	}
	return hours.Schedule{Week: week, Holidays: days}
}

// everyDay answers one window on each day of the week.
func everyDay(start, end string) []hours.Window {
	var windows []hours.Window
	for day := range 7 {
		windows = append(windows, hours.Window{Day: day, Start: start, End: end})
	}
	return windows
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestOpen(t *testing.T) {
	t.Parallel()
	overnight := []hours.Window{{Day: 5, Start: "22:00", End: "02:00"}}
	tests := []struct {
		name     string
		windows  []hours.Window
		holidays []hours.Holiday
		zone     string
		at       string
		want     bool
	}{
		{"usual hours, Monday start", nil, nil, "UTC", "2026-11-23T09:00:00Z", true},
		{"usual hours, a second before", nil, nil, "UTC", "2026-11-23T08:59:59Z", false},
		{"usual hours, Friday, last fraction", nil, nil, "UTC", "2026-11-27T17:59:59.999Z", true},
		{"usual hours, end is outside", nil, nil, "UTC", "2026-11-27T18:00:00Z", false},
		{"usual hours, Saturday", nil, nil, "UTC", "2026-11-28T12:00:00Z", false},
		{"usual hours, Sunday", []hours.Window{}, nil, "UTC", "2026-11-29T12:00:00Z", false},
		{"read in the zone", nil, nil, "Pacific Standard Time", "2026-11-23T16:59:59Z", false},
		{"read in the zone, open", nil, nil, "Pacific Standard Time", "2026-11-23T17:00:00Z", true},
		{"day of the zone, not of UTC", []hours.Window{{Day: 1, Start: "00:00", End: "24:00"}}, nil, "Pacific/Auckland", "2026-11-22T12:00:00Z", true},
		{"7 is Sunday", []hours.Window{{Day: 7, Start: "10:00", End: "11:00"}}, nil, "UTC", "2026-11-29T10:30:00Z", true},
		{"0 is Sunday", []hours.Window{{Day: 0, Start: "10:00", End: "11:00"}}, nil, "UTC", "2026-11-29T10:30:00Z", true},
		{"seconds count", []hours.Window{{Day: 1, Start: "10:00:30", End: "11:00"}}, nil, "UTC", "2026-11-23T10:00:29Z", false},
		{"overnight, evening", overnight, nil, "UTC", "2026-11-27T22:00:00Z", true},
		{"overnight, past midnight", overnight, nil, "UTC", "2026-11-28T01:59:59Z", true},
		{"overnight, end", overnight, nil, "UTC", "2026-11-28T02:00:00Z", false},
		{"overnight, not the morning of its own day", overnight, nil, "UTC", "2026-11-27T01:00:00Z", false},
		{"overnight over the week's end", []hours.Window{{Day: 6, Start: "22:00", End: "02:00"}}, nil, "UTC", "2026-11-29T01:00:00Z", true},
		{"end at 00:00 is the next midnight", []hours.Window{{Day: 1, Start: "20:00", End: "00:00"}}, nil, "UTC", "2026-11-23T23:59:59Z", true},
		{"before 1970", nil, nil, "UTC", "1969-12-31T10:00:00Z", true}, // a Wednesday
		{"before 1970, Sunday", nil, nil, "UTC", "1969-12-28T10:00:00Z", false},

		{"holiday", nil, []hours.Holiday{{Date: "2026-12-25"}}, "UTC", "2026-12-25T10:00:00Z", false},
		{"day before a holiday", nil, []hours.Holiday{{Date: "2026-12-25"}}, "UTC", "2026-12-24T10:00:00Z", true},
		{"holiday in the zone", nil, []hours.Holiday{{Date: "2026-12-25"}}, "Pacific Standard Time", "2026-12-26T00:30:00Z", false},
		{"before a part of a day", nil, []hours.Holiday{{Date: "2026-12-24", Start: "14:00", End: "24:00"}}, "UTC", "2026-12-24T13:59:59Z", true},
		{"in a part of a day", nil, []hours.Holiday{{Date: "2026-12-24", Start: "14:00", End: "24:00"}}, "UTC", "2026-12-24T14:00:00Z", false},
		{"holiday over midnight", everyDay("00:00", "24:00"), []hours.Holiday{{Date: "2026-12-31", Start: "20:00", End: "06:00"}}, "UTC", "2027-01-01T05:59:59Z", false},
		{"after a holiday over midnight", everyDay("00:00", "24:00"), []hours.Holiday{{Date: "2026-12-31", Start: "20:00", End: "06:00"}}, "UTC", "2027-01-01T06:00:00Z", true},

		// Europe/Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00Z.
		{"skipped start: the minute before", []hours.Window{{Day: 0, Start: "02:30", End: "05:00"}}, nil, "Europe/Berlin", "2026-03-29T00:59:59Z", false},
		{"skipped start: first time that exists", []hours.Window{{Day: 0, Start: "02:30", End: "05:00"}}, nil, "Europe/Berlin", "2026-03-29T01:00:00Z", true},
		{"skipped end: the minute before", []hours.Window{{Day: 0, Start: "01:00", End: "02:30"}}, nil, "Europe/Berlin", "2026-03-29T00:59:59Z", true},
		{"skipped end: first time that exists", []hours.Window{{Day: 0, Start: "01:00", End: "02:30"}}, nil, "Europe/Berlin", "2026-03-29T01:00:00Z", false},
		{"skipped altogether", []hours.Window{{Day: 0, Start: "02:10", End: "02:50"}}, nil, "Europe/Berlin", "2026-03-29T01:00:00Z", false},
		// Europe/Berlin, 2026-10-25: 03:00 becomes 02:00 at 01:00Z.
		{"twice: first time", []hours.Window{{Day: 0, Start: "02:15", End: "02:45"}}, nil, "Europe/Berlin", "2026-10-25T00:30:00Z", true},
		{"twice: between", []hours.Window{{Day: 0, Start: "02:15", End: "02:45"}}, nil, "Europe/Berlin", "2026-10-25T01:00:00Z", false},
		{"twice: second time", []hours.Window{{Day: 0, Start: "02:15", End: "02:45"}}, nil, "Europe/Berlin", "2026-10-25T01:30:00Z", true},
		{"twice: after", []hours.Window{{Day: 0, Start: "02:15", End: "02:45"}}, nil, "Europe/Berlin", "2026-10-25T01:45:00Z", false},
		// Pacific/Apia went from 2011-12-29 24:00 to 2011-12-31 00:00 at 10:00Z.
		{"a day that did not exist", []hours.Window{{Day: 5, Start: "00:00", End: "24:00"}}, nil, "Pacific/Apia", "2011-12-30T10:00:00Z", false},
		{"the day after it", []hours.Window{{Day: 6, Start: "00:00", End: "24:00"}}, nil, "Pacific/Apia", "2011-12-30T10:00:00Z", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := schedule(t, test.windows, test.holidays)
			if got := s.Open(instant(t, test.at), location(t, test.zone)); got != test.want {
				t.Errorf("open: %v, want %v", got, test.want)
			}
		})
	}
}

func TestOpenFor(t *testing.T) {
	t.Parallel()
	s := schedule(t, nil, nil)
	end := instant(t, "2026-11-23T18:00:00Z")
	for _, test := range []struct {
		before, ringing time.Duration
		want            bool
	}{
		{30 * time.Second, 30 * time.Second, true},
		{30*time.Second - 1, 30 * time.Second, false},
		{29 * time.Second, 30 * time.Second, false},
		{time.Second, 0, true},
		{1, 1, true},
		{0, 0, false},
		{9 * time.Hour, 9 * time.Hour, true},
		{9*time.Hour + 1, time.Second, false},
	} {
		if got := s.OpenFor(end.Add(-test.before), test.ringing, time.UTC); got != test.want {
			t.Errorf("%v before the end, ringing %v: %v, want %v", test.before, test.ringing, got, test.want)
		}
	}
	adjoining := schedule(t, []hours.Window{{Day: 6, Start: "12:00", End: "24:00"}, {Day: 7, Start: "00:00", End: "01:00"}}, nil)
	if !adjoining.OpenFor(instant(t, "2026-11-28T23:59:50Z"), 30*time.Second, time.UTC) {
		t.Error("ringing over the week's end into an adjoining window is refused")
	}
	always := schedule(t, everyDay("00:00", "24:00"), nil)
	if !always.OpenFor(end, 100*365*24*time.Hour, location(t, "Europe/Berlin")) {
		t.Error("not open for a century when never closed")
	}
	// 02:59:50 in Berlin is followed by 02:00 again, or the year's other way by 04:00 of a closed hour.
	first := schedule(t, []hours.Window{{Day: 0, Start: "02:30", End: "03:30"}}, nil)
	if first.OpenFor(instant(t, "2026-10-25T00:59:50Z"), 30*time.Second, location(t, "Europe/Berlin")) {
		t.Error("rings on into the second 02:00, which is closed")
	}
}

func TestNextOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		windows  []hours.Window
		holidays []hours.Holiday
		zone     string
		at       string
		ringing  time.Duration
		want     string // "" = never
	}{
		{"open now", nil, nil, "UTC", "2026-11-23T10:00:00.5Z", time.Minute, "2026-11-23T10:00:00.5Z"},
		{"later today", nil, nil, "UTC", "2026-11-23T08:00:00Z", time.Minute, "2026-11-23T09:00:00Z"},
		{"ringing would last beyond the end", nil, nil, "UTC", "2026-11-23T17:59:31Z", 30 * time.Second, "2026-11-24T09:00:00Z"},
		{"over the weekend", nil, nil, "UTC", "2026-11-27T18:00:00Z", time.Minute, "2026-11-30T09:00:00Z"},
		{"over a weekend and a holiday", nil, []hours.Holiday{{Date: "2026-11-30"}}, "UTC", "2026-11-27T18:00:00Z", time.Minute, "2026-12-01T09:00:00Z"},
		{"after the part of a day", nil, []hours.Holiday{{Date: "2026-11-30", Start: "00:00", End: "12:00"}}, "UTC", "2026-11-27T18:00:00Z", time.Minute, "2026-11-30T12:00:00Z"},
		{"in the zone", nil, nil, "India Standard Time", "2026-11-27T18:00:00Z", time.Minute, "2026-11-30T03:30:00Z"},
		{"skipped start", []hours.Window{{Day: 0, Start: "02:30", End: "05:00"}}, nil, "Europe/Berlin", "2026-03-28T12:00:00Z", 0, "2026-03-29T01:00:00Z"},
		{"window skipped altogether", []hours.Window{{Day: 0, Start: "02:10", End: "02:50"}}, nil, "Europe/Berlin", "2026-03-28T12:00:00Z", 0, "2026-04-05T00:10:00Z"},
		{"second time of what occurs twice", []hours.Window{{Day: 0, Start: "02:15", End: "02:45"}}, nil, "Europe/Berlin", "2026-10-25T00:45:00Z", 0, "2026-10-25T01:15:00Z"},
		{"window shorter than the ringing", everyDay("09:00", "09:01"), nil, "UTC", "2026-11-23T08:00:00Z", 2 * time.Minute, ""},
		{"only on days that are holidays", []hours.Window{{Day: 5, Start: "09:00", End: "10:00"}}, []hours.Holiday{{Date: "2026-11-27"}, {Date: "2026-12-04"}}, "UTC", "2026-11-23T00:00:00Z", 0, "2026-12-11T09:00:00Z"},
		{"always open", everyDay("00:00", "24:00"), nil, "Europe/Berlin", "2026-11-23T00:00:00Z", time.Hour, "2026-11-23T00:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := schedule(t, test.windows, test.holidays)
			got, ok := s.NextOpen(instant(t, test.at), test.ringing, location(t, test.zone))
			if ok != (test.want != "") || ok && !got.Equal(instant(t, test.want)) {
				t.Errorf("next open %v, %v; want %s", got, ok, test.want)
			}
		})
	}
	if got, ok := (hours.Schedule{}).NextOpen(instant(t, "2026-11-23T00:00:00Z"), 0, time.UTC); ok {
		t.Errorf("the zero schedule opens at %v", got)
	}
}

func TestClosesAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		windows  []hours.Window
		holidays []hours.Holiday
		zone     string
		at       string
		want     string // "" = not open, or never
	}{
		{"today", nil, nil, "UTC", "2026-11-23T10:00:00Z", "2026-11-23T18:00:00Z"},
		{"not open", nil, nil, "UTC", "2026-11-23T18:00:00Z", ""},
		{"overlapping windows", []hours.Window{{Day: 1, Start: "09:00", End: "12:00"}, {Day: 1, Start: "11:00", End: "15:00"}}, nil, "UTC", "2026-11-23T10:00:00Z", "2026-11-23T15:00:00Z"},
		{"adjoining windows", []hours.Window{{Day: 1, Start: "12:00", End: "15:00"}, {Day: 1, Start: "09:00", End: "12:00"}}, nil, "UTC", "2026-11-23T10:00:00Z", "2026-11-23T15:00:00Z"},
		{"over midnight", []hours.Window{{Day: 1, Start: "09:00", End: "24:00"}, {Day: 2, Start: "00:00", End: "03:00"}}, nil, "UTC", "2026-11-23T10:00:00Z", "2026-11-24T03:00:00Z"},
		{"over the week's end", []hours.Window{{Day: 6, Start: "20:00", End: "04:00"}, {Day: 0, Start: "03:00", End: "05:00"}}, nil, "UTC", "2026-11-28T22:00:00Z", "2026-11-29T05:00:00Z"},
		{"at a holiday", everyDay("00:00", "24:00"), []hours.Holiday{{Date: "2026-12-25"}}, "Europe/Berlin", "2026-11-23T10:00:00Z", "2026-12-24T23:00:00Z"},
		{"never", everyDay("00:00", "24:00"), nil, "Europe/Berlin", "2026-11-23T10:00:00Z", ""},
		{"never, past holidays", everyDay("00:00", "24:00"), []hours.Holiday{{Date: "2025-12-25"}}, "UTC", "2026-11-23T10:00:00Z", ""},
		{"holiday too far off", everyDay("00:00", "24:00"), []hours.Holiday{{Date: "2099-12-25"}}, "Europe/Berlin", "2026-11-23T10:00:00Z", ""},
		{"an hour longer when clocks go back", everyDay("00:00", "05:00"), nil, "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z"},
		{"clocks go back out of the window", []hours.Window{{Day: 0, Start: "02:30", End: "03:30"}}, nil, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"},
		{"clocks go forward past the end", []hours.Window{{Day: 0, Start: "01:00", End: "02:30"}}, nil, "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := schedule(t, test.windows, test.holidays)
			got, ok := s.ClosesAt(instant(t, test.at), location(t, test.zone))
			if ok != (test.want != "") || ok && !got.Equal(instant(t, test.want)) {
				t.Errorf("closes %v, %v; want %s", got, ok, test.want)
			}
		})
	}
}

func TestScheduleDoesNotAllocate(t *testing.T) {
	// Not parallel: AllocsPerRun counts the allocations of the whole process.
	s := schedule(t, nil, []hours.Holiday{{Date: "2026-12-25"}, {Date: "2027-01-01"}})
	berlin, at := location(t, "Europe/Berlin"), instant(t, "2026-12-23T22:00:00Z")
	if n := testing.AllocsPerRun(100, func() {
		s.Open(at, berlin)
		s.OpenFor(at, 30*time.Second, berlin)
		s.NextOpen(at, 30*time.Second, berlin)
		s.ClosesAt(at, berlin)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSchedule(b *testing.B) {
	s := schedule(b, nil, []hours.Holiday{{Date: "2026-12-25"}, {Date: "2027-01-01"}})
	berlin, friday := location(b, "Europe/Berlin"), instant(b, "2026-11-27T18:00:00Z")
	never := schedule(b, everyDay("09:00", "09:01"), nil)
	b.Run("Open", func(b *testing.B) {
		for b.Loop() {
			s.Open(friday, berlin)
		}
	})
	b.Run("NextOpen", func(b *testing.B) {
		for b.Loop() {
			s.NextOpen(friday, 30*time.Second, berlin)
		}
	})
	b.Run("NextOpenNever", func(b *testing.B) {
		for b.Loop() {
			never.NextOpen(friday, 2*time.Minute, berlin)
		}
	})
}
