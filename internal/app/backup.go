package app

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/store"
)

const postgresTools = "data in PostgreSQL is copied by its own tools: pg_dump and pg_restore (docs/hosting.md); the folder of recordings and keys is copied beside it"

type backupCommand struct {
	config.Database
	File string `arg:"" help:"File to make; one that exists is refused." type:"path"`
}

// Run writes a tar of the data folder, with a snapshot of the database in place of the database.
func (c *backupCommand) Run(ctx context.Context, s streams) (err error) {
	if c.DatabaseURL != "" {
		return errors.New(postgresTools)
	}
	found, err := store.Exists(ctx, c.Data, "")
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("there is no data in %s", c.Data)
	}
	if _, err := os.Lstat(c.File); err == nil {
		return fmt.Errorf("%s exists already", c.File)
	}
	part := c.File + ".part"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.Close(), os.Remove(part))
		}
	}()
	snapshot := c.File + ".database.part"
	defer func() { err = errors.Join(err, os.RemoveAll(snapshot)) }()
	if err := store.Backup(ctx, c.Data, snapshot); err != nil {
		return err
	}
	archive := tar.NewWriter(out)
	if err := addFile(archive, snapshot, store.FileName); err != nil {
		return err
	}
	// Recordings come after the database: what its calls name was on disk before they named it.
	files, err := addFolder(ctx, archive, c.Data, "")
	if err != nil {
		return err
	}
	if err := errors.Join(archive.Close(), out.Sync()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := os.Rename(part, c.File); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	fmt.Fprintf(s.Err, "the database and %d other files are in %s; it holds personal data and keys\n", files, c.File)
	return nil
}

// addFolder adds the files of a data folder, or of one in it, under that name; the database and what can be made again are
// left out. The folder, and the recordings within, may be links to another disk.
func addFolder(ctx context.Context, archive *tar.Writer, data, under string) (files int, err error) {
	data, err = filepath.EvalSymlinks(data)
	if err != nil {
		return 0, fmt.Errorf("read data folder: %w", err)
	}
	err = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		name, err := filepath.Rel(data, path)
		if err != nil {
			return err
		}
		name = filepath.Join(under, name)
		switch {
		case name == "recordings" && entry.Type()&fs.ModeSymlink != 0:
			linked, err := addFolder(ctx, archive, path, name)
			files += linked
			return err
		case entry.IsDir() && path == voiceCache(data):
			return fs.SkipDir
		case !entry.Type().IsRegular(), strings.HasPrefix(name, store.FileName), strings.HasSuffix(name, ".part"):
			return nil
		}
		err = addFile(archive, path, filepath.ToSlash(name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		files++
		return err
	})
	if err != nil {
		return files, fmt.Errorf("read data folder: %w", err)
	}
	return files, nil
}

func addFile(archive *tar.Writer, path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := io.CopyN(archive, file, info.Size()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

type restoreCommand struct {
	config.Database
	File string `arg:"" help:"File that backup made." type:"existingfile"`
}

// Run unpacks a backup into a folder without data, and pauses its campaigns: the backup lacks the calls made since, which
// must not be made again.
func (c *restoreCommand) Run(ctx context.Context, s streams) (err error) {
	if c.DatabaseURL != "" {
		return errors.New(postgresTools)
	}
	if entries, err := os.ReadDir(c.Data); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: restore into a new folder", c.Data)
	}
	// The folder has its name only when the campaigns are paused: a restore that was cut short must not be served.
	settings := c.Database
	settings.Data = filepath.Clean(c.Data) + ".part"
	if err := os.Mkdir(settings.Data, 0o700); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is left of a restore that was cut short: remove it first", settings.Data)
	} else if err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(settings.Data))
		}
	}()
	if err := unpack(ctx, c.File, settings.Data); err != nil {
		return err
	}
	paused := 0
	err = withEngine(ctx, settings, func(e *engine.Engine) error {
		accounts, err := e.Store.Accounts(ctx)
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		for _, owner := range accounts {
			pearls, err := e.Store.Pearls(ctx, owner.ID)
			if err != nil {
				return fmt.Errorf("list Pearls: %w", err)
			}
			for _, p := range pearls {
				if p.Activity != campaign.Running || p.Type != campaign.OutboundPearl {
					continue
				}
				if _, err := e.SetActive(ctx, engine.Actor{Account: owner.ID, By: "restore"}, p.ID, false, false); err != nil {
					return fmt.Errorf("pause %s: %w", p.ID, err)
				}
				paused++
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pause campaigns: %w", err)
	}
	if err := os.Rename(settings.Data, c.Data); err != nil {
		return fmt.Errorf("name the restored folder: %w", err)
	}
	fmt.Fprintf(s.Err, "restored into %s; %d campaigns were running and are paused: people called since the backup would be called again\n", c.Data, paused)
	return nil
}

// unpack writes the files of a backup; only regular files within the folder are taken, and there must be a database.
func unpack(ctx context.Context, from, data string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	defer in.Close()
	folder, err := os.OpenRoot(data)
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	database := false
	for archive := tar.NewReader(in); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read backup: %w", err)
		}
		if header.Typeflag != tar.TypeReg || !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%s is no backup: it holds %q", from, header.Name)
		}
		if err := unpackFile(folder, archive, header); err != nil {
			return fmt.Errorf("write %s: %w", header.Name, err)
		}
		database = database || header.Name == store.FileName
	}
	if !database {
		return fmt.Errorf("%s is no backup: it holds no database", from)
	}
	return nil
}

func unpackFile(folder *os.Root, from io.Reader, header *tar.Header) error {
	if parent := filepath.Dir(header.Name); parent != "." {
		if err := folder.MkdirAll(parent, 0o700); err != nil {
			return err
		}
	}
	file, err := folder.OpenFile(header.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	// The modification time is restored: recordings without a call are deleted by age.
	return folder.Chtimes(header.Name, time.Time{}, header.ModTime)
}
