package v1

import (
	"time"

	"nacre/internal/account"
	"nacre/internal/api/analytics"
	"nacre/internal/api/route"
	"nacre/internal/report"
)

// outboundReport is a report as version 1 knows it.
type outboundReport struct {
	report.Common
	report.Pickup
}

// inboundReport is a report without the rate of calls that were picked up, which an inbound Pearl does not have here.
type inboundReport struct{ report.Common }

func analyticsRoutes(services route.Services) []route.Route {
	of := func(pattern string, kind route.PearlKind, summary string) route.Route {
		return route.Route{
			Method: "POST", Pattern: pattern, Pearl: kind, Tag: "Analytics", Scope: account.ScopeRead, Timeout: time.Minute, Summary: summary,
		}
	}
	return []route.Route{
		route.Handle(of("/v1/Outbound/{outboundId}/Analytics", route.OutboundPearl, "Analyse the calls of a campaign"),
			func(r *route.Request, in analytics.Range) (outboundReport, error) {
				found, err := analytics.Find(services, r, in)
				return outboundReport{found.Common, found.Pickup}, err
			}),
		route.Handle(of("/v1/Inbound/{inboundId}/Analytics", route.InboundPearl, "Analyse the calls of an inbound Pearl"),
			func(r *route.Request, in analytics.Range) (inboundReport, error) {
				found, err := analytics.Find(services, r, in)
				return inboundReport{found.Common}, err
			}),
	}
}
