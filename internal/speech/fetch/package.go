package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"nacre/internal/speech/folder"
)

// maxFile bounds one file of a package, in bytes.
const maxFile = 1 << 30

// take downloads a package, compares it with its checksum, and writes the part's files into the folder.
func take(ctx context.Context, tools, dir, id, integrity string, p part) ([]folder.Entry, error) {
	scratch, err := os.MkdirTemp("", "nacre-fetch-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // in the system's folder of temporary files
	pack := exec.CommandContext(ctx, "npm", "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", scratch, id)
	pack.Dir, pack.Stderr = tools, os.Stderr
	if err := pack.Run(); err != nil {
		return nil, fmt.Errorf("npm pack: %w", err)
	}
	archives, err := filepath.Glob(filepath.Join(scratch, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return nil, fmt.Errorf("npm pack left %d archives", len(archives))
	}
	archive, err := os.Open(archives[0])
	if err != nil {
		return nil, err
	}
	defer archive.Close() //nolint:errcheck // only read
	if err := check(archive, integrity); err != nil {
		return nil, err
	}
	return unpack(archive, dir, id, p)
}

// check compares what r holds with a checksum of package-lock.json, and rewinds it.
func check(r io.ReadSeeker, integrity string) error {
	encoded, ok := strings.CutPrefix(integrity, "sha512-")
	want, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(want) != sha512.Size {
		return fmt.Errorf("package-lock.json has no SHA-512 of it: %q", integrity)
	}
	sum := sha512.New()
	if _, err := io.Copy(sum, r); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		return errors.New("it is not the package that package-lock.json names: its checksum differs")
	}
	_, err = r.Seek(0, io.SeekStart)
	return err
}

// unpack writes the files of a part; each must be in the archive. A file may be taken several times, in different forms.
func unpack(archive io.Reader, dir, id string, p part) ([]folder.Entry, error) {
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	var entries []folder.Entry
	found := make([]bool, len(p.files))
	for reader := tar.NewReader(unzipped); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		_, origin, _ := strings.Cut(header.Name, "/") // package/…
		if header.Typeflag != tar.TypeReg || header.Size > maxFile {
			continue
		}
		var data []byte
		for n, f := range p.files {
			if !f.matches(origin) {
				continue
			}
			if data == nil {
				if data, err = io.ReadAll(reader); err != nil {
					return nil, fmt.Errorf("unpack: %w", err)
				}
			}
			content := data
			if f.convert != nil {
				if content, err = f.convert(data); err != nil {
					return nil, fmt.Errorf("convert %s: %w", origin, err)
				}
			}
			entry, err := write(dir, f.target(origin), content, fs.FileMode(0o644))
			if err != nil {
				return nil, err
			}
			entry.Package, entry.Origin, entry.Made, entry.Project, entry.License = id, origin, f.made, p.project, p.license
			entries = append(entries, entry)
			found[n] = true
		}
	}
	for n, f := range p.files {
		if !found[n] {
			return nil, fmt.Errorf("it has no %s", f.origin)
		}
	}
	return entries, nil
}

// write replaces a file by a rename: whoever reads meanwhile sees the whole of one or the other.
func write(dir, name string, content []byte, mode fs.FileMode) (folder.Entry, error) {
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return folder.Entry{}, fmt.Errorf("make folder: %w", err)
	}
	part := to + ".part"
	if err := os.WriteFile(part, content, mode); err != nil {
		return folder.Entry{}, fmt.Errorf("write file: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		return folder.Entry{}, fmt.Errorf("write file: %w", err)
	}
	sum := sha256.Sum256(content)
	return folder.Entry{Path: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}, nil
}
