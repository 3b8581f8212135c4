package app

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nacre/internal/store"
)

const (
	figuresTime = 30 * time.Second // time limit of one count
	figuresHold = 15 * time.Second // a count is reused for at least this long,
	figuresCost = 100              // and for this many times as long as it took: at most 1 % of one processor
	figuresWait = 2 * time.Second  // a scrape waits for a count at most this long
)

var (
	leadsDescription   = prometheus.NewDesc("nacre_leads", "Leads by status, counted now and then.", []string{"status"}, nil)
	backlogDescription = prometheus.NewDesc("nacre_webhook_backlog", "Webhook deliveries that are to be sent, counted now and then.", nil, nil)
	oldestDescription  = prometheus.NewDesc("nacre_webhook_backlog_age_seconds", "Age of the oldest webhook delivery that is to be sent, 0 without any.", nil, nil)
)

// figures are metrics that are counted in the database. A scrape starts a new count when the last one is too old, and gets
// the last one when that takes longer than figuresWait.
type figures struct {
	count func(context.Context) (store.Figures, error)
	log   *slog.Logger

	mu      sync.Mutex
	last    store.Figures
	known   bool
	until   time.Time     // the last count is reused until then
	running chan struct{} // closed when the count under way is over; nil without one
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	to <- leadsDescription
	to <- backlogDescription
	to <- oldestDescription
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	if running := f.refresh(); running != nil {
		timer := time.NewTimer(figuresWait)
		select {
		case <-running:
		case <-timer.C:
		}
		timer.Stop()
	}
	f.mu.Lock()
	last, known := f.last, f.known
	f.mu.Unlock()
	if !known {
		return
	}
	for status, count := range last.Leads {
		to <- prometheus.MustNewConstMetric(leadsDescription, prometheus.GaugeValue, float64(count), strconv.Itoa(status))
	}
	to <- prometheus.MustNewConstMetric(backlogDescription, prometheus.GaugeValue, float64(last.Pending))
	age := 0.0
	if !last.Waiting.IsZero() {
		age = max(0, time.Since(last.Waiting).Seconds())
	}
	to <- prometheus.MustNewConstMetric(oldestDescription, prometheus.GaugeValue, age)
}

// refresh starts a count if one is due, and returns a channel that is closed when the count under way is done; nil without
// one.
func (f *figures) refresh() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil || time.Now().Before(f.until) {
		return f.running
	}
	done := make(chan struct{})
	f.running = done
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), figuresTime)
		defer cancel()
		began := time.Now()
		counted, err := f.count(ctx)
		took := time.Since(began)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running, f.until = nil, time.Now().Add(max(figuresHold, figuresCost*took))
		if err != nil {
			f.log.Warn("cannot count for metrics", "error", err)
			return
		}
		f.last, f.known = counted, true
	}()
	return done
}
