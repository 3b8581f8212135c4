package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes what the SQLite database in dataDir holds at one instant into a new file, beside a running server
// (VACUUM INTO: a read transaction, so that writers go on; the copy has no log of its own). The file is on disk when it
// returns; on an error there is none.
func Backup(ctx context.Context, dataDir, into string) (err error) {
	path := filepath.Join(dataDir, FileName)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	dsn, err := sqliteDSN(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", into); err != nil {
		return errors.Join(fmt.Errorf("copy database: %w", err), os.RemoveAll(into))
	}
	copied, err := os.OpenFile(into, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open copy: %w", err)
	}
	if err := errors.Join(copied.Chmod(0o600), copied.Sync(), copied.Close()); err != nil {
		return errors.Join(fmt.Errorf("write copy: %w", err), os.Remove(into))
	}
	return nil
}
