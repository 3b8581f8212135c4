// Package speechtest starts the speech process for tests: it is the test's own binary, so that what is tested is what was
// edited. Importing it makes a test binary able to be that process.
package speechtest

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"nacre/internal/speech"
	"nacre/internal/speech/child"
	"nacre/internal/speech/folder"
	"nacre/internal/subprocess"
)

const title = "nacre: speech of a test"

func init() {
	subprocess.Serve(title, "nacre-speech", func(string) int { return child.Main() })
}

// Command starts the test's own binary as the speech process.
func Command() (*exec.Cmd, error) { return subprocess.Command(title, "") }

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

// Open starts the speech process over the folder, waits until it is ready, and closes it after the test.
func Open(t testing.TB) *speech.Client {
	t.Helper()
	c := speech.Open(speech.Config{Folder: Folder(t), Command: Command, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}
