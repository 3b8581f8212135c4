package api

import (
	"net/http"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
)

// documents describe the API; they are made once.
type documents struct{ all, v1, v2 []byte }

func describe(table *route.Table) (d documents, err error) {
	for version, text := range map[string]*[]byte{"": &d.all, "v1": &d.v1, "v2": &d.v2} {
		if *text, err = openapi.Document(table.Routes(), version); err != nil {
			return d, err
		}
	}
	return d, nil
}

// noGuides stands at /docs where the guides, which have a room of their own, are not served.
const noGuides = `<!doctype html><html lang="en"><meta charset="utf-8"><title>nacre API</title><p>This server has no guides. The API is described in <a href="/openapi.json">/openapi.json</a>.</p></html>`

func (x *exchange) docs() {
	x.w.Header().Set("Content-Security-Policy", "default-src 'none'")
	x.send(http.StatusOK, "text/html; charset=utf-8", []byte(noGuides))
}
