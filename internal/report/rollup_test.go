package report_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/report"
)

// zones have offsets of all kinds, and changes of daylight saving of half an hour and at midnight.
var zones = []string{
	"Etc/UTC", "America/Los_Angeles", "Asia/Kathmandu", "Asia/Kolkata", "Pacific/Chatham", "Australia/Lord_Howe", "America/St_Johns", "Asia/Beirut",
	"Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Casablanca",
}

func sample(r *rand.Rand, at time.Time) report.Call {
	statuses := []call.Status{call.InProgress, call.Completed, call.Busy, call.Failed, call.NoAnswer, call.Canceled}
	outcomes := []call.Outcome{"", call.Success, call.NotAllocated, call.Voicemail}
	conversations := []lead.Status{lead.NeedRetry, lead.OnCall, lead.VoiceMailLeft, lead.Success, lead.NotSuccessful, lead.Completed, lead.Unreachable, lead.Error, lead.QueueAbandon}
	c := report.Call{
		Final: r.IntN(10) > 0, Start: at, Status: statuses[r.IntN(len(statuses))], Outcome: outcomes[r.IntN(len(outcomes))],
		Conversation: int(conversations[r.IntN(len(conversations))]), Sentiment: r.IntN(7), Callback: r.IntN(5) == 0, Transferred: r.IntN(9) == 0,
		Duration: r.IntN(200), Cost: r.Int64N(500),
	}
	if r.IntN(6) > 0 {
		c.Lead = id.ID(fmt.Sprintf("%08x%010x%06x", 0x69000000+r.IntN(2), r.Int64N(3)*0x1122334455, r.IntN(20)))
	}
	for _, tag := range []string{"vip", "Größe", strings.Repeat("long ", 60)} {
		if r.IntN(4) == 0 {
			c.Tags = append(c.Tags, tag)
		}
	}
	return c
}

