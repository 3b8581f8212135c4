package v2

import (
	"fmt"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/id"
)

type peopleHandlers struct{ route.Services }

func peopleRoutes(services route.Services) []route.Route {
	h := peopleHandlers{services}
	const all, one = "/v2/Account/Users", "/v2/Account/Users/{userId}"
	owners := func(r route.Route) route.Route {
		r.Tag, r.Extension, r.Scope, r.Role, r.Persons = "People", true, account.ScopeFull, account.Owner, true
		return r
	}
	return []route.Route{
		route.Handle(route.Route{Method: "GET", Pattern: all, Tag: "Account", Scope: account.ScopeRead, Summary: "List the people of the account",
			Description: "An account that is used by keys alone has none."}, h.list),
		route.Handle(owners(route.Route{Method: "POST", Pattern: all, Summary: "Invite somebody", Description: "The code is for POST /v2/Join, and shown once."}), h.invite),
		route.Handle(owners(route.Route{Method: "PUT", Pattern: one, Summary: "Change a person's role"}), h.setRole),
		route.Handle(owners(route.Route{Method: "POST", Pattern: one + "/Code", BodyOptional: true, Summary: "Make a code for a new password", Description: "For who has not joined in time, or has lost password or telephone. It is for POST /v2/Join, and shown once; the password holds until it is used."}), h.renewCode),
		route.Handle(owners(route.Route{Method: "DELETE", Pattern: one, Summary: "Remove a person", Description: "The person's sessions end at once."}), h.remove),
	}
}

// user is a person of the account.
type user struct {
	ID           id.ID        `json:"id"`
	Email        string       `json:"email"`
	RoleID       account.Role `json:"roleId"`
	RoleName     string       `json:"roleName"`
	CreatedAt    wire.Time    `json:"createdAt"`
	HasJoined    bool         `json:"hasJoined" doc:"has a password, and can sign in"`
	HasTwoFactor bool         `json:"hasTwoFactor"`
}

func (h peopleHandlers) list(r *route.Request, _ route.None) ([]user, error) {
	people, err := h.Queries.People(r.Context(), r.Actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	rows := make([]user, len(people))
	for n, u := range people {
		rows[n] = user{
			ID: u.ID, Email: u.Email, RoleID: u.Role, RoleName: u.Role.String(), CreatedAt: wire.Time(u.Created), HasJoined: u.Joined(), HasTwoFactor: u.TwoFactor.Confirmed,
		}
	}
	return rows, nil
}

// invitation is the body of an invitation.
type invitation struct {
	Email  string       `json:"email" api:"required,maxlen=254"`
	RoleID account.Role `json:"roleId" api:"required,enum=1|2|3|4" schema:"table=UserRole"`
}

// invited is who was invited.
type invited struct {
	ID        id.ID     `json:"id"`
	Code      string    `json:"code" doc:"for POST /v2/Join, shown once"`
	ExpiresAt wire.Time `json:"expiresAt"`
}

func (h peopleHandlers) invite(r *route.Request, in invitation) (invited, error) {
	made, code, err := h.Engine.InviteUser(r.Context(), r.Actor, in.Email, in.RoleID)
	return invited{ID: made.ID, Code: code, ExpiresAt: wire.Time(made.CodeExpires)}, err
}

// roleChange is the body of a change of a role.
type roleChange struct {
	RoleID account.Role `json:"roleId" api:"required,enum=1|2|3|4" schema:"table=UserRole"`
}

func (h peopleHandlers) setRole(r *route.Request, in roleChange) (bool, error) {
	userID, err := r.ID("userId")
	if err != nil {
		return false, err
	}
	err = h.Engine.UpdateUserRole(r.Context(), r.Actor, userID, in.RoleID)
	return err == nil, err
}

// renewed is a new code.
type renewed struct {
	Code      string    `json:"code" doc:"for POST /v2/Join, shown once"`
	ExpiresAt wire.Time `json:"expiresAt"`
}

func (h peopleHandlers) renewCode(r *route.Request, _ nothing) (renewed, error) {
	userID, err := r.ID("userId")
	if err != nil {
		return renewed{}, err
	}
	code, expires, err := h.Engine.RenewCode(r.Context(), r.Actor, userID)
	return renewed{Code: code, ExpiresAt: wire.Time(expires)}, err
}

func (h peopleHandlers) remove(r *route.Request, _ route.None) (bool, error) {
	userID, err := r.ID("userId")
	if err != nil {
		return false, err
	}
	err = h.Engine.RemoveUser(r.Context(), r.Actor, userID)
	return err == nil, err
}
