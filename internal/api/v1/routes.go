// Package v1 decides what version 1 of the API looks like: its routes, its names and its answers. It refuses to know
// version 2, authentication and transport.
package v1

import (
	"slices"

	"nacre/internal/api/route"
)

// Routes are all routes of the version.
func Routes(services route.Services) []route.Route {
	return slices.Concat(leadRoutes(services), pearlRoutes(services), callRoutes(services), accountRoutes(services), analyticsRoutes(services))
}
