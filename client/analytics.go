package client

import (
	"context"
	"net/http"
	"time"
)

// CallCounts are calls by what came of them; a count of leads beside them.
type CallCounts struct {
	TotalLeads       int `json:"totalLeads"`
	TotalCalls       int `json:"totalCalls"`
	AnsweredCalls    int `json:"answeredCalls"`
	Successful       int `json:"successful"`
	Unsuccessful     int `json:"unsuccessful"`
	Completed        int `json:"completed"`
	NeedRetry        int `json:"needRetry"`
	NeedFollowUp     int `json:"needFollowUp"`
	VoiceMailLeft    int `json:"voiceMailLeft"`
	Unreachable      int `json:"unreachable"`
	WrongNumber      int `json:"wrongNumber"`
	WrongCountryCode int `json:"wrongCountryCode"`
	Errors           int `json:"error"`
}

// DayCounts are the counts of a day.
type DayCounts struct {
	Date time.Time `json:"date"`
	CallCounts
}

// HourOfWeek is how many calls began in an hour of the week, on the clocks of the Pearl's zone.
type HourOfWeek struct {
	DayOfWeek int `json:"dayOfWeek"` // 0 is Sunday
	HourOfDay int `json:"hourOfDay"`
	Count     int `json:"count"`
}

// Analytics are the figures of a Pearl over a time (contract 4).
type Analytics struct {
	CallType int         `json:"callType"` // Inbound, Outbound
	Overview CallCounts  `json:"callsStatusOverview"`
	Days     []DayCounts `json:"callsStatusTimeLine"`
	Costs    []struct {
		Date       time.Time `json:"date"`
		PerCall    float64   `json:"averageCostPerCall"`
		TotalPrice float64   `json:"totalPrice"`
	} `json:"callsCostTimeLine"`
	Durations []struct {
		Date    time.Time `json:"date"`
		Average float64   `json:"averageCallDuration"` // seconds
	} `json:"callsAverageTimeLine"`
	PickupRates []struct {
		Date    time.Time `json:"date"`
		Percent float64   `json:"pickupRatePercentage"`
	} `json:"callsPickupRateTimeLine"`
	SuccessRates []struct {
		Date    time.Time `json:"date"`
		Percent float64   `json:"successRatePercentage"`
	} `json:"callsSuccessRateTimeLine"`
	Hours         []HourOfWeek `json:"callsByHourDayOfWeeks"`
	AnsweredHours []HourOfWeek `json:"answeredByHourDayOfWeeks"`
	TalkedLeads   int          `json:"talkedLeads"` // distinct leads a person of whom was on the line
	Sentiments    struct {
		Negative         int `json:"negative"`
		SlightlyNegative int `json:"slightlyNegative"`
		Neutral          int `json:"neutral"`
		SlightlyPositive int `json:"slightlyPositive"`
		Positive         int `json:"positive"`
	} `json:"callsSentimentOverview"`
	Tags []struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Color int    `json:"color"`
		Count int    `json:"count"`
	} `json:"callLabelCount"`
	Events struct {
		CalendarBooked  int `json:"calendarBookedCount"`
		CallTransferred int `json:"callTransferredCount"`
		EmailSent       int `json:"emailSentCount"`
		SMSSent         int `json:"smsSentCount"`
		TakeMessage     int `json:"takeMessageCount"`
	} `json:"callEventsCounts"`
}

// Analytics returns the figures of a Pearl's calls that began from from to to.
func (c *Client) Analytics(ctx context.Context, pearlID string, from, to time.Time) (*Analytics, error) {
	figures := new(Analytics)
	body := map[string]time.Time{"from": from, "to": to}
	if _, err := c.do(ctx, request{method: http.MethodPost, path: v2("Pearl", pearlID, "Analytics"), body: body}, figures); err != nil {
		return nil, err
	}
	return figures, nil
}
