package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/secret"
)

// Audit events (contract 8).
const (
	auditPublishPearl  = 10
	auditPearlStatus   = 11
	auditCreateKey     = 30
	auditDeleteKey     = 31
	auditAccount       = 74
	auditPearlSettings = 1001
	auditBlacklist     = 1002
	auditNumber        = 1003
	auditTrunk         = 1004
	auditDeleteLeads   = 1005
	auditDeleteCalls   = 1006
	auditListenIn      = 1008
	auditTestAction    = 1009
)

// AuditPearlSettings and AuditPublishPearl are the events that callers of UpdatePearl name.
const (
	AuditPearlSettings = auditPearlSettings
	AuditPublishPearl  = auditPublishPearl
)

// KeyPrefix is how actors that are keys begin in history and audit; what follows is the key's id.
const KeyPrefix = "key:"

// audit notes what was done, by whom. data is shown as it is: things as the API has them, secrets as asterisks.
func (e *Engine) audit(tx RecordTx, actor Actor, event int, now time.Time, data map[string]any) error {
	entry, err := auditEntry(actor, event, now, data)
	if err != nil {
		return err
	}
	if err := tx.AddAudit(entry); err != nil {
		return fmt.Errorf("add audit entry: %w", err)
	}
	return nil
}

func auditEntry(actor Actor, event int, now time.Time, data map[string]any) (Audit, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Audit{}, fmt.Errorf("write audit entry: %w", err)
	}
	entry := Audit{Account: actor.Account, At: now, Event: event, User: actor.By, UserName: actor.Name, UserType: "system", Data: raw}
	switch {
	case strings.HasPrefix(actor.By, KeyPrefix):
		entry.UserType = "key"
	case strings.HasPrefix(actor.By, PersonPrefix):
		entry.UserType = "person"
	case actor.By == anonymous:
		entry.UserType = anonymous
	case entry.UserName == "":
		entry.UserName = actor.By // the command line, the person on the line, nacre itself
	}
	return entry, nil
}

// ListenedIn notes that somebody hears a call that goes on.
func (e *Engine) ListenedIn(ctx context.Context, actor Actor, c call.Call) error {
	return e.note(ctx, actor, auditListenIn, map[string]any{"pearlId": c.Pearl, "callId": c.ID})
}

// TestedAction notes that somebody has a request of a Pearl made to see what comes of it. Nothing of what is sent is kept.
func (e *Engine) TestedAction(ctx context.Context, actor Actor, pearl campaign.Pearl, member, method, host string) error {
	return e.note(ctx, actor, auditTestAction, map[string]any{"pearlId": pearl.ID, "name": pearl.Name, "member": member, "method": method, "host": host})
}

// note enters something that changed nothing.
func (e *Engine) note(ctx context.Context, actor Actor, event int, data map[string]any) error {
	return e.update(ctx, func(tx Tx, _ *Signals) error { return e.audit(tx, actor, event, e.clock(), data) })
}

// withCleared adds the secrets that a changed destination has cleared.
func withCleared(data map[string]any, cleared []string) map[string]any {
	if len(cleared) > 0 {
		data["clearedSecrets"] = cleared
	}
	return data
}

type auditedAccount struct {
	Name          string           `json:"name"`
	TotalAgents   int              `json:"totalAgents"`
	CreditBalance float64          `json:"creditBalance"`
	Status        account.Standing `json:"status"`
	CountryCodes  []string         `json:"countryCodes"`
	DefaultRegion string           `json:"defaultRegion"`
	Color         string           `json:"color"`
	RetentionDays *int             `json:"retentionDays"`
}

func auditAccountOf(a account.Account) auditedAccount {
	return auditedAccount{a.Name, a.TotalAgents, float64(a.Credit) / 100, a.Standing, a.CountryCodes, a.DefaultRegion, a.Color, a.RetentionDays}
}

type auditedPearl struct {
	Name       string                     `json:"name"`
	Type       campaign.Type              `json:"type"`
	Status     campaign.Activity          `json:"status"`
	IsArchived bool                       `json:"isArchived"`
	Pearl      campaign.Definition        `json:"pearl"`
	Variables  []campaign.Variable        `json:"variables"`
	Inbound    *campaign.InboundSettings  `json:"inbound,omitempty"`
	Outbound   *campaign.OutboundSettings `json:"outbound,omitempty"`
	Webhooks   campaign.Webhooks          `json:"webhooks"`
}

func auditPearlOf(p campaign.Pearl) auditedPearl {
	p = p.Redacted()
	p.Complete()
	return auditedPearl{p.Name, p.Type, p.Activity, p.Archived, p.Definition, p.Variables, p.Inbound, p.Outbound, p.Webhooks}
}

type auditedKey struct {
	ID        id.ID         `json:"id"`
	Name      string        `json:"name"`
	Scope     account.Scope `json:"scope"`
	ExpiresAt *string       `json:"expiresAt"`
}

func auditKeyOf(k account.Key) auditedKey {
	shown := auditedKey{ID: k.ID, Name: k.Name, Scope: k.Scope}
	if !k.Expires.IsZero() {
		at := k.Expires.UTC().Format("2006-01-02T15:04:05.000Z")
		shown.ExpiresAt = &at
	}
	return shown
}

type auditedNumber struct {
	ID        id.ID             `json:"id"`
	Number    string            `json:"number"`
	Direction account.Direction `json:"direction"`
	IsActive  bool              `json:"isActive"`
	TrunkID   *id.ID            `json:"trunkId"`
}

func auditNumberOf(n account.Number) auditedNumber {
	shown := auditedNumber{ID: n.ID, Number: n.Number, Direction: n.Direction, IsActive: n.Active}
	if !n.Trunk.Zero() {
		shown.TrunkID = &n.Trunk
	}
	return shown
}

type auditedTrunk struct {
	ID             id.ID    `json:"id"`
	Name           string   `json:"name"`
	Host           string   `json:"host"`
	Port           int      `json:"port"`
	Transport      string   `json:"transport"`
	Username       string   `json:"username"`
	Password       string   `json:"password"`
	Registers      bool     `json:"registers"`
	FromDomain     string   `json:"fromDomain"`
	Codecs         []string `json:"codecs"`
	MaxCalls       int      `json:"maxCalls"`
	CallsPerSecond float64  `json:"callsPerSecond"`
	LockMedia      bool     `json:"lockMedia"`
	MediaTo        string   `json:"mediaTo"`
	IsActive       bool     `json:"isActive"`
}

func auditTrunkOf(t account.Trunk) auditedTrunk {
	shown := auditedTrunk{
		ID: t.ID, Name: t.Name, Host: t.Host, Port: t.Port, Transport: t.Transport, Username: t.Username, Registers: t.Registers,
		FromDomain: t.FromDomain, Codecs: t.Codecs, MaxCalls: t.MaxCalls, CallsPerSecond: t.CallsPerSecond,
		LockMedia: t.LockMedia, MediaTo: cmp.Or(t.MediaTo, call.MediaToSource), IsActive: t.Active,
	}
	if t.Password != "" {
		shown.Password = secret.Masked
	}
	return shown
}
