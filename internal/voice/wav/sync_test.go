package wav

import (
	"errors"
	"strings"
	"testing"

	"nacre/internal/call"
)

// noting is an output that notes what is done to it.
type noting struct {
	done   []string
	syncIs error
}

func (n *noting) Write(p []byte) (int, error) {
	n.done = append(n.done, "write")
	return len(p), nil
}

func (n *noting) WriteAt(p []byte, _ int64) (int, error) {
	n.done = append(n.done, "header")
	return len(p), nil
}
func (n *noting) Sync() error  { n.done = append(n.done, "sync"); return n.syncIs }
func (n *noting) Close() error { n.done = append(n.done, "close"); return nil }

// TestCloseSyncs: Close returns when everything is on disk, so that a call that names its recording is final after it.
func TestCloseSyncs(t *testing.T) {
	t.Parallel()
	for _, fault := range []error{nil, errors.New("input/output error")} {
		out := &noting{syncIs: fault}
		w := &Writer{file: out, channels: 1}
		if err := w.WriteMono(new(call.Frame)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); !errors.Is(err, fault) {
			t.Errorf("Close answers %v, want %v", err, fault)
		}
		if got := strings.Join(out.done, " "); got != "write header sync close" {
			t.Errorf("done: %s", got)
		}
	}
}
