package api

import "nacre/internal/api/route"

// documents are the OpenAPI documents, made once.
type documents struct{ all, v1, v2 []byte }

func describe(table *route.Table) (documents, error) {
	return documents{all: []byte(`{}`), v1: []byte(`{}`), v2: []byte(`{}`)}, nil
}

func (x *exchange) docs() { x.json(x.document.all) }
