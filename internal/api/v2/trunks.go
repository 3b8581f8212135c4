package v2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/destination"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/secret"
)

type trunkHandlers struct{ route.Services }

func trunkRoutes(services route.Services) []route.Route {
	h := trunkHandlers{services}
	const all = "/v2/Account/Trunks"
	r := func(r route.Route) route.Route { r.Tag, r.Extension = "Account", true; return r }
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: all, Scope: account.ScopeRead, Role: account.Admin, Summary: "List SIP trunks"}), h.list),
		route.Handle(r(route.Route{Method: "POST", Pattern: all, Scope: account.ScopeFull, Creates: true, Summary: "Add a SIP trunk"}), h.create),
		route.Handle(r(route.Route{Method: "PUT", Pattern: all + "/{trunkId}", Scope: account.ScopeFull, Secrets: true, Summary: "Change a SIP trunk"}), h.update),
		route.Handle(r(route.Route{Method: "DELETE", Pattern: all + "/{trunkId}", Scope: account.ScopeFull, Summary: "Delete a SIP trunk"}), h.delete),
		route.Handle(r(route.Route{Method: "POST", Pattern: all + "/{trunkId}/Test", Scope: account.ScopeFull, BodyOptional: true, Summary: "Ask the carrier: name, OPTIONS, registration"}), h.test),
	}
}

// trunkView is a trunk as it is answered (contract 12.1).
type trunkView struct {
	ID             id.ID              `json:"id"`
	Name           string             `json:"name"`
	Host           string             `json:"host"`
	Port           int                `json:"port"`
	Transport      string             `json:"transport" schema:"values=udp|tcp|tls"`
	Username       *string            `json:"username" api:"maxlen=255" doc:"null = authentication by address"`
	Password       *string            `json:"password" doc:"asterisks"`
	Registers      bool               `json:"registers"`
	FromDomain     *string            `json:"fromDomain" doc:"null = host"`
	Codecs         []string           `json:"codecs" schema:"values=PCMU|PCMA"`
	MaxCalls       int                `json:"maxCalls"`
	CallsPerSecond float64            `json:"callsPerSecond"`
	LockMedia      bool               `json:"lockMedia"`
	MediaTo        string             `json:"mediaTo" schema:"values=source|description"`
	IsActive       bool               `json:"isActive"`
	State          account.TrunkState `json:"state"`
	StateDetail    *string            `json:"stateDetail" doc:"why it is in this state"`
}

// trunkInput is a trunk as a client gives it; absent = unchanged.
type trunkInput struct {
	Name           body.Optional[string]   `json:"name" api:"maxlen=200"`
	Host           body.Optional[string]   `json:"host" api:"maxlen=253" doc:"name or address"`
	Port           body.Optional[int]      `json:"port" schema:"min=1,max=65535" doc:"absent = 5060, over TLS 5061"`
	Transport      body.Optional[string]   `json:"transport" schema:"values=udp|tcp|tls" doc:"absent = udp"`
	Username       body.Optional[string]   `json:"username" api:"maxlen=255" doc:"null = authentication by address"`
	Password       body.Optional[string]   `json:"password" api:"secret,maxlen=255"`
	Registers      body.Optional[bool]     `json:"registers" doc:"absent = false"`
	FromDomain     body.Optional[string]   `json:"fromDomain" api:"maxlen=253" doc:"null = host"`
	Codecs         body.Optional[[]string] `json:"codecs" schema:"values=PCMU|PCMA" doc:"in order of preference; absent = both"`
	MaxCalls       body.Optional[int]      `json:"maxCalls" schema:"min=1" doc:"absent = 100"`
	CallsPerSecond body.Optional[float64]  `json:"callsPerSecond" schema:"max=1000" doc:"above 0; absent = 5"`
	LockMedia      body.Optional[bool]     `json:"lockMedia" doc:"audio is heard from no address but the one that the carrier's SDP names; absent = false"`
	MediaTo        body.Optional[string]   `json:"mediaTo" schema:"values=source|description" doc:"where audio goes when the carrier's comes from another address than its SDP names; absent = source"`
	IsActive       body.Optional[bool]     `json:"isActive"`
}

// newTrunk is a trunk to add.
type newTrunk struct{ trunkInput }

// Demands are what a new trunk must have.
func (newTrunk) Demands() []string { return []string{"name", "host"} }

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

