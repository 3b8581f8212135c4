package elevenlabs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
	"nacre/internal/voice/elevenlabs"
)

func TestSpeaks(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Status(200, strings.Repeat("\x10\x90", 2000), "Content-Type", "audio/basic"),
		providertest.Status(401, `{"detail":{"status":"invalid_api_key","message":"Invalid API key"}}`))
	characters := 0
	v := elevenlabs.New(elevenlabs.Config{Endpoint: s.Endpoint(t, "", time.Minute, time.Minute), Voices: []voice.Info{{ID: "Rachel/1"}}, Speed: 0.9,
		Spoke: func(_ context.Context, n int) { characters += n }})
	samples, err := v.Speak(t.Context(), "", "Schöne Grüße.")
	if err != nil || len(samples) != 4000 || characters != 13 {
		t.Errorf("%d samples, %d characters, %v", len(samples), characters, err)
	}
	request := s.Requests()[0]
	if request.Path != "/v1/text-to-speech/Rachel/1/stream" || request.Query != "output_format=ulaw_8000" || request.Header.Get("Xi-Api-Key") != providertest.Secret ||
		request.Body != `{"text":"Schöne Grüße.","model_id":"eleven_flash_v2_5","voice_settings":{"speed":0.9}}` {
		t.Errorf("%+v", request)
	}
	if _, err = v.Speak(t.Context(), "", "Once more."); provider.KindOf(err) != provider.Unauthorized || !strings.Contains(err.Error(), "invalid_api_key") || characters != 13 {
		t.Errorf("%v, %d characters", err, characters)
	}
}
