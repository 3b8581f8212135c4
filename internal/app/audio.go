package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/id"
	"nacre/internal/rehearsal"
	"nacre/internal/sandbox"
	"nacre/internal/scenario"
	"nacre/internal/speech"
	"nacre/internal/studio"
	"nacre/internal/voice"
	"nacre/internal/voice/wav"
)

// audioFlags say what commands hear and speak with.
type audioFlags struct {
	config.Speech
	Voice string `help:"Voice of the agent, by name or id, in place of the Pearl's." placeholder:"VOICE"`
}

// audio is what calls without a telephone hear and speak with: what the server has, in no hurry.
type audio struct {
	config   voice.Config // of their agents; without a Recognizer where there are no ears
	deaf     error        // why there are none
	voices   voices
	known    voice.Voices // all of them
	services config.Providers
	voiceID  string // --voice; "" = the Pearl's
	closing  []func()
}

// openAudio starts ears and voices.
func openAudio(ctx context.Context, flags audioFlags, services config.Providers, log *slog.Logger) (*audio, error) {
	a := &audio{services: services}
	if err := a.open(ctx, flags, services, log); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// open opens one after another; what is open when it fails is closed by Close.
func (a *audio) open(ctx context.Context, flags audioFlags, services config.Providers, log *slog.Logger) error {
	cache, err := os.MkdirTemp("", "nacre-voice-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	a.onClose(func() { _ = os.RemoveAll(cache) })
	models, noModels, err := findSpeech(flags.Speech, log)
	if err != nil {
		return err
	}
	embedded, missing := openVoice(cache, log)
	own, neural := localVoices(models, cache, sayCache, true, embedded, log)
	if neural != nil {
		a.onClose(func() { _ = neural.process.Close() })
	}
	speaker, err := allVoices(services.Voices, own, log)
	if err != nil {
		return err
	}
	if speaker == nil {
		return missing
	}
	a.onClose(func() { _ = speaker.Close() })
	a.known, a.voices = speaker, newVoices(speaker)
	if flags.Voice != "" {
		chosen, err := voiceNamed(speaker, flags.Voice)
		if err != nil {
			return exitError{exitUsage, err}
		}
		a.voiceID = voiceID(chosen.ID)
	}
	var local voice.Recognizer
	a.config = voice.Config{Speaker: a.voices, ByFrames: true, Log: log}
	if models != nil {
		process := models.open(speech.Hearing, log)
		a.onClose(func() { _ = process.Close() })
		if err := process.Wait(ctx); err != nil {
			return err
		}
		local = localEars(process, log, nil, time.Minute) // nobody waits
		a.config.SpeechModel = models.voiced
	}
	if a.config.Recognizer, err = openEars(services.Ears, local, log); err != nil {
		return err
	}
	if a.config.Recognizer == nil {
		a.deaf = fmt.Errorf("there is nothing to hear with: %s", noModels)
	}
	if neural != nil {
		_ = neural.process.Wait(ctx) // where it does not come the embedded voice speaks
	}
	return nil
}

func (a *audio) onClose(f func()) { a.closing = append(a.closing, f) }

// Close ends ears and voices.
func (a *audio) Close() {
	for n := len(a.closing) - 1; n >= 0; n-- {
		a.closing[n]()
	}
}

// hold conducts a call with a caller. in has its script and what thinks; out nil = the sound is not kept.
func (a *audio) hold(ctx context.Context, in rehearsal.Config, out *wav.Writer, caller func(press func(string)) call.Party) (rehearsal.Result, error) {
	agent := a.config
	agent.Brains, agent.Log = in.Brains, in.Log
	if in.Said != nil {
		agent.Said = func(_ id.ID, words string) { in.Said(words) }
	}
	if in.Deaf {
		agent.Recognizer = nil
	} else if a.deaf != nil {
		return rehearsal.Result{}, a.deaf
	}
	if a.voiceID != "" {
		in.Script.VoiceID, in.Script.Language = a.voiceID, languageOf(a.services.Voices, a.voiceID)
	}
	o, err := studio.Hold(ctx, studio.Config{Agent: voice.New(agent), Script: in.Script, Caller: caller, Out: out, Desk: in.Desk})
	return rehearsal.ResultOf(in.Script, o.Talk, o.By, o.After), err
}

// personVoice returns the voice of a person in the words of a scenario: never the agent's.
func (a *audio) personVoice(name string, script call.Script) (string, error) {
	agents := script.VoiceID
	if a.voiceID != "" {
		agents = a.voiceID
	}
	taken := a.voices.choose(agents).id
	wanted := name
	if embedded, ok := sandbox.VoiceOf(name); ok {
		wanted = embedded
	}
	var other string
	for _, info := range a.known.Voices() {
		switch plain, _ := sandbox.VoiceOf(scenario.Woman); {
		case info.ID == taken:
		case info.ID == wanted:
			return wanted, nil
		case other == "", info.ID == plain: // the embedded ones are quick, and there is always one
			other = info.ID
		}
	}
	if _, ok := sandbox.VoiceOf(name); name != "" && !ok {
		info, err := voiceNamed(a.known, name)
		if err != nil {
			return "", err
		}
		if info.ID != taken {
			return info.ID, nil
		}
	}
	if other == "" {
		return "", errors.New("people need another voice than the agent's, and there is none")
	}
	return other, nil
}

// rehearse has a scenario talked through by ear.
func (a *audio) rehearse(ctx context.Context, s scenario.Scenario, in rehearsal.Config, out *wav.Writer) (rehearsal.Verdict, error) {
	began := time.Now()
	in.Deaf, in.Desk = in.Deaf || s.ByKeys, rehearsal.NewMocks(s, in.Script.Actions)
	var failed error
	speak := func(act scenario.Act) []int16 {
		name := act.Voice
		if name == "" {
			name = s.Voice.Of(0)
		}
		speaks, err := a.personVoice(name, in.Script)
		var sound []int16
		if err == nil {
			sound, err = a.known.Speak(ctx, speaks, act.Text())
		}
		failed = errors.Join(failed, err)
		return sound
	}
	config := sandbox.PersonConfig{
		Scenes: sandbox.Stage(s.Turns, speak), Then: sandbox.Stage(s.Then, speak),
		InWords: !in.Deaf, Noise: s.NoiseLevel(), Pause: sandbox.Pause(0), NoReply: rehearsal.NoReply,
	}
	var improviser *rehearsal.Improviser
	if s.Persona != "" {
		if improviser, failed = rehearsal.Improvise(ctx, s, in.Model); failed == nil {
			in.Said = improviser.Hear
			config.Improvise = func() (sandbox.Scene, bool) {
				act, more := improviser.Next(nil)
				return sandbox.Stage([]scenario.Act{act}, speak)[0], more && failed == nil
			}
		}
	}
	if failed != nil {
		return rehearsal.Verdict{}, fmt.Errorf("%s: %w", s.Name, failed)
	}
	var person *sandbox.Person
	result, err := a.hold(ctx, in, out, func(press func(string)) call.Party {
		config.SendKeys = press
		person = sandbox.NewPerson(config)
		return person
	})
	if err = errors.Join(err, failed); err != nil {
		return rehearsal.Verdict{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	undone := 0
	if done := person.Done(); done < len(s.Turns) {
		undone = done + 1
	}
	v := rehearsal.Judge(s, in.Script, result, undone, time.Since(began))
	if improviser != nil && improviser.Err() != nil {
		v.Faults = append(v.Faults, improviser.Err().Error())
	}
	return v, nil
}

// createOut creates a file for both sides of a call; "" = none.
func createOut(path string) (*wav.Writer, error) {
	if path == "" {
		return nil, nil
	}
	out, err := wav.Create(path, 2)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return out, nil
}

func closeOut(path string, out *wav.Writer) error {
	if out == nil {
		return nil
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// readCaller returns the samples of a recording of a caller, at 8 kHz. channel counts from 1; 0 is the only one.
func readCaller(path string, channel int) ([]int16, error) {
	samples, channels, err := readChannel(path, max(channel, 1))
	var usage exitError
	switch {
	case errors.As(err, &usage):
		return nil, err
	case err != nil:
		return nil, exitError{exitUsage, err}
	case channel == 0 && channels > 1:
		return nil, exitError{exitUsage, fmt.Errorf("%s has %d channels: --channel says in which one the caller is", path, channels)}
	case len(samples) == 0:
		return nil, exitError{exitUsage, fmt.Errorf("%s: there is no sound in it", path)}
	}
	return samples, nil
}

// playRecording has the Pearl talk to somebody who was recorded, and writes both sides.
func (c *talkCommand) playRecording(ctx context.Context, in rehearsal.Config, services config.Providers, s streams) (err error) {
	samples, err := readCaller(c.Audio, c.Channel)
	if err != nil {
		return err
	}
	a, err := openAudio(ctx, c.audioFlags, services, in.Log)
	if err != nil {
		return err
	}
	defer a.Close()
	out, err := createOut(c.Out)
	if err != nil {
		return err
	}
	result, err := a.hold(ctx, in, out, func(func(string)) call.Party { return &studio.Recording{Samples: samples} })
	if err = errors.Join(err, closeOut(c.Out, out)); err != nil {
		return err
	}
	say := s.Out
	if c.JSON {
		say = s.Err
	}
	result.WriteTranscript(say, "")
	fmt.Fprintf(say, "\n%s: %.0f s, the caller in the first channel and the agent in the second\n", c.Out, result.Seconds)
	return c.tell(result, s.Out)
}
