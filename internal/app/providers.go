package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"nacre/internal/action"
	"nacre/internal/brain"
	"nacre/internal/brain/chat"
	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/insight"
	"nacre/internal/provider"
	"nacre/internal/turn"
	"nacre/internal/voice"
	"nacre/internal/voice/cartesia"
	"nacre/internal/voice/deepgram"
	"nacre/internal/voice/elevenlabs"
	"nacre/internal/voice/fallback"
	"nacre/internal/voice/openai"
	"nacre/internal/voice/utterance"
)

// The time limits of services whose entry names none: what a talk can bear. A caller waits for the first sound of a voice, and
// for what replaces it, eight seconds at most.
const (
	voiceFirst, voiceBetween = 3 * time.Second, 3 * time.Second
	earFirst, earBetween     = 3 * time.Second, 3 * time.Second
	modelFirst, modelBetween = 3 * time.Second, 3 * time.Second
	localName                = "embedded"
	// Of the analysis of a call that is over.
	readFirst, readBetween = 45 * time.Second, 20 * time.Second
	readTokens             = 1500
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
	to, err := endpoint(entry.Service, usualAddresses[entry.Kind], voiceFirst, voiceBetween)
	if err != nil {
		return nil, err
	}
	spoke := func(ctx context.Context, characters int) {
		call.MeterOf(ctx).Add(call.Charge{
			Kind: call.ChargeVoice, Provider: entry.Name, Model: entry.Model, Characters: int64(characters), Cost: float64(characters) / 1000 * entry.Price.ThousandCharacters,
		})
	}
	switch entry.Kind {
	case config.KindElevenLabs:
		return elevenlabs.New(elevenlabs.Config{Endpoint: to, Model: entry.Model, Voices: infos, Speed: entry.Speed, Spoke: spoke}), nil
	case config.KindCartesia:
		return cartesia.New(cartesia.Config{Endpoint: to, Model: entry.Model, Voices: infos, Spoke: spoke}), nil
	default:
		return openai.NewVoices(openai.Speech{
			Endpoint: to, Model: entry.Model, Voices: infos, Encoding: entry.Encoding, Rate: entry.Rate, Speed: entry.Speed, Instructions: entry.Instructions, Spoke: spoke,
		}), nil
	}
}

// openEars returns the recogniser that calls hear with: those of the file in their order, this machine's (nil = none) where the
// file places it, else last. Without any it is nil; without a file it is this machine's own.
func openEars(list []config.Ear, local voice.Recognizer, log *slog.Logger) (voice.Recognizer, error) {
	if len(list) == 0 {
		return local, nil
	}
	order := provider.NewOrder[voice.Recognizer](log)
	placed := local == nil
	for _, entry := range list {
		if entry.Kind == config.KindLocal {
			if !placed {
				order.AddLocal(localName, local)
			}
			placed = true
			continue
		}
		ears, err := openEar(entry, log)
		if err != nil {
			return nil, err
		}
		order.Add(entry.Name, ears)
	}
	if !placed {
		order.AddLocal(localName, local)
	}
	if order.Len() == 0 {
		return nil, nil
	}
	return fallback.NewRecognizer(order), nil
}

// heardAtOnce is how many utterances a server for them is given at the same time.
const heardAtOnce = 8

func openEar(entry config.Ear, log *slog.Logger) (voice.Recognizer, error) {
	to, err := endpoint(entry.Service, usualAddresses[entry.Kind], earFirst, earBetween)
	if err != nil {
		return nil, err
	}
	heard := func(ctx context.Context, seconds float64) {
		call.MeterOf(ctx).Add(call.Charge{Kind: call.ChargeEars, Provider: entry.Name, Model: entry.Model, Seconds: seconds, Cost: seconds / 60 * entry.Price.Minute})
	}
	if entry.Kind == config.KindDeepgram {
		return deepgram.New(deepgram.Config{Endpoint: to, Model: entry.Model, Language: entry.Language, Query: entry.Query, Heard: heard}), nil
	}
	recognize := openai.NewRecognize(openai.Transcription{Endpoint: to, Model: entry.Model, Prompt: entry.Prompt, Heard: heard})
	return utterance.New(utterance.Config{
		Recognize: func(ctx context.Context, u utterance.Utterance) (string, error) {
			if u.Language == "" {
				u.Language = entry.Language
			}
			return recognize(ctx, u)
		},
		AtOnce: heardAtOnce, FirstPartial: -1, // each is paid for
		Log: log,
	}), nil
}

