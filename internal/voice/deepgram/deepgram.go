// Package deepgram hears through Deepgram's streaming API, in µ-law at 8 kHz as the telephone has it: the models of /v1/listen
// (Nova), whose utterances end as our voice activity detector says, and those of /v2/listen (Flux), which judge themselves
// when a turn is over.
package deepgram

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nacre/internal/provider"
	"nacre/internal/voice"
)

// Address is where the service is.
const Address = "https://api.deepgram.com"

// Config configures New.
type Config struct {
	Endpoint provider.Endpoint
	Model    string            // "" = nova-3; names beginning with "flux" are those of /v2/listen
	Language string            // where a call names none; "" = en
	Query    map[string]string // more parameters, as keyterm or eot_threshold; they replace ours
	// Heard is told how many seconds were sent, second by second; ctx is that of the call. nil = nobody is told.
	Heard func(ctx context.Context, seconds float64)
}

// Recognizer implements voice.Recognizer.
type Recognizer struct {
	config Config
	client *provider.Client
	idle   time.Duration
	last   time.Duration
}

var _ voice.Recognizer = (*Recognizer)(nil)

// New returns a Recognizer.
func New(config Config) *Recognizer {
	if config.Model == "" {
		config.Model = "nova-3"
	}
	if config.Language == "" {
		config.Language = "en"
	}
	return &Recognizer{config: config, client: provider.NewClient(config.Endpoint), idle: idleLimit, last: finalLimit}
}

// Ready returns nil: whether it hears shows when it is asked (voice.Recognizer).
func (r *Recognizer) Ready() error { return nil }

// Listen connects, within Endpoint.First (voice.Recognizer). An ear whose connection is lost ends: its last result has Err.
func (r *Recognizer) Listen(ctx context.Context, language string) (voice.Ear, error) {
	if language == "" {
		language = r.config.Language
	}
	header := http.Header{}
	r.config.Endpoint.Key.Header(header, "Authorization", "Token ")
	conn, err := r.client.Dial(ctx, r.path(language), header)
	if err != nil {
		return nil, err
	}
	return newEar(ctx, conn, r), nil
}

func (r *Recognizer) flux() bool { return strings.HasPrefix(r.config.Model, "flux") }

func (r *Recognizer) path(language string) string {
	query := url.Values{"model": {r.config.Model}, "encoding": {"mulaw"}, "sample_rate": {"8000"}}
	path := "/v2/listen"
	if r.flux() {
		if strings.HasSuffix(r.config.Model, "-multi") {
			base, _, _ := strings.Cut(language, "-")
			query.Set("language_hint", strings.ToLower(base))
		}
	} else {
		path = "/v1/listen"
		query.Set("language", language)
		for name, value := range map[string]string{
			"channels": "1", "interim_results": "true", "punctuate": "true", "endpointing": "300", "utterance_end_ms": "1000",
		} {
			query.Set(name, value)
		}
	}
	for name, value := range r.config.Query {
		query.Set(name, value)
	}
	return path + "?" + query.Encode()
}
