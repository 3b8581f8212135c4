package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"nacre/internal/campaign"
)

// Overview are calls by what became of them. JSON names, here and below, are the API's.
type Overview struct {
	TotalCalls       int `json:"totalCalls"`
	TotalLeads       int `json:"totalLeads" doc:"distinct leads called"`
	NeedRetry        int `json:"needRetry"`
	WrongCountryCode int `json:"wrongCountryCode" doc:"leads that became WrongCountryCode"`
	NeedFollowUp     int `json:"needFollowUp" doc:"calls in which a call-back was promised; counted under their status too"`
	VoiceMailLeft    int `json:"voiceMailLeft"`
	Successful       int `json:"successful"`
	Unsuccessful     int `json:"unsuccessful"`
	WrongNumber      int `json:"wrongNumber" doc:"calls to numbers that are not allocated; counted under their status too"`
	Completed        int `json:"completed"`
	Unreachable      int `json:"unreachable"`
	Error            int `json:"error"`
	AnsweredCalls    int `json:"answeredCalls" doc:"call status 4"`
}

// Sentiments are judged calls.
type Sentiments struct {
	Negative         int `json:"negative"`
	SlightlyNegative int `json:"slightlyNegative"`
	Neutral          int `json:"neutral"`
	SlightlyPositive int `json:"slightlyPositive"`
	Positive         int `json:"positive"`
}

// Day is a day of the Pearl's zone: days since 1970-01-01.
type Day int64

// MarshalJSON writes 2026-11-23T00:00:00Z, whatever the zone.
func (d Day) MarshalJSON() ([]byte, error) {
	return time.Unix(int64(d)*86400, 0).UTC().AppendFormat(nil, `"2006-01-02T15:04:05Z"`), nil
}

// Schema says how a day looks.
func (Day) Schema() map[string]any {
	return map[string]any{"type": "string", "format": "date-time", "examples": []any{"2026-11-23T00:00:00Z"}}
}

// DayOverview is the overview of one day.
type DayOverview struct {
	Date Day `json:"date"`
	Overview
}

// DayDuration is how long the answered calls of a day were.
type DayDuration struct {
	Date                Day     `json:"date"`
	AverageCallDuration float64 `json:"averageCallDuration" doc:"seconds, over answered calls"`
}

// DayCost is what the calls of a day cost.
type DayCost struct {
	Date               Day     `json:"date"`
	TotalPrice         float64 `json:"totalPrice"`
	AverageCostPerCall float64 `json:"averageCostPerCall"`
}

// DayPickupRate is how many of a day's calls were answered.
type DayPickupRate struct {
	Date                 Day     `json:"date"`
	PickupRatePercentage float64 `json:"pickupRatePercentage" schema:"min=0,max=100"`
}

// DaySuccessRate is how many of a day's answered calls were a success.
type DaySuccessRate struct {
	Date                  Day     `json:"date"`
	SuccessRatePercentage float64 `json:"successRatePercentage" schema:"min=0,max=100" doc:"of answered calls"`
}

// Label is a tag that occurred. One that the Pearl does not declare any more has no id and no colour.
type Label struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Color int    `json:"color"`
	Count int    `json:"count"`
}

// Events count what happened in calls and after them. No call of this version takes messages or books dates.
type Events struct {
	TakeMessage     int `json:"takeMessageCount"`
	SMSSent         int `json:"smsSentCount"`
	CallTransferred int `json:"callTransferredCount"`
	CalendarBooked  int `json:"calendarBookedCount"`
	EmailSent       int `json:"emailSentCount"`
}

// HourOfWeek is how many calls began in an hour of the week.
type HourOfWeek struct {
	HourOfDay int `json:"hourOfDay" schema:"min=0,max=23"`
	DayOfWeek int `json:"dayOfWeek" schema:"min=0,max=6" doc:"Sunday = 0"`
	Count     int `json:"count"`
}

// Common is what the analytics of every Pearl have. Lists are never nil and hold only what occurred.
type Common struct {
	Overview         Overview         `json:"callsStatusOverview"`
	Sentiments       Sentiments       `json:"callsSentimentOverview"`
	StatusTimeLine   []DayOverview    `json:"callsStatusTimeLine"`
	DurationTimeLine []DayDuration    `json:"callsAverageTimeLine"`
	CostTimeLine     []DayCost        `json:"callsCostTimeLine"`
	SuccessTimeLine  []DaySuccessRate `json:"callsSuccessRateTimeLine"`
	Labels           []Label          `json:"callLabelCount"`
	Events           Events           `json:"callEventsCounts"`
	HoursOfWeek      []HourOfWeek     `json:"callsByHourDayOfWeeks"`
}

// Pickup is what the analytics of campaigns have besides.
type Pickup struct {
	PickupTimeLine []DayPickupRate `json:"callsPickupRateTimeLine"`
}

