package app

import (
	"os"

	"github.com/mattn/go-isatty"
)

// onTerminal says whether a person is at a stream. /dev/null, which is a character device too, is none.
func onTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
