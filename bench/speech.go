package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/onnx"
	"nacre/internal/speech"
	files "nacre/internal/speech/folder"
	"nacre/internal/speech/moonshine"
	"nacre/internal/voice/resample"
	"nacre/internal/voice/wav"
)

// speech measures the models of the speech folder beside the binary against the library alone, in turns: an utterance through
// the speech process, and the voice activity detector in Go.
func (b *bench) speech(ctx context.Context) error {
	dir := filepath.Join(filepath.Dir(b.nacre), "speech")
	library, err := onnx.Open(filepath.Join(dir, files.Library()))
	if err != nil {
		return err
	}
	samples, err := b.sentence(ctx)
	if err != nil {
		return err
	}
	turns := 60
	if b.quick {
		turns = 10
	}
	if err := b.ears(ctx, library, dir, samples, turns); err != nil {
		return err
	}
	return b.detector(ctx, library, dir, samples, turns)
}

// sentence is somebody's speech, at 8 kHz.
func (b *bench) sentence(ctx context.Context) ([]int16, error) {
	return b.spoken(ctx, "I am sorry, I do not have time at the moment.", "rms")
}

// nacreDo runs a command of nacre.
func (b *bench) nacreDo(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, b.nacre, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("nacre %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// readWAV returns the first channel of a file at 8 kHz.
func readWAV(path string) ([]int16, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read speech: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	audio, err := wav.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read speech: %w", err)
	}
	return resample.All(audio.Channel(0), audio.Rate, call.SampleRate)
}

// ears compares an utterance's way through the speech process with the recogniser called directly.
func (b *bench) ears(ctx context.Context, library *onnx.Runtime, dir string, samples []int16, turns int) error {
	direct, err := moonshine.Open(library, dir)
	if err != nil {
		return err
	}
	client := speech.Open(speech.Config{Folder: dir, Task: speech.Hearing})
	defer client.Close() //nolint:errcheck // nothing is under way
	if err := client.Wait(ctx); err != nil {
		return err
	}
	ours, raw, err := inTurns(turns, func() error {
		_, err := client.Hear(ctx, samples, "", speech.Final)
		return err
	}, func() error {
		_, err := direct.Recognize(ctx, samples)
		return err
	})
	if err != nil {
		return err
	}
	length := float64(len(samples)) / call.SampleRate
	ratio := float64(ours) / float64(raw)
	b.add(result{
		name: fmt.Sprintf("ears: words of %.1f s", length), figure: milliseconds(ours), raw: milliseconds(raw),
		ratio: fmt.Sprintf("%.2f", ratio), goal: "≤ 1.15", missed: ratio > 1.15,
	})
	return nil
}

// detector compares a second of speech through the voice activity detector with the same windows through the library.
func (b *bench) detector(ctx context.Context, library *onnx.Runtime, dir string, samples []int16, turns int) error {
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(files.SileroWeights)))
	if err != nil {
		return err
	}
	model, err := hearing.NewSpeechModel(raw)
	if err != nil {
		return err
	}
	session, err := library.Load(filepath.Join(dir, filepath.FromSlash(files.SileroModel)), 1)
	if err != nil {
		return err
	}
	defer session.Close()
	vad := hearing.NewVAD(hearing.VADConfig{Model: model})
	const window = 256
	pushed := len(samples) / call.FrameSamples
	ours, alone, err := inTurns(turns, func() error {
		var frame call.Frame
		for n := range pushed {
			copy(frame[:], samples[n*call.FrameSamples:])
			vad.Push(&frame)
		}
		return nil
	}, func() error {
		for at := 0; at+window <= pushed*call.FrameSamples; at += window {
			if err := judge(ctx, library, session, samples[at:at+window]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	ratio := float64(ours) / float64(alone)
	length := float64(pushed) / 50
	b.add(result{
		name: fmt.Sprintf("voice activity in %.1f s", length), figure: milliseconds(ours), raw: milliseconds(alone),
		ratio: fmt.Sprintf("%.2f", ratio), goal: "≤ 1.5", missed: ratio > 1.5,
	})
	return nil
}

// judge runs the detector's model over one window.
func judge(ctx context.Context, library *onnx.Runtime, session *onnx.Session, window []int16) error {
	sound := make([]float32, 32+len(window))
	for i, s := range window {
		sound[32+i] = float32(s) / 32768
	}
	input, err := onnx.NewTensor(library, sound, 1, len(sound))
	if err != nil {
		return err
	}
	defer input.Close()
	state, err := onnx.NewTensor(library, make([]float32, 256), 2, 1, 128)
	if err != nil {
		return err
	}
	defer state.Close()
	rate, err := onnx.NewTensor(library, []int64{call.SampleRate})
	if err != nil {
		return err
	}
	defer rate.Close()
	outputs, err := session.Run(ctx, map[string]*onnx.Tensor{"input": input, "state": state, "sr": rate}, "output", "stateN")
	if err != nil {
		return err
	}
	for _, output := range outputs {
		output.Close()
	}
	return nil
}

// inTurns runs two ways of doing one thing in turns, and returns the median time of each.
func inTurns(turns int, ours, raw func() error) (ourTime, rawTime time.Duration, err error) {
	var times [2][]time.Duration
	for range turns + 1 {
		for n, do := range []func() error{ours, raw} {
			began := time.Now()
			if err := do(); err != nil {
				return 0, 0, err
			}
			times[n] = append(times[n], time.Since(began))
		}
	}
	return median(times[0][1:]), median(times[1][1:]), nil // the first warms up
}
