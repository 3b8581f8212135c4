package hours_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nacre/internal/hours"
	"nacre/internal/zone"
)

// oracle judges one instant slowly and on its own terms: by the windows as written, without merging, spans, or clock
// changes computed ahead. Only the wall clock of the instant is asked.
type oracle struct {
	windows  []hours.Window
	holidays []hours.Holiday
}

func (o oracle) open(at time.Time, location *time.Location) bool {
	wall := at.In(location)
	second := wall.Hour()*3600 + wall.Minute()*60 + wall.Second()
	date := time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
	for _, holiday := range o.holidays {
		start, end := 0, 86400
		if holiday.Start != "" {
			start, end = seconds(holiday.Start), seconds(holiday.End)
		}
		if within(holiday.Date == date.Format(time.DateOnly), holiday.Date == date.AddDate(0, 0, -1).Format(time.DateOnly), second, start, end) {
			return false
		}
	}
	for _, window := range o.windows {
		day, yesterday := int(date.Weekday()), int(date.AddDate(0, 0, -1).Weekday())
		if within(window.Day%7 == day, window.Day%7 == yesterday, second, seconds(window.Start), seconds(window.End)) {
			return true
		}
	}
	return false
}

func within(today, yesterday bool, second, start, end int) bool {
	if start < end {
		return today && start <= second && second < end
	}
	return today && start <= second || yesterday && second < end
}

func seconds(text string) int {
	var hour, minute int
	if _, err := fmt.Sscanf(text, "%d:%d", &hour, &minute); err != nil {
		panic(err)
	}
	return hour*3600 + minute*60
}

// check walks minutes from a beginning, which must be a whole minute, and compares every answer of a schedule with
// the oracle's minutes. Ends are compared where they lie among the minutes walked.
func (o oracle) check(t fatal, s hours.Schedule, location *time.Location, from time.Time, minutes int) {
	t.Helper()
	open := make([]bool, minutes)
	run := make([]int, minutes+1) // how many minutes it is open from here on, as far as was walked
	for i := range open {
		at := from.Add(time.Duration(i) * time.Minute)
		open[i] = o.open(at, location)
		if got := s.Open(at, location); got != open[i] {
			t.Fatalf("%s: open %v, want %v\nwindows %v holidays %v", at.In(location), got, open[i], o.windows, o.holidays)
		}
	}
	for i := minutes - 1; i >= 0; i-- {
		if open[i] {
			run[i] = run[i+1] + 1
		}
	}
	// A prime step meets every minute of the hour; around each change every minute is asked.
	for i := range open {
		if i%13 != 0 && (i == 0 || open[i] == open[i-1]) && (i+1 == minutes || open[i] == open[i+1]) {
			continue
		}
		at := from.Add(time.Duration(i) * time.Minute)
		closes, ok := s.ClosesAt(at, location)
		if end := i + run[i]; end < minutes {
			if want := from.Add(time.Duration(end) * time.Minute); ok != open[i] || ok && !closes.Equal(want) {
				t.Fatalf("%s: closes %s, %v; want %s\nwindows %v holidays %v", at.In(location), closes.In(location), ok, want.In(location), o.windows, o.holidays)
			}
		} else if ok && closes.Before(from.Add(time.Duration(minutes)*time.Minute)) {
			t.Fatalf("%s: closes %s while open\nwindows %v holidays %v", at.In(location), closes.In(location), o.windows, o.holidays)
		}
		for _, ringing := range []int{0, 1, 47} {
			o.checkNext(t, s, location, from, i, ringing, run)
		}
	}
}

// checkNext compares OpenFor and NextOpen at one minute.
func (o oracle) checkNext(t fatal, s hours.Schedule, location *time.Location, from time.Time, i, ringing int, run []int) {
	t.Helper()
	minutes := len(run) - 1
	at := from.Add(time.Duration(i) * time.Minute)
	d := time.Duration(ringing) * time.Minute
	if i+ringing < minutes {
		if got, want := s.OpenFor(at, d, location), run[i] > 0 && run[i] >= ringing; got != want {
			t.Fatalf("%s: open for %v %v, want %v\nwindows %v holidays %v", at.In(location), d, got, want, o.windows, o.holidays)
		}
	}
	next, ok := s.NextOpen(at, d, location)
	if ok && (next.Before(at) || !s.OpenFor(next, d, location)) {
		t.Fatalf("%s: next open for %v %s, where it is not\nwindows %v holidays %v", at.In(location), d, next.In(location), o.windows, o.holidays)
	}
	for j := i; j+ringing < minutes; j++ {
		if run[j] > 0 && run[j] >= ringing {
			if want := from.Add(time.Duration(j) * time.Minute); !ok || !next.Equal(want) {
				t.Fatalf("%s: next open for %v %s, %v; want %s\nwindows %v holidays %v", at.In(location), d, next.In(location), ok, want.In(location), o.windows, o.holidays)
			}
			return
		}
	}
	if ok && next.Before(from.Add(time.Duration(minutes-ringing-1)*time.Minute)) {
		t.Fatalf("%s: next open for %v %s, want none before the end of the walk\nwindows %v holidays %v", at.In(location), d, next.In(location), o.windows, o.holidays)
	}
}

