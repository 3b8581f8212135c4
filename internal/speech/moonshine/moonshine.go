// Package moonshine recognises English utterances with Moonshine tiny (Jeffries et al. 2024, "Moonshine: Speech Recognition for
// Live Transcription and Voice Commands"): an encoder over the raw audio of the utterance, and a decoder that writes one token
// after another, each the likeliest, with a cache of what it has computed for the tokens before.
package moonshine

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"nacre/internal/onnx"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/trim"
)

const (
	heads      = 8 // of the cache's shape: 0 × heads × 1 × headSize while it is empty
	headSize   = 36
	firstToken = 1
	endToken   = 2

	// tokensPerSecond bounds the text: nobody says more, and a decoder that repeats itself would not end. The maker's own
	// bound is 6.
	tokensPerSecond = 6.5
	leastTokens     = 4 // a short "yes" with a full stop
)

// Recognizer is a loaded model. It is safe for concurrent use.
type Recognizer struct {
	runtime          *onnx.Runtime
	encoder, decoder *onnx.Session
	pieces           []string
	present          []string // names of the decoder's outputs with its cache
	past             []string // names of the inputs they become
}

// Open loads the model of a speech folder, to run in the thread of its caller.
func Open(library *onnx.Runtime, dir string) (*Recognizer, error) {
	r := &Recognizer{runtime: library}
	var err error
	if r.pieces, err = readPieces(filepath.Join(dir, filepath.FromSlash(folder.MoonshinePieces))); err != nil {
		return nil, fmt.Errorf("open recogniser: %w", err)
	}
	if r.encoder, err = library.Load(filepath.Join(dir, filepath.FromSlash(folder.MoonshineEncoder)), 1); err != nil {
		return nil, fmt.Errorf("open recogniser: %w", err)
	}
	if r.decoder, err = library.Load(filepath.Join(dir, filepath.FromSlash(folder.MoonshineDecoder)), 1); err != nil {
		return nil, fmt.Errorf("open recogniser: %w", err)
	}
	for _, name := range r.decoder.Outputs() {
		if layer, ok := strings.CutPrefix(name, "present."); ok {
			r.present = append(r.present, name)
			r.past = append(r.past, "past_key_values."+layer)
		}
	}
	return r, nil
}

// Recognize returns the text of one utterance, 16-bit samples at 8 kHz, of which half a minute is heard; "" is nothing. It
// cuts silence itself, and is the better for a fifth of a second of what is before and after the sound.
func (r *Recognizer) Recognize(ctx context.Context, samples []int16) (string, error) {
	text, err := trim.Ask(samples, func(audio []float32, sounding time.Duration) (string, error) {
		tokens, err := r.decode(ctx, audio)
		return settle(r.text(tokens), sounding.Seconds()), err
	})
	if err != nil {
		return "", fmt.Errorf("recognise: %w", err)
	}
	return text, nil
}

// decode returns the tokens of audio, without the first and the end token.
func (r *Recognizer) decode(ctx context.Context, audio []float32) (tokens []int64, err error) {
	input, err := onnx.NewTensor(r.runtime, audio, 1, len(audio))
	if err != nil {
		return nil, err
	}
	defer input.Close()
	encoded, err := r.encoder.Run(ctx, map[string]*onnx.Tensor{"input_values": input}, "last_hidden_state")
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	defer encoded[0].Close()

	inputs := map[string]*onnx.Tensor{"encoder_hidden_states": encoded[0]}
	cache := make([]*onnx.Tensor, len(r.past))
	defer func() {
		for _, t := range cache {
			t.Close()
		}
	}()
	for i, name := range r.past {
		if cache[i], err = onnx.NewTensor(r.runtime, []float32{}, 0, heads, 1, headSize); err != nil {
			return nil, err
		}
		inputs[name] = cache[i]
	}
	outputs := append([]string{"logits"}, r.present...)
	most := max(leastTokens, int(float64(len(audio))/trim.Rate*tokensPerSecond))
	for last := int64(firstToken); len(tokens) < most; {
		made, err := r.step(ctx, inputs, outputs, last, len(tokens) > 0)
		if err != nil {
			return nil, fmt.Errorf("decode: %w", err)
		}
		logits, err := onnx.Data[float32](made[0])
		if err != nil {
			return nil, fmt.Errorf("decode: %w", err)
		}
		last = likeliest(logits)
		made[0].Close()
		for i, name := range r.past {
			// What the decoder made of the audio at the first step stays: later steps return it empty.
			if len(tokens) > 0 && strings.Contains(name, ".encoder.") {
				made[i+1].Close()
				continue
			}
			cache[i].Close()
			cache[i], inputs[name] = made[i+1], made[i+1]
		}
		if last == endToken {
			break
		}
		tokens = append(tokens, last)
	}
	return tokens, nil
}

// step runs the decoder for the token that was written last.
func (r *Recognizer) step(ctx context.Context, inputs map[string]*onnx.Tensor, outputs []string, last int64, cached bool) ([]*onnx.Tensor, error) {
	token, err := onnx.NewTensor(r.runtime, []int64{last}, 1, 1)
	if err != nil {
		return nil, err
	}
	defer token.Close()
	branch, err := onnx.NewTensor(r.runtime, []bool{cached}, 1)
	if err != nil {
		return nil, err
	}
	defer branch.Close()
	inputs["input_ids"], inputs["use_cache_branch"] = token, branch
	return r.decoder.Run(ctx, inputs, outputs...)
}

func likeliest(logits []float32) int64 {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return int64(best)
}
