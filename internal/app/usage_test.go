package app

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestUnknownEnvironment: a mistyped setting of the environment is named, with the one that was meant.
func TestUnknownEnvironment(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, helpTexts())
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	warnOfUnknown(parser.Model, []string{"NACRE_LISTN=1", "NACRE_LISTEN=2", "NACRE_DATABASE_URL=3", "NACRE_SOMETHING_ELSE=4", "PATH=5"}, &said)
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "NACRE_LISTN is no setting and is ignored; did you mean NACRE_LISTEN?") ||
		!strings.HasSuffix(lines[1], "NACRE_SOMETHING_ELSE is no setting and is ignored") {
		t.Errorf("%q", lines)
	}
}

// TestRevisionOfTheBuild: the linker is told the commit, also where git would not read a folder of somebody else's, and nothing
// where there is none; the program says it.
func TestRevisionOfTheBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("needs git and builds")
	}
	t.Parallel()
	script, err := filepath.Abs("../../tools/revision")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = folder
		command.Env = append(os.Environ(), "GIT_TEST_ASSUME_DIFFERENT_OWNER=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder), "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_COMMITTER_DATE=2026-11-24T10:00:00+02:00")
		text, err := command.Output()
		if err != nil {
			t.Fatalf("%s %v: %v", name, args, err)
		}
		return strings.TrimSpace(string(text))
	}
	if flags := run(script); flags != "" {
		t.Errorf("without a repository: %q", flags)
	}
	run("git", "init", "-q")
	run("git", "-c", "safe.directory=*", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "--allow-empty", "-m", "First")
	head := run("git", "-c", "safe.directory=*", "rev-parse", "HEAD")
	flags := func(changed bool) string {
		const variables = "nacre/internal/app."
		return fmt.Sprintf("-X %srevision=%s -X %srevisionDate=2026-11-24T08:00:00Z -X %schanged=%t", variables, head, variables, variables, changed)
	}
	if told := run(script); told != flags(false) {
		t.Errorf("told %q, want %q", told, flags(false))
	}
	if err := os.WriteFile(filepath.Join(folder, "new.go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if told := run(script); told != flags(true) {
		t.Errorf("after a change told %q, want %q", told, flags(true))
	}
	binary := filepath.Join(folder, "nacre")
	building := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags", flags(true), "-o", binary, "nacre/cmd/nacre")
	if text, err := building.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	if text := run(binary, "version"); !strings.Contains(text, "(revision "+head[:12]+" of 2026-11-24, changed)") {
		t.Errorf("a build that Go stamps nothing in says %q", text)
	}
}

func TestVersionNamesTheCommit(t *testing.T) {
	t.Parallel()
	commit := build{revision: strings.Repeat("0123456789", 4), date: "2026-11-24T08:00:00Z", changed: "false"}
	if text := describeVersion(commit); !strings.HasPrefix(text, Version+" (revision 012345678901 of 2026-11-24) go") {
		t.Errorf("%q", text)
	}
	commit.changed = "true"
	if text := describeVersion(commit); !strings.Contains(text, "of 2026-11-24, changed) go") {
		t.Errorf("%q", text)
	}
}

func TestVersionNamesTheCompiler(t *testing.T) {
	t.Parallel()
	code, out, _ := command(t, "version")
	if code != exitDone || !regexp.MustCompile(`^nacre \S+ .*go1\.\d+`).MatchString(out) {
		t.Errorf("%d %q", code, out)
	}
}
