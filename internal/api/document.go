package api

import (
	"net/http"

	"nacre/internal/api/openapi"
	"nacre/internal/api/route"
)

// documents describe the API; they are made once.
type documents struct{ all, v1, v2, page []byte }

func describe(table *route.Table) (d documents, err error) {
	for version, text := range map[string]*[]byte{"": &d.all, "v1": &d.v1, "v2": &d.v2} {
		if *text, err = openapi.Document(table.Routes(), version); err != nil {
			return d, err
		}
	}
	d.page, err = openapi.Page(table.Routes())
	return d, err
}

func (x *exchange) docs() {
	x.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	x.send(http.StatusOK, "text/html; charset=utf-8", x.document.page)
}
