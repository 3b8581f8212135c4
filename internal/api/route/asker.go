package route

import (
	"context"
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Asker is who sends a request: a key, or a person who is signed in (contract 0.4, 12.2). The zero value is nobody.
type Asker struct {
	Account id.ID
	Key     account.Key  // zero unless a key asks
	Person  account.User // zero unless a person asks
	Until   time.Time    // when the key, or the session, ends; zero: never
	Session string       // names a person's session; it is no token
}

// IsPerson reports whether a person asks.
func (a Asker) IsPerson() bool { return !a.Person.ID.Zero() }

// ID is that of the key or the person.
func (a Asker) ID() id.ID {
	if a.IsPerson() {
		return a.Person.ID
	}
	return a.Key.ID
}

// Actor is on whose behalf the engine is to act; trace is the request's.
func (a Asker) Actor(trace string) engine.Actor {
	if a.IsPerson() {
		return engine.PersonActor(a.Person, trace)
	}
	return engine.Actor{Account: a.Account, By: engine.KeyPrefix + string(a.Key.ID), Name: a.Key.Name, Trace: trace}
}

// May is nil where the asker may use the route, fault.Denied where not.
func (a Asker) May(r *Route) error {
	switch {
	case a.IsPerson() && !a.Person.Role.Allows(r.Role):
		return &fault.Error{Kind: fault.Denied, Detail: fmt.Sprintf("You are %s; this needs %s.", a.Person.Role, r.Role)}
	case a.IsPerson():
		return nil
	case r.Persons:
		return &fault.Error{Kind: fault.Denied, Detail: "This route is for people who are signed in, not for keys."}
	case !allows(a.Key.Scope, r.Scope):
		return &fault.Error{Kind: fault.Denied, Detail: fmt.Sprintf("The key has the scope %q; this route needs %q.", a.Key.Scope, r.Scope)}
	}
	return nil
}

// allows: read < leads < full.
func allows(has, needs account.Scope) bool {
	switch needs {
	case account.ScopeRead:
		return true
	case account.ScopeLeads:
		return has == account.ScopeLeads || has == account.ScopeFull
	default:
		return has == account.ScopeFull
	}
}

// usualRole is the least role that may use a route for keys of a scope, where the route names none.
func usualRole(scope account.Scope) account.Role {
	switch scope {
	case account.ScopeRead:
		return account.Viewer
	case account.ScopeLeads:
		return account.Operator
	default:
		return account.Admin
	}
}

// Browser is the browser that asks, which a route signs in or out. Implemented by api.
type Browser interface {
	// MaySignIn is fault.Denied where the connection is not one over which a session may go.
	MaySignIn() error
	// Begin begins a session of the person, and gives the browser its cookie with the answer.
	Begin(ctx context.Context, person account.User) (until time.Time, err error)
	// End ends the session, and takes the cookie back.
	End(ctx context.Context) error
	// Address is where the request comes from, as attempts are counted.
	Address() string
}
