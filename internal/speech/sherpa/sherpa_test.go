package sherpa

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"nacre/internal/media"
	"nacre/internal/onnx"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/speech/moonshine"
	"nacre/internal/subprocess"
	"nacre/internal/voice/flite"
)

// readBack is a process that has the library write down what it reads of a config; it has no other way, and writes to stderr.
const readBack = "nacre: what sherpa-onnx reads"

type toRead struct {
	Library    string
	Recognizer folder.Recognizer
	Language   string
}

func init() {
	subprocess.Serve(readBack, "nacre-speech", func(argument string) int {
		var read toRead
		if json.Unmarshal([]byte(argument), &read) != nil {
			return 1
		}
		l, err := open(read.Library)
		if err != nil {
			return 2
		}
		config, err := configure(read.Recognizer, 3, read.Language)
		if err != nil {
			return 3
		}
		config.model.debug = 1
		if l.create(config) != 0 { // its files are nowhere
			return 4
		}
		return 0
	})
}

// Every kind's files, and nothing else, are read by the library where they belong: the structs are those of its version.
func TestStructsAreTheLibrarys(t *testing.T) {
	t.Parallel()
	library := filepath.Join(foldertest.Sherpa(t), folder.SherpaLibrary())
	every := map[folder.Role]string{}
	for _, role := range []folder.Role{
		folder.Preprocessor, folder.Encoder, folder.Decoder, folder.Joiner, folder.UncachedDecoder, folder.CachedDecoder, folder.MergedDecoder, folder.Model, folder.Tokens,
	} {
		every[role] = "the " + string(role)
	}
	for kind, want := range map[folder.Kind][]string{
		folder.Whisper:        {`OfflineWhisperModelConfig(encoder="/none/the encoder", decoder="/none/the decoder", language="de", task="transcribe"`},
		folder.Moonshine:      {`OfflineMoonshineModelConfig(preprocessor="/none/the preprocessor", encoder="/none/the encoder", uncached_decoder="/none/the uncached decoder", cached_decoder="/none/the cached decoder", merged_decoder="/none/the merged decoder"`},
		folder.Transducer:     {`OfflineTransducerModelConfig(encoder_filename="/none/the encoder", decoder_filename="/none/the decoder", joiner_filename="/none/the joiner"`, `model_type="transducer"`},
		folder.NeMoTransducer: {`OfflineTransducerModelConfig(encoder_filename="/none/the encoder", decoder_filename="/none/the decoder", joiner_filename="/none/the joiner"`, `model_type="nemo_transducer"`},
		folder.SenseVoice:     {`OfflineSenseVoiceModelConfig(model="/none/the model", language="de", use_itn=True`},
		folder.NeMoCTC:        {`OfflineNemoEncDecCtcModelConfig(model="/none/the model"`},
		folder.Paraformer:     {`OfflineParaformerModelConfig(model="/none/the model"`},
		folder.ZipformerCTC:   {`OfflineZipformerCtcModelConfig(model="/none/the model"`},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			argument, err := json.Marshal(toRead{library, folder.Recognizer{Dir: "/none", Kind: kind, Files: every}, "de"})
			if err != nil {
				t.Fatal(err)
			}
			process, err := subprocess.Command(readBack, string(argument))
			if err != nil {
				t.Fatal(err)
			}
			var written bytes.Buffer
			process.Stderr = &written
			if err := process.Run(); err != nil {
				t.Fatalf("%v: %s", err, written.String())
			}
			read, _, _ := strings.Cut(written.String(), "does not exist")
			want = append(want, `tokens="/none/the list of tokens", num_threads=3`, `provider="cpu"`, `decoding_method="greedy_search"`)
			files := 1
			for _, part := range want {
				if !strings.Contains(read, part) {
					t.Errorf("%s is not in what it read", part)
				}
				if strings.Contains(part, "Config(") {
					files += strings.Count(part, "/none/")
				}
			}
			if got := strings.Count(read, `"/none/`); got != files {
				t.Errorf("it read %d files, not %d", got, files)
			}
			if t.Failed() {
				t.Log(written.String())
			}
		})
	}
	if _, err := configure(folder.Recognizer{Kind: "another"}, 1, ""); err == nil {
		t.Error("another kind is known")
	}
}

