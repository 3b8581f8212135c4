package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"nacre/internal/site"
)

// TestMux: the first segment of a path decides who answers, and nothing is cleaned or redirected on the way.
func TestMux(t *testing.T) {
	t.Parallel()
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("From", name+" "+r.RequestURI) })
	}
	m := &mux{api: named("api"), docs: named("docs"), pages: map[string]http.Handler{"": named("dashboard"), "leads": named("dashboard"), "assets": named("dashboard")}}
	for path, want := range map[string]string{
		"/": "dashboard", "/leads": "dashboard", "/leads/1?q=a": "dashboard", "/assets/a.js": "dashboard", "/Leads": "api", "/leadsx": "api",
		"/docs": "docs", "/DOCS/webhooks": "docs", "/docsx": "api", "/v2/Events/Stream": "api", "/v2/Outbound/p/Lead/External//a/../b": "api",
		"/%762/Pearl": "api", "/healthz": "api", "/openapi.json": "api", "/nothing": "api", "//leads": "api",
	} {
		answer := httptest.NewRecorder()
		m.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		if got := answer.Header().Get("From"); got != want+" "+path {
			t.Errorf("%s is answered by %q, want %s with the path as it was sent", path, got, want)
		}
	}
}

// TestMuxOfMissingPages: pages that the documentation does not have are the API's, which answers as the contract says.
func TestMuxOfMissingPages(t *testing.T) {
	t.Parallel()
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	m, err := newMux(api, site.Config{Document: describeAPI, Now: time.Now, Log: slog.New(slog.DiscardHandler)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[[2]string]int{{"GET", "/docs"}: 200, {"GET", "/"}: 200, {"GET", "/docs/nothing"}: http.StatusTeapot, {"POST", "/docs"}: http.StatusTeapot} {
		answer := httptest.NewRecorder()
		m.ServeHTTP(answer, httptest.NewRequest(request[0], request[1], nil))
		if answer.Code != want {
			t.Errorf("%s %s: %d, want %d", request[0], request[1], answer.Code, want)
		}
	}
}
