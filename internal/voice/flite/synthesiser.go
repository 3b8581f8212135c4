package flite

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"nacre/internal/call"
	"nacre/internal/voice/level"
)

// sentenceGap is the silence between two sentences, besides what their ends fade out.
const sentenceGap = call.SampleRate / 5

// synthesiser is the compiled module, in the process that synthesises.
type synthesiser struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	memories memories
}

// openSynthesiser compiles the module; uncached is why the compiled module could not be cached in cacheDir.
func openSynthesiser(ctx context.Context, cacheDir string) (s *synthesiser, uncached, err error) {
	module, err := embedded.ReadFile(modulePath)
	if err != nil {
		return nil, nil, ErrMissing
	}
	// 128 MB per instance. Not WithCloseOnContextDone: its checks make synthesis five times slower, and the length of a
	// sentence is bounded already.
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(2048)
	if cacheDir != "" {
		var disk wazero.CompilationCache
		if disk, uncached = wazero.NewCompilationCacheWithDir(cacheDir); uncached == nil {
			config = config.WithCompilationCache(disk)
		}
	}
	s = &synthesiser{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, s.runtime); err == nil {
		s.compiled, err = s.runtime.CompileModule(ctx, module)
	}
	if err != nil {
		return nil, uncached, fmt.Errorf("compile: %w", errors.Join(err, s.runtime.Close(ctx)))
	}
	return s, uncached, nil
}

// synthesise synthesises cleaned text sentence by sentence: the memory of an instance grows with the length of its text.
func (s *synthesiser) synthesise(ctx context.Context, voiceID, text string) ([]int16, error) {
	var samples []int16
	for _, sentence := range sentences(text) {
		spoken, err := s.execute(ctx, voiceID, sentence)
		if err != nil {
			return nil, err
		}
		spoken = level.Trim(spoken)
		if len(samples) > 0 && len(spoken) > 0 {
			samples = append(samples, make([]int16, sentenceGap)...)
		}
		samples = append(samples, spoken...)
	}
	level.Normalise(samples)
	return samples, nil
}
