package store

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"nacre/internal/fault"
)

// TestRoom: what the disk cannot take is refused before any of it is written, and the disk is named.
func TestRoom(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Room(1); err != nil {
		t.Errorf("a byte: %v", err)
	}
	if err := s.Room(math.MaxInt64 / 2); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "disk") {
		t.Errorf("more than any disk has: %v", err)
	}
}