// openGateways are those for text messages of a file.
func openGateways(list []config.SMS) (gateways []action.Gateway, err error) {
	for _, entry := range list {
		address, err := url.Parse(entry.Address)
		if err != nil {
			return nil, fmt.Errorf("address of %s: %w", entry.Name, err)
		}
		gateways = append(gateways, action.Gateway{
			Name: entry.Name, Address: address, Key: entry.Key(), User: entry.User, From: entry.From, Form: entry.Encoding == "form", Fields: entry.Fields,
		})
	}
	return gateways, nil
}

// thinker makes the brains of conversations, and reads what calls amounted to.
type thinker struct {
	models  *provider.Order[brain.Named]
	readers *provider.Order[brain.Named] // the same with the patience of those for whom nobody waits
	named   map[string]brain.Model
	byType  map[int]string // names of models by the Pearl's modelType
	known   shelf
	used    func(ctx context.Context, model string, usage brain.Usage)
	log     *slog.Logger
}

// openModels returns a thinker with the models of a file, nil without any.
func openModels(list []config.Model, log *slog.Logger) (*thinker, error) {
	if len(list) == 0 {
		return nil, nil
	}
	t := &thinker{models: provider.NewOrder[brain.Named](log), readers: provider.NewOrder[brain.Named](log), named: map[string]brain.Model{}, byType: map[int]string{}, log: log}
	entries := map[string]config.Model{}
	for _, entry := range list {
		to, err := endpoint(entry.Service, "", modelFirst, modelBetween)
		if err != nil {
			return nil, err
		}
		client := chat.New(chat.Config{Endpoint: to, Model: entry.Model, MaxTokens: entry.MaxTokens, Parameters: entry.Parameters})
		t.models.Add(entry.Name, brain.Named{Name: entry.Name, Model: client})
		t.named[entry.Name] = client
		to.First, to.Between = max(to.First, readFirst), max(to.Between, readBetween)
		reader := chat.New(chat.Config{Endpoint: to, Model: entry.Model, MaxTokens: max(entry.MaxTokens, readTokens), Parameters: entry.Parameters})
		t.readers.Add(entry.Name, brain.Named{Name: entry.Name, Model: reader})
		entries[entry.Name] = entry
		for _, modelType := range entry.ModelTypes {
			t.byType[modelType] = entry.Name
		}
	}
	t.used = func(ctx context.Context, model string, u brain.Usage) {
		entry := entries[model]
		cached := entry.Price.Input
		if entry.Price.Cached > 0 {
			cached = entry.Price.Cached
		}
		cost := float64(u.Prompt-u.Cached)*entry.Price.Input + float64(u.Cached)*cached + float64(u.Completion)*entry.Price.Output
		call.MeterOf(ctx).Add(call.Charge{
			Kind: call.ChargeModel, Provider: model, Model: entry.Model,
			InputTokens: int64(u.Prompt), CachedTokens: int64(u.Cached), OutputTokens: int64(u.Completion), Cost: cost / 1e6,
		})
	}
	return t, nil
}

// brains are those of one conversation (voice.Config.Brains): the model that the Pearl chose, then the others in order.
func (t *thinker) brains(script call.Script) []turn.Brain {
	b, err := brain.New(script, brain.Config{Models: t.models.First(t.byType[script.Brief.ModelType]), Used: t.used, Knowledge: t.known.index})
	if err != nil {
		t.log.Error("make the brain of a call", "call", script.Call, "error", err)
		return nil
	}
	return []turn.Brain{b}
}

// analyse has a model report on a call that is over (followup.Config.Ask).
func (t *thinker) analyse(ctx context.Context, task call.AnalysisTask, transcript []call.Line) (call.Findings, error) {
	return brain.Analyse(ctx, brain.Config{Models: t.readers.First(t.byType[task.ModelType]), Used: t.used}, task, transcript)
}

// applies has a model judge the trigger of an action after a call (followup.Config.Applies).
func (t *thinker) applies(ctx context.Context, task call.ActTask, transcript []call.Line) (bool, error) {
	return brain.Applies(ctx, brain.Config{Models: t.readers.First(t.byType[task.ModelType]), Used: t.used}, task.Trigger, transcript)
}

// judge derives what is stored of a conversation (dialer.Judge), and has it analysed.
func (t *thinker) judge(script call.Script, talk call.Talk, transcriptOptions int) engine.Ending {
	j := insight.Judge(script, talk, transcriptOptions)
	ending := endingOf(script, talk, j, t.log)
	ending.Analysis = insight.Task(script, talk, j, transcriptOptions)
	return ending
}
