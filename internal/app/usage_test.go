package app

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestUnknownEnvironment: a mistyped setting of the environment is named, with the one that was meant.
func TestUnknownEnvironment(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.Vars{"version": "test"})
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

func TestVersionNamesTheCompiler(t *testing.T) {
	t.Parallel()
	code, out, _ := command(t, "version")
	if code != exitDone || !regexp.MustCompile(`^nacre \S+ .*go1\.\d+`).MatchString(out) {
		t.Errorf("%d %q", code, out)
	}
}
