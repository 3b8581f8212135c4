package v2

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

type pearlHandlers struct{ route.Services }

func pearlRoutes(services route.Services) []route.Route {
	h := pearlHandlers{services}
	const one = "/v2/Pearl/{pearlId}"
	r := func(r route.Route) route.Route {
		r.Tag = "Pearls"
		if strings.Contains(r.Pattern, "{pearlId}") {
			r.Pearl = route.AnyPearl
		}
		return r
	}
	hangUp := []route.Query{{Name: "hangUp", Doc: "a pause also ends everything in the air"}}
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: "/v2/Pearl", Scope: account.ScopeRead, Summary: "List Pearls"}), h.list),
		route.Handle(r(route.Route{Method: "POST", Pattern: "/v2/Pearl", Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxPearlBody, Creates: true, Summary: "Create a Pearl by form"}), h.create),
		route.Handle(r(route.Route{Method: "POST", Pattern: "/v2/Pearl/Voice", Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxPearlBody, Creates: true, Summary: "Create a Pearl from nodes"}), h.createFromNodes),
		route.Handle(r(route.Route{Method: "GET", Pattern: one, Scope: account.ScopeRead, Summary: "Get a Pearl with its live totals"}), h.get),
		route.Handle(r(route.Route{Method: "PUT", Pattern: one, Scope: account.ScopeFull, Role: account.Operator, MaxBody: route.MaxPearlBody, Secrets: true, Summary: "Update a Pearl"}), h.update),
		route.Handle(r(route.Route{Method: "PUT", Pattern: one + "/Active", Aliases: []string{"POST " + one + "/Active"}, Scope: account.ScopeFull, Role: account.Operator, Query: hangUp, Summary: "Run or pause"}), h.setActive),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/OngoingCalls", Scope: account.ScopeRead, Summary: "Calls in the air and waiting"}), h.ongoing),
		route.Handle(r(route.Route{Method: "PUT", Pattern: one + "/ResetMemory", Scope: account.ScopeFull, Role: account.Operator, BodyOptional: true, Summary: "Forget callers"}), h.resetMemory),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Settings", Scope: account.ScopeRead, Summary: "Get the settings"}), h.settings),
		route.Handle(r(route.Route{Method: "GET", Pattern: one + "/Warnings", Extension: true, Scope: account.ScopeRead, Query: []route.Query{ofDraft}, Summary: "What will probably not do what was meant",
			Description: "Variables in texts that nothing declares, with the nearest name that is known, and members that have no effect on calls of this server: some have none yet, others only where a language model converses. Nothing here is refused."}), h.warnings),
		route.Handle(r(route.Route{Method: "PUT", Pattern: one + "/Settings/Outbound", Scope: account.ScopeFull, Role: account.Operator, Secrets: true, Summary: "Change the outbound settings"}), h.setOutbound),
		route.Handle(r(route.Route{Method: "PUT", Pattern: one + "/Settings/Inbound", Scope: account.ScopeFull, Role: account.Operator, Secrets: true, Summary: "Change the inbound settings",
			Description: "Inbound Pearls are kept with all their settings; calls to their numbers are not answered yet."}), h.setInbound),
		route.Handle(r(route.Route{Method: "POST", Pattern: one + "/Clone", Extension: true, Scope: account.ScopeFull, Role: account.Operator, Creates: true, Summary: "Make another Pearl with the same settings",
			Description: "It is paused, and has no leads and no calls. Secrets are taken along, but that of its webhooks is new."}), h.clone),
		route.Handle(r(route.Route{Method: "POST", Pattern: one + "/Archive", Extension: true, Scope: account.ScopeFull, Role: account.Operator, Summary: "Archive a Pearl, or bring it back"}), h.archive),
	}
}

// pearlRow is a row of the list.
type pearlRow struct {
	ID        id.ID             `json:"id"`
	Name      string            `json:"name"`
	CreatedAt wire.Time         `json:"createdAt"`
	Created   wire.Time         `json:"created" doc:"repeats createdAt"`
	Type      campaign.Type     `json:"type"`
	Status    campaign.Activity `json:"status"`
}

func (h pearlHandlers) list(r *route.Request, _ route.None) ([]pearlRow, error) {
	pearls, err := h.Queries.Pearls(r.Context(), r.Actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list Pearls: %w", err)
	}
	rows := make([]pearlRow, len(pearls))
	for n, p := range pearls {
		rows[n] = pearlRow{ID: p.ID, Name: p.Name, CreatedAt: wire.Time(p.Created), Created: wire.Time(p.Created), Type: p.Type, Status: p.Activity}
	}
	return rows, nil
}

