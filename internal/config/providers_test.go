package config

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const secret = "sk-hidden-4711"

// readProviders reads a file of the text; $KEYFILE in it stands for a file with a key.
func readProviders(t *testing.T, text string) (Providers, error) {
	t.Helper()
	folder := t.TempDir()
	key, path := filepath.Join(folder, "key"), filepath.Join(folder, "providers.yaml")
	for name, content := range map[string]string{key: " " + secret + "-file\n", path: strings.ReplaceAll(text, "$KEYFILE", key)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return ReadProviders(path, func(name string) (string, bool) {
		value, ok := map[string]string{"THE_KEY": secret, "EMPTY": "", "BROKEN_KEY": "sk-hidden\n4711"}[name]
		return value, ok
	})
}

const wholeFile = `
ears:
  - {name: nova, kind: deepgram, model: nova-3, key-env: THE_KEY, query: {keyterm: nacre}, price: {minute: 0.0077}}
  - {name: whisper, kind: openai, address: "http://127.0.0.1:8000/v1", model: small, first: 2s, prompt: nacre}
  - kind: local
voices:
  - kind: elevenlabs
    key-file: $KEYFILE
    voices: [{id: abc, name: Rachel, language: en-US, tags: [warm]}]
    price: {thousand-characters: 0.05}
  - {name: mine, kind: openai, address: "http://127.0.0.1:8880/v1", model: kokoro, encoding: wav, voices: [{id: af_sky, name: Sky, language: en}]}
models:
  - name: quick
    kind: openai
    address: https://api.openai.com/v1
    model: gpt-5-mini
    key-env: THE_KEY
    between: 1500ms
    parameters: {reasoning_effort: minimal}
    price: {million-input-tokens: 0.25, million-cached-tokens: 0.025, million-output-tokens: 2}
`

func TestProviders(t *testing.T) {
	t.Parallel()
	p, err := readProviders(t, wholeFile)
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", p, p, p); strings.Contains(shown, "hidden") {
		t.Error(shown)
	}
	key := func(s Service) string {
		header := http.Header{}
		s.Key().Header(header, "Key", "")
		return header.Get("Key")
	}
	if len(p.Ears) != 3 || key(p.Ears[0].Service) != secret || p.Ears[0].Price.Minute != 0.0077 || p.Ears[1].First != 2*time.Second || key(p.Ears[1].Service) != "" || p.Ears[2].Name != "local" {
		t.Errorf("%+v", p.Ears)
	}
	if len(p.Voices) != 2 || key(p.Voices[0].Service) != secret+"-file" || p.Voices[0].Name != "elevenlabs" || p.Voices[0].Voices[0].Tags[0] != "warm" {
		t.Errorf("%+v", p.Voices)
	}
	if len(p.Models) != 1 || p.Models[0].Between != 1500*time.Millisecond || p.Models[0].Parameters["reasoning_effort"] != "minimal" || p.Models[0].Price.Cached != 0.025 {
		t.Errorf("%+v", p.Models)
	}
	if p, err := readProviders(t, `{"models": [{"kind": "openai", "address": "http://127.0.0.1:11434/v1", "model": "llama"}]}`); err != nil || len(p.Models) != 1 {
		t.Errorf("JSON: %v", err)
	}
	if _, err := readProviders(t, ""); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if p, err := ReadProviders("", nil); err != nil || len(p.Ears)+len(p.Voices)+len(p.Models) > 0 {
		t.Errorf("no file: %v", err)
	}
}

