package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// Exists reports whether there are tables at the place that Open would open. It makes nothing.
func Exists(ctx context.Context, dataDir, databaseURL string) (bool, error) {
	if databaseURL == "" {
		_, err := os.Stat(filepath.Join(dataDir, FileName))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look for data: %w", err)
		}
		return true, nil
	}
	connection, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return false, fmt.Errorf("connect to database: %w", err)
	}
	defer connection.Close(ctx)
	var found bool
	if err := connection.QueryRow(ctx, "SELECT to_regclass('account') IS NOT NULL").Scan(&found); err != nil {
		return false, fmt.Errorf("look for data: %w", err)
	}
	return found, nil
}
