package v2

import (
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/id"
)

type signInHandlers struct{ route.Services }

func signInRoutes(services route.Services) []route.Route {
	h := signInHandlers{services}
	of := func(r route.Route) route.Route {
		r.Tag, r.Extension, r.Scope, r.Role = "People", true, account.ScopeRead, account.Viewer
		return r
	}
	open := func(r route.Route) route.Route {
		r.Open = true
		return of(r)
	}
	persons := func(r route.Route) route.Route {
		r.Persons = true
		return of(r)
	}
	const everywhere = "It lasts seven days, in a cookie. Over plain HTTP people sign in on the machine of the server alone."
	return []route.Route{
		route.Handle(open(route.Route{Method: "GET", Pattern: "/v2/FirstStart", Summary: "Ask whether nobody can sign in yet"}), h.isFirstStart),
		route.Handle(open(route.Route{Method: "POST", Pattern: "/v2/FirstStart", Summary: "Make the first owner", Description: "With the code that nacre serve prints. It signs the owner in."}), h.firstStart),
		route.Handle(open(route.Route{Method: "POST", Pattern: "/v2/SignIn", Summary: "Sign in", Description: everywhere}), h.signIn),
		route.Handle(open(route.Route{Method: "POST", Pattern: "/v2/Join", Summary: "Set a password by a code", Description: "The code is that of an invitation, or one for who has lost a password. It works once, for seven days, and signs the person in."}), h.join),
		route.Handle(persons(route.Route{Method: "POST", Pattern: "/v2/SignOut", BodyOptional: true, Summary: "Sign out"}), h.signOut),
		route.Handle(persons(route.Route{Method: "POST", Pattern: "/v2/SignOut/Everywhere", BodyOptional: true, Summary: "Sign out of all browsers"}), h.signOutEverywhere),
		route.Handle(of(route.Route{Method: "GET", Pattern: "/v2/Me", Summary: "Ask who asks", Description: "Keys may ask too."}), h.me),
		route.Handle(persons(route.Route{Method: "PUT", Pattern: "/v2/Me/Password", Summary: "Change one's password", Description: "The person's other sessions end."}), h.setPassword),
		route.Handle(persons(route.Route{Method: "POST", Pattern: "/v2/Me/TwoFactor", Summary: "Get a secret for an authenticator app", Description: "It is not asked for before it is confirmed."}), h.offerTwoFactor),
		route.Handle(persons(route.Route{Method: "PUT", Pattern: "/v2/Me/TwoFactor", Summary: "Confirm the secret by a code", Description: "From now on codes are asked for. The person's other sessions end."}), h.confirmTwoFactor),
		route.Handle(persons(route.Route{Method: "DELETE", Pattern: "/v2/Me/TwoFactor", Summary: "Turn two-factor authentication off"}), h.endTwoFactor),
	}
}

// me is who asks.
type me struct {
	AccountID     id.ID          `json:"accountId"`
	AccountName   string         `json:"accountName"`
	Scope         *account.Scope `json:"scope" doc:"of the key; null for people"`
	Key           *myKey         `json:"key" doc:"null for people"`
	Person        *myself        `json:"person" doc:"null for keys"`
	SignedInUntil *wire.Time     `json:"signedInUntil" doc:"null for keys"`
}

type myKey struct {
	ID        id.ID      `json:"id"`
	Name      string     `json:"name"`
	ExpiresAt *wire.Time `json:"expiresAt"`
}

type myself struct {
	ID           id.ID        `json:"id"`
	Email        string       `json:"email"`
	RoleID       account.Role `json:"roleId"`
	RoleName     string       `json:"roleName"`
	HasTwoFactor bool         `json:"hasTwoFactor"`
}

func (h signInHandlers) me(r *route.Request, _ route.None) (me, error) {
	if r.Asker.IsPerson() {
		return h.person(r, r.Asker.Person, r.Asker.Until)
	}
	owner, err := h.Queries.ReadAccount(r.Context(), r.Asker.Account)
	if err != nil {
		return me{}, fmt.Errorf("read account: %w", err)
	}
	key := r.Asker.Key
	return me{AccountID: owner.ID, AccountName: owner.Name, Scope: &key.Scope, Key: &myKey{ID: key.ID, Name: key.Name, ExpiresAt: wire.At(key.Expires)}}, nil
}

func (h signInHandlers) person(r *route.Request, person account.User, until time.Time) (me, error) {
	owner, err := h.Queries.ReadAccount(r.Context(), person.Account)
	if err != nil {
		return me{}, fmt.Errorf("read account: %w", err)
	}
	return me{
		AccountID: owner.ID, AccountName: owner.Name, SignedInUntil: wire.At(until),
		Person: &myself{ID: person.ID, Email: person.Email, RoleID: person.Role, RoleName: person.Role.String(), HasTwoFactor: person.TwoFactor.Confirmed},
	}, nil
}

// begin signs the browser in and answers who that is.
func (h signInHandlers) begin(r *route.Request, person account.User) (me, error) {
	until, err := r.Browser.Begin(r.Context(), person)
	if err != nil {
		return me{}, err
	}
	return h.person(r, person, until)
}