// Reach is whom calls reached, and when. Only version 2 tells.
type Reach struct {
	TalkedLeads   int          `json:"talkedLeads" doc:"distinct leads who were talked to: a person answered, and not a machine"`
	AnsweredHours []HourOfWeek `json:"answeredByHourDayOfWeeks" doc:"those of callsByHourDayOfWeeks that were answered"`
}

// Report is the analytics of a Pearl over a range of time.
type Report struct {
	Common
	Pickup
	Reach
}

// Report is what was added up. tags are those that the Pearl declares.
func (t *Tally) Report(tags []campaign.Tag) Report {
	var all sums
	for _, day := range t.days {
		all.addAll(day)
	}
	leads, leadsDaily := t.leads.count()
	wrongCodes, wrongCodesDaily := t.wrongCodes.count()
	report := Report{Common: Common{
		Overview: all.overview(leads, wrongCodes), Sentiments: all.sentiments(), Labels: labels(t.tags, tags),
		Events: Events{CallTransferred: int(all[transferred]), SMSSent: int(all[smsSent]), EmailSent: int(all[emailsSent])}, HoursOfWeek: []HourOfWeek{},
	}}
	report.TalkedLeads, _ = t.talked.count()
	report.AnsweredHours = []HourOfWeek{}
	for n, counted := range t.hours {
		hour := HourOfWeek{HourOfDay: n % 24, DayOfWeek: n / 24, Count: int(counted.calls)}
		if hour.Count > 0 {
			report.HoursOfWeek = append(report.HoursOfWeek, hour)
		}
		if hour.Count = int(counted.answered); hour.Count > 0 {
			report.AnsweredHours = append(report.AnsweredHours, hour)
		}
	}
	t.timeLines(&report, leadsDaily, wrongCodesDaily)
	return report
}

func (s *sums) overview(leads, wrongCodes int) Overview {
	return Overview{
		TotalCalls: int(s[totalCalls]), TotalLeads: leads, NeedRetry: int(s[needRetry]), WrongCountryCode: wrongCodes,
		NeedFollowUp: int(s[needFollowUp]), VoiceMailLeft: int(s[voiceMailLeft]), Successful: int(s[successful]), Unsuccessful: int(s[unsuccessful]),
		WrongNumber: int(s[wrongNumber]), Completed: int(s[completed]), Unreachable: int(s[unreachable]), Error: int(s[failed]),
		AnsweredCalls: int(s[answered]),
	}
}

func (s *sums) sentiments() Sentiments {
	return Sentiments{
		Negative: int(s[negative]), SlightlyNegative: int(s[slightlyNegative]), Neutral: int(s[neutral]),
		SlightlyPositive: int(s[slightlyPositive]), Positive: int(s[positive]),
	}
}

// timeLines has an entry for every day with calls, and for no other.
func (t *Tally) timeLines(r *Report, leads, wrongCodes map[int64]int) {
	r.StatusTimeLine, r.DurationTimeLine = make([]DayOverview, 0, len(t.days)), make([]DayDuration, 0, len(t.days))
	r.CostTimeLine, r.SuccessTimeLine = make([]DayCost, 0, len(t.days)), make([]DaySuccessRate, 0, len(t.days))
	r.PickupTimeLine = make([]DayPickupRate, 0, len(t.days))
	for _, n := range slices.Sorted(maps.Keys(t.days)) {
		day, date := t.days[n], Day(n)
		o := day.overview(leads[n], wrongCodes[n])
		if o.TotalCalls == 0 {
			continue
		}
		price := float64(day[cost]) / 100
		r.StatusTimeLine = append(r.StatusTimeLine, DayOverview{date, o})
		r.DurationTimeLine = append(r.DurationTimeLine, DayDuration{date, ratio(float64(day[seconds]), o.AnsweredCalls)})
		r.CostTimeLine = append(r.CostTimeLine, DayCost{date, price, ratio(price, o.TotalCalls)})
		r.PickupTimeLine = append(r.PickupTimeLine, DayPickupRate{date, ratio(100*float64(o.AnsweredCalls), o.TotalCalls)})
		r.SuccessTimeLine = append(r.SuccessTimeLine, DaySuccessRate{date, ratio(100*float64(o.Successful), o.AnsweredCalls)})
	}
}

// ratio is sum / count to four places, 0 of nothing.
func ratio(sum float64, count int) float64 {
	if count == 0 {
		return 0
	}
	return math.Round(sum/float64(count)*1e4) / 1e4
}

// labels are the tags that occurred, the most frequent first.
func labels(counts map[string]*int64, declared []campaign.Tag) []Label {
	found := make([]Label, 0, len(counts))
	for name, count := range counts {
		label := Label{Name: name, Count: int(*count)}
		if n := slices.IndexFunc(declared, func(t campaign.Tag) bool { return t.Name == name }); n >= 0 {
			label.ID, label.Color = declared[n].ID, declared[n].Color
		}
		found = append(found, label)
	}
	slices.SortFunc(found, func(a, b Label) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Name, b.Name))
	})
	return found
}
