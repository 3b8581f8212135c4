// Package speechtest starts the speech process for tests: it is the test's own binary, so that what is tested is what was
// edited. Importing it makes a test binary able to be that process.
package speechtest

import (
	"context"
	"log/slog"
	"os/exec"
	"testing"
	"time"

	"nacre/internal/speech"
	"nacre/internal/speech/child"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/subprocess"
)

const title = "nacre: speech of a test"

func init() {
	subprocess.Serve(title, "nacre-speech", func(string) int { return child.Main() })
}

// Command starts the test's own binary as the speech process.
func Command() (*exec.Cmd, error) { return subprocess.Command(title, "") }

// Folder returns the speech folder (foldertest.Folder).
func Folder(t testing.TB) string {
	t.Helper()
	return foldertest.Folder(t)
}

// Open starts the speech process of a task over the folder, waits until it is ready, and closes it after the test.
func Open(t testing.TB, task speech.Task) *speech.Client {
	t.Helper()
	c := speech.Open(speech.Config{Folder: Folder(t), Task: task, Command: Command, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}