// firstStarted says whether the first owner is still to be made.
type firstStarted struct {
	IsOpen bool `json:"isOpen"`
}

func (h signInHandlers) isFirstStart(r *route.Request, _ route.None) (firstStarted, error) {
	open, err := h.Engine.FirstStartOpen(r.Context())
	return firstStarted{IsOpen: open}, err
}

// firstStart is the body of the first start.
type firstStart struct {
	Code     string `json:"code" api:"required,maxlen=100" doc:"as nacre serve prints it"`
	Email    string `json:"email" api:"required,maxlen=254"`
	Password string `json:"password" api:"required" doc:"12 to 256 characters"`
	Company  string `json:"company" api:"required,maxlen=200" doc:"name of the account"`
}

func (h signInHandlers) firstStart(r *route.Request, in firstStart) (me, error) {
	if err := r.Browser.MaySignIn(); err != nil {
		return me{}, err
	}
	owner, err := h.Engine.FirstStart(r.Context(), in.Code, in.Email, in.Password, in.Company, r.Browser.Address())
	if err != nil {
		return me{}, err
	}
	return h.begin(r, owner)
}

// credentials are the body of signing in.
type credentials struct {
	Email    string                `json:"email" api:"required,maxlen=254"`
	Password string                `json:"password" api:"required"`
	Code     body.Optional[string] `json:"code" api:"maxlen=20" doc:"of the authenticator app, where the person has one: without it 400 errors.Code"`
}

func (h signInHandlers) signIn(r *route.Request, in credentials) (me, error) {
	if err := r.Browser.MaySignIn(); err != nil {
		return me{}, err
	}
	person, err := h.Engine.SignIn(r.Context(), in.Email, in.Password, in.Code.Value, r.Browser.Address())
	if err != nil {
		return me{}, err
	}
	return h.begin(r, person)
}

// joining is the body of setting a password by a code.
type joining struct {
	Code     string `json:"code" api:"required,maxlen=100"`
	Password string `json:"password" api:"required" doc:"12 to 256 characters"`
}

func (h signInHandlers) join(r *route.Request, in joining) (me, error) {
	if err := r.Browser.MaySignIn(); err != nil {
		return me{}, err
	}
	person, err := h.Engine.Join(r.Context(), in.Code, in.Password, r.Browser.Address())
	if err != nil {
		return me{}, err
	}
	return h.begin(r, person)
}

// nothing is a body without members.
type nothing struct{}

func (h signInHandlers) signOut(r *route.Request, _ nothing) (bool, error) {
	err := r.Browser.End(r.Context())
	return err == nil, err
}

func (h signInHandlers) signOutEverywhere(r *route.Request, _ nothing) (bool, error) {
	if err := h.Engine.SignOutEverywhere(r.Context(), r.Actor, r.Asker.Person.ID); err != nil {
		return false, err
	}
	err := r.Browser.End(r.Context())
	return err == nil, err
}

// newPassword is the body of a change of one's password.
type newPassword struct {
	Password    string `json:"password" api:"required" doc:"the one that holds now"`
	NewPassword string `json:"newPassword" api:"required" doc:"12 to 256 characters"`
}

func (h signInHandlers) setPassword(r *route.Request, in newPassword) (bool, error) {
	person, err := h.Engine.SetPassword(r.Context(), r.Asker.Person, in.Password, in.NewPassword, r.Asker.Session, r.Actor.Trace)
	if err != nil {
		return false, err
	}
	_, err = r.Browser.Begin(r.Context(), person)
	return err == nil, err
}

// password is the body of what a person proves by the password.
type password struct {
	Password string `json:"password" api:"required"`
}

// offer is a secret for an authenticator app.
type offer struct {
	Secret string `json:"secret" doc:"base32; RFC 6238 with SHA-1, 6 digits, 30 seconds"`
	URI    string `json:"uri" doc:"otpauth://…, for a picture that the app reads"`
}

func (h signInHandlers) offerTwoFactor(r *route.Request, in password) (offer, error) {
	secret, uri, err := h.Engine.OfferTwoFactor(r.Context(), r.Asker.Person, in.Password, r.Asker.Session, r.Actor.Trace)
	return offer{Secret: secret, URI: uri}, err
}

// shownCode is the body of a confirmation.
type shownCode struct {
	Code string `json:"code" api:"required,maxlen=20" doc:"that the app shows now"`
}

func (h signInHandlers) confirmTwoFactor(r *route.Request, in shownCode) (bool, error) {
	person, err := h.Engine.ConfirmTwoFactor(r.Context(), r.Asker.Person, in.Code, r.Asker.Session, r.Actor.Trace)
	if err != nil {
		return false, err
	}
	_, err = r.Browser.Begin(r.Context(), person)
	return err == nil, err
}

func (h signInHandlers) endTwoFactor(r *route.Request, in password) (bool, error) {
	err := h.Engine.EndTwoFactor(r.Context(), r.Asker.Person, in.Password, r.Asker.Session, r.Actor.Trace)
	return err == nil, err
}
