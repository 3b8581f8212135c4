package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"nacre/internal/provider"
)

// Providers are the outside services that calls may use, each list in the order in which they are tried (--providers). The
// zero value is none.
type Providers struct {
	Ears   []Ear   `yaml:"ears"`
	Voices []Voice `yaml:"voices"`
	Models []Model `yaml:"models"`
	SMS    []SMS   `yaml:"sms"`
}

// Kinds of providers. Local is what this machine has by itself.
const (
	KindLocal      = "local"
	KindOpenAI     = "openai"
	KindDeepgram   = "deepgram"
	KindElevenLabs = "elevenlabs"
	KindCartesia   = "cartesia"
	KindHTTP       = "http" // a gateway for text messages
)

// Service is what every provider has.
type Service struct {
	Name    string        `yaml:"name"`     // in logs and metrics; "" = Kind
	Kind    string        `yaml:"kind"`     //
	Address string        `yaml:"address"`  // "" = the provider's own
	Model   string        `yaml:"model"`    // "" = the provider's usual one
	KeyEnv  string        `yaml:"key-env"`  // environment variable of the key
	KeyFile string        `yaml:"key-file"` // file of the key; neither = the server needs none
	First   time.Duration `yaml:"first"`    // until the answer begins; 0 = the default of the list
	Between time.Duration `yaml:"between"`  // without anything more; 0 = the default of the list

	key provider.Key
}

// Key returns the key, which ReadProviders has read.
func (s Service) Key() provider.Key { return s.key }

// Ear is a recogniser.
type Ear struct {
	Service  `yaml:",inline"`
	Language string            `yaml:"language"` // where a call names none
	Prompt   string            `yaml:"prompt"`   // words to expect (openai)
	Query    map[string]string `yaml:"query"`    // more parameters (deepgram)
	Price    struct {
		Minute float64 `yaml:"minute"`
	} `yaml:"price"`
}

// Voice is a provider of voices.
type Voice struct {
	Service      `yaml:",inline"`
	Voices       []VoiceID `yaml:"voices"` // the first is the default one
	Encoding     string    `yaml:"encoding"`
	Rate         int       `yaml:"rate"`
	Speed        float64   `yaml:"speed"`
	Instructions string    `yaml:"instructions"`
	Price        struct {
		ThousandCharacters float64 `yaml:"thousand-characters"`
	} `yaml:"price"`
}

// VoiceID is one voice of a provider.
type VoiceID struct {
	ID       string   `yaml:"id"` // as the provider knows it
	Name     string   `yaml:"name"`
	Language string   `yaml:"language"` // BCP 47
	Tags     []string `yaml:"tags"`
}

// Model is a chat model.
type Model struct {
	Service    `yaml:",inline"`
	MaxTokens  int            `yaml:"max-tokens"`
	ModelTypes []int          `yaml:"model-types"` // values of a Pearl's modelType that choose it
	Parameters map[string]any `yaml:"parameters"`  // more members of each request
	Price      struct {
		Input  float64 `yaml:"million-input-tokens"`
		Cached float64 `yaml:"million-cached-tokens"`
		Output float64 `yaml:"million-output-tokens"`
	} `yaml:"price"`
}

// SMS is a gateway that takes text messages by a POST over HTTP.
type SMS struct {
	Service  `yaml:",inline"`
	From     string            `yaml:"from"`
	User     string            `yaml:"user"`     // "" = the key is a bearer token, else this user's password
	Encoding string            `yaml:"encoding"` // json, form; "" = json
	Fields   map[string]string `yaml:"fields"`   // with {to}, {from}, {text}; none = to, from, text
}

const (
	providersFileLimit = 1 << 20
	keyFileLimit       = 16 << 10
)

