// Package deepgram hears through Deepgram's streaming API, in µ-law at 8 kHz as the telephone has it: the models of /v1/listen
// (Nova), whose utterances end as our voice activity detector says, and those of /v2/listen (Flux), which judge themselves
// when a turn is over.
package deepgram

import (
	"cmp"
	"context"
	"fmt"
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
	Language string            // where a call names none, or the same one less exactly; "" = en
	Query    map[string]string // more parameters, as keyterm or eot_threshold; they replace ours. Its language is Language
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
	config.Language = cmp.Or(config.Query["language"], config.Language, "en")
	return &Recognizer{config: config, client: provider.NewClient(config.Endpoint), idle: idleLimit, last: finalLimit}
}

// Ready returns an error for a language that the model does not know; else whether it hears shows when it is asked
// (voice.Recognizer).
func (r *Recognizer) Ready(language string) error {
	if known := r.only(); language != "" && known != "" && primary(language) != known {
		return fmt.Errorf("%w %s", voice.ErrLanguage, language)
	}
	return nil
}

// Listen connects, within Endpoint.First (voice.Recognizer). An ear whose connection is lost ends: its last result has Err.
func (r *Recognizer) Listen(ctx context.Context, language string) (voice.Ear, error) {
	if err := r.Ready(language); err != nil {
		return nil, fmt.Errorf("%w: %w", &provider.Error{Provider: r.config.Endpoint.Name, Kind: provider.Rejected}, err)
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

// multi is the end of the names of Flux models that know several languages, in place of a language.
const multi = "multi"

// only is the one language that the model knows, "" = several: names of Flux models end in it.
func (r *Recognizer) only() string {
	if !r.flux() {
		return ""
	}
	if last := r.config.Model[strings.LastIndexByte(r.config.Model, '-')+1:]; len(last) == 2 {
		return last
	}
	return ""
}

func primary(language string) string {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	return primary
}

// told is the language of a call as the service is told it: without a region, of which it knows few, but where the operator has
// written the same language more exactly.
func (r *Recognizer) told(language string) string {
	if language == "" || primary(language) == primary(r.config.Language) {
		return r.config.Language
	}
	return primary(language)
}

func (r *Recognizer) path(language string) string {
	query := url.Values{"model": {r.config.Model}, "encoding": {"mulaw"}, "sample_rate": {"8000"}}
	path := "/v2/listen"
	if r.flux() {
		if strings.HasSuffix(r.config.Model, "-"+multi) {
			query.Set("language_hint", primary(r.told(language)))
		}
	} else {
		path = "/v1/listen"
		query.Set("language", r.told(language))
		for name, value := range map[string]string{
			"channels": "1", "interim_results": "true", "punctuate": "true", "endpointing": "300", "utterance_end_ms": "1000",
		} {
			query.Set(name, value)
		}
	}
	for name, value := range r.config.Query {
		if name != "language" {
			query.Set(name, value)
		}
	}
	return path + "?" + query.Encode()
}