// apply writes what was given into the trunk and judges the whole of it. Its host is judged where it is given, so that a
// trunk whose network is no longer allowed can still be switched off.
func (in trunkInput) apply(t *account.Trunk, networks destination.Networks, faults *fault.List) {
	given(&t.Name, in.Name)
	given(&t.Host, in.Host)
	given(&t.Port, in.Port)
	given(&t.Transport, in.Transport)
	nullable(&t.Username, in.Username)
	nullable(&t.Password, in.Password)
	given(&t.Registers, in.Registers)
	nullable(&t.FromDomain, in.FromDomain)
	given(&t.Codecs, in.Codecs)
	given(&t.MaxCalls, in.MaxCalls)
	given(&t.CallsPerSecond, in.CallsPerSecond)
	given(&t.LockMedia, in.LockMedia)
	given(&t.MediaTo, in.MediaTo)
	given(&t.Active, in.IsActive)
	t.Transport = strings.ToLower(t.Transport)
	if strings.TrimSpace(t.Name) == "" {
		faults.Add("Name", "The Name field is required.")
	}
	switch {
	case t.Host == "":
		faults.Add("Host", "The Host field is required.")
	case net.ParseIP(t.Host) == nil && !hostName.MatchString(t.Host):
		faults.Add("Host", "The value '%.60s' is no host name or address.", t.Host)
	case in.Host.Set():
		if err := networks.CheckHost(t.Host); err != nil {
			faults.Add("Host", "The value '%.60s' is not allowed: %v. Who runs the server can allow a network by --allow-networks, metadata services excepted.", t.Host, err)
		}
	}
	if t.Port < 1 || t.Port > 65535 {
		faults.Add("Port", "The value '%d' is not allowed: it must be between 1 and 65535.", t.Port)
	}
	switch t.Transport {
	case "udp", "tcp", "tls":
	default:
		faults.Add("Transport", "The value '%.20s' is not allowed: udp, tcp or tls.", t.Transport)
	}
	if t.FromDomain != "" && net.ParseIP(t.FromDomain) == nil && !hostName.MatchString(t.FromDomain) {
		faults.Add("FromDomain", "The value '%.60s' is no host name or address.", t.FromDomain)
	}
	if strings.ContainsFunc(t.Username, unicode.IsControl) {
		faults.Add("Username", "The value contains control characters.")
	}
	if strings.ContainsFunc(t.Password, unicode.IsControl) {
		faults.Add("Password", "The value contains control characters.")
	}
	if t.Registers && t.Username == "" {
		faults.Add("Username", "A trunk that registers needs a username.")
	}
	for n, codec := range t.Codecs {
		t.Codecs[n] = strings.ToUpper(codec)
		if !slices.Contains([]string{"PCMU", "PCMA"}, t.Codecs[n]) {
			faults.Add(wire.Element("Codecs", n), "The value '%.20s' is not allowed: PCMU or PCMA.", codec)
		}
	}
	if len(t.Codecs) == 0 {
		t.Codecs = []string{"PCMU", "PCMA"}
	}
	if t.MaxCalls < 1 {
		faults.Add("MaxCalls", "The value '%d' is not allowed: at least 1.", t.MaxCalls)
	}
	if t.CallsPerSecond <= 0 || t.CallsPerSecond > 1000 {
		faults.Add("CallsPerSecond", "The value '%g' is not allowed: more than 0, at most 1000.", t.CallsPerSecond)
	}
	switch t.MediaTo {
	case "", call.MediaToSource, call.MediaToDescription:
	default:
		faults.Add("MediaTo", "The value '%.20s' is not allowed: source or description.", t.MediaTo)
	}
}

// given writes a member that was given; null changes nothing.
func given[T any](into *T, member body.Optional[T]) {
	if member.Set() {
		*into = member.Value
	}
}

// nullable writes a member that was given; null clears it.
func nullable(into *string, member body.Optional[string]) {
	if member.State != body.Absent {
		*into = member.Value
	}
}

func (h trunkHandlers) list(r *route.Request, _ route.None) ([]trunkView, error) {
	trunks, err := h.Queries.Trunks(r.Context(), r.Actor.Account)
	if err != nil {
		return nil, fmt.Errorf("list trunks: %w", err)
	}
	views := make([]trunkView, len(trunks))
	for n, t := range trunks {
		views[n] = trunkView{
			ID: t.ID, Name: t.Name, Host: t.Host, Port: t.Port, Transport: t.Transport, Username: wire.Text(t.Username), Registers: t.Registers,
			FromDomain: wire.Text(t.FromDomain), Codecs: wire.List(t.Codecs), MaxCalls: t.MaxCalls, CallsPerSecond: t.CallsPerSecond,
			LockMedia: t.LockMedia, MediaTo: cmp.Or(t.MediaTo, call.MediaToSource), IsActive: t.Active,
			State: t.State, StateDetail: wire.Text(t.Detail),
		}
		if t.Password != "" {
			views[n].Password = wire.Text(secret.Masked)
		}
		if t.State != account.TrunkOK && r.Now.After(t.Until) && !t.Until.IsZero() && t.State == account.TrunkUnauthorized {
			views[n].State = account.TrunkUnknown // the wait is over: one call may try
		}
	}
	return views, nil
}

