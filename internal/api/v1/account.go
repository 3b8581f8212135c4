package v1

import (
	"fmt"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
)

func accountRoutes(services route.Services) []route.Route {
	get := func(r *route.Request, _ route.None) (wire.Account, error) {
		owner, err := services.Queries.ReadAccount(r.Context(), r.Actor.Account)
		if err != nil {
			return wire.Account{}, fmt.Errorf("read account: %w", err)
		}
		return wire.NewAccount(owner, services.Engine.CreditsBind), nil
	}
	return []route.Route{
		route.Handle(route.Route{Method: "GET", Pattern: "/v1/Account", Tag: "Account", Scope: account.ScopeRead, Summary: "Get the account"}, get),
	}
}
