package v2

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
)

type accountHandlers struct{ route.Services }

func accountRoutes(services route.Services) []route.Route {
	h := accountHandlers{services}
	r := func(r route.Route) route.Route {
		r.Tag = "Account"
		return r
	}
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: "/v2/Account", Scope: account.ScopeRead, Summary: "Get the account"}), h.get),
		route.Handle(r(route.Route{Method: "POST", Pattern: "/v2/Account/AuditLog", Scope: account.ScopeRead, Role: account.Admin, Summary: "Read the audit log", Description: "At most 1,000 entries, newest first."}), h.auditLog),
		route.Handle(r(route.Route{Method: "GET", Pattern: "/v2/Account/Voices", Scope: account.ScopeRead, Summary: "List the voices of agents"}), h.voices),
		route.Handle(r(route.Route{Method: "GET", Pattern: "/v2/Account/Settings", Extension: true, Scope: account.ScopeRead, Summary: "Get the account's settings"}), h.settings),
		route.Handle(r(route.Route{Method: "PUT", Pattern: "/v2/Account/Settings", Extension: true, Scope: account.ScopeFull, Summary: "Change the account's settings"}), h.setSettings),
	}
}

func (h accountHandlers) get(r *route.Request, _ route.None) (wire.Account, error) {
	owner, err := h.Queries.ReadAccount(r.Context(), r.Actor.Account)
	if err != nil {
		return wire.Account{}, fmt.Errorf("read account: %w", err)
	}
	return wire.NewAccount(owner, h.Engine.CreditsBind), nil
}

// maxAudit is how many entries of the audit log an answer holds.
const maxAudit = 1000

// auditQuery is the body of a read of the audit log.
type auditQuery struct {
	From      time.Time             `json:"from" api:"required"`
	To        time.Time             `json:"to" api:"required"`
	EventType body.Optional[int]    `json:"eventType" schema:"table=AuditEvent" doc:"null does not filter"`
	UserID    body.Optional[string] `json:"userId"`
}

// Check judges the range.
func (in *auditQuery) Check(faults *fault.List) {
	checkOrder(in.From, in.To, faults)
}

// auditEntry is something that was done to the account.
type auditEntry struct {
	Timestamp      wire.Time       `json:"timestamp"`
	EventType      int             `json:"eventType" schema:"table=AuditEvent"`
	User           auditUser       `json:"user"`
	AdditionalData json.RawMessage `json:"additionalData"`
}

type auditUser struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type" doc:"key; person; system: the command line, the person on the line"`
}

func (h accountHandlers) auditLog(r *route.Request, in auditQuery) ([]auditEntry, error) {
	if in.EventType.Set() && in.EventType.Value == 0 {
		return []auditEntry{}, nil // a value outside the table matches nothing
	}
	var who []string
	if user := in.UserID.Value; user != "" {
		who = []string{user}
	}
	if parsed, ok := id.Parse(in.UserID.Value); ok {
		who = []string{engine.KeyPrefix + string(parsed), engine.PersonPrefix + string(parsed)}
	}
	entries, err := h.Queries.AuditLog(r.Context(), r.Actor.Account, in.From, in.To, in.EventType.Value, who, maxAudit)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	rows := make([]auditEntry, len(entries))
	for n, e := range entries {
		rows[n] = auditEntry{
			Timestamp: wire.Time(e.At), EventType: e.Event, AdditionalData: wire.Object(e.Data),
			User: auditUser{ID: strings.TrimPrefix(strings.TrimPrefix(e.User, engine.KeyPrefix), engine.PersonPrefix), Name: e.UserName, Type: e.UserType},
		}
	}
	return rows, nil
}

// language is a language with the voices that speak it.
type language struct {
	Language string  `json:"language" doc:"BCP 47"`
	Voices   []voice `json:"voices"`
}

type voice struct {
	ID   string   `json:"id"`
	Name string   `json:"name"`
	Tags []string `json:"tags"`
	// Sample is left out where there is none.
	Sample string `json:"sample,omitempty" doc:"address of a WAV file in which the voice speaks; it needs no key"`
}

func (h accountHandlers) voices(*route.Request, route.None) ([]language, error) {
	list := []language{}
	for _, v := range h.Voices {
		n := slices.IndexFunc(list, func(l language) bool { return l.Language == v.Language })
		if n < 0 {
			n = len(list)
			list = append(list, language{Language: v.Language})
		}
		list[n].Voices = append(list[n].Voices, voice{ID: v.ID, Name: v.Name, Tags: wire.List(v.Tags), Sample: v.Sample})
	}
	return list, nil
}

