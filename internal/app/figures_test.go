package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nacre/internal/store"
)

// TestFiguresAreCheap: a count holds for a hundred times as long as it took, a scrape does not wait for a long one, and a failed
// one leaves the last.
func TestFiguresAreCheap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		counts, takes, fails := 0, time.Second, error(nil)
		f := &figures{log: slog.New(slog.DiscardHandler), count: func(context.Context) (store.Figures, error) {
			counts++
			n := counts
			time.Sleep(takes) // virtual time
			return store.Figures{Leads: map[int]int{1: n, 130: 7}, Pending: 3, Waiting: time.Now().Add(-time.Minute)}, fails
		}}
		registry := prometheus.NewRegistry()
		registry.MustRegister(f)
		want := func(when string, leads string, count int) {
			t.Helper()
			text := scrape(t, registry)
			synctest.Wait() // what counts beside has begun to wait, or is over
			if counts != count || !strings.Contains(text, `nacre_leads{status="1"} `+leads+"\n") || !strings.Contains(text, `nacre_leads{status="130"} 7`+"\n") {
				t.Errorf("%s, after %d counts: %s", when, counts, text)
			}
		}
		want("the first scrape", "1", 1)
		time.Sleep(99 * time.Second)
		want("while it holds", "1", 1)
		time.Sleep(2 * time.Second)
		takes = 10 * time.Second
		want("a long count", "1", 2)
		time.Sleep(10 * time.Second)
		want("when it is over", "2", 2)
		time.Sleep(1000 * time.Second)
		takes, fails = 0, errors.New("down")
		want("a failed count", "2", 3)
		time.Sleep(time.Minute)
		fails = nil
		want("the next", "4", 4)
		if text := scrape(t, registry); !strings.Contains(text, "nacre_webhook_backlog 3\n") || !strings.Contains(text, "nacre_webhook_backlog_age_seconds 60\n") {
			t.Error(text)
		}
	})
}

// scrape is what /metrics would answer.
func scrape(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	return recorder.Body.String()
}

func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.Request("GET /v2/Account", 200, 3*time.Millisecond)
	m.Request("GET /v2/Account", 200, 3*time.Millisecond)
	m.Request("none", 404, time.Millisecond)
	text := scrape(t, m.registry)
	for _, line := range []string{
		`nacre_http_requests_total{route="GET /v2/Account",status="200"} 2`, `nacre_http_requests_total{route="none",status="404"} 1`,
		`nacre_http_request_seconds_count{route="GET /v2/Account"} 2`, `nacre_build_info{go="` + runtime.Version() + `",`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is missing in %s", line, text)
		}
	}
}
