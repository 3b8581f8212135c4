package app

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/config"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
)

// providersFile writes a providers file whose %s are addresses; a file with providertest.Secret is $KEY.
func providersFile(t *testing.T, text string, addresses ...any) string {
	t.Helper()
	folder := t.TempDir()
	key, path := filepath.Join(folder, "key"), filepath.Join(folder, "providers.yaml")
	for name, content := range map[string]string{key: providertest.Secret, path: strings.ReplaceAll(fmt.Sprintf(text, addresses...), "$KEY", key)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// plainVoice is an embedded voice that says one sample.
type plainVoice struct{ closed bool }

func (m *plainVoice) Voices() []voice.Info {
	return []voice.Info{{ID: "plain", Name: "Plain", Language: "en-US", Tags: []string{"embedded"}}}
}
func (m *plainVoice) Close() error                                           { m.closed = true; return nil }
func (m *plainVoice) Speak(context.Context, string, string) ([]int16, error) { return []int16{1}, nil }
func (m *plainVoice) Stream(context.Context, string, string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return []int16{1}, nil })
}
func (m *plainVoice) Length(string, string) (time.Duration, bool) { return 0, false }

const oneVoice = `voices: [{kind: elevenlabs, address: %s, key-file: $KEY, voices: [{id: abc, name: Rachel, language: en-GB, tags: [warm]}]}]`

// A server without an embedded voice speaks by those of providers, tells them, and keeps their key to itself.
func TestServeWithProviders(t *testing.T) {
	t.Parallel()
	service := providertest.Serve(t, providertest.Status(401, `{"detail":{"status":"invalid_api_key","message":"`+providertest.Secret+`"}}`))
	var logged bytes.Buffer
	folder := t.TempDir()
	settings := config.Serve{Database: config.Database{Data: folder}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500, Providers: providersFile(t, oneVoice, service.URL)}
	log := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	without := parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return nil, flite.ErrMissing }}
	s, err := startWith(context.Background(), settings, log, without)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm", "--account", "Gyms")
	status, answer := request(t, s, strings.TrimSpace(out), "GET", "/v2/Account/Voices", "")
	want := `[{"language":"en-GB","voices":[{"id":"` + voiceID("abc") + `","name":"Rachel","tags":["elevenlabs","warm","default"]}]}]`
	if status != 200 || strings.TrimSpace(answer) != want {
		t.Errorf("%d %s, want %s", status, answer, want)
	}
	if status, answer := request(t, s, "", "GET", "/readyz", ""); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	if len(service.Requests()) > 0 {
		t.Errorf("%d sentences were paid for before any call", len(service.Requests()))
	}
	s.Close()
	if strings.Contains(logged.String(), "4711") {
		t.Errorf("the key is in the log:\n%s", logged.String())
	}

	settings.Providers = providersFile(t, "voices: [{kind: elevenlabs, key: "+providertest.Secret+"}]")
	if s, err = startWith(context.Background(), settings, log, without); err == nil || strings.Contains(err.Error(), "4711") {
		s.Close()
		t.Errorf("a wrong file: %v", err)
	}
}

func TestAllVoices(t *testing.T) {
	t.Parallel()
	service := providertest.Serve(t, providertest.Status(401, ""))
	embedded := &plainVoice{}
	log := slog.New(slog.DiscardHandler)
	all := func(text string, embedded voice.Voices, addresses ...any) voices {
		t.Helper()
		services, err := readProviders(config.Serve{Providers: providersFile(t, text, addresses...)})
		if err != nil {
			t.Fatal(err)
		}
		speaker, err := allVoices(services.Voices, embedded, log)
		if err != nil {
			t.Fatal(err)
		}
		if speaker == nil {
			return newVoices()
		}
		return newVoices(speaker)
	}
	names := func(v voices) (text string) {
		for _, known := range v.list(voices{}, "") {
			text += known.Name + " " + known.Tags[len(known.Tags)-1] + ", "
		}
		return text
	}
	v := all(oneVoice, embedded, service.URL)
	if got := names(v); got != "Rachel default, Plain embedded, " {
		t.Errorf("%s", got)
	}
	if samples, err := v.Speak(t.Context(), voiceID("abc"), "Hello."); err != nil || len(samples) != 1 || len(service.Requests()) != 1 {
		t.Errorf("%v, %v: the embedded voice speaks where the other fails", samples, err)
	}
	if got := names(all("voices: [{kind: local}, "+strings.TrimPrefix(oneVoice, "voices: ["), embedded, service.URL)); got != "Plain default, Rachel warm, " {
		t.Errorf("%s", got)
	}
	if got := names(all("voices: [{kind: local}]", nil)); got != "" {
		t.Errorf("%s", got)
	}
	if got := names(all("ears: []", embedded)); got != "Plain default, " {
		t.Errorf("%s", got)
	}
}

// A server tells in a Pearl's warnings whether models converse on it: they are named in the file, and something hears.
func TestAbilitiesAreToldInWarnings(t *testing.T) {
	t.Parallel()
	const (
		ears   = "ears: [{kind: deepgram, address: 'http://127.0.0.1:9', key-file: $KEY}]\n"
		models = "models: [{kind: openai, address: 'http://127.0.0.1:9/v1', model: m}]\n"
	)
	for file, warning := range map[string]string{ears: "none is configured", models: "nothing does", ears + models: ""} {
		folder := t.TempDir()
		s, err := startWith(context.Background(), config.Serve{
			Database: config.Database{Data: folder}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500, Speech: config.Speech{Folder: "none"}, Providers: providersFile(t, "%s", file),
		}, slog.New(slog.DiscardHandler), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return &plainVoice{}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm", "--account", "Gyms")
		key := strings.TrimSpace(out)
		status, pearl := request(t, s, key, "POST", "/v2/Pearl", `{"name":"A","pearl":{"companyDescription":"Gyms","timeZone":"UTC","openingSentence":"Hello.","knowledgeBase":"Gyms."},"variables":[],"outbound":{}}`)
		if status != 200 {
			t.Fatalf("%d %s", status, pearl)
		}
		status, answer := request(t, s, key, "GET", "/v2/Pearl/"+strings.TrimSpace(pearl)+"/Warnings", "")
		if told := strings.Contains(answer, "Pearl.KnowledgeBase"); status != 200 || told != (warning != "") || !strings.Contains(answer, warning) {
			t.Errorf("%s: %d %s, want %q", file, status, answer, warning)
		}
	}
}
