package folder

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Recognizer is a recogniser that an operator brings: a folder with the files of one of sherpa-onnx's released archives
// (docs/adr/0044).
type Recognizer struct {
	Dir   string          // absolute
	Kind  Kind            // what it is
	Files map[Role]string // names of its files in Dir
	// Languages are those that it hears, by their primary subtags (BCP 47). ReadRecognizer returns those that the model says it
	// knows; nil = it does not say.
	Languages []string
}

// Kind is a kind of recogniser.
type Kind string

// The kinds.
const (
	Whisper        Kind = "Whisper"
	Moonshine      Kind = "Moonshine"
	Transducer     Kind = "transducer" // of icefall: zipformer, conformer
	NeMoTransducer Kind = "NeMo transducer"
	NeMoCTC        Kind = "NeMo CTC"
	SenseVoice     Kind = "SenseVoice"
	Paraformer     Kind = "Paraformer"
	ZipformerCTC   Kind = "zipformer CTC"
)

// Role is what a file of a recogniser is.
type Role string

// The roles.
const (
	Preprocessor    Role = "preprocessor"
	Encoder         Role = "encoder"
	Decoder         Role = "decoder"
	Joiner          Role = "joiner"
	UncachedDecoder Role = "uncached decoder"
	CachedDecoder   Role = "cached decoder"
	MergedDecoder   Role = "merged decoder"
	Model           Role = "model" // all of it in one file
	Tokens          Role = "list of tokens"
)

// SherpaLibrary returns the file name of sherpa-onnx's shared library on this system, which recognisers of operators need in
// the speech folder. It is there only where it was asked for (make sherpa).
func SherpaLibrary() string {
	if runtime.GOOS == "darwin" {
		return "libsherpa-onnx-c-api.dylib"
	}
	return "libsherpa-onnx-c-api.so"
}

// layout is how the files of a kind are named, without their endings.
type layout struct {
	mark  string // a file of this name tells the layout; the first layout that is told counts
	files map[Role]string
	kind  Kind // "" = its main file says it
	main  Role
}

var layouts = []layout{
	{mark: "preprocess*", kind: Moonshine, files: map[Role]string{Preprocessor: "preprocess*", Encoder: "encode.*", UncachedDecoder: "uncached_decode*", CachedDecoder: "cached_decode*"}},
	{mark: "*decoder*merged*", kind: Moonshine, files: map[Role]string{Encoder: "*encoder*", MergedDecoder: "*decoder*merged*"}},
	{mark: "*joiner*", main: Encoder, files: map[Role]string{Encoder: "*encoder*", Decoder: "*decoder*", Joiner: "*joiner*"}},
	{mark: "*encoder*", main: Encoder, files: map[Role]string{Encoder: "*encoder*", Decoder: "*decoder*"}},
	{mark: "*decoder*", main: Encoder, files: map[Role]string{Encoder: "*encoder*", Decoder: "*decoder*"}},
	{mark: "model*", main: Model, files: map[Role]string{Model: "model*"}},
}

// ReadRecognizer returns the recogniser of a folder, or why it is none that is understood.
func ReadRecognizer(dir string) (Recognizer, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Recognizer{}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Recognizer{}, fmt.Errorf("read recogniser: %w", err)
	}
	var models, tokens []string
	for _, entry := range entries {
		switch name := entry.Name(); {
		case entry.IsDir():
		case strings.HasSuffix(name, ".onnx") || strings.HasSuffix(name, ".ort"):
			models = append(models, name)
		case strings.HasSuffix(name, "tokens.txt"):
			tokens = append(tokens, name)
		}
	}
	for _, l := range layouts {
		if len(named(models, l.mark)) == 0 {
			continue
		}
		r := Recognizer{Dir: dir, Kind: l.kind, Files: map[Role]string{}}
		var lacks []string
		for _, role := range slices.Sorted(maps.Keys(l.files)) {
			if r.Files[role], err = choose(role, l.files[role], models); err != nil {
				lacks = append(lacks, err.Error())
			}
		}
		if r.Files[Tokens], err = choose(Tokens, "*tokens.txt", tokens); err != nil {
			lacks = append(lacks, err.Error())
		}
		if len(lacks) > 0 {
			return Recognizer{}, fmt.Errorf("%s is no whole recogniser: %s", dir, strings.Join(lacks, "; "))
		}
		if l.kind == "" {
			if err := r.ask(l.main); err != nil {
				return Recognizer{}, err
			}
		}
		return r, nil
	}
	return Recognizer{}, fmt.Errorf("%s has no recogniser that is understood: none of its files is called *encoder*.onnx, *joiner*.onnx, preprocess.onnx or model.onnx (or .int8.onnx)", dir)
}

func named(names []string, pattern string) (found []string) {
	for _, name := range names {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			found = append(found, name)
		}
	}
	return found
}

// choose returns the one file of a role: where there are some in 8 bits, which are smaller and quicker, it is among those.
func choose(role Role, pattern string, names []string) (string, error) {
	found := named(names, pattern)
	if small := named(found, "*int8*"); len(small) > 0 {
		found = small
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no %s (%s)", role, pattern)
	default:
		return "", fmt.Errorf("which is the %s, %s?", role, strings.Join(found, " or "))
	}
}

// kinds are the kinds by the model_type that sherpa-onnx's exporters write into a model; with the number of its files, since
// one type stands for several.
var kinds = map[string]map[int]Kind{
	"conformer":                   {4: Transducer},
	"zipformer":                   {4: Transducer},
	"zipformer2":                  {4: Transducer},
	"EncDecRNNTBPEModel":          {4: NeMoTransducer},
	"EncDecHybridRNNTCTCBPEModel": {4: NeMoTransducer, 2: NeMoCTC},
	"EncDecCTCModel":              {2: NeMoCTC},
	"EncDecCTCModelBPE":           {2: NeMoCTC},
	"sense_voice_ctc":             {2: SenseVoice},
	"paraformer":                  {2: Paraformer},
	"zipformer2_ctc":              {2: ZipformerCTC},
}

// ask takes the kind, and the languages, out of what the main file says of itself.
func (r *Recognizer) ask(main Role) error {
	file := filepath.Join(r.Dir, r.Files[main])
	said, err := readMetadata(file)
	if err != nil {
		return err
	}
	is := said["model_type"]
	r.Kind = kinds[is][len(r.Files)]
	if strings.HasPrefix(is, "whisper") && len(r.Files) == 3 {
		r.Kind = Whisper
	}
	_, streaming := said["decode_chunk_len"]
	switch {
	case is == "":
		return fmt.Errorf("%s does not say what it is (model_type in its metadata): is it an export for sherpa-onnx?", file)
	case r.Kind == "":
		return fmt.Errorf("%s is a model of type %s, with %d files: it is none that is understood", file, is, len(r.Files))
	case streaming:
		return fmt.Errorf("%s is a streaming model: utterances need one of those that are not", file)
	}
	switch r.Kind {
	case Whisper:
		r.Languages = []string{"en"}
		if codes := said["all_language_codes"]; said["is_multilingual"] == "1" {
			r.Languages = strings.Split(codes, ",")
		}
	case SenseVoice:
		for _, code := range []string{"en", "ja", "ko", "yue", "zh"} {
			if _, ok := said["lang_"+code]; ok {
				r.Languages = append(r.Languages, code)
			}
		}
	}
	return nil
}

// Path returns where the file of a role is; "" if the recogniser has none.
func (r Recognizer) Path(role Role) string {
	if r.Files[role] == "" {
		return ""
	}
	return filepath.Join(r.Dir, r.Files[role])
}
