package app

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/telephony"
)

// metrics are the metrics of /metrics.
type metrics struct {
	registry   *prometheus.Registry
	inAir      prometheus.Gauge
	begun      prometheus.Counter
	ended      *prometheus.CounterVec
	seconds    prometheus.Histogram
	turns      prometheus.Histogram
	packets    *prometheus.CounterVec
	tries      *prometheus.CounterVec
	tryTime    prometheus.Histogram
	deliveries *prometheus.CounterVec
	analyses   *prometheus.CounterVec
	requests   *prometheus.CounterVec
	requestFor *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		inAir:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "nacre_calls_in_the_air", Help: "Calls between their record and their end."}),
		begun:    prometheus.NewCounter(prometheus.CounterOpts{Name: "nacre_calls_begun_total", Help: "Calls whose record was committed."}),
		ended:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nacre_calls_ended_total", Help: "Calls by outcome."}, []string{"outcome"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nacre_call_seconds", Help: "Length of answered calls.", Buckets: []float64{1, 5, 10, 20, 40, 60, 120, 300, 600, 1800},
		}),
		turns: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "nacre_turn_seconds", Help: "From the end of a person's turn to the first packet of the answer.", Buckets: []float64{.1, .2, .3, .5, .7, 1, 1.5, 2, 3, 5},
		}),
		packets:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nacre_rtp_packets_total", Help: "Audio packets of ended calls: sent, received, lost, late (sent more than 5 ms after they were due)."}, []string{"what"}),
		tries:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nacre_webhook_tries_total", Help: "Webhook requests by kind and class of answer (0: none)."}, []string{"kind", "status"}),
		tryTime:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "nacre_webhook_try_seconds", Help: "Time of a webhook request.", Buckets: prometheus.ExponentialBuckets(.005, 2.5, 10)}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nacre_webhook_deliveries_total", Help: "Webhook deliveries by kind and the state they got."}, []string{"kind", "state"}),
	}
	m.analyses = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nacre_call_analyses_total", Help: "Tries to analyse a call with a language model, by how far the analysis was then: done, pending (to be tried again), failed (given up)."}, []string{"state"})
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nacre_http_requests_total", Help: "HTTP requests by route and status."}, []string{"route", "status"})
	m.requestFor = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "nacre_http_request_seconds", Help: "From a request's headers to its answer, by route.", Buckets: []float64{.002, .01, .05, .25, 1, 5, 30},
	}, []string{"route"})
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "nacre_build_info", Help: "1, with version, revision and Go version as labels.", ConstLabels: buildLabels()}, func() float64 { return 1 })
	m.registry.MustRegister(build, m.requests, m.requestFor, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.inAir, m.begun, m.ended, m.seconds, m.turns, m.packets, m.tries, m.tryTime, m.deliveries, m.analyses)
	return m
}

// buildLabels are the labels of the build: version and revision.
func buildLabels() prometheus.Labels {
	return prometheus.Labels{"version": Version, "revision": built().revision, "go": runtime.Version()}
}

// Request counts an HTTP request. Routes are patterns, so that there are no more of them than the API has.
func (m *metrics) Request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.requestFor.WithLabelValues(route).Observe(took.Seconds())
}

// watch adds the counters of the SIP endpoint.
func (m *metrics) watch(sip *telephony.Endpoint) {
	for what, count := range map[string]func(telephony.Counters) uint64{
		"invites": func(c telephony.Counters) uint64 { return c.Invites }, "challenges": func(c telephony.Counters) uint64 { return c.Challenges },
		"answered": func(c telephony.Counters) uint64 { return c.Answered }, "refused": func(c telephony.Counters) uint64 { return c.Refused },
		"silent": func(c telephony.Counters) uint64 { return c.Silent }, "cancels": func(c telephony.Counters) uint64 { return c.Cancels },
		"crossed": func(c telephony.Counters) uint64 { return c.Crossed }, "unusable": func(c telephony.Counters) uint64 { return c.Unusable },
		"byes": func(c telephony.Counters) uint64 { return c.Byes }, "byes_received": func(c telephony.Counters) uint64 { return c.ByesReceived },
		"requests": func(c telephony.Counters) uint64 { return c.Requests }, "garbage": func(c telephony.Counters) uint64 { return c.Garbage },
		"flooded": func(c telephony.Counters) uint64 { return c.Flooded },
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "nacre_sip_total", ConstLabels: prometheus.Labels{"what": what},
			Help: "SIP: INVITEs, challenges answered, CANCELs and BYEs sent; final refusals, silent peers, answers that crossed a CANCEL or could not be used, requests from outside, datagrams dropped.",
		}, func() float64 { return float64(count(sip.Counters())) }))
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// CallBegun implements dialer.Observer.
func (m *metrics) CallBegun() {
	m.begun.Inc()
	m.inAir.Inc()
}

// CallEnded implements dialer.Observer.
func (m *metrics) CallEnded(outcome call.Outcome, duration time.Duration, stats call.LegStats) {
	m.inAir.Dec()
	m.ended.WithLabelValues(string(outcome)).Inc()
	if duration > 0 {
		m.seconds.Observe(duration.Seconds())
	}
	for what, n := range map[string]uint64{"sent": stats.Sent, "received": stats.Received, "lost": stats.Lost, "late": stats.Late} {
		m.packets.WithLabelValues(what).Add(float64(n))
	}
}

// TurnTook implements dialer.Observer.
func (m *metrics) TurnTook(latency time.Duration) { m.turns.Observe(latency.Seconds()) }

// Tried implements webhook.Metrics.
func (m *metrics) Tried(kind engine.DeliveryKind, status int, took time.Duration) {
	class := strconv.Itoa(status/100) + "xx"
	if status == 0 {
		class = "0"
	}
	m.tries.WithLabelValues(string(kind), class).Inc()
	m.tryTime.Observe(took.Seconds())
}

// Analysed counts a try to analyse a call (followup.Config.Tried).
func (m *metrics) Analysed(state call.AnalysisState) {
	if state != call.NoAnalysis {
		m.analyses.WithLabelValues(string(state)).Inc()
	}
}

// Settled implements webhook.Metrics.
func (m *metrics) Settled(kind engine.DeliveryKind, state engine.DeliveryState) {
	m.deliveries.WithLabelValues(string(kind), string(state)).Inc()
}