// fullPearl is a Pearl with its live totals (contract 2.2).
type fullPearl struct {
	ID     id.ID             `json:"id"`
	Name   string            `json:"name"`
	Type   campaign.Type     `json:"type"`
	Status campaign.Activity `json:"status"`
	IANA   string            `json:"iana" doc:"its time zone, by which its days and hours are counted"`
	wire.PearlTotals
}

func (h pearlHandlers) get(r *route.Request, _ route.None) (fullPearl, error) {
	counts, err := h.Queries.PearlCounts(r.Context(), r.Pearl.ID, wire.Midnight(r.Pearl, r.Now))
	if err != nil {
		return fullPearl{}, fmt.Errorf("count: %w", err)
	}
	numbers, err := numberTexts(r)
	if err != nil {
		return fullPearl{}, err
	}
	p := r.Pearl
	return fullPearl{ID: p.ID, Name: p.Name, Type: p.Type, Status: p.Activity, IANA: wire.ZoneOf(p).IANA(), PearlTotals: wire.NewPearlTotals(p, counts, wire.NumberOf(p, numbers))}, nil
}

func numberTexts(r *route.Request) (map[id.ID]string, error) {
	numbers, err := r.Queries.Numbers(r.Context(), r.Actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list numbers: %w", err)
	}
	texts := make(map[id.ID]string, len(numbers))
	for _, n := range numbers {
		texts[n.ID] = n.Number
	}
	return texts, nil
}

func (h pearlHandlers) create(r *route.Request, in wire.FormInput) (route.Text, error) {
	return h.createPearl(r, in.PearlInput, false)
}

func (h pearlHandlers) createFromNodes(r *route.Request, in wire.NodesInput) (route.Text, error) {
	return h.createPearl(r, in.PearlInput, true)
}

func (h pearlHandlers) createPearl(r *route.Request, in wire.PearlInput, fromNodes bool) (route.Text, error) {
	var faults fault.List
	pearl := in.Create(fromNodes, &faults)
	pearl.SettleSecrets(campaign.Pearl{}, &faults)
	return h.store(r, pearl, &faults)
}

// store creates a Pearl that has been judged, with what its body is at fault for already.
func (h pearlHandlers) store(r *route.Request, pearl campaign.Pearl, faults *fault.List) (route.Text, error) {
	if err := judged(pearl, faults, h.Judges); err != nil {
		return "", err
	}
	remember := route.Remember(r, func(pearlID id.ID) any { return route.Text(pearlID) })
	pearlID, err := h.Engine.CreatePearl(r.Context(), r.Actor, pearl, remember)
	return route.Text(pearlID), err
}

// judged joins what the body and what the Pearl made of it are at fault for.
func judged(pearl campaign.Pearl, faults *fault.List, judges campaign.Judges) error {
	faults.Join("", pearl.Check(judges))
	return faults.Err()
}

// change applies a body to the stored Pearl and has the result judged.
func (h pearlHandlers) change(r *route.Request, event int, prefix string, apply func(*campaign.Pearl, *fault.List), judge func(campaign.Pearl, campaign.Judges) error) (bool, error) {
	_, cleared, err := h.Engine.UpdatePearl(r.Context(), r.Actor, r.Pearl.ID, event, prefix, func(p *campaign.Pearl) error {
		var faults fault.List
		apply(p, &faults)
		*p = p.Clone() // so far it shares lists with the body, which is applied again when the transaction is repeated
		p.Complete()
		faults.Join("", judge(*p, h.Judges))
		return faults.Err()
	})
	r.WarnCleared(cleared)
	return err == nil, err
}

func (h pearlHandlers) update(r *route.Request, in wire.PearlInput) (bool, error) {
	return h.change(r, engine.AuditPublishPearl, "Outbound.", in.Apply, campaign.Pearl.Check)
}

func (h pearlHandlers) setOutbound(r *route.Request, in wire.OutboundInput) (bool, error) {
	if r.Pearl.Outbound == nil {
		return false, fault.Refused("The Pearl is inbound: it has no outbound settings.")
	}
	ok, err := h.change(r, engine.AuditPearlSettings, "", in.Apply, campaign.Pearl.CheckSettings)
	return ok, withoutPrefix(err, "Outbound.")
}

func (h pearlHandlers) setInbound(r *route.Request, in wire.InboundInput) (bool, error) {
	if r.Pearl.Inbound == nil {
		return false, fault.Refused("The Pearl is outbound: it has no inbound settings.")
	}
	ok, err := h.change(r, engine.AuditPearlSettings, "", in.Apply, campaign.Pearl.CheckSettings)
	return ok, withoutPrefix(err, "Inbound.")
}

