// Package app wires all packages together: it starts them in order, stops them in the opposite order, and has the
// subcommands of the command line. It is the only package that imports every edge, and decides nothing of the product.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nacre/internal/account"
	"nacre/internal/action"
	"nacre/internal/api"
	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/destination"
	"nacre/internal/dialer"
	"nacre/internal/disk"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/followup"
	"nacre/internal/id"
	"nacre/internal/insight"
	"nacre/internal/keeper"
	"nacre/internal/live"
	"nacre/internal/media"
	"nacre/internal/recording"
	"nacre/internal/sandbox"
	"nacre/internal/site"
	"nacre/internal/store"
	"nacre/internal/telephony"
	"nacre/internal/trial"
	"nacre/internal/voice"
	"nacre/internal/webhook"
)

// server is everything that runs in one process. Parts are closed in the opposite order of their start.
type server struct {
	log        *slog.Logger
	url        string // http://HOST:PORT
	engine     *engine.Engine
	store      *store.Store
	dialer     *dialer.Dialer
	closers    []func(context.Context)
	grace      time.Duration
	recordings string
	listener   net.Listener
	failed     chan error    // receives why the server can serve no longer
	rehearsed  chan struct{} // closed when Carrier.Rehearse is done
	hears      bool          // calls have a recogniser
	agent      *voice.Agent
	speakers   voices
	neural     *neural // nil: the embedded voice, or those of services, speak
	neuralHere bool    // this machine has the model of one
}

// goodbye is how long a stopping server waits, after the grace, for responses to the last BYEs and to the end of
// registrations.
const goodbye = 2 * time.Second

// wait returns nil when ctx ends, and an error when the server cannot serve any longer: whatever keeps it running starts it again.
func (s *server) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	case err := <-s.store.NodeLost():
		s.grace = min(s.grace, lostGrace)
		return fmt.Errorf("hold the database: %w", err)
	}
}

func (s *server) onClose(fn func(context.Context)) { s.closers = append(s.closers, fn) }

// Close stops everything: no new calls begin, conversations may continue for the grace.
func (s *server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), s.grace+10*time.Second)
	defer cancel()
	for n := len(s.closers) - 1; n >= 0; n-- {
		s.closers[n](ctx)
	}
	s.closers = nil
}

// start opens the store, wires all packages and starts to serve. On an error what was started is closed again.
func start(ctx context.Context, settings config.Serve, log *slog.Logger) (*server, error) {
	return startWith(ctx, settings, log, parts{openVoice: openVoice})
}

// parts are the parts that the caller of startWith provides.
type parts struct {
	openVoice  func(cache string, log *slog.Logger) (voice.Voices, error)
	agentSaid  func(callID id.ID, words string) // voice.Config.Said
	personSaid func(number, words, keys string) // sandbox.Options.Said
	deaf       bool                             // there is no recogniser, whatever the speech folder has: people press keys
	cache      string                           // folder of what voices make; "" = that of the data folder
}

