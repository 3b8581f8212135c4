package app

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"nacre/internal/site"
	"nacre/web"
)

// mux is where every request comes in: the first segment of its path says who answers it. No path is cleaned or redirected on
// the way, since what is below /v1 and /v2 is read as it was sent.
type mux struct {
	api   http.Handler            // whatever nobody else has: the API also says that there is no such route
	docs  http.Handler            // matched in any case, like all of the API
	pages map[string]http.Handler // of the dashboard, exactly; "" is the front page
}

// newMux makes it of the parts. A binary without the dashboard has the documentation at /.
func newMux(api http.Handler, config site.Config, log *slog.Logger) (*mux, error) {
	config.Missing = api
	m := &mux{api: api, docs: site.Handler(config), pages: map[string]http.Handler{}}
	dashboard, err := web.New()
	if errors.Is(err, web.ErrNotBuilt) {
		log.Info("this binary has no dashboard", "reason", err)
		m.pages[""] = m.docs
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	for _, segment := range dashboard.Segments() {
		m.pages[segment] = dashboard
	}
	return m, nil
}

// ServeHTTP implements http.Handler.
func (m *mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.of(r.URL.Path).ServeHTTP(w, r) }

func (m *mux) of(path string) http.Handler {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first == "" && strings.Trim(path, "/") != "" {
		return m.api // "//a" has no first segment
	}
	if page := m.pages[first]; page != nil {
		return page
	}
	if strings.EqualFold(first, strings.TrimPrefix(site.Root, "/")) {
		return m.docs
	}
	return m.api
}
