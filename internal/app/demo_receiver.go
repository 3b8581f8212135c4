package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// receiver plays a customer's CRM: it receives webhooks and counts them.
type receiver struct {
	url    string
	server *http.Server
	mu     sync.Mutex
	count  webhookCounts
	latest string
	called map[string]string // numbers by the id of the call
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for webhooks: %w", err)
	}
	r := &receiver{url: "http://" + listener.Addr().String(), called: map[string]string{}}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	var body struct {
		ID          string
		Status      int
		PhoneNumber string
		To          string
	}
	if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch request.URL.Path {
	case "/lead":
		r.count.Lead++
		r.latest = fmt.Sprintf("lead %s is %s", body.PhoneNumber, statusNames[body.Status])
	case "/call":
		r.count.Call++
		r.called[body.ID] = body.To
		r.latest = fmt.Sprintf("call to %s is %s", body.To, callStatusNames[body.Status])
	}
}

func (r *receiver) counts() webhookCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

func (r *receiver) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest
}

// number returns the number of a call; "" before the webhook of its start.
func (r *receiver) number(callID string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.called[callID]
}

// settled waits until no webhook has come for a second: the last deliveries are under way when the last lead is final.
func (r *receiver) settled(ctx context.Context) webhookCounts {
	for before := r.counts(); ; {
		select {
		case <-ctx.Done():
			return before
		case <-time.After(time.Second):
		}
		now := r.counts()
		if now == before {
			return now
		}
		before = now
	}
}

// Close stops the receiver.
func (r *receiver) Close() { _ = r.server.Close() }
