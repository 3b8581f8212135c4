// Package flite synthesises English speech without any service: Carnegie Mellon's Flite, compiled to WebAssembly and embedded
// in the binary, runs in a sandbox in a process of its own (docs/adr/0013). It does not know calls and agents.
package flite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"nacre/internal/voice"
)

//go:embed module
var embedded embed.FS

const modulePath = "module/flite.wasm"

// cacheBytes is the size of the cache of phrases: half an hour. A campaign repeats a handful of sentences.
const cacheBytes = 32 << 20

var (
	// ErrMissing is returned by Open when the binary was built without the module (see module/README.md).
	ErrMissing = errors.New("the embedded voice is not in this binary: run tools/npm/fetch voice and build again")
	// ErrUnknownVoice is returned by Speak for a voice that is not among Voices.
	ErrUnknownVoice = errors.New("unknown voice")
	// ErrUnspeakable is returned by Speak for text that has letters, but none that an English voice can read.
	ErrUnspeakable = errors.New("text in a script that the embedded voice cannot read")
)

// DefaultVoice is the voice of the empty id. It is the only one at 8 kHz, so that nothing is resampled, and takes 20 ms for
// two seconds of speech, the better ones 120 ms.
const DefaultVoice = "kal"

// Available reports whether the binary has the module embedded.
func Available() bool {
	_, err := fs.Stat(embedded, modulePath)
	return err == nil
}

// Voice synthesises speech. It is safe for concurrent use.
type Voice struct {
	speaker speaker
	phrases *phraseCache
	flight  singleflight.Group
	log     *slog.Logger
}

var _ voice.Voices = (*Voice)(nil)

// Open starts the process that synthesises, which takes a third of a second, and less with the compiled module in cacheDir
// ("" = no cache). It uses about 150 MB of memory. It returns ErrMissing if the binary has no module.
func Open(cacheDir string, log *slog.Logger) (*Voice, error) {
	if !Available() {
		return nil, ErrMissing
	}
	v := &Voice{speaker: speaker{cacheDir: cacheDir, log: log}, phrases: newPhraseCache(cacheBytes), log: log}
	if _, err := v.speaker.process(); err != nil {
		return nil, fmt.Errorf("start embedded voice: %w", err)
	}
	return v, nil
}

// Close waits for sentences under way, at most some seconds, and ends the process. Speak fails from then on.
func (v *Voice) Close() error {
	if err := v.speaker.close(); err != nil {
		return fmt.Errorf("close embedded voice: %w", err)
	}
	return nil
}

// Voices lists the voices, the default one first.
func (v *Voice) Voices() []voice.Info {
	tags := []string{"embedded"}
	return []voice.Info{
		{ID: "kal", Name: "Kal", Language: "en-US", Tags: tags},
		{ID: "slt", Name: "Slt", Language: "en-US", Tags: tags},
		{ID: "rms", Name: "Rms", Language: "en-US", Tags: tags},
		{ID: "awb", Name: "Awb", Language: "en-GB", Tags: tags},
		{ID: "kal16", Name: "Kal, wide band", Language: "en-US", Tags: tags},
	}
}

// Speak returns the text as 8 kHz mono samples, at −20 dBFS and without silence at either end; voiceID "" is DefaultVoice.
// Text with nothing to say returns no samples. The samples are shared with other callers and must not be modified. When ctx
// ends Speak returns its error, and the synthesis continues for the cache.
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
	key := keyOf(voiceID, text)
	if samples, ok := v.phrases.get(key); ok {
		return samples, nil
	}
	done := v.flight.DoChan(key, func() (any, error) {
		began := time.Now()
		samples, err := v.speaker.speak(voiceID, text)
		if err == nil {
			v.phrases.put(key, samples)
			v.log.Debug("phrase spoken", "voice", voiceID, "samples", len(samples), "took", time.Since(began))
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

// Stream yields what Speak returns (voice.Speaker).
func (v *Voice) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return v.Speak(ctx, voiceID, text) })
}

// Length returns how long the speech of a text is that was spoken before (voice.Speaker).
func (v *Voice) Length(voiceID, text string) (time.Duration, bool) {
	if voiceID == "" {
		voiceID = DefaultVoice
	}
	text, _ = clean(text)
	samples, ok := v.phrases.get(keyOf(voiceID, text))
	return voice.LengthOf(samples), ok
}

// keyOf returns the key of a phrase in the cache; text is cleaned.
func keyOf(voiceID, text string) string { return voiceID + "\x00" + text }

func (v *Voice) has(voiceID string) bool {
	for _, info := range v.Voices() {
		if info.ID == voiceID {
			return true
		}
	}
	return false
}
