package v2

import (
	"fmt"
	"strconv"
	"strings"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

// ofDraft has a route speak of a Pearl's draft in place of the settings in force.
var ofDraft = route.Query{Name: "draft", Doc: "of the draft, where there is one, in place of the settings in force"}

func versionRoutes(services route.Services) []route.Route {
	h := pearlHandlers{services}
	const one = "/v2/Pearl/{pearlId}"
	read := func(method, path, summary string) route.Route {
		return route.Route{Method: method, Pattern: one + path, Tag: "Pearls", Extension: true, Scope: account.ScopeRead, Pearl: route.AnyPearl, Summary: summary}
	}
	change := func(method, path, summary, description string) route.Route {
		r := read(method, path, summary)
		r.Scope, r.Role, r.Description = account.ScopeFull, account.Operator, description
		return r
	}
	save := change("PUT", "/Draft", "Edit the draft, or begin one", "The body is that of PUT /v2/Pearl/{pearlId}, applied to the draft. Its faults are answered, not refused; it cannot be published with them.")
	save.MaxBody, save.Secrets = route.MaxPearlBody, true
	publish := change("POST", "/Draft/Publish", "Put the draft in force", "400 where another version than the one named is in force by now.")
	publish.BodyOptional = true
	back := change("POST", "/Versions/{version}/RollBack", "Publish an earlier version again", "Its settings become a new version. Secrets are those of today; the Warning header names those that are missing.")
	back.Secrets = true
	return []route.Route{
		route.Handle(read("GET", "/Versions", "List the versions of a Pearl's settings"), h.versions),
		route.Handle(read("GET", "/Versions/{version}", "Get a version"), h.version),
		route.Handle(back, h.rollBack),
		route.Handle(read("GET", "/Draft", "Get the draft"), h.draft),
		route.Handle(save, h.saveDraft),
		route.Handle(change("DELETE", "/Draft", "Discard the draft", ""), h.discardDraft),
		route.Handle(publish, h.publishDraft),
	}
}

// versionRow is a version of a Pearl's settings; the newest one is in force.
type versionRow struct {
	Version int64     `json:"version"`
	At      wire.Time `json:"at" doc:"when it was published"`
	By      *string   `json:"by" doc:"key:<id>, person:<id>, …; null before versions were kept"`
	ByName  *string   `json:"byName" doc:"name of the key, e-mail address of the person"`
}

func rowOf(v engine.PearlVersion) versionRow {
	return versionRow{Version: v.Number, At: wire.Time(v.At), By: wire.Text(v.By), ByName: wire.Text(v.ByName)}
}

func (h pearlHandlers) versions(r *route.Request, _ route.None) ([]versionRow, error) {
	found, err := h.Queries.ReadPearlVersions(r.Context(), r.Actor.Account, r.Pearl.ID)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	rows := make([]versionRow, len(found))
	for n, v := range found {
		rows[n] = rowOf(v)
	}
	return rows, nil
}

// fullVersion is a version with its settings.
type fullVersion struct {
	versionRow
	Settings pearlSettings `json:"settings" doc:"secrets are asterisks: versions keep none"`
}

// versionNumber is the number in the path; what is none names no version.
func versionNumber(r *route.Request) (int64, error) {
	text, err := r.Text("version")
	if err != nil {
		return 0, err
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 || strings.HasPrefix(text, "+") {
		return 0, fault.Missing("Version")
	}
	return number, nil
}

func (h pearlHandlers) version(r *route.Request, _ route.None) (fullVersion, error) {
	number, err := versionNumber(r)
	if err != nil {
		return fullVersion{}, err
	}
	v, err := h.Queries.ReadPearlVersion(r.Context(), r.Actor.Account, r.Pearl.ID, number)
	if err != nil {
		return fullVersion{}, err
	}
	return fullVersion{versionRow: rowOf(v), Settings: viewSettings(v.Content)}, nil
}

// published answers what put settings in force.
type published struct {
	Version int64 `json:"version" doc:"that is in force now"`
}

func (h pearlHandlers) rollBack(r *route.Request, _ route.None) (published, error) {
	number, err := versionNumber(r)
	if err != nil {
		return published{}, err
	}
	version, missing, err := h.Engine.RollBackPearl(r.Context(), r.Actor, r.Pearl.ID, number, h.mayBeInForce)
	r.WarnCleared(missing)
	return published{version}, err
}

func (h pearlHandlers) mayBeInForce(p campaign.Pearl) error { return p.Check(h.Judges) }

// pearlDraft is a draft; without one it has the settings in force.
type pearlDraft struct {
	Version  int64               `json:"version" doc:"that was in force when the draft was begun"`
	At       *wire.Time          `json:"at" doc:"of its last change; null = there is no draft, and settings are those in force"`
	By       *string             `json:"by"`
	ByName   *string             `json:"byName"`
	Errors   map[string][]string `json:"errors" doc:"what keeps it from being published, by member as in a 400; of what is named here the settings may not fit their schema"`
	Settings pearlSettings       `json:"settings"`
}

func (h pearlHandlers) viewDraft(r *route.Request, d engine.PearlDraft) pearlDraft {
	pearl := d.Of(r.Pearl)
	view := pearlDraft{Version: d.BasedOn, At: wire.At(d.At), By: wire.Text(d.By), ByName: wire.Text(d.ByName), Errors: map[string][]string{}, Settings: viewSettings(pearl)}
	var faults fault.List
	faults.Join("", pearl.Check(h.Judges))
	for _, f := range faults.Fields {
		view.Errors[f.Path] = append(view.Errors[f.Path], f.Text)
	}
	return view
}

func (h pearlHandlers) draft(r *route.Request, _ route.None) (pearlDraft, error) {
	d, err := h.Engine.DraftOf(r.Context(), r.Pearl)
	if err != nil {
		return pearlDraft{}, err
	}
	return h.viewDraft(r, d), nil
}

// asked is the Pearl that a request with the flag draft speaks of.
func (h pearlHandlers) asked(r *route.Request) (campaign.Pearl, error) {
	draft, err := r.Flag(ofDraft.Name)
	if err != nil || !draft {
		return r.Pearl, err
	}
	d, err := h.Engine.DraftOf(r.Context(), r.Pearl)
	return d.Of(r.Pearl), err
}

// draftInput is the body of an edit: that of an update, of which only the shape is judged.
type draftInput wire.PearlInput

func (h pearlHandlers) saveDraft(r *route.Request, in draftInput) (pearlDraft, error) {
	d, cleared, err := h.Engine.SavePearlDraft(r.Context(), r.Actor, r.Pearl.ID, func(p *campaign.Pearl) error {
		var faults fault.List
		wire.PearlInput(in).Apply(p, &faults)
		*p = p.Clone() // as PUT does
		p.Complete()
		return faults.Err()
	})
	if err != nil {
		return pearlDraft{}, err
	}
	r.WarnCleared(cleared)
	return h.viewDraft(r, d), nil
}

func (h pearlHandlers) discardDraft(r *route.Request, _ route.None) (bool, error) {
	err := h.Engine.DiscardPearlDraft(r.Context(), r.Actor, r.Pearl.ID)
	return err == nil, err
}

// publishDraft is the body of publishing.
type publishDraft struct {
	Version body.Optional[int64] `json:"version" api:"min=1" doc:"that it is to follow; absent = the one that it was begun on"`
}

func (h pearlHandlers) publishDraft(r *route.Request, in publishDraft) (published, error) {
	version, err := h.Engine.PublishPearlDraft(r.Context(), r.Actor, r.Pearl.ID, in.Version.Value, h.mayBeInForce)
	return published{version}, err
}
