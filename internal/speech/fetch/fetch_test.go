package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nacre/internal/speech/folder"
)

const tools = "../../../tools/npm"

// The lock pins every package that is asked for, by a SHA-512, and names no registry.
func TestLockPinsWhatIsTaken(t *testing.T) {
	t.Parallel()
	locked, err := readLock(filepath.Join(tools, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(tools, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var asked struct{ Dependencies, OptionalDependencies map[string]string }
	if err := json.Unmarshal(raw, &asked); err != nil {
		t.Fatal(err)
	}
	maps.Copy(asked.Dependencies, asked.OptionalDependencies)
	if len(asked.Dependencies) != len(locked) {
		t.Errorf("%d packages are asked for, %d are pinned", len(asked.Dependencies), len(locked))
	}
	for name, pinned := range locked {
		if asked.Dependencies[name] != pinned.Version {
			t.Errorf("%s is asked for as %q and pinned as %q", name, asked.Dependencies[name], pinned.Version)
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(pinned.Integrity, "sha512-"))
		if err != nil || len(sum) != sha512.Size {
			t.Errorf("%s: integrity %q", name, pinned.Integrity)
		}
	}
	parts := embedded()
	for system := range libraries {
		name, machine, _ := strings.Cut(system, "/")
		of, complete := speechParts(name, machine, true)
		if !complete {
			t.Errorf("%s has no library", system)
		}
		parts = append(parts, of...)
	}
	for _, p := range parts {
		if _, ok := locked[p.name]; !ok {
			t.Errorf("%s is not pinned", p.name)
		}
		if p.project == "" || p.license == "" || len(p.files) == 0 {
			t.Errorf("%s: whose, under which licence and which files?", p.name)
		}
	}
	if _, complete := speechParts("plan9", "mips", true); complete {
		t.Error("plan9 has a library")
	}
	lock, err := os.ReadFile(filepath.Join(tools, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"resolved", "http"} {
		if bytes.Contains(lock, []byte(word)) {
			t.Errorf("package-lock.json has %q", word)
		}
	}
}

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	out := tar.NewWriter(zip)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := out.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o777, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestOnlyWhatIsListedIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	packed := archive(t, map[string]string{
		"package/a.bin": "aaa", "package/voices/x.bin": "x", "package/voices/y.bin": "y", "package/../../evil": "evil",
		"package/install.js": "never run", "package/list.js": "words",
	})
	p := part{name: "p", project: "us", license: "MIT", files: []file{
		{origin: "a.bin", path: "model/a.bin"},
		{origin: "voices/*.bin", path: "voices/"},
		{origin: "list.js", path: "list.txt", made: "in capitals", convert: func(raw []byte) ([]byte, error) { return bytes.ToUpper(raw), nil }},
	}}
	entries, err := unpack(bytes.NewReader(packed), dir, "p@1", p)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"model/a.bin": "aaa", "voices/x.bin": "x", "voices/y.bin": "y", "list.txt": "WORDS"}
	found := map[string]string{}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Path))
		if err != nil {
			t.Fatal(err)
		}
		found[e.Path] = string(raw)
		if err := e.Check(dir); err != nil || e.Package != "p@1" || e.License != "MIT" || e.Project != "us" {
			t.Errorf("%+v: %v", e, err)
		}
	}
	if !maps.Equal(found, want) {
		t.Errorf("taken: %v", found)
	}
	count := 0
	_ = filepath.WalkDir(filepath.Dir(dir), func(_ string, d os.DirEntry, _ error) error {
		if d != nil && d.Type().IsRegular() {
			count++
		}
		return nil
	})
	if count != len(want) {
		t.Errorf("%d files were written", count)
	}
	p.files = append(p.files, file{origin: "gone.bin", path: "gone.bin"})
	if _, err := unpack(bytes.NewReader(packed), dir, "p@1", p); err == nil {
		t.Error("a file that the package lacks was not missed")
	}

	// What a manifest has is kept as long as it is whole and as it is wanted.
	p.files = p.files[:3]
	before := folder.Manifest{Packages: map[string]string{"p@1": "sum"}, Files: entries}
	if kept := unchanged(before, dir, "p@1", "sum", p); len(kept) != 4 {
		t.Errorf("%d files kept", len(kept))
	}
	if kept := unchanged(before, dir, "p@1", "another sum", p); kept != nil {
		t.Error("kept from another package")
	}
	// Another part of the same package is none of this one's, and is missed by itself.
	another := part{name: "p", files: []file{{origin: "b.bin", path: "b.bin"}}}
	if kept := unchanged(before, dir, "p@1", "sum", another); kept != nil {
		t.Error("what was never taken is kept")
	}
	both := folder.Manifest{Packages: before.Packages, Files: slices.Concat(entries, []folder.Entry{{Path: "b.bin", Package: "p@1", Origin: "b.bin", Size: 1}})}
	if err := os.WriteFile(filepath.Join(dir, "b.bin"), []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if own, others := unchanged(both, dir, "p@1", "sum", p), unchanged(both, dir, "p@1", "sum", another); len(own) != 4 || len(others) != 1 {
		t.Errorf("%d and %d files kept of two parts of a package", len(own), len(others))
	}
	moved := part{files: []file{{origin: "a.bin", path: "elsewhere"}}}
	if kept := unchanged(before, dir, "p@1", "sum", moved); kept != nil {
		t.Error("kept in another place")
	}
	if err := os.Truncate(filepath.Join(dir, "model/a.bin"), 1); err != nil {
		t.Fatal(err)
	}
	if kept := unchanged(before, dir, "p@1", "sum", p); kept != nil {
		t.Error("a cut file was kept")
	}
	if err := entries[0].Check(dir); err == nil {
		t.Error("a cut file passes")
	}
	if err := removeOthers(dir, before, folder.Manifest{Files: entries[1:]}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "model/a.bin")); err == nil {
		t.Error("what is no longer wanted stays")
	}
}