// startWith is start with parts of the caller.
func startWith(ctx context.Context, settings config.Serve, log *slog.Logger, chosen parts) (s *server, err error) {
	s = &server{log: log, grace: settings.Grace, recordings: filepath.Join(settings.Data, "recordings"), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	services, err := readProviders(settings)
	if err != nil {
		return s, err
	}
	if err := makePrivate(settings.Data, os.Chmod, log); err != nil {
		return s, err
	}
	if err := os.MkdirAll(s.recordings, 0o700); err != nil {
		return s, fmt.Errorf("make data folder: %w", err)
	}
	// The database, and the lock that keeps a second process off it.
	keys := dataKeys(settings.Database)
	if s.store, err = openStore(ctx, settings.Database, store.Options{Node: true, Log: log, Keys: serverKeys(keys, log)}); err != nil {
		return s, err
	}
	s.onClose(func(context.Context) { logClose(log, "store", s.store.Close()) })
	sealed, err := s.store.SealAll(ctx)
	if err != nil {
		return s, explainKey(err, keys)
	}
	if sealed > 0 {
		log.Info("secrets that were stored otherwise are encrypted with the current data key", "rows", sealed)
	}
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		return s, fmt.Errorf("make ids: %w", err)
	}
	// The listener is opened first: links contain its address.
	clients, address, err := listenHTTP(settings, log)
	if err != nil {
		return s, err
	}
	s.listener, s.url = clients, address
	s.onClose(func(context.Context) { _ = clients.Close() })
	proxies, err := settings.Proxies()
	if err != nil {
		return s, err
	}
	base := settings.PublicURL
	if base == "" {
		base = s.url
	}
	secret, err := s.store.Secret(ctx, recording.SecretName)
	if err != nil {
		return s, fmt.Errorf("read recording secret: %w", err)
	}
	links := recording.Links{Base: base, Secret: secret}

	// The voice, without which no campaign runs.
	cache := chosen.cache
	if cache == "" {
		cache = voiceCache(settings.Data)
	}
	embedded, speech := chosen.openVoice(cache, log)
	metrics := newMetrics()
	models, noModels, err := findSpeech(settings.Speech, log)
	if err != nil {
		return s, err
	}
	own, neural := localVoices(models, cache, settings.VoiceCache, false, embedded, log)
	if neural != nil {
		s.onClose(func(context.Context) { logClose(log, "neural voice", neural.process.Close()) })
		metrics.watchVoice(neural)
	}
	speaker, err := allVoices(services.Voices, own, log)
	if err != nil {
		return s, err
	}
	if speaker != nil {
		speech = nil // where others speak, the embedded voice may be missing
		s.onClose(func(context.Context) { logClose(log, "voice", speaker.Close()) })
	}
	overheard := voice.NewListeners()
	agentConfig := voice.Config{Missing: speech, Recordings: s.recordings, Log: log, Said: chosen.agentSaid, Listeners: overheard}
	var localEar voice.Recognizer
	if models != nil {
		agentConfig.SpeechModel = models.voiced
		if !chosen.deaf {
			ears, process := models.ears(ctx, log, metrics)
			s.onClose(func(context.Context) { logClose(log, "ears", process.Close()) })
			localEar = ears
		}
	}
	ears, err := openEars(services.Ears, localEar, log)
	if err != nil {
		return s, err
	}
	agentConfig.Recognizer = ears
	gateways, err := openGateways(services.SMS)
	if err != nil {
		return s, err
	}
	judgeURL := func(raw string) error { return webhook.CheckURL(raw, settings.AllowPrivateWebhooks) }
	judgeHost := (destination.Networks{}).CheckHost
	if settings.AllowPrivateWebhooks {
		judgeHost = nil
	}
	doer := action.New(action.Config{AllowPrivate: settings.AllowPrivateWebhooks, CheckURL: judgeURL, SMS: gateways, Log: log})
	thinks, err := openModels(services.Models, log)
	switch {
	case err != nil:
		return s, err
	case thinks != nil && ears == nil:
		log.Warn("models are named to think with, but nothing hears: calls go by the keys of telephones")
	case thinks != nil:
		agentConfig.Brains = thinks.brains
	}
	s.hears = ears != nil
	var speakers, sampled voices
	if own != nil {
		sampled = newVoices(own)
	}
	if speaker != nil {
		speakers = newVoices(speaker)
		agentConfig.Speaker = speakers
	}
	agent := voice.New(agentConfig)
	s.agent, s.speakers, s.neural, s.neuralHere = agent, speakers, neural, models.speaks() == nil

	equipped := equipment{services: services, hears: ears, localEar: localEar, speaks: speaker, own: own, thinks: thinks, log: log}
	providers, err := equipped.providers()
	if err != nil {
		return s, err
	}
	watch := disk.New(settings.Data, int64(settings.DiskFree)<<20, log)
	s.engine = engine.New(engine.Config{
		Store: s.store, Room: watch.Room, Limits: engine.Limits{
			Trunks: settings.TrunksPerAccount, Numbers: settings.NumbersPerAccount, Pearls: settings.PearlsPerAccount, OpenRequests: settings.RequestsPerAccount, Leads: settings.LeadsPerAccount,
			RememberedAnswers: int64(settings.AnswersPerAccount) << 20, Recordings: int64(settings.RecordingsPerAccount) << 20,
		},
		AccountCaps: engine.DayCaps{Calls: settings.CallsPerDay, Minutes: settings.MinutesPerDay},
		KeyCaps:     engine.DayCaps{Calls: settings.CallsPerDayOfKey, Minutes: settings.MinutesPerDayOfKey},
		Renderer: webhook.Renderer{Link: func(callID id.ID, now time.Time) string {
			link, _ := links.URL(callID, recording.Holder{}, now)
			return link
		}},
		IDs: ids, Now: time.Now, Log: log, Node: nodeName(ids), Senses: equipped.senses, CanSpeak: func() error { return speech }, Language: speakers.language,
		PricePerMinute: int64(settings.PricePerMinute*100 + 0.5), CreditsBind: settings.CreditsBind, ShortCodes: settings.ShortCodes,
	})

	// Telephony, and the sandbox carrier at the other end of a loopback socket. Its people cost nothing.
	external, err := settings.External()
	if err != nil {
		return s, err
	}
	from, to, err := settings.RTPRange()
	if err != nil {
		return s, err
	}
	networks, err := settings.Networks()
	if err != nil {
		return s, err
	}
	roots, err := settings.Roots()
	if err != nil {
		return s, err
	}
	sip, err := telephony.Open(telephony.Config{
		Listen: settings.SIPListen, Roots: roots, External: external, RTPFrom: from, RTPTo: to, Networks: networks, Log: log,
	})
	if err != nil {
		return s, fmt.Errorf("open telephony: %w", err)
	}
	if err := media.RealTime(); err != nil {
		log.Info("audio leaves at the priority of any program: on a busy machine some of it will be late; README says how to grant real-time priority", "reason", err)
	}
	s.onClose(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, goodbye)
		defer cancel()
		logClose(log, "telephony", sip.Close(ctx))
	})
	if sip.Address().Addr().IsLoopback() {
		log.Info("SIP listens on loopback only: the sandbox carrier is reached, trunks elsewhere are not; --sip-listen 0.0.0.0:0 opens it", "address", sip.Address())
	}
	metrics.watch(sip)
	metrics.registry.MustRegister(&figures{count: s.store.Figures, log: log})
	carrier, err := openSandbox(besides(sip.Address().Addr()), embedded, sandbox.Options{InWords: s.hears, Log: log, Said: chosen.personSaid})
	if err != nil {
		return s, err
	}
	s.onClose(carrier.Close)
	rehearsal, endRehearsal := context.WithCancel(context.Background())
	s.rehearsed = make(chan struct{})
	go func() { defer close(s.rehearsed); carrier.carrier.Rehearse(rehearsal) }()
	s.onClose(func(context.Context) { endRehearsal(); <-s.rehearsed })

	registrar := sip.NewRegistrar(func(trunkID id.ID, state telephony.RegistrationState, detail string) {
		s.dialer.Registered(trunkID, account.TrunkState(state), detail)
	})
	s.onClose(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, goodbye)
		defer cancel()
		logClose(log, "registrations", registrar.Close(ctx))
	})

	sender := webhook.New(webhook.Config{
		Outbox: s.engine, Pearls: s.store, Renderer: s.engine.Renderer, IDs: ids, Now: time.Now, Jitter: mathrand.Float64, Log: log,
		AllowPrivate: settings.AllowPrivateWebhooks, Metrics: metrics,
	})
	wait := time.Duration(0)
	if neural != nil {
		wait = prepareFor
	}
	ends := func(script call.Script, talk call.Talk, transcriptOptions int) engine.Ending {
		return endingOf(script, talk, insight.Judge(script, talk, transcriptOptions), log)
	}
	if thinks != nil {
		ends = thinks.judge
	}
	watchers := live.New(live.Config{Queries: s.store, Texts: v2.StreamTexts, Log: log})
	s.dialer = dialer.New(dialer.Config{
		Engine: s.engine, Queries: s.store, Dial: sip, Prober: sip, Active: registrar.SetTrunks, Agent: agent, Judge: ends, Act: doer.Do,
		Sandbox: carrier.trunk, Now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }, Log: log, Observe: metrics,
		PrepareFor: wait,
		Said: func(begun *engine.Begun, by call.Role, words string) {
			if text := insight.Spoken(words, begun.TranscriptOptions); text != "" {
				watchers.Said(begun.Call.Account, live.Line{Call: begun.Call.ID, By: by, Text: text, At: time.Now()})
			}
		},
	})
	keep := keeper.New(keeper.Config{Engine: s.engine, Queries: s.store, Recordings: recording.Folder(s.recordings), Now: time.Now, Log: log})
	listeners := []engine.Listener{s.dialer, sender, keep, watchers}
	following := followup.Config{Jobs: s.engine, Act: doer.Do, Now: time.Now, Log: log, Tried: metrics.Analysed}
	if thinks != nil {
		following.Ask, following.Applies = thinks.analyse, thinks.applies
	}
	follows := followup.New(following)
	s.engine.Listen(append(listeners, follows)...)

	// What an earlier process left behind is settled before anything begins: holding the lock means that it has ended.
	claims, calls, err := s.engine.Rescue(ctx, "")
	if err != nil {
		return s, fmt.Errorf("settle what was left behind: %w", err)
	}
	if claims+calls > 0 {
		log.Warn("settled what an earlier process left behind", "claims", claims, "calls", calls)
	}
	sender.Start()
	s.onClose(func(ctx context.Context) { logClose(log, "webhooks", sender.Stop(ctx)) })
	follows.Start()
	s.onClose(func(context.Context) { follows.Stop() })
	if speech == nil {
		s.dialer.Start()
		s.onClose(func(ctx context.Context) { s.dialer.Stop(ctx, s.grace) })
	}

	keep.Start()
	s.onClose(func(context.Context) { keep.Stop() })

	keypad := agentConfig
	keypad.Recognizer = nil
	tried := trial.Config{Language: speakers.language, Agent: agent, Keypad: voice.New(keypad), IDs: ids, Now: time.Now, Log: log, Hears: func(language string) error {
		if ears == nil {
			return fmt.Errorf("there is nothing to hear with: %s", noModels)
		}
		return ears.Ready(language)
	}}
	if thinks != nil {
		tried.Brains, tried.Model = thinks.brains, player{thinks.models}
	}
	trials := trial.New(tried)
	s.onClose(func(context.Context) { trials.Close() })

	handler, err := api.New(ctx, api.Config{
		Engine: s.engine, Queries: s.store, Log: log, Now: time.Now, PublicURL: settings.PublicURL, TrustedProxies: proxies, RateLimit: settings.RateLimit,
		CORSOrigins: settings.CORSOrigins, BodyMemory: int64(settings.BodyMemory) << 20, Uploads: int64(settings.UploadsPerAccount) << 20, RecordingsDir: s.recordings, Metrics: metrics.handler(), OpenMetrics: settings.PublicMetrics,
		Prober: sip, Judges: campaign.Judges{
			URL:    judgeURL,
			Host:   judgeHost,
			Header: webhook.CheckCredentialHeader,
		},
		Networks: networks, Abilities: campaign.Abilities{Hears: ears != nil, Thinks: thinks != nil, Texts: len(gateways) > 0},
		Voices: speakers.list(sampled, base), Providers: providers, VoiceSample: sampled.sample, TestWebhook: sender.TestKind, TestAction: doer.Test, Trials: trials,
		Ready: func(ctx context.Context) error {
			return errors.Join(s.store.Ping(ctx), mute(speech), deaf(ears), watch.Room())
		}, Room: watch.Room, Observe: metrics.Request,
		Watcher: watchers, Streams: settings.StreamsPerAccount, StreamsOfAsker: settings.StreamsPerPerson, Listen: overheard.Listen,
	})
	if err != nil {
		return s, fmt.Errorf("make the API: %w", err)
	}
	outer, err := newMux(handler, site.Config{Document: describeAPI, Now: time.Now, Log: log}, log)
	if err != nil {
		return s, err
	}
	web := api.NewServer(outer, log)
	go func() {
		if err := web.Serve(clients); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("serve", "error", err)
			s.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	s.onClose(func(ctx context.Context) {
		// Requests under way are answered, new ones refused: nothing is accepted while calling stops.
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		logClose(log, "http", web.Shutdown(ctx))
	})
	s.onClose(func(context.Context) { watchers.Close() }) // its streams are requests under way, which do not end by themselves
	if speech == nil {
		s.onClose(s.dialer.Cease) // before anything is waited for
	}
	where := settings.Data
	if settings.DatabaseURL != "" {
		where = "PostgreSQL, recordings in " + s.recordings
	}
	log.Info("serving", "docs", s.url+"/docs", "data", where, "sip", sip.Address())
	log.Warn("calls over a number without a trunk go to the sandbox carrier: its people are simulated, its results are not real")
	if speech != nil {
		log.Error("this binary cannot speak: campaigns cannot run", "error", speech)
	} else if ears == nil {
		log.Warn("there are no models on this machine to hear with: spoken words are not understood, people answer with the keys of their telephone", "reason", noModels)
	}
	return s, nil
}

