// Package openai hears and speaks through OpenAI-compatible servers: POST /audio/transcriptions and /audio/speech, as OpenAI,
// speaches, the server of whisper.cpp, vLLM and Kokoro-FastAPI have them.
package openai

import (
	"context"
	"net/http"

	"nacre/internal/provider"
	"nacre/internal/voice"
	"nacre/internal/voice/remote"
)

// Speech configures Voices.
type Speech struct {
	Endpoint     provider.Endpoint // up to /audio, as https://api.openai.com/v1
	Model        string
	Voices       []voice.Info
	Encoding     string  // "pcm" or "wav", which not every server has; "" = pcm
	Rate         int     // of pcm in Hz; 0 = 24,000
	Speed        float64 // 0 = the server's own
	Instructions string  // how to speak, for models that take it
	Spoke        func(ctx context.Context, characters int)
}

// NewVoices returns the voices of a server.
func NewVoices(config Speech) *remote.Voices {
	if config.Encoding == "" {
		config.Encoding = "pcm"
	}
	if config.Rate == 0 {
		config.Rate = 24_000
	}
	client := provider.NewClient(config.Endpoint)
	return remote.New(remote.Config{
		Voices: config.Voices, Format: remote.Format{Rate: config.Rate}, Spoke: config.Spoke,
		Ask: func(ctx context.Context, voiceID, text string) (*provider.Answer, error) {
			body := struct {
				Model        string  `json:"model"`
				Input        string  `json:"input"`
				Voice        string  `json:"voice"`
				Format       string  `json:"response_format"`
				Speed        float64 `json:"speed,omitempty"`
				Instructions string  `json:"instructions,omitempty"`
			}{config.Model, text, voiceID, config.Encoding, config.Speed, config.Instructions}
			return client.PostJSON(ctx, "/audio/speech", authorization(config.Endpoint.Key), body)
		},
	})
}

func authorization(key provider.Key) http.Header {
	header := http.Header{}
	key.Header(header, "Authorization", "Bearer ")
	return header
}
