package v2

import (
	"nacre/internal/account"
	"nacre/internal/api/route"
)

func sandboxCampaignRoutes(services route.Services) []route.Route {
	return []route.Route{route.Handle(route.Route{
		Method: "POST", Pattern: "/v2/SandboxCampaign", Tag: "Pearls", Extension: true, Scope: account.ScopeFull, BodyOptional: true,
		Summary: "Make and run a campaign that calls simulated people", Description: "The campaign of nacre demo with its sixty leads, on a number of the sandbox carrier. It runs when this is answered.",
	}, func(r *route.Request, _ nothing) (made, error) {
		pearlID, err := services.Engine.CreateSandboxCampaign(r.Context(), r.Actor)
		if err != nil {
			return made{}, err
		}
		_, err = services.Engine.SetActive(r.Context(), r.Actor, pearlID, true, false)
		return made{pearlID}, err
	})}
}