// ReadProviders reads a providers file, YAML or JSON, and the keys that it names; path "" is no provider. Errors name the
// place, and show nothing of a key.
func ReadProviders(path string, env func(name string) (string, bool)) (Providers, error) {
	var p Providers
	if path == "" {
		return p, nil
	}
	raw, err := readLimited(path, providersFileLimit)
	if err != nil {
		return p, fmt.Errorf("read providers: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return Providers{}, fmt.Errorf("read providers: %s", hideValues(err))
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Providers{}, fmt.Errorf("read providers: %s holds more than one YAML document", path)
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	names := map[string]bool{}
	for n := range p.Ears {
		e := &p.Ears[n]
		place := fmt.Sprintf("ears[%d]", n)
		e.check(place, fault, names, env, KindLocal, KindOpenAI, KindDeepgram)
		notNegative(place+".price.minute", fault, e.Price.Minute)
		if e.Kind != KindDeepgram && len(e.Query) > 0 {
			fault("%s: query is of kind deepgram", place)
		}
		if e.Kind != KindOpenAI && e.Prompt != "" {
			fault("%s: prompt is of kind openai", place)
		}
	}
	ids := map[string]bool{}
	for n := range p.Voices {
		v := &p.Voices[n]
		place := fmt.Sprintf("voices[%d]", n)
		v.check(place, fault, names, env, KindLocal, KindOpenAI, KindElevenLabs, KindCartesia)
		notNegative(place+".price.thousand-characters", fault, v.Price.ThousandCharacters)
		notNegative(place+".speed", fault, v.Speed)
		notNegative(place+".rate", fault, float64(v.Rate))
		if v.Kind != KindLocal && len(v.Voices) == 0 {
			fault("%s: voices is missing: name the provider's voices that calls may use", place)
		}
		if v.Kind == KindLocal && len(v.Voices) > 0 {
			fault("%s: kind local has its own voices", place)
		}
		if v.Encoding != "" && v.Encoding != "pcm" && v.Encoding != "wav" || v.Rate != 0 && (v.Rate < 8000 || v.Rate > 192_000) {
			fault("%s: encoding is pcm or wav, rate 8000 to 192000", place)
		}
		if v.Kind != KindOpenAI && (v.Encoding != "" || v.Rate != 0 || v.Instructions != "") {
			fault("%s: encoding, rate and instructions are of kind openai", place)
		}
		for m, id := range v.Voices {
			if id.ID == "" || id.Name == "" {
				fault("%s.voices[%d]: id and name are required", place, m)
			} else if ids[id.ID] {
				fault("%s.voices[%d]: there is another voice of this id", place, m)
			}
			ids[id.ID] = true
			if !languageShape.MatchString(id.Language) {
				fault("%s.voices[%d]: language is required, such as en-US", place, m)
			}
		}
	}
	for n := range p.SMS {
		s := &p.SMS[n]
		place := fmt.Sprintf("sms[%d]", n)
		s.check(place, fault, names, env, KindHTTP)
		if s.Encoding != "" && s.Encoding != "json" && s.Encoding != "form" {
			fault("%s: encoding is json or form", place)
		}
		if s.Model != "" || s.First != 0 || s.Between != 0 {
			fault("%s: kind http takes no model and no time limits", place)
		}
		whole := strings.Join(slices.Collect(maps.Values(s.Fields)), " ")
		if len(s.Fields) > 0 && (!strings.Contains(whole, "{to}") || !strings.Contains(whole, "{text}")) {
			fault("%s: fields have {to} and {text} in their values", place)
		}
	}
	chosen := map[int]bool{}
	for n := range p.Models {
		m := &p.Models[n]
		place := fmt.Sprintf("models[%d]", n)
		m.check(place, fault, names, env, KindOpenAI)
		notNegative(place+".price.million-input-tokens", fault, m.Price.Input)
		notNegative(place+".price.million-cached-tokens", fault, m.Price.Cached)
		notNegative(place+".price.million-output-tokens", fault, m.Price.Output)
		notNegative(place+".max-tokens", fault, float64(m.MaxTokens))
		for _, name := range slices.Sorted(maps.Keys(m.Parameters)) {
			if _, err := json.Marshal(m.Parameters[name]); err != nil { // .inf, .nan, keys that are no text
				fault("%s.parameters.%s: no JSON can carry it", place, name)
			}
		}
		if m.Kind == KindOpenAI && m.Model == "" {
			fault("%s: model is missing", place)
		}
		for _, modelType := range m.ModelTypes {
			if chosen[modelType] {
				fault("%s: model type %d chooses another model already", place, modelType)
			}
			chosen[modelType] = true
		}
		for _, ours := range []string{"messages", "tools", "stream", "model"} {
			if _, set := m.Parameters[ours]; set {
				fault("%s: parameters.%s is not yours to set", place, ours)
			}
		}
	}
	if len(faults) > 0 {
		return Providers{}, fmt.Errorf("providers file %s: %w", path, errors.Join(faults...))
	}
	return p, nil
}

var (
	nameShape     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}$`)
	languageShape = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// check completes and checks what every provider has.
func (s *Service) check(place string, fault func(string, ...any), names map[string]bool, env func(string) (string, bool), kinds ...string) {
	if !slices.Contains(kinds, s.Kind) {
		fault("%s: kind is one of %s", place, strings.Join(kinds, ", "))
		return
	}
	if s.Name == "" {
		s.Name = s.Kind
	}
	list, _, _ := strings.Cut(place, "[")
	switch key := list + " " + s.Name; {
	case !nameShape.MatchString(s.Name):
		fault("%s: name is of letters, digits, dots and hyphens, at most 40", place)
	case names[key]:
		fault("%s: there is another one named %s: give each a name", place, s.Name)
	default:
		names[key] = true
	}
	if s.Kind == KindLocal {
		if s.Address+s.Model+s.KeyEnv+s.KeyFile != "" || s.First != 0 || s.Between != 0 {
			fault("%s: kind local takes no address, model, key and time limits", place)
		}
		return
	}
	switch u, err := url.Parse(s.Address); {
	case s.Address == "" && s.Kind == KindHTTP:
		fault("%s: address is missing: where messages are posted", place)
	case s.Address == "" && s.Kind == KindOpenAI:
		fault("%s: address is missing, such as https://api.openai.com/v1 or http://127.0.0.1:8000/v1", place)
	case s.Address != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != ""):
		fault("%s: address is http:// or https://, a host and a path, without user and query", place)
	case s.Address != "" && unreachable(u.Hostname()):
		fault("%s: address is one of the local link or of a metadata service, which no provider has", place)
	}
	if s.First < 0 || s.Between < 0 || s.First > time.Minute || s.Between > time.Minute {
		fault("%s: first and between are up to 1m", place)
	}
	key, err := s.readKey(env)
	if err != nil {
		fault("%s: %w", place, err)
	} else if key == "" && s.Kind != KindOpenAI && s.Kind != KindHTTP {
		fault("%s: key-env or key-file is missing", place)
	}
	s.key = provider.NewKey(key)
}

// unreachable reports whether no provider can be at a host: clients refuse metadata services wherever the host leads, and what
// else is link-local (RFC 3927) answers without being asked who calls.
func unreachable(host string) bool {
	address, err := netip.ParseAddr(host)
	return provider.Anywhere().CheckHost(host) != nil || err == nil && address.Unmap().IsLinkLocalUnicast()
}

func (s *Service) readKey(env func(string) (string, bool)) (key string, err error) {
	switch {
	case s.KeyEnv != "" && s.KeyFile != "":
		return "", errors.New("key-env and key-file exclude each other")
	case s.KeyEnv != "":
		if !envShape.MatchString(s.KeyEnv) {
			return "", errors.New("key-env is the name of an environment variable, not the key")
		}
		key, _ = env(s.KeyEnv)
		if key = strings.TrimSpace(key); key == "" {
			return "", fmt.Errorf("the environment has no %s", s.KeyEnv)
		}
	case s.KeyFile != "":
		raw, err := readLimited(s.KeyFile, keyFileLimit)
		if err != nil {
			return "", fmt.Errorf("read key-file: %w", err)
		}
		if key = strings.TrimSpace(string(raw)); key == "" {
			return "", errors.New("key-file is empty")
		}
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("the key has characters that no header can carry")
	}
	return key, nil
}

// envShape is that of names of variables; keys look otherwise.
var envShape = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,79}$`)

func notNegative(member string, fault func(string, ...any), value float64) {
	if !(value >= 0 && value <= 1e9) { // NaN is neither
		fault("%s: a number that is not negative, at most a thousand million", member)
	}
}

func readLimited(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return raw, err
}

var quoted = regexp.MustCompile("`[^`]*`")

// hideValues returns the text of an error of the YAML package without the values that it quotes.
func hideValues(err error) string {
	text := quoted.ReplaceAllString(err.Error(), "the value")
	if strings.Contains(text, "field key not found") {
		text += ": keys are named by key-env or key-file"
	}
	return text
}
