package app

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeEndsWithoutItsLock: a server whose lock on the data is gone ends with an error, so that whoever supervises it knows.
func TestServeEndsWithoutItsLock(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, said := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"serve", "--data", folder, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0", "--grace", "1s"}, said, &errs)
		_ = said.Close()
	}()
	if _, err := out.Read(make([]byte, 100)); err != nil { // listening on …
		t.Fatalf("serve: %v\n%s", err, errs.String())
	}
	if err := os.Remove(filepath.Join(folder, "nacre.lock")); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitFailed || !strings.Contains(errs.String(), "hold the database: the lock is lost") {
		t.Errorf("ended with %d: %s", code, errs.String())
	}
}
