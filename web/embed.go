// Package web is the dashboard: a single-page application that the binary serves at / and that uses the API as everyone does.
// Its source is TypeScript (src), built by make into dist/app, which is embedded; what was not built is not served. It refuses
// to know anything about an account: no file needs a key.
package web

import "embed"

// dist holds the built application in app, or a note alone where it was not built.
//
//go:embed all:dist
var dist embed.FS
