// Package elevenlabs speaks through ElevenLabs: POST /v1/text-to-speech/{voice}/stream, whose answer is µ-law at 8 kHz as it is
// made. A sentence is known as a whole when it is asked for, which is what this route is for; the one over WebSocket is for
// text that comes word by word.
package elevenlabs

import (
	"context"
	"net/http"
	"net/url"

	"nacre/internal/provider"
	"nacre/internal/voice"
	"nacre/internal/voice/remote"
)

// Address is where the service is.
const Address = "https://api.elevenlabs.io"

// Config configures New.
type Config struct {
	Endpoint provider.Endpoint
	Model    string // "" = eleven_flash_v2_5
	Voices   []voice.Info
	Speed    float64 // 0 = the voice's own
	Spoke    func(ctx context.Context, characters int)
}

// New returns the voices.
func New(config Config) *remote.Voices {
	if config.Model == "" {
		config.Model = "eleven_flash_v2_5"
	}
	client := provider.NewClient(config.Endpoint)
	var settings map[string]any
	if config.Speed != 0 {
		settings = map[string]any{"speed": config.Speed}
	}
	return remote.New(remote.Config{
		Voices: config.Voices, Format: remote.Format{MuLaw: true}, Spoke: config.Spoke,
		Ask: func(ctx context.Context, voiceID, text string) (*provider.Answer, error) {
			header := http.Header{}
			config.Endpoint.Key.Header(header, "xi-api-key", "")
			body := struct {
				Text     string         `json:"text"`
				Model    string         `json:"model_id"`
				Settings map[string]any `json:"voice_settings,omitempty"`
			}{text, config.Model, settings}
			return client.PostJSON(ctx, "/v1/text-to-speech/"+url.PathEscape(voiceID)+"/stream?output_format=ulaw_8000", header, body)
		},
	})
}
