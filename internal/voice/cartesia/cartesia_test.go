package cartesia_test

import (
	"strings"
	"testing"
	"time"

	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
	"nacre/internal/voice/cartesia"
)

func TestSpeaks(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Status(200, strings.Repeat("\x10\x90", 2000), "Content-Type", "application/octet-stream"),
		providertest.Status(402, `{"error_code":"quota_exceeded","message":"…"}`))
	v := cartesia.New(cartesia.Config{Endpoint: s.Endpoint(t, "", time.Minute, time.Minute), Voices: []voice.Info{{ID: "v1"}, {ID: "v2", Language: "de-DE"}}})
	samples, err := v.Speak(t.Context(), "v2", "Hallo.")
	if err != nil || len(samples) != 4000 {
		t.Errorf("%d samples, %v", len(samples), err)
	}
	request := s.Requests()[0]
	if want := `{"language":"de","model_id":"sonic-3","output_format":{"container":"raw","encoding":"pcm_mulaw","sample_rate":8000},"transcript":"Hallo.","voice":{"id":"v2","mode":"id"}}`; request.Path != "/tts/bytes" ||
		request.Body != want || request.Header.Get("Cartesia-Version") == "" || request.Header.Get("Authorization") != "Bearer "+providertest.Secret {
		t.Errorf("%+v", request)
	}
	if _, err = v.Speak(t.Context(), "", "Once more."); provider.KindOf(err) != provider.Unauthorized || !strings.Contains(err.Error(), "quota_exceeded") {
		t.Errorf("%v", err)
	}
}
