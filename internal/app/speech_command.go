package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/hearing"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/voice"
	"nacre/internal/voice/resample"
	"nacre/internal/voice/utterance"
	"nacre/internal/voice/wav"
)

type speechCommands struct {
	List speechList `cmd:"" default:"withargs" help:"List the files, where they are from and under which licence, and check them."`
	Hear speechHear `cmd:"" help:"Print what is said in a recording, and when."`
	Say  speechSay  `cmd:"" help:"Speak a text into a file."`
}

type speechList struct{ config.Speech }

func (c *speechList) Run(_ context.Context, s streams) error {
	if c.Folder == config.NoSpeech {
		return exitError{exitUsage, errors.New("--speech none has nothing to list")}
	}
	dir, err := folder.Find(c.Folder)
	if err != nil {
		return fmt.Errorf("%w: make builds it, --speech names another", err)
	}
	manifest, err := folder.Read(dir)
	if err != nil {
		return err
	}
	ears, err := findEars(c.Speech, dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, dir)
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FILE\tMB\tPROJECT\tLICENCE\tPACKAGE\tCHECK")
	program := "ok"
	if info, err := os.Stat(filepath.Join(dir, folder.Program)); err != nil || info.Mode()&0o111 == 0 {
		program = "missing"
	}
	fmt.Fprintf(table, "%s\t\tnacre\t\t\t%s\n", folder.Program, program)
	bad := 0
	for _, entry := range manifest.Files {
		check := "ok"
		if err := entry.Check(dir); err != nil {
			check = err.Error()
			bad++
		}
		fmt.Fprintf(table, "%s\t%.1f\t%s\t%s\t%s\t%s\n", entry.Path, float64(entry.Size)/1e6, entry.Project, entry.License, entry.Package, check)
	}
	if ears != nil {
		listEars(table, ears)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if program != "ok" {
		bad++
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d files are not as they should be", bad, len(manifest.Files)+1)
	}
	return nil
}

// listEars lists the files of an operator's recogniser.
func listEars(w io.Writer, ears *folder.Recognizer) {
	for _, role := range slices.Sorted(maps.Keys(ears.Files)) {
		size := ""
		if info, err := os.Stat(ears.Path(role)); err == nil {
			size = fmt.Sprintf("%.1f", float64(info.Size())/1e6)
		}
		fmt.Fprintf(w, "%s\t%s\t%s recogniser: %s\tyours\t--ears, hears %s\t\n", ears.Path(role), size, ears.Kind, role, strings.Join(ears.Languages, ","))
	}
}

// quietLog returns the log of a command whose result is what counts.
func quietLog(w io.Writer) *slog.Logger { return newLog(w, config.Log{LogLevel: "warn"}) }

type speechHear struct {
	config.Speech
	File     string `arg:"" help:"WAV file, of any rate." type:"existingfile"`
	Channel  int    `help:"Channel, from 1; a call's recording has the agent in the first and the person in the second." default:"1"`
	Language string `help:"What is spoken, as de or de-AT, for recognisers that are told; else they find out."`
}

func (c *speechHear) Run(ctx context.Context, s streams) error {
	samples, _, err := readChannel(c.File, c.Channel)
	if err != nil {
		return err
	}
	models, reason, err := findSpeech(c.Speech, quietLog(s.Err))
	if err != nil {
		return err
	}
	if models == nil {
		return fmt.Errorf("there are no models to hear with: %s", reason)
	}
	client := models.open(speech.Hearing, quietLog(s.Err))
	defer client.Close() //nolint:errcheck // nothing is under way
	if err := client.Wait(ctx); err != nil {
		return err
	}
	var took time.Duration
	ears := utterance.New(utterance.Config{
		Recognize: func(ctx context.Context, u utterance.Utterance) (string, error) {
			began := time.Now()
			heard, err := client.Hear(ctx, u.Samples, u.Language, speech.Final)
			took = time.Since(began)
			return heard.Text, err
		},
		Languages: client.Languages(), Deadline: time.Minute, FirstPartial: -1, // nobody waits
	})
	sum := time.Duration(0)
	err = hearAll(ctx, ears, c.Language, hearing.NewVAD(hearing.VADConfig{Model: models.voiced}), samples, func(heard voice.Heard) error {
		sum += took
		if heard.Err != nil {
			return heard.Err
		}
		_, err := fmt.Fprintf(s.Out, "%7.2f – %7.2f s  %4d ms  %s\n", heard.From.Seconds(), heard.To.Seconds(), took.Milliseconds(), heard.Text)
		return err
	})
	if err != nil {
		return err
	}
	length := voice.LengthOf(samples)
	fmt.Fprintf(s.Err, "%.1f s of audio, heard in %.2f s\n", length.Seconds(), sum.Seconds())
	return nil
}

// readChannel returns one channel of a file, from 1, at 8 kHz, and how many it has.
func readChannel(path string, channel int) (samples []int16, channels int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close() //nolint:errcheck // only read
	audio, err := wav.Read(file)
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", path, err)
	}
	if channel < 1 || channel > audio.Channels {
		return nil, 0, exitError{exitUsage, fmt.Errorf("--channel %d: the file has %d", channel, audio.Channels)}
	}
	samples, err = resample.All(audio.Channel(channel-1), audio.Rate, call.SampleRate)
	return samples, audio.Channels, err
}

