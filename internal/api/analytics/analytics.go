// Package analytics decides how the analytics routes of both versions work: they differ in their paths and in which
// members they show. It refuses to know how figures are added up.
package analytics

import (
	"fmt"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/fault"
	"nacre/internal/report"
	"nacre/internal/zone"
)

// Range is the body of the analytics routes (contract 4).
type Range struct {
	From time.Time `json:"from" api:"required" doc:"inclusive, over startTime"`
	To   time.Time `json:"to" api:"required" doc:"inclusive; at most 90 days after from"`
}

// Check judges order and length.
func (in *Range) Check(faults *fault.List) {
	switch {
	case in.From.IsZero() || in.To.IsZero():
	case in.From.After(in.To):
		faults.Add("From", "The value is after to.")
	case in.To.Sub(in.From) > report.MaxRange:
		faults.Add("To", "The range is longer than %d days.", report.MaxRange/(24*time.Hour))
	}
}

// Find adds up the calls of the Pearl in the path.
func Find(services route.Services, r *route.Request, in Range) (report.Report, error) {
	location := time.UTC
	if z, ok := zone.Parse(r.Pearl.LeadZone()); ok {
		location = z.Location()
	}
	tally := report.NewTally(location)
	if err := services.Queries.TallyCalls(r.Context(), r.Actor.Account, r.Pearl.ID, in.From, in.To, tally); err != nil {
		return report.Report{}, fmt.Errorf("analyse calls: %w", err)
	}
	return tally.Report(r.Pearl.Definition.IndicatorTags), nil
}
