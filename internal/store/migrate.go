package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // for package database/sql, which migrations use; it is the same SQLite
)

//go:embed migrations
var migrations embed.FS

// migrate brings the tables up to date. Only forward: a database that is newer than the program is refused by nothing
// here, because later versions keep to additions. hold is called before anything is changed; release undoes it.
func migrate(ctx context.Context, kind database.Dialect, folder string, db *sql.DB, hold func() (release func() error, err error), options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(kind, db, files, append(options, goose.WithGoMigrations(refold(kind)))...)
	if err != nil {
		return err
	}
	if pending, err := provider.HasPending(ctx); err != nil || !pending {
		return err
	}
	release, err := hold()
	if err != nil {
		return fmt.Errorf("the tables are not those of this version, and cannot be changed now: %w", err)
	}
	_, err = provider.Up(ctx)
	return errors.Join(err, release())
}

// asNode holds nothing more: the process has the node's lock already.
func asNode() (release func() error, err error) { return func() error { return nil }, nil }

// migrateSQLite holds the folder's lock meanwhile: two processes may open a new database at the same time.
func migrateSQLite(path string, node bool) (err error) {
	hold := func() (func() error, error) {
		lock, err := lockFolder(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		return lock.Close, nil
	}
	if node {
		hold = asNode
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := lockFile(folder, true); err != nil {
		return fmt.Errorf("lock folder: %w", err)
	}
	// A new file is made by a connection of ours: that of package database/sql has an order of its own for pragmas, by which the
	// size of pages would come too late.
	conn, err := openSQLiteConn(path)
	if err != nil {
		return err
	}
	if err := conn.close(); err != nil {
		return err
	}
	dsn, err := sqliteDSN(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer func() {
		if closed := db.Close(); err == nil {
			err = closed
		}
	}()
	db.SetMaxOpenConns(1)
	return migrate(context.Background(), database.DialectSQLite3, "sqlite", db, hold)
}

// migratePostgres holds a session lock meanwhile: short commands may start at the same time.
func migratePostgres(ctx context.Context, db *sql.DB, config *pgx.ConnConfig, node bool) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	hold := func() (func() error, error) {
		conn, err := lockDatabase(ctx, config)
		if err != nil {
			return nil, err
		}
		return func() error { return closeConn(conn) }, nil
	}
	if node {
		hold = asNode
	}
	return migrate(ctx, database.DialectPostgres, "postgres", db, hold, goose.WithSessionLocker(locker))
}
