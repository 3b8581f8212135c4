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

// TestAddOnAFullDisk: others fill the disk in the middle of a large add. It is refused and leaves nothing, also where the process
// dies just then and another takes back, on the same full disk, what it had written.
func TestAddOnAFullDisk(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprintf("dies=%t", dies), func(t *testing.T) {
			folder := t.TempDir()
			mountSmallDisk(t, folder)
			a := newAdder(t, folder, nil)
			hog := filepath.Join(folder, "hog")
			const full = 8 // the transaction before which the disk is full
			reached := 0
			err := a.add(func(n int) error {
				if reached = n; n == full {
					fillDisk(t, hog)
				}
				if dies && n > full+1 {
					return errDead
				}
				return nil
			})
			switch {
			case reached <= full:
				t.Fatalf("the add ended at transaction %d: %v", reached, err)
			case dies:
				a = newAdder(t, folder, a)
				if _, _, err := a.e.Rescue(t.Context(), ""); err != nil {
					t.Errorf("after a crash: %v", err)
				}
			case fault.Of(err) != fault.Unavailable || !strings.Contains(err.Error(), "disk"):
				t.Errorf("an add that does not fit: %v", err)
			}
			a.has("after an add that did not fit", 0)
			if err := os.Remove(hog); err != nil {
				t.Fatal(err)
			}
			if err := a.add(func(int) error { return nil }); err != nil {
				t.Fatal(err)
			}
			a.has("after the same add with room", manyLeads)
		})
	}
}

var errDead = errors.New("the process is dead")

// mountSmallDisk mounts a disk of its own on a folder, which takes the right to do so.
func mountSmallDisk(t *testing.T, folder string) {
	t.Helper()
	err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=200m,mode=0700")
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
