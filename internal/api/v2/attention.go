package v2

import (
	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
)

func attentionRoutes(services route.Services) []route.Route {
	return []route.Route{route.Handle(route.Route{
		Method: "GET", Pattern: "/v2/Attention", Tag: "Account", Extension: true, Scope: account.ScopeRead,
		Summary: "List what needs attention", Description: "What matters most comes first. An answer may be five seconds old.",
	}, func(r *route.Request, _ route.None) ([]matter, error) {
		found, err := services.Engine.Attention(r.Context(), r.Actor.Account)
		if err != nil {
			return nil, err
		}
		rows := make([]matter, len(found))
		for n, m := range found {
			rows[n] = matter{
				Kind: m.Kind, Severity: m.Severity, Text: m.Text, PearlID: wire.Text(string(m.Pearl)), TrunkID: wire.Text(string(m.Trunk)), Since: wire.At(m.Since), Until: wire.At(m.Until),
			}
		}
		return rows, nil
	})}
}

// matter is something that needs attention.
type matter struct {
	Kind     string          `json:"kind" schema:"values=account|trunk|number|budget|webhook|hours|held|disk|voice|ears|model"`
	Severity engine.Severity `json:"severity" schema:"values=error|warning|info" doc:"error: nothing gets done before it is mended; info: goes on by itself"`
	Text     string          `json:"text"`
	PearlID  *string         `json:"pearlId"`
	TrunkID  *string         `json:"trunkId"`
	Since    *wire.Time      `json:"since" doc:"null = not known"`
	Until    *wire.Time      `json:"until" doc:"when it ends by itself; null = it does not"`
}
