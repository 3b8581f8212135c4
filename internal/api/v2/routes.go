// Package v2 decides what version 2 of the API looks like: its routes, its names and its answers. It refuses to know
// version 1, authentication and transport.
package v2

import (
	"slices"

	"nacre/internal/api/route"
)

// Routes are all routes of the version.
func Routes(services route.Services) []route.Route {
	return slices.Concat(
		leadRoutes(services), pearlRoutes(services), versionRoutes(services), trialRoutes(services), actionRoutes(services), webhookRoutes(services), callRoutes(services), accountRoutes(services),
		keyRoutes(services), peopleRoutes(services), signInRoutes(services), blacklistRoutes(services), numberRoutes(services), trunkRoutes(services), analyticsRoutes(services), eventRoutes(services), attentionRoutes(services), sandboxCampaignRoutes(services), providerRoutes(services),
	)
}
