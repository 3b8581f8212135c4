package openai_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
	"nacre/internal/voice/openai"
	"nacre/internal/voice/utterance"
	"nacre/internal/voice/wav"
)

const short, long = 150 * time.Millisecond, time.Minute

func TestTranscription(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Status(200, `{"text":" Yes, please. ","usage":{}}`, "Content-Type", "application/json"))
	sent := 0.0
	recognize := openai.NewRecognize(openai.Transcription{Endpoint: s.Endpoint(t, "/v1", long, long), Model: "whisper-1", Prompt: "Ada", Heard: func(_ context.Context, seconds float64) { sent += seconds }})
	text, err := recognize(t.Context(), utterance.Utterance{Samples: make([]int16, 4000), Language: "en-GB", Final: true})
	if err != nil || text != "Yes, please." || sent != 0.5 {
		t.Errorf("%q, %v, %v seconds", text, err, sent)
	}
	request := s.Requests()[0]
	if request.Path != "/v1/audio/transcriptions" || request.Header.Get("Authorization") != "Bearer "+providertest.Secret {
		t.Errorf("%+v", request)
	}
	_, parameters, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for r := multipart.NewReader(strings.NewReader(request.Body), parameters["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		fields[part.FormName()] = string(raw)
		if part.FormName() == "file" {
			audio, err := wav.Read(bytes.NewReader(raw))
			if err != nil || audio.Rate != 16_000 || audio.Channels != 1 || len(audio.Samples) != 8000 || part.FileName() != "speech.wav" {
				t.Errorf("%d Hz, %d samples, %q, %v", audio.Rate, len(audio.Samples), part.FileName(), err)
			}
			fields["file"] = ""
		}
	}
	want := map[string]string{"model": "whisper-1", "response_format": "json", "temperature": "0", "language": "en", "prompt": "Ada", "file": ""}
	for name, value := range want {
		if got, is := fields[name]; !is || got != value || len(fields) != len(want) {
			t.Errorf("%s is %q of %v", name, got, fields)
		}
	}
}

func TestTranscriptionFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    provider.Kind
	}{
		"refused key":   {providertest.Status(403, ""), provider.Unauthorized},
		"too many":      {providertest.Status(429, "", "Retry-After", "1"), provider.Limited},
		"loading":       {providertest.Status(503, ""), provider.Unavailable},
		"never answers": {providertest.Hang, provider.Late},
		"stalls":        {providertest.Stall("application/json", `{"text":`), provider.Late},
		"drips":         {providertest.Drip("application/json", `{"text":`, " "), provider.Late},
		"cut":           {providertest.Cut("application/json", `{"text":"Yes`), provider.Broken},
		"garbage":       {providertest.Status(200, "\x00\xff"), provider.Broken},
		"another shape": {providertest.Status(200, `{"result":"Yes"}`), provider.Broken},
		"no text":       {providertest.Status(200, `{"text":null}`), provider.Broken},
		"endless":       {providertest.Status(200, `{"text":"`+strings.Repeat("a", 1<<20)+`"}`), provider.Broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, between := long, long
			if c.kind == provider.Late {
				first, between = short, short
			}
			s := providertest.Serve(t, c.handler)
			_, err := openai.NewRecognize(openai.Transcription{Endpoint: s.Endpoint(t, "/v1", first, between)})(t.Context(), utterance.Utterance{Samples: make([]int16, 800)})
			var failure *provider.Error
			if !errors.As(err, &failure) || failure.Kind != c.kind || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, want %s", err, c.kind)
			}
		})
	}
}

func TestSpeech(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Status(200, strings.Repeat("\x00\x20\x00\xe0", 24_000/4), "Content-Type", "audio/pcm"))
	v := openai.NewVoices(openai.Speech{Endpoint: s.Endpoint(t, "/v1", long, long), Model: "tts-1", Voices: []voice.Info{{ID: "alloy"}}, Speed: 1.1})
	samples, err := v.Speak(t.Context(), "", "Hello.")
	if err != nil || len(samples) < 3900 || len(samples) > 4000 {
		t.Errorf("%d samples, %v", len(samples), err)
	}
	request := s.Requests()[0]
	if want := `{"model":"tts-1","input":"Hello.","voice":"alloy","response_format":"pcm","speed":1.1}`; request.Body != want ||
		request.Path != "/v1/audio/speech" || request.Header.Get("Authorization") != "Bearer "+providertest.Secret {
		t.Errorf("%+v", request)
	}
}