// hearAll has an ear hear samples as it would in a call, with an utterance's words awaited before the next one is begun.
func hearAll(ctx context.Context, ears voice.Recognizer, language string, vad *hearing.VAD, samples []int16, each func(voice.Heard) error) error {
	ear, err := ears.Listen(ctx, language)
	if err != nil {
		return err
	}
	defer ear.Close()
	var frame call.Frame
	silence := make([]int16, call.SampleRate) // the end of the recording ends what is said
	for rest := slices.Concat(samples, silence); len(rest) >= len(frame); rest = rest[len(frame):] {
		copy(frame[:], rest)
		ear.Write(&frame)
		event := vad.Push(&frame)
		if event == hearing.None {
			continue
		}
		ear.Speech(event == hearing.Started)
		if event == hearing.Started {
			continue
		}
		for final := false; !final; {
			heard, open := <-ear.Results()
			if !open {
				return ctx.Err()
			}
			if final = heard.Final; final {
				if err := each(heard); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sayCache is the room in MiB for what one command says.
const sayCache = 64

type speechSay struct {
	config.Speech
	Text  string `arg:"" help:"What to say."`
	Voice string `help:"Voice by its name or id; the default one without it."`
	Out   string `help:"WAV file to write." default:"speech.wav" type:"path"`
}

func (c *speechSay) Run(ctx context.Context, s streams) error {
	cache, err := os.MkdirTemp("", "nacre-voice-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(cache) //nolint:errcheck // in the system's folder of temporary files
	models, _, err := findSpeech(c.Speech, quietLog(s.Err))
	if err != nil {
		return err
	}
	embedded, missing := openVoice(cache, quietLog(s.Err))
	speaker, neural := localVoices(models, cache, sayCache, true, embedded, quietLog(s.Err))
	if neural != nil {
		defer neural.process.Close() //nolint:errcheck // nothing is under way
	}
	if speaker == nil {
		return missing
	}
	defer speaker.Close() //nolint:errcheck // nothing is under way
	chosen, err := voiceNamed(speaker, c.Voice)
	if err != nil {
		return exitError{exitUsage, err}
	}
	began := time.Now()
	samples, err := speaker.Speak(ctx, chosen.ID, c.Text)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if err := writeWAV(c.Out, samples); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, c.Out)
	fmt.Fprintf(s.Err, "%s: %.1f s of speech, made in %.2f s\n", chosen.Name, voice.LengthOf(samples).Seconds(), took.Seconds())
	return nil
}

// voiceNamed returns the voice of a name or id, the default one for "".
func voiceNamed(speaker voice.Voices, name string) (voice.Info, error) {
	known := speaker.Voices()
	if name == "" {
		return known[0], nil
	}
	names := make([]string, len(known))
	for n, info := range known {
		if strings.EqualFold(info.Name, name) || info.ID == name || voiceID(info.ID) == name {
			return info, nil
		}
		names[n] = info.Name
	}
	return voice.Info{}, fmt.Errorf("--voice %s: there is %s", name, strings.Join(names, "; "))
}

// writeWAV writes samples as a mono file; the last frame is filled with silence.
func writeWAV(path string, samples []int16) error {
	out, err := wav.Create(path, 1)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	for len(samples) > 0 {
		var frame call.Frame
		samples = samples[copy(frame[:], samples):]
		if err := out.WriteMono(&frame); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", path, err), out.Close())
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