// mute returns why the server is not ready if there is no voice; nil if there is one.
func mute(speech error) error {
	if speech == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, Detail: "this binary cannot speak, campaigns cannot run: " + speech.Error() + ".", Err: speech}
}

// describeAPI returns the OpenAPI document of both versions.
func describeAPI() ([]byte, error) {
	table := route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2.Routes(route.Services{})))
	text, err := openapi.Document(table.Routes(), "")
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return text, nil
}

// endingOf is what is stored of a conversation, and what follows it (dialer.Judge).
func endingOf(script call.Script, talk call.Talk, j insight.Judgement, log *slog.Logger) engine.Ending {
	after, err := insight.After(script, talk)
	if err != nil {
		log.Error("prepare what is done after a call", "call", script.Call, "error", err)
	}
	return engine.Ending{
		Acts: talk.Acts, After: after,
		Outcome: j.Outcome, Callback: talk.Callback, OptOut: talk.OptOut, Transferred: talk.Transferred, Answerer: talk.Answerer, Evidence: talk.Evidence,
		Transcript: j.Transcript, Collected: talk.Collected,
		Tags: j.Tags, Summary: j.Summary, Sentiment: j.Sentiment, TurnsMS: talk.TurnLatencyMS,
	}
}

func openStore(ctx context.Context, settings config.Database, options store.Options) (*store.Store, error) {
	if settings.DatabaseURL == "" {
		if err := os.MkdirAll(settings.Data, 0o700); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
	}
	s, err := store.Open(ctx, settings.Data, settings.DatabaseURL, options)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", explainKey(err, dataKeys(settings)))
	}
	return s, nil
}

