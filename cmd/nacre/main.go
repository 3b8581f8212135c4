// Command nacre runs outbound phone campaigns with AI agents.
package main

import (
	"context"
	"os"

	"nacre/internal/app"
)

func main() {
	ctx, cancel := app.Signals(context.Background())
	code := app.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	os.Exit(code)
}
