package app

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nacre/internal/config"
	"nacre/internal/datakey"
	"nacre/internal/store"
)

// TestDataIsMadePrivate: rights of others are taken from what exists, and the log says so once.
func TestDataIsMadePrivate(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	inner := filepath.Join(folder, "recordings")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	files := []string{filepath.Join(folder, store.FileName), filepath.Join(folder, datakey.FileName), filepath.Join(inner, "a.wav")}
	for _, file := range files {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(foreign, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	if err := makePrivate(folder, os.Chmod, log); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{folder: 0o700, inner: 0o700, files[0]: 0o600, files[1]: 0o600, files[2]: 0o600, foreign: 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
	if text := out.String(); !strings.Contains(text, "private now") || !strings.Contains(text, "changed=5") {
		t.Errorf("the log says %q", text)
	}
	out.Reset()
	if err := makePrivate(folder, os.Chmod, log); err != nil || out.Len() > 0 {
		t.Errorf("a second time: %v, %q", err, out.String())
	}
	fresh := filepath.Join(t.TempDir(), "a", "b")
	if err := makePrivate(fresh, os.Chmod, log); err != nil || out.Len() > 0 {
		t.Errorf("a new folder: %v, %q", err, out.String())
	}
}

// TestDataOfAnotherUserIsRefused: what cannot be made private is not used, and the message has the command that mends it.
func TestDataOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir() // mode 0755
	refuse := func(path string, _ fs.FileMode) error {
		return &fs.PathError{Op: "chmod", Path: path, Err: fs.ErrPermission}
	}
	err := makePrivate(folder, refuse, slog.New(slog.DiscardHandler))
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "sudo chown -R ") || !strings.Contains(err.Error(), "sudo chmod -R go= '"+folder+"'") {
		t.Errorf("refused with %v", err)
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(folder, refuse, slog.New(slog.DiscardHandler)); err != nil {
		t.Errorf("what is private already is refused: %v", err)
	}
	if err := os.Chmod(folder, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(folder, os.Chmod, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "a folder of nacre's own") {
		t.Errorf("a shared folder: %v", err)
	}
}

// TestReadOnlyDataIsRefused: a folder that nothing can be written to is refused with what to do, and is left as it is, by root too.
func TestReadOnlyDataIsRefused(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{folder: "is read-only (mode 0555): run chmod u+rwx", filepath.Join(file, "data"): "cannot be made", file: "cannot be made"} {
		code, _, errs := command(t, "serve", "--data", path, "--listen", "127.0.0.1:0")
		if code != exitFailed || !strings.Contains(errs, want) || !strings.Contains(errs, "with --data") {
			t.Errorf("serve --data %s: exit %d, %q", path, code, errs)
		}
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o555 {
		t.Errorf("the folder has become %v, %v", info.Mode(), err)
	}
	denied := explainFolder("/srv/nacre", &fs.PathError{Op: "open", Path: "/srv/nacre/x", Err: fs.ErrPermission})
	if !errors.Is(denied, fs.ErrPermission) || !strings.Contains(denied.Error(), "sudo chown -R ") {
		t.Error(denied)
	}
}

// TestServerAndItsDataKey: a server makes the key at its first start, encrypts, and does not start without it or with another.
func TestServerAndItsDataKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	settings := config.Database{Data: folder}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	open := func(keys func(bool) (*datakey.Ring, error)) error {
		s, err := openStore(t.Context(), settings, store.Options{Keys: keys})
		if err != nil {
			return err
		}
		return s.Close()
	}
	source := dataKeys(settings)
	if err := open(commandKeys(source)); err != nil {
		t.Fatalf("a command before the first start: %v", err)
	}
	if _, err := os.Stat(source.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a command made a key: %v", err)
	}
	if err := open(serverKeys(source, log)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), source.Path) {
		t.Errorf("the log says %q", out.String())
	}
	if err := open(serverKeys(source, log)); err != nil {
		t.Errorf("the second start: %v", err)
	}

	var said bytes.Buffer
	before, err := os.ReadFile(source.Path)
	if err != nil {
		t.Fatal(err)
	}
	if code := Run(t.Context(), []string{"key", "rotate-data", "--data", folder}, &said, &said); code != exitDone {
		t.Fatalf("rotate-data: exit %d, %s", code, said.String())
	}
	after, err := os.ReadFile(source.Path)
	if err != nil || bytes.Equal(before, after) {
		t.Errorf("the key is the same after rotate-data (%v)", err)
	}
	if err := open(serverKeys(source, log)); err != nil {
		t.Errorf("after rotate-data: %v", err)
	}

	if err := os.WriteFile(source.Path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, keys := range []func(bool) (*datakey.Ring, error){serverKeys(source, log), commandKeys(source)} {
		if err := open(keys); err == nil || !strings.Contains(err.Error(), "--data-key-file") {
			t.Errorf("with a key of before: %v", err)
		}
	}
	if err := os.Remove(source.Path); err != nil {
		t.Fatal(err)
	}
	if err := open(serverKeys(source, log)); err == nil || !strings.Contains(err.Error(), "put the key file back") {
		t.Errorf("without the key: %v", err)
	}
	if _, err := os.Stat(source.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another key was made: %v", err)
	}
	settings.DataKey = string(after)
	if err := open(serverKeys(dataKeys(settings), log)); err != nil {
		t.Errorf("with the key from the environment: %v", err)
	}
}

func TestArgumentsWithoutPassword(t *testing.T) {
	t.Parallel()
	const secret, plain = "postgres://nacre:s3cret@db.example.com/nacre", "postgres://nacre@db.example.com/nacre"
	for _, c := range []struct {
		args, kept []string
		url        string
	}{
		{[]string{"nacre", "serve", "--database-url", secret, "--data", "x"}, []string{"nacre", "serve", "--data", "x"}, secret},
		{[]string{"nacre", "serve", "--database-url=" + secret}, []string{"nacre", "serve"}, secret},
		{[]string{"nacre", "migrate", "--database-url=" + plain + "?password=s3cret"}, []string{"nacre", "migrate"}, plain + "?password=s3cret"},
		{[]string{"nacre", "serve", "--database-url", plain}, []string{"nacre", "serve", "--database-url", plain}, ""},
		{[]string{"nacre", "serve", "--database-url"}, []string{"nacre", "serve", "--database-url"}, ""},
		{[]string{"nacre"}, []string{"nacre"}, ""},
	} {
		kept, url := withoutPassword(c.args)
		if !slices.Equal(kept, c.kept) || url != c.url {
			t.Errorf("%q: kept %q, URL %q", c.args, kept, url)
		}
	}
}