// withoutPrefix: in the settings routes the keys of errors have no prefix (contract 2.6).
func withoutPrefix(err error, prefix string) error {
	var invalid *fault.Error
	if !errors.As(err, &invalid) || invalid.Kind != fault.Invalid {
		return err
	}
	stripped := *invalid
	stripped.Fields = make([]fault.Field, len(invalid.Fields))
	for n, f := range invalid.Fields {
		stripped.Fields[n] = fault.Field{Path: strings.TrimPrefix(f.Path, prefix), Text: f.Text}
	}
	return &stripped
}

func (h pearlHandlers) setActive(r *route.Request, in wire.Active) (campaign.Activity, error) {
	hangUp, err := r.Flag("hangUp")
	if err != nil {
		return 0, err
	}
	return h.Engine.SetActive(r.Context(), r.Actor, r.Pearl.ID, *in.IsActive, hangUp)
}

func (h pearlHandlers) ongoing(r *route.Request, _ route.None) (wire.Ongoing, error) {
	counts, err := h.Queries.PearlCounts(r.Context(), r.Pearl.ID, wire.Midnight(r.Pearl, r.Now))
	if err != nil {
		return wire.Ongoing{}, fmt.Errorf("count: %w", err)
	}
	return wire.Ongoing{TotalOngoingCalls: counts.OngoingCalls, TotalOnQueue: counts.Queued}, nil
}

// resetMemory is the body of ResetMemory: without a number all callers are forgotten.
type resetMemory struct {
	PhoneNumber body.Optional[string] `json:"phoneNumber"`
}

func (h pearlHandlers) resetMemory(r *route.Request, in resetMemory) (bool, error) {
	var number *phone.Number
	if in.PhoneNumber.Set() {
		parsed, err := phone.ParseStored(in.PhoneNumber.Value, r.Pearl.Home())
		if err != nil {
			return false, fault.Bad("PhoneNumber", "%s", err)
		}
		number = &parsed
	}
	err := h.Engine.ResetMemory(r.Context(), r.Actor, r.Pearl.ID, number)
	return err == nil, err
}

// pearlSettings answers Settings; secrets are asterisks.
type pearlSettings struct {
	Name      string              `json:"name"`
	Type      campaign.Type       `json:"type"`
	Pearl     campaign.Definition `json:"pearl"`
	Variables []campaign.Variable `json:"variables"`
	Inbound   *wire.InboundView   `json:"inbound,omitempty" doc:"of inbound Pearls; calls to them are not answered yet"`
	Outbound  *wire.OutboundView  `json:"outbound,omitempty"`
}

func (h pearlHandlers) settings(r *route.Request, _ route.None) (pearlSettings, error) {
	return viewSettings(r.Pearl), nil
}

func viewSettings(p campaign.Pearl) pearlSettings {
	p = p.Redacted()
	p.Complete()
	return pearlSettings{
		Name: p.Name, Type: p.Type, Pearl: p.Definition, Variables: wire.List(p.Variables), Inbound: wire.NewInboundView(p), Outbound: wire.NewOutboundView(p),
	}
}

// pearlWarning is one line of Warnings.
type pearlWarning struct {
	Member string `json:"member" doc:"as errors name it"`
	Text   string `json:"text"`
}

func (h pearlHandlers) warnings(r *route.Request, _ route.None) ([]pearlWarning, error) {
	pearl, err := h.asked(r)
	if err != nil {
		return nil, err
	}
	found := pearl.Warnings(h.Abilities)
	if full, err := h.Engine.RecordingsFull(r.Context(), r.Actor.Account); err != nil {
		return nil, err
	} else if full != "" && pearl.Outbound != nil && pearl.Outbound.RecordingTrack != call.TrackNone {
		found = append(found, campaign.Warning{Member: "recordingTrack", Text: full})
	}
	if night, calls := pearl.NightHours(); calls {
		numbers, err := h.Queries.Numbers(r.Context(), r.Actor.Account)
		if err != nil {
			return nil, fmt.Errorf("read the numbers of the account: %w", err)
		}
		if slices.ContainsFunc(numbers, func(n account.Number) bool { return n.ID == pearl.Outbound.PhoneNumberID && !n.Trunk.Zero() }) {
			found = append(found, night)
		}
	}
	rows := make([]pearlWarning, len(found))
	for n, w := range found {
		rows[n] = pearlWarning(w)
	}
	return rows, nil
}

// clone is the body of Clone.
type clone struct {
	Name *string `json:"name" api:"required"`
}

func (h pearlHandlers) clone(r *route.Request, in clone) (route.Text, error) {
	return h.store(r, r.Pearl.Alike(*in.Name), &fault.List{})
}

// archive is the body of Archive.
type archive struct {
	IsArchived *bool `json:"isArchived" api:"required"`
}

func (h pearlHandlers) archive(r *route.Request, in archive) (bool, error) {
	err := h.Engine.ArchivePearl(r.Context(), r.Actor, r.Pearl.ID, *in.IsArchived)
	return err == nil, err
}