// sandboxCarrier is a sandbox.Carrier behind a SIP endpoint of its own.
type sandboxCarrier struct {
	carrier  *sandbox.Carrier
	endpoint *telephony.Endpoint
	log      *slog.Logger
}

// openSandbox opens the carrier; without a speaker its people murmur.
func openSandbox(listen string, speaker sandbox.Speaker, options sandbox.Options) (*sandboxCarrier, error) {
	log := options.Log
	c := &sandboxCarrier{log: log, carrier: sandbox.New(speaker, options)}
	endpoint, err := telephony.Open(telephony.Config{
		Listen: listen, Log: log, OnInvite: func(in telephony.Incoming) { c.carrier.Handle(in) }, OnRefer: c.carrier.Refer,
	})
	if err != nil {
		return nil, fmt.Errorf("open sandbox carrier: %w", err)
	}
	c.endpoint = endpoint
	return c, nil
}

// besides returns where the sandbox carrier listens: on loopback, in the address family of the endpoint.
func besides(endpoint netip.Addr) string {
	if endpoint.Is6() {
		return "[::1]:0"
	}
	return "127.0.0.1:0"
}

// trunk returns the trunk to the sandbox carrier.
func (c *sandboxCarrier) trunk() call.Trunk {
	address := c.endpoint.Address()
	return call.Trunk{Host: address.Addr().String(), Port: int(address.Port()), Transport: "udp", Codecs: []string{"PCMU", "PCMA"}}
}

// Close ends the carrier's calls.
func (c *sandboxCarrier) Close(ctx context.Context) {
	c.carrier.Close()
	logClose(c.log, "sandbox carrier", c.endpoint.Close(ctx))
}

// nodeName returns a name that is new at every start, so that what an earlier process held is never taken for ours.
func nodeName(ids *id.Source) string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return host + "-" + string(ids.New(time.Now()))
}

func logClose(log *slog.Logger, part string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Warn("close", "part", part, "error", err)
	}
}

// newLog returns a logger to w by the settings; without --log-pii every "pii" group is dropped.
func newLog(w io.Writer, settings config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(settings.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if !settings.LogPII && (a.Key == "pii" || len(groups) > 0 && groups[0] == "pii") { // personal data only when asked for
			return slog.Attr{}
		}
		return a
	}}
	if settings.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
