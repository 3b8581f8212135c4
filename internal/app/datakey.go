package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"nacre/internal/config"
	"nacre/internal/datakey"
	"nacre/internal/store"
)

// dataKeys is where the keys of the installation are.
func dataKeys(settings config.Database) datakey.Source {
	source := datakey.Source{Path: settings.DataKeyFile, Keys: settings.DataKey}
	if source.Path == "" {
		source.Path = filepath.Join(settings.Data, datakey.FileName)
	}
	return source
}

// serverKeys are the keys of a server: it makes the file for a database without a key, and does not start without the key of
// one that has it.
func serverKeys(source datakey.Source, log *slog.Logger) func(sealed bool) (*datakey.Ring, error) {
	return func(sealed bool) (*datakey.Ring, error) {
		ring, err := source.Load()
		if !errors.Is(err, fs.ErrNotExist) {
			return ring, err
		}
		if sealed {
			return nil, fmt.Errorf("the secrets in the database are encrypted, and their key is not at %s: put the key file back, name it with --data-key-file, or set NACRE_DATA_KEY", source)
		}
		if ring, err = source.LoadOrMake(); err == nil {
			log.Warn("made the key that secrets in the database are encrypted with: keep a copy apart from copies of the data", "file", source.Path)
		}
		return ring, err
	}
}

// commandKeys are the keys of a short command: it makes none, and most do without.
func commandKeys(source datakey.Source) func(sealed bool) (*datakey.Ring, error) {
	return func(bool) (*datakey.Ring, error) {
		ring, err := source.Load()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return ring, err
	}
}

// explainKey says where the right key may be put.
func explainKey(err error, source datakey.Source) error {
	var missing *datakey.MissingKeyError
	if !errors.As(err, &missing) {
		return err
	}
	return fmt.Errorf("%w, which is not in %s: put that key file back, name it with --data-key-file, or set NACRE_DATA_KEY", err, source)
}

type rotateData struct{ config.Database }

// Run encrypts the secrets with a new key. The server must be stopped: it would go on with the old one.
func (c *rotateData) Run(ctx context.Context, s streams) error {
	source := dataKeys(c.Database)
	opened, err := openStore(ctx, c.Database, store.Options{Node: true, Log: newLog(s.Err, config.Log{}), Keys: func(sealed bool) (*datakey.Ring, error) {
		ring, err := source.Load()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no data key at %s yet: a server makes it at its first start", source)
		}
		return ring, err
	}})
	if err != nil {
		return fmt.Errorf("%w (the server must be stopped meanwhile)", err)
	}
	defer func() { _ = opened.Close() }()
	if source.Keys == "" { // else the operator has put the new one first
		ring, err := source.Add()
		if err != nil {
			return err
		}
		opened.UseKeys(ring)
	}
	rows, err := opened.SealAll(ctx)
	if err != nil {
		return explainKey(err, source)
	}
	if source.Keys != "" {
		fmt.Fprintf(s.Err, "%d rows are encrypted with the first key of NACRE_DATA_KEY; the others are not needed any more\n", rows)
		return nil
	}
	if _, err := source.Retire(); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%d rows are encrypted with the new key in %s; keep a copy apart from copies of the data\n", rows, source.Path)
	return nil
}
