package route

import (
	"context"
	"log/slog"
	"slices"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/destination"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/trial"
)

// Queries is what routes read. Implemented by store.
type Queries interface {
	engine.AccountQueries
	engine.NumberQueries
	engine.BlacklistQueries
	engine.PearlQueries
	engine.LeadQueries
	engine.CallQueries
	engine.RequestQueries
	engine.DeliveryQueries
	engine.AuditQueries
	engine.FeedQueries
}

// Services are what handlers work with; v1 and v2 are given the same.
type Services struct {
	Engine    *engine.Engine // the only way to change anything
	Queries   Queries
	Log       *slog.Logger
	Prober    call.Prober     // asks carriers how they are
	Judges    campaign.Judges // rules of Pearls that other rooms know
	Voices    []Voice
	Providers []Provider // in the order in which they are asked
	// Abilities are what conversations can do on this server; warnings tell of what they cannot.
	Abilities campaign.Abilities
	// Networks are those outside of the public internet that trunks may be in.
	Networks destination.Networks

	// Watcher tells what happens to an account while it happens.
	Watcher Watcher
	Trials  *trial.Trials // talks and rehearsals that change nothing

	// Listen returns the frames of a conversation from now on until it is over or leave is called, which may be called again; ok is false
	// where this server holds none. nil: nobody may listen.
	Listen func(callID id.ID) (frames <-chan call.Sound, leave func(), ok bool)
	// RemoveRecordings deletes files that no call names any more; what cannot be deleted is logged. nil: there are none.
	RemoveRecordings func(names []string)
	// TestAction makes a request of a Pearl and tells what came of it. nil: not offered.
	TestAction func(ctx context.Context, request call.Request, values map[string]any) call.Tested
	// TestWebhook sends a sample to the Pearl's URL of the kind and returns what the receiver said. nil: not offered.
	TestWebhook func(ctx context.Context, pearl campaign.Pearl, kind engine.DeliveryKind) engine.Try
}

// Watcher tells what happens to an account behind a place in its feed (live.Now: from now on), as a Stream does. Implemented by live.
type Watcher interface {
	Watch(ctx context.Context, accountID id.ID, after int64, write func([]byte) error, beat func() error) error
}

// Provider is something that this installation hears, speaks, thinks or writes with.
type Provider struct {
	Kind    string             // ears, voice, model, sms
	Name    string             // in logs and metrics; with Kind it is unique
	Service string             // local, openai, deepgram, …
	Model   string             // "" = its usual one
	Host    string             // where it is reached, "" = this machine
	Price   map[string]float64 // by unit, in the operator's; nil = it costs nothing
	// State says how it is: nil, or why it is left alone. nil: nothing is known of it but by trying.
	State func() error
	// Try asks it one small thing, and returns in words what came of it. nil: it cannot be tried without reaching somebody.
	Try func(ctx context.Context) (detail string, err error)
}

// Voice is one that agents can speak with. ID is 24 hex digits, like every id of the API.
type Voice struct {
	ID       string
	Name     string
	Language string // BCP 47
	Tags     []string
	Sample   string // address of a sample, open to everybody; "" = none
}

// SamplePath is where samples of voices are, by their ids.
const SamplePath = "/samples/"

// KnownVoice reports whether agents can speak with the voice.
func (s Services) KnownVoice(voiceID string) bool {
	return slices.ContainsFunc(s.Voices, func(v Voice) bool { return v.ID == voiceID })
}
