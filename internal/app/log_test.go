package app

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"nacre/internal/config"
)

// syncWriter lets several goroutines write one log.
type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

func TestLogDropsPersonalData(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		for _, pii := range []bool{false, true} {
			var out bytes.Buffer
			newLog(&out, config.Log{LogFormat: format, LogPII: pii}).Info("dial", "call", "c1", slog.Group("pii", "to", "+14155550101"))
			if got := strings.Contains(out.String(), "+14155550101"); got != pii {
				t.Errorf("%s, pii %v: the number is in the log: %v: %s", format, pii, got, out.String())
			}
			if !strings.Contains(out.String(), "c1") {
				t.Errorf("%s: the id is missing: %s", format, out.String())
			}
		}
	}
}
