package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

// TestPageSize: a new database has small pages (ADR 17); one that was made with others keeps them and serves.
func TestPageSize(t *testing.T) {
	t.Parallel()
	pageSize := func(path string) (found int) {
		t.Helper()
		conn, err := openSQLiteConn(path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.close()
		if err := conn.each(func(r row) error { return r.Scan(&found) }, "PRAGMA page_size"); err != nil {
			t.Fatal(err)
		}
		return found
	}
	path := filepath.Join(t.TempDir(), FileName)
	for _, want := range []int{2048, 8192} {
		s, err := OpenSQLite(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if found := pageSize(path); found != want {
			t.Errorf("pages of %d bytes, want %d", found, want)
		}
		err = s.backend.update(t.Context(), func(q session) error {
			_, err := q.exec("INSERT INTO secret (name, content) VALUES (?1, ?2)", fmt.Sprint("page", want), make([]byte, 5<<20))
			return err
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		conn, err := openSQLiteConn(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM"} {
			mustExec(t, conn, text)
		}
		if err := conn.close(); err != nil {
			t.Fatal(err)
		}
	}
}
