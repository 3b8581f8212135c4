// Package cartesia speaks through Cartesia: POST /tts/bytes, whose answer is µ-law at 8 kHz as it is made.
package cartesia

import (
	"context"
	"net/http"
	"strings"

	"nacre/internal/provider"
	"nacre/internal/voice"
	"nacre/internal/voice/remote"
)

// Address is where the service is.
const Address = "https://api.cartesia.ai"

// version is that of the API which this package speaks.
const version = "2025-04-16"

// Config configures New.
type Config struct {
	Endpoint provider.Endpoint
	Model    string // "" = sonic-3
	Voices   []voice.Info
	Spoke    func(ctx context.Context, characters int)
}

// New returns the voices.
func New(config Config) *remote.Voices {
	if config.Model == "" {
		config.Model = "sonic-3"
	}
	client := provider.NewClient(config.Endpoint)
	languages := map[string]string{}
	for _, info := range config.Voices {
		language, _, _ := strings.Cut(info.Language, "-")
		languages[info.ID] = strings.ToLower(language)
	}
	return remote.New(remote.Config{
		Voices: config.Voices, Format: remote.Format{MuLaw: true}, Spoke: config.Spoke,
		Ask: func(ctx context.Context, voiceID, text string) (*provider.Answer, error) {
			header := http.Header{"Cartesia-Version": {version}}
			config.Endpoint.Key.Header(header, "Authorization", "Bearer ")
			body := map[string]any{
				"model_id": config.Model, "transcript": text, "voice": map[string]any{"mode": "id", "id": voiceID},
				"output_format": map[string]any{"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000},
			}
			if language := languages[voiceID]; language != "" {
				body["language"] = language
			}
			return client.PostJSON(ctx, "/tts/bytes", header, body)
		},
	})
}
