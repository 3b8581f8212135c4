// Package analytics decides how the analytics routes of both versions work: they differ in their paths and in which
// members they show. It refuses to know how figures are added up.
package analytics

import (
	"fmt"
	"time"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/fault"
	"nacre/internal/report"
)

// Range is the body of the analytics routes (contract 4).
type Range struct {
	From body.Optional[time.Time] `json:"from" api:"required" doc:"inclusive, over startTime"`
	To   body.Optional[time.Time] `json:"to" api:"required" doc:"inclusive; at most 90 days after from"`
}

// Check judges order and length.
func (in *Range) Check(faults *fault.List) {
	switch from, to := in.From.Value, in.To.Value; {
	case !in.From.Set() || !in.To.Set():
	case from.After(to):
		faults.Add("From", "The value is after to.")
	case to.Sub(from) > report.MaxRange:
		faults.Add("To", "The range is longer than %d days.", report.MaxRange/(24*time.Hour))
	}
}

// Find adds up the calls of the Pearl in the path, by the days and hours of its own zone, which need not be that of its leads.
func Find(services route.Services, r *route.Request, in Range) (report.Report, error) {
	tally := report.NewTally(wire.ZoneOf(r.Pearl).Location())
	if err := services.Queries.TallyCalls(r.Context(), r.Actor.Account, r.Pearl.ID, in.From.Value, in.To.Value, tally); err != nil {
		return report.Report{}, fmt.Errorf("analyse calls: %w", err)
	}
	return tally.Report(r.Pearl.Definition.IndicatorTags), nil
}
