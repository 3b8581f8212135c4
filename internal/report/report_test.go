package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/report"
	"nacre/internal/zone"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	z, ok := zone.Parse(name)
	if !ok {
		t.Fatalf("no zone %s", name)
	}
	return z.Location()
}

// on is an instant of November 2026 in Los Angeles; the 22nd is a Sunday.
func on(t *testing.T, day, hour int) time.Time {
	t.Helper()
	return time.Date(2026, 11, day, hour, 30, 0, 0, location(t, "America/Los_Angeles"))
}

func leadID(n rune) id.ID { return id.ID(fmt.Sprintf("%024x", n)) }

func day(n int) report.Day {
	return report.Day(time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func TestReport(t *testing.T) {
	t.Parallel()
	tally := report.NewTally(location(t, "Pacific Standard Time"))
	for _, c := range []struct {
		times int
		call  report.Call
	}{
		{4, report.Call{Start: on(t, 22, 23), Lead: leadID('a'), Status: call.Busy, Outcome: call.BusyOutcome, Conversation: 10}},
		{2, report.Call{Start: on(t, 23, 9), Lead: leadID('b'), Status: call.Completed, Outcome: call.Success, Conversation: 100, Sentiment: 5, Transferred: true, Duration: 45, Cost: 125, Tags: []string{"vip", "urgent"}}},
		{1, report.Call{Start: on(t, 23, 9), Lead: leadID('a'), Status: call.Completed, Outcome: call.NotSuccess, Conversation: 10, Sentiment: 2, Callback: true, Duration: 10, Cost: 50, Tags: []string{"urgent"}}},
		{3, report.Call{Start: on(t, 23, 17), Status: call.Failed, Outcome: call.NotAllocated, Conversation: 150}},
		{1, report.Call{Start: on(t, 24, 0), Lead: leadID('c'), Status: call.InProgress, Conversation: 40, Sentiment: 5, Cost: 7, Tags: []string{"vip"}, Transferred: true}},
		{1, report.Call{Start: on(t, 24, 0), Lead: leadID('a'), Status: call.Completed, Outcome: call.Voicemail, Conversation: 70, Sentiment: 3, Duration: 7, Tags: []string{"gone"}}},
		{1, report.Call{Start: on(t, 24, 1), Status: call.Completed, Outcome: call.Answered, Conversation: 130, Sentiment: 4, Duration: 8}},
		{1, report.Call{Start: on(t, 24, 1), Status: call.Completed, Outcome: call.NotSuccess, Conversation: 110, Sentiment: 1, Duration: 9}},
		{1, report.Call{Start: on(t, 24, 1), Status: call.Completed, Outcome: call.Broke, Conversation: 500, Duration: 1}},
	} {
		c.call.Final = c.call.Status != call.InProgress
		for range c.times {
			tally.Add(c.call)
		}
	}
	tally.WrongCode(leadID('d'), on(t, 23, 1))
	tally.WrongCode(leadID('d'), on(t, 23, 2))
	tally.WrongCode(leadID('d'), on(t, 24, 2))
	tally.WrongCode(leadID('e'), on(t, 25, 2)) // a day without calls
	got := tally.Report([]campaign.Tag{{ID: "t1", Name: "vip", Color: 7}, {ID: "t2", Name: "urgent"}, {ID: "t3", Name: "never"}})
	want := report.Report{Common: report.Common{
		Overview: report.Overview{
			TotalCalls: 15, TotalLeads: 3, NeedRetry: 5, WrongCountryCode: 2, NeedFollowUp: 1, VoiceMailLeft: 1, Successful: 2, Unsuccessful: 1,
			WrongNumber: 3, Completed: 1, Unreachable: 3, Error: 1, AnsweredCalls: 7,
		},
		Sentiments: report.Sentiments{Negative: 1, SlightlyNegative: 1, Neutral: 1, SlightlyPositive: 1, Positive: 2},
		StatusTimeLine: []report.DayOverview{
			{Date: day(22), Overview: report.Overview{TotalCalls: 4, TotalLeads: 1, NeedRetry: 4}},
			{Date: day(23), Overview: report.Overview{TotalCalls: 6, TotalLeads: 2, NeedRetry: 1, WrongCountryCode: 1, NeedFollowUp: 1, Successful: 2, WrongNumber: 3, Unreachable: 3, AnsweredCalls: 3}},
			{Date: day(24), Overview: report.Overview{TotalCalls: 5, TotalLeads: 2, WrongCountryCode: 1, VoiceMailLeft: 1, Unsuccessful: 1, Completed: 1, Error: 1, AnsweredCalls: 4}},
		},
		DurationTimeLine: []report.DayDuration{{Date: day(22)}, {Date: day(23), AverageCallDuration: 33.3333}, {Date: day(24), AverageCallDuration: 6.25}},
		CostTimeLine:     []report.DayCost{{Date: day(22)}, {Date: day(23), TotalPrice: 3, AverageCostPerCall: 0.5}, {Date: day(24)}},
		SuccessTimeLine:  []report.DaySuccessRate{{Date: day(22)}, {Date: day(23), SuccessRatePercentage: 66.6667}, {Date: day(24)}},
		Labels:           []report.Label{{ID: "t2", Name: "urgent", Count: 3}, {ID: "t1", Name: "vip", Color: 7, Count: 2}, {Name: "gone", Count: 1}},
		Events:           report.Events{CallTransferred: 2},
		HoursOfWeek: []report.HourOfWeek{
			{HourOfDay: 23, DayOfWeek: 0, Count: 4}, {HourOfDay: 9, DayOfWeek: 1, Count: 3}, {HourOfDay: 17, DayOfWeek: 1, Count: 3},
			{HourOfDay: 0, DayOfWeek: 2, Count: 2}, {HourOfDay: 1, DayOfWeek: 2, Count: 3},
		},
	}, Reach: report.Reach{TalkedLeads: 2, AnsweredHours: []report.HourOfWeek{{HourOfDay: 9, DayOfWeek: 1, Count: 3}, {HourOfDay: 0, DayOfWeek: 2, Count: 1}, {HourOfDay: 1, DayOfWeek: 2, Count: 3}}},
		Pickup: report.Pickup{PickupTimeLine: []report.DayPickupRate{{Date: day(22)}, {Date: day(23), PickupRatePercentage: 50}, {Date: day(24), PickupRatePercentage: 80}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	raw, err := json.Marshal(got.StatusTimeLine[1])
	if err != nil || !strings.HasPrefix(string(raw), `{"date":"2026-11-23T00:00:00Z","totalCalls":6,`) {
		t.Errorf("%s, %v", raw, err)
	}
}

// TestDaysOfTheWall: days and hours are read off the wall of the zone, whatever daylight saving does.
func TestDaysOfTheWall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, at, day, hour string }{
		{"Etc/UTC", "2026-11-23T00:00:00Z", "2026-11-23", "1 0"},
		{"Pacific Standard Time", "2026-11-23T07:59:59.999Z", "2026-11-22", "0 23"},
		{"Pacific Standard Time", "2026-11-23T08:00:00Z", "2026-11-23", "1 0"},
		{"Pacific Standard Time", "2026-11-01T08:59:00Z", "2026-11-01", "0 1"}, // still summer
		{"Pacific Standard Time", "2026-11-01T09:59:00Z", "2026-11-01", "0 1"}, // the hour comes twice
		{"Pacific Standard Time", "2026-11-02T07:59:00Z", "2026-11-01", "0 23"},
		{"Nepal Standard Time", "2026-11-22T18:14:59Z", "2026-11-22", "0 23"}, // +05:45
		{"Nepal Standard Time", "2026-11-22T18:15:00Z", "2026-11-23", "1 0"},
		{"Pacific/Kiritimati", "2026-11-22T10:00:00Z", "2026-11-23", "1 0"}, // +14
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		tally := report.NewTally(location(t, c.zone))
		tally.Add(report.Call{Start: at})
		r := tally.Report(nil)
		hour := r.HoursOfWeek[0]
		raw, err := json.Marshal(r.CostTimeLine[0].Date)
		if err != nil || string(raw) != `"`+c.day+`T00:00:00Z"` || fmt.Sprint(hour.DayOfWeek, hour.HourOfDay) != c.hour {
			t.Errorf("%s in %s: %s, hour %+v, %v; want %s and %s", c.at, c.zone, raw, hour, err, c.day, c.hour)
		}
	}
}

// TestLeadsOfManyDays: a lead counts once in all, and once on each of its days.
func TestLeadsOfManyDays(t *testing.T) {
	t.Parallel()
	tally := report.NewTally(time.UTC)
	for n := range 100 {
		tally.Add(report.Call{Start: time.Date(2026, 11, 1+n/10, n%10, 0, 0, 0, time.UTC), Lead: []id.ID{leadID('a'), leadID('b'), ""}[n%3]})
	}
	r := tally.Report(nil)
	if r.Overview.TotalLeads != 2 || len(r.StatusTimeLine) != 10 {
		t.Errorf("%d leads, %d days", r.Overview.TotalLeads, len(r.StatusTimeLine))
	}
	for _, day := range r.StatusTimeLine {
		if day.TotalLeads != 2 || day.TotalCalls != 10 {
			t.Errorf("%+v", day)
		}
	}
}

// TestNothingIsWhole: clients dereference every key (contract 11).
func TestNothingIsWhole(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(report.NewTally(time.UTC).Report(nil))
	if err != nil || strings.Contains(string(raw), "null") || !strings.Contains(string(raw), `"callsPickupRateTimeLine":[]`) {
		t.Errorf("%s, %v", raw, err)
	}
}
