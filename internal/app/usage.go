package app

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"nacre/internal/spelling"
)

// asHelp turns "help", "help serve" and an empty command line into --help. bare is set for an empty one, whose exit code is
// that of a usage error.
func asHelp(args []string) (parsed []string, bare bool) {
	switch {
	case len(args) == 0:
		return []string{"--help"}, true
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help"), false
	}
	return args, false
}

// Set by the linker (tools/revision), so that they do not depend on the settings of Go and the owner of the folder.
var (
	revision     string // commit, 40 hexadecimal digits
	revisionDate string // of the commit, RFC 3339
	changed      string // "true" where the sources differed from it
)

// build is the commit that the program was built from, "" each where it is not known.
type build struct{ revision, date, changed string }

// built returns what the linker was told, and what Go has stamped where it was told nothing.
func built() build {
	if revision != "" {
		return build{revision, revisionDate, changed}
	}
	stamped := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			stamped[s.Key] = s.Value
		}
	}
	return build{stamped["vcs.revision"], stamped["vcs.time"], stamped["vcs.modified"]}
}

// describeVersion returns the version with revision and date of its commit, as far as the build has them.
func describeVersion(b build) string {
	text := Version
	if b.revision != "" {
		text += fmt.Sprintf(" (revision %.12s of %.10s", b.revision, b.date)
		if b.changed == "true" {
			text += ", changed"
		}
		text += ")"
	}
	return text + " " + runtime.Version()
}

const environmentPrefix = "NACRE_"

// warnOfUnknown warns of NACRE_ variables in the environment that no command knows: a mistyped one would be ignored.
func warnOfUnknown(app *kong.Application, environment []string, w io.Writer) {
	var known []string
	for _, command := range app.Leaves(false) {
		for _, flag := range command.AllFlags(false) {
			for _, f := range flag {
				known = append(known, f.Envs...)
			}
		}
	}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, environmentPrefix) || strings.HasPrefix(name, environmentPrefix+"TEST_") || slices.Contains(known, name) {
			continue
		}
		fmt.Fprintf(w, "nacre: warning: the environment variable %s is no setting and is ignored", name)
		if meant := spelling.Nearest(name, known, 3); meant != "" {
			fmt.Fprintf(w, "; did you mean %s?", meant)
		}
		fmt.Fprintln(w)
	}
}
