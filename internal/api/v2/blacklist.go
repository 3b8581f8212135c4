package v2

import (
	"fmt"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

type blacklistHandlers struct{ route.Services }

func blacklistRoutes(services route.Services) []route.Route {
	h := blacklistHandlers{services}
	const all = "/v2/Account/Blacklist"
	r := func(r route.Route) route.Route {
		r.Tag = "Blacklist"
		return r
	}
	return []route.Route{
		route.Handle(r(route.Route{Method: "POST", Pattern: all, Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxListBody, Creates: true, Stops: true, Summary: "Add to the blacklist", Description: "After the answer no call begins to a covered number; a ringing one is cancelled."}), h.add),
		route.Handle(r(route.Route{Method: "POST", Pattern: all + "/Remove", Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxListBody, Summary: "Remove from the blacklist"}), h.remove),
		route.Handle(r(route.Route{Method: "POST", Pattern: all + "/Search", Scope: account.ScopeRead, Summary: "Search the blacklist"}), h.search),
	}
}

// blacklistEntries are numbers, or beginnings of numbers.
type blacklistEntries struct {
	PhoneNumbers []string `json:"phoneNumbers" api:"required,maxitems=50000" schema:"maxlen=25" doc:"numbers or beginnings of numbers, + and digits"`
}

func (h blacklistHandlers) add(r *route.Request, in blacklistEntries) (bool, error) {
	remember := route.Remember(r, func(added bool) any { return added })
	err := h.Engine.Suppress(r.Context(), r.Actor, in.PhoneNumbers, "api", remember)
	return err == nil, err
}

func (h blacklistHandlers) remove(r *route.Request, in blacklistEntries) (bool, error) {
	err := h.Engine.Unsuppress(r.Context(), r.Actor, in.PhoneNumbers)
	return err == nil, err
}

// home is how the account's numbers are read.
func (h blacklistHandlers) home(r *route.Request) (phone.Home, error) {
	owner, err := h.Queries.ReadAccount(r.Context(), r.Actor.Account)
	if err != nil {
		return phone.Home{}, fmt.Errorf("read account: %w", err)
	}
	numbers, err := h.Queries.Numbers(r.Context(), r.Actor.Account)
	if err != nil {
		return phone.Home{}, fmt.Errorf("list numbers: %w", err)
	}
	return owner.Home(numbers), nil
}

// blacklistSearch is the body of a search of the blacklist.
type blacklistSearch struct {
	wire.Table
	Search body.Optional[string] `json:"search" api:"maxlen=100" doc:"part of an entry"`
}

// maxTablePage is the largest page of tables other than calls.
const maxTablePage = 1000

// TableRules are what the blacklist allows.
func (blacklistSearch) TableRules() (most int, columns []string) {
	return maxTablePage, []string{"createdAt", "phoneNumber", "source", "id"}
}

// Check judges the page.
func (in *blacklistSearch) Check(faults *fault.List) {
	most, columns := in.TableRules()
	in.CheckTable(faults, most, columns)
}

// blacklistRow is an entry of the blacklist.
type blacklistRow struct {
	ID          id.ID     `json:"id"`
	PhoneNumber string    `json:"phoneNumber"`
	CreatedAt   wire.Time `json:"createdAt"`
	Source      string    `json:"source" schema:"values=api|dashboard|optOut"`
}

func (h blacklistHandlers) search(r *route.Request, in blacklistSearch) (wire.Page[blacklistRow], error) {
	home, err := h.home(r)
	if err != nil {
		return wire.Page[blacklistRow]{}, err
	}
	whole, _ := phone.Parse(in.Search.Value, home) // what is no number is searched for as text alone
	count, found, err := h.Queries.Suppressions(r.Context(), r.Actor.Account, in.Page(in.TableRules()), in.Search.Value, whole)
	if err != nil {
		return wire.Page[blacklistRow]{}, fmt.Errorf("search blacklist: %w", err)
	}
	rows := make([]blacklistRow, len(found))
	for n, s := range found {
		rows[n] = blacklistRow{ID: s.ID, PhoneNumber: s.Entry, CreatedAt: wire.Time(s.Created), Source: s.Source}
	}
	return wire.Page[blacklistRow]{Count: count, Results: rows}, nil
}
