// Package sherpa recognises utterances with a recogniser that an operator brings, by the C library of sherpa-onnx, which it
// loads at run time (github.com/ebitengine/purego: no cgo). It is the only package that knows the library's structs, and
// belongs to the speech process alone (docs/adr/0044).
package sherpa

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"

	"nacre/internal/speech/folder"
	"nacre/internal/speech/trim"
)

// Version is the version of the library whose structs this package knows: they change from one to the next, without a sign.
const Version = "1.13.8"

// library are the functions that are used (c-api.h).
type library struct {
	version    func() string
	create     func(config *recognizerConfig) uintptr
	set        func(recognizer uintptr, config *recognizerConfig)
	stream     func(recognizer uintptr) uintptr
	accept     func(stream uintptr, sampleRate int32, samples *float32, n int32)
	decode     func(recognizer, stream uintptr)
	result     func(stream uintptr) *result
	dropResult func(*result)
	dropStream func(stream uintptr)
}

// result begins as SherpaOnnxOfflineRecognizerResult does. It is the library's.
type result struct{ text text }

// open loads a library, if it is of the right version.
func open(file string) (*library, error) {
	loaded, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load sherpa-onnx: %w", err)
	}
	l := &library{}
	for _, f := range []struct {
		name string
		is   any
	}{
		{"SherpaOnnxGetVersionStr", &l.version}, // the first: it says whether the others are as expected
		{"SherpaOnnxCreateOfflineRecognizer", &l.create},
		{"SherpaOnnxOfflineRecognizerSetConfig", &l.set},
		{"SherpaOnnxCreateOfflineStream", &l.stream},
		{"SherpaOnnxAcceptWaveformOffline", &l.accept},
		{"SherpaOnnxDecodeOfflineStream", &l.decode},
		{"SherpaOnnxGetOfflineStreamResult", &l.result},
		{"SherpaOnnxDestroyOfflineRecognizerResult", &l.dropResult},
		{"SherpaOnnxDestroyOfflineStream", &l.dropStream},
	} {
		address, err := purego.Dlsym(loaded, f.name)
		if err != nil {
			return nil, fmt.Errorf("load sherpa-onnx: %w", err)
		}
		purego.RegisterFunc(f.is, address)
		if l.create == nil && l.version() != Version {
			return nil, fmt.Errorf("load sherpa-onnx: %s is version %s, and only %s is known: make sherpa brings it", file, l.version(), Version)
		}
	}
	return l, nil
}

// Recognizer is a loaded recogniser. It is safe for concurrent use, and works on one utterance at a time.
type Recognizer struct {
	library  *library
	handle   uintptr
	kind     folder.Kind
	config   *recognizerConfig
	only     string        // the language of one that hears only one; else ""
	language string        // that the library was told last
	free     chan struct{} // holds one while nothing is recognised
}

// Open loads the library at a path and a recogniser, to work in so many threads, and has it hear a sound, so that one that
// cannot work fails here. What the library does not like about a model it writes to stderr, and mostly ends the process.
func Open(file string, r folder.Recognizer, threads int) (*Recognizer, error) {
	l, err := open(file)
	if err != nil {
		return nil, err
	}
	opened := &Recognizer{library: l, kind: r.Kind, free: make(chan struct{}, 1)}
	if len(r.Languages) == 1 {
		opened.only = r.Languages[0]
	}
	opened.language = opened.only
	if opened.config, err = configure(r, max(1, threads), opened.only); err != nil {
		return nil, err
	}
	if opened.handle = l.create(opened.config); opened.handle == 0 {
		return nil, fmt.Errorf("sherpa-onnx does not take the %s recogniser of %s", r.Kind, r.Dir)
	}
	tone := make([]float32, trim.Rate)
	for n := range tone {
		tone[n] = 0.1 * float32(math.Sin(2*math.Pi*440*float64(n)/trim.Rate))
	}
	opened.hear(tone, opened.only)
	opened.free <- struct{}{}
	return opened, nil
}

// Recognize returns the text of one utterance, 16-bit samples at 8 kHz, of which half a minute is heard; "" is nothing.
// language (BCP 47; "" = unknown) is told to the kinds that ask. What has been begun is not given up when ctx ends.
func (r *Recognizer) Recognize(ctx context.Context, samples []int16, language string) (string, error) {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	if primary == "" {
		primary = r.only
	}
	text, err := trim.Ask(samples, func(audio []float32, _ time.Duration) (string, error) {
		select {
		case <-r.free:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		defer func() { r.free <- struct{}{} }()
		if err := ctx.Err(); err != nil {
			return "", err
		}
		return r.hear(audio, primary), nil
	})
	if err != nil {
		return "", fmt.Errorf("recognise: %w", err)
	}
	return text, nil
}

// hear returns the text of audio at trim.Rate. Only one may be under way.
func (r *Recognizer) hear(audio []float32, language string) string {
	if r.kind == folder.Whisper && language != r.language {
		// Its decoder takes the language anew with each utterance; the other kinds keep what they were made with.
		r.config.model.whisper.language, r.language = cString(language), language
		r.library.set(r.handle, r.config)
	}
	stream := r.library.stream(r.handle)
	defer r.library.dropStream(stream)
	r.library.accept(stream, trim.Rate, &audio[0], int32(len(audio)))
	r.library.decode(r.handle, stream)
	found := r.library.result(stream)
	if found == nil {
		return ""
	}
	defer r.library.dropResult(found)
	return strings.TrimSpace(strings.ToValidUTF8(goString(found.text), ""))
}

// goString returns the text at a C string.
func goString(c text) string {
	if c == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(c), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(c, n))
}
