// Command nacre-speech recognises and synthesises speech for nacre, which starts it. It is of no use by itself.
package main

import (
	"fmt"
	"os"

	"nacre/internal/speech/child"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "nacre-speech is started by nacre; see nacre speech --help")
		os.Exit(2)
	}
	os.Exit(child.Main())
}