// accountSettings are what an account decides for itself.
type accountSettings struct {
	Name          string    `json:"name"`
	Color         *string   `json:"color" schema:"pattern=^#[0-9a-f]{6}$,example=#4a4fbf" doc:"by which people tell accounts apart; null = none"`
	CountryCodes  *[]string `json:"countryCodes" doc:"enabled country calling codes, and premium-rate, satellite or shared-cost ranges that may be dialled over trunks; null = the codes of the account's own numbers on trunks (the sandbox carrier takes all)"`
	DefaultRegion *string   `json:"defaultRegion" doc:"two-letter country in whose format numbers are read that are written nationally, where a campaign names none; null = none"`
	RetentionDays *int      `json:"retentionDays" doc:"how long calls, their recordings and call requests are kept, in days from their start; null = for ever"`
}

func settingsOf(a account.Account) accountSettings {
	settings := accountSettings{Name: a.Name, Color: wire.Text(a.Color), DefaultRegion: wire.Text(a.DefaultRegion), RetentionDays: a.RetentionDays}
	if a.CountryCodes != nil {
		settings.CountryCodes = &a.CountryCodes
	}
	return settings
}

func (h accountHandlers) settings(r *route.Request, _ route.None) (accountSettings, error) {
	owner, err := h.Queries.ReadAccount(r.Context(), r.Actor.Account)
	if err != nil {
		return accountSettings{}, fmt.Errorf("read account: %w", err)
	}
	return settingsOf(owner), nil
}

// accountChange is the body of a change of the account's settings; absent = unchanged.
type accountChange struct {
	Name          body.Optional[string]   `json:"name" api:"maxlen=200"`
	Color         body.Optional[string]   `json:"color" schema:"pattern=^#[0-9A-Fa-f]{6}$,example=#4a4fbf" doc:"null = none"`
	CountryCodes  body.Optional[[]string] `json:"countryCodes" api:"maxitems=1000" doc:"1 to 7 digits each; null = the codes of the account's own numbers"`
	DefaultRegion body.Optional[string]   `json:"defaultRegion" schema:"pattern=^[A-Za-z][A-Za-z]$" doc:"null = none"`
	RetentionDays body.Optional[int]      `json:"retentionDays" api:"min=1,max=36500" doc:"null = for ever"`
}

// color is how browsers write one without transparency.
var color = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// Check judges the name, the colour, the calling codes and the region.
func (in *accountChange) Check(faults *fault.List) {
	if in.Name.State != body.Absent && strings.TrimSpace(in.Name.Value) == "" {
		faults.Add("Name", "The Name field is required.")
	}
	if in.Color.Set() && !color.MatchString(in.Color.Value) {
		faults.Add("Color", "The value '%.20s' is no colour; it must be # and six hexadecimal digits, such as #4a4fbf.", in.Color.Value)
	}
	for n, code := range in.CountryCodes.Value {
		digits := strings.TrimPrefix(code, "+")
		if digits == "" || len(digits) > 7 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
			faults.Add(wire.Element("CountryCodes", n), "The value '%.20s' is no country calling code, such as 1 or 39, and no range, such as 1900.", code)
		}
	}
	if region := in.DefaultRegion; region.Set() && region.Value != "" && !phone.ValidRegion(region.Value) {
		faults.Add("DefaultRegion", "The value '%.16s' is no region; it must be a country of two letters, such as US.", region.Value)
	}
}

func (h accountHandlers) setSettings(r *route.Request, in accountChange) (accountSettings, error) {
	stored, err := h.Engine.UpdateAccount(r.Context(), r.Actor, func(a *account.Account) error {
		given(&a.Name, in.Name)
		if in.Color.State != body.Absent {
			a.Color = strings.ToLower(in.Color.Value)
		}
		switch in.CountryCodes.State {
		case body.Null:
			a.CountryCodes = nil
		case body.Given:
			a.CountryCodes = make([]string, len(in.CountryCodes.Value))
			for n, code := range in.CountryCodes.Value {
				a.CountryCodes[n] = strings.TrimPrefix(code, "+")
			}
		}
		if in.DefaultRegion.State != body.Absent {
			a.DefaultRegion = strings.ToUpper(in.DefaultRegion.Value)
		}
		switch in.RetentionDays.State {
		case body.Null:
			a.RetentionDays = nil
		case body.Given:
			a.RetentionDays = &in.RetentionDays.Value
		}
		return nil
	})
	return settingsOf(stored), err
}
