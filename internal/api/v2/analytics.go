package v2

import (
	"time"

	"nacre/internal/account"
	"nacre/internal/api/analytics"
	"nacre/internal/api/route"
	"nacre/internal/campaign"
	"nacre/internal/report"
)

// typedReport says besides whether the calls came in or went out.
type typedReport struct {
	CallType campaign.Type `json:"callType" doc:"1 inbound, 2 outbound"`
	report.Report
}

func analyticsRoutes(services route.Services) []route.Route {
	return []route.Route{route.Handle(route.Route{
		Method: "POST", Pattern: "/v2/Pearl/{pearlId}/Analytics", Pearl: route.AnyPearl, Tag: "Analytics", Scope: account.ScopeRead, Timeout: time.Minute,
		Summary: "Analyse the calls of a Pearl",
	}, func(r *route.Request, in analytics.Range) (typedReport, error) {
		found, err := analytics.Find(services, r, in)
		return typedReport{CallType: r.Pearl.Type, Report: found}, err
	})}
}
