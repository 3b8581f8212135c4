package v2

import (
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

type webhookHandlers struct{ pearlHandlers }

func webhookRoutes(services route.Services) []route.Route {
	h := webhookHandlers{pearlHandlers{services}}
	const ofPearl, delivery = "/v2/Pearl/{pearlId}/Webhooks", "/v2/Webhooks/Deliveries/{deliveryId}"
	r := func(r route.Route) route.Route {
		r.Tag, r.Extension = "Webhooks", true
		if strings.HasPrefix(r.Pattern, ofPearl) {
			r.Pearl = route.AnyPearl
		}
		return r
	}
	return []route.Route{
		route.Handle(r(route.Route{Method: "GET", Pattern: ofPearl, Scope: account.ScopeFull, Summary: "Get the webhook settings", Description: "The signing secret is among them, so a key that only reads may not."}), h.get),
		route.Handle(r(route.Route{Method: "PUT", Pattern: ofPearl, Scope: account.ScopeFull, Secrets: true, Summary: "Change the webhook settings", Description: "After rotateSecret deliveries are signed with the old secret besides for a day."}), h.set),
		route.Handle(r(route.Route{Method: "POST", Pattern: ofPearl + "/Test", Scope: account.ScopeFull, Role: account.Operator, BodyOptional: true, Timeout: time.Minute, Summary: "Send a sample"}), h.test),
		route.Handle(r(route.Route{Method: "POST", Pattern: ofPearl + "/Deliveries", Scope: account.ScopeRead, Summary: "Search deliveries"}), h.search),
		route.Handle(r(route.Route{Method: "POST", Pattern: ofPearl + "/Replay", Scope: account.ScopeFull, Role: account.Operator, BodyOptional: true, Summary: "Send all dead deliveries again"}), h.replayDead),
		route.Handle(r(route.Route{Method: "GET", Pattern: delivery, Scope: account.ScopeRead, Summary: "Get a delivery with its tries"}), h.read),
		route.Handle(r(route.Route{Method: "POST", Pattern: delivery + "/Replay", Scope: account.ScopeFull, Role: account.Operator, Summary: "Send a delivery again"}), h.replay),
	}
}

// webhookView are the webhook settings of a Pearl (contract 12).
type webhookView struct {
	CallWebhookURL          *string         `json:"callWebhookUrl"`
	LeadWebhookURL          *string         `json:"leadWebhookUrl" doc:"null of inbound Pearls"`
	WebhookVersion          int             `json:"webhookVersion" schema:"table=WebhookVersion"`
	WebhookCredentialHeader *string         `json:"webhookCredentialHeader" doc:"null = Authorization"`
	Secret                  string          `json:"secret" doc:"deliveries are signed with it"`
	Disabled                disabledWebhook `json:"disabled"`
}

// disabledWebhook says which URLs a 410 has turned off; setting one again turns it on.
type disabledWebhook struct {
	Call bool `json:"call"`
	Lead bool `json:"lead"`
}

func webhookViewOf(w campaign.Webhooks) webhookView {
	version := w.Version
	if version == 0 {
		version = 2
	}
	return webhookView{
		CallWebhookURL: wire.Text(w.CallURL), LeadWebhookURL: wire.Text(w.LeadURL), WebhookVersion: version,
		WebhookCredentialHeader: wire.Text(w.CredentialHeader), Secret: w.Secret, Disabled: disabledWebhook{Call: w.CallDisabled, Lead: w.LeadDisabled},
	}
}

func (h webhookHandlers) get(r *route.Request, _ route.None) (webhookView, error) {
	return webhookViewOf(r.Pearl.Webhooks), nil
}

// webhookChange is the body of a change of the webhook settings; absent = unchanged, null clears.
type webhookChange struct {
	CallWebhookURL          body.Optional[string] `json:"callWebhookUrl" schema:"maxlen=2048" doc:"null = none"`
	LeadWebhookURL          body.Optional[string] `json:"leadWebhookUrl" schema:"maxlen=2048" doc:"null = none"`
	WebhookVersion          body.Optional[int]    `json:"webhookVersion" api:"enum=1|2" schema:"table=WebhookVersion"`
	WebhookCredentialHeader body.Optional[string] `json:"webhookCredentialHeader" doc:"null = Authorization"`
	RotateSecret            bool                  `json:"rotateSecret" doc:"true makes a new secret"`
}

func (in webhookChange) settings() wire.OutboundInput {
	return wire.OutboundInput{
		CallWebhookURL: in.CallWebhookURL, LeadWebhookURL: in.LeadWebhookURL,
		WebhookVersion: in.WebhookVersion, WebhookCredentialHeader: in.WebhookCredentialHeader,
	}
}

func (h webhookHandlers) set(r *route.Request, in webhookChange) (webhookView, error) {
	secret, err := engine.NewWebhookSecret()
	if err != nil {
		return webhookView{}, err
	}
	stored, cleared, err := h.Engine.UpdatePearl(r.Context(), r.Actor, r.Pearl.ID, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error {
		if p.Type == campaign.InboundPearl && in.LeadWebhookURL.Set() && in.LeadWebhookURL.Value != "" {
			return fault.Bad("LeadWebhookUrl", "An inbound Pearl has no leads.")
		}
		in.settings().ApplyWebhooks(&p.Webhooks)
		p.Complete()
		if in.RotateSecret {
			engine.RotateSecret(p, secret, r.Now)
		}
		return p.Webhooks.Check(h.Judges)
	})
	r.WarnCleared(cleared)
	return webhookViewOf(stored.Webhooks), err
}

// webhookTest is the body of a test; without a kind it is the call URL, or the lead URL where that is the only one.
type webhookTest struct {
	Kind body.Optional[string] `json:"kind" schema:"values=call|lead" doc:"absent = call, or lead where that is the only URL"`
}

// Check judges the kind.
func (in *webhookTest) Check(faults *fault.List) {
	switch engine.DeliveryKind(in.Kind.Value) {
	case "", engine.CallDelivery, engine.LeadDelivery:
	default:
		faults.Add("Kind", "The value '%.20s' is not valid; it must be call or lead.", in.Kind.Value)
	}
}

// try is one attempt to deliver, and what the receiver said.
type try struct {
	At        wire.Time `json:"at"`
	Status    *int      `json:"status" doc:"null without an answer"`
	LatencyMS int64     `json:"latencyMs"`
	Error     *string   `json:"error"`
	Answer    *string   `json:"answer" doc:"the beginning of the reply's body"`
}

func tryOf(t engine.Try) try {
	shown := try{At: wire.Time(t.At), LatencyMS: t.LatencyMS, Error: wire.Text(t.Error), Answer: wire.Text(t.Answer)}
	if t.Status != 0 {
		shown.Status = &t.Status
	}
	return shown
}

func (h webhookHandlers) test(r *route.Request, in webhookTest) (try, error) {
	kind := engine.DeliveryKind(in.Kind.Value)
	if kind == "" {
		kind = engine.CallDelivery
		if r.Pearl.Webhooks.CallURL == "" && r.Pearl.Webhooks.LeadURL != "" {
			kind = engine.LeadDelivery
		}
	}
	url := r.Pearl.Webhooks.CallURL
	if kind == engine.LeadDelivery {
		url = r.Pearl.Webhooks.LeadURL
	}
	switch {
	case url == "":
		return try{}, fault.Refused("The Pearl has no %s webhook URL.", kind)
	case h.TestWebhook == nil:
		return try{}, fault.Refused("This installation sends no webhooks.")
	}
	return tryOf(h.TestWebhook(r.Context(), r.Pearl, kind)), nil
}
