package v2

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/fault"
	"nacre/internal/id"
)

type numberHandlers struct{ route.Services }

func numberRoutes(services route.Services) []route.Route {
	h := numberHandlers{services}
	const all = "/v2/Account/PhoneNumbers"
	return []route.Route{
		route.Handle(route.Route{Method: "GET", Pattern: all, Tag: "Account", Scope: account.ScopeRead, Summary: "List phone numbers"}, h.list),
		route.Handle(route.Route{Method: "POST", Pattern: all, Tag: "Account", Extension: true, Scope: account.ScopeFull, Creates: true, Summary: "Add a phone number"}, h.create),
		route.Handle(route.Route{Method: "PUT", Pattern: all + "/{phoneNumberId}", Tag: "Account", Extension: true, Scope: account.ScopeFull, Summary: "Change a phone number"}, h.update),
		route.Handle(route.Route{Method: "DELETE", Pattern: all + "/{phoneNumberId}", Tag: "Account", Extension: true, Scope: account.ScopeFull, Summary: "Delete a phone number"}, h.delete),
	}
}

// numberRow is a phone number; the number stands under both names.
type numberRow struct {
	ID          id.ID             `json:"id"`
	Number      string            `json:"number"`
	PhoneNumber string            `json:"phoneNumber" doc:"repeats number"`
	Direction   account.Direction `json:"direction"`
	IsActive    bool              `json:"isActive"`
	TrunkID     *string           `json:"trunkId" doc:"null = the sandbox carrier"`
}

// numberInput is a phone number as a client gives it; absent = unchanged.
type numberInput struct {
	Number    body.Optional[string] `json:"number" api:"maxlen=64" doc:"as the carrier knows it"`
	Direction body.Optional[int]    `json:"direction" schema:"table=PhoneDirection"`
	TrunkID   body.Optional[string] `json:"trunkId" doc:"null = the sandbox carrier"`
}

// newNumber is a phone number to add.
type newNumber struct{ numberInput }

// Demands are what a new number must have.
func (newNumber) Demands() []string { return []string{"number"} }

// dialable are numbers as carriers know them, short ones included.
var dialable = regexp.MustCompile(`^\+?[0-9*#]*[0-9][0-9*#]*$`)

// withoutSeparators drops what people put between digits; beyond that a number is kept as it was given.
func withoutSeparators(r rune) rune {
	if unicode.IsSpace(r) || strings.ContainsRune("-./()[]", r) {
		return -1
	}
	return r
}

func (in numberInput) apply(n *account.Number, faults *fault.List) {
	if in.Direction.Set() {
		n.Direction = account.Direction(in.Direction.Value)
		switch n.Direction {
		case account.InboundOutbound, account.Inbound, account.Outbound, account.NotSet:
		default:
			faults.Add("Direction", "The value %d is not valid; it must be one of 1, 2, 3, 10.", in.Direction.Value)
		}
	}
	switch in.TrunkID.State {
	case body.Null:
		n.Trunk = ""
	case body.Given:
		trunk, ok := id.Parse(in.TrunkID.Value)
		if !ok {
			faults.Add("TrunkId", "The account has no trunk with the id '%.60s'.", in.TrunkID.Value)
		}
		n.Trunk = trunk
	}
	if in.Number.State != body.Absent {
		n.Number = strings.TrimSpace(in.Number.Value)
	}
	if n.Trunk.Zero() { // on a trunk the engine judges it
		n.Number = strings.Map(withoutSeparators, n.Number)
	}
	if n.Number == "" {
		faults.Add("Number", "The Number field is required.")
	} else if n.Trunk.Zero() && !dialable.MatchString(n.Number) {
		faults.Add("Number", "The value '%.64s' is no phone number: digits, an optional + before them.", n.Number)
	}
}

func (h numberHandlers) list(r *route.Request, _ route.None) ([]numberRow, error) {
	numbers, err := h.Queries.Numbers(r.Context(), r.Actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list numbers: %w", err)
	}
	rows := make([]numberRow, len(numbers))
	for n, found := range numbers {
		rows[n] = numberRow{ID: found.ID, Number: found.Number, PhoneNumber: found.Number, Direction: found.Direction, IsActive: found.Active}
		if !found.Trunk.Zero() {
			trunk := string(found.Trunk)
			rows[n].TrunkID = &trunk
		}
	}
	return rows, nil
}

// made answers what was created.
type made struct {
	ID id.ID `json:"id"`
}

func (h numberHandlers) create(r *route.Request, in newNumber) (made, error) {
	var faults fault.List
	number := account.Number{Direction: account.InboundOutbound}
	in.apply(&number, &faults)
	if err := faults.Err(); err != nil {
		return made{}, err
	}
	remember := route.Remember(r, func(numberID id.ID) any { return made{numberID} })
	numberID, err := h.Engine.CreateNumber(r.Context(), r.Actor, number, remember)
	return made{numberID}, err
}

func (h numberHandlers) update(r *route.Request, in numberInput) (bool, error) {
	numberID, err := r.ID("phoneNumberId")
	if err != nil {
		return false, err
	}
	err = h.Engine.UpdateNumber(r.Context(), r.Actor, numberID, func(n *account.Number) error {
		var faults fault.List
		in.apply(n, &faults)
		return faults.Err()
	})
	return err == nil, err
}

func (h numberHandlers) delete(r *route.Request, _ route.None) (bool, error) {
	numberID, err := r.ID("phoneNumberId")
	if err != nil {
		return false, err
	}
	err = h.Engine.DeleteNumber(r.Context(), r.Actor, numberID)
	return err == nil, err
}
