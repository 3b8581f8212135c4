package v2

import (
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/fault"
	"nacre/internal/id"
)

type keyHandlers struct{ route.Services }

func keyRoutes(services route.Services) []route.Route {
	h := keyHandlers{services}
	const all = "/v2/Account/Keys"
	r := func(r route.Route) route.Route {
		r.Tag, r.Extension, r.Scope = "Account", true, account.ScopeFull
		return r
	}
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: all, Summary: "List API keys"}), h.list),
		route.Handle(r(route.Route{Method: "POST", Pattern: all, Summary: "Make an API key", Description: "Its text is answered once and stored nowhere."}), h.create),
		route.Handle(r(route.Route{Method: "DELETE", Pattern: all + "/{keyId}", Summary: "Delete an API key", Description: "It stops working at once."}), h.delete),
	}
}

// keyRow is an API key; its text is not known any more.
type keyRow struct {
	ID         id.ID         `json:"id"`
	Name       string        `json:"name"`
	Scope      account.Scope `json:"scope"`
	CreatedAt  wire.Time     `json:"createdAt"`
	ExpiresAt  *wire.Time    `json:"expiresAt"`
	LastUsedAt *wire.Time    `json:"lastUsedAt"`
}

func (h keyHandlers) list(r *route.Request, _ route.None) ([]keyRow, error) {
	keys, err := h.Queries.Keys(r.Context(), r.Actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	rows := make([]keyRow, len(keys))
	for n, k := range keys {
		rows[n] = keyRow{ID: k.ID, Name: k.Name, Scope: k.Scope, CreatedAt: wire.Time(k.Created), ExpiresAt: wire.At(k.Expires), LastUsedAt: wire.At(k.LastUsed)}
	}
	return rows, nil
}

// newKey is the body of making a key.
type newKey struct {
	Name      string                   `json:"name" api:"required,maxlen=200"`
	Scope     body.Optional[string]    `json:"scope" schema:"values=read|leads|full" doc:"absent = full"`
	ExpiresAt body.Optional[time.Time] `json:"expiresAt" doc:"in the future, and not after the key that asks; absent = never"`
}

// Check judges the scope.
func (in *newKey) Check(faults *fault.List) {
	switch account.Scope(in.Scope.Value) {
	case "", account.ScopeRead, account.ScopeLeads, account.ScopeFull:
	default:
		faults.Add("Scope", "The value '%.20s' is not valid; it must be read, leads or full.", in.Scope.Value)
	}
}

// madeKey is a key with its text.
type madeKey struct {
	ID  id.ID  `json:"id"`
	Key string `json:"key" doc:"AccountId:SecretKey, shown once"`
}

func (h keyHandlers) create(r *route.Request, in newKey) (madeKey, error) {
	scope := account.Scope(in.Scope.Value)
	if scope == "" {
		scope = account.ScopeFull
	}
	if in.ExpiresAt.Set() && !in.ExpiresAt.Value.After(r.Now) {
		return madeKey{}, fault.Bad("ExpiresAt", "The value is not in the future.")
	}
	if expires := r.Asker.Key.Expires; !expires.IsZero() && (!in.ExpiresAt.Set() || in.ExpiresAt.Value.After(expires)) {
		return madeKey{}, fault.Bad("ExpiresAt", "The key that asks expires at %s: a key that it makes must expire by then.", expires.UTC().Format(time.RFC3339))
	}
	keyID, text, err := h.Engine.CreateKey(r.Context(), r.Actor, in.Name, scope, in.ExpiresAt.Value)
	return madeKey{ID: keyID, Key: text}, err
}

func (h keyHandlers) delete(r *route.Request, _ route.None) (bool, error) {
	keyID, err := r.ID("keyId")
	if err != nil {
		return false, err
	}
	err = h.Engine.DeleteKey(r.Context(), r.Actor, keyID)
	return err == nil, err
}
