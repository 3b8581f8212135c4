// Package folder knows the speech folder: the process that recognises and synthesises speech, the library it loads, the
// models, and a manifest that says where each of the fetched files comes from (docs/adr/0027). It is made by tools/npm/fetch. It
// also knows the folders of recognisers that operators bring (docs/adr/0044).
package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Files of the folder, by slash-separated paths in it.
const (
	ManifestName = "manifest.json"
	Program      = "nacre-speech" // the process; built, not fetched

	MoonshineEncoder = "moonshine/encoder_model.onnx"
	MoonshineDecoder = "moonshine/decoder_model_merged.onnx"
	MoonshinePieces  = "moonshine/pieces.txt" // text of the tokens, one a line, from id 0

	KokoroModel     = "kokoro/kokoro-quantized.onnx"
	KokoroTokenizer = "kokoro/tokenizer.json"
	KokoroVoices    = "kokoro/voices" // NAME.bin: 510 × 256 float32, little endian

	Dictionary = "cmudict.txt" // WORD, two spaces, ARPAbet; further pronunciations as WORD(2)

	SileroModel   = "silero/silero_vad_v5.onnx"
	SileroWeights = "silero/vad_8khz.f32" // the 8 kHz branch for package hearing: float32, little endian
)

// Library returns the file name of onnxruntime's shared library on this system.
func Library() string {
	if runtime.GOOS == "darwin" {
		return "libonnxruntime.dylib"
	}
	return "libonnxruntime.so"
}

// Entry describes one file of the manifest.
type Entry struct {
	Path    string `json:"path"`    // slash-separated, in the folder
	Package string `json:"package"` // npm package, NAME@VERSION
	Origin  string `json:"origin"`  // the file's path in the package
	Made    string `json:"made,omitempty"`
	Project string `json:"project"` // whose work the file is
	License string `json:"license"` // SPDX expression of the file, not of the package around it
	Size    int64  `json:"size"`    // bytes
	SHA256  string `json:"sha256"`  // hex
}

// Manifest lists the fetched files of a folder.
type Manifest struct {
	Packages map[string]string `json:"packages"` // NAME@VERSION → integrity in tools/npm/package-lock.json
	Files    []Entry           `json:"files"`
}

// ErrNone is returned by Find and Read where there is no speech folder.
var ErrNone = errors.New("there is no speech folder")

// Read returns the manifest of a folder; ErrNone if the folder has none.
func Read(dir string) (Manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("%w at %s", ErrNone, dir)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %s: %w", filepath.Join(dir, ManifestName), err)
	}
	return m, nil
}

// Find returns the folder to use: the named one, or else "speech" beside this program; ErrNone if there is none.
func Find(named string) (dir string, err error) {
	if dir = named; dir == "" {
		program, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find this program: %w", err)
		}
		if real, err := filepath.EvalSymlinks(program); err == nil {
			program = real
		}
		dir = filepath.Join(filepath.Dir(program), "speech")
	}
	if _, err := Read(dir); err != nil {
		return "", err
	}
	return dir, nil
}

// Check returns nil if the file is as the manifest says.
func (e Entry) Check(dir string) error {
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(e.Path)))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("missing")
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	switch {
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case size != e.Size:
		return fmt.Errorf("%d bytes instead of %d", size, e.Size)
	case hex.EncodeToString(sum.Sum(nil)) != e.SHA256:
		return errors.New("its checksum differs")
	}
	return nil
}
