package flite

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// synthesiser is the compiled module, in the process that speaks.
type synthesiser struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	memories memories
}

// openSynthesiser compiles the module; uncached tells why its compiled form could not be kept in cacheDir.
func openSynthesiser(ctx context.Context, cacheDir string) (s *synthesiser, uncached, err error) {
	module, err := embedded.ReadFile(modulePath)
	if err != nil {
		return nil, nil, ErrMissing
	}
	// 128 MB an instance. Not WithCloseOnContextDone: its checks make speaking five times slower, and a sentence is
	// bounded already, by its length.
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

// synthesise speaks cleaned text sentence by sentence: what an instance takes of memory grows with the length of its text.
func (s *synthesiser) synthesise(ctx context.Context, voiceID, text string) ([]int16, error) {
	var samples []int16
	for _, sentence := range sentences(text) {
		spoken, err := s.execute(ctx, voiceID, sentence)
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
	return samples, nil
}
