package app

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"nacre/internal/config"
)

// syncBuffer is a log that is written by several goroutines and read meanwhile.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
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
