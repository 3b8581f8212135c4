// Package flite decides how text becomes speech without any service: Carnegie Mellon's Flite, compiled to WebAssembly
// and embedded in the binary, run in a sandbox of its own. It speaks English, plainly and at once. It refuses to know
// calls, agents and other voices.
package flite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"golang.org/x/sync/singleflight"
)

//go:embed module
var embedded embed.FS

const modulePath = "module/flite.wasm"

// cacheBytes of spoken phrases are kept: half an hour. A campaign says a handful of sentences over and over.
const cacheBytes = 32 << 20

var (
	// ErrMissing is returned by Open when the binary was built without the module (see module/README.md).
	ErrMissing = errors.New("the embedded voice is not in this binary: run tools/npm/fetch and build again")
	// ErrUnknownVoice is returned by Speak for a voice that is not among Voices.
	ErrUnknownVoice = errors.New("unknown voice")
	// ErrUnspeakable is returned by Speak for text that has letters, but none that an English voice can read.
	ErrUnspeakable = errors.New("text in a script that the embedded voice cannot read")
)

// VoiceInfo is a voice one can choose.
type VoiceInfo struct {
	ID       string
	Name     string
	Language string // BCP 47
}

// DefaultVoice is the one behind the empty id: of all voices it alone is made for the telephone (8 kHz, nothing to
// resample), and it speaks two seconds in 20 ms where the better ones take 120.
const DefaultVoice = "kal"

// Available tells whether the binary holds the module.
func Available() bool {
	_, err := fs.Stat(embedded, modulePath)
	return err == nil
}

// Voice speaks. Safe for concurrent use.
type Voice struct {
	runtime  wazero.Runtime
	disk     wazero.CompilationCache
	compiled wazero.CompiledModule
	slots    chan struct{}
	memories memories
	phrases  *phraseCache
	flight   singleflight.Group
	log      *slog.Logger
}

// Open compiles the module, in a fifth of a second the first time and in less from the copy it keeps in cacheDir
// ("" keeps none). The module takes about 150 MB of memory. Answers ErrMissing when the module is not in the binary.
func Open(cacheDir string, log *slog.Logger) (*Voice, error) {
	module, err := embedded.ReadFile(modulePath)
	if err != nil {
		return nil, ErrMissing
	}
	ctx := context.Background()
	// 128 MB an instance. Not WithCloseOnContextDone: its checks make speaking five times slower, and a sentence is
	// bounded already, by its length.
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(2048)
	v := &Voice{slots: make(chan struct{}, workers()), phrases: newPhraseCache(cacheBytes), log: log}
	if cacheDir != "" {
		if v.disk, err = wazero.NewCompilationCacheWithDir(cacheDir); err != nil {
			log.Warn("embedded voice cannot keep its compiled form and compiles at every start", "error", err)
		} else {
			config = config.WithCompilationCache(v.disk)
		}
	}
	v.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, v.runtime); err == nil {
		v.compiled, err = v.runtime.CompileModule(ctx, module)
	}
	if err != nil {
		return nil, fmt.Errorf("compile embedded voice: %w", errors.Join(err, v.Close()))
	}
	return v, nil
}

// Close waits for what is being spoken, a second or two, and frees the module. Speak fails from then on.
func (v *Voice) Close() error {
	for range cap(v.slots) {
		v.slots <- struct{}{}
		defer func() { <-v.slots }()
	}
	err := v.runtime.Close(context.Background())
	if v.disk != nil {
		err = errors.Join(err, v.disk.Close(context.Background()))
	}
	if err != nil {
		return fmt.Errorf("close embedded voice: %w", err)
	}
	return nil
}

// Voices lists the voices, the default one first.
func (v *Voice) Voices() []VoiceInfo {
	return []VoiceInfo{
		{ID: "kal", Name: "Kal", Language: "en-US"},
		{ID: "slt", Name: "Slt", Language: "en-US"},
		{ID: "rms", Name: "Rms", Language: "en-US"},
		{ID: "awb", Name: "Awb", Language: "en-GB"},
		{ID: "kal16", Name: "Kal, wide band", Language: "en-US"},
	}
}

// Speak answers the text as 8 kHz mono samples, at −20 dBFS and without silence at either end; voiceID "" is
// DefaultVoice. Text with nothing to say answers no samples. The samples are shared with other callers and must not be
// changed. When ctx ends the call returns, and the speaking goes on for whoever asks next.
func (v *Voice) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	if voiceID == "" {
		voiceID = DefaultVoice
	}
	if !v.has(voiceID) {
		return nil, fmt.Errorf("speak: %w: %q", ErrUnknownVoice, voiceID)
	}
	text, lost := clean(text)
	if !speakable(text) {
		if lost {
			return nil, fmt.Errorf("speak: %w", ErrUnspeakable)
		}
		return nil, nil
	}
	key := voiceID + "\x00" + text
	if samples, ok := v.phrases.get(key); ok {
		return samples, nil
	}
	done := v.flight.DoChan(key, func() (any, error) {
		samples, err := v.synthesise(context.WithoutCancel(ctx), voiceID, text)
		if err == nil {
			v.phrases.put(key, samples)
		}
		return samples, err
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return nil, fmt.Errorf("speak: %w", result.Err)
		}
		return result.Val.([]int16), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("speak: %w", ctx.Err())
	}
}

func (v *Voice) has(voiceID string) bool {
	for _, info := range v.Voices() {
		if info.ID == voiceID {
			return true
		}
	}
	return false
}

// synthesise speaks sentence by sentence: what an instance takes of memory grows with the length of its text.
func (v *Voice) synthesise(ctx context.Context, voiceID, text string) ([]int16, error) {
	began := time.Now()
	var samples []int16
	for _, sentence := range sentences(text) {
		spoken, err := v.run(ctx, voiceID, sentence)
		if err != nil {
			return nil, err
		}
		spoken = trim(spoken)
		if len(samples) > 0 && len(spoken) > 0 {
			samples = append(samples, make([]int16, sentenceGap)...)
		}
		samples = append(samples, spoken...)
	}
	normalise(samples)
	v.log.Debug("phrase spoken", "voice", voiceID, "samples", len(samples), "took", time.Since(began))
	return samples, nil
}