// Sherpa-onnx's library is there where it was asked for, and stays.
func TestSherpaStays(t *testing.T) {
	t.Parallel()
	without, _ := speechParts("linux", "amd64", false)
	with, _ := speechParts("linux", "amd64", true)
	if len(with) != len(without)+1 {
		t.Fatalf("%d parts with the library, %d without", len(with), len(without))
	}
	if library := with[len(with)-1]; !strings.Contains(library.license, "GPL-3.0") || library.files[0].path != "libsherpa-onnx-c-api.so" {
		t.Errorf("%+v", library)
	}
	for _, p := range without {
		if strings.Contains(p.license, "GPL") {
			t.Errorf("%s is under %s, and was not asked for", p.name, p.license)
		}
	}
	dir := t.TempDir()
	if hasSherpa(dir) {
		t.Error("an empty folder has it")
	}
	for path, want := range map[string]bool{folder.Library(): false, folder.SherpaLibrary(): true} {
		raw, err := json.Marshal(folder.Manifest{Files: []folder.Entry{{Path: path}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, folder.ManifestName), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if hasSherpa(dir) != want {
			t.Errorf("with %s: %v", path, !want)
		}
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	sum := sha512.Sum512([]byte("package"))
	right := "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	if err := check(bytes.NewReader([]byte("package")), right); err != nil {
		t.Error(err)
	}
	for content, integrity := range map[string]string{"another": right, "package": "sha1-abc", "packagf": "", "packagg": "sha512-abc"} {
		if err := check(bytes.NewReader([]byte(content)), integrity); err == nil {
			t.Errorf("%q passes as %q", content, integrity)
		}
	}
}

func TestConversions(t *testing.T) {
	t.Parallel()
	if _, err := pieces([]byte(`const llama_vocab_base64 = "YQpi"`)); err == nil {
		t.Error("two pieces are a vocabulary")
	}
	if _, err := pieces([]byte("nothing")); err == nil {
		t.Error("no vocabulary is missed")
	}
	list := strings.Repeat("x\n", pieceCount-1) + "y"
	got, err := pieces([]byte(`const llama_vocab_base64 = "` + base64.StdEncoding.EncodeToString([]byte(list)) + `"`))
	if err != nil || string(got) != list+"\n" {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var module strings.Builder
	module.WriteString("export const dictionary = {\n")
	for n := range 100_000 {
		_, _ = module.WriteString(`  "w` + strings.Repeat("a", n%7) + `'s": "W EY1",` + "\n")
	}
	words, err := dictionary([]byte(module.String() + "}\n"))
	if err != nil || !strings.HasPrefix(string(words), "w's  W EY1\nwa's  W EY1\n") {
		t.Errorf("%.40q, %v", words, err)
	}
	if _, err := dictionary([]byte("  \"a\": \"AH0\",\n")); err == nil {
		t.Error("one word is a dictionary")
	}
}
