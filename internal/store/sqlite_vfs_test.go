package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestGatheredLog: what is committed is in the files, for another connection as for one that opens copies of them, as after a crash; what
// is taken back is not; and a transaction reads what it has written, however large it is.
func TestGatheredLog(t *testing.T) {
	t.Parallel()
	if err := registerVFS(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, FileName)
	open := func(path, vfs string, pragmas ...string) *sqliteConn {
		t.Helper()
		conn, err := openSQLiteConn(path, vfs, pragmas...)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	var writers [2]*sqliteConn // as of two processes
	for n := range writers {
		writers[n] = open(path, gatheringVFS, "cache_size(10)", "wal_autocheckpoint(0)") // pages of all but the smallest transactions spill into the log
	}
	writer := writers[0]
	reader := open(path, "")
	checkpointer := open(path, writingBackVFS)
	t.Cleanup(func() {
		for _, conn := range append(writers[:], reader, checkpointer) {
			_ = conn.close()
		}
	})
	must := func(conn *sqliteConn, text string, args ...any) {
		t.Helper()
		if _, err := conn.exec(text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	check := func(where string, conn *sqliteConn, want map[int]string) {
		t.Helper()
		found := map[int]string{}
		err := conn.each(func(r row) error {
			var key int
			var value string
			if err := r.Scan(&key, &value); err != nil {
				return err
			}
			found[key] = value
			return nil
		}, "SELECT key, value FROM item")
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if !maps.Equal(found, want) {
			t.Fatalf("%s: %d rows, want %d", where, len(found), len(want))
		}
		err = conn.each(func(r row) error {
			var verdict string
			if err := r.Scan(&verdict); err != nil {
				return err
			}
			if verdict != "ok" {
				return fmt.Errorf("integrity: %s", verdict)
			}
			return nil
		}, "PRAGMA integrity_check")
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	}
	must(writer, "CREATE TABLE item (key INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT")
	must(writer, "CREATE INDEX item_value ON item (value)")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	value := func() string {
		letters := make([]byte, 1+random.IntN([]int{20, 200, 9000}[random.IntN(3)]))
		for n := range letters {
			letters[n] = byte('a' + random.IntN(26))
		}
		return string(letters)
	}
	stored := map[int]string{}
	for turn := range 60 {
		writer := writers[random.IntN(len(writers))]
		must(writer, "BEGIN IMMEDIATE")
		now := maps.Clone(stored)
		change := func() {
			for range random.IntN([]int{3, 40, 400}[random.IntN(3)]) {
				key := random.IntN(600)
				if random.IntN(4) == 0 {
					must(writer, "DELETE FROM item WHERE key = ?1", key)
					delete(now, key)
					continue
				}
				now[key] = value()
				must(writer, "INSERT INTO item (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, now[key])
			}
		}
		change()
		if random.IntN(3) == 0 {
			before := maps.Clone(now)
			must(writer, "SAVEPOINT part")
			change()
			must(writer, "ROLLBACK TO part")
			must(writer, "RELEASE part")
			now = before
		}
		if random.IntN(4) == 0 {
			check(fmt.Sprintf("turn %d, within", turn), writer, now)
		}
		if random.IntN(5) == 0 {
			must(writer, "ROLLBACK")
		} else {
			must(writer, "COMMIT")
			stored = now
		}
		check(fmt.Sprintf("turn %d, beside", turn), reader, stored)
		switch random.IntN(6) {
		case 0:
			copies := filepath.Join(folder, fmt.Sprint("crash", turn), FileName)
			if err := os.Mkdir(filepath.Dir(copies), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"", "-wal"} {
				content, err := os.ReadFile(path + suffix)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(copies+suffix, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			crashed := open(copies, "")
			check(fmt.Sprintf("turn %d, after a crash", turn), crashed, stored)
			if err := crashed.close(); err != nil {
				t.Fatal(err)
			}
		case 1:
			if _, _, err := fold(checkpointer, "PASSIVE"); err != nil {
				t.Fatal(err)
			}
		case 2:
			if _, _, err := fold(writer, "TRUNCATE"); err != nil {
				t.Fatal(err)
			}
		}
	}
}