// TestRollupsSayWhatCallsSay: whatever the zone and the range, and whichever buckets are due, stretches of rollups and
// of calls add up to what the calls alone add up to.
func TestRollupsSayWhatCallsSay(t *testing.T) {
	t.Parallel()
	for turn := range 150 {
		r := rand.New(rand.NewPCG(uint64(turn), 4))
		name := zones[turn%len(zones)]
		where := location(t, name)
		// Around the changes of 2026, and in 1970, when offsets were odd (Liberia: 44 minutes and 30 seconds behind).
		begin := []time.Time{
			time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 4, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC),
			time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), time.Date(1970, 2, 1, 0, 0, 0, 0, time.UTC),
		}[turn%5]
		if begin.Year() == 1970 {
			where = location(t, "Africa/Monrovia")
		}
		const span = 60 * time.Hour
		instant := func() time.Time {
			at := begin.Add(time.Duration(r.Int64N(int64(span/time.Millisecond))) * time.Millisecond)
			if r.IntN(3) == 0 {
				at = report.BucketOf(at) // on the edge
			}
			return at
		}
		var calls []report.Call
		for range 400 {
			calls = append(calls, sample(r, instant()))
		}
		slices.SortStableFunc(calls, func(a, b report.Call) int { return a.Start.Compare(b.Start) })
		wrongCode := map[time.Time]id.ID{}
		for range 30 {
			wrongCode[instant()] = id.ID(fmt.Sprintf("%024x", r.IntN(12)))
		}
		buckets := map[time.Time]*report.Rollup{}
		bucket := func(at time.Time) *report.Rollup {
			start := report.BucketOf(at)
			if buckets[start] == nil {
				buckets[start] = &report.Rollup{}
			}
			return buckets[start]
		}
		for _, c := range calls {
			bucket(c.Start).Add(c)
		}
		for at, leadID := range wrongCode {
			bucket(at).WrongCode(leadID)
		}
		var due []time.Time
		for start := range buckets {
			if r.IntN(5) == 0 {
				due = append(due, start)
			}
		}
		slices.SortFunc(due, time.Time.Compare)
		for range 5 {
			from, until := instant(), instant().Add(time.Duration(r.IntN(2))*time.Millisecond)
			if until.Before(from) {
				from, until = until, from
			}
			show := func(tally *report.Tally, from, until time.Time) {
				within := func(at time.Time) bool { return !at.Before(from) && at.Before(until) }
				for _, c := range calls {
					if within(c.Start) {
						tally.Add(c)
					}
				}
				for _, at := range slices.SortedFunc(mapKeys(wrongCode), time.Time.Compare) {
					if within(at) {
						tally.WrongCode(wrongCode[at], at)
					}
				}
			}
			want, got := report.NewTally(where), report.NewTally(where)
			show(want, from, until)
			next, rolled := from, 0
			for _, s := range got.Stretches(from, until, due) {
				if !s.From.Equal(next) || !s.From.Before(s.Until) {
					t.Fatalf("%v does not go on at %v", s, next)
				}
				next = s.Until
				if !s.Rolled {
					show(got, s.From, s.Until)
					continue
				}
				for start := s.From; start.Before(s.Until); start = start.Add(report.Bucket) {
					if r := buckets[start]; r != nil {
						rolled++
						if slices.ContainsFunc(due, start.Equal) || r.Empty() {
							t.Errorf("the rollup of %v does not hold", start)
						}
						if err := got.AddRollup(start, r.Append(nil)); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			if from.Before(until) && !next.Equal(until) {
				t.Errorf("the stretches end at %v, not at %v", next, until)
			}
			if until.Sub(from) > 10*time.Hour && rolled == 0 && begin.Year() != 1970 {
				t.Errorf("turn %d: nothing came from rollups", turn)
			}
			tags := []campaign.Tag{{ID: "1", Name: "vip"}}
			if diff := cmp.Diff(want.Report(tags), got.Report(tags)); diff != "" {
				t.Fatalf("turn %d, %s, %v to %v: %s", turn, where, from, until, diff)
			}
		}
	}
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// TestStretchesAreFew: what can be asked for at once is one stretch.
func TestStretchesAreFew(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		parsed, err := time.Parse("2006-01-02T15:04:05.000Z", "2026-11-"+text+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tally := report.NewTally(location(t, "America/New_York"))
	for _, c := range []struct {
		from, until string
		due         []string
		want        string
	}{
		{"01T00:00:00.000", "29T00:00:00.000", nil, "rolled 01T00:00:00.000 29T00:00:00.000"},
		{"01T00:00:00.000", "29T00:00:00.001", nil, "rolled 01T00:00:00.000 29T00:00:00.000, shown 29T00:00:00.000 29T00:00:00.001"},
		{"01T00:00:00.001", "01T00:14:59.999", nil, "shown 01T00:00:00.001 01T00:14:59.999"},
		{"01T00:14:59.999", "01T00:30:00.001", nil, "shown 01T00:14:59.999 01T00:15:00.000, rolled 01T00:15:00.000 01T00:30:00.000, shown 01T00:30:00.000 01T00:30:00.001"},
		{"01T00:00:00.000", "01T02:00:00.000", []string{"01T01:45:00.000"}, "rolled 01T00:00:00.000 01T01:45:00.000, shown 01T01:45:00.000 01T02:00:00.000"},
		{"01T01:00:00.000", "01T02:00:00.000", []string{"01T00:45:00.000", "01T01:00:00.000", "01T01:15:00.000", "01T02:00:00.000"}, "shown 01T01:00:00.000 01T01:30:00.000, rolled 01T01:30:00.000 01T02:00:00.000"},
		{"01T00:00:00.000", "01T00:00:00.000", nil, ""},
	} {
		var due []time.Time
		for _, text := range c.due {
			due = append(due, at(text))
		}
		var got []string
		for _, s := range tally.Stretches(at(c.from), at(c.until), due) {
			got = append(got, map[bool]string{true: "rolled", false: "shown"}[s.Rolled]+s.From.Format(" 02T15:04:05.000")+s.Until.Format(" 02T15:04:05.000"))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s to %s:\n got %s\nwant %s", c.from, c.until, text, c.want)
		}
	}
}

// TestOffsetsOfToday: every zone of today keeps every bucket within one hour of its wall, so that nothing but the edges
// has to be shown call by call.
func TestOffsetsOfToday(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		tally := report.NewTally(location(t, name))
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		if got := tally.Stretches(from, from.AddDate(3, 0, 0), nil); len(got) != 1 || !got[0].Rolled {
			t.Errorf("%s: %v", name, got)
		}
	}
	from := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	got := report.NewTally(location(t, "Africa/Monrovia")).Stretches(from, from.AddDate(0, 0, 1), nil)
	if len(got) != 24+25 {
		t.Errorf("one bucket of each hour lay in two hours of the wall in Liberia, not so in %d stretches", len(got))
	}
}

// TestManyLeads holds the counting of different leads against a map, beyond several growths.
func TestManyLeads(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	tally := report.NewTally(time.UTC)
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	seen, daily := map[uint64]bool{}, map[uint64]bool{}
	for n := range 60_000 {
		at, lead := begin.Add(time.Duration(n)*20*time.Second), r.Uint64N(30_000)
		tally.Add(report.Call{Start: at, Lead: id.ID(fmt.Sprintf("%08x%016x", lead%7, lead))})
		seen[lead], daily[lead<<8|uint64(at.Day())] = true, true
	}
	found := tally.Report(nil)
	days := 0
	for _, day := range found.StatusTimeLine {
		days += day.TotalLeads
	}
	if found.Overview.TotalLeads != len(seen) || days != len(daily) {
		t.Errorf("%d leads and %d on their days, want %d and %d", found.Overview.TotalLeads, days, len(seen), len(daily))
	}
}

// TestDaysThatComeAgain: where clocks were set back just after midnight the day before comes again, and is another day.
func TestDaysThatComeAgain(t *testing.T) {
	t.Parallel()
	tally := report.NewTally(location(t, "America/St_Johns"))
	for n, at := range []string{"2010-11-07T02:30:30Z", "2010-11-07T02:31:00Z", "2010-11-08T12:00:00Z"} { // November 7 00:00:30, November 6 23:01, November 8
		parsed, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		tally.Add(report.Call{Start: parsed, Lead: leadID(rune('a' + n%2))})
	}
	r := tally.Report(nil)
	var days []string
	for _, day := range r.StatusTimeLine {
		days = append(days, fmt.Sprint(time.Unix(int64(day.Date)*86400, 0).UTC().Day(), " ", day.TotalLeads))
	}
	if text := strings.Join(days, ", "); text != "6 1, 7 1, 8 1" || r.Overview.TotalLeads != 2 {
		t.Errorf("days and leads %s, %d leads in all", text, r.Overview.TotalLeads)
	}
}

func TestUnreadableRollups(t *testing.T) {
	t.Parallel()
	var r report.Rollup
	if !r.Empty() {
		t.Error("the zero value is not empty")
	}
	r.Add(report.Call{Final: true, Start: time.Unix(0, 0), Lead: leadID('a'), Tags: []string{"vip"}})
	r.WrongCode(leadID('b'))
	whole := r.Append(nil)
	for n := range whole {
		if err := report.NewTally(time.UTC).AddRollup(time.Unix(0, 0), whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a rollup", n, len(whole))
		}
	}
	for _, bad := range [][]byte{nil, {0}, {1}, append([]byte{1}, whole[1:]...), binary.AppendUvarint(append([]byte{2}, make([]byte, 21)...), 1<<60)} {
		if err := report.NewTally(time.UTC).AddRollup(time.Unix(0, 0), bad); err == nil {
			t.Errorf("% x was taken for a rollup", bad)
		}
	}
}

// FuzzAddRollup: whatever the bytes, a tally takes a rollup whole or refuses it unchanged.
func FuzzAddRollup(f *testing.F) {
	var r report.Rollup
	f.Add(r.Append(nil))
	r.Add(report.Call{Final: true, Start: time.Unix(0, 0), Lead: leadID('a'), Tags: []string{"vip", ""}, Cost: 300})
	r.WrongCode(leadID('b'))
	f.Add(r.Append(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		tally := report.NewTally(time.UTC)
		if err := tally.AddRollup(time.Unix(0, 0), body); err != nil {
			if diff := cmp.Diff(report.NewTally(time.UTC).Report(nil), tally.Report(nil)); diff != "" {
				t.Error(diff)
			}
		}
		tally.Report(nil)
	})
}

// BenchmarkAddRollup is a range of 90 days with two million calls of a million leads: go test -bench AddRollup -run ^$ ./internal/report
func BenchmarkAddRollup(b *testing.B) {
	const buckets, calls, leads = 90 * 96, 231, 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	bodies := make([][]byte, buckets)
	for n := range bodies {
		var r report.Rollup
		for range calls {
			r.Add(report.Call{Final: true, Start: begin, Lead: id.ID(fmt.Sprintf("69%06x%010x%06x", 0, 1, random.IntN(leads))), Tags: []string{"vip"}})
		}
		bodies[n] = r.Append(nil)
	}
	for b.Loop() {
		tally := report.NewTally(time.UTC)
		for n, body := range bodies {
			if err := tally.AddRollup(begin.Add(time.Duration(n)*report.Bucket), body); err != nil {
				b.Fatal(err)
			}
		}
		tally.Report(nil)
	}
}
