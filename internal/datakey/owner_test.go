package datakey

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRotatedKeyKeepsItsOwner: root changes the key of a server that runs as somebody else, who must read it afterwards.
func TestRotatedKeyKeepsItsOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	s := Source{Path: filepath.Join(t.TempDir(), "nacre.key")}
	if _, err := s.LoadOrMake(); err != nil {
		t.Fatal(err)
	}
	const owner = 65534
	if err := os.Chown(s.Path, owner, owner); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() (*Ring, error){"add": s.Add, "retire": s.Retire} {
		if _, err := change(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info, err := os.Stat(s.Path)
		if err != nil {
			t.Fatal(err)
		}
		if has := info.Sys().(*syscall.Stat_t); has.Uid != owner || has.Gid != owner || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the key is of %d:%d, mode %s", name, has.Uid, has.Gid, info.Mode())
		}
	}
}
