package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/config"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
	"nacre/internal/voice/wav"
)

// openVoice returns the voice of this binary, or why there is none. It is the one place that names providers of voices.
func openVoice(cache string, log *slog.Logger) (voice.Voices, error) {
	embedded, err := flite.Open(cache, log)
	if err != nil {
		return nil, err // a nil *flite.Voice would be no nil interface
	}
	return embedded, nil
}

// voices are the voices of the providers under the ids that the API gives them: 24 hex digits, the same in every
// installation. The first provider has the default voice. They implement voice.Speaker; an unknown id is the default voice.
type voices struct {
	providers []voice.Voices
	chosen    map[string]choice // by the API's id
}

// choice is a voice of a provider.
type choice struct {
	speaker voice.Speaker
	id      string // its name there
}

var _ voice.Caster = voices{}

// newVoices returns the voices of the providers; without any it is silent, and must not speak.
func newVoices(providers ...voice.Voices) voices {
	v := voices{providers: providers, chosen: map[string]choice{}}
	for _, provider := range providers {
		for _, known := range provider.Voices() {
			if v.chosen[""].speaker == nil {
				v.chosen[""] = choice{provider, known.ID}
			}
			v.chosen[voiceID(known.ID)] = choice{provider, known.ID}
		}
	}
	return v
}

// voiceID returns the API's id of a voice.
func voiceID(name string) string {
	sum := sha256.Sum256([]byte("nacre voice " + name))
	return hex.EncodeToString(sum[:12])
}

func (v voices) choose(voiceID string) choice {
	if c, ok := v.chosen[voiceID]; ok {
		return c
	}
	return v.chosen[""]
}

// language returns the language of a voice (BCP 47), "" where nothing speaks. It is that of calls in which the voice speaks: a Pearl
// names its language by its voice (contract 5).
func (v voices) language(id string) string {
	c := v.choose(id)
	for _, provider := range v.providers {
		for _, known := range provider.Voices() {
			if known.ID == c.id {
				return known.Language
			}
		}
	}
	return ""
}

// languageOf returns the language of a voice of the providers file, "" for any other: of which nothing is known where no voice is
// opened.
func languageOf(list []config.Voice, id string) string {
	for _, entry := range list {
		for _, known := range entry.Voices {
			if voiceID(known.ID) == id {
				return known.Language
			}
		}
	}
	return ""
}

// Speak implements voice.Speaker.
func (v voices) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	c := v.choose(voiceID)
	return c.speaker.Speak(ctx, c.id, text)
}

// Stream implements voice.Speaker.
func (v voices) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	c := v.choose(voiceID)
	return c.speaker.Stream(ctx, c.id, text)
}

// Cast implements voice.Caster.
func (v voices) Cast(id string, texts []string, open bool) string {
	c := v.choose(id)
	if cast := voice.Cast(c.speaker, c.id, texts, open); cast != c.id {
		return voiceID(cast)
	}
	return id
}

// Length implements voice.Speaker.
func (v voices) Length(voiceID, text string) (time.Duration, bool) {
	c := v.choose(voiceID)
	return c.speaker.Length(c.id, text)
}

// errNoSample is returned for a voice that is not among those that may be asked for a sample.
var errNoSample = errors.New("the voice has no sample")

// sample returns a WAV file in which the voice of an id presents itself.
func (v voices) sample(ctx context.Context, id string) ([]byte, error) {
	if _, ok := v.chosen[id]; !ok {
		return nil, errNoSample
	}
	name := ""
	for _, listed := range v.list(voices{}, "") {
		if listed.ID == id {
			name, _, _ = strings.Cut(listed.Name, ",")
		}
	}
	samples, err := v.Speak(ctx, id, "Hello, my name is "+name+". I speak for you on the telephone. How can I help you today?")
	if err != nil {
		return nil, fmt.Errorf("speak sample: %w", err)
	}
	return wav.Encode(samples)
}

// list returns the voices that the API offers. Those that are among sampled have a sample, below the base of its addresses: the
// voices of this machine, since everybody may ask for samples, and those of services cost money.
func (v voices) list(sampled voices, base string) []route.Voice {
	var list []route.Voice
	for _, provider := range v.providers {
		for _, known := range provider.Voices() {
			entry := route.Voice{ID: voiceID(known.ID), Name: known.Name, Language: known.Language, Tags: append([]string{}, known.Tags...)}
			if _, ok := sampled.chosen[entry.ID]; ok {
				entry.Sample = strings.TrimSuffix(base, "/") + route.SamplePath + entry.ID
			}
			if len(list) == 0 {
				entry.Tags = append(entry.Tags, "default")
			}
			list = append(list, entry)
		}
	}
	return list
}