func TestProvidersAreChecked(t *testing.T) {
	t.Parallel()
	ear := func(text string) string { return "ears: [{" + text + "}]" }
	model := func(text string) string {
		return "models: [{kind: openai, model: m, address: 'http://127.0.0.1:1/v1', " + text + "}]"
	}
	spoken := func(text string) string { return "voices: [{kind: elevenlabs, key-env: THE_KEY, " + text + "}]" }
	for text, says := range map[string]string{
		"mouths: []":                                                                       "line 1: field mouths not found",
		ear("kind: telepathy"):                                                             "ears[0]: kind is one of local, openai, deepgram",
		ear("kind: deepgram"):                                                              "ears[0]: key-env or key-file is missing",
		ear("kind: deepgram, key: " + secret):                                              "keys are named by key-env or key-file",
		ear("kind: deepgram, key-env: NOWHERE"):                                            "the environment has no NOWHERE",
		ear("kind: deepgram, key-env: EMPTY"):                                              "the environment has no EMPTY",
		ear("kind: deepgram, key-env: " + secret):                                          "key-env is the name of an environment variable",
		ear("kind: deepgram, key-env: BROKEN_KEY"):                                         "no header can carry",
		ear("kind: deepgram, key-env: THE_KEY, key-file: $KEYFILE"):                        "exclude each other",
		ear("kind: deepgram, key-file: /nowhere/at/all"):                                   "read key-file",
		ear("kind: deepgram, key-env: THE_KEY, prompt: x"):                                 "prompt is of kind openai",
		ear("kind: openai, address: 'http://a', query: {a: b}"):                            "query is of kind deepgram",
		ear("kind: openai"):                                                                "address is missing",
		ear("kind: openai, address: '127.0.0.1:80'"):                                       "address is http",
		ear("kind: openai, address: 'https://u:" + secret + "@a'"):                         "without user and query",
		ear("kind: openai, address: 'https://a/v1?key=" + secret + "'"):                    "without user and query",
		ear("kind: local, model: m"):                                                       "kind local takes no",
		ear("kind: deepgram, key-env: THE_KEY, price: {minute: -1}"):                       "ears[0].price.minute: a number that is not negative",
		ear("kind: deepgram, key-env: THE_KEY, price: {minute: .inf}"):                     "ears[0].price.minute",
		ear("kind: openai, address: 'http://169.254.169.254/v1'"):                          "ears[0]: address is one of the local link",
		ear("kind: openai, address: 'http://metadata.google.internal/v1'"):                 "ears[0]: address is one of the local link",
		ear("kind: openai, address: 'http://[fe80::1]/v1'"):                                "ears[0]: address is one of the local link",
		ear("kind: openai, address: 'http://2852039166/v1'"):                               "ears[0]: address is one of the local link",
		"ears: []\n---\nears: []\n":                                                        "more than one YAML document",
		"ears: []\n---\n{":                                                                 "more than one YAML document",
		model("max-tokens: -1"):                                                            "models[0].max-tokens",
		model("price: {million-output-tokens: .nan}"):                                      "models[0].price.million-output-tokens",
		model("parameters: {temperature: .inf}"):                                           "models[0].parameters.temperature",
		spoken("speed: -.inf, voices: [{id: a, name: A, language: en}]"):                   "voices[0].speed",
		ear("kind: deepgram, key-env: THE_KEY, price: {minute: .nan}"):                     "not negative",
		ear("kind: deepgram, key-env: THE_KEY, first: 2h"):                                 "up to 1m",
		ear("kind: deepgram, key-env: THE_KEY, first: " + secret):                          "line 1: cannot unmarshal",
		ear("kind: deepgram, key-env: THE_KEY, name: 'a b'"):                               "name is of letters",
		"ears: [{kind: local}, {kind: local}]":                                             "another one named local",
		spoken("name: x"):                                                                  "voices is missing",
		spoken("voices: [{id: a, name: A}]"):                                               "language is required",
		spoken("voices: [{name: A, language: en}]"):                                        "id and name are required",
		spoken("voices: [{id: a, name: A, language: en}, {id: a, name: B, language: en}]"): "another voice of this id",
		spoken("rate: 8000, voices: [{id: a, name: A, language: en}]"):                     "are of kind openai",
		"voices: [{kind: openai, address: 'http://a', encoding: mp3, voices: [{id: a, name: A, language: en}]}]": "encoding is pcm or wav",
		"voices: [{kind: local, voices: [{id: a, name: A, language: en}]}]":                                      "has its own voices",
		model("parameters: {messages: []}"):                                                                      "parameters.messages is not yours",
		model("model-types: [1, 2, 1]"):                                                                          "model type 1 chooses another",
		"models: [{kind: openai, address: 'http://a'}]":                                                          "model is missing",
		"models: [{kind: deepgram, key-env: THE_KEY}]":                                                           "models[0]: kind is one of openai",
		"models: {":                "read providers",
		strings.Repeat("#", 2<<20): "larger than",
	} {
		_, err := readProviders(t, text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.100s: %v, want %q", text, err, says)
		}
		if strings.Contains(fmt.Sprint(err), "hidden") {
			t.Errorf("%s shows a key: %v", text, err)
		}
	}
}