func (h trunkHandlers) create(r *route.Request, in newTrunk) (made, error) {
	var faults fault.List
	trunk := account.Trunk{Trunk: call.Trunk{Port: 5060, Transport: "udp", MaxCalls: 100, CallsPerSecond: 5}, Active: true}
	if strings.EqualFold(in.Transport.Value, "tls") {
		trunk.Port = 5061 // RFC 3261 19.1.2
	}
	in.apply(&trunk, h.Networks, &faults)
	secret.Settle(trunk.Secrets(), nil, &faults)
	if err := faults.Err(); err != nil {
		return made{}, err
	}
	remember := route.Remember(r, func(trunkID id.ID) any { return made{trunkID} })
	trunkID, err := h.Engine.CreateTrunk(r.Context(), r.Actor, trunk, remember)
	return made{trunkID}, err
}

func (h trunkHandlers) update(r *route.Request, in trunkInput) (bool, error) {
	trunkID, err := r.ID("trunkId")
	if err != nil {
		return false, err
	}
	cleared, err := h.Engine.UpdateTrunk(r.Context(), r.Actor, trunkID, func(t *account.Trunk) error {
		var faults fault.List
		in.apply(t, h.Networks, &faults)
		return faults.Err()
	})
	r.WarnCleared(cleared)
	return err == nil, err
}

func (h trunkHandlers) delete(r *route.Request, _ route.None) (bool, error) {
	trunkID, err := r.ID("trunkId")
	if err != nil {
		return false, err
	}
	err = h.Engine.DeleteTrunk(r.Context(), r.Actor, trunkID)
	return err == nil, err
}

// stepTime bounds each question to the carrier: a carrier that is silent must not outlast the patience of clients, who
// give up after 15 seconds (contract 11). It leaves room for three repetitions of a request over UDP.
const stepTime = 4 * time.Second

// trunkTest says how the carrier answers.
type trunkTest struct {
	OK    bool        `json:"ok"`
	Steps []trunkStep `json:"steps"`
}

type trunkStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail" doc:"what the peer said"`
}

func (h trunkHandlers) test(r *route.Request, _ struct{}) (trunkTest, error) {
	trunkID, err := r.ID("trunkId")
	if err != nil {
		return trunkTest{}, err
	}
	trunks, err := h.Queries.Trunks(r.Context(), r.Actor.Account)
	if err != nil {
		return trunkTest{}, fmt.Errorf("list trunks: %w", err)
	}
	n := slices.IndexFunc(trunks, func(t account.Trunk) bool { return t.ID == trunkID })
	if n < 0 {
		return trunkTest{}, fault.Missing("TrunkId")
	}
	result := trunkTest{OK: true, Steps: []trunkStep{}}
	step := func(name string, ok bool, detail string) {
		result.Steps = append(result.Steps, trunkStep{name, ok, detail})
		result.OK = result.OK && ok
	}
	trunk := trunks[n].Trunk
	resolving, cancel := context.WithTimeout(r.Context(), stepTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(resolving, trunk.Host)
	if err != nil {
		step("name resolution", false, cmp.Or(destination.Unresolved(err), err.Error()))
		return result, nil
	}
	forbidden := func(text string) bool {
		address, err := netip.ParseAddr(text)
		return err != nil || h.Networks.Check(address) != nil
	}
	if !slices.ContainsFunc(addresses, func(text string) bool { return !forbidden(text) }) {
		step("name resolution", false, fmt.Sprintf("the host resolves to %v, which is not allowed (--allow-networks)", destination.ErrForbidden))
		return result, nil
	}
	step("name resolution", true, strings.Join(slices.DeleteFunc(addresses, forbidden), ", "))
	ask := func(name string, request func(context.Context, call.Trunk) call.ProbeResult) {
		ctx, cancel := context.WithTimeout(r.Context(), stepTime)
		defer cancel()
		answer := request(ctx, trunk)
		if !answer.OK && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			answer.Detail = fmt.Sprintf("no answer within %.0f seconds", stepTime.Seconds())
		}
		step(name, answer.OK, answer.Detail)
	}
	ask("OPTIONS", h.Prober.Options)
	if trunk.Registers {
		ask("registration", h.Prober.Register)
	}
	return result, nil
}