// fatal is what *testing.T and *rapid.T have in common here.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// clockChanges answers the instants within some years at which the offset of a zone changes, found by looking at
// every hour, and at every minute of an hour that has one.
func clockChanges(location *time.Location, first, last int) []time.Time {
	var changes []time.Time
	offset := func(at time.Time) int {
		_, offset := at.In(location).Zone()
		return offset
	}
	at, end := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(last+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for before := offset(at); at.Before(end); at = at.Add(time.Hour) {
		if offset(at) == before {
			continue
		}
		change := at.Add(-59 * time.Minute)
		for offset(change) == before {
			change = change.Add(time.Minute)
		}
		changes, before = append(changes, change), offset(at)
	}
	return changes
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// sample draws windows and a holiday whose ends crowd around a clock change.
func sample(random *rand.Rand, change time.Time, location *time.Location) oracle {
	wall := change.In(location)
	near := func() int {
		return ((wall.Hour()*60+wall.Minute()+random.IntN(240)-120)%1440 + 1440) % 1440
	}
	var o oracle
	for range 3 {
		start, end := near(), near()
		if start == end {
			end = (end + 1) % 1440
		}
		o.windows = append(o.windows, hours.Window{Day: (int(wall.Weekday()) + random.IntN(3) + 6) % 7, Start: clock(start), End: clock(end)})
	}
	o.windows = append(o.windows, hours.Window{Day: random.IntN(8), Start: "00:00", End: "24:00"})
	start := near()
	o.holidays = []hours.Holiday{{Date: wall.AddDate(0, 0, random.IntN(3)-1).Format(time.DateOnly), Start: clock(start), End: clock((start + 20) % 1440)}}
	return o
}

// sweep checks the days around every clock change of some zones, and returns how many changes there were.
func sweep(t *testing.T, names []string, first, last int) int {
	t.Helper()
	var mu sync.Mutex
	total := 0
	t.Run("zones", func(t *testing.T) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				place := location(t, name)
				changes := clockChanges(place, first, last)
				random := rand.New(rand.NewPCG(uint64(first), uint64(len(name))))
				for _, change := range changes {
					o := sample(random, change, place)
					o.check(t, schedule(t, o.windows, o.holidays), place, change.Add(-26*time.Hour), 52*60)
				}
				mu.Lock()
				defer mu.Unlock()
				total += len(changes)
			})
		}
	})
	return total
}

// Zones that change their clocks in unusual ways: at midnight, by half an hour, by a whole day, twice a year for
// Ramadan, with negative daylight saving, to another zone.
var unusual = []string{
	"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Havana", "America/Nuuk", "America/Santiago",
	"Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Asia/Gaza",
	"Atlantic/Azores", "America/Scoresbysund", "Antarctica/Troll", "America/Vancouver",
}

func TestUnusualZonesAgainstOracle(t *testing.T) {
	t.Parallel()
	if total := sweep(t, unusual, 2026, 2026); total < 25 {
		t.Errorf("only %d clock changes met", total)
	}
}

func TestApiaSkipsADay(t *testing.T) {
	t.Parallel()
	place := location(t, "Pacific/Apia")
	change := time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		o := sample(random, change, place)
		o.check(t, schedule(t, o.windows, o.holidays), place, change.Add(-50*time.Hour), 100*60)
	}
}

// On the last day of a leap year package time reports zone bounds that lie in the past.
func TestEndOfLeapYear(t *testing.T) {
	t.Parallel()
	end := time.Date(2028, 12, 31, 0, 0, 0, 0, time.UTC)
	always := schedule(t, everyDay("00:00", "24:00"), nil)
	for _, name := range unusual {
		place := location(t, name)
		random := rand.New(rand.NewPCG(3, uint64(len(name))))
		o := sample(random, end, place)
		o.check(t, schedule(t, o.windows, o.holidays), place, end.Add(-26*time.Hour), 72*60)
		if closes, ok := always.ClosesAt(end.Add(-time.Hour), place); ok {
			t.Errorf("%s: what is always open closes at %s", name, closes)
		}
	}
}

func TestEveryZoneAgainstOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: walks every minute around every clock change of every zone")
	}
	t.Parallel()
	names := distinct(t, zone.Names(), 2026, 2027)
	if total := sweep(t, names, 2026, 2027); len(names) < 50 || total < 100 {
		t.Errorf("only %d clock changes of %d zones met", total, len(names))
	}
}

// distinct leaves out zones whose clocks are, in these years, those of another.
func distinct(t *testing.T, names []string, first, last int) (kept []string) {
	t.Helper()
	clocks := map[string]bool{}
	for _, name := range names {
		place := location(t, name)
		clock := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC).In(place).Format("-07:00:00")
		for _, change := range clockChanges(place, first, last) {
			clock += change.In(place).Format(" 2006-01-02T15:04:05-07:00:00")
		}
		if !clocks[clock] {
			clocks[clock] = true
			kept = append(kept, name)
		}
	}
	return kept
}

func TestAnyScheduleAgainstOracle(t *testing.T) {
	t.Parallel()
	names := zone.Names()
	rapid.Check(t, func(t *rapid.T) {
		z, _ := zone.Parse(rapid.SampledFrom(names).Draw(t, "zone"))
		from := time.Unix(rapid.Int64Range(1_600_000_000/60, 2_500_000_000/60).Draw(t, "minute")*60, 0)
		minute := rapid.IntRange(0, 1439)
		var o oracle
		for range rapid.IntRange(1, 6).Draw(t, "windows") {
			start, end := minute.Draw(t, "start"), rapid.IntRange(0, 1440).Draw(t, "end")
			if start != end {
				o.windows = append(o.windows, hours.Window{Day: rapid.IntRange(0, 7).Draw(t, "day"), Start: clock(start), End: clock(end)})
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "holidays") {
			holiday := hours.Holiday{Date: from.AddDate(0, 0, rapid.IntRange(-1, 3).Draw(t, "date")).Format(time.DateOnly)}
			if start, end := minute.Draw(t, "start"), minute.Draw(t, "end"); start != end && rapid.Bool().Draw(t, "part") {
				holiday.Start, holiday.End = clock(start), clock(end)
			}
			o.holidays = append(o.holidays, holiday)
		}
		if len(o.windows) == 0 {
			return
		}
		week, err := hours.ParseWeek(o.windows, "CallingHours")
		if err != nil {
			t.Fatalf("%v", err)
		}
		holidays, err := hours.ParseHolidays(o.holidays, "Holidays")
		if err != nil {
			t.Fatalf("%v", err)
		}
		o.check(t, hours.Schedule{Week: week, Holidays: holidays}, z.Location(), from, 3*1440)
	})
}

// What two schedules have in common is open exactly when both are.
func TestNarrow(t *testing.T) {
	t.Parallel()
	a := schedule(t, []hours.Window{{Day: 1, Start: "08:00", End: "12:00"}, {Day: 1, Start: "13:00", End: "20:00"}, {Day: 6, Start: "22:00", End: "03:00"}}, []hours.Holiday{{Date: "2026-11-30", Start: "09:00", End: "10:00"}})
	b := schedule(t, append(everyDay("09:30", "19:00"), hours.Window{Day: 0, Start: "01:00", End: "04:00"}), []hours.Holiday{{Date: "2026-11-30", Start: "15:00", End: "16:00"}})
	both := a.Narrow(b)
	from := instant(t, "2026-11-28T00:00:00Z")
	opened := 0
	for i := range 8 * 1440 {
		at := from.Add(time.Duration(i) * time.Minute)
		want := a.Open(at, time.UTC) && b.Open(at, time.UTC)
		if got := both.Open(at, time.UTC); got != want {
			t.Fatalf("%s: open %v, want %v", at, got, want)
		}
		if want {
			opened++
		}
	}
	// Sunday 01–03, Monday 10–12, 13–15 and 16–19.
	if want := (2 + 2 + 2 + 3) * 60; opened != want {
		t.Errorf("open for %d minutes, want %d", opened, want)
	}
	if (hours.Schedule{}).Narrow(a).Open(instant(t, "2026-11-23T09:00:00Z"), time.UTC) {
		t.Error("narrowing a schedule that is never open opens it")
	}
}
