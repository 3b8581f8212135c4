package folder

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// model is a file of ONNX with weights of some size and what it says of itself.
func model(weights int, says map[string]string) string {
	var raw []byte
	raw = protowire.AppendTag(raw, 1, protowire.VarintType) // ir_version
	raw = protowire.AppendVarint(raw, 7)
	raw = protowire.AppendTag(raw, 7, protowire.BytesType) // graph
	raw = protowire.AppendBytes(raw, make([]byte, weights))
	for _, key := range slices.Sorted(maps.Keys(says)) {
		var pair []byte
		pair = protowire.AppendTag(pair, 1, protowire.BytesType)
		pair = protowire.AppendString(pair, key)
		pair = protowire.AppendTag(pair, 2, protowire.BytesType)
		pair = protowire.AppendString(pair, says[key])
		raw = protowire.AppendTag(raw, metadataProps, protowire.BytesType)
		raw = protowire.AppendBytes(raw, pair)
	}
	return string(raw)
}

func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "test_wavs"), 0o700); err != nil { // as in every archive
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func says(kind string) string { return model(100_000, map[string]string{"model_type": kind}) }

// The names of the files are those of the archives that sherpa-onnx has released.
func TestRecognizersOfArchives(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files     map[string]string
		kind      Kind
		roles     map[Role]string
		languages []string
	}{
		"sherpa-onnx-whisper-tiny.en": {
			map[string]string{
				"tiny.en-encoder.onnx": "", "tiny.en-decoder.onnx": "", "tiny.en-tokens.txt": "", "tiny.en-decoder.int8.onnx": "",
				"tiny.en-encoder.int8.onnx": model(100_000, map[string]string{"model_type": "whisper-tiny.en", "is_multilingual": "0", "all_language_codes": "en,zh"}),
			}, Whisper, map[Role]string{Encoder: "tiny.en-encoder.int8.onnx", Decoder: "tiny.en-decoder.int8.onnx", Tokens: "tiny.en-tokens.txt"}, []string{"en"},
		},
		"sherpa-onnx-whisper-large-v3": {
			map[string]string{
				"large-v3-encoder.onnx": model(0, map[string]string{"model_type": "whisper-large-v3", "is_multilingual": "1", "all_language_codes": "en,zh,de,yue"}), "large-v3-encoder.weights": "",
				"large-v3-decoder.onnx": "", "large-v3-tokens.txt": "",
			}, Whisper, map[Role]string{Encoder: "large-v3-encoder.onnx", Decoder: "large-v3-decoder.onnx", Tokens: "large-v3-tokens.txt"}, []string{"en", "zh", "de", "yue"},
		},
		"sherpa-onnx-nemo-parakeet-tdt-0.6b-v3-int8": {
			map[string]string{"encoder.int8.onnx": says("EncDecRNNTBPEModel"), "decoder.int8.onnx": "", "joiner.int8.onnx": "", "tokens.txt": ""},
			NeMoTransducer, map[Role]string{Encoder: "encoder.int8.onnx", Decoder: "decoder.int8.onnx", Joiner: "joiner.int8.onnx", Tokens: "tokens.txt"}, nil,
		},
		"sherpa-onnx-zipformer-en-2023-06-26": {
			map[string]string{
				"encoder-epoch-99-avg-1.onnx": "", "encoder-epoch-99-avg-1.int8.onnx": says("zipformer2"), "decoder-epoch-99-avg-1.onnx": "", "joiner-epoch-99-avg-1.onnx": "",
				"joiner-epoch-99-avg-1.int8.onnx": "", "tokens.txt": "", "bpe.model": "",
			}, Transducer, map[Role]string{Encoder: "encoder-epoch-99-avg-1.int8.onnx", Decoder: "decoder-epoch-99-avg-1.onnx", Joiner: "joiner-epoch-99-avg-1.int8.onnx", Tokens: "tokens.txt"}, nil,
		},
		"sherpa-onnx-moonshine-tiny-en-int8": {
			map[string]string{"preprocess.onnx": "", "encode.int8.onnx": "", "uncached_decode.int8.onnx": "", "cached_decode.int8.onnx": "", "tokens.txt": "", "README.md": ""},
			Moonshine, map[Role]string{Preprocessor: "preprocess.onnx", Encoder: "encode.int8.onnx", UncachedDecoder: "uncached_decode.int8.onnx", CachedDecoder: "cached_decode.int8.onnx", Tokens: "tokens.txt"}, nil,
		},
		"sherpa-onnx-moonshine-tiny-en-quantized-2026-02-27": {
			map[string]string{"encoder_model.ort": "", "decoder_model_merged.ort": "", "tokens.txt": ""},
			Moonshine, map[Role]string{Encoder: "encoder_model.ort", MergedDecoder: "decoder_model_merged.ort", Tokens: "tokens.txt"}, nil,
		},
		"sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17": {
			map[string]string{"model.onnx": "", "model.int8.onnx": model(100_000, map[string]string{"model_type": "sense_voice_ctc", "lang_auto": "0", "lang_zh": "3", "lang_en": "4", "neg_mean": strings.Repeat("-8.3,", 560)}), "tokens.txt": ""},
			SenseVoice, map[Role]string{Model: "model.int8.onnx", Tokens: "tokens.txt"}, []string{"en", "zh"},
		},
		"sherpa-onnx-nemo-fast-conformer-ctc-de": {
			map[string]string{"model.onnx": says("EncDecHybridRNNTCTCBPEModel"), "tokens.txt": ""}, NeMoCTC, map[Role]string{Model: "model.onnx", Tokens: "tokens.txt"}, nil,
		},
		"sherpa-onnx-paraformer-en": {
			map[string]string{"model.int8.onnx": says("paraformer"), "tokens.txt": ""}, Paraformer, map[Role]string{Model: "model.int8.onnx", Tokens: "tokens.txt"}, nil,
		},
		"sherpa-onnx-zipformer-ctc": {
			map[string]string{"model.int8.onnx": says("zipformer2_ctc"), "tokens.txt": ""}, ZipformerCTC, map[Role]string{Model: "model.int8.onnx", Tokens: "tokens.txt"}, nil,
		},
	} {
		dir := lay(t, test.files)
		r, err := ReadRecognizer(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Kind != test.kind || !maps.Equal(r.Files, test.roles) || !slices.Equal(r.Languages, test.languages) {
			t.Errorf("%s: %+v", name, r)
		}
		if r.Path(Tokens) != filepath.Join(dir, test.roles[Tokens]) || r.Path("none") != "" {
			t.Errorf("%s: %q", name, r.Path(Tokens))
		}
	}
}

// What is not understood is refused with what is missing.
func TestFoldersThatAreNoRecognizer(t *testing.T) {
	t.Parallel()
	whole := says("EncDecRNNTBPEModel")
	for name, test := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"nothing":               {nil, []string{"no recogniser that is understood", "*encoder*.onnx"}},
		"other files":           {map[string]string{"voice.onnx": "", "tokens.txt": ""}, []string{"no recogniser that is understood"}},
		"no tokens":             {map[string]string{"encoder.onnx": whole, "decoder.onnx": "", "joiner.onnx": ""}, []string{"no list of tokens (*tokens.txt)"}},
		"a joiner alone":        {map[string]string{"joiner.onnx": ""}, []string{"no decoder", "no encoder", "no list of tokens"}},
		"a decoder alone":       {map[string]string{"decoder.onnx": "", "tokens.txt": ""}, []string{"no encoder (*encoder*)"}},
		"half of Moonshine":     {map[string]string{"preprocess.onnx": "", "encode.onnx": "", "tokens.txt": ""}, []string{"no cached decoder", "no uncached decoder"}},
		"two encoders":          {map[string]string{"encoder-a.onnx": whole, "encoder-b.onnx": whole, "decoder.onnx": "", "joiner.onnx": "", "tokens.txt": ""}, []string{"which is the encoder, encoder-a.onnx or encoder-b.onnx?"}},
		"of another kind":       {map[string]string{"encoder.onnx": says("EncDecMultiTaskModel"), "decoder.onnx": "", "tokens.txt": ""}, []string{"encoder.onnx", "EncDecMultiTaskModel", "none that is understood"}},
		"a model of two others": {map[string]string{"model.onnx": says("whisper-tiny"), "tokens.txt": ""}, []string{"whisper-tiny", "none that is understood"}},
		"says nothing":          {map[string]string{"model.onnx": model(100_000, nil), "tokens.txt": ""}, []string{"model_type"}},
		"streaming": {map[string]string{
			"encoder.onnx": model(100_000, map[string]string{"model_type": "zipformer2", "decode_chunk_len": "32"}), "decoder.onnx": "", "joiner.onnx": "", "tokens.txt": "",
		}, []string{"streaming"}},
		"no model":       {map[string]string{"model.onnx": "version https://git-lfs.github.com/spec/v1", "tokens.txt": ""}, []string{"model.onnx is no model"}},
		"a cut model":    {map[string]string{"model.onnx": whole[:50_000], "tokens.txt": ""}, []string{"model.onnx is no model", "unexpected EOF"}},
		"a cut saying":   {map[string]string{"model.onnx": whole[:len(whole)-3], "tokens.txt": ""}, []string{"model.onnx is no model", "unexpected EOF"}},
		"a wrong saying": {map[string]string{"model.onnx": string(protowire.AppendBytes(protowire.AppendTag(nil, metadataProps, protowire.BytesType), []byte{1})), "tokens.txt": ""}, []string{"is no model"}},
	} {
		_, err := ReadRecognizer(lay(t, test.files))
		if err == nil {
			t.Errorf("%s is a recogniser", name)
			continue
		}
		for _, part := range test.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in %v", name, part, err)
			}
		}
	}
	if _, err := ReadRecognizer(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no folder is a recogniser")
	}
}
