// Package foldertest finds the speech folder for tests.
package foldertest

import (
	"os"
	"os/exec"
	"path/filepath"
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
