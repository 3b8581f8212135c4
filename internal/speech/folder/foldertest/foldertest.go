// Package foldertest finds the speech folder for tests.
package foldertest

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nacre/internal/speech/folder"
)

// Folder returns the speech folder of this checkout (or NACRE_SPEECH), which tools/npm/fetch speech fills. The test fails
// when it is not there, and is left out under -short.
func Folder(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the speech folder")
	}
	dir := os.Getenv("NACRE_SPEECH")
	if dir == "" {
		root, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			if root == filepath.Dir(root) {
				t.Fatal("no go.mod above the test")
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(root, "bin", "speech")
	}
	if _, err := folder.Read(dir); err != nil {
		t.Fatalf("%v: make brings it", err)
	}
	return dir
}

// Sherpa returns Folder, in which sherpa-onnx's library must be too.
func Sherpa(t testing.TB) string {
	t.Helper()
	dir := Folder(t)
	if _, err := os.Stat(filepath.Join(dir, folder.SherpaLibrary())); err != nil {
		t.Fatalf("%v: make sherpa brings it", err)
	}
	return dir
}

// Recognizer returns a folder as an operator would bring it: the English recogniser of Folder, as sherpa-onnx's archives have it.
func Recognizer(t testing.TB) string {
	t.Helper()
	from, dir := Folder(t), t.TempDir()
	for _, model := range []string{folder.MoonshineEncoder, folder.MoonshineDecoder} {
		file := filepath.Join(from, filepath.FromSlash(model))
		if err := os.Symlink(file, filepath.Join(dir, filepath.Base(file))); err != nil {
			t.Fatal(err)
		}
	}
	pieces, err := os.ReadFile(filepath.Join(from, filepath.FromSlash(folder.MoonshinePieces)))
	if err != nil {
		t.Fatal(err)
	}
	// Each token is a line of its text as base64 and its id. Unknown, beginning and end have no text, bytes are themselves.
	var tokens strings.Builder
	for id, piece := range strings.Split(strings.TrimSuffix(string(pieces), "\n"), "\n") {
		const firstByte, lastByte = 3, 258
		raw := []byte(strings.ReplaceAll(piece, "▁", " "))
		switch {
		case id < firstByte:
			continue
		case id <= lastByte:
			raw = []byte{byte(id - firstByte)}
		}
		fmt.Fprintf(&tokens, "%s %d\n", base64.StdEncoding.EncodeToString(raw), id)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokens.txt"), []byte(tokens.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// WithProgram returns a folder with the files of Folder and the speech process, built of this checkout.
func WithProgram(t testing.TB) string {
	t.Helper()
	from, dir := Folder(t), t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == folder.Program {
			continue
		}
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, folder.Program), "nacre/cmd/nacre-speech")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as make builds it
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the speech process: %v\n%s", err, out)
	}
	return dir
}
