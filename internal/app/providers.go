package app

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"nacre/internal/config"
	"nacre/internal/provider"
	"nacre/internal/voice"
	"nacre/internal/voice/cartesia"
	"nacre/internal/voice/elevenlabs"
	"nacre/internal/voice/fallback"
	"nacre/internal/voice/openai"
)

// The time limits of services whose entry names none: what a talk can bear. A caller waits for the first sound of a voice, and
// for what replaces it, eight seconds at most.
const (
	voiceFirst, voiceBetween = 3 * time.Second, 3 * time.Second
	localName                = "embedded"
)

// endpoint returns the endpoint of a service. The operator names its address, which may be one of this machine.
func endpoint(s config.Service, address string, first, between time.Duration) (provider.Endpoint, error) {
	if s.Address != "" {
		address = s.Address
	}
	to, err := url.Parse(address)
	if err != nil {
		return provider.Endpoint{}, fmt.Errorf("address of %s: %w", s.Name, err)
	}
	if s.First > 0 {
		first = s.First
	}
	if s.Between > 0 {
		between = s.Between
	}
	return provider.Endpoint{Name: s.Name, Address: to, Key: s.Key(), Networks: provider.Anywhere(), First: first, Between: between}, nil
}

// readProviders reads the providers file of a server.
func readProviders(settings config.Serve) (config.Providers, error) {
	return config.ReadProviders(settings.Providers, os.LookupEnv)
}

// allVoices puts the voices of providers before the embedded ones (nil = none), or around them where the file names their
// place. Without providers these are returned as they are.
func allVoices(list []config.Voice, embedded voice.Voices, log *slog.Logger) (voice.Voices, error) {
	if len(list) == 0 {
		return embedded, nil
	}
	var named []fallback.Named
	placed := embedded == nil
	for _, entry := range list {
		if entry.Kind == config.KindLocal {
			if !placed {
				named = append(named, fallback.Named{Name: localName, Voices: embedded, Local: true})
			}
			placed = true
			continue
		}
		voices, err := openVoices(entry)
		if err != nil {
			return nil, err
		}
		named = append(named, fallback.Named{Name: entry.Name, Voices: voices})
	}
	if !placed {
		named = append(named, fallback.Named{Name: localName, Voices: embedded, Local: true})
	}
	if len(named) == 0 {
		return nil, nil
	}
	return fallback.NewVoices(provider.NewOrder[voice.Voices](log), named), nil
}

func openVoices(entry config.Voice) (voice.Voices, error) {
	infos := make([]voice.Info, len(entry.Voices))
	for n, v := range entry.Voices {
		infos[n] = voice.Info{ID: v.ID, Name: v.Name, Language: v.Language, Tags: append([]string{entry.Name}, v.Tags...)}
	}
	to, err := endpoint(entry.Service, map[string]string{config.KindElevenLabs: elevenlabs.Address, config.KindCartesia: cartesia.Address}[entry.Kind], voiceFirst, voiceBetween)
	if err != nil {
		return nil, err
	}
	switch entry.Kind {
	case config.KindElevenLabs:
		return elevenlabs.New(elevenlabs.Config{Endpoint: to, Model: entry.Model, Voices: infos, Speed: entry.Speed}), nil
	case config.KindCartesia:
		return cartesia.New(cartesia.Config{Endpoint: to, Model: entry.Model, Voices: infos}), nil
	default:
		return openai.NewVoices(openai.Speech{
			Endpoint: to, Model: entry.Model, Voices: infos, Encoding: entry.Encoding, Rate: entry.Rate, Speed: entry.Speed, Instructions: entry.Instructions,
		}), nil
	}
}
