// Package kokoro makes speech with Kokoro 82M (hexgrad, Apache-2.0; after Li et al. 2023, "StyleTTS 2"): one run of the model
// turns the letters of a clause and a row of a voice's style into samples at 24 kHz.
package kokoro

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"nacre/internal/onnx"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
)

const (
	// Rate is the sampling rate of the model in Hz.
	Rate = 24000
	// MaxIDs bounds the letters of one run; a voice has a style for each number of them.
	MaxIDs    = 510
	styleSize = 256
)

var (
	errUnknownVoice = errors.New("unknown voice")
	errLength       = errors.New("too few or too many letters")
)

// Synthesiser is the loaded model. It is safe for concurrent use.
type Synthesiser struct {
	runtime *onnx.Runtime
	model   *onnx.Session
	voices  string // their folder

	mu     sync.Mutex
	styles map[string][]float32 // MaxIDs rows of styleSize, by voice
}

// Open loads the model of a speech folder, to run in the thread of its caller. Voices are read when they are needed.
func Open(library *onnx.Runtime, dir string) (*Synthesiser, error) {
	model, err := library.Load(filepath.Join(dir, filepath.FromSlash(folder.KokoroModel)), 1)
	if err != nil {
		return nil, fmt.Errorf("open neural voice: %w", err)
	}
	if len(model.Outputs()) == 0 {
		return nil, errors.New("open neural voice: the model has no output")
	}
	return &Synthesiser{runtime: library, model: model, voices: filepath.Join(dir, filepath.FromSlash(folder.KokoroVoices)), styles: map[string][]float32{}}, nil
}

// Say makes the speech of one clause of 1 to MaxIDs letters.
func (s *Synthesiser) Say(ctx context.Context, order speech.Say) (speech.Said, error) {
	if len(order.IDs) == 0 || len(order.IDs) > MaxIDs {
		return speech.Said{}, fmt.Errorf("speak: %w: %d", errLength, len(order.IDs))
	}
	styles, err := s.style(order.Voice)
	if err != nil {
		return speech.Said{}, fmt.Errorf("speak: %w", err)
	}
	row := min(len(order.IDs), MaxIDs-1) * styleSize
	ids := append(append([]int64{0}, order.IDs...), 0)
	speed := order.Speed
	if !(speed >= 0.5 && speed <= 2) {
		speed = 1
	}
	inputs := map[string]*onnx.Tensor{}
	defer func() {
		for _, tensor := range inputs {
			tensor.Close()
		}
	}()
	if inputs["input_ids"], err = onnx.NewTensor(s.runtime, ids, 1, len(ids)); err != nil {
		return speech.Said{}, fmt.Errorf("speak: %w", err)
	}
	if inputs["style"], err = onnx.NewTensor(s.runtime, styles[row:row+styleSize], 1, styleSize); err != nil {
		return speech.Said{}, fmt.Errorf("speak: %w", err)
	}
	if inputs["speed"], err = onnx.NewTensor(s.runtime, []float32{speed}, 1); err != nil {
		return speech.Said{}, fmt.Errorf("speak: %w", err)
	}
	outputs, err := s.model.Run(ctx, inputs, s.model.Outputs()[0])
	if err != nil {
		return speech.Said{}, fmt.Errorf("speak: %w", err)
	}
	defer outputs[0].Close()
	wave, err := onnx.Data[float32](outputs[0])
	if err != nil {
		return speech.Said{}, fmt.Errorf("speak: %w", err)
	}
	raw := make([]byte, 0, 2*len(wave))
	for _, v := range wave {
		if v != v { // NaN
			return speech.Said{}, errors.New("speak: the model's output is not sound")
		}
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(max(-32768, min(32767, math.Round(float64(v)*32767))))))
	}
	return speech.Said{Samples: raw, Rate: Rate}, nil
}

// style returns the styles of a voice.
func (s *Synthesiser) style(voice string) ([]float32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if styles, ok := s.styles[voice]; ok {
		return styles, nil
	}
	if strings.Trim(voice, "abcdefghijklmnopqrstuvwxyz_") != "" || voice == "" { // no path
		return nil, fmt.Errorf("%w: %q", errUnknownVoice, voice)
	}
	raw, err := os.ReadFile(filepath.Join(s.voices, voice+".bin"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnknownVoice, err)
	}
	if len(raw) < MaxIDs*styleSize*4 {
		return nil, fmt.Errorf("voice %s has %d bytes", voice, len(raw))
	}
	styles := make([]float32, MaxIDs*styleSize)
	for i := range styles {
		styles[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	s.styles[voice] = styles
	return styles, nil
}
