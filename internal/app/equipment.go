package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/brain"
	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/voice"
	"nacre/internal/voice/cartesia"
	"nacre/internal/voice/deepgram"
	"nacre/internal/voice/elevenlabs"
)

// equipment is what a server hears, speaks, thinks and writes with, to be shown and tried.
type equipment struct {
	services config.Providers
	hears    voice.Recognizer // nil: nothing
	localEar voice.Recognizer // of this machine; nil: none
	speaks   voice.Voices     // nil: nothing
	own      voice.Voices     // of this machine; nil: none
	thinks   *thinker         // nil: nothing
	log      *slog.Logger
}

// resting is an order of providers, or what holds one.
type resting interface {
	Rest(name string) (time.Duration, error)
}

// stateOf asks an order how one of it is; what is not in an order (a single one) is known by trying alone.
func stateOf(order any, name string) func() error {
	of, ok := order.(resting)
	if !ok {
		return nil
	}
	return func() error {
		if rest, err := of.Rest(name); rest > 0 {
			return fmt.Errorf("left alone for another %s: %w", rest.Round(time.Second), err)
		}
		return nil
	}
}

// providers are all of it, each kind in the order in which it is asked.
func (e equipment) providers() ([]route.Provider, error) {
	var all []route.Provider
	localEar := route.Provider{Kind: "ears", Name: localName, Service: config.KindLocal}
	if e.localEar != nil {
		localEar.State = func() error { return e.localEar.Ready("") }
		localEar.Try = func(ctx context.Context) (string, error) { return e.tryEar(ctx, e.localEar) }
	}
	placed := e.localEar == nil
	for _, entry := range e.services.Ears {
		if entry.Kind == config.KindLocal {
			if !placed {
				all, placed = append(all, localEar), true
			}
			continue
		}
		ear, err := openEar(entry, e.log)
		if err != nil {
			return nil, err
		}
		all = append(all, shown("ears", entry.Service, e.hears, map[string]float64{"minute": entry.Price.Minute}, func(ctx context.Context) (string, error) { return e.tryEar(ctx, ear) }))
	}
	if !placed {
		all = append(all, localEar)
	}

	localVoice := route.Provider{Kind: "voice", Name: localName, Service: config.KindLocal}
	if e.own != nil {
		localVoice.Try = func(ctx context.Context) (string, error) { return tryVoice(ctx, e.own) }
	}
	placed = e.own == nil
	for _, entry := range e.services.Voices {
		if entry.Kind == config.KindLocal {
			if !placed {
				all, placed = append(all, localVoice), true
			}
			continue
		}
		speaker, err := openVoices(entry)
		if err != nil {
			return nil, err
		}
		all = append(all, shown("voice", entry.Service, e.speaks, map[string]float64{"thousandCharacters": entry.Price.ThousandCharacters}, func(ctx context.Context) (string, error) { return tryVoice(ctx, speaker) }))
	}
	if !placed {
		all = append(all, localVoice)
	}

	for _, entry := range e.services.Models {
		all = append(all, shown("model", entry.Service, e.thinks.models, map[string]float64{
			"millionInputTokens": entry.Price.Input, "millionCachedTokens": entry.Price.Cached, "millionOutputTokens": entry.Price.Output,
		}, func(ctx context.Context) (string, error) { return tryModel(ctx, e.thinks.named[entry.Name]) }))
	}
	for _, entry := range e.services.SMS {
		all = append(all, shown("sms", entry.Service, nil, nil, nil))
	}
	return all, nil
}

// usualAddresses are those of services whose entry names none.
var usualAddresses = map[string]string{config.KindDeepgram: deepgram.Address, config.KindElevenLabs: elevenlabs.Address, config.KindCartesia: cartesia.Address}

func shown(kind string, s config.Service, order any, price map[string]float64, try func(context.Context) (string, error)) route.Provider {
	for unit, value := range price {
		if value == 0 {
			delete(price, unit)
		}
	}
	host := ""
	if at, err := url.Parse(cmp.Or(s.Address, usualAddresses[s.Kind])); err == nil {
		host = at.Host
	}
	return route.Provider{Kind: kind, Name: s.Name, Service: s.Kind, Model: s.Model, Host: host, Price: price, State: stateOf(order, s.Name), Try: try}
}

// tryVoice has a voice say something that nobody kept.
func tryVoice(ctx context.Context, speaker voice.Speaker) (string, error) {
	samples, err := speaker.Speak(ctx, "", "It is "+time.Now().UTC().Format("15:04:05")+".")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("It spoke for %.1f seconds.", voice.LengthOf(samples).Seconds()), nil
}

// tried is what ears are asked to hear.
const tried = "Yes, please call me tomorrow."

// tryEar has a recogniser hear a sentence of this machine's own voice; where it has none, silence, and says so.
func (e equipment) tryEar(ctx context.Context, ears voice.Recognizer) (string, error) {
	var samples []int16
	if e.own != nil {
		var err error
		if samples, err = e.own.Speak(ctx, "", tried); err != nil {
			return "", fmt.Errorf("speak what is to be heard: %w", err)
		}
	}
	ear, err := ears.Listen(ctx, "en")
	if err != nil {
		return "", err
	}
	defer ear.Close()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	const before = 10 // frames of silence
	for n := 0; ; n++ {
		var frame call.Frame
		if at := (n - before) * call.FrameSamples; at >= 0 && at < len(samples) {
			copy(frame[:], samples[at:])
		}
		ear.Write(&frame)
		switch n {
		case before + 2:
			ear.Speech(true)
		case before + len(samples)/call.FrameSamples + 15:
			ear.Speech(false)
		}
		select {
		case heard, open := <-ear.Results():
			switch {
			case !open:
				return "", errors.Join(errors.New("it stopped listening"), ctx.Err())
			case heard.Err != nil:
				return "", heard.Err
			case heard.Final && strings.TrimSpace(heard.Text) != "":
				return fmt.Sprintf("It was told %q and heard %q.", tried, heard.Text), nil
			}
		case <-ticker.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// tryModel has a model answer with a word.
func tryModel(ctx context.Context, model brain.Model) (string, error) {
	answer, err := model.Stream(ctx, []brain.Message{{Role: brain.User, Content: "Answer with the one word: ready"}}, nil, func(string) {})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("It answered %q.", shorten(answer.Text, 80)), nil
}

func shorten(text string, most int) string {
	if runes := []rune(strings.TrimSpace(text)); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return strings.TrimSpace(text)
}

// senses is what is wrong with it, for all accounts (engine.Config).
func (e equipment) senses() []engine.Matter {
	var matters []engine.Matter
	if e.hears != nil {
		if err := e.hears.Ready(""); err != nil {
			matters = append(matters, engine.Matter{Kind: "ears", Severity: engine.SeverityWarning, Text: "Spoken words are not understood, keys are: " + err.Error()})
		}
	}
	if e.thinks != nil {
		if err := e.thinks.models.Ready(func(brain.Named) error { return nil }); err != nil {
			matters = append(matters, engine.Matter{Kind: "model", Severity: engine.SeverityWarning, Text: "No model answers, so that calls go by the rules: " + err.Error()})
		}
	}
	return matters
}
