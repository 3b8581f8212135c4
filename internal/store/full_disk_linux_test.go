package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nacre/internal/fault"
)

// TestAddOnAFullDisk: others fill the disk in the middle of a large add. It is whole, or refused and leaves nothing, also where the
// process dies just then and another takes back, on the same full disk, what it had written, and where the log is nearly at its limit.
func TestAddOnAFullDisk(t *testing.T) {
	for n := range 4 {
		dies, long := n&1 != 0, n&2 != 0
		t.Run(fmt.Sprintf("dies=%t/long log=%t", dies, long), func(t *testing.T) {
			folder := t.TempDir()
			mountSmallDisk(t, folder)
			a := newAdder(t, folder, nil)
			hog := filepath.Join(folder, "hog")
			full, reached := 8, 0 // full is the transaction before which the disk is full
			lengthen, release := func() {}, func() {}
			if long {
				full = 18 // more to take back than the log has room for
				lengthen, release = a.longLog()
			}
			err := a.add(func(n int) error {
				if reached = n; n == full {
					lengthen()
					fillDisk(t, hog)
					release()
				}
				if dies && n > full+1 {
					return errDead
				}
				return nil
			})
			left := 0
			switch {
			case reached <= full:
				t.Fatalf("the add ended at transaction %d: %v", reached, err)
			case dies:
				a = newAdder(t, folder, a)
				if _, _, err := a.e.Rescue(t.Context(), ""); err != nil {
					t.Errorf("after a crash: %v", err)
				}
			case err == nil:
				left = manyLeads // what was set aside for it sufficed
			case fault.Of(err) != fault.Unavailable || !strings.Contains(err.Error(), "disk"):
				t.Errorf("an add that does not fit: %v", err)
			}
			a.has("after an add on a disk that is full", left)
			if err := os.Remove(hog); err != nil {
				t.Fatal(err)
			}
			if err := a.add(func(int) error { return nil }); err != nil {
				t.Fatal(err)
			}
			a.has("after the same add with room", left+manyLeads)
		})
	}
}

// TestRoomIsSetAside: what room was asked for is written over and over on a disk that others have filled, though none of it was in the
// database's file yet: the log is copied and restarted.
func TestRoomIsSetAside(t *testing.T) {
	folder := t.TempDir()
	mountSmallDisk(t, folder)
	s, err := OpenSQLite(filepath.Join(folder, FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	reader, err := openSQLiteConn(filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.close() })
	mustExec(t, reader, "BEGIN")
	mustExec(t, reader, "SELECT count(*) FROM replay")
	const megabytes = 30
	if err := s.Room(megabytes << 20); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 1<<20)
	write := func(round byte) {
		t.Helper()
		for at := range content {
			content[at] = round
		}
		for n := range megabytes {
			done, err := s.AwaitPart(t.Context()) // as a long list does: its parts wait while the log is being copied
			if err != nil {
				t.Fatal(err)
			}
			err = s.backend.update(t.Context(), func(q session) error {
				_, err := q.exec("INSERT INTO secret (name, content) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET content = excluded.content", fmt.Sprint(n), content)
				return err
			})
			done()
			if err != nil {
				t.Fatalf("megabyte %d of round %d: %v", n, round, err)
			}
		}
	}
	write(0)
	fillDisk(t, filepath.Join(folder, "hog"))
	mustExec(t, reader, "ROLLBACK")
	for round := range byte(5) {
		write(1 + round)
	}
}

// longLog keeps the log from being copied until release: lengthen writes until the log is nearly at its limit.
func (a *adder) longLog() (lengthen, release func()) {
	a.t.Helper()
	s := a.store.Store.(*Store).backend.(*sqliteBackend)
	reader, err := openSQLiteConn(s.path)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = reader.close() })
	mustExec(a.t, reader, "BEGIN")
	mustExec(a.t, reader, "SELECT count(*) FROM replay")
	lengthen = func() {
		for content := make([]byte, 1<<20); ; content[0]++ {
			for at := range content {
				content[at] = content[0]
			}
			err := s.update(a.t.Context(), func(q session) error {
				_, err := q.exec("INSERT INTO secret (name, content) VALUES ('large', ?1) ON CONFLICT (name) DO UPDATE SET content = excluded.content", content)
				return err
			})
			if err != nil {
				a.t.Fatal(err)
			}
			info, err := os.Stat(s.path + logFile)
			if err != nil {
				a.t.Fatal(err)
			}
			if info.Size() > walLimit-3<<20 {
				return
			}
		}
	}
	return lengthen, func() { mustExec(a.t, reader, "ROLLBACK") }
}

var errDead = errors.New("the process is dead")

// mountSmallDisk mounts a disk of its own on a folder, which takes the right to do so.
func mountSmallDisk(t *testing.T, folder string) {
	t.Helper()
	err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=320m,mode=0700")
	if errors.Is(err, unix.EPERM) {
		t.Skip("nothing may be mounted here; TestAddOnAFullDatabase is the same without a disk")
	}
	if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
}

// fillDisk writes a file until there is no room left.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	hog, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer hog.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = hog.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("fill the disk: %v", err)
	}
}
