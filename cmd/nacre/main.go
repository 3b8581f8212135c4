// Command nacre runs outbound phone campaigns with AI agents.
package main

import (
	"context"
	"fmt"
	"os"

	"nacre/internal/app"
)

func main() {
	if err := app.HidePassword(); err != nil {
		fmt.Fprintln(os.Stderr, "nacre: the password of the database can be read in the list of processes:", err)
	}
	app.KeepFilesPrivate()
	ctx, cancel := app.Signals(context.Background())
	code := app.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	os.Exit(code)
}
