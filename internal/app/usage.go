package app

import (
	"fmt"
	"io"
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

// describeVersion returns the version with revision and date of its commit, as far as the build has them.
func describeVersion() string {
	text := Version
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return text
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		text += fmt.Sprintf(" (revision %.12s of %.10s", revision, settings["vcs.time"])
		if settings["vcs.modified"] == "true" {
			text += ", changed"
		}
		text += ")"
	}
	return text + " " + info.GoVersion
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
