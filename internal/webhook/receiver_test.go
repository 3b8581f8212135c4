package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// reply is what a receiver in virtual time says to one request.
type reply struct {
	status int // 0: the connection is refused
	after  time.Duration
	header map[string]string
}

// receiver answers by host: what it says to the n-th request (from 1) of a webhook-id. Everything it heard is kept.
type receiver struct {
	mu    sync.Mutex
	says  map[string]func(n int, deliveryID string) reply
	heard []heard
	count map[string]int
	began time.Time
}

type heard struct {
	At      time.Duration
	Host    string
	ID      string
	Body    string
	Replied int
}

func newReceiver() *receiver {
	return &receiver{says: map[string]func(int, string) reply{}, count: map[string]int{}, began: time.Now()}
}

func (r *receiver) on(host string, says func(n int, deliveryID string) reply) { r.says[host] = says }

func always(status int) func(int, string) reply {
	return func(int, string) reply { return reply{status: status} }
}

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
		request.Body.Close()
	}
	r.mu.Lock()
	deliveryID := request.Header.Get("webhook-id")
	r.count[deliveryID]++
	says := r.says[request.URL.Host](r.count[deliveryID], deliveryID)
	at := len(r.heard)
	r.heard = append(r.heard, heard{At: time.Since(r.began), Host: request.URL.Host, ID: deliveryID, Body: string(body)})
	r.mu.Unlock()
	timer := time.NewTimer(says.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-request.Context().Done():
		return nil, request.Context().Err()
	}
	if says.status == 0 {
		return nil, errors.New("connect: connection refused")
	}
	r.mu.Lock()
	r.heard[at].Replied = says.status
	r.mu.Unlock()
	header := http.Header{}
	for name, value := range says.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: says.status, Header: header, Body: io.NopCloser(strings.NewReader("said " + fmt.Sprint(says.status)))}, nil
}

// times answers when each request of a delivery came.
func (r *receiver) times(deliveryID id.ID) []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var times []time.Duration
	for _, h := range r.heard {
		if h.ID == string(deliveryID) {
			times = append(times, h.At)
		}
	}
	return times
}

func (r *receiver) order() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var order []string
	for _, h := range r.heard {
		order = append(order, fmt.Sprintf("%s %d", h.ID, h.Replied))
	}
	return order
}

const (
	accountID = id.ID("650000000000000000000001")
	pearlA    = id.ID("650000000000000000000002")
	pearlB    = id.ID("650000000000000000000003")
	leadOne   = id.ID("650000000000000000000011")
	leadTwo   = id.ID("650000000000000000000012")
	callOne   = id.ID("650000000000000000000021")
)

func pearl(pearlID id.ID, callURL, leadURL string) campaign.Pearl {
	return campaign.Pearl{ID: pearlID, Account: accountID, Type: campaign.OutboundPearl, Webhooks: campaign.Webhooks{
		CallURL: callURL, LeadURL: leadURL, Version: 2, Secret: "whsec_bmFjcmUgdGVzdCBzZWNyZXQgMDAwMQ==",
	}}
}

func leadDelivery(deliveryID id.ID, leadID id.ID) engine.Delivery {
	return engine.Delivery{ID: deliveryID, Account: accountID, Pearl: pearlA, Kind: engine.LeadDelivery, Lead: leadID, Body: []byte(`{"n":"` + deliveryID + `"}`)}
}

func callDelivery(deliveryID id.ID, start bool) engine.Delivery {
	return engine.Delivery{ID: deliveryID, Account: accountID, Pearl: pearlA, Kind: engine.CallDelivery, Call: callOne, Start: start, Body: []byte(`{"s":` + fmt.Sprint(start) + `}`)}
}

func startSender(t *testing.T, outbox *memory, transport http.RoundTripper, edit ...func(*Config)) *Sender {
	t.Helper()
	config := Config{
		Outbox: outbox, Pearls: outbox, Now: time.Now, Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Transport: transport,
	}
	for _, e := range edit {
		e(&config)
	}
	s := New(config)
	s.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Stop(ctx) // a second stop is harmless
	})
	return s
}
