// Package api decides how HTTP clients are served: who may ask (keys, scopes, limits), how requests are read and answers
// written, and what happens around both: time-outs, panics, cross-origin requests, request ids, repeated requests. The
// routes themselves are those of v1 and v2, which never import each other. It refuses to know storage, telephony and what
// the use cases do.
package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/destination"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/recording"
	"nacre/internal/trial"
)

// Queries is what the API reads: what routes do, and the database itself. Implemented by store.
type Queries interface {
	route.Queries
	engine.SignInQueries
	engine.InstallationQueries
}

// Config is what the API is made of.
type Config struct {
	Engine  *engine.Engine
	Queries Queries
	Log     *slog.Logger
	Now     func() time.Time

	Prober call.Prober     // asks carriers how they are
	Judges campaign.Judges // rules of Pearls that other rooms know
	// Networks are those outside of the public internet that trunks may be in.
	Networks  destination.Networks
	Voices    []route.Voice    // that agents can speak with
	Providers []route.Provider // that calls use
	// Abilities are what conversations can do on this server; warnings tell of what they cannot.
	Abilities campaign.Abilities
	// VoiceSample returns a WAV file in which one of Voices speaks; nil = there are no samples.
	VoiceSample func(ctx context.Context, voiceID string) ([]byte, error)
	Trials      *trial.Trials // talks and rehearsals that change nothing
	// TestAction makes a request of a Pearl and tells what came of it (route.Services); nil = not offered.
	TestAction func(ctx context.Context, request call.Request, values map[string]any) call.Tested
	// TestWebhook sends a sample to the Pearl's URL of the kind and returns what the receiver said; nil = not offered.
	TestWebhook func(ctx context.Context, pearl campaign.Pearl, kind engine.DeliveryKind) engine.Try

	// Watcher tells streams what happens.
	Watcher route.Watcher
	// Listen lets people hear conversations (route.Services).
	Listen func(callID id.ID) (frames <-chan call.Sound, leave func(), ok bool)

	TrustedProxies []netip.Prefix // whose word on where a request comes from counts
	PublicURL      string         // absolute address that clients use, "" = the host of each request
	RateLimit      int            // requests a second and key, sustained; 0 = off
	RateBurst      int            // requests at once; 0 = four times RateLimit
	CORSOrigins    []string       // origins that browsers may call from; empty = all
	RecordingsDir  string         // where recordings lie
	LinkTTL        time.Duration  // of recording links; 0 = 7 days

	BodyTime   time.Duration // a client may be silent this long while it sends a body; 0 = 30 s
	BodyMemory int64         // bytes that bodies take at once; 0 = 256 MiB
	Uploads    int64         // bytes that an account may have stored in an hour; 0 = no limit
	// Streams are how many an account, and a key or person of it, may have open; 0 = no limit.
	Streams, StreamsOfAsker int

	Room        func() error                    // nil = always; an error refuses what creates
	Ready       func(ctx context.Context) error // nil = ready as soon as the database answers
	Metrics     http.Handler                    // nil = no /metrics
	OpenMetrics bool                            // /metrics also for peers that are not loopback
	Observe     func(route string, status int, took time.Duration)
}

// server serves requests. Immutable but for the limits, which guard themselves.
type server struct {
	Config
	table    *route.Table
	links    recording.Links
	keys     *buckets
	bodies   *bodyMemory
	uploads  *uploads
	failures *failures
	leases   keyLeases
	streams  streams
	sessions *sessions
	origins  *http.CrossOriginProtection
	touched  sync.Map // key id → time.Time of the last use that was written
	running  sync.Map // Idempotency-Keys of requests under way
	special  map[string]func(*exchange)
	gzips    sync.Pool // *gzip.Writer: one costs a megabyte of tables
	document documents
}

// New makes the handler. It reads the secret of recording links.
func New(ctx context.Context, config Config) (http.Handler, error) {
	s, err := build(ctx, config, func(services route.Services) []route.Route {
		return slices.Concat(v1.Routes(services), v2.Routes(services))
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// build makes a server of any routes.
func build(ctx context.Context, config Config, routes func(route.Services) []route.Route) (*server, error) {
	secret, err := config.Queries.Secret(ctx, recording.SecretName)
	if err != nil {
		return nil, fmt.Errorf("read the secret of recording links: %w", err)
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{Config: config, links: recording.Links{Secret: secret, TTL: config.LinkTTL}}
	services := route.Services{
		Engine: config.Engine, Queries: config.Queries, Log: config.Log, Prober: config.Prober, Judges: config.Judges, Networks: config.Networks,
		Voices: config.Voices, Providers: config.Providers, Abilities: config.Abilities, TestWebhook: config.TestWebhook, TestAction: config.TestAction, Trials: config.Trials, RemoveRecordings: s.removeRecordings,
		Watcher: config.Watcher, Listen: config.Listen,
	}
	if services.Judges.KnownVoice == nil && len(config.Voices) > 0 { // a binary that cannot speak refuses no voice
		services.Judges.KnownVoice = services.KnownVoice
	}
	s.table = route.NewTable(routes(services))
	burst := config.RateBurst
	if burst == 0 {
		burst = 4 * config.RateLimit
	}
	s.keys = newBuckets(config.RateLimit, burst)
	if s.BodyTime <= 0 {
		s.BodyTime = defaultBodyTime
	}
	s.bodies = newBodyMemory(config.BodyMemory)
	s.uploads = newUploads(config.Uploads)
	s.failures = newFailures()
	s.sessions = newSessions(config.Engine, config.Queries)
	if s.origins, err = ownOrigins(config.PublicURL); err != nil {
		return nil, err
	}
	if s.document, err = describe(s.table); err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	s.special = openRoutes()
	return s, nil
}