// line is the sound of a text as it comes over a telephone line: G.711, with silence around it.
func line(t *testing.T, text string) []int16 {
	t.Helper()
	voices, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer voices.Close()
	spoken, err := voices.Speak(t.Context(), "rms", text)
	if err != nil {
		t.Fatal(err)
	}
	silence := make([]int16, 3200)
	samples := slices.Concat(silence, spoken, silence)
	coded := make([]byte, len(samples))
	media.EncodeULaw(coded, samples)
	media.DecodeULaw(samples, coded)
	return samples
}

// An operator's folder of the model that this machine has too hears the same words.
func TestHearsWhatOurOwnHears(t *testing.T) {
	t.Parallel()
	dir := foldertest.Sherpa(t)
	is, err := folder.ReadRecognizer(foldertest.Recognizer(t))
	if err != nil {
		t.Fatal(err)
	}
	is.Languages = []string{"en"}
	theirs, err := Open(filepath.Join(dir, folder.SherpaLibrary()), is, 1)
	if err != nil {
		t.Fatal(err)
	}
	runtime, err := onnx.Open(filepath.Join(dir, folder.Library()))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := moonshine.Open(runtime, dir)
	if err != nil {
		t.Fatal(err)
	}
	samples := line(t, "I would like to speak to a person.")
	want, err := ours.Recognize(t.Context(), samples)
	if err != nil || want != "I would like to speak to a person." {
		t.Fatalf("ours: %q, %v", want, err)
	}
	var all sync.WaitGroup
	for range 3 { // calls at once
		all.Go(func() {
			if got, err := theirs.Recognize(t.Context(), samples, "en-US"); got != want || err != nil {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		})
	}
	all.Wait()
	if got, err := theirs.Recognize(t.Context(), make([]int16, 16000), ""); got != "" || err != nil {
		t.Errorf("silence: %q, %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := theirs.Recognize(ended, samples, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// Whisper is told what each utterance is spoken in, where that is another language than before; the other kinds are not told.
func TestWhisperIsToldTheLanguage(t *testing.T) {
	t.Parallel()
	for kind, want := range map[folder.Kind][]string{folder.Whisper: {"de", "yue", ""}, folder.SenseVoice: nil} {
		var told []string
		config, err := configure(folder.Recognizer{Kind: kind}, 1, "")
		if err != nil {
			t.Fatal(err)
		}
		r := &Recognizer{kind: kind, config: config, free: make(chan struct{}, 1), library: &library{
			set: func(_ uintptr, config *recognizerConfig) {
				told = append(told, goString(config.model.whisper.language))
			},
			stream: func(uintptr) uintptr { return 0 }, accept: func(uintptr, int32, *float32, int32) {}, decode: func(uintptr, uintptr) {},
			result: func(uintptr) *result { return &result{cString(" heard ")} }, dropResult: func(*result) {}, dropStream: func(uintptr) {},
		}}
		r.free <- struct{}{}
		loud := slices.Repeat([]int16{3000, -3000}, 4000)
		for _, language := range []string{"", "de-AT", "DE", "yue", ""} {
			if text, err := r.Recognize(t.Context(), loud, language); text != "heard" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s was told %q", kind, told)
		}
	}
}

// A library of another version is refused before anything of it is used.
func TestAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	from, dir := foldertest.Sherpa(t), t.TempDir()
	library, err := os.ReadFile(filepath.Join(from, folder.SherpaLibrary()))
	if err != nil {
		t.Fatal(err)
	}
	is := []byte(Version + "\x00")
	if bytes.Count(library, is) != 1 {
		t.Fatalf("the library has its version %d times", bytes.Count(library, is))
	}
	another := filepath.Join(dir, folder.SherpaLibrary())
	if err := os.WriteFile(another, bytes.Replace(library, is, []byte("1.13.7\x00"), 1), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(from, folder.Library()), filepath.Join(dir, folder.Library())); err != nil { // beside it, as it wants it
		t.Fatal(err)
	}
	for file, says := range map[string][]string{
		another:                                {"1.13.7", Version, "make sherpa"},
		filepath.Join(dir, "none.so"):          {"load sherpa-onnx", "none.so"},
		filepath.Join(from, folder.Library()):  {"load sherpa-onnx", "SherpaOnnxGetVersionStr"},
		filepath.Join(from, folder.Dictionary): {"load sherpa-onnx"},
	} {
		_, err := Open(file, folder.Recognizer{}, 1)
		if err == nil {
			t.Errorf("%s was opened", file)
			continue
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in %v", file, part, err)
			}
		}
	}
}
