// Command openapi prints the OpenAPI document of version 2 of the API, which the types of the dashboard are made of.
package main

import (
	"fmt"
	"os"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
	"nacre/internal/api/v2"
)

func main() {
	text, err := openapi.Document(route.NewTable(v2.Routes(route.Services{})).Routes(), "v2")
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}
