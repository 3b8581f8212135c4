package disk

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"time"

	"nacre/internal/fault"
)

func TestRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var free int64 = 1 << 30
		var fails error
		looks := 0
		w := New("data", 512<<20, slog.New(slog.DiscardHandler))
		w.free = func(string) (int64, error) { looks++; return free, fails }
		if err := w.Room(); err != nil {
			t.Errorf("with a GiB free: %v", err)
		}
		free = 100 << 20
		if err := w.Room(); err != nil || looks != 1 {
			t.Errorf("looked %d times within a second (%v)", looks, err)
		}
		time.Sleep(lookEvery) // virtual time
		if err := w.Room(); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "disk") {
			t.Errorf("with 100 MiB free: %v", err)
		}
		time.Sleep(lookEvery)
		if fails = errors.New("no such device"); w.Room() == nil {
			t.Error("a disk that cannot be looked at is as it was last seen")
		}
		time.Sleep(lookEvery)
		fails, free = nil, 512<<20
		if err := w.Room(); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
	if err := New(t.TempDir(), 1, slog.Default()).Room(); err != nil {
		t.Errorf("a real disk: %v", err)
	}
	if err := New(t.TempDir(), 1<<62, slog.Default()).Room(); err == nil {
		t.Error("no disk has four exabytes free")
	}
	if err := New("nowhere", 0, slog.Default()).Room(); err != nil {
		t.Errorf("switched off: %v", err)
	}
}
